"""Every step keeps the contract of its kind: a scorer adds columns, a filter fills `rejected`, a rewriter replaces."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import pkgutil
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mizaj
from mizaj.batch import REJECTED, Filter, Pipeline, Rewriter, Step

FILTERS = {"Bots", "Broken", "Empty", "Language", "Length", "NoWords", "Spam", "Topic"}
REWRITERS = {"MaskPersonal", "Repair"}
SCORERS = {"LexiconScore", "Normalise"}
# These need more than defaults, and have suites of their own: a model's folder, the rows that were found before.
ELSEWHERE = {"ModelScore": "test_models", "Told": "test_told"}
# What a filter that does nothing by default is given, so that it does something.
AT_WORK = {
    "Bots": {"authors": ("1", "3")},
    "Length": {"least_words": 2, "most_characters": 40},
    "Topic": {"about": ("film", "accha")},
    "Language": {"languages": ("en", "hi")},
}
TEXTS = ["bahut accha", "", None, "not good 😡", "नहीं", "x" * 10_000, "\x00", "‮rtl", "👍" * 50,
         "@a https://t.co/x", r"don\u2019t &amp; won’t", "à¤¹à¤¾à¤\x81", "\ufffd\ufffd", "வணக்கம்",
         "call 9000012345 now, you have won a free prize of Rs 5000, claim now",
         "me gusta mucho esta cancion, muy buena y divertida", "mail me@example.com"]  # fmt: skip
SOME_TEXT = st.one_of(
    st.none(),
    st.sampled_from([text for text in TEXTS if text != "x" * 10_000]),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode()),
)
SOME_ROWS = st.lists(
    st.tuples(SOME_TEXT, st.sampled_from([None, None, None, "empty", "spam"])), max_size=12
)


def _steps() -> Iterator[type]:
    for module in pkgutil.walk_packages(mizaj.__path__, "mizaj."):
        if "._" in module.name or module.name.endswith("__main__"):
            continue
        for item in vars(importlib.import_module(module.name)).values():
            is_own = isinstance(item, type) and item.__module__ == module.name
            if is_own and all(hasattr(item, name) for name in ("reads", "adds", "__call__")):
                yield item


STEPS = sorted(
    {
        step
        for step in _steps()
        if step not in (Step, Filter, Rewriter) and step.__name__ not in ELSEWHERE
    },
    key=lambda step: step.__name__,
)
FILTER_STEPS = [step for step in STEPS if hasattr(step, "reasons")]
REWRITER_STEPS = [step for step in STEPS if hasattr(step, "rewrites")]
SCORER_STEPS = [step for step in STEPS if step not in (*FILTER_STEPS, *REWRITER_STEPS)]


def made(kind: type) -> Step:
    """The step with settings that make it do something."""
    return kind(**AT_WORK.get(kind.__name__, {}))


def batch_of(rows: list[tuple[str | None, str | None]]) -> pa.RecordBatch:
    texts, reasons = zip(*rows, strict=True) if rows else ((), ())
    n = len(texts)
    return pa.record_batch(
        {
            "id": pa.array([str(i) for i in range(n)], pa.string()),
            "text": pa.array(texts, pa.string()),
            "author": pa.array([str(i % 4) for i in range(n)], pa.string()),
            "rejected": pa.array(reasons, REJECTED.type),
        }
    )


@pytest.fixture
def batch() -> pa.RecordBatch:
    return batch_of([(text, None) for text in TEXTS])


def test_all_steps_are_found() -> None:
    assert {step.__name__ for step in FILTER_STEPS} == FILTERS
    assert {step.__name__ for step in REWRITER_STEPS} == REWRITERS
    assert {step.__name__ for step in SCORER_STEPS} == SCORERS


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_is_a_frozen_value_that_pickles(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    for step, same in ((kind(), kind()), (made(kind), made(kind))):
        assert pickle.loads(pickle.dumps(step)) == step
        assert hash(step) == hash(same)
        with pytest.raises(dataclasses.FrozenInstanceError):
            step.text = "other"


@pytest.mark.parametrize("kind", STEPS)
def test_the_declared_columns_are_added_and_only_those_that_may_change_do(
    kind: type, batch: pa.RecordBatch
) -> None:
    before, step = batch.to_pylist(), made(kind)
    out = Pipeline((step,))(batch)
    assert out.schema.equals(Pipeline((step,)).schema(batch.schema))
    may_change = set(getattr(step, "rewrites", ()))
    may_change |= {REJECTED.name} if hasattr(step, "reasons") else set()
    others = [name for name in batch.schema.names if name not in may_change]
    assert out.select(others).equals(batch.select(others))
    assert batch.to_pylist() == before


@pytest.mark.parametrize("kind", STEPS)
def test_splitting_a_batch_changes_nothing(kind: type, batch: pa.RecordBatch) -> None:
    step = made(kind)
    whole = step(batch).to_pylist()
    parts = [row for i in range(batch.num_rows) for row in step(batch.slice(i, 1)).to_pylist()]
    assert parts == whole


@pytest.mark.parametrize("kind", STEPS)
def test_no_rows_give_no_rows(kind: type, batch: pa.RecordBatch) -> None:
    out = made(kind)(batch.slice(0, 0))
    assert out.num_rows == 0
    assert out.schema.equals(Pipeline((made(kind),)).schema(batch.schema))


@pytest.mark.parametrize("kind", STEPS)
def test_fingerprints_tell_settings_apart(kind: type) -> None:
    one, same, other = (Pipeline((kind(text=name),)) for name in ("text", "text", "body"))
    assert one.fingerprint == same.fingerprint != other.fingerprint


@pytest.mark.parametrize("kind", FILTER_STEPS)
def test_a_filter_reads_rejected_and_adds_nothing(kind: type) -> None:
    step = kind()
    assert {step.text, REJECTED.name} <= set(step.reads)
    assert not step.adds.names
    assert step.reasons
    assert not any(":" in reason for reason in step.reasons)


@pytest.mark.parametrize("kind", FILTER_STEPS)
def test_a_filter_does_something_to_some_row(kind: type, batch: pa.RecordBatch) -> None:
    assert made(kind)(batch).column("rejected").null_count < batch.num_rows


@pytest.mark.parametrize("kind", REWRITER_STEPS)
def test_a_rewriter_reads_what_it_rewrites_and_changes_some_row(
    kind: type, batch: pa.RecordBatch
) -> None:
    step = made(kind)
    assert step.rewrites
    assert set(step.rewrites) <= set(step.reads)
    out = step(batch)
    for name in step.rewrites:
        assert out.schema.field(name).equals(batch.schema.field(name))
        assert not out.column(name).equals(batch.column(name))


@pytest.mark.parametrize("kind", FILTER_STEPS)
@settings(max_examples=40)
@given(SOME_ROWS)
def test_the_first_reason_stays_and_new_ones_are_declared(
    kind: type, rows: list[tuple[str | None, str | None]]
) -> None:
    step, batch = made(kind), batch_of(rows)
    reasons = step(batch).column("rejected").to_pylist()
    for (text, before), after in zip(rows, reasons, strict=True):
        if before is not None:
            assert after == before
        elif after is not None:
            assert after.partition(":")[0] in step.reasons
            # a filter of authors looks at no text, but a row without one has the reader's reason
            assert text is not None


@pytest.mark.parametrize("kind", [*FILTER_STEPS, *REWRITER_STEPS])
@settings(max_examples=30)
@given(SOME_ROWS, st.integers(0, 12), st.randoms(use_true_random=False))
def test_rows_are_judged_one_by_one_in_any_split_and_order(kind, rows, at, rng) -> None:
    step, batch = made(kind), batch_of(rows)
    whole = step(batch).to_pylist()
    at = min(at, batch.num_rows)
    parts = [*step(batch.slice(0, at)).to_pylist(), *step(batch.slice(at)).to_pylist()]
    assert parts == whole
    order = list(range(batch.num_rows))
    rng.shuffle(order)
    shuffled = step(batch.take(pa.array(order, pa.int64()))).to_pylist()
    assert shuffled == [whole[i] for i in order]


@pytest.mark.parametrize("kind", [*FILTER_STEPS, *REWRITER_STEPS])
@settings(max_examples=25)
@given(SOME_ROWS)
def test_doing_it_again_changes_nothing(kind, rows) -> None:
    once = made(kind)(batch_of(rows))
    assert made(kind)(once).select(["text", "rejected"]).equals(once.select(["text", "rejected"]))


@pytest.mark.parametrize("kind", [*FILTER_STEPS, *REWRITER_STEPS])
@pytest.mark.parametrize(
    "kind_of_text",
    [pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())],
)
def test_any_column_of_text_will_do(kind, kind_of_text, batch) -> None:
    place = batch.schema.get_field_index("text")
    cast = batch.column("text").cast(kind_of_text)
    other = batch.set_column(place, pa.field("text", kind_of_text), cast)
    out, plain = made(kind)(other), made(kind)(batch)
    assert out.column("text").type == kind_of_text
    assert out.column("text").cast(pa.string()).equals(plain.column("text"))
    assert out.column("rejected").equals(plain.column("rejected"))


@pytest.mark.parametrize("kind", [*FILTER_STEPS, *REWRITER_STEPS])
def test_rows_of_many_megabytes_survive(kind) -> None:
    texts = ["नहीं accha " * 200_000, "à¤¹à¤¾à¤\x81" * 2, "@a " * 500_000]
    out = made(kind)(batch_of([(text, None) for text in texts]))
    assert out.num_rows == len(texts)
