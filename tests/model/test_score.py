"""The step that scores with a learned model: its columns, its calibration, other tasks, and models replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import mizaj
from mizaj.batch import SCORED
from mizaj.errors import ModelError, SourceError
from mizaj.model import kinds
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import Described, Folder, describe, open_folder, save
from mizaj.model.score import ModelScore, load_model, polarity_score


@dataclass(frozen=True)
class ByLength:
    """A model whose last label is the likelier the longer the text."""

    labels: tuple[str, ...] = ("negative", "neutral", "positive")
    kind: str = "by-length"

    def probabilities(self, texts: pa.Array) -> Probabilities:
        lengths = np.array([len(text or "") for text in texts.to_pylist()], np.float32)
        last = 0.2 + 0.7 * lengths / (lengths + 5)
        rest = (1 - last) / (len(self.labels) - 1)
        return np.column_stack([*[rest] * (len(self.labels) - 1), last]).astype(np.float32)

    def contents(self) -> Contents:
        return Contents({})


def load(folder: Folder) -> ByLength:
    return ByLength(folder.labels)


@pytest.fixture(autouse=True)
def _known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.KINDS, "by-length", "by_length")
    found = type("Module", (), {"load": staticmethod(load)})
    import_module = kinds.import_module
    monkeypatch.setattr(
        kinds, "import_module", lambda name: found if name == "by_length" else import_module(name)
    )


def scored(path: Path, texts: list[str | None]) -> list[dict[str, Any]]:
    batch = pa.record_batch({"text": pa.array(texts, pa.string())})
    return ModelScore(str(path))(batch).to_pylist()


def test_the_columns_are_the_models_answer_and_the_lexicons_languages(tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "model")
    (row,) = scored(tmp_path / "model", ["yeh film bahut acchi hai yaar, loved it"])
    assert row["sentiment"] == "positive"
    assert row["tier"] == "by-length"
    assert row["score"] == pytest.approx(row["confidence"] - (1 - row["confidence"]) / 2)
    assert row["language"] == "hi-en"
    assert row["cmi"] > 0


def test_the_score_is_positive_less_negative_where_the_model_knows_them() -> None:
    proba = np.array([[0.1, 0.2, 0.7]], np.float32)
    for labels, score in [
        (("negative", "neutral", "positive"), 0.6),
        (("positive", "negative", "neutral"), -0.1),
        (("neutral", "mixed", "positive"), 0.7),
        (("joy", "fear", "anger"), 0.0),
    ]:
        found = polarity_score(proba, labels)
        assert found.dtype == np.float32
        assert found.tolist() == pytest.approx([score])
    assert polarity_score(np.zeros((0, 3), np.float32), ("negative", "x", "positive")).shape == (0,)


def test_a_model_of_another_task_adds_columns_of_its_name(tmp_path: Path) -> None:
    save(ByLength(("fear", "joy")), tmp_path / "model", Described(task="emotion"))
    step = ModelScore(str(tmp_path / "model"))
    assert step.adds.names == ["emotion", "emotion_confidence"]
    assert step(pa.record_batch({"text": ["x" * 100]})).to_pylist()[0]["emotion"] == "joy"
    model = mizaj.load(tmp_path / "model")
    with pytest.raises(ModelError, match="not polarity; ask for a table"):
        model("kya baat hai")


def test_a_model_is_loaded_by_its_folder(tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "model")
    model = mizaj.load(tmp_path / "model")
    table = model.score(["short", "much, much longer than that", None])
    assert table.schema.names == ["text", *SCORED.names]
    assert model("much, much longer than that").sentiment == "positive"
    tree = model.explain("accha")
    assert tree.text == "accha"
    assert f"a {ByLength().kind} model cannot say what led it there" in tree.render()


def test_calibration_changes_how_sure_the_answers_are(tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "raw")
    calibration = {"method": "temperature", "value": 4.0}
    save(ByLength(), tmp_path / "calm", Described(calibration=calibration))
    (raw,), (calm,) = (scored(tmp_path / name, ["x" * 100]) for name in ("raw", "calm"))
    assert raw["sentiment"] == calm["sentiment"]
    assert calm["confidence"] < raw["confidence"]


def test_a_model_described_anew_is_loaded_anew(tmp_path: Path) -> None:
    folder = save(ByLength(), tmp_path / "model")
    (before,) = scored(folder.path, ["x" * 100])
    first_hash = ModelScore(str(folder.path)).content_hash
    describe(folder, replace(folder.described, calibration={"method": "temperature", "value": 4.0}))
    (after,) = scored(folder.path, ["x" * 100])
    assert after["confidence"] < before["confidence"]
    assert ModelScore(str(folder.path)).content_hash != first_hash


def test_a_model_is_loaded_once(tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "model")
    assert load_model(tmp_path / "model") is load_model(tmp_path / "model")


def test_a_calibration_for_other_labels_is_refused(tmp_path: Path) -> None:
    line = [0.0, 1.0]
    calibration = {"method": "isotonic", "places": [line] * 2, "values": [line] * 2}
    save(ByLength(), tmp_path / "model", Described(calibration=calibration))
    with pytest.raises(ModelError, match="is for other labels than its 3; calibrate it again"):
        mizaj.load(tmp_path / "model")


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        ModelScore(str(tmp_path / "gone")).adds  # noqa: B018


def test_a_column_that_is_no_text_is_refused(tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "model")
    with pytest.raises(SourceError, match="the texts to score are int64"):
        ModelScore(str(tmp_path / "model"))(pa.record_batch({"text": [1, 2]}))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["accha", None], pa.large_string()),
        pa.array(["accha", None]).dictionary_encode(),
        pa.array([b"accha", None], pa.binary()),
    ],
    ids=["large", "dictionary", "binary"],
)
def test_text_of_any_type_is_scored(column: pa.Array, tmp_path: Path) -> None:
    save(ByLength(), tmp_path / "model")
    rows = ModelScore(str(tmp_path / "model"))(pa.record_batch({"text": column})).to_pylist()
    plain = scored(tmp_path / "model", ["accha", None])
    assert [row["score"] for row in rows] == [row["score"] for row in plain]


def test_a_kind_that_is_not_known_names_those_that_are(tmp_path: Path) -> None:
    save(replace(ByLength(), kind="oracle"), tmp_path / "model")
    with pytest.raises(ModelError, match="is of kind 'oracle'; known here: lexicon, linear"):
        kinds.load_classifier(open_folder(tmp_path / "model"))
