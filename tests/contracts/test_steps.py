"""Every step keeps the contract: the declared columns are added, rows stay, input is untouched, pickles are equal."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import pkgutil
from collections.abc import Iterator

import pyarrow as pa
import pytest

import mizaj
from mizaj.batch import Pipeline, Step

EXPECTED = {"LexiconScore", "Normalise"}
# These need more than defaults, and have a contract suite of their own: a model's folder.
ELSEWHERE = {"ModelScore": "test_models"}
TEXTS = ["bahut accha", "", None, "not good 😡", "नहीं", "x" * 10_000, "\x00", "‮rtl", "👍" * 50]


def _steps() -> Iterator[type]:
    for module in pkgutil.walk_packages(mizaj.__path__, "mizaj."):
        if "._" in module.name or module.name.endswith("__main__"):
            continue
        for item in vars(importlib.import_module(module.name)).values():
            is_own = isinstance(item, type) and item.__module__ == module.name
            if is_own and all(hasattr(item, name) for name in ("reads", "adds", "__call__")):
                yield item


STEPS = sorted(
    {step for step in _steps() if step is not Step and step.__name__ not in ELSEWHERE},
    key=lambda step: step.__name__,
)


@pytest.fixture
def batch() -> pa.RecordBatch:
    return pa.record_batch({"id": [str(i) for i in range(len(TEXTS))], "text": TEXTS})


def test_all_steps_are_found() -> None:
    assert {step.__name__ for step in STEPS} == EXPECTED


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_is_a_frozen_value_that_pickles(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    step = kind()
    assert pickle.loads(pickle.dumps(step)) == step
    assert hash(step) == hash(kind())


@pytest.mark.parametrize("kind", STEPS)
def test_the_declared_columns_are_added_and_nothing_else_changes(
    kind: type, batch: pa.RecordBatch
) -> None:
    before = batch.to_pylist()
    out = Pipeline((kind(),))(batch)
    assert out.schema.equals(Pipeline((kind(),)).schema(batch.schema))
    assert out.select(batch.schema.names).equals(batch)
    assert batch.to_pylist() == before


@pytest.mark.parametrize("kind", STEPS)
def test_splitting_a_batch_changes_nothing(kind: type, batch: pa.RecordBatch) -> None:
    whole = kind()(batch).to_pylist()
    parts = [row for i in range(batch.num_rows) for row in kind()(batch.slice(i, 1)).to_pylist()]
    assert parts == whole


@pytest.mark.parametrize("kind", STEPS)
def test_no_rows_give_no_rows(kind: type, batch: pa.RecordBatch) -> None:
    assert kind()(batch.slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("kind", STEPS)
def test_fingerprints_tell_settings_apart(kind: type) -> None:
    one, same, other = (Pipeline((kind(text=name),)) for name in ("text", "text", "body"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
