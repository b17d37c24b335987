"""What tells near copies without comparing all posts with all: hashes, MinHash, bands; the readable definition.

A post is the set of its *shingles*: each run of so many characters of its plain form. Two posts are as alike as their
sets: shared shingles over all of both (Jaccard). A *signature* holds, for each of many ways to shuffle all shingles,
the post's first one; two posts agree in a place as often as they are alike (Broder 1997). Places are cut into *bands*,
and posts that agree in a whole band are compared. The compiled functions must equal these.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError

Hashes = NDArray[np.uint64]

_MASK = (1 << 64) - 1
_MASK_16 = (1 << 16) - 1
_BASIS = 0x9E3779B97F4A7C15
_PRIME = 0xBF58476D1CE4E5B9
_LAST_PRIME = 0x94D049BB133111EB
_SHINGLE_PRIME = 0x9E3779B97F4A7C55
RAW_BASIS = 0xD1B54A32D192ED03
"""Where the hash of a post begins that has no plain form: then its bytes as they are count."""
_CHUNK = 8
_SEED = 20_411
# Numbers of 16 bits that a processor takes at once; what is left over would cost as much again.
_VECTOR = 32

LEAST_RECALL = 0.98
"""Of pairs that are just as alike as the threshold says, this share at least must meet in a band."""


@dataclass(frozen=True)
class Sketch:
    """How posts are looked through for near copies: `threshold` says how alike two must be, from 0.5 to 1.

    `shingle` is how many characters a shingle has; posts with fewer are compared as a whole only. `n_permutations` is
    how many shuffles there are at most; `n_bands` bands of `n_rows` places each are cut from them, the longest bands
    that still find `LEAST_RECALL` of the pairs at the threshold: longer ones bring fewer pairs to compare in vain.

    >>> Sketch().n_bands, Sketch().n_rows, round(Sketch().chance(0.8), 3), round(Sketch().chance(0.2), 5)
    (18, 7, 0.986, 0.00023)
    """

    threshold: float = 0.8
    shingle: int = 5
    n_permutations: int = 128

    def __post_init__(self) -> None:
        if not 0.5 <= self.threshold <= 1.0:
            msg = f"threshold is {self.threshold}; it must be from 0.5 to 1"
            raise SettingError(msg)
        if not 2 <= self.shingle <= 64:
            msg = f"shingle is {self.shingle}; it must be from 2 to 64 characters"
            raise SettingError(msg)
        if not 16 <= self.n_permutations <= 1024:
            msg = f"n_permutations is {self.n_permutations}; it must be from 16 to 1,024"
            raise SettingError(msg)

    @functools.cached_property
    def n_rows(self) -> int:
        """The places in a band."""
        fitting = (
            rows
            for rows in range(self.n_permutations, 1, -1)
            if chance(self.threshold, self.n_permutations // rows, rows) >= LEAST_RECALL
        )
        return next(fitting, 1)

    @property
    def n_bands(self) -> int:
        """How many bands there are."""
        return self.n_permutations // self.n_rows

    @property
    def factors(self) -> NDArray[np.uint16]:
        """The odd factor and the mask of each shuffle, one row each: a few more than are used, a whole vector."""
        return _factors(-(-self.n_bands * self.n_rows // _VECTOR) * _VECTOR)

    def chance(self, similarity: float) -> float:
        """How likely two posts that are so alike meet in some band."""
        return chance(similarity, self.n_bands, self.n_rows)


def chance(similarity: float, n_bands: int, n_rows: int) -> float:
    """How likely two posts of that similarity agree in all places of at least one band."""
    return 1.0 - (1.0 - similarity**n_rows) ** n_bands


@functools.cache
def _factors(n: int) -> NDArray[np.uint16]:
    # MT19937 gives the same bits in every version of numpy, which `Generator` does not promise.
    drawn = np.random.RandomState(_SEED).randint(0, 1 << 16, (2, 1024), dtype=np.uint16)[:, :n]
    drawn[0] |= 1
    drawn = np.ascontiguousarray(drawn)
    drawn.flags.writeable = False
    return drawn


def content_hash(plain: str, text: str) -> int:
    """64 bits that stand for a post: those of its plain form, or of the text where nothing stands in that.

    >>> content_hash("accha hai", "Accha hai!") == content_hash("accha hai", "ACCHA HAI")
    True
    >>> content_hash("", "!!!") == content_hash("", "???")
    False
    """
    return hash_bytes(plain.encode()) if plain else hash_bytes(text.encode(), RAW_BASIS)


def hash_bytes(text: bytes, basis: int = _BASIS) -> int:
    """A 64-bit hash of bytes, eight at a time, whose every bit is good: SplitMix64's constants and finish."""
    state = basis ^ len(text)
    for at in range(0, len(text), _CHUNK):
        state = absorb(state, int.from_bytes(text[at : at + _CHUNK], "little"))
    return finish(state)


