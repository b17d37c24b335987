"""What needs no file: tables in memory, from whatever library speaks Arrow, and DuckDB queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from mizaj.errors import ExtraMissing, SourceError
from mizaj.read.source import Identity, Note, ReadSettings, Span


@dataclass(frozen=True)
class Named:
    """What stands for an input that is no file."""

    identity: Identity
    stem: str


# Memory, which cannot be told from other memory, and has no better name.
IN_MEMORY = Named(Identity("memory"), "part")


@dataclass(frozen=True)
class TablePart:
    """A table in memory; a span is a range of rows."""

    table: pa.Table
    settings: ReadSettings
    origin: Named = IN_MEMORY

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        return self.table.schema.remove_metadata()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Ranges of `shard_rows` rows."""
        n_rows, step = self.table.num_rows, self.settings.shard_rows
        starts = range(0, n_rows, step) if n_rows else [0]
        return tuple(Span(a, min(a + step, n_rows), min(step, n_rows - a), 0) for a in starts)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """Slices of the table; nothing is copied."""
        del target, note
        part = self.table.slice(span.start, span.stop - span.start)
        yield from part.to_batches(max_chunksize=self.settings.batch_rows)


@dataclass(frozen=True)
class StreamPart:
    """A stream of record batches that is read once, as it comes."""

    reader: pa.RecordBatchReader
    settings: ReadSettings
    origin: Named = IN_MEMORY

    @property
    def schema(self) -> pa.Schema:
        """The columns of the stream."""
        return self.reader.schema.remove_metadata()

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of it."""
        return (Span(0, 0, None, 0),)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The batches as they come; a second reading finds none."""
        del span, target, note
        yield from self.reader


@dataclass(frozen=True)
class QueryPart:
    """The answer of DuckDB to a query, streamed; `database` is a DuckDB file or None for memory."""

    query: str
    database: str | None
    settings: ReadSettings
    schema: pa.Schema

    @classmethod
    def open(cls, query: str, database: str | None, settings: ReadSettings) -> QueryPart:
        """The part with the columns of the answer; raises `SourceError` with what DuckDB says."""
        with _answer(query, database, 1) as reader:
            return cls(query, database, settings, reader.schema.remove_metadata())

    @property
    def origin(self) -> Named:
        """The query; its answer may differ another time."""
        return Named(Identity(f"duckdb:{self.database or ''}:{self.query}"), "query")

    @property
    def spans(self) -> tuple[Span, ...]:
        """The whole answer."""
        return (Span(0, 0, None, 0),)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the answer."""
        del span, target, note
        with _answer(self.query, self.database, self.settings.batch_rows) as reader:
            yield from reader


def as_part(data: object, settings: ReadSettings) -> TablePart | StreamPart | None:
    """The part for a table, batch, array, series, frame or list of rows; None for what is neither.

    Anything with the Arrow PyCapsule interface will do: pyarrow, pandas, polars, DuckDB relations.
    A column without a name (array, series) is the text.
    """
    if isinstance(data, pa.RecordBatchReader):
        return StreamPart(data, settings)
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        return TablePart(_from_rows(data, settings.text), settings)
    if isinstance(data, pa.Table | pa.RecordBatch):
        return TablePart(pa.table(data), settings)
    if is_old_series(data):
        data = pa.array(data)
    if isinstance(data, pa.Array | pa.ChunkedArray):
        return TablePart(pa.table({settings.text: data}), settings)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__"):
        return TablePart(_from_capsule(data, settings.text), settings)
    return None


def is_old_series(data: object) -> bool:
    """Whether this is a series of pandas 2, which Arrow reads although it has no interface for it."""
    is_plain = not hasattr(data, "__arrow_c_stream__")
    return is_plain and hasattr(data, "to_frame") and hasattr(data, "__array__")


def as_text_part(texts: Iterable[str | None], settings: ReadSettings) -> TablePart:
    """The part for an iterable of strings; None is a null text."""
    return TablePart(pa.table({settings.text: strings(list(texts))}), settings)


def strings(texts: Sequence[object]) -> pa.Array:
    """A list of texts as large_string, or as large_binary if one holds a lone surrogate; raises `SourceError`."""
    for row, text in enumerate(texts):
        if text is not None and not isinstance(text, str):
            msg = f"row {row} of the list is {type(text).__name__}; allowed are str and None"
            raise SourceError(msg)
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        # A lone surrogate: its bytes are kept as they are, and the row is marked later.
        raw = [None if t is None else str(t).encode("utf-8", "surrogatepass") for t in texts]
        return pa.array(raw, pa.large_binary())


def _from_rows(rows: list[dict[str, Any]], text: str) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names or [text]:
        values = [row.get(name) for row in rows]
        columns[name] = strings(values) if name == text else _array(name, values)
    return pa.table(columns)


def _array(name: str, values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, OverflowError, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        msg = f"column '{name}' of the list mixes types ({reason}); give all its values one type"
        raise SourceError(msg) from error


def _from_capsule(data: object, text: str) -> pa.Table:
    if not hasattr(data, "__arrow_c_stream__"):
        array = pa.array(data)
        is_rows = pa.types.is_struct(array.type)
        return pa.table(pa.RecordBatch.from_struct_array(array) if is_rows else {text: array})
    column = pa.chunked_array(data)
    if pa.types.is_struct(column.type) and not hasattr(data, "to_frame"):
        return pa.Table.from_struct_array(column)
    return pa.table({text: column})


@contextmanager
def _answer(query: str, database: str | None, rows: int) -> Iterator[pa.RecordBatchReader]:
    try:
        import duckdb
    except ImportError as error:
        library = "duckdb"
        raise ExtraMissing(library, extra="duckdb") from error
    try:
        connection = duckdb.connect(database or ":memory:", read_only=database is not None)
        reader = connection.sql(query).to_arrow_reader(rows)
    except (duckdb.Error, AttributeError) as error:
        reason = " ".join(str(error).split())
        msg = f"DuckDB refuses the query: {reason}"
        raise SourceError(msg) from error
    with connection:
        yield reader
