"""Copies in a source, exact and near: found in passes over files, then told row by row as the source is read again.

    found = find_duplicates(source, folder)
    run(Pipeline(filters), with_duplicates(source, found), sink)

Each pass is a function applied to shards or buckets by a `Spread`: `map` here, threads, or a cluster whose machines
share the folder. What comes out depends on the rows and settings alone, not on how the input is cut, on the number of
buckets, or on what is done where, in which order, or twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mizaj import __version__
from mizaj.batch import Pipeline
from mizaj.clean.copies import first_passes, near_passes, rows_pass
from mizaj.clean.copies.settings import DuplicateSettings
from mizaj.clean.passes import Receipt, Work, do_pass
from mizaj.cluster import Spread
from mizaj.errors import SinkError, SourceError
from mizaj.read import Part, Shard, Source
from mizaj.read.tables import TablePart
from mizaj.write.folders import remove_folder

__all__ = ["DuplicateSettings", "Duplicates", "find_duplicates"]

_NOTHING = Pipeline(())
_MARK = ".duplicates"
_RESULT = "found"
# What the folder of a search is called (`_hash`): nothing else that lies beside it is ever removed.
_SEARCH = re.compile("[0-9a-f]{32}")
# Files that nobody reads once there are verdicts.
_BETWEEN = (
    rows_pass.ROWS,
    near_passes.EDGES,
    near_passes.GROUPS,
    first_passes.FIRSTS,
    first_passes.LEADERS,
    first_passes.VERDICTS,
)


@dataclass(frozen=True)
class Duplicates:
    """What was found: counts, the biggest clusters, and where the verdicts on rows lie.

    `n_rows` were read; `n_candidates` of them had no reason yet. Of these, `n_exact` repeat the content of an earlier
    row and `n_near` are near copies beyond that; `n_clusters` rows that have copies are kept. `largest` names the
    clusters with most copies, by their first row. `content_hash` stands for input and settings, `source_hash` for the
    input alone.
    """

    folder: Path
    content_hash: str
    source_hash: str
    n_rows: int
    n_candidates: int
    n_exact: int
    n_near: int
    n_clusters: int
    largest: tuple[tuple[int, str], ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def n_duplicates(self) -> int:
        """The rows that are copies of another one."""
        return self.n_exact + self.n_near

    def path(self, shard: str) -> Path:
        """The file of verdicts on the rows of a shard."""
        return self.folder / first_passes.FINAL / f"{shard}.arrow"

    def reasons_path(self, shard: str) -> Path:
        """The file of the reasons of the rows of a shard that were not compared."""
        return self.folder / rows_pass.REASONS / f"{shard}.arrow"

    def n_rows_of(self, shard: str) -> int | None:
        """How many rows of a shard were read; None where no such shard was."""
        receipt = Work(self.folder, 1).receipt(rows_pass.ReadRows.title, shard)
        return None if receipt is None else receipt.counts["rows"]


def find_duplicates(
    source: Source,
    folder: Path,
    *,
    settings: DuplicateSettings | None = None,
    spread: Spread = map,
    filters: Pipeline = _NOTHING,
) -> Duplicates:
    """The copies among the rows of a source that neither the reader nor `filters` set aside.

    `folder` is used for files between the passes, some 450 bytes a post, and keeps the verdicts. What a killed run
    left there is gone on with, for the same input and settings; for others it is thrown away. Raises `SourceError`
    for a source that can be read only once, `SinkError` where the folder holds something else.

    >>> import tempfile
    >>> from mizaj.read import open_texts
    >>> source = open_texts(["Accha hai", "accha hai!", "bura"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = find_duplicates(source, Path(folder))
    >>> found.n_exact, found.largest
    (1, ((2, 'part-00000:0'),))
    """
    settings = settings or DuplicateSettings()
    _check(source)
    identity = _identity(source, settings, filters)
    place = _begin(folder, identity, is_fresh=not source.is_repeatable)
    n_bands, n_buckets = settings.n_buckets(source.shards)
    work, bands = Work(place, n_buckets), Work(place, n_bands)
    done = work.receipt(_RESULT, _RESULT)
    names = [shard.name for shard in source.shards]
    kinds = (first_passes.FINAL, rows_pass.REASONS)
    kept = [work.path(kind, name) for kind in kinds for name in names]
    if done is not None and not all(path.exists() for path in kept):
        remove_folder(place)
        done = None
    if done is None:
        done = _find(rows_pass.ReadRows(source, filters, settings, work, bands), spread)
    # here, so that a run killed while it tidied up tidies up when it goes on
    work.drop(*_BETWEEN)
    return _result(place, source, done)


def _find(reading: rows_pass.ReadRows, spread: Spread) -> Receipt:
    work, bands, near = reading.work, reading.bands, reading.settings.near
    shards = sorted(reading.source.shards, key=_place)
    read = do_pass(reading, shards, name_of=lambda shard: shard.name, spread=spread)
    counts = _sum(read)
    if near is not None:
        names = tuple(shard.name for shard in shards)
        pairing = near_passes.PairUp(work, bands, names)
        do_pass(pairing, bands.buckets, name_of=str, spread=spread)
        work.drop(rows_pass.BANDS)
        bringing = near_passes.BringTexts(work, bands, names)
        do_pass(bringing, work.buckets, name_of=str, spread=spread)
        work.drop(near_passes.PAIRS)
        comparing = near_passes.Compare(work, names, near)
        counts += _sum(do_pass(comparing, work.buckets, name_of=str, spread=spread))
        work.drop(near_passes.HALVES, rows_pass.TEXTS)
        counts += _sum([near_passes.group_nodes(work)])
    return _decide(work, read, counts, is_near=near is not None, spread=spread)


def _decide(
    work: Work,
    read: Sequence[Receipt],
    counts: Counter[str],
    *,
    is_near: bool,
    spread: Spread,
) -> Receipt:
    order = first_passes.Shards(
        tuple(receipt.name for receipt in read), tuple(receipt.n_chunks for receipt in read)
    )
    if is_near:
        do_pass(first_passes.FindFirsts(work, order), work.buckets, name_of=str, spread=spread)
        do_pass(first_passes.FindLeaders(work, order), work.buckets, name_of=str, spread=spread)
    judge = first_passes.Judge(work, order, is_near=is_near)
    judged = do_pass(judge, work.buckets, name_of=str, spread=spread)
    do_pass(first_passes.Gather(work, order), order.names, name_of=str, spread=spread)
    largest = sorted((each for receipt in judged for each in receipt.largest), key=_by_size)
    found = Receipt(
        _RESULT, 1, dict(counts + _sum(judged)), tuple(largest[: first_passes.N_LARGEST])
    )
    return work.enter(_RESULT, found)


def _result(place: Path, source: Source, done: Receipt) -> Duplicates:
    counts = Counter(done.counts)
    return Duplicates(
        place,
        place.name,
        source_hash(source),
        counts["rows"],
        counts["candidates"],
        n_exact=counts["exact"],
        n_near=counts["duplicates"] - counts["exact"],
        n_clusters=counts["clusters"],
        largest=done.largest,
        counts=done.counts,
    )


def _check(source: Source) -> None:
    """Refuses what cannot be read twice with the same rows: pipes, streams, queries."""
    for part, identity in zip(source.parts, source.inputs, strict=True):
        if identity.stamp is None and not isinstance(_innermost(part), TablePart):
            msg = (
                f"{identity.path}: copies are found in a second reading, and this can be read only once; "
                "write it to a file first, or mark copies as they come (--copies recent)"
            )
            raise SourceError(msg)


def _innermost(part: Part) -> Part:
    """The part inside parts that add to it or take from it."""
    while (inner := getattr(part, "part", None)) is not None:
        part = inner
    return part


def source_hash(source: Source) -> str:
    """A hash of what the rows of a source and their places depend on; it cannot look into tables in memory."""
    return _hash(
        {
            "read settings": repr(source.settings),
            "columns": {column.name: str(column.type) for column in source.schema},
            "inputs": [[i.path, i.size_bytes, i.stamp] for i in source.inputs],
            "shards": [[shard.name, shard.span.start, shard.span.stop] for shard in source.shards],
        }
    )


def _identity(source: Source, settings: DuplicateSettings, filters: Pipeline) -> str:
    """A hash of all that the verdicts depend on."""
    return _hash(
        {
            "mizaj version": __version__,
            "settings": asdict(settings),
            "filters": filters.fingerprint,
            "source": source_hash(source),
        }
    )


def _hash(facts: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=16).hexdigest()


def _begin(folder: Path, identity: str, *, is_fresh: bool) -> Path:
    """The place for the files of this run; what runs over another input or with other settings left is removed."""
    mark = folder / _MARK
    is_used = folder.is_dir() and any(folder.iterdir())
    if is_used and not mark.exists():
        msg = f"{folder}: is not empty and holds no search for copies; give a new or empty folder"
        raise SinkError(msg)
    place = folder / identity
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
        for other in folder.iterdir():
            is_search = other.is_dir() and _SEARCH.fullmatch(other.name) is not None
            if is_search and (other != place or is_fresh):
                remove_folder(other)
    except OSError as error:
        msg = f"{folder}: cannot be made ready ({error.strerror}); choose another folder"
        raise SinkError(msg) from error
    return place


def _place(shard: Shard) -> tuple[str, int]:
    """Shards in the order of their inputs' names, then of their place in the input."""
    stem, _, number = shard.name.rpartition("-")
    return stem, int(number)


def _by_size(cluster: tuple[int, str]) -> tuple[int, str]:
    return -cluster[0], cluster[1]


def _sum(receipts: Iterable[Receipt]) -> Counter[str]:
    total: Counter[str] = Counter()
    for receipt in receipts:
        total.update(receipt.counts)
    return total
