"""calibrate, cascade and distil as they are typed: what they write, what they print, what they refuse."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli.calibrate_command import calibrate
from mizaj.cli.cascade_command import cascade
from mizaj.cli.distil_command import distil
from mizaj.cli.ensemble_command import ensemble
from mizaj.errors import ColumnMissing, ModelError, SettingError, SinkError
from mizaj.learn.kinds import TRAINERS
from mizaj.model.cascade import Mode, tuned
from mizaj.model.classifier import Contents
from mizaj.model.folder import Described, Folder, open_folder, save
from mizaj.model.kinds import KINDS, load_classifier

pytest.importorskip("scipy")
LABELS = ("negative", "neutral", "positive")
WORDS = {"bakwas": 0, "ghatiya": 0, "mez": 1, "kursi": 1, "accha": 2, "shaandar": 2}


@dataclass(frozen=True)
class Words:
    """Right about the words it knows, sure as `power` says; the rest is noise."""

    power: float
    labels: tuple[str, ...] = LABELS
    kind: str = "words"

    def probabilities(self, texts):
        rows = [self._row(text or "") for text in texts.to_pylist()]
        odds = np.exp(np.array(rows, np.float64).reshape(-1, 3))
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)

    def contents(self):
        return Contents({"power": self.power})

    def _row(self, text):
        noise = np.random.default_rng(zlib.crc32(f"{self.power}{text}".encode())).normal(size=3)
        return (
            self.power * np.eye(3)[[WORDS[w] for w in text.split() if w in WORDS]].sum(axis=0)
            + noise
        )


def load(folder: Folder) -> Words:
    return Words(folder.settings["power"], folder.labels)


@dataclass(frozen=True)
class Settings:
    power: float = 2.0


SETTINGS = {"words": Settings}
taught = []


def fit(train, validation, settings, *, seed, progress):
    taught.append((train, validation, settings, seed))
    return Words(settings.power)


app = typer.Typer()
for command in (calibrate, cascade, distil, ensemble):
    app.command()(command)


def run(*words):
    done = CliRunner().invoke(app, [str(word) for word in words], standalone_mode=False)
    if done.exception:
        raise done.exception
    assert done.return_value == 0
    return done.stdout


@pytest.fixture(autouse=True)
def _kind(monkeypatch):
    monkeypatch.setitem(KINDS, "words", __name__)
    monkeypatch.setitem(TRAINERS, "words", __name__)
    taught.clear()


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Two models and three files of posts."""
    save(Words(2.0), tmp_path / "weak")
    save(Words(5.0), tmp_path / "strong", Described(card={"trained_on": "dreams"}))
    for name, n, first in (("held", 400, 0), ("train", 60, 1000), ("more", 30, 2000)):
        pq.write_table(posts(n, first), tmp_path / f"{name}.parquet")
    return tmp_path


