"""A sample of posts that adds: of all distinct texts, those whose hash is lowest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from mizaj import batch as columns
from mizaj.summary.arrays import (
    UNDATED,
    Floats,
    Hashes,
    Ints,
    Mask,
    coded,
    floats,
    hash_texts,
    hours,
    mixed,
    plain,
)

SAMPLE_SIZE = 20_000
_TEXT_LETTERS = 600


class Post(NamedTuple):
    """One sampled row. `key` hashes the text, `tie` the rest: it picks among rows of one text."""

    key: int
    tie: int
    text: str
    sentiment: str = ""
    score: float = 0.0
    confidence: float = 0.0
    source: str = ""
    language: str = ""
    hour: int = UNDATED


@dataclass(frozen=True, slots=True)
class Sample:
    """The `size` posts of lowest key, one for each text: uniform among the distinct texts seen.

    >>> few = Sample(2, (Post(1, 0, "a"), Post(9, 0, "c"))) + Sample(2, (Post(5, 0, "b"),))
    >>> [post.text for post in few.posts]
    ['a', 'b']
    """

    size: int = SAMPLE_SIZE
    posts: tuple[Post, ...] = ()

    def __add__(self, other: Sample) -> Sample:
        size = min(self.size, other.size)
        return Sample(size, _lowest([*self.posts, *other.posts], size))


def _lowest(posts: Iterable[Post], size: int) -> tuple[Post, ...]:
    kept: dict[int, Post] = {}
    for post in sorted(posts):
        if len(kept) == size:
            break
        kept.setdefault(post.key, post)
    return tuple(kept.values())


@dataclass(frozen=True)
class Rows:
    """The rows of a batch that have a text, in the order in which a sample takes them."""

    batch: pa.RecordBatch
    text: str
    keys: Hashes
    ties: Hashes
    order: Ints

    @classmethod
    def of(cls, batch: pa.RecordBatch, *, text: str) -> Rows:
        """The rows in order of key; those of one text in order of tie."""
        place = batch.schema.get_field_index(text)
        batch = batch.set_column(place, text, plain(batch.column(text)))
        batch = batch.filter(batch.column(text).is_valid())
        keys, ties = hash_texts(batch.column(text)), _ties(batch)
        return cls(batch, text, keys, ties, np.lexsort((ties, keys)))

    def sample(self, size: int, *, among: Mask | None = None) -> Sample:
        """The first `size` rows of different texts, of all or of those where `among` is true."""
        order = self.order if among is None else self.order[among[self.order]]
        keys = self.keys[order]
        is_first = np.ones(len(keys), bool)
        is_first[1:] = keys[1:] != keys[:-1]
        rows = order[is_first][:size]
        return Sample(size, tuple(map(Post, *self._columns(rows))) if len(rows) else ())

    def _columns(self, rows: Ints) -> list[list[Any]]:
        taken = self.batch.take(pa.array(rows))
        return [
            self.keys[rows].tolist(),
            self.ties[rows].tolist(),
            [_cut(text) for text in taken.column(self.text).to_pylist()],
            _names(taken, columns.SENTIMENT.name),
            _numbers(taken, columns.SCORE.name).tolist(),
            _numbers(taken, columns.CONFIDENCE.name).tolist(),
            _names(taken, columns.SOURCE.name),
            _names(taken, columns.LANGUAGE.name),
            hours(taken).tolist(),
        ]


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_LETTERS else f"{text[: _TEXT_LETTERS - 1]}…"


def _ties(batch: pa.RecordBatch) -> Hashes:
    """A hash of what a post shows beside its text."""
    ties = mixed(hours(batch).astype(np.uint64))
    for name in (columns.SCORE.name, columns.CONFIDENCE.name):
        ties = mixed(ties ^ _numbers(batch, name).view(np.uint32))
    for name in (columns.SENTIMENT.name, columns.SOURCE.name, columns.LANGUAGE.name):
        if name in batch.schema.names:
            ties = mixed(ties ^ hash_texts(plain(batch.column(name)).fill_null("")))
    return ties


def _numbers(batch: pa.RecordBatch, name: str) -> Floats:
    if name not in batch.schema.names:
        return np.zeros(batch.num_rows, np.float32)
    # Adding nought turns -0.0 to 0.0, which would else tie apart posts that look alike.
    return np.nan_to_num(floats(batch, name)) + np.float32(0)


def _names(batch: pa.RecordBatch, name: str) -> list[str]:
    if name not in batch.schema.names:
        return [""] * batch.num_rows
    names, codes = coded(batch.column(name))
    return [names[code] for code in codes]
