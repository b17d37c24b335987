"""Parquet and Arrow IPC files, a row group or batch at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from mizaj.errors import ChangedSource, SourceError
from mizaj.read.files import InputFile, broken_off, is_url
from mizaj.read.source import Note, ReadSettings, Span

# Read through a buffer of this size instead of fetching whole column chunks ahead: reading 5 M posts
# peaked at 120-165 MB so, at 240 MB with pre-buffering and 540 MB memory-mapped.
_BUFFER_BYTES = 1 << 20
# A batch of long rows is cut shorter, so that a file of 10 MB rows is not read 64k rows at a time.
_BATCH_BYTES = 16 << 20
_IPC_MAGIC = b"ARROW1\0\0"


@dataclass(frozen=True)
class ParquetPart:
    """A Parquet file; a span is a range of row groups."""

    origin: InputFile
    settings: ReadSettings
    schema: pa.Schema
    spans: tuple[Span, ...]

    @classmethod
    def open(cls, file: InputFile, settings: ReadSettings) -> ParquetPart:
        """The part as its footer describes it; raises `SourceError` when the footer is not whole."""
        with _parquet(file) as parquet:
            spans = _row_group_spans(parquet.metadata, settings.shard_rows)
            return cls(file, settings, parquet.schema_arrow.remove_metadata(), spans)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the row groups; a broken one is left behind, and named at the end."""
        del target, note
        with _parquet(self.origin) as parquet:
            _check_unchanged(self.origin.path, self.schema, parquet.schema_arrow)
            failures = []
            for group in range(span.start, span.stop):
                try:
                    yield from self._row_group(parquet, group)
                except (OSError, pa.ArrowException) as error:
                    failures.append(_group_failure(parquet.metadata, group, error))
        if failures:
            msg = f"{self.origin.path}: {'; '.join(failures)}; the other rows are kept"
            raise SourceError(msg)

    def _row_group(self, parquet: pq.ParquetFile, group: int) -> Iterator[pa.RecordBatch]:
        facts = parquet.metadata.row_group(group)
        row_bytes = max(facts.total_byte_size // max(facts.num_rows, 1), 1)
        rows = max(min(self.settings.batch_rows, _BATCH_BYTES // row_bytes), 1)
        yield from parquet.iter_batches(rows, row_groups=[group], use_threads=False)


@dataclass(frozen=True)
class ArrowPart:
    """An Arrow IPC file, whose span is a range of record batches, or an IPC stream in one span."""

    origin: InputFile
    settings: ReadSettings
    schema: pa.Schema
    spans: tuple[Span, ...]

    @classmethod
    def open(cls, file: InputFile, settings: ReadSettings) -> ArrowPart:
        """The part as its schema message describes it; a file without its footer is read as a stream."""
        size = file.identity.size_bytes or 0
        with file.open() as raw:
            n_batches = _count_batches(raw, file)
        if n_batches is None:
            with _ipc_stream(file) as stream:
                return cls(
                    file, settings, stream.schema.remove_metadata(), (Span(0, -1, None, size),)
                )
        with file.open() as raw, pa.ipc.open_file(raw) as reader:
            schema = reader.schema.remove_metadata()
        n_spans = max(min(size // settings.shard_bytes, n_batches), 1)
        cuts = [n_batches * i // n_spans for i in range(n_spans + 1)]
        spans = tuple(Span(a, b, None, size // n_spans) for a, b in itertools.pairwise(cuts))
        return cls(file, settings, schema, spans)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The record batches as they are stored; raises after the last whole one."""
        del target, note
        n_rows = 0
        try:
            for batch in self._stored(span):
                _check_offsets(batch)
                yield batch
                n_rows += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            msg = f"{self.origin.path}: broken or cut off after {n_rows:,} rows of its part ({reason})"
            raise SourceError(msg) from error

    def _stored(self, span: Span) -> Iterator[pa.RecordBatch]:
        if span.stop < 0:
            with _ipc_stream(self.origin) as stream:
                yield from stream
            return
        with self.origin.open() as raw, pa.ipc.open_file(raw) as reader:
            for index in range(span.start, span.stop):
                _check_unchanged(self.origin.path, self.schema, reader.schema)
                yield reader.get_batch(index)


def _check_unchanged(path: str, expected: pa.Schema, found: pa.Schema) -> None:
    """Raises `ChangedSource` for a file that has other columns than when it was opened, here or on another machine."""
    was, now = ({field.name: str(field.type) for field in each} for each in (expected, found))
    if was == now:
        return
    name = next(name for name in [*was, *now] if was.get(name) != now.get(name))
    msg = (
        f"{path}: column '{name}' is {now.get(name, 'gone')}, but was {was.get(name, 'not there')} when the run began; "
        "leave files alone while they are read, and let all machines see the same ones"
    )
    raise ChangedSource(msg)


def _check_offsets(batch: pa.RecordBatch) -> None:
    """Raise `ArrowInvalid` for columns that point outside their data: pyarrow looks at an IPC file's ends only.

    Strings are looked at as bytes, since broken UTF-8 is for a later step to reject row by row.
    """
    for column in batch.columns:
        if pa.types.is_string(column.type):
            column.view(pa.binary()).validate(full=True)
        elif pa.types.is_large_string(column.type):
            column.view(pa.large_binary()).validate(full=True)
        else:
            column.validate(full=True)


@contextmanager
def _parquet(file: InputFile) -> Iterator[pq.ParquetFile]:
    if file.compression is not None:
        msg = f"{file.path}: Parquet inside {file.compression} is not read; unpack it first"
        raise SourceError(msg)
    with file.open() as raw:
        try:
            parquet = pq.ParquetFile(raw, pre_buffer=is_url(file.path), buffer_size=_BUFFER_BYTES)
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            msg = (
                f"{file.path}: no whole Parquet file: its footer, at the end of its "
                f"{file.identity.size_bytes:,} bytes, cannot be read ({reason}). Was it cut off, "
                "or is it another format? Then name that with --format"
            )
            raise SourceError(msg) from error
        yield parquet


def _row_group_spans(metadata: pq.FileMetaData, shard_rows: int) -> tuple[Span, ...]:
    spans: list[Span] = []
    start = n_rows = n_bytes = 0
    for group in range(metadata.num_row_groups):
        facts = metadata.row_group(group)
        if group > start and n_rows + facts.num_rows > shard_rows:
            spans.append(Span(start, group, n_rows, n_bytes))
            start, n_rows, n_bytes = group, 0, 0
        n_rows += facts.num_rows
        n_bytes += facts.total_byte_size
    return (*spans, Span(start, metadata.num_row_groups, n_rows, n_bytes))


def _group_failure(metadata: pq.FileMetaData, group: int, error: Exception) -> str:
    place = metadata.row_group(group).column(0).data_page_offset
    reason = str(error).splitlines()[0]
    return f"row group {group}, from byte {place:,}, is broken ({reason})"


def _count_batches(raw: pa.NativeFile, file: InputFile) -> int | None:
    """The number of record batches in an IPC file, None for a stream or a file without its footer."""
    if file.compression is not None or raw.read(len(_IPC_MAGIC)) != _IPC_MAGIC:
        return None
    raw.seek(0)
    try:
        return int(pa.ipc.open_file(raw).num_record_batches)
    except (OSError, pa.ArrowException):
        return None


@contextmanager
def _ipc_stream(file: InputFile) -> Iterator[pa.RecordBatchStreamReader]:
    with file.open() as raw:
        packed = (
            raw if file.compression is None else pa.CompressedInputStream(raw, file.compression)
        )
        # A file is its magic and then a stream.
        if file.compression is None and raw.read(len(_IPC_MAGIC)) != _IPC_MAGIC:
            raw.seek(0)
        try:
            stream = pa.ipc.open_stream(packed)
        except (OSError, pa.ArrowException) as error:
            raise broken_off(file.path, 0, error) from error
        yield stream
