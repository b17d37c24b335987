"""Whether confidences mean what they say: sums by confidence, which add with `+`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.metrics import Floats

# Confidences are summed in whole steps of 2^-30, far below float32's precision, so that sums do not
# depend on their order and `+` is exactly associative.
_CONFIDENCE_UNIT = 2**30
N_BINS = 10


@dataclass(frozen=True)
class Bin:
    """Rows whose confidence lies from `low` up to, not including, `high`; the last one holds 1."""

    low: float
    high: float
    n_rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """Whether a confidence of 0.8 is right 8 times in 10: sums by confidence; adds with `+`.

    >>> sure = Reliability.of(np.array([0.9, 0.9]), np.array([True, False]))
    >>> round(sure.error, 3)
    0.4
    """

    n_rows: tuple[int, ...]
    n_correct: tuple[int, ...]
    confidence_sums: tuple[int, ...]

    @classmethod
    def empty(cls, n_bins: int = N_BINS) -> Self:
        """No rows: what `+` leaves as it is."""
        return cls((0,) * n_bins, (0,) * n_bins, (0,) * n_bins)

    @classmethod
    def of(cls, confidence: Floats, is_correct: NDArray[np.bool_], *, n_bins: int = N_BINS) -> Self:
        """The sums for rows with a confidence from 0 to 1 and whether their answer was right."""
        confidence = np.clip(confidence.astype(np.float64), 0.0, 1.0)
        bins = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
        sums = np.zeros(n_bins, dtype=np.int64)
        np.add.at(sums, bins, np.rint(confidence * _CONFIDENCE_UNIT).astype(np.int64))
        return cls(
            tuple(np.bincount(bins, minlength=n_bins).tolist()),
            tuple(np.bincount(bins[is_correct], minlength=n_bins).tolist()),
            tuple(sums.tolist()),
        )

    def __add__(self, other: Reliability) -> Reliability:
        """The sums of both parts. Raises `SettingError` when their bins differ."""
        if len(self.n_rows) != len(other.n_rows):
            message = (
                f"{len(self.n_rows)} bins of confidence do not add to {len(other.n_rows)}; "
                "use the same number for both"
            )
            raise SettingError(message)
        return Reliability(
            _sums(self.n_rows, other.n_rows),
            _sums(self.n_correct, other.n_correct),
            _sums(self.confidence_sums, other.confidence_sums),
        )

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap of confidence and accuracy, over rows."""
        gaps = sum(bin_.n_rows * abs(bin_.confidence - bin_.accuracy) for bin_ in self.bins)
        return gaps / max(sum(self.n_rows), 1)

    @property
    def bins(self) -> tuple[Bin, ...]:
        """The bins from 0 to 1; an empty one has confidence and accuracy 0."""
        n_bins = len(self.n_rows)
        rows = zip(self.n_rows, self.n_correct, self.confidence_sums, strict=True)
        return tuple(
            Bin(
                low=position / n_bins,
                high=(position + 1) / n_bins,
                n_rows=n_rows,
                confidence=total / _CONFIDENCE_UNIT / max(n_rows, 1),
                accuracy=n_correct / max(n_rows, 1),
            )
            for position, (n_rows, n_correct, total) in enumerate(rows)
        )


def _sums(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(left, right, strict=True))
