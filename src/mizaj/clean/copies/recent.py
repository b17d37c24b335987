"""Copies in a stream, in one pass and bounded memory: posts of late are remembered in Bloom filters, then forgotten.

One filter holds the contents of posts, and one for each band the keys of bands (LSHBloom, Khan et al. 2024,
arXiv:2411.04257). A post whose content was there is a copy; one of which enough bands were there is taken for a near
copy, unseen: nothing is left to compare it with. There are two generations of filters; when the younger holds
`capacity` posts, the older is emptied and takes its place. So the last `capacity` different posts at least are known.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from types import ModuleType
from typing import NoReturn

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.batch import TEXT
from mizaj.clean.copies import bloom
from mizaj.clean.copies.bloom import BloomSize, size_for
from mizaj.clean.marking import is_kept, mark
from mizaj.clean.near.columns import band_keys, plain_forms
from mizaj.clean.near.sketching import Hashes, Sketch
from mizaj.errors import SettingError

try:
    from mizaj.clean.copies import _recent as _built
except ImportError:
    _built = None  # type: ignore[assignment]

REASON = "duplicate"
_recent: ModuleType | None = _built
_GENERATIONS = 2
# Posts that are less alike than the threshold by so much should be taken for copies no more often than this.
_FAR, _MOST_FAR = 0.2, 0.02


@dataclass(frozen=True)
class RecentSettings:
    """How many posts are remembered, and how often a post may be called a copy because filters are full.

    `error` bounds the chance that a post is marked although no content and not enough band keys of it were seen. What
    else is marked wrongly, posts that share the keys of bands with several others, is measured in the benchmark.
    `near` None looks for exact copies only, in a tenth of the memory.
    """

    capacity: int = 1_000_000
    error: float = 1e-3
    near: Sketch | None = field(default_factory=Sketch)
    text: str = TEXT.name

    def __post_init__(self) -> None:
        if self.capacity < 1:
            msg = f"capacity is {self.capacity}; it must be 1 or more"
            raise SettingError(msg)
        if not 0.0 < self.error < 1.0:
            msg = f"error is {self.error}; it must be between 0 and 1"
            raise SettingError(msg)
        _ = self.exact_size, self.band_size

    @property
    def n_votes(self) -> int:
        """How many bands must have been seen for a near copy: as few as keep posts that are less alike out."""
        if self.near is None:
            return 0
        agree = (self.near.threshold - _FAR) ** self.near.n_rows
        n_bands = self.near.n_bands
        fitting = (n for n in range(1, n_bands) if _at_least(n, n_bands, agree) <= _MOST_FAR)
        return next(fitting, n_bands)

    @property
    def exact_size(self) -> BloomSize:
        """The filter of contents, which may take half the error, in two generations."""
        share = self.error if self.near is None else self.error / 2
        return size_for(self.capacity, share / _GENERATIONS)

    @property
    def band_size(self) -> BloomSize | None:
        """The filter of a band: so many of them must err at once that each may err often."""
        if self.near is None:
            return None
        n_votes, n_bands = self.n_votes, self.near.n_bands
        each = (self.error / 2 / math.comb(n_bands, n_votes)) ** (1 / n_votes)
        return size_for(self.capacity, each / _GENERATIONS)

    @property
    def size_bytes(self) -> int:
        """What all filters take."""
        n_bands = self.near.n_bands if self.near else 0
        bands = self.band_size.size_bytes * n_bands if self.band_size else 0
        return _GENERATIONS * (self.exact_size.size_bytes + bands)

    def chance(self, similarity: float) -> float:
        """How likely a post is taken for a copy of one that is so alike and remembered.

        >>> settings = RecentSettings()
        >>> [round(settings.chance(each), 2) for each in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)]
        [0.0, 0.01, 0.18, 0.76, 1.0, 1.0]
        """
        if self.near is None:
            return 0.0
        return _at_least(self.n_votes, self.near.n_bands, similarity**self.near.n_rows)


class RecentPosts:
    """The posts of late; what `mark` says of a post depends on all that were marked before, so there is one a stream.

    >>> recent = RecentPosts(RecentSettings(capacity=1000))
    >>> rejected = pa.nulls(3, pa.string())
    >>> batch = pa.record_batch({"text": ["Accha hai", "bura", "accha hai!!"], "rejected": rejected})
    >>> recent.mark(batch).column("rejected").to_pylist()
    [None, None, 'duplicate']
    """

    def __init__(self, settings: RecentSettings | None = None) -> None:
        self.settings = settings or RecentSettings()
        self._young, self._old = self._empty(), self._empty()
        self._n_young = 0
        # Batches of several threads wait for one another; their order is that in which they come.
        self._lock = threading.Lock()

    def __reduce__(self) -> NoReturn:
        """Refused, since what one process has seen no other would know. Raises `SettingError`."""
        msg = (
            "copies of late (--copies recent) are told by one process that sees all posts, and cannot be looked for on "
            "a cluster; run it on this machine (--on local), or look for all copies (--copies near)"
        )
        raise SettingError(msg)

    def mark(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with `duplicate` in `rejected` for copies of earlier rows, of this batch or another.

        Rows that have a reason are neither marked nor remembered. Cutting the batches otherwise changes nothing.
        """
        is_open = is_kept(batch).to_numpy(zero_copy_only=False)
        is_copy = self.see(batch.column(self.settings.text), is_open)
        return mark(batch, pa.array(is_copy), REASON)

    def see(self, texts: pa.Array, is_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a text is a copy of an earlier one; those that are not open are passed over."""
        forms = plain_forms(texts)
        sketch = self.settings.near
        keys, is_long = np.zeros((len(texts), 0), np.uint64), np.zeros(len(texts), np.bool_)
        if sketch is not None:
            keys, is_long = band_keys(forms.texts, sketch)
        is_copy = np.zeros(len(texts), np.bool_)
        with self._lock:
            row = 0
            while row < len(texts):
                rest = slice(row, None)
                seen = self._see(forms.hashes[rest], keys[rest], is_long[rest], is_open[rest])
                is_copy[row : row + len(seen)] = seen
                row += len(seen)
        return is_copy

    def _see(
        self,
        hashes: Hashes,
        keys: Hashes,
        is_long: NDArray[np.bool_],
        is_open: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Where the first texts are copies: all of them, or as many as until the younger generation is full."""
        is_copy = np.zeros(len(hashes), np.uint8)
        see = _see_by_definition if _recent is None else _recent.see_posts
        bands = self.settings.band_size
        n_seen, n_new = see(
            hashes,
            keys,
            is_long.view(np.uint8),
            is_open.astype(np.uint8),
            is_copy,
            young=self._young,
            old=self._old,
            n_probes=self.settings.exact_size.n_probes,
            n_band_probes=bands.n_probes if bands else 0,
            n_votes=self.settings.n_votes,
            room=self.settings.capacity - self._n_young,
        )
        self._n_young += n_new
        if self._n_young == self.settings.capacity:
            self._young, self._old, self._n_young = self._empty(), self._young, 0
        return is_copy[:n_seen].view(np.bool_)

    def _empty(self) -> tuple[Hashes, Hashes]:
        """A generation: the filter of contents, and those of bands."""
        settings = self.settings
        n_bands = settings.near.n_bands if settings.near else 0
        bands = (
            settings.band_size.empty(n_bands) if settings.band_size else np.zeros((0, 0), np.uint64)
        )
        return settings.exact_size.empty()[0], bands


def _see_by_definition(
    hashes: Hashes,
    keys: Hashes,
    is_long: NDArray[np.uint8],
    is_open: NDArray[np.uint8],
    is_copy: NDArray[np.uint8],
    /,
    *,
    young: tuple[Hashes, Hashes],
    old: tuple[Hashes, Hashes],
    n_probes: int,
    n_band_probes: int,
    n_votes: int,
    room: int,
) -> tuple[int, int]:
    """Writes where posts are copies, until `room` new ones were remembered; how many were seen, how many remembered.

    A copy that only the older generation knows is remembered again, so that what goes on and on stays known.
    """
    n_new = 0
    for row, content in enumerate(hashes.tolist()):
        if n_new == room:
            return row, n_new
        if not is_open[row]:
            continue
        in_young, in_old = (bloom.holds(each[0], content, n_probes) for each in (young, old))
        bands = keys[row].tolist() if is_long[row] else []
        if not in_young and bands:
            votes = [
                [bloom.holds(each[1][band], key, n_band_probes) for band, key in enumerate(bands)]
                for each in (young, old)
            ]
            in_young = sum(votes[0]) >= n_votes
            in_old |= sum(map(max, *votes)) >= n_votes
        is_copy[row] = in_young or in_old
        if not in_young:
            n_new += 1
            bloom.put(young[0], content, n_probes)
            for band, key in enumerate(bands):
                bloom.put(young[1][band], key, n_band_probes)
    return len(hashes), n_new


def _at_least(n: int, n_tries: int, chance: float) -> float:
    """How likely at least `n` of so many tries succeed."""
    return sum(
        math.comb(n_tries, k) * chance**k * (1 - chance) ** (n_tries - k)
        for k in range(n, n_tries + 1)
    )
