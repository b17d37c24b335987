"""The passes that find near copies: candidates by band, their texts brought together by bucket, likeness, clusters.

Nodes are hashes of contents, not rows, so the graph does not depend on how the input was cut.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.clean.copies.rows_pass import BANDS, NODE, TEXT_SCHEMA, TEXTS
from mizaj.clean.near.columns import Repeats, join, similarities
from mizaj.clean.near.pairs import candidate_pairs
from mizaj.clean.near.sets import distinct, distinct_pairs, find, first_places, is_first, joined
from mizaj.clean.near.sketching import Hashes, Sketch
from mizaj.clean.passes import Receipt, Work, opened

PAIRS, HALVES, EDGES, GROUPS = "pairs", "halves", "edges", "groups"
PAIR_SCHEMA = pa.schema([("one", pa.uint64()), ("other", pa.uint64())])
HALF_SCHEMA = PAIR_SCHEMA.append(pa.field("text", pa.large_string()))
GROUP_SCHEMA = pa.schema([NODE, ("group", pa.uint64())])
"""A post that has near copies, and what it shares with all of them: the least hash among them."""

ALL = "all"
_GROUPING = "group"
_OTHER = 1
_RECORD_BYTES = 16
# Pairs that are given their texts at once, and what these texts may take: a post of many pairs is written for each.
_PAIRS_AT_ONCE = 1 << 16
_BYTES_AT_ONCE = 32 << 20


@dataclass(frozen=True)
class PairUp:
    """The pass over buckets of band keys: nodes that share a key are candidates."""

    work: Work
    bands: Work
    shards: tuple[str, ...]
    title: str = "pair"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes the pairs of nodes to compare, by the bucket of the first."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        ones, others = candidate_pairs(*self._repeated(bucket))
        with self.work.writing(str(bucket), {PAIRS: PAIR_SCHEMA}) as writers:
            for part in self.work.split(_pairs(ones, others), "one"):
                writers[PAIRS].write_batch(part)
        return self.work.enter(self.title, Receipt(str(bucket)))

    def _repeated(self, bucket: int) -> tuple[Hashes, Hashes]:
        """The records of a bucket whose key may come more than once: all are read twice, and few are held."""
        read = functools.partial(self.bands.read, BANDS, self.shards, bucket)
        n_bytes = self.bands.size_bytes(BANDS, self.shards)
        # about as many as there are; where more came, more would be looked at in vain
        repeats = Repeats(n_bytes // self.bands.n_buckets // _RECORD_BYTES)
        for batch in read(columns=[0]):
            repeats.see(batch.column(0).to_numpy())
        keys, nodes = [], []
        for batch in read():
            found, theirs = (column.to_numpy() for column in batch.columns)
            at = repeats.places(found)
            keys.append(found[at])
            nodes.append(theirs[at])
        return joined(keys), joined(nodes)


@dataclass(frozen=True)
class BringTexts:
    """The pass over buckets of hashes that gives each pair the text of its first node."""

    work: Work
    bands: Work
    shards: tuple[str, ...]
    title: str = "bring"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes the pairs with the text of the first node, by the bucket of the second."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        pairs = self.work.read(PAIRS, self.bands.names, bucket)
        ones, others = distinct_pairs(*_columns(pairs, PAIR_SCHEMA.names))
        nodes, texts = _texts_of(self.work, self.shards, bucket, distinct(ones))
        at = np.searchsorted(nodes, ones)
        sizes = pc.binary_length(texts).to_numpy()[at]
        with self.work.writing(str(bucket), {HALVES: HALF_SCHEMA}) as writers:
            for some in _portions(sizes):
                found = texts.take(pa.array(at[some]))
                halves = _pairs(ones[some], others[some]).append_column("text", found)
                for part in self.work.split(halves, "other"):
                    writers[HALVES].write_batch(part)
        return self.work.enter(self.title, Receipt(str(bucket)))


@dataclass(frozen=True)
class Compare:
    """The pass over buckets of hashes that compares each pair: an edge for each that is alike enough."""

    work: Work
    shards: tuple[str, ...]
    sketch: Sketch
    title: str = "compare"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes the edges whose second node is of this bucket, in no bucket of their own."""
        done = self.work.receipt(self.title, str(bucket))
        if done is not None:
            return done
        others = self.work.read(HALVES, self.work.names, bucket, columns=[_OTHER])
        wanted = distinct(*(batch.column(0).to_numpy() for batch in others))
        nodes, texts = _texts_of(self.work, self.shards, bucket, wanted)
        n_compared = n_edges = 0
        with self.work.writing(str(bucket), {EDGES: PAIR_SCHEMA}) as writers:
            for batch in self.work.read(HALVES, self.work.names, bucket):
                edges = self._edges(batch, nodes, texts)
                writers[EDGES].write_batch(edges)
                n_compared += len(batch)
                n_edges += len(edges)
        counts = {"pairs_compared": n_compared, "pairs_alike": n_edges}
        return self.work.enter(self.title, Receipt(str(bucket), counts=counts))

    def _edges(self, halves: pa.RecordBatch, nodes: Hashes, texts: pa.Array) -> pa.RecordBatch:
        rows = np.searchsorted(nodes, halves.column(_OTHER).to_numpy())
        pairs = np.arange(len(halves)), rows
        alike = similarities(halves.column("text"), texts, pairs, length=self.sketch.shingle)
        return halves.select(PAIR_SCHEMA.names).filter(pa.array(alike >= self.sketch.threshold))


