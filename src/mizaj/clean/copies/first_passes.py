"""The passes that decide: which row of a cluster came first, how many copies there are, what each other row is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.clean.copies.near_passes import groups_of
from mizaj.clean.copies.rows_pass import NODE, ROW_SCHEMA, ROWS
from mizaj.clean.near.sets import counted, distinct, find, is_first
from mizaj.clean.near.sketching import Hashes
from mizaj.clean.passes import Receipt, Work, opened

FIRSTS, LEADERS, VERDICTS, FINAL = "firsts", "leaders", "verdicts", "final"

_RANKED = pa.schema([*ROW_SCHEMA, ("rank", pa.int32()), ("copies", pa.int64())])
"""A row that may be the first: `rank` is the place of its shard in their order, `copies` how many it stands for."""
FIRST_SCHEMA = pa.schema([("group", pa.uint64()), *_RANKED])
LEADER_SCHEMA = pa.schema(
    [NODE, ("leader", pa.string()), ("copies", pa.int64()), ("leads", pa.bool_())]
)
"""Of a node with near copies: the name of the first row of all, how many they are, whether that row is of this node."""
VERDICT_SCHEMA = pa.schema(
    [("row", pa.int64()), ("duplicate_of", pa.string()), ("copies", pa.int64())]
)
"""Of a row that has copies: what it is a copy of, null for the one that is kept, and how many they are."""

N_LARGEST = 10
# Rows that are held before the first of each node is taken from them.
_MOST_HELD = 1 << 18
# Of one shard, whose verdicts are brought together from each bucket's file in one opening.
_CHUNKS_AT_ONCE = 16
_ORDER = ("time", "n_figures", "spelt", "rank", "row")


@dataclass(frozen=True)
class Shards:
    """The shards in their order, by name, and how many chunks each was laid down in."""

    names: tuple[str, ...]
    n_chunks: tuple[int, ...]


@dataclass(frozen=True)
class FindFirsts:
    """The pass over buckets of hashes that finds the first row of each node with near copies, by its group's bucket."""

    work: Work
    shards: Shards
    title: str = "first"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes the first row and the number of rows of each node that has near copies."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        nodes, groups = groups_of(self.work, bucket)
        firsts = _firsts(_rows_of(self.work, self.shards, bucket, nodes))
        found = pa.array(groups[np.searchsorted(nodes, firsts["node"].to_numpy())])
        batch = _batch(firsts.add_column(0, FIRST_SCHEMA.field("group"), found))
        with self.work.writing(str(bucket), {FIRSTS: FIRST_SCHEMA}) as writers:
            for part in self.work.split(batch, "group"):
                writers[FIRSTS].write_batch(part)
        return self.work.enter(self.title, Receipt(str(bucket)))


@dataclass(frozen=True)
class FindLeaders:
    """The pass over buckets of groups: the first row of all near copies, told to each of their nodes."""

    work: Work
    shards: Shards
    title: str = "lead"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes for each node the row that leads its group and how many copies there are, by bucket of the node."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        found = self.work.read(FIRSTS, self.work.names, bucket)
        firsts = pa.Table.from_batches(found, FIRST_SCHEMA)
        leaders = _first_of_each(firsts, "group")
        at = np.searchsorted(leaders["group"].to_numpy(), firsts["group"].to_numpy())
        theirs = leaders.take(pa.array(at))
        columns = [
            firsts["node"],
            _called(theirs, self.shards),
            theirs["copies"],
            pc.equal(theirs["node"], firsts["node"]),
        ]
        batch = _batch(pa.Table.from_arrays(columns, schema=LEADER_SCHEMA))
        with self.work.writing(str(bucket), {LEADERS: LEADER_SCHEMA}) as writers:
            for part in self.work.split(batch, NODE.name):
                writers[LEADERS].write_batch(part)
        return self.work.enter(self.title, Receipt(str(bucket)))


