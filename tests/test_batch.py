"""A step is a pure function on a batch; a pipeline is a value."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import dataclass

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import REJECTED, SCORED, TEXT, Pipeline
from mizaj.errors import ColumnExists, ColumnMissing, UsageError


@dataclass(frozen=True)
class AddLength:
    """Adds the number of characters of a column."""

    column: str = "text"
    name: str = "length"

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def adds(self) -> pa.Schema:
        return pa.schema([pa.field(self.name, pa.int64())])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        lengths = [len(t or "") for t in batch.column(self.column).to_pylist()]
        return batch.append_column(self.adds.field(0), pa.array(lengths, pa.int64()))


@dataclass(frozen=True)
class Weighted:
    content_hash: str

    reads = ()
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return batch


TEXTS = pa.schema([TEXT])


def test_schema_is_the_source_and_then_what_each_step_adds():
    pipeline = Pipeline((AddLength(), AddLength(name="again")))
    assert pipeline.schema(TEXTS).names == ["text", "length", "again"]


def test_schema_equals_that_of_a_batch_that_went_through():
    pipeline = Pipeline((AddLength(), AddLength("text", "again")))
    batch = pa.record_batch({"text": ["so good"]})
    assert pipeline(batch).schema.equals(pipeline.schema(batch.schema))


def test_a_missing_column_is_named_with_those_that_are_there():
    with pytest.raises(ColumnMissing, match=r"'body', read by AddLength.*columns there: text"):
        Pipeline((AddLength("body"),)).schema(TEXTS)


def test_a_column_added_by_an_earlier_step_may_be_read():
    pipeline = Pipeline((AddLength(), AddLength("length", "more")))
    assert pipeline.schema(TEXTS).names == ["text", "length", "more"]


def test_a_column_that_is_there_already_is_refused():
    with pytest.raises(ColumnExists, match="'length', added by AddLength, is already"):
        Pipeline((AddLength(), AddLength())).schema(TEXTS)


@pytest.mark.parametrize(
    "error", [ColumnMissing("a", [], needed_by="b"), ColumnExists("a", added_by="b")]
)
def test_column_errors_are_usage_errors(error):
    assert isinstance(error, UsageError)


def test_equal_pipelines_are_equal_and_share_a_fingerprint():
    one, other = Pipeline((AddLength(),)), Pipeline((AddLength(),))
    assert one == other
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize(
    "changed",
    [
        Pipeline(()),
        Pipeline((AddLength("title"),)),
        Pipeline((AddLength(), AddLength(name="again"))),
        Pipeline((AddLength(name="again"), AddLength())),
    ],
)
def test_any_change_of_steps_or_settings_changes_the_fingerprint(changed):
    assert changed.fingerprint != Pipeline((AddLength(),)).fingerprint


def test_a_step_that_stands_for_a_file_is_known_by_its_content():
    assert Pipeline((Weighted("a"),)).fingerprint != Pipeline((Weighted("b"),)).fingerprint


def test_pickle_keeps_a_pipeline_equal():
    pipeline = Pipeline((AddLength(),))
    back = pickle.loads(pickle.dumps(pipeline))
    assert back == pipeline
    assert back.fingerprint == pipeline.fingerprint


def test_the_fingerprint_is_the_same_in_another_process():
    code = "from mizaj.batch import Pipeline; print(Pipeline(()).fingerprint)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == Pipeline(()).fingerprint


@given(st.lists(st.one_of(st.none(), st.text())), st.integers(0, 20))
def test_splitting_a_batch_changes_nothing(texts, cut):
    pipeline = Pipeline((AddLength(),))
    whole = pa.record_batch({"text": pa.array(texts, pa.string())})
    parts = [pipeline(whole.slice(0, cut)), pipeline(whole.slice(cut))]
    assert pa.Table.from_batches(parts) == pa.Table.from_batches([pipeline(whole)])


def test_scored_columns_and_rejected_have_the_types_of_the_design():
    assert SCORED.names == ["sentiment", "score", "confidence", "tier", "language", "cmi"]
    assert SCORED.field("score").type == pa.float32()
    assert REJECTED.type.value_type == pa.string()
