"""Sources -> batches: files of many formats, folders, URLs, queries, pipes and tables in memory.

A source is opened before any row is read: its inputs get one schema, and every shard a name.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO

from mizaj.batch import REJECTED, text_type
from mizaj.errors import SourceError
from mizaj.read.columnar import ArrowPart, ParquetPart
from mizaj.read.columns import unify
from mizaj.read.delimited import CsvPart
from mizaj.read.files import STDIN, Pipe, describe, find
from mizaj.read.lines import JsonPart, TextPart
from mizaj.read.partitions import with_partitions
from mizaj.read.source import (
    FORMATS,
    BadInput,
    Identity,
    Part,
    ReadSettings,
    Shard,
    Source,
    Span,
    with_rejected,
)
from mizaj.read.tables import QueryPart, as_part, as_text_part

__all__ = [
    "FORMATS",
    "BadInput",
    "Identity",
    "Part",
    "ReadSettings",
    "Shard",
    "Source",
    "Span",
    "open_source",
    "open_texts",
]

# File names may have 255 bytes; this leaves room for numbers, endings and letters of three bytes.
_MAX_STEM = 70

_PARTS: dict[str, Callable[[Any, ReadSettings], Part]] = {
    "parquet": ParquetPart.open,
    "csv": CsvPart.open,
    "tsv": CsvPart.open,
    "jsonl": JsonPart.open,
    "arrow": ArrowPart.open,
    "text": TextPart.open,
}


def open_source(
    sources: object,
    *,
    settings: ReadSettings | None = None,
    stdin: BinaryIO | None = None,
) -> Source:
    """The source for one or several inputs, with its schema and shards, before any row is read.

    `sources` is a path, glob, folder or URL, or a list of these; `-` for standard input; or a
    table: pyarrow, pandas, polars, anything with the Arrow PyCapsule interface, or a list of
    dicts. With `settings.query` it is a DuckDB file or None. Texts in a list: see `open_texts`.

    A file that cannot be opened is listed in `bad` while others can. Raises `SourceError` when
    none can, when nothing is found, or when the inputs have no common schema.

    >>> import pyarrow as pa
    >>> source = open_source(pa.table({"text": ["accha", None]}))
    >>> [batch["rejected"].to_pylist() for batch in source.batches(source.shards[0])]
    [[None, 'null_text']]
    """
    settings = settings or ReadSettings()
    if settings.query is not None:
        database = None if sources is None or sources == [] else str(_paths(sources)[0])
        return _assemble([QueryPart.open(settings.query, database, settings)], settings)
    part = as_part(sources, settings)
    if part is not None:
        return _assemble([part], settings)
    paths = _paths(sources)
    if STDIN in paths:
        return _open_stdin(paths, settings, stdin or sys.stdin.buffer)
    return _open_files(paths, settings)


def open_texts(texts: Iterable[str | None], *, settings: ReadSettings | None = None) -> Source:
    """The source for texts in a list or another iterable; None is a null text.

    >>> open_texts(["bahut accha", "bura"]).shards[0].span.n_rows
    2
    """
    settings = settings or ReadSettings()
    return _assemble([as_text_part(texts, settings)], settings)


def _paths(sources: object) -> list[str]:
    if isinstance(sources, str | PurePath):
        return [os.fspath(sources)]
    if isinstance(sources, Sequence) and all(isinstance(s, str | PurePath) for s in sources):
        return [os.fspath(source) for source in sources]
    msg = (
        f"a {type(sources).__name__} is no source; allowed: paths, an Arrow, pandas or polars "
        "table, a list of dicts; for texts in a list use open_texts"
    )
    raise SourceError(msg)


def _open_stdin(paths: Sequence[str], settings: ReadSettings, stdin: BinaryIO) -> Source:
    if len(paths) > 1:
        msg = "'-' (standard input) cannot be mixed with other inputs; give it alone"
        raise SourceError(msg)
    kind = settings.format or "jsonl"
    if kind not in ("jsonl", "text", "csv", "tsv"):
        msg = f"standard input is not read as {kind}; allowed: jsonl, text, csv, tsv (--format)"
        raise SourceError(msg)
    pipe = Pipe(stdin, kind)
    part = _PARTS[kind](pipe, settings)
    pipe.stop_looking()
    return _assemble([part], settings)


def _open_files(paths: Sequence[str], settings: ReadSettings) -> Source:
    found, skipped = find(paths)
    parts: list[Part] = []
    bad: list[BadInput] = []
    for path in found:
        try:
            file = describe(path, settings)
            parts.append(with_partitions(_PARTS[file.format](file, settings), path))
        except SourceError as error:
            bad.append(BadInput(path, str(error)))
    if not parts:
        raise SourceError(bad[0].reason if len(bad) == 1 else _all_bad(bad))
    return _assemble(parts, settings, bad=tuple(bad), skipped=skipped)


def _all_bad(bad: Sequence[BadInput]) -> str:
    return f"none of {len(bad)} files can be read; the first: {bad[0].reason}"


def _assemble(
    parts: Sequence[Part],
    settings: ReadSettings,
    *,
    bad: tuple[BadInput, ...] = (),
    skipped: tuple[str, ...] = (),
) -> Source:
    named = [(part.origin.identity.path, part.schema) for part in parts]
    schema = unify(named, text=settings.text)
    if REJECTED.name in schema.names and text_type(schema.field(REJECTED.name).type) is None:
        msg = f"column '{REJECTED.name}' must hold the reasons of an earlier run; rename it"
        raise SourceError(msg)
    shards = [
        Shard(f"{stem}-{number:05}", index, span)
        for index, (part, stem) in enumerate(zip(parts, _stems(parts), strict=True))
        for number, span in enumerate(part.spans)
    ]
    return Source(tuple(parts), with_rejected(schema), tuple(shards), settings, bad, skipped)


def _stems(parts: Sequence[Part]) -> list[str]:
    """A word for each part that no other has, upper and lower case alike.

    It is the stem; with the folders before it where several have that; with a number where even
    that is not enough.
    """
    times = Counter(part.origin.stem.casefold() for part in parts)
    paths = [part.origin.identity.path for part in parts]
    top = len(os.path.commonpath(paths)) if len(parts) > 1 and _share_root(paths) else 0
    used: set[str] = set()
    words = []
    for part in parts:
        is_alone = times[part.origin.stem.casefold()] == 1
        folders = (
            [] if is_alone else part.origin.identity.path[top:].replace("://", "/").split("/")[:-1]
        )
        long = "-".join([*filter(None, folders), part.origin.stem])
        word = _fresh(long.strip("-")[-_MAX_STEM:], used)
        used.add(word.casefold())
        words.append(word)
    return words


def _fresh(word: str, used: set[str]) -> str:
    spellings = itertools.chain([word], (f"{word}.{number}" for number in itertools.count(2)))
    return next(spelling for spelling in spellings if spelling.casefold() not in used)


def _share_root(paths: Sequence[str]) -> bool:
    return len({PurePath(path).is_absolute() for path in paths}) == 1