@dataclass(frozen=True)
class Judge:
    """The pass over buckets of hashes that gives a verdict on each row that has copies, by shard and chunk."""

    work: Work
    shards: Shards
    is_near: bool
    title: str = "judge"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes a batch of verdicts for each chunk of each shard."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        nodes, n_rows = _counted(self.work, self.shards, bucket)
        told = self._told(bucket, nodes[n_rows > 1])
        n_verdicts = n_duplicates = 0
        with self.work.writing(str(bucket), {VERDICTS: VERDICT_SCHEMA}) as writers:
            for rank, name in enumerate(self.shards.names):
                for _, rows in self.work.read_file(ROWS, name, bucket):
                    verdicts = _verdicts(rows, rank, told)
                    writers[VERDICTS].write_batch(verdicts)
                    n_verdicts += len(verdicts)
                    n_duplicates += len(verdicts) - verdicts.column("duplicate_of").null_count
        counts = {
            "nodes": len(nodes),
            "clusters": n_verdicts - n_duplicates,
            "duplicates": n_duplicates,
            "exact": int((n_rows - 1).sum()),
        }
        return self.work.enter(
            self.title, Receipt(str(bucket), counts=counts, largest=_largest(told))
        )

    def _told(self, bucket: int, repeated: Hashes) -> pa.Table:
        """What rows of each node with copies are told: `LEADER_SCHEMA`, and where the node's first row is."""
        near = pa.Table.from_batches([], LEADER_SCHEMA)
        if self.is_near:
            found = self.work.read(LEADERS, self.work.names, bucket)
            near = pa.Table.from_batches(found, LEADER_SCHEMA)
        wanted = distinct(repeated, near["node"].to_numpy())
        firsts = _firsts(_rows_of(self.work, self.shards, bucket, wanted))
        leader, copies, leads = _called(firsts, self.shards), firsts["copies"], None
        if len(near):
            near = near.sort_by("node")
            at, is_there = find(firsts["node"].to_numpy(), near["node"].to_numpy())
            is_near = pa.array(is_there)
            theirs = near.take(pa.array(at))
            leader = pc.if_else(is_near, theirs["leader"], leader)
            copies = pc.if_else(is_near, theirs["copies"], copies)
            leads = pc.or_(theirs["leads"], pc.invert(is_near))
        if leads is None:
            leads = pa.chunked_array([pa.repeat(pa.scalar(value=True), len(firsts))])
        columns = [firsts["node"], leader, copies, leads, firsts["rank"], firsts["row"]]
        return pa.Table.from_arrays(
            columns, names=[*LEADER_SCHEMA.names, "rank", "row"]
        ).combine_chunks()


@dataclass(frozen=True)
class Gather:
    """The pass over shards that brings the verdicts on its rows together from all buckets, in the order of the rows."""

    work: Work
    shards: Shards
    title: str = "gather"

    def __call__(self, name: str, /) -> Receipt:
        """Writes the verdicts on a shard's rows, in batches."""
        done = self.work.receipt(self.title, name)
        if done is not None:
            return done
        rank = self.shards.names.index(name)
        first = sum(self.shards.n_chunks[:rank])
        end = first + self.shards.n_chunks[rank]
        with self.work.writing(name, {FINAL: VERDICT_SCHEMA}) as writers:
            for start in range(first, end, _CHUNKS_AT_ONCE):
                numbers = range(start, min(start + _CHUNKS_AT_ONCE, end))
                writers[FINAL].write_batch(self._verdicts(numbers))
        return self.work.enter(self.title, Receipt(name))

    def _verdicts(self, numbers: range) -> pa.RecordBatch:
        batches: list[pa.RecordBatch] = []
        for name in self.work.names:
            with opened(self.work.path(VERDICTS, name)) as file:
                batches += [file[number] for number in numbers]
        return _batch(pa.Table.from_batches(batches, VERDICT_SCHEMA).sort_by("row"))


def _counted(work: Work, shards: Shards, bucket: int) -> tuple[Hashes, NDArray[np.int64]]:
    """The nodes of a bucket, sorted, and how many rows each has; a post that comes a million times takes no more."""
    nodes, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    held: list[Hashes] = []
    for batch in work.read(ROWS, shards.names, bucket, columns=[0]):
        held.append(batch.column(0).to_numpy())
        if sum(map(len, held)) > _MOST_HELD:
            nodes, counts = _add_up(nodes, counts, np.concatenate(held))
            held = []
    return _add_up(nodes, counts, np.concatenate(held)) if held else (nodes, counts)


def _add_up(
    nodes: Hashes, counts: NDArray[np.int64], more: Hashes
) -> tuple[Hashes, NDArray[np.int64]]:
    fresh, n_fresh = counted(more)
    if not len(nodes):
        return fresh, n_fresh
    both = distinct(nodes, fresh)
    total = np.zeros(len(both), np.int64)
    total[np.searchsorted(both, nodes)] = counts
    total[np.searchsorted(both, fresh)] += n_fresh
    return both, total


