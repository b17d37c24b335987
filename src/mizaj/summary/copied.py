"""The posts with most copies: ten thousand copies of one post are a campaign, which is worth seeing."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import COPIES
from mizaj.summary.arrays import plain

MOST_POSTS = 12
_LONGEST = 280


@dataclass(frozen=True, slots=True)
class Copied:
    """The posts that have most copies, each with how many, most first; adds with `+`.

    >>> (Copied(((3, "a"),)) + Copied(((9, "b"),))).posts
    ((9, 'b'), (3, 'a'))
    """

    posts: tuple[tuple[int, str], ...] = ()

    def __add__(self, other: Copied) -> Copied:
        both = sorted((*self.posts, *other.posts), key=lambda post: (-post[0], post[1]))
        return Copied(tuple(both[:MOST_POSTS]))


def copied(batch: pa.RecordBatch, *, text: str) -> Copied:
    """The posts of a batch that have most copies; none where copies were not looked for."""
    if COPIES.name not in batch.schema.names:
        return Copied()
    n_copies = batch.column(COPIES.name)
    if not pa.types.is_integer(n_copies.type):  # a column of the user's own
        return Copied()
    rows = batch.filter(pc.greater(n_copies, 1))
    # by a batch's own most: of many posts with as many copies, those whose text comes first
    table = pa.table(
        {"n": rows.column(COPIES.name), "text": plain(rows.column(text)).fill_null("")}
    )
    most = table.sort_by([("n", "descending"), ("text", "ascending")]).slice(0, MOST_POSTS)
    cut = pc.utf8_slice_codeunits(most["text"], 0, _LONGEST)
    return Copied() + Copied(tuple(zip(most["n"].to_pylist(), cut.to_pylist(), strict=True)))
