"""What two inputs share that are too big for memory: copies are found in passes over files, then told apart by side."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from mizaj.batch import COPIES, REJECTED, TEXT, Pipeline
from mizaj.clean.copies.duplicates import Duplicates, DuplicateSettings, find_duplicates
from mizaj.clean.copies.marked import REASON, with_duplicates
from mizaj.clean.filters.empty import Empty
from mizaj.cluster import Spread
from mizaj.learn.data import as_labels
from mizaj.learn.leakage import EXACT, NEAR, Copy, Leakage, LeakageSettings, shortened
from mizaj.read import Part, ReadSettings, Shard, Source, Span
from mizaj.read.columns import conform
from mizaj.read.source import Note, Origin

_SIDES = ("0-", "1-")
_LABEL = "label"
_SCHEMA = pa.schema([TEXT, (_LABEL, pa.string())])
# Neither column is there: the first of a cluster is then the first by side.
_BY_PLACE = ""


def large_leakage(
    first: Source,
    second: Source,
    folder: Path,
    settings: LeakageSettings | None = None,
    *,
    spread: Spread = map,
) -> Leakage:
    """What of `second` is in `first`, in bounded memory but for about 1 KB for each post of `first` that is shared.

    A copy is one by its plain form or by likeness, also through other copies; the keys of `folds` are not looked at.
    `folder` must be new or empty, and takes some 450 bytes a row. Raises `SourceError` for labels that are none.
    """
    settings = settings or LeakageSettings()
    both = _joined(first, second, settings)
    chosen = DuplicateSettings(near=settings.near, id=_BY_PLACE, timestamp=_BY_PLACE)
    filters = Pipeline((Empty(TEXT.name),))
    found = find_duplicates(both, folder, settings=chosen, spread=spread, filters=filters)
    marked = with_duplicates(both, found)
    shared = {
        row.cluster for row in _copies(marked, _SIDES[1]) if row.cluster.startswith(_SIDES[0])
    }
    known: dict[str, _Known] = defaultdict(_Known)
    n_first = 0
    for row in _copies(marked, _SIDES[0]):
        if row.cluster in shared:
            known[row.cluster].add(row)
            n_first += 1
    counts, examples = _told(marked, known, settings.n_examples)
    n_rows = _n_rows(found, both)
    return Leakage(
        settings.names,
        n_rows,
        counts[EXACT],
        n_near=counts[NEAR],
        n_conflicting=counts["conflicting"],
        n_first_copies=n_first,
        examples=examples,
    )


@dataclass(frozen=True)
class SidePart:
    """A part of one of the two inputs with its texts and labels alone, whatever they are called there."""

    part: Part
    source_schema: pa.Schema
    text: str
    label: str

    @property
    def origin(self) -> Origin:
        """The file."""
        return self.part.origin

    @property
    def schema(self) -> pa.Schema:
        """The text and the label."""
        return _SCHEMA

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those of the part."""
        return self.part.spans

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the part; labels without blanks around them, null for an empty one."""
        del target
        for raw in self.part.batches(span, self.source_schema, note):
            batch = conform(raw, self.source_schema, text=self.text)
            labels = pa.nulls(batch.num_rows, pa.string())
            if self.label in batch.schema.names:
                labels = as_labels(batch.column(self.label), self.label)
            columns = [
                batch.column(self.text).cast(pa.string()),
                labels,
                batch.column(REJECTED.name),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=_SCHEMA.append(REJECTED))


@dataclass(frozen=True)
class _Row:
    cluster: str
    text: str
    label: str | None


@dataclass
class _Known:
    """What is kept of the rows of the first input in one cluster: which texts, and one to show for each label."""

    texts: set[bytes] = field(default_factory=set)
    shown: dict[str | None, str] = field(default_factory=dict)

    def add(self, row: _Row) -> None:
        self.texts.add(_digest(row.text))
        self.shown.setdefault(row.label, shortened(row.text))

    def copy_of(self, row: _Row) -> Copy:
        """The row beside one of the first input: one of another label if there is one."""
        kind = EXACT if _digest(row.text) in self.texts else NEAR
        others = [
            label for label in self.shown if None not in (label, row.label) and label != row.label
        ]
        label = others[0] if others else next(iter(self.shown))
        return Copy(kind, self.shown[label], shortened(row.text), label, row.label)


def _joined(first: Source, second: Source, settings: LeakageSettings) -> Source:
    """Both inputs as one, in which the shards of the first stand before those of the second."""
    parts: list[SidePart] = []
    shards: list[Shard] = []
    for side, source in zip(_SIDES, (first, second), strict=True):
        _check_labels(source, settings.label)
        shards += [
            Shard(f"{side}{shard.name}", len(parts) + shard.part, shard.span)
            for shard in source.shards
        ]
        parts += [
            SidePart(part, source.schema, source.settings.text, settings.label)
            for part in source.parts
        ]
    read = ReadSettings(batch_rows=first.settings.batch_rows)
    return Source(tuple(parts), _SCHEMA.append(REJECTED), tuple(shards), read)


def _check_labels(source: Source, label: str) -> None:
    """Raises `SourceError` for a column that can hold no labels, before any worker meets it."""
    if label in source.schema.names:
        as_labels(pa.nulls(0, source.schema.field(label).type), label)


def _copies(marked: Source, side: str) -> Iterator[_Row]:
    """The rows of a side that have copies, each with the row that leads its cluster."""
    prefix = f"{REASON}:"
    for shard in marked.shards:
        first = 0
        for batch in marked.batches(shard) if shard.name.startswith(side) else ():
            for place in np.flatnonzero(batch.column(COPIES.name).to_numpy() > 1).tolist():
                reason = batch.column(REJECTED.name)[place].as_py()
                cluster = reason.removeprefix(prefix) if reason else f"{shard.name}:{first + place}"
                text, label = (batch.column(i)[place].as_py() for i in range(2))
                yield _Row(cluster, text, label)
            first += batch.num_rows


def _told(
    marked: Source, known: dict[str, _Known], n_examples: int
) -> tuple[Counter[str], tuple[Copy, ...]]:
    """The rows of the second input with a copy in the first, counted, and some: conflicts first, then exact ones."""
    counts: Counter[str] = Counter()
    held: dict[tuple[bool, bool], list[Copy]] = defaultdict(list)
    for row in _copies(marked, _SIDES[1]):
        if row.cluster not in known:
            continue
        copy = known[row.cluster].copy_of(row)
        counts[copy.kind] += 1
        counts["conflicting"] += copy.is_conflicting
        alike = held[not copy.is_conflicting, copy.kind != EXACT]
        if len(alike) < n_examples:
            alike.append(copy)
    shown = [copy for rank in sorted(held) for copy in held[rank]]
    return counts, tuple(shown[:n_examples])


def _n_rows(found: Duplicates, both: Source) -> tuple[int, int]:
    """How many rows were read of each side."""
    sides = [0, 0]
    for shard in both.shards:
        sides[_SIDES.index(shard.name[:2])] += found.n_rows_of(shard.name) or 0
    return sides[0], sides[1]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