def _rows_of(work: Work, shards: Shards, bucket: int, nodes: Hashes) -> Iterator[pa.Table]:
    """The rows of these nodes, batch by batch, each with its rank and standing for itself alone."""
    if not len(nodes):
        return
    for rank, name in enumerate(shards.names):
        for _, batch in work.read_file(ROWS, name, bucket):
            _, is_wanted = find(batch.column(NODE.name).to_numpy(), nodes)
            if is_wanted.any():
                rows = batch.filter(pa.array(is_wanted))
                n = len(rows)
                added = [pa.array(np.full(n, rank, np.int32)), pa.array(np.ones(n, np.int64))]
                yield pa.Table.from_arrays([*rows.columns, *added], schema=_RANKED)


def _firsts(tables: Iterator[pa.Table]) -> pa.Table:
    """The first row of each node, sorted by node, and how many there were."""
    held, n_held = [pa.Table.from_batches([], _RANKED)], 0
    for table in tables:
        held.append(table)
        n_held += len(table)
        if n_held > _MOST_HELD:
            held, n_held = [_first_of_each(pa.concat_tables(held), NODE.name)], 0
    return _first_of_each(pa.concat_tables(held), NODE.name)


def _first_of_each(table: pa.Table, by: str) -> pa.Table:
    """The first row for each value of `by`, sorted by it, with the sum of `copies`; ids of figures count as numbers.

    >>> rows = pa.table({"node": [1, 1, 1], "time": [None, 5, 5], "id": ["3", "10", "9"], "row": [0, 1, 2],
    ...                  "rank": [0, 0, 0], "copies": [1, 2, 3]})
    >>> _first_of_each(rows, "node").select(["id", "copies"]).to_pylist()
    [{'id': '9', 'copies': 6}]
    """
    ids = table["id"]
    stripped = pc.utf8_ltrim(ids, "0")
    is_number = pc.match_substring_regex(ids, "^[0-9]+$")
    keyed = table.append_column("spelt", pc.if_else(is_number, stripped, ids))
    no_length = pa.scalar(None, pa.int32())
    keyed = keyed.append_column(
        "n_figures", pc.if_else(is_number, pc.binary_length(stripped).cast(pa.int32()), no_length)
    )
    order = pc.sort_indices(keyed, [(name, "ascending") for name in (by, *_ORDER)])
    ordered = table.take(order)
    keys = ordered[by].to_numpy()
    begins = np.flatnonzero(is_first(keys))
    firsts = ordered.take(pa.array(begins))
    copies = ordered["copies"].to_numpy()
    total = np.add.reduceat(copies, begins) if len(begins) else copies
    return firsts.set_column(firsts.schema.get_field_index("copies"), "copies", pa.array(total))


def _called(rows: pa.Table, shards: Shards) -> pa.ChunkedArray:
    """How rows are called: by their id, or by shard and row."""
    names = pa.array(shards.names, pa.string()).take(rows["rank"].combine_chunks())
    places = pc.binary_join_element_wise(names, rows["row"].combine_chunks().cast(pa.string()), ":")
    return pa.chunked_array([pc.coalesce(rows["id"].combine_chunks(), places)], pa.string())


def _verdicts(rows: pa.RecordBatch, rank: int, told: pa.Table) -> pa.RecordBatch:
    if not len(told):
        return pa.RecordBatch.from_pylist([], VERDICT_SCHEMA)
    at, is_told = find(rows.column(NODE.name).to_numpy(), told["node"].to_numpy())
    mine = np.flatnonzero(is_told)
    places = rows.column("row").to_numpy()[mine]
    found = told.take(pa.array(at[mine])).combine_chunks()
    is_kept = (
        found["leads"].to_numpy()
        & (found["rank"].to_numpy() == rank)
        & (found["row"].to_numpy() == places)
    )
    leader = pc.if_else(pa.array(is_kept), pa.scalar(None, pa.string()), found["leader"])
    columns = [pa.array(places), leader.combine_chunks(), found["copies"].combine_chunks()]
    return pa.RecordBatch.from_arrays(columns, schema=VERDICT_SCHEMA)


def _largest(told: pa.Table) -> tuple[tuple[int, str], ...]:
    """The clusters with most copies that are led from here."""
    led = told.filter(told["leads"])
    order = pc.sort_indices(led, [("copies", "descending"), ("leader", "ascending")])[:N_LARGEST]
    top = led.take(order)
    return tuple(zip(top["copies"].to_pylist(), top["leader"].to_pylist(), strict=True))


def _batch(table: pa.Table) -> pa.RecordBatch:
    """A table as one batch, empty or not."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
