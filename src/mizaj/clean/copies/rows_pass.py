"""The first pass over posts: each shard is read once, and what later passes need of it is laid down in buckets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.copies.order import as_id, as_time
from mizaj.clean.copies.settings import DuplicateSettings
from mizaj.clean.near.columns import band_keys, plain_forms
from mizaj.clean.near.sets import distinct, find, first_places
from mizaj.clean.near.sketching import Sketch
from mizaj.clean.passes import Receipt, Work, Writer
from mizaj.errors import SourceError
from mizaj.read import Shard, Source

ROWS, TEXTS, BANDS, REASONS = "rows", "texts", "bands", "reasons"
NODE = pa.field("node", pa.uint64())
ROW_SCHEMA = pa.schema([NODE, ("time", pa.int64()), ("id", pa.string()), ("row", pa.int64())])
"""A post that may be a copy: the hash of its content, a number in the order of its time, its id, its row."""
TEXT_SCHEMA = pa.schema([NODE, ("text", pa.large_string())])
BAND_SCHEMA = pa.schema([("key", pa.uint64()), NODE])
REASON_SCHEMA = pa.schema([("row", pa.int64()), ("reason", pa.string())])
"""Why a row is no candidate; kept, so that no filter has to be asked twice."""

# Plain forms that are held at most before a chunk is written, and hashes by which a shard knows a text again.
_CHUNK_BYTES = 16 << 20
_MOST_SEEN = 1 << 20
# So many chunks of rows, of some 45 bytes, and of texts are laid down at once.
_ROW_CHUNKS, _TEXT_CHUNKS = 8, 4


@dataclass(frozen=True)
class ReadRows:
    """The pass: rows with a reason from the reader or the filters are left out, others hashed."""

    source: Source
    filters: Pipeline
    settings: DuplicateSettings
    work: Work
    bands: Work
    title: str = "read"

    def __call__(self, shard: Shard, /) -> Receipt:
        """Lays down the rows of a shard and, of each different text in it, the plain form and the band keys."""
        done = self.work.receipt(self.title, shard.name)
        if done is not None:
            return done
        counts: Counter[str] = Counter(rows=0, candidates=0)
        schemas = {ROWS: ROW_SCHEMA, REASONS: REASON_SCHEMA}
        if self.settings.near is not None:
            schemas |= {TEXTS: TEXT_SCHEMA, BANDS: BAND_SCHEMA}
        with self.work.writing(shard.name, schemas) as writers:
            laid = _Laid(self.settings, self.work, self.bands, writers)
            for chunk in self._chunks(shard, counts, writers[REASONS]):
                laid.add(chunk)
            laid.finish()
        return self.work.enter(self.title, Receipt(shard.name, laid.n_chunks, dict(counts)))

    def _chunks(self, shard: Shard, counts: Counter[str], reasons: Writer) -> Iterator[pa.Table]:
        """The candidates of the shard: `ROW_SCHEMA` and the plain form."""
        held: list[pa.RecordBatch] = []
        for batch in self._candidates(shard, counts, reasons):
            held.append(batch)
            n_rows, n_bytes = sum(b.num_rows for b in held), sum(b.nbytes for b in held)
            if n_rows >= self.settings.chunk_rows or n_bytes >= _CHUNK_BYTES:
                yield pa.Table.from_batches(held)
                held = []
        if held:
            yield pa.Table.from_batches(held)

    def _candidates(
        self, shard: Shard, counts: Counter[str], reasons: Writer
    ) -> Iterator[pa.RecordBatch]:
        for first, batch in numbered(self.source, shard):
            counts["rows"] += batch.num_rows
            filtered = self.filters(batch)
            kept = filtered.column(REJECTED.name).is_null()
            rows = np.flatnonzero(kept.to_numpy(zero_copy_only=False))
            counts["candidates"] += len(rows)
            if len(rows) < batch.num_rows:
                reasons.write_batch(_reasons(filtered.column(REJECTED.name), first))
            if len(rows):
                is_all = len(rows) == batch.num_rows
                yield self._candidate_rows(
                    filtered if is_all else filtered.filter(kept), rows + first
                )

    def _candidate_rows(
        self, batch: pa.RecordBatch, rows: NDArray[np.signedinteger[Any]]
    ) -> pa.RecordBatch:
        forms = plain_forms(batch.column(self.source.settings.text))
        id_name, time_name = self.settings.columns(batch.schema)
        n = batch.num_rows
        columns = [
            pa.array(forms.hashes),
            as_time(batch.column(time_name)) if time_name else pa.nulls(n, pa.int64()),
            as_id(batch.column(id_name)) if id_name else pa.nulls(n, pa.string()),
            pa.array(rows, pa.int64()),
            forms.texts,
        ]
        return pa.RecordBatch.from_arrays(columns, schema=ROW_SCHEMA.append(TEXT_SCHEMA.field(1)))


class _Laid:
    """What is laid down of one shard: band keys chunk by chunk; rows and texts, which are smaller, several at once.

    Fewer and longer batches are what later passes are quick with.
    """

    def __init__(
        self, settings: DuplicateSettings, work: Work, bands: Work, writers: Mapping[str, Writer]
    ) -> None:
        self._settings, self._work, self._bands, self._writers = settings, work, bands, writers
        self._rows: list[pa.RecordBatch] = []
        self._texts: list[pa.RecordBatch] = []
        self._seen = np.zeros(0, np.uint64)
        self.n_chunks = 0

    def add(self, chunk: pa.Table) -> None:
        """Lays down a chunk of candidates, or keeps it until there are more."""
        batch = chunk.combine_chunks().to_batches()[0]
        self._rows.append(batch.select(ROW_SCHEMA.names))
        if self._settings.near is not None:
            self._add_new(batch.select(TEXT_SCHEMA.names), self._settings.near)
        if _n_rows(self._rows) >= _ROW_CHUNKS * self._settings.chunk_rows:
            self._write_rows()

    def finish(self) -> None:
        """Lays down what is left."""
        if self._rows:
            self._write_rows()
        if self._texts:
            self._write_texts()

    def _add_new(self, batch: pa.RecordBatch, sketch: Sketch) -> None:
        """Lays down what has not been in this shard."""
        hashes, first = first_places(batch.column(NODE.name).to_numpy())
        _, is_seen = find(hashes, self._seen)
        self._seen = distinct(self._seen, hashes) if len(self._seen) < _MOST_SEEN else hashes
        fresh = batch.take(pa.array(first[~is_seen]))
        keys, is_long = band_keys(fresh.column("text"), sketch)
        long = fresh.filter(pa.array(is_long))
        nodes = np.repeat(long.column(NODE.name).to_numpy(), sketch.n_bands)
        records = [pa.array(keys[is_long].reshape(-1)), pa.array(nodes)]
        bands = pa.RecordBatch.from_arrays(records, schema=BAND_SCHEMA)
        for bucket in self._bands.split(bands, "key"):
            self._writers[BANDS].write_batch(bucket)
        self._texts.append(long)
        n_bytes = sum(each.nbytes for each in self._texts)
        is_enough = _n_rows(self._texts) >= _TEXT_CHUNKS * self._settings.chunk_rows
        if is_enough or n_bytes >= _CHUNK_BYTES:
            self._write_texts()

    def _write_rows(self) -> None:
        for bucket in self._work.split(_one(self._rows), NODE.name):
            self._writers[ROWS].write_batch(bucket)
        self._rows = []
        self.n_chunks += 1

    def _write_texts(self) -> None:
        for bucket in self._work.split(_one(self._texts), NODE.name):
            self._writers[TEXTS].write_batch(bucket)
        self._texts = []


def _n_rows(batches: list[pa.RecordBatch]) -> int:
    return sum(batch.num_rows for batch in batches)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches).combine_chunks()
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)])[0]


def numbered(source: Source, shard: Shard) -> Iterator[tuple[int, pa.RecordBatch]]:
    """The batches of a shard with the number of their first row, as far as the input can be read."""
    first = 0
    batches = source.batches(shard)
    while True:
        try:
            batch = next(batches, None)
        except SourceError:
            # The run over the same input names what broke off; here there are no more rows.
            return
        if batch is None:
            return
        yield first, batch
        first += batch.num_rows


def _reasons(rejected: pa.Array, first: int) -> pa.RecordBatch:
    """The reasons of the rows that have one."""
    rows = pc.indices_nonzero(rejected.is_valid())
    numbers = pc.add(rows.cast(pa.int64()), first)
    columns = [numbers, rejected.take(rows).cast(pa.string())]
    return pa.RecordBatch.from_arrays(columns, schema=REASON_SCHEMA)
