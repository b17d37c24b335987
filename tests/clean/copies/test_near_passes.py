"""Pairs and their texts: a bounded number of bytes at once, however long posts are."""

from __future__ import annotations

import numpy as np

from mizaj.clean.copies import near_passes


def test_pairs_get_their_texts_in_portions_of_bounded_size():
    sizes = np.random.default_rng(3).integers(0, near_passes._BYTES_AT_ONCE // 3, 500)
    sizes[[7, 8, 99]] = 5 * near_passes._BYTES_AT_ONCE
    portions = list(near_passes._portions(sizes))
    assert np.concatenate([np.arange(500)[each] for each in portions]).tolist() == list(range(500))
    assert all(sizes[each][1:].sum() < near_passes._BYTES_AT_ONCE for each in portions)
