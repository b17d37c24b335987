"""Cutting a stream of bytes into blocks of whole lines or whole CSV records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from mizaj.errors import SourceError

BLOCK_BYTES = 2 << 20
"""About as much text as is parsed at once: some 20,000 posts."""

# One record must fit in memory; a longer one is a file of another kind.
_MAX_RECORD_BYTES = 128 << 20

Cut = Callable[[bytes], int]
"""Says after how many bytes the last whole record of a block ends; 0 when there is none."""


def last_line(data: bytes) -> int:
    r"""Where the last whole line ends.

    >>> last_line(b"one\ntw")
    4
    """
    return data.rfind(b"\n") + 1


def record_pattern(delimiter: str) -> re.Pattern[bytes]:
    """Matches one CSV record with its line end, also over line ends inside quotes.

    A quote opens a quoted field only where the field begins, as in RFC 4180 and pyarrow.
    """
    return re.compile(_record(delimiter))


def last_record(delimiter: str) -> Cut:
    """A function that says where the last whole CSV record of a block ends."""
    records = re.compile(rb"(?:%s)*+" % _record(delimiter))

    def cut(data: bytes) -> int:
        if b'"' not in data:
            return last_line(data)
        match = records.match(data)
        return match.end() if match else 0

    return cut


def split_record(record: bytes, delimiter: str) -> list[bytes]:
    """The fields of one CSV record, unquoted."""
    body = record.removesuffix(b"\n").removesuffix(b"\r")
    fields = []
    position = 0
    pattern = re.compile(_field(delimiter))
    while True:
        match = pattern.match(body, position)
        end = match.end() if match else len(body)
        fields.append(_unquoted(body[position:end]))
        if end >= len(body):
            return fields
        position = end + 1


def blocks(
    pieces: Iterable[bytes], cut: Cut, path: str, *, size: int = BLOCK_BYTES
) -> Iterator[bytes]:
    """Blocks of whole records; the last one may lack its line end.

    Where `pieces` raises, the whole records before it come first; the torn one is left out.
    """
    held: list[bytes] = []
    n_held = 0
    wanted = size
    source = iter(pieces)
    while True:
        try:
            piece = next(source, None)
        except SourceError:
            yield from _take_whole(held, cut)
            raise
        if piece is None:
            break
        held.append(piece)
        n_held += len(piece)
        if n_held < wanted:
            continue
        whole = _take_whole(held, cut)
        yield from whole
        n_held = sum(map(len, held))
        # A record longer than the block: look again at twice the length, so the work stays linear.
        wanted = size if whole else 2 * n_held
        _check_length(n_held, path)
    if n_held:
        yield b"".join(held)


def lines_between(pieces: Iterable[bytes], start: int, stop: int) -> Iterator[bytes]:
    """The bytes of the lines that begin in [start, stop), where `pieces` begins at `start - 1`.

    With start 0 the pieces begin at 0. Each line of a file so belongs to exactly one range.
    """
    position = max(start - 1, 0)
    is_inside = start == 0
    for piece in pieces:
        begin = 0
        if not is_inside:
            begin = piece.find(b"\n") + 1
            is_inside = begin > 0
            if is_inside and position + begin >= stop:
                return
        # The last line that begins before `stop` ends at the first line end from `stop - 1` on.
        end = piece.find(b"\n", max(begin, stop - 1 - position))
        if is_inside and end >= 0:
            yield piece[begin : end + 1]
            return
        if is_inside:
            yield piece[begin:]
        position += len(piece)


def without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes without a UTF-8 byte order mark in front."""
    is_first = True
    for piece in pieces:
        yield piece.removeprefix(b"\xef\xbb\xbf") if is_first else piece
        is_first = False


def _take_whole(held: list[bytes], cut: Cut) -> list[bytes]:
    """Takes the whole records out of `held`: a list of one block, or of none."""
    data = b"".join(held)
    end = cut(data)
    held[:] = [data[end:]] if end < len(data) else []
    return [data[:end]] if end else []


def _check_length(n_bytes: int, path: str) -> None:
    if n_bytes > _MAX_RECORD_BYTES:
        msg = (
            f"{path}: no record ends within {_MAX_RECORD_BYTES >> 20} MB; is it another format, "
            "or does a quote stay open? Name the format with --format"
        )
        raise SourceError(msg)


def _field(delimiter: str) -> bytes:
    plain = rb"[^%s\r\n]*+" % re.escape(delimiter.encode())
    return rb'(?:"[^"]*+(?:""[^"]*+)*+"%s|(?!")%s)' % (plain, plain)


def _record(delimiter: str) -> bytes:
    field, mark = _field(delimiter), re.escape(delimiter.encode())
    return rb"(?:%s(?:%s%s)*+(?:\r?\n|\r(?!\n)))" % (field, mark, field)


def _unquoted(field: bytes) -> bytes:
    if not field.startswith(b'"'):
        return field
    inner, _, tail = field[1:].rpartition(b'"')
    return inner.replace(b'""', b'"') + tail
