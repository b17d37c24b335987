"""A source whose rows carry what was found of copies: `copies`, and a reason in `rejected` for all but the first.

Rows that were not compared carry the reason of the filter that set them aside, which need not be asked again (`Told`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.batch import COPIES, REJECTED
from mizaj.clean.copies.duplicates import Duplicates, source_hash
from mizaj.clean.copies.first_passes import VERDICT_SCHEMA
from mizaj.clean.copies.rows_pass import REASON_SCHEMA
from mizaj.clean.marking import mark
from mizaj.clean.passes import Batches, opened
from mizaj.errors import ChangedSource, ColumnExists, SourceError
from mizaj.read import Part, Shard, Source, Span
from mizaj.read.source import Note, Origin

REASON = "duplicate_of"


@dataclass(frozen=True)
class Verdicts:
    """Where the verdicts on a shard and the reasons of its rows not compared lie; how many rows it had."""

    path: Path
    reasons_path: Path
    n_rows: int


@dataclass(frozen=True)
class MarkedPart:
    """A part whose batches carry the verdicts on their rows; `verdicts` are those of each span."""

    part: Part
    verdicts: Mapping[Span, Verdicts]

    @property
    def origin(self) -> Origin:
        """The file, or what stands for one."""
        return self.part.origin

    @property
    def schema(self) -> pa.Schema:
        """The columns of the part, then `copies`."""
        return self.part.schema.append(COPIES)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those of the part."""
        return self.part.spans

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the part with `copies`, and in `rejected` why rows are no first, or were not compared.

        Raises `ChangedSource` at the end where there were not as many rows when copies were looked for.
        """
        told = self.verdicts[span]
        target = pa.schema([field for field in target if field.name != COPIES.name])
        first = 0
        with opened(told.path) as verdicts_file, opened(told.reasons_path) as reasons_file:
            verdicts = _ByRow(verdicts_file, VERDICT_SCHEMA)
            reasons = _ByRow(reasons_file, REASON_SCHEMA)
            for batch in self.part.batches(span, target, note):
                stop = first + batch.num_rows
                copies = _marked(batch, verdicts.of(first, stop), first)
                yield _told(copies, reasons.of(first, stop), first)
                first = stop
        if first != told.n_rows:
            raise self._changed(told.n_rows, first)

    def _changed(self, before: int, now: int) -> ChangedSource:
        return ChangedSource(
            f"{self.origin.identity.path}: {before:,} rows were there of a part when copies were looked for, {now:,} "
            "when they were marked, so that marks may stand at wrong rows; leave files alone while they are read, and "
            "run again with --overwrite"
        )


def with_duplicates(source: Source, found: Duplicates) -> Source:
    """The same source with the column `copies` before `rejected`, and copies set aside as `duplicate_of:<id>`.

    What the filters of the search set aside has their reason.

    `copies` is how many copies there are in all, this row among them; 1 for a row that stands alone or that the
    filters set aside, which is not compared. Raises `SourceError` when the verdicts are of another source,
    `ColumnExists` when there is a column `copies` already.
    """
    if COPIES.name in source.schema.names:
        raise ColumnExists(COPIES.name, added_by="with_duplicates")
    if source_hash(source) != found.source_hash:
        msg = (
            f"{found.folder}: the copies were found in another source, or in this one before it changed or with other "
            "settings of reading; find them again"
        )
        raise SourceError(msg)
    verdicts: list[dict[Span, Verdicts]] = [{} for _ in source.parts]
    for shard in source.shards:
        verdicts[shard.part][shard.span] = _verdicts(found, shard)
    parts = [MarkedPart(part, each) for part, each in zip(source.parts, verdicts, strict=True)]
    columns = [field for field in source.schema if field.name != REJECTED.name]
    return replace(
        source,
        parts=tuple(parts),
        schema=pa.schema([*columns, COPIES, REJECTED]),
        marks=found.content_hash,
    )


def _verdicts(found: Duplicates, shard: Shard) -> Verdicts:
    path, n_rows = found.path(shard.name), found.n_rows_of(shard.name)
    if n_rows is None or not path.exists():
        msg = f"{path}: is not there; was the folder emptied? Find the copies again"
        raise SourceError(msg)
    return Verdicts(path, found.reasons_path(shard.name), n_rows)


class _ByRow:
    """What a file tells of rows, in their order, read as far as it is asked for."""

    def __init__(self, file: Batches, schema: pa.Schema) -> None:
        self._batches = iter(file)
        self._held = pa.Table.from_batches([], schema)

    def of(self, first: int, stop: int) -> pa.Table:
        """Those on the rows from `first` to `stop`; no earlier row may be asked for later."""
        while not len(self._held) or self._held["row"][-1].as_py() < stop:
            batch = next(self._batches, None)
            if batch is None:
                break
            self._held = pa.concat_tables([self._held, pa.Table.from_batches([batch])])
        begin, end = np.searchsorted(self._held["row"].to_numpy(), [first, stop])
        found = self._held.slice(begin, end - begin)
        self._held = self._held.slice(end)
        return found


def _marked(batch: pa.RecordBatch, verdicts: pa.Table, first: int) -> pa.RecordBatch:
    n = batch.num_rows
    places = verdicts["row"].to_numpy() - first
    copies = np.ones(n, np.int64)
    copies[places] = verdicts["copies"].to_numpy()
    batch = batch.append_column(COPIES, pa.array(copies))
    if REJECTED.name not in batch.schema.names:
        batch = batch.append_column(REJECTED, pa.nulls(n, REJECTED.type))
    elif batch.schema.field(REJECTED.name).type != REJECTED.type:
        old = batch.column(REJECTED.name).cast(pa.string()).cast(REJECTED.type)
        batch = batch.set_column(batch.schema.get_field_index(REJECTED.name), REJECTED, old)
    named = _spread(verdicts["duplicate_of"], places, n)
    reasons = pa.compute.binary_join_element_wise(REASON, named, ":")
    return mark(batch, reasons.is_valid(), reasons)


def _told(batch: pa.RecordBatch, told: pa.Table, first: int) -> pa.RecordBatch:
    if not len(told):
        return batch
    reasons = _spread(told["reason"], told["row"].to_numpy() - first, batch.num_rows)
    return mark(batch, reasons.is_valid(), reasons)


def _spread(values: pa.ChunkedArray, places: NDArray[np.int64], n: int) -> pa.Array:
    """A column of n rows with the values at these places, null elsewhere."""
    where = np.full(n, -1)
    where[places] = np.arange(len(places))
    return values.combine_chunks().take(pa.array(where, mask=where < 0))
