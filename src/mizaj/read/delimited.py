"""CSV and TSV: every column is a string as it stands in the file, and a broken record is a row too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pc

from mizaj.batch import REJECTED
from mizaj.errors import SourceError
from mizaj.read.columns import BROKEN_LINE
from mizaj.read.files import InputFile
from mizaj.read.records import (
    blocks,
    last_record,
    record_pattern,
    split_record,
    without_mark,
)
from mizaj.read.source import Note, ReadSettings, Span

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class CsvPart:
    """A file with a header. CSV has no types, so `007` stays `007` and a late `n/a` breaks nothing.

    It is one span, since a line end may lie inside quotes.
    """

    origin: InputFile
    settings: ReadSettings
    names: tuple[str, ...]
    delimiter: str

    @classmethod
    def open(cls, file: InputFile, settings: ReadSettings) -> CsvPart:
        """The part with the columns of its header; raises `SourceError` without a usable one."""
        first = next(blocks(without_mark(file.pieces()), len, file.path, size=1), b"")
        delimiter = settings.delimiter or _delimiter(first, file.format)
        match = record_pattern(delimiter).match(first if b"\n" in first else first + b"\n")
        header = match.group() if match else b""
        names = [name.decode("utf-8", "replace") for name in split_record(header, delimiter)]
        _check_header(file, names)
        return cls(file, settings, tuple(names), delimiter)

    @property
    def schema(self) -> pa.Schema:
        """A string column for each name in the header."""
        return pa.schema([pa.field(name, pa.string()) for name in self.names])

    @property
    def spans(self) -> tuple[Span, ...]:
        """The whole file."""
        size = self.origin.identity.size_bytes or 0
        return (Span(0, size, None, size),)

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """One row a record; a record with too many or too few fields is a rejected row."""
        del span, target, note
        is_header = True
        pieces = without_mark(self.origin.pieces())
        for block in blocks(pieces, last_record(self.delimiter), self.origin.path):
            whole = block if block.endswith((b"\n", b"\r")) else block + b"\n"
            if is_header:
                match = record_pattern(self.delimiter).match(whole)
                whole = whole[match.end() :] if match else whole
                is_header = False
            yield from self._parsed(whole)

    def _parsed(self, block: bytes) -> Iterator[pa.RecordBatch]:
        cut = last_record(self.delimiter)
        while block:
            # At the end of a file a quote may stay open: the line it opens in is a broken one.
            end = cut(block)
            if end:
                yield from self._sound(block[:end])
                block = block[end:]
                continue
            line, _, block = block.partition(b"\n")
            yield self._broken([line])

    def _sound(self, block: bytes) -> Iterator[pa.RecordBatch]:
        """The rows of whole records: first the good ones, then the broken ones."""
        broken: list[bytes] = []
        if _is_utf8(block):
            yield _read(block, self.names, self.delimiter, broken)
        else:
            yield self._each(block, broken)
        if broken:
            yield self._broken(broken)

    def _each(self, block: bytes, broken: list[bytes]) -> pa.RecordBatch:
        """A block with broken UTF-8, record by record, so that each row keeps its own bytes."""
        good: list[list[bytes]] = []
        for match in record_pattern(self.delimiter).finditer(block):
            fields = split_record(match.group(), self.delimiter)
            if len(fields) == len(self.names):
                good.append(fields)
            elif match.group().strip():
                broken.append(match.group().strip(b"\r\n"))
        columns = [pa.array([row[i] for row in good], pa.binary()) for i in range(len(self.names))]
        strings = [column.view(pa.string()) for column in columns]
        return pa.RecordBatch.from_arrays(strings, names=list(self.names))

    def _broken(self, lines: Sequence[bytes]) -> pa.RecordBatch:
        columns = [pa.nulls(len(lines), pa.string()) for _ in self.names]
        raw = pa.array(lines, pa.binary()).view(pa.string())
        columns[self.names.index(self.settings.text)] = raw
        columns.append(pa.array([BROKEN_LINE] * len(lines), pa.string()))
        return pa.RecordBatch.from_arrays(columns, names=[*self.names, REJECTED.name])


def _read(
    block: bytes, names: Sequence[str], delimiter: str, broken: list[bytes]
) -> pa.RecordBatch:
    def set_aside(row: pc.InvalidRow) -> str:
        broken.append(row.text.encode())
        return "skip"

    table = pc.read_csv(
        pa.BufferReader(block),
        # One chunk, so that the rows of a block are one batch.
        read_options=pc.ReadOptions(
            use_threads=False, column_names=list(names), block_size=len(block) + 1
        ),
        parse_options=pc.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            invalid_row_handler=set_aside,
            # With one column a blank line is an empty post; with more it is no record.
            ignore_empty_lines=len(names) > 1,
        ),
        convert_options=pc.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
        ),
    )
    return table.combine_chunks().to_batches()[0] if table.num_rows else _empty(names)


def _empty(names: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], pa.schema([(name, pa.string()) for name in names]))


def _is_utf8(block: bytes) -> bool:
    # Arrow checks 3 GB/s; bytes.decode would build a str of up to four times the size.
    whole = pa.array([block], pa.large_binary()).view(pa.large_string())
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _delimiter(first: bytes, kind: str) -> str:
    if kind == "tsv":
        return "\t"
    header = re.sub(rb'"[^"]*"', b"", first.split(b"\n", 1)[0])
    return max(_DELIMITERS, key=lambda mark: header.count(mark.encode()))


def _check_header(file: InputFile, names: list[str]) -> None:
    problem = None
    if names == [""]:
        problem = "is empty: a CSV file begins with a line of column names"
    elif names[0].startswith("{"):
        problem = "looks like JSON Lines; rename it .jsonl or say --format jsonl"
    elif any("\0" in name for name in names):
        problem = "is no CSV text (NUL bytes in its first line); name its format with --format"
    if problem is not None:
        msg = f"{file.path}: {problem}"
        raise SourceError(msg)
