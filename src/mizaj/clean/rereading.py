"""A source that is read to find something out, and again by the run: which can be, and how far each reading goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa

from mizaj.errors import SourceError
from mizaj.read import Part, Shard, Source
from mizaj.read.files import Pipe
from mizaj.read.tables import StreamPart


def check_rereadable(source: Source, *, sought: str) -> None:
    """Raises `SourceError` for a pipe or stream: the run would find nothing of what a search for `sought` has read."""
    for part, identity in zip(source.parts, source.inputs, strict=True):
        inner = innermost(part)
        if isinstance(inner, StreamPart) or isinstance(inner.origin, Pipe):
            msg = (
                f"{identity.path}: {sought} takes a reading of its own, and this can be read only once; "
                "write it to a file first, or leave that out"
            )
            raise SourceError(msg)


def innermost(part: Part) -> Part:
    """The part inside parts that add to it or take from it."""
    while (inner := getattr(part, "part", None)) is not None:
        part = inner
    return part


def readable_batches(source: Source, shard: Shard) -> Iterator[pa.RecordBatch]:
    """The batches of a shard as far as the input can be read."""
    # the run over the same input names what broke off; here there are no more rows
    with suppress(SourceError):
        yield from source.batches(shard)
