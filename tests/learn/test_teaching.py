"""The benchmark that trains the shipped model asks its teacher each post once, and nothing that it is judged on."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.learn.distil import UNLABELLED, DistilSettings
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import save
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.score import load_model

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TEXTS = pa.array(["bahut accha phone hai", "bakwas movie", "train 6 baje hai"])


@pytest.fixture
def teaching(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import teaching

    return teaching


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Any, list[str]]:
    """A loaded model, and all texts that it was asked about."""
    save(lexicon_tier(), tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    texts: list[str] = []
    answer = type(loaded).probabilities

    def noted(model: Any, column: pa.Array) -> Any:
        texts.extend(column.to_pylist())
        return answer(model, column)

    monkeypatch.setattr(type(loaded), "probabilities", noted)
    return loaded, texts


def test_a_teacher_is_asked_each_post_once_also_by_another_run(
    teaching: ModuleType, asked: tuple[Any, list[str]], tmp_path: Path
) -> None:
    model, texts = asked
    kept = tmp_path / "answers.parquet"
    twice = pa.concat_arrays([TEXTS, TEXTS])
    first = teaching.Teacher(model, kept)(twice)
    assert texts == TEXTS.to_pylist()
    again = teaching.Teacher(model, kept)(pa.concat_arrays([twice, pa.array(["good"])]))
    assert texts == [*TEXTS.to_pylist(), "good"]
    np.testing.assert_array_equal(again[:6], first)
    np.testing.assert_allclose(first[:3], lexicon_tier().probabilities(TEXTS), atol=1e-6)


def test_a_killed_run_keeps_what_was_said_before(
    teaching: ModuleType,
    asked: tuple[Any, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, texts = asked
    monkeypatch.setattr(teaching, "_SAVED_EVERY", 1)
    teacher = teaching.Teacher(model, tmp_path / "answers.parquet")
    ask, calls = teacher._ask, []

    def killed(column: pa.Array) -> Any:
        calls.append(column)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return ask(column)

    teacher._ask = killed
    with pytest.raises(KeyboardInterrupt):
        teacher(TEXTS)
    texts.clear()
    teaching.Teacher(model, tmp_path / "answers.parquet")(TEXTS)
    assert texts == TEXTS.to_pylist()[2:]


def test_what_another_teacher_said_is_refused_and_no_text_is_kept(
    teaching: ModuleType, asked: tuple[Any, list[str]], tmp_path: Path
) -> None:
    kept = tmp_path / "answers.parquet"
    teaching.Teacher(asked[0], kept)(TEXTS)
    assert b"accha" not in kept.read_bytes()
    table = pq.read_table(kept)
    pq.write_table(table.replace_schema_metadata({"model": b"another"}), kept)
    with pytest.raises(SystemExit, match="answers of another teacher; name another file"):
        teaching.Teacher(asked[0], kept)


def test_a_lesson_leaves_out_near_copies_of_what_is_held_out(
    teaching: ModuleType,
    asked: tuple[Any, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = {"some": "unlabelled", "more": "train"}
    texts = {"some": ["good phone", "it is BAD!!", "good phone"], "more": ["bura hai", "so good"]}
    monkeypatch.setattr(teaching, "ASKED", streams)
    monkeypatch.setattr(teaching.datasets, "texts", lambda name, _: pa.array(texts[name]))
    teacher = teaching.Teacher(asked[0], tmp_path / "answers.parquet")
    school = teaching.School(teacher, 10, DistilSettings(share=0.5))
    posts = Labelled.of(TEXTS, np.array([2, 0, 1]), ("negative", "neutral", "positive"))
    held = pa.table({"text": ["it is bad"]})
    taught = school.taught(posts, held)
    assert taught.texts.to_pylist()[3:] == ["good phone", "bura hai", "so good"]
    assert taught.sources.to_pylist()[3:] == [UNLABELLED] * 3
    assert taught.targets is not None
    np.testing.assert_allclose(taught.targets.sum(axis=1), 1.0, atol=1e-5)
    assert taught.targets[0, 2] > 0.7
    assert taught.targets[3, 2] < 0.9
    assert len(teaching.streams(held, most=2)) == 2


def test_of_short_posts_a_teacher_is_not_asked(
    teaching: ModuleType,
    asked: tuple[Any, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, texts = asked
    monkeypatch.setattr(teaching, "ASKED", {"some": "unlabelled"})
    stream = pa.array(["good", "not so good at all"])
    monkeypatch.setattr(teaching.datasets, "texts", lambda *_: stream)
    teacher = teaching.Teacher(model, tmp_path / "answers.parquet")
    school = teaching.School(teacher, 10, DistilSettings(share=0.5, shortest=4))
    posts = Labelled.of(TEXTS, np.array([2, 0, 1]), ("negative", "neutral", "positive"))
    taught = school.taught(posts, pa.table({"text": pa.array([], pa.string())}))
    assert sorted(texts) == ["bahut accha phone hai", "not so good at all", "train 6 baje hai"]
    assert taught.targets is not None
    assert taught.targets[1].tolist() == [1.0, 0.0, 0.0]
    assert taught.texts.to_pylist() == [*TEXTS.to_pylist(), "not so good at all"]
