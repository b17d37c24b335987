"""`train` on the command line, with a kind that only counts labels: what it writes, says and refuses."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli.train_command import train
from mizaj.cli.training import watch
from mizaj.errors import Interrupted, MizajError, SettingError, SinkError
from mizaj.learn import kinds
from mizaj.model.classifier import Contents
from mizaj.model.folder import open_folder

WORDS = {"negative": "bura", "neutral": "theek", "positive": "accha"}
Train = Callable[..., dict]


@dataclass(frozen=True)
class Spotter:
    """Says the label whose word is in the text, else the commonest one."""

    labels: tuple[str, ...]
    commonest: int
    kind: str = "spotter"

    def probabilities(self, texts: pa.Array) -> np.ndarray:
        words = [WORDS.get(label, label) for label in self.labels]
        found = [
            next((place for place, word in enumerate(words) if word in text), self.commonest)
            for text in texts.to_pylist()
        ]
        return np.eye(len(self.labels), dtype=np.float32)[found]

    def contents(self) -> Contents:
        return Contents({"commonest": self.commonest})


@dataclass(frozen=True)
class SpotterSettings:
    epochs: int = 2
    stop_at: str | None = None


@dataclass(frozen=True)
class KeptSettings(SpotterSettings):
    workers: int = 1
    checkpoint: str | None = None


@dataclass
class Seen:
    """What the kind was given."""

    calls: list[dict] = field(default_factory=list)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Two kinds to train: `spotter`, and `keeper`, which has workers and checkpoints."""
    seen = Seen()

    def fit(train, validation, settings, *, seed, progress):
        seen.calls.append(
            {"train": train, "validation": validation, "settings": settings, "seed": seed}
        )
        if getattr(settings, "checkpoint", None):
            Path(settings.checkpoint).mkdir(parents=True, exist_ok=True)
        if settings.stop_at:
            raise KeyboardInterrupt
        progress({"step": 1, "of_steps": 2, "loss": 0.5})
        return Spotter(train.labels, int(train.n_by_label.argmax()))

    module = ModuleType("spotter_for_tests")
    module.SETTINGS = {"spotter": SpotterSettings, "keeper": KeptSettings}
    module.fit = fit
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for kind in module.SETTINGS:
        monkeypatch.setitem(kinds.TRAINERS, kind, module.__name__)
    return seen


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> Train:
    """Runs `train` in an empty folder and gives its JSON; an error of ours is raised."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(train)

    def run_words(*words: str, kind: str = "spotter", as_json: bool = True):
        plain = ["--kind", kind, *(["--json"] if as_json else [])]
        done = CliRunner().invoke(app, [*words, *plain])
        if isinstance(done.exception, MizajError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if as_json else done

    return run_words


def posts(n: int = 60, *, start: int = 0) -> pa.Table:
    numbers = range(start, start + n)
    labels = [tuple(WORDS)[i % 3] for i in numbers]
    names = [chr(97 + i % 26) + chr(97 + i // 26) for i in numbers]
    texts = [f"{WORDS[label]} {name}{name}" for label, name in zip(labels, names, strict=True)]
    return pa.table({"text": texts, "label": labels})


@pytest.fixture
def data(tmp_path: Path) -> str:
    pyarrow.parquet.write_table(posts(), tmp_path / "posts.parquet")
    return "posts.parquet"


def test_a_model_is_trained_judged_and_saved_with_its_card(run, data):
    card = run(data, "-o", "model", "--licence", "CC0", "--seed", "3")
    folder = open_folder("model")
    assert (folder.kind, folder.described.task) == ("spotter", "polarity")
    assert folder.content_hash == card["hash"]
    assert card["data"][0]["rows"] == 60
    assert len(card["data"][0]["sha256"]) == 64
    assert card["train"]["labels"] == {"negative": 16, "neutral": 16, "positive": 16}
    assert card["scores"]["rows"] == 12
    assert card["scores"]["macro_f1"]["value"] == 1
    assert card["scores"]["macro_f1"]["low"] <= 1
    assert (card["licence"], card["seed"], card["settings"]["epochs"]) == ("CC0", 3, 2)
    assert dict(folder.described.card)["command"] == card["command"]
    assert folder.described.card["behaviour"] == card["behaviour"]
    assert 0 < card["behaviour"]["right"] < card["behaviour"]["cases"]


def test_the_command_in_the_card_makes_the_same_model_again(run, data):
    words = ["--set", "epochs=5", "--class-weights", "balanced", "--noise", "case", "--seed", "4"]
    more = ["--label-map", "positive=negative", "--source-power", "0.5", "--licence", "by me"]
    card = run(data, "-o", "model", "--validation", "0.3", *words, *more)
    again = shlex.split(card["command"])
    assert again[:2] == ["mizaj", "train"]
    kind = again.index("--kind")
    assert run(*again[2:kind], *again[kind + 2 :], "--overwrite") == card


def test_a_model_is_the_same_wherever_it_is_put(run, data):
    assert run(data, "-o", "here/model")["hash"] == run(data, "-o", "there/model")["hash"]


def test_what_is_printed_says_how_good_the_model_is(run, data):
    said = run(data, "-o", "model", as_json=False).stdout
    assert said.startswith("wrote model: spotter, polarity, ")
    assert "on 12 posts held out: macro-F1 1.000 (" in said
    assert "F1: negative 1.000, neutral 1.000, positive 1.000" in said


def test_validation_of_its_own_has_its_copies_taken_out_of_training(run, data, seen):
    pyarrow.parquet.write_table(posts(9, start=54), "held.parquet")
    card = run(data, "-o", "model", "--validation", "held.parquet")
    assert card["copies_removed"] == 6
    assert seen.calls[0]["train"].n_rows == 54
    assert card["validation_data"][0]["path"].endswith("held.parquet")
    assert card["scores"]["rows"] == 9


def test_rows_left_out_are_said_and_stand_in_the_card(run, data):
    odd = pa.table({"text": ["kuch", None, "x"], "label": ["mixed", "positive", None]})
    pyarrow.parquet.write_table(odd, "odd.parquet")
    done = run(data, "odd.parquet", "-o", "model", as_json=False)
    assert "3 rows were left out: label missing 1, label=mixed 1, null_text 1" in done.stderr
    assert open_folder("model").described.card["left_out"]["label=mixed"] == 1


def test_another_task_learns_the_labels_it_finds(run):
    table = pa.table(
        {"text": [f"post {chr(97 + n)}" for n in range(20)], "mood": ["joy", "fear"] * 10}
    )
    pyarrow.parquet.write_table(table, "moods.parquet")
    run("moods.parquet", "-o", "model", "--task", "emotion", "--label", "mood")
    folder = open_folder("model")
    assert (folder.labels, folder.described.task) == (("fear", "joy"), "emotion")


def test_scores_are_given_by_source_where_there_are_several(run, data):
    pyarrow.parquet.write_table(posts(30, start=100), "more.parquet")
    scores = run(data, "more.parquet", "-o", "model")["scores"]
    assert {name: each["rows"] for name, each in scores["by_source"].items()} == {
        "posts": 12,
        "more": 6,
    }


def test_a_label_of_which_only_copies_of_validation_are_left_is_told(run, data):
    pyarrow.parquet.write_table(
        posts(60).filter(pa.array([i % 3 == 0 for i in range(60)])), "held.parquet"
    )
    with pytest.raises(SettingError, match="no row to train on is left with the label negative"):
        run(data, "-o", "model", "--validation", "held.parquet")


def test_labels_can_be_named_in_order(run, data):
    run(data, "-o", "model", "--labels", "positive,negative")
    assert open_folder("model").labels == ("positive", "negative")


def test_a_label_that_no_row_has_is_not_learnt_and_said(run, data):
    done = run(data, "-o", "model", "--labels", "positive,negative,joy", as_json=False)
    assert "no row has the label joy; it is not learnt" in done.stderr
    assert open_folder("model").labels == ("positive", "negative")


def test_weights_noise_and_settings_reach_the_kind(run, data, seen):
    run(data, "-o", "model", "--noise", "elongation", "--class-weights", "balanced",
        "--set", "epochs=9", "--source-weight", "posts=2")  # fmt: skip
    call = seen.calls[0]
    assert call["settings"].epochs == 9
    assert call["train"].n_rows > 48
    assert call["train"].weights.mean() == pytest.approx(1)
    assert call["validation"].n_rows == 12


def test_workers_and_checkpoints_go_to_kinds_that_have_them(run, data, seen):
    card = run(data, "-o", "out/model", "--workers", "2", kind="keeper")
    settings = seen.calls[0]["settings"]
    assert (settings.workers, settings.checkpoint) == (2, "out/.model-checkpoint")
    assert "checkpoint" not in card["settings"]
    assert card["settings"]["workers"] == 2
    assert card["command"].endswith(" --workers 2")
    assert not Path(settings.checkpoint).exists()


def test_a_stopped_training_goes_on_with_resume(run, data, seen):
    with pytest.raises(Interrupted, match="with --resume to go on"):
        run(data, "-o", "model", "--set", "stop_at=1", kind="keeper")
    kept = Path(".model-checkpoint")
    (kept / "here").touch()
    run(data, "-o", "model", "--resume", kind="keeper")
    assert not kept.exists()
    with pytest.raises(SettingError, match=r"no stopped training at \.model-checkpoint"):
        run(data, "-o", "model", "--resume", "--overwrite", kind="keeper")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--workers", "2"], "kind 'spotter' is trained in one process; leave out --workers"),
        (["--resume"], "kind 'spotter' keeps no checkpoints"),
        (["--set", "depth=2"], "kind 'spotter' has no setting 'depth'; it has: epochs"),
        (["--set", "epochs"], "--set epochs has no '='; write --set NAME=VALUE"),
        (["--label-map", "x"], "--label-map x has no '='"),
        (["--class-weights", "heavy"], "allowed: none, balanced or a power between 0 and 1"),
        (["--validation", "much"], "allowed: a share such as 0.2, or a file"),
        (["--validation", "1.5"], "share to hold out is 1.5; it must be between 0 and 1"),
        (["--noise", "static"], "noise 'static' is not known; allowed: spelling"),
        (["--source-weight", "shop=2"], "no post is of source 'shop'"),
        (["--label", "mood"], r"column 'mood', read by --label, .* columns there: text, label\. "),
        (["--labels", "positive"], "all 20 rows to train on have the label 'positive'"),
        (["--labels", "joy,fear"], "no row can be learnt from: .*labels wanted: joy, fear"),
        (
            ["--validation", "strange.parquet", "--task", "x"],
            r"never seen in training: 'odd' \(1\)",
        ),
    ],
)
def test_a_mistake_is_told_before_anything_is_written(run, data, words, message):
    pyarrow.parquet.write_table(pa.table({"text": ["x"], "label": ["odd"]}), "strange.parquet")
    with pytest.raises(MizajError, match=message):
        run(data, "-o", "model", *words)
    assert not Path("model").exists()


def test_a_kind_that_is_not_known_is_refused(run, data):
    with pytest.raises(SettingError, match="kind 'oracle' is not known; allowed: linear"):
        run(data, "-o", "model", kind="oracle")


def test_a_model_is_replaced_only_when_asked_and_before_hours_of_training(run, data, seen):
    run(data, "-o", "model")
    with pytest.raises(SinkError, match="replace it with --overwrite"):
        run(data, "-o", "model")
    assert len(seen.calls) == 1
    run(data, "-o", "model", "--overwrite")


def test_the_bar_shows_the_figures(capsys: pytest.CaptureFixture[str]):
    with watch(is_shown=True) as tell:
        tell({"step": 3, "of_steps": 4, "loss": 0.25, "macro_f1": 0.5})
    assert "loss 0.25" in capsys.readouterr().err
    with watch(is_shown=False) as tell:
        tell({"step": 1})
    assert capsys.readouterr().err == ""
