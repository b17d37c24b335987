"""What a reader hands on: settings, named shards of the input, and the batches in each shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from mizaj.batch import REJECTED
from mizaj.errors import ChangedSource, SettingError
from mizaj.read.columns import conform

FORMATS = ("parquet", "csv", "tsv", "jsonl", "arrow", "text")
"""The file formats that can be named."""

_ROW_BYTES = 256
"""What a row takes in a file, where its size must be supposed; a post takes some 100 to 300 bytes."""

Note = Callable[[str], None]
"""Takes a remark about the input that is no error, such as a field that was left out."""


@dataclass(frozen=True)
class ReadSettings:
    """How the input is read.

    `text` is the column with the posts. `format` is found from the name and first bytes of each
    file when None. `query` is SQL for DuckDB. `delimiter` is found from the header of a CSV file
    when None. `batch_rows` bounds a batch (5 M posts in two threads peaked at 256 MB with 16,384,
    at 290 MB with 65,536, in the same time); `shard_rows` and `shard_bytes` say how much of a file
    makes one output file, as far as the file can be cut.
    """

    text: str = "text"
    format: str | None = None
    query: str | None = None
    delimiter: str | None = None
    batch_rows: int = 16_384
    shard_rows: int = 262_144
    shard_bytes: int = 262_144 * _ROW_BYTES

    def __post_init__(self) -> None:
        if self.format not in (None, *FORMATS):
            allowed = ", ".join(FORMATS)
            msg = f"format '{self.format}' is not known; allowed: {allowed}"
            raise SettingError(msg)
        for name in ("batch_rows", "shard_rows", "shard_bytes"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be 1 or more"
                raise SettingError(msg)
        if self.delimiter is not None and len(self.delimiter.encode()) != 1:
            msg = f"delimiter '{self.delimiter}' must be one ASCII character, such as ';'"
            raise SettingError(msg)

    def with_shards_of(self, rows: int) -> ReadSettings:
        """The same with shards of `rows` rows, in files that are cut by bytes too, as if a row took 256 of them.

        >>> ReadSettings().with_shards_of(1_000_000).shard_bytes
        256000000
        """
        return replace(self, shard_rows=rows, shard_bytes=rows * _ROW_BYTES)


@dataclass(frozen=True)
class Identity:
    """What an input is called and how to tell that it has changed.

    `stamp` is the time of change of a local file or the version of a remote one; None for size and
    stamp means that the input cannot be told from another (memory, a pipe, a query).
    """

    path: str
    size_bytes: int | None = None
    stamp: str | None = None


@dataclass(frozen=True)
class Span:
    """A half-open range of an input, in the unit of its format: bytes, row groups, batches, rows.

    `n_rows` is None where it is not known before reading.
    """

    start: int
    stop: int
    n_rows: int | None
    n_bytes: int


@dataclass(frozen=True)
class Shard:
    """A span of one input of a source; its name makes the name of its output file."""

    name: str
    part: int
    span: Span


@dataclass(frozen=True)
class BadInput:
    """An input, or the rest of one, that could not be read, and why."""

    path: str
    reason: str


class Origin(Protocol):
    """Where the rows of a part come from."""

    @property
    def identity(self) -> Identity:
        """The name, size and stamp of the input."""

    @property
    def stem(self) -> str:
        """The word that begins the names of its shards."""


class Part(Protocol):
    """One opened input: a file, a table, a query. A value; it opens its file anew for each span."""

    @property
    def origin(self) -> Origin:
        """The file, or what stands for one."""

    @property
    def schema(self) -> pa.Schema:
        """The columns as the input has them."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """The whole input, cut into ranges that can be read on their own."""

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of a span, in order; raises `SourceError` after all that can be read."""


@dataclass(frozen=True)
class Source:
    """Inputs with one common schema, cut into shards whose order and names never change.

    `schema` is the common columns, the text as string or large_string, and `rejected` last.
    `bad` lists inputs that could not be opened, `skipped` files of a folder that hold no posts. `marks` stands for
    what was found out about the rows before they are read, such as copies, and is empty for nothing.
    A source of files pickles; it holds no open file.
    """

    parts: tuple[Part, ...]
    schema: pa.Schema
    shards: tuple[Shard, ...]
    settings: ReadSettings
    bad: tuple[BadInput, ...] = ()
    skipped: tuple[str, ...] = ()
    marks: str = ""

    @property
    def inputs(self) -> tuple[Identity, ...]:
        """What each part is called, and how to tell that it changed."""
        return tuple(part.origin.identity for part in self.parts)

    @property
    def is_repeatable(self) -> bool:
        """Whether a later process can read the same rows again in the same order."""
        return all(identity.stamp is not None for identity in self.inputs)

    def batches(self, shard: Shard, *, note: Note = lambda _: None) -> Iterator[pa.RecordBatch]:
        """The rows of a shard in order, at most `batch_rows` in a batch, all with `schema`.

        Rows that cannot be scored carry the reason in `rejected`: `null_text`, `broken_encoding`
        (the text is repaired with U+FFFD), `broken_line` (the text is the raw line) or
        `changed_type:<column>`. Raises `SourceError` after the last row that can be read.
        """
        for raw in self._raw(shard, note):
            for start in range(0, raw.num_rows, self.settings.batch_rows):
                piece = raw.slice(start, self.settings.batch_rows)
                yield conform(piece, self.schema, text=self.settings.text)

    def _raw(self, shard: Shard, note: Note) -> Iterator[pa.RecordBatch]:
        try:
            yield from self.parts[shard.part].batches(shard.span, self.schema, note)
        except ChangedSource as error:
            msg = f"shard {shard.name}: {error}"
            raise ChangedSource(msg) from error


def with_rejected(schema: pa.Schema) -> pa.Schema:
    """The schema with the column `rejected` last, so that steps can fill it."""
    kept = [field for field in schema if field.name != REJECTED.name]
    return pa.schema([*kept, REJECTED])
