"""JSON Lines and plain text lines: a row is a line, and a line that breaks the format is a row too."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from mizaj.batch import REJECTED
from mizaj.errors import SourceError
from mizaj.read.columns import BROKEN_LINE, CHANGED_TYPE
from mizaj.read.files import InputFile
from mizaj.read.records import blocks, last_line, lines_between, without_mark
from mizaj.read.source import Note, ReadSettings, Span

# A block that pyarrow refuses is cut into pieces of this many lines; those it refuses again are
# parsed by hand, which is some ten times slower.
_PIECE_LINES = 1024
# What decides on the columns: a few thousand posts.
_SAMPLE_BYTES = 1 << 20
_MISFIT = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError)


@dataclass(frozen=True)
class TextPart:
    """Plain lines: each line is one post."""

    origin: InputFile
    settings: ReadSettings
    spans: tuple[Span, ...]

    @classmethod
    def open(cls, file: InputFile, settings: ReadSettings) -> TextPart:
        """The part; nothing has to be read for it."""
        return cls(file, settings, _spans(file, settings))

    @property
    def schema(self) -> pa.Schema:
        """One column, the text."""
        return pa.schema([pa.field(self.settings.text, pa.string())])

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """One row a line, without its line end."""
        del target, note
        for block in _line_blocks(self.origin, span):
            lines = block.removesuffix(b"\n").split(b"\n")
            texts = [line.removesuffix(b"\r") for line in lines]
            yield pa.record_batch({self.settings.text: pa.array(texts, pa.binary())})


@dataclass(frozen=True)
class JsonPart:
    """JSON Lines with the columns of their first lines; a field that comes up later is noted."""

    origin: InputFile
    settings: ReadSettings
    schema: pa.Schema
    spans: tuple[Span, ...]

    @classmethod
    def open(cls, file: InputFile, settings: ReadSettings) -> JsonPart:
        """The part with the columns found in the first lines.

        Raises `SourceError` when none of them is a JSON object.
        """
        return cls(file, settings, _infer(file, settings.text), _spans(file, settings))

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """One row a line; blank lines are none; a line that does not fit is a rejected row."""
        late = [f for f in target if f.name not in (*self.schema.names, REJECTED.name)]
        schema = pa.schema([*self.schema, *late])
        for block in _line_blocks(self.origin, span):
            for batch in _parse(block, schema, self.settings.text):
                for name in batch.schema.names:
                    if name not in schema.names and name != REJECTED.name:
                        note(f"field '{name}' first comes up late in {self.origin.path}: left out")
                yield batch


def _spans(file: InputFile, settings: ReadSettings) -> tuple[Span, ...]:
    """Byte ranges of a file that can seek, else one range."""
    size = file.identity.size_bytes
    if size is None or file.compression is not None:
        return (Span(0, size or 0, None, size or 0),)
    cuts = [*range(0, size, settings.shard_bytes), size] if size else [0, 0]
    return tuple(Span(a, b, None, b - a) for a, b in itertools.pairwise(cuts))


def _line_blocks(file: InputFile, span: Span) -> Iterator[bytes]:
    pieces = file.pieces(max(span.start - 1, 0))
    if file.compression is None and file.identity.size_bytes is not None:
        pieces = lines_between(pieces, span.start, span.stop)
    if span.start == 0:
        pieces = without_mark(pieces)
    yield from blocks(pieces, last_line, file.path)


def _parse(block: bytes, schema: pa.Schema, text: str) -> Iterator[pa.RecordBatch]:
    """The rows of a block: all at once where it is sound, else the unsound pieces of it by hand."""
    try:
        yield from _parse_sound(block, schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        lines = [line for line in block.split(b"\n") if line.strip()]
        if len(lines) <= _PIECE_LINES:
            yield _parse_by_hand(lines, schema, text)
            return
        for start in range(0, len(lines), _PIECE_LINES):
            yield from _parse(b"\n".join(lines[start : start + _PIECE_LINES]), schema, text)


def _parse_sound(block: bytes, schema: pa.Schema) -> list[pa.RecordBatch]:
    if not block.strip():
        return []
    table = pj.read_json(
        pa.BufferReader(block),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(block) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer"),
    )
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches


def _parse_by_hand(lines: Sequence[bytes], schema: pa.Schema, text: str) -> pa.RecordBatch:
    """The rows of some lines with Python's parser: a row that does not fit keeps its raw line."""
    values = [_loaded(line) for line in lines]
    rows = [value if isinstance(value, dict) else {} for value in values]
    reasons = [None if isinstance(value, dict) else BROKEN_LINE for value in values]
    columns = {}
    for field in schema:
        column, misfits = _column([row.get(field.name) for row in rows], field.type)
        columns[field.name] = column
        for row in misfits:
            reasons[row] = reasons[row] or f"{CHANGED_TYPE}:{field.name}"
    broken = pa.array([reason is not None for reason in reasons])
    raw = [line.strip() if reason else b"" for line, reason in zip(lines, reasons, strict=True)]
    for field in schema:
        instead = _as_text(raw, field.type) if field.name == text else pa.nulls(1, field.type)[0]
        columns[field.name] = pc.if_else(broken, instead, columns[field.name])
    columns[REJECTED.name] = pa.array(reasons, pa.string())
    return pa.record_batch(columns)


