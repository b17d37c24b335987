"""Spark data frames through a pipeline, on the user's own session: a frame in, a frame out, or a function for SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mizaj.batch import SENTIMENT, TEXT, Pipeline
from mizaj.errors import ExtraMissing, SettingError
from mizaj.read.columns import conform, unify
from mizaj.read.source import with_rejected

try:
    from pyspark.sql import functions
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
except ImportError:
    functions = None

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FRAME = "a Spark data frame"


def transform_frame(frame: DataFrame, pipeline: Pipeline, *, text: str = TEXT.name) -> DataFrame:
    """The frame with the columns that the pipeline adds, and `rejected`, the reason of rows that were set aside.

    Rows in = rows out; nothing is read before Spark asks for it, and each worker loads a model once. `text` is the
    column with the posts. Raises `SourceError` for a frame without it, `ColumnMissing` or `ColumnExists` where the
    steps do not fit.
    """
    _check_installed()
    source = with_rejected(unify([(_FRAME, to_arrow_schema(frame.schema))], text=text))
    work = _Transform(pipeline, source, text)
    return frame.mapInArrow(work, from_arrow_schema(work.schema))


def score_function(
    pipeline: Pipeline, *, text: str = TEXT.name, returns: tuple[str, ...] = (SENTIMENT.name,)
) -> Any:  # noqa: ANN401 - what pyspark calls a user-defined function has no type
    """A function on a column of posts, for `select` and for SQL once it is registered.

    It gives a structure of the columns `returns`, which must be among those that the pipeline adds. A null stays null
    in all of them. Raises `SettingError` for a column that is not added, or for none.
    """
    _check_installed()
    source = with_rejected(pa.schema([pa.field(text, pa.string())]))
    work = _Transform(pipeline, source, text)
    added = [name for name in work.schema.names if name != text]
    missing = [name for name in returns if name not in added]
    if missing or not returns:
        what = f"the pipeline adds no column '{missing[0]}'" if missing else "no column is named"
        msg = f"{what}; it adds: {', '.join(added)}"
        raise SettingError(msg)
    kinds = from_arrow_schema(pa.schema([work.schema.field(name) for name in returns]))

    def score(texts: pa.Array) -> pa.Array:
        batch = pa.RecordBatch.from_arrays([texts], names=[text])
        done = work.one(batch).select(returns)
        mask = texts.is_null() if texts.null_count else None
        return pa.StructArray.from_arrays(done.columns, fields=list(done.schema), mask=mask)

    score.__annotations__ = {"texts": pa.Array, "return": pa.Array}  # pyspark reads them, as types
    return functions.arrow_udf(score, kinds)


def register(
    spark: SparkSession,
    pipeline: Pipeline,
    *,
    name: str,
    returns: tuple[str, ...],
    text: str = TEXT.name,
) -> None:
    """Makes the pipeline a function of SQL in this session: `SELECT mizaj(text).sentiment FROM posts`.

    `text` is what the steps call the column with the posts; in SQL any column may be given.
    """
    spark.udf.register(name, score_function(pipeline, text=text, returns=returns))


@dataclass(frozen=True)
class _Transform:
    """What a worker does with the batches of its part of a frame."""

    pipeline: Pipeline
    source: pa.Schema
    text: str

    @property
    def schema(self) -> pa.Schema:
        """The columns that come out, in types that Spark has."""
        return pa.schema(
            [pa.field(f.name, _plain(f.type)) for f in self.pipeline.schema(self.source)]
        )

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Each batch, done."""
        return map(self.one, batches)

    def one(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the columns of `schema`."""
        done = self.pipeline(conform(batch, self.source, text=self.text))
        schema = self.schema
        columns = [
            column.cast(field.type) for column, field in zip(done.columns, schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values of a dictionary, which Spark does not know; others as they are."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _check_installed() -> None:
    if functions is None:
        raise ExtraMissing(library="pyspark", extra="spark")
