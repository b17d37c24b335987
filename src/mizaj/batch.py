"""What flows: column names and types, the step that adds columns to a batch, the pipeline that chains steps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from typing import Protocol

import pyarrow as pa

from mizaj.errors import ColumnExists, ColumnMissing

_LABEL_TYPE = pa.dictionary(pa.int8(), pa.string())
# Reasons such as `duplicate_of:<id>` are as many as rows, so their index is wider.
_REASON_TYPE = pa.dictionary(pa.int32(), pa.string())

TEXT = pa.field("text", pa.string())
ID = pa.field("id", pa.string())
TIMESTAMP = pa.field("timestamp", pa.timestamp("us", tz="UTC"))
SOURCE = pa.field("source", pa.string())
LABEL = pa.field("label", pa.string())
SENTIMENT = pa.field("sentiment", _LABEL_TYPE)
SCORE = pa.field("score", pa.float32())
CONFIDENCE = pa.field("confidence", pa.float32())
TIER = pa.field("tier", _LABEL_TYPE)
LANGUAGE = pa.field("language", _LABEL_TYPE)
CMI = pa.field("cmi", pa.float32())
REJECTED = pa.field("rejected", _REASON_TYPE)
MASKED = pa.field("masked", pa.list_(pa.string()))
"""The kinds of personal data that were masked in a row, in the order of the text; empty for none."""
COPIES = pa.field("copies", pa.int64())
"""How many kept or duplicate posts are copies of one another, this one among them: 1 for a post that stands alone."""

SCORED = pa.schema([SENTIMENT, SCORE, CONFIDENCE, TIER, LANGUAGE, CMI])
"""The columns that scoring adds, in the order they are written."""

TEXT_TYPES = "string, large_string, string_view, dictionary of strings or binary"
"""The types of a column that can hold text, in words."""

_is = pa.types


def text_type(column: pa.DataType) -> pa.DataType | None:
    """The type that a text column is brought to, or None where it cannot hold text.

    >>> text_type(pa.dictionary(pa.int8(), pa.string()))
    DataType(string)
    >>> text_type(pa.int64()) is None
    True
    """
    if _is.is_dictionary(column):
        return text_type(column.value_type)
    if _is.is_large_string(column) or _is.is_large_binary(column):
        return pa.large_string()
    is_short = (_is.is_string, _is.is_binary, _is.is_string_view, _is.is_binary_view, _is.is_null)
    return pa.string() if any(check(column) for check in is_short) else None


def as_text(column: pa.Array) -> pa.Array:
    """A column that can hold text as string or large_string, its bytes as they are: they may not be UTF-8."""
    kind = text_type(column.type)
    if column.type.equals(kind):
        return column
    if _is.is_dictionary(column.type):
        return as_text(column.cast(column.type.value_type))
    if _is.is_binary_view(column.type):
        column = column.cast(pa.binary())
    is_bytes = _is.is_binary(column.type) or _is.is_large_binary(column.type)
    return column.view(kind) if is_bytes else column.cast(kind)


class Step(Protocol):
    """A pure function on a batch: reads the columns it names, appends the ones it declares.

    Rows in = rows out, in the same order. A step that sets rows aside does so by adding
    (or, where an earlier step added it, by filling) the column `rejected`.
    """

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that must be there."""

    @property
    def adds(self) -> pa.Schema:
        """The columns that are appended, in order."""

    def __call__(self, batch: pa.RecordBatch, /) -> pa.RecordBatch:
        """The batch with the declared columns appended."""


class Filter(Step, Protocol):
    """A step that sets rows aside: it fills `rejected`, which it reads, where no earlier reason stands."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons it gives, as far as their colon (`language` for `language:other`)."""


class Rewriter(Step, Protocol):
    """A step that replaces what stands in a column: a repaired text, one without personal data."""

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The columns it replaces, all of which it reads; their types stay."""


@dataclass(frozen=True)
class Pipeline:
    """Steps in order: it says what happens to the data, never where.

    >>> Pipeline(()).schema(pa.schema([TEXT])).names
    ['text']
    """

    steps: tuple[Step, ...]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch after every step."""
        for step in self.steps:
            batch = step(batch)
        return batch

    def schema(self, source: pa.Schema) -> pa.Schema:
        """The columns that come out when `source` goes in, checked before any row is read.

        Raises `ColumnMissing` for a column that a step reads and nothing brings,
        `ColumnExists` for a column that a step adds and that is there already.
        """
        for step in self.steps:
            _check_columns(step, source)
            source = pa.schema([*source, *step.adds])
        return source

    @property
    def fingerprint(self) -> str:
        """A hash of the steps and all their settings, equal in every process; written into every output."""
        return hashlib.blake2b(_spell(self.steps).encode(), digest_size=16).hexdigest()


def _check_columns(step: Step, source: pa.Schema) -> None:
    name = type(step).__name__
    for column in step.reads:
        if column not in source.names:
            raise ColumnMissing(column, source.names, needed_by=name)
    for column in step.adds.names:
        if column in source.names:
            raise ColumnExists(column, added_by=name)


def _spell(value: object) -> str:
    """A value written out with its settings by name, so that equal values spell alike in every process.

    A step whose settings name something outside itself (a file, a model) has a property
    `content_hash` that stands for that content.
    """
    if is_dataclass(value) and not isinstance(value, type):
        inner = [f"{f.name}={_spell(getattr(value, f.name))}" for f in fields(value) if f.repr]
        content = getattr(value, "content_hash", None)
        if content is not None:
            inner.append(f"content_hash={content}")
        return f"{type(value).__qualname__}({', '.join(inner)})"
    if isinstance(value, tuple):
        return f"({', '.join(_spell(item) for item in value)})"
    return repr(value)