def posts(n, first):
    words = list(WORDS)
    rows = np.arange(first, first + n)
    tails = [
        "-".join("abcdefghij"[int(d)] + "xy"[k % 2] for k, d in enumerate(str(r))) for r in rows
    ]
    texts = [f"{words[(r * 7) % 6]} {tail}" for r, tail in zip(rows, tails, strict=True)]
    # one in ten is labelled as its word does not say
    codes = [WORDS[words[(r * 7) % 6]] if r % 10 else (r // 10) % 3 for r in rows]
    return pa.table({"text": texts, "label": [LABELS[code] for code in codes]})


def test_calibrate_writes_into_the_folder_and_says_what_it_is_worth(room):
    page = room / "page.html"
    told = json.loads(
        run("calibrate", room / "weak", room / "held.parquet", "--html", page, "--json")
    )
    folder = open_folder(room / "weak")
    assert folder.described.calibration["method"] == told["method"] != "none"
    assert folder.described.card["calibration"]["posts"] == told["rows"] == 400
    assert told["after"]["calibration"]["error"] < told["before"]["calibration"]["error"]
    assert page.read_text("utf-8").count("Is the confidence right?") == 2
    # it is fitted on what the model gives, not on what was calibrated before
    again = json.loads(run("calibrate", room / "weak", room / "held.parquet", "--json"))
    assert again == told


def test_calibrate_finds_the_best_model_by_its_name(room, monkeypatch):
    monkeypatch.setenv("MIZAJ_BEST", str(room / "weak"))
    run("calibrate", "best", room / "held.parquet")
    assert open_folder(room / "weak").described.calibration is not None


def test_calibrate_prints_a_table_and_none_removes_it(room):
    shown = run("calibrate", room / "strong", room / "held.parquet", "--method", "temperature")
    assert "calibration error" in shown
    assert open_folder(room / "strong").described.card["trained_on"] == "dreams"
    assert run("calibrate", room / "strong", room / "held.parquet", "--method", "none")
    assert open_folder(room / "strong").described.calibration == {"method": "none"}


def test_cascade_writes_a_model_and_says_what_to_expect(room):
    page = room / "page.html"
    words = ["cascade", "lexicon", room / "weak", room / "strong", "--data", room / "held.parquet"]
    told = json.loads(
        run(*words, "-o", room / "c", "--accuracy-loss", 0.05, "--html", page, "--json")
    )
    made = load_classifier(room / "c")
    assert made.tiers == ("lexicon", "words", "words-2") == tuple(told["tiers"])
    chosen = told["points"][told["chosen"]]
    assert chosen["bounds"]["accuracy"] <= 0.05
    assert made.thresholds == tuple(chosen["thresholds"])
    assert 290 < told["rows"] < 350  # a quarter was for calibration and sureness
    assert set(told["risk_coverage"]) == {"language", "cmi"}
    assert all(point["posts_per_second"] > 0 for point in told["points"])
    assert tuned(made, Mode(tier="lexicon")).answers(pa.array(["bakwas"])).tiers.tolist() == [0]
    text = page.read_text("utf-8")
    assert "Risk over coverage by language" in text
    assert "http" not in text


def test_cascade_prints_what_else_could_be_asked(room):
    shown = run(
        "cascade", room / "weak", room / "strong", "--data", room / "held.parquet", "-o", room / "c"
    )
    assert "with 90% confidence" in shown
    assert "--accuracy-loss 0.005" in shown
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_a_cascade_can_be_asked_for_a_speed(room):
    words = [
        "cascade",
        room / "weak",
        room / "strong",
        "--data",
        room / "held.parquet",
        "-o",
        room / "c",
    ]
    told = json.loads(run(*words, "--posts-per-second", 1, "--json"))
    assert told["chosen"] == 0  # the last tier alone is faster than that
    with pytest.raises(SettingError, match="posts per second are asked for"):
        run(*words, "--posts-per-second", 1e12, "--overwrite")


def test_an_ensemble_is_written_with_its_weights(room):
    words = ["ensemble", "lexicon", room / "weak", room / "strong", "--data", room / "held.parquet"]
    told = json.loads(run(*words, "-o", room / "e", "--json"))
    made = load_classifier(room / "e")
    assert dict(zip([m.name for m in made.members], made.weights, strict=True)) == told["weights"]
    assert set(told["macro_f1"]) == {"lexicon", "words", "words-2", "ensemble"}
    assert open_folder(room / "e").described.calibration["method"] == "temperature"
    assert "macro-F1" in run(*words, "-o", room / "e", "--overwrite")


def test_distil_trains_a_student_on_what_the_teachers_think(room):
    told = json.loads(
        run(
            *("distil", room / "weak", room / "strong", "--data", room / "train.parquet"),
            *("--unlabelled", room / "more.parquet", "--validation", room / "held.parquet"),
            *("--kind", "words", "-o", room / "s", "--set", "power=3", "--seed", 4, "--json"),
        )
    )
    ((train, validation, settings, seed),) = taught
    assert (train.n_rows, validation.n_rows, settings.power, seed) == (90, 400, 3.0, 4)
    assert train.targets.shape == (90, 3)
    assert told["posts"] == 90
    assert 0.5 < told["macro_f1"]["teacher"] < 1
    folder = open_folder(room / "s")
    assert folder.described.card["teachers"] == [str(room / "weak"), str(room / "strong")]
    assert folder.described.calibration["method"] == "temperature"


def test_one_teacher_needs_no_validation(room):
    shown = run(
        "distil",
        room / "strong",
        "--data",
        room / "train.parquet",
        "--kind",
        "words",
        "-o",
        room / "s",
    )
    assert "taught on 60 posts" in shown
    assert open_folder(room / "s").described.calibration is None


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ("calibrate {room}/weak {room}/held.parquet --label mood", ColumnMissing, "'mood'"),
        (
            "calibrate {room}/weak {room}/held.parquet --label text",
            SettingError,
            "more than 200 different labels",
        ),
        ("calibrate {room}/none {room}/held.parquet", ModelError, "holds no model"),
        ("calibrate {room}/weak {room}/held.parquet --label-map good", SettingError, "has no '='"),
        ("cascade {room}/weak --data {room}/held.parquet -o {room}/c", ModelError, "give 2 to 100"),
        (
            "cascade a b --data {room}/held.parquet -o {room}/c",
            ModelError,
            "allowed: default, lexicon, best, or a",
        ),
        (
            "cascade lexicon {room}/weak --data {room}/held.parquet -o {room}/strong",
            SinkError,
            "holds a model already",
        ),
        (
            "cascade lexicon {room}/weak --data {room}/held.parquet -o {room}/c"
            " --accuracy-loss 0.1 --posts-per-second 9",
            SettingError,
            "one of them at a time",
        ),
        (
            "distil {room}/weak --data {room}/train.parquet --kind words -o {room}/s --set power",
            SettingError,
            "write --set NAME=VALUE",
        ),
        (
            "distil {room}/weak --data {room}/train.parquet --kind words -o {room}/strong",
            SinkError,
            "holds a model already",
        ),
    ],
)
def test_mistakes_are_said_in_one_line(words, error, message, room):
    with pytest.raises(error, match=message) as raised:
        run(*words.format(room=room).split())
    assert "\n" not in str(raised.value)


def test_labels_that_are_not_known_are_left_out_and_counted(room, capsys):
    table = posts(100, 0)
    odd = table.set_column(
        1,
        "label",
        [["mixed" if i < 30 else label.as_py() for i, label in enumerate(table["label"])]],
    )
    pq.write_table(odd, room / "odd.parquet")
    done = CliRunner().invoke(
        app,
        ["calibrate", str(room / "weak"), str(room / "odd.parquet"), "--json"],
        standalone_mode=False,
    )
    assert json.loads(done.stdout)["rows"] == 70
    assert "mixed 30" in done.stderr