def absorb(state: int, chunk: int) -> int:
    """The state of a hash with 64 bits more."""
    state = ((state ^ chunk) * _PRIME) & _MASK
    return state ^ (state >> 32)


def finish(state: int) -> int:
    """The last mixing, by which every bit of the state reaches every bit of the hash; one to one."""
    state = ((state ^ (state >> 30)) * _PRIME) & _MASK
    state = ((state ^ (state >> 27)) * _LAST_PRIME) & _MASK
    return state ^ (state >> 31)


def shingle_hashes(plain: str, length: int) -> list[int]:
    """A hash for each run of `length` characters, in order; none where the text is shorter.

    >>> len(shingle_hashes("accha hai", 5)), shingle_hashes("hai", 5)
    (5, [])
    """
    codes = list(map(ord, plain))
    return [
        finish(functools.reduce(_next, codes[start : start + length], 0))
        for start in range(len(codes) - length + 1)
    ]


def _next(state: int, code: int) -> int:
    return (state * _SHINGLE_PRIME + code) & _MASK


def signature(hashes: Sequence[int], factors: NDArray[np.uint16]) -> list[int]:
    """For each shuffle, the least of the shuffled hashes, of which the upper 16 bits are taken.

    That is enough for posts: of 2,216 pairs of real ones, places agreed as with 32 bits, in a third of the time. Texts
    of 60,000 characters and more begin to look alike, and are compared in vain.
    """
    high = [each >> 48 for each in hashes]
    return [
        min((factor * each & _MASK_16) ^ mask for each in high)
        for factor, mask in zip(*factors.tolist(), strict=True)
    ]


def band_keys(plain: str, sketch: Sketch) -> list[int]:
    """The key of each band; none for a text shorter than a shingle. Near copies share at least one, as a rule.

    >>> one, other = (band_keys(text, Sketch()) for text in ("bahut accha film tha", "bahut accha film tha yaar"))
    >>> len(one), len(set(one) & set(other)) > 0
    (18, True)
    """
    hashes = shingle_hashes(plain, sketch.shingle)
    if not hashes:
        return []
    places, n_rows = signature(hashes, sketch.factors), sketch.n_rows
    return [
        finish(functools.reduce(absorb, places[band * n_rows : (band + 1) * n_rows], band + 1))
        for band in range(sketch.n_bands)
    ]


def similarity(one: str, other: str, length: int) -> float:
    """The share of the shingles of both that both have; 0 where either is shorter than a shingle.

    >>> similarity("bahut accha", "bahut accha!", 5)
    0.875
    """
    first, second = set(shingle_hashes(one, length)), set(shingle_hashes(other, length))
    if not first or not second:
        return 0.0
    n_shared = len(first & second)
    return n_shared / (len(first) + len(second) - n_shared)


def join(parents: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
    """Joins the sets of each two places, in `parents`; the least place of a set is its own parent.

    >>> parents = np.arange(4)
    >>> join(parents, np.array([3, 2]), np.array([2, 1]))
    >>> [root(parents, place) for place in range(4)]
    [0, 1, 1, 1]
    """
    for first, second in zip(one.tolist(), other.tolist(), strict=True):
        low, high = sorted((root(parents, first), root(parents, second)))
        parents[high] = low


def root(parents: NDArray[np.int64], place: int) -> int:
    """The least place of the set a place is in; the way there is made shorter."""
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = int(parents[place])
    return place