def group_nodes(work: Work) -> Receipt:
    """Writes the group of each node that has a near copy: those that chains of near copies lead to share one.

    This runs in one place. It holds the nodes of near copies and one file of edges at a time: 24 bytes a node while
    they are joined, some 60 while they are written.
    """
    done = work.receipt(_GROUPING, ALL)
    if done is not None:
        return done
    nodes = np.zeros(0, np.uint64)
    for edges in _edges(work):
        nodes = distinct(nodes, *edges)
    parents = np.arange(len(nodes), dtype=np.int64)
    for ones, others in _edges(work):
        join(parents, np.searchsorted(nodes, ones), np.searchsorted(nodes, others))
    while not np.array_equal(grand := parents[parents], parents):
        parents = grand
    groups = pa.RecordBatch.from_arrays(
        [pa.array(nodes), pa.array(nodes[parents])], schema=GROUP_SCHEMA
    )
    with work.writing(ALL, {GROUPS: GROUP_SCHEMA}) as writers:
        for part in work.split(groups, NODE.name):
            writers[GROUPS].write_batch(part)
    n_groups = int((parents == np.arange(len(parents))).sum())
    return work.enter(
        _GROUPING, Receipt(ALL, counts={"near_nodes": len(nodes), "near_groups": n_groups})
    )


def groups_of(work: Work, bucket: int) -> tuple[Hashes, Hashes]:
    """The nodes of a bucket that have near copies, sorted, and the group of each."""
    nodes, groups = _columns(work.read(GROUPS, [ALL], bucket), GROUP_SCHEMA.names)
    return nodes, groups


def _edges(work: Work) -> Iterator[tuple[Hashes, Hashes]]:
    for name in work.names:
        with opened(work.path(EDGES, name)) as file:
            batches = list(file)
        ones, others = _columns(iter(batches), PAIR_SCHEMA.names)
        yield ones, others


def _portions(sizes: NDArray[np.int64]) -> Iterator[slice]:
    """Pairs to be given their texts at once, of which each takes so many bytes; few where texts are long, one at least.

    >>> [(each.start, each.stop) for each in _portions(np.array([9, 9, _BYTES_AT_ONCE, 9]))]
    [(0, 2), (2, 4)]
    """
    number = (np.arange(len(sizes)) // _PAIRS_AT_ONCE).astype(np.uint64)
    full = (np.cumsum(sizes) // _BYTES_AT_ONCE).astype(np.uint64)
    begins = np.flatnonzero(is_first(number) | is_first(full)).tolist()
    for start, stop in itertools.pairwise([*begins, len(sizes)]):
        yield slice(start, stop)


def _texts_of(
    work: Work, shards: Sequence[str], bucket: int, wanted: Hashes
) -> tuple[Hashes, pa.Array]:
    """The nodes of a bucket that are wanted, sorted, and the plain form of each."""
    found: list[pa.RecordBatch] = []
    missing = wanted
    for batch in work.read(TEXTS, shards, bucket):
        if not len(missing):
            break
        nodes = batch.column(NODE.name).to_numpy()
        places, is_wanted = find(nodes, missing)
        if is_wanted.any():
            found.append(batch.filter(pa.array(is_wanted)))
            missing = np.delete(missing, places[is_wanted])
    table = pa.Table.from_batches(found, TEXT_SCHEMA).combine_chunks()
    # A shard may have laid a text down twice.
    nodes, first = first_places(table["node"].to_numpy())
    texts = table["text"].take(pa.array(first)).combine_chunks()
    return nodes, texts


def _columns(batches: Iterator[pa.RecordBatch], names: Sequence[str]) -> tuple[Hashes, Hashes]:
    pieces = [tuple(batch.column(name).to_numpy() for name in names) for batch in batches]
    one, other = (joined([piece[i] for piece in pieces]) for i in range(2))
    return one, other


def _pairs(ones: Hashes, others: Hashes) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(ones), pa.array(others)], schema=PAIR_SCHEMA)