def _column(values: Sequence[object], kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    """The values as a column, null in the rows, also given, whose value does not fit."""
    if pa.types.is_string(kind):
        return _as_text([None if v is None else _encoded(v) for v in values], kind), []
    misfits = []
    fitting = list(values)
    try:
        return _typed(fitting, kind), []
    except _MISFIT:
        for row, value in enumerate(values):
            try:
                _typed([value], kind)
            except _MISFIT:
                misfits.append(row)
                fitting[row] = None
    return _typed(fitting, kind), misfits


def _typed(values: list[object], kind: pa.DataType) -> pa.Array:
    """An array of a type; pyarrow would cut 1.5 to 1 without a word."""
    is_cut = pa.types.is_integer(kind) and any(isinstance(v, float) for v in values)
    if is_cut and not all(v.is_integer() for v in values if isinstance(v, float)):
        msg = f"a number that is no {kind}"
        raise pa.ArrowInvalid(msg)
    return pa.array(values, kind)


def _loaded(line: bytes) -> object:
    """The value of a line of JSON; None where it is none. Control characters in strings are let in."""
    try:
        return json.loads(line.decode("utf-8", "surrogateescape"), strict=False)
    except (ValueError, RecursionError):
        return None


def _encoded(value: object) -> bytes:
    """A value of a string column in UTF-8; what is no string is spelled as JSON.

    Bytes that were broken in the file, and lone surrogates, stay broken, to be marked as such.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _as_text(values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string()).cast(kind)


def _infer(file: InputFile, text: str) -> pa.Schema:
    """The columns of the first lines: the narrowest type that holds all values, else string.

    Strings stay strings, also those that look like times: a later one may not.
    """
    first = next(blocks(without_mark(file.pieces()), last_line, file.path, size=_SAMPLE_BYTES), b"")
    lines = [line for line in first.split(b"\n") if line.strip()]
    objects = [value for value in map(_loaded, lines) if isinstance(value, dict)]
    if lines and not objects:
        _refuse(file, lines[0])
    names = dict.fromkeys(itertools.chain.from_iterable(objects))
    if not lines:
        return pa.schema([pa.field(text, pa.string())])
    fields = [pa.field(name, _common([o.get(name) for o in objects])) for name in names]
    return pa.schema([pa.field(text, pa.string()) if f.name == text else f for f in fields])


def _common(values: list[object]) -> pa.DataType:
    try:
        kind = pa.array(values).type
    except _MISFIT:
        return pa.string()
    # An empty struct or a type that is all null says nothing about what comes later.
    return pa.string() if _says_nothing(kind) else kind


def _says_nothing(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _says_nothing(kind.value_type)
    if pa.types.is_struct(kind):
        return kind.num_fields == 0 or any(_says_nothing(f.type) for f in kind)
    return bool(pa.types.is_null(kind))


def _refuse(file: InputFile, line: bytes) -> None:
    start = line[:4].decode("utf-8", "replace")[:1]  # no more, as the rest may be somebody's post
    msg = (
        f"{file.path}: holds no line of JSON (it starts with {start!r}); allowed is one object a "
        "line, which starts with '{'. Convert an array with: jq -c '.[]'; name another format with --format"
    )
    raise SourceError(msg)
