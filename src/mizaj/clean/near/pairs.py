"""Which posts are worth comparing: those that share the key of a band, without comparing all with all in big groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.clean.near.columns import PlainForms, Repeats, band_keys, similarities
from mizaj.clean.near.sets import distinct_pairs, first_places, is_first, joined
from mizaj.clean.near.sketching import Hashes, Sketch

Rows = NDArray[np.int64]

ALL_WITH_ALL = 32
"""In groups of so many posts or fewer, each is compared with each."""
NEIGHBOURS = 8
"""In bigger ones, each is compared with so many others, drawn anew for each band."""
HUGE, NEIGHBOURS_IN_HUGE = 4096, 2
"""In groups of more than that, with so many: a campaign of a million variants brings 36 comparisons each."""

# What shuffles a group by its key, so that another band with the same posts draws other neighbours.
_SHUFFLE = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Rows that are near copies, each two once, the lower row first, and how alike they are."""

    rows: Rows
    others: Rows
    similarity: NDArray[np.float64]
    n_compared: int


def candidate_pairs(keys: Hashes, nodes: Hashes) -> tuple[Hashes, Hashes]:
    """Each two nodes to compare, the lower first, sorted, from records of a key and a node; their order is nothing.

    >>> keys, nodes = np.array([7, 9, 7, 9, 7], np.uint64), np.array([1, 1, 2, 3, 2], np.uint64)
    >>> [each.tolist() for each in candidate_pairs(keys, nodes)]
    [[1, 1], [2, 3]]
    """
    keys, nodes = _shuffled_groups(keys, nodes)
    begins = np.flatnonzero(is_first(keys))
    sizes = np.diff(np.append(begins, len(keys)))
    reach = np.where(sizes <= ALL_WITH_ALL, ALL_WITH_ALL - 1, NEIGHBOURS)
    reach[sizes > HUGE] = NEIGHBOURS_IN_HUGE
    # how far each record may look ahead: to the end of its group
    left = np.repeat(begins + sizes, sizes) - np.arange(len(keys)) - 1
    left = np.minimum(left, np.repeat(reach, sizes))
    ones, others = [], []
    for step in range(1, int(left.max(initial=0)) + 1):
        at = np.flatnonzero(left >= step)
        ones.append(nodes[at])
        others.append(nodes[at + step])
    first, second = joined(ones), joined(others)
    return distinct_pairs(np.minimum(first, second), np.maximum(first, second))


def near_pairs(forms: PlainForms, sketch: Sketch) -> NearPairs:
    """The near copies among different plain forms in memory: rows with equal hashes are looked at once, the first.

    >>> from mizaj.clean.near.columns import plain_forms
    >>> texts = ["aaj ka match bahut accha tha yaar", "kuch aur", "aaj ka match bahut accha tha!! yaaar"]
    >>> found = near_pairs(plain_forms(pa.array(texts)), Sketch())
    >>> found.rows.tolist(), found.others.tolist(), found.similarity.round(2).tolist()
    ([0], [2], [0.9])
    """
    hashes, first = first_places(forms.hashes)
    texts = forms.texts.take(pa.array(first))
    keys, is_long = band_keys(texts, sketch)
    keys = keys[is_long].reshape(-1)
    repeats = Repeats(len(keys))
    repeats.see(keys)
    at = repeats.places(keys)
    pairs = candidate_pairs(keys[at], hashes[is_long][at // sketch.n_bands])
    ones, others = (np.searchsorted(hashes, each) for each in pairs)
    alike = similarities(texts, texts, (ones, others), length=sketch.shingle)
    is_near = alike >= sketch.threshold
    rows, other_rows = first[ones[is_near]], first[others[is_near]]
    return NearPairs(
        np.minimum(rows, other_rows), np.maximum(rows, other_rows), alike[is_near], len(alike)
    )


def _shuffled_groups(keys: Hashes, nodes: Hashes) -> tuple[Hashes, Hashes]:
    """The records whose key comes more than once, by key, each once; those of a key in an order drawn for it."""
    order = np.argsort(keys)
    ordered = keys[order]
    is_new = np.append(is_first(ordered), True)
    at = order[~(is_new[1:] & is_new[:-1])]
    keys, nodes = keys[at], nodes[at]
    mixed = (keys ^ nodes) * _SHUFFLE
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _SHUFFLE
    # One number is sorted several times as fast as two: half of it from each. Where halves meet by chance, both are.
    short = (keys << np.uint64(32)) | (mixed >> np.uint64(32))
    order = np.argsort(short)
    is_new = is_first(keys[order]) | is_first(nodes[order])
    is_mixed_up = is_first(keys[order]) != is_first(keys[order].astype(np.uint32))
    if is_mixed_up.any() or (is_new != is_first(short[order])).any():
        order = np.lexsort((mixed, keys))
        # Mixing is one to one, so records that are equal stand side by side.
        is_new = is_first(keys[order]) | is_first(nodes[order])
    return keys[order][is_new], nodes[order][is_new]
