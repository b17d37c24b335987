"""Rows of token ids, flat with offsets, as the padded rectangles that networks read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]

TOKENS_PER_BATCH = 8192
"""Tokens, padding among them, that a network reads at once when it answers: enough to fill two cores, few megabytes."""


def padded(
    ids: Ids, offsets: Offsets, rows: NDArray[np.int64], *, pad_id: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The rows as an int64 rectangle as wide as the longest of them, and a mask that is True where a token stands.

    Row i is `ids[offsets[i]:offsets[i + 1]]`. The rectangle is at least one token wide, so that an empty row fits.

    >>> padded(np.array([5, 6, 7], np.int32), np.array([0, 2, 3]), np.array([1, 0]))[0].tolist()
    [[7, 0], [5, 6]]
    """
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    places = np.arange(max(1, int(lengths.max(initial=0))), dtype=np.int64)
    mask = places < lengths[:, None]
    found = np.full(mask.shape, pad_id, np.int64)
    found[mask] = ids[(starts[:, None] + places)[mask]]
    return found, mask


def length_batches(
    offsets: Offsets, *, tokens_per_batch: int = TOKENS_PER_BATCH
) -> Iterator[NDArray[np.int64]]:
    """The numbers of all rows, longest first, cut so that no padded batch holds more tokens than that, or one row.

    >>> [rows.tolist() for rows in length_batches(np.array([0, 1, 4, 5]), tokens_per_batch=3)]
    [[1], [0, 2]]
    """
    lengths = np.maximum(np.diff(offsets), 1)
    order = np.argsort(-lengths, kind="stable")
    at = 0
    while at < len(order):
        n_rows = max(1, tokens_per_batch // int(lengths[order[at]]))
        yield order[at : at + n_rows]
        at += n_rows
