"""Sets of hashes in few bits that say yes for all they hold and, rarely, for others: blocked Bloom filters.

All bits of a hash lie in one block of 512, a line of the processor's cache, so that a question costs one look into
memory (Putze, Sanders, Singler 2007). That makes false answers a little more frequent than in one big filter, since
some blocks are fuller than others; `false_answers` counts that in. The compiled filter must equal this one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mizaj.clean.near.sketching import Hashes
from mizaj.errors import SettingError

BLOCK_BITS = 512
WORDS = BLOCK_BITS // 64
_PLACE_BITS = 9
MOST_PROBES = 7
"""So many places of nine bits are in a hash."""

_MASK = (1 << 64) - 1
SPREAD = 0xD6E8FEB86659FD93
"""What a hash is multiplied by for its places in a block, so that they have nothing to do with which block it is."""
_MOST_BITS = 128


@dataclass(frozen=True)
class BloomSize:
    """How many blocks a filter has, and how many bits each hash sets."""

    n_blocks: int
    n_probes: int

    @property
    def size_bytes(self) -> int:
        """What the filter takes."""
        return self.n_blocks * BLOCK_BITS // 8

    def empty(self, n_filters: int = 1) -> Hashes:
        """So many filters that hold nothing, a row each."""
        return np.zeros((n_filters, self.n_blocks * WORDS), np.uint64)


@functools.cache
def size_for(capacity: int, false_share: float) -> BloomSize:
    """The smallest filter that, holding `capacity` hashes, says yes to no more than that share of others.

    >>> size = size_for(1_000_000, 0.001)
    >>> size.n_probes, size.size_bytes * 8 // 1_000_000
    (7, 16)
    """
    for bits in range(4, _MOST_BITS):
        n_blocks = max(-(-capacity * bits // BLOCK_BITS), 1)
        for n_probes in range(1, MOST_PROBES + 1):
            if false_answers(capacity / n_blocks, n_probes) <= false_share:
                return BloomSize(n_blocks, n_probes)
    msg = f"an error of {false_share:g} would take more than {_MOST_BITS} bits a post; allow a larger one"
    raise SettingError(msg)


def false_answers(per_block: float, n_probes: int) -> float:
    """The share of hashes not held that a filter says yes to; blocks hold numbers that are Poisson distributed."""
    share, weight = 0.0, math.exp(-per_block)
    for n_held in range(1, int(per_block + 12 * math.sqrt(per_block) + 20)):
        weight *= per_block / n_held
        filled = 1.0 - (1.0 - 1.0 / BLOCK_BITS) ** (n_held * n_probes)
        share += weight * filled**n_probes
    return share


def holds(words: Hashes, key: int, n_probes: int) -> bool:
    """Whether the filter may hold the key; it does if it says no to none of its bits."""
    return all(int(words[word]) >> bit & 1 for word, bit in _bits(len(words), key, n_probes))


def put(words: Hashes, key: int, n_probes: int) -> None:
    """Makes the filter hold the key.

    >>> words = size_for(100, 0.01).empty()[0]
    >>> put(words, 0x9E3779B97F4A7C15, 5)
    >>> holds(words, 0x9E3779B97F4A7C15, 5), holds(words, 12345, 5)
    (True, False)
    """
    for word, bit in _bits(len(words), key, n_probes):
        words[word] |= np.uint64(1 << bit)


def _bits(n_words: int, key: int, n_probes: int) -> Iterator[tuple[int, int]]:
    first = ((key >> 32) * (n_words // WORDS) >> 32) * WORDS
    spread = (key * SPREAD) & _MASK
    for probe in range(n_probes):
        place = spread >> (probe * _PLACE_BITS) & (BLOCK_BITS - 1)
        yield first + place // 64, place % 64
