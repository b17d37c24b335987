"""One output file in each format, fed batch by batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from mizaj.write.spelled import csv_column, json_lines

# zstd at level 1 made 64 B a post in 4.2 CPU seconds for 5 M posts; level 3 took 6.1 for 58 B,
# snappy 3.8 for 94 B, lz4 2.8 for 98 B (synthetic posts of 100 bytes).
_COMPRESSION = "zstd"
_LEVEL = 1
# A row group is held in memory until it is full: by rows, or sooner by bytes.
_GROUP_BYTES = 48 << 20


class OutputFile(Protocol):
    """A file that is being written."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows."""

    def close(self) -> None:
        """Ends the file; nothing is in it for certain before that."""


class ParquetOutput:
    """Row groups of one size, whatever the size of the batches."""

    def __init__(self, path: Path, schema: pa.Schema, group_rows: int) -> None:
        plain = [field.name for field in schema if not _is_long(field.type)]
        # Only what comes in as a dictionary goes out as one: trying it on texts costs 40 % more.
        repeated = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        self._schema = schema
        self._group_rows = group_rows
        self._held: list[pa.RecordBatch] = []
        self._n_held = 0
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression=_COMPRESSION,
            compression_level=_LEVEL,
            use_dictionary=repeated,
            write_statistics=plain,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Holds the rows until a row group is full."""
        while batch.num_rows:
            room = self._group_rows - self._n_held
            piece, batch = batch.slice(0, room), batch.slice(room)
            self._held.append(piece)
            self._n_held += piece.num_rows
            if self._n_held >= self._group_rows or _weight(self._held) >= _GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        """Writes what is held, and the footer."""
        try:
            self._flush()
            self._writer.close()
        finally:
            self._file.close()

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._held, self._schema)
            self._held, self._n_held = [], 0
            self._writer.write_table(table, row_group_size=self._group_rows)


class JsonOutput:
    """One JSON object a line."""

    def __init__(self, path: Path, schema: pa.Schema, group_rows: int) -> None:
        del schema, group_rows
        self._file = pa.OSFile(str(path), "wb")

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the lines."""
        lines = json_lines(batch)
        if len(lines):
            # The values of a fresh string array lie one after the other: they are the file.
            self._file.write(lines.buffers()[2])

    def close(self) -> None:
        """Ends the file."""
        self._file.close()


class CsvOutput:
    """Comma-separated, with a header; all strings are quoted, null is an empty field."""

    def __init__(self, path: Path, schema: pa.Schema, group_rows: int) -> None:
        del group_rows
        empty = _as_csv(schema.empty_table().to_batches() or [_empty(schema)])
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pc.CSVWriter(self._file, empty.schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the lines."""
        self._writer.write_batch(_as_csv([batch]))

    def close(self) -> None:
        """Ends the file."""
        try:
            self._writer.close()
        finally:
            self._file.close()


OUTPUTS: dict[str, Callable[[Path, pa.Schema, int], OutputFile]] = {
    "parquet": ParquetOutput,
    "jsonl": JsonOutput,
    "csv": CsvOutput,
}
"""The formats that can be written; a format is also the ending of its files."""


def check_column(kind: str, column: pa.Field) -> None:
    """Raises what pyarrow raises when a format cannot hold a column; the text formats hold all."""
    if kind == "parquet":
        pq.ParquetWriter(pa.BufferOutputStream(), pa.schema([column])).close()


def _as_csv(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    batch = batches[0]
    columns = [csv_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in schema], schema=schema)


def _is_long(kind: pa.DataType) -> bool:
    """Text, for which least and greatest values help no reader."""
    types = pa.types
    return bool(types.is_large_string(kind) or types.is_string(kind) or types.is_nested(kind))


def _weight(batches: list[pa.RecordBatch]) -> int:
    return sum(batch.nbytes for batch in batches)
