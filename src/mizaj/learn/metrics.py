"""The figures that say how good answers are, from counts that add with `+`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.model.folder import POLARITIES

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CLASSES = POLARITIES
"""The answers in question when nothing else is said, in the order of the confusion matrix."""

Z_95 = 1.959963984540054  # the normal quantile that leaves 2.5 % above it
_PERCENTILES_95 = (2.5, 97.5)
# Confidences are summed in whole steps of 2^-30, far below float32's precision, so that sums do not
# depend on their order and `+` is exactly associative.
_CONFIDENCE_UNIT = 2**30
N_BINS = 10


@dataclass(frozen=True)
class Counts:
    """How often each true class got each answer; adds with `+`.

    `matrix[i][j]` is the number of rows whose true class is `labels[i]` and whose answer is
    `labels[j]`. The figures follow scikit-learn with `zero_division=0`: where nothing was said or
    nothing was there, a ratio is 0. A class that never occurs still weighs in macro averages.

    >>> counts = Counts(("no", "yes"), ((3, 1), (0, 4)))
    >>> counts.accuracy
    0.875
    >>> (counts + counts).n_rows
    16
    """

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @classmethod
    def empty(cls, labels: tuple[str, ...] = CLASSES) -> Self:
        """No rows: what `+` leaves as it is."""
        return cls(labels, tuple((0,) * len(labels) for _ in labels))

    @classmethod
    def of(cls, truth: Ints, answers: Ints, *, labels: tuple[str, ...] = CLASSES) -> Self:
        """The counts for true classes and answers, each given by its position in `labels`."""
        n_labels = len(labels)
        cells = np.bincount(truth * n_labels + answers, minlength=n_labels**2)
        return cls.from_array(cells.reshape(n_labels, n_labels), labels=labels)

    @classmethod
    def from_array(cls, matrix: Ints, *, labels: tuple[str, ...] = CLASSES) -> Self:
        """The counts in a square array, true classes down, answers across."""
        return cls(labels, tuple(tuple(row) for row in matrix.tolist()))

    def __add__(self, other: Counts) -> Counts:
        """The counts of both parts. Raises `SettingError` when their labels differ."""
        if self.labels != other.labels:
            message = (
                f"counts for {', '.join(self.labels)} do not add to counts for "
                f"{', '.join(other.labels)}; evaluate both with the same labels"
            )
            raise SettingError(message)
        return Counts.from_array(self.array + other.array, labels=self.labels)

    @property
    def array(self) -> Ints:
        """The matrix as an array, true classes down, answers across."""
        return np.array(self.matrix, dtype=np.int64)

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return int(self.array.sum())

    @property
    def margins(self) -> Margins:
        """The sums of the matrix that its figures hang on."""
        return Margins.of(self.array)

    @property
    def support(self) -> dict[str, int]:
        """How many rows truly belong to each class."""
        return dict(zip(self.labels, self.margins.true.tolist(), strict=True))

    @property
    def correct(self) -> dict[str, int]:
        """How many rows of each class got the right answer."""
        return dict(zip(self.labels, self.margins.right.tolist(), strict=True))

    @property
    def accuracy(self) -> float:
        """The share of rows answered rightly; 0 for no rows."""
        return float(self.margins.accuracy)

    @property
    def precision(self) -> dict[str, float]:
        """Of the rows given a class, the share that belong to it."""
        return self._by_class(self.margins.precision)

    @property
    def recall(self) -> dict[str, float]:
        """Of the rows that belong to a class, the share given it."""
        return self._by_class(self.margins.recall)

    @property
    def f1(self) -> dict[str, float]:
        """The harmonic mean of precision and recall, for each class."""
        return self._by_class(self.margins.f1)

    @property
    def macro_f1(self) -> float:
        """The mean of the classes' F1, each class weighing the same."""
        return float(self.margins.macro_f1)

    @property
    def weighted_f1(self) -> float:
        """The mean of the classes' F1, each class weighing as many rows as it has."""
        return float(self.margins.weighted_f1)

    @property
    def macro_recall(self) -> float:
        """The mean of the classes' recall, each class weighing the same."""
        return float(self.margins.macro_recall)

    def _by_class(self, values: Floats) -> dict[str, float]:
        return dict(zip(self.labels, values.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Margins:
    """What the figures of answers hang on, by class: rows answered rightly, rows truly of it, rows given it.

    The last axis is the classes; axes before it are tables, such as resamples, and each figure has them too.
    """

    right: Ints
    true: Ints
    given: Ints

    @classmethod
    def of(cls, matrices: Ints) -> Self:
        """The sums of each confusion matrix in the last two axes."""
        right = matrices.diagonal(axis1=-2, axis2=-1)
        return cls(right, matrices.sum(axis=-1), matrices.sum(axis=-2))

    @property
    def accuracy(self) -> Floats:
        """The share of rows answered rightly."""
        return _ratio(self.right.sum(axis=-1), self.true.sum(axis=-1))

    @property
    def precision(self) -> Floats:
        """Of the rows given each class, the share that belong to it."""
        return _ratio(self.right, self.given)

    @property
    def recall(self) -> Floats:
        """Of the rows that belong to each class, the share given it."""
        return _ratio(self.right, self.true)

    @property
    def f1(self) -> Floats:
        """The F1 of each class."""
        return _ratio(2 * self.right, self.true + self.given)

    @property
    def macro_f1(self) -> Floats:
        """The mean F1 over classes."""
        return np.asarray(self.f1.mean(axis=-1))

    @property
    def weighted_f1(self) -> Floats:
        """The mean F1 over classes, weighted by their rows."""
        return _ratio((self.f1 * self.true).sum(axis=-1), self.true.sum(axis=-1))

    @property
    def macro_recall(self) -> Floats:
        """The mean recall over classes."""
        return np.asarray(self.recall.mean(axis=-1))


def macro_f1_of(matrices: Ints) -> Floats:
    """The mean F1 over classes of each confusion matrix in the last two axes."""
    return Margins.of(matrices).macro_f1


@dataclass(frozen=True)
class Interval:
    """A figure and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """The three numbers under the names `value`, `low`, `high`."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Intervals:
    """The figures of a confusion matrix with their bootstrap intervals."""

    accuracy: Interval
    macro_f1: Interval
    weighted_f1: Interval
    macro_recall: Interval
    f1: dict[str, Interval]


def bootstrap_intervals(counts: Counts, *, n_resamples: int = 2000, seed: int = 0) -> Intervals:
    """The 95 % percentile intervals of accuracy, the F1 means, macro-recall and each class's F1.

    Drawing n rows with replacement gives cells that are multinomial with the shares of the matrix,
    and these figures depend on the cells only: so cells are drawn instead of rows. It is the same
    bootstrap at a cost that does not grow with the rows, and it needs nothing but the counts.
    Equal counts and seed give equal intervals; no rows give intervals of 0.

    >>> wide = bootstrap_intervals(Counts(("no", "yes"), ((8, 2), (2, 8)))).accuracy
    >>> (wide.value, round(wide.low, 2), round(wide.high, 2))
    (0.8, 0.6, 0.95)
    """
    n_labels, cells = len(counts.labels), counts.array.ravel()
    places = np.append(np.flatnonzero(cells[:-1]), len(cells) - 1)
    truth, answers = np.divmod(places, n_labels)
    drawn = Resamples.of(cells[places], n_resamples=n_resamples, seed=seed)
    found = drawn.margins(truth, answers, n_labels)
    f1s = found.f1
    return Intervals(
        accuracy=percentile_interval(counts.accuracy, found.accuracy),
        macro_f1=percentile_interval(counts.macro_f1, found.macro_f1),
        weighted_f1=percentile_interval(counts.weighted_f1, found.weighted_f1),
        macro_recall=percentile_interval(counts.macro_recall, found.macro_recall),
        f1={
            label: percentile_interval(value, f1s[:, position])
            for position, (label, value) in enumerate(counts.f1.items())
        },
    )


@dataclass(frozen=True, eq=False)
class Resamples:
    """Tables of the total of `n_rows`, drawn with its shares, one down for each resample.

    What is counted is a list of cells and not a whole table: of many labels, most cells are empty.
    """

    draws: Ints

    @classmethod
    def of(cls, n_rows: Ints, *, n_resamples: int, seed: int) -> Self:
        """Resamples of cells that hold so many rows. An empty cell among them changes no draw, save at the end."""
        total = int(n_rows.sum())
        if total == 0:
            return cls(np.zeros((n_resamples, len(n_rows)), dtype=np.int64))
        return cls(np.random.default_rng(seed).multinomial(total, n_rows / total, n_resamples))

    def margins(self, truth: Ints, answers: Ints, n_labels: int) -> Margins:
        """The sums by class of each resample, where each cell has this true class and this answer."""
        right = truth == answers
        return Margins(
            right=self._sum_by(truth[right], n_labels, self.draws[:, right]),
            true=self._sum_by(truth, n_labels, self.draws),
            given=self._sum_by(answers, n_labels, self.draws),
        )

    @staticmethod
    def _sum_by(classes: Ints, n_labels: int, draws: Ints) -> Ints:
        # in floats, which multiply fast and hold whole numbers of rows exactly
        belongs = (classes[:, None] == np.arange(n_labels)).astype(np.float64)
        sums: Ints = (draws.astype(np.float64) @ belongs).astype(np.int64)
        return sums


def percentile_interval(value: float, draws: Floats) -> Interval:
    """The figure with the bounds that hold the middle 95 % of its draws."""
    low, high = np.percentile(draws, _PERCENTILES_95)
    return Interval(value, float(low), float(high))


def wilson_interval(correct: int, total: int) -> Interval:
    """The 95 % Wilson interval of a share: what `correct` of `total` says about the rate behind it.

    The code-mixed paper's 88 % on 200 sentences means 83 to 92 %, its 86 % on 50 means 74 to 93 %.
    (The rows of its Table II hold 203 sentences, which makes 176 right ones 86.7 %.)
    Raises `SettingError` unless `0 <= correct <= total` and `total > 0`.

    >>> interval = wilson_interval(176, 200)
    >>> f"{interval.low:.3f} to {interval.high:.3f}"
    '0.828 to 0.918'
    >>> interval = wilson_interval(43, 50)
    >>> f"{interval.low:.3f} to {interval.high:.3f}"
    '0.738 to 0.930'
    """
    if not 0 <= correct <= total or total == 0:
        message = (
            f"{correct} of {total} is not a share; give a total above 0 and at most as many correct"
        )
        raise SettingError(message)
    share, z_squared = correct / total, Z_95**2
    middle = (share + z_squared / (2 * total)) / (1 + z_squared / total)
    spread = math.sqrt(share * (1 - share) / total + z_squared / (4 * total**2))
    half = Z_95 * spread / (1 + z_squared / total)
    # At none and at all, one bound is the share itself: rounding must not put it beyond.
    return Interval(share, min(max(0.0, middle - half), share), max(min(1.0, middle + half), share))


@dataclass(frozen=True)
class Bin:
    """Rows whose confidence lies from `low` up to, not including, `high`; the last one holds 1."""

    low: float
    high: float
    n_rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """Whether a confidence of 0.8 is right 8 times in 10: sums by confidence; adds with `+`.

    >>> sure = Calibration.of(np.array([0.9, 0.9]), np.array([True, False]))
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

    def __add__(self, other: Calibration) -> Calibration:
        """The sums of both parts. Raises `SettingError` when their bins differ."""
        if len(self.n_rows) != len(other.n_rows):
            message = (
                f"{len(self.n_rows)} bins of confidence do not add to {len(other.n_rows)}; "
                "use the same number for both"
            )
            raise SettingError(message)
        return Calibration(
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


def _ratio(part: Ints | Floats, whole: Ints) -> Floats:
    """Part by whole, and 0 where the whole is 0."""
    # Where the whole is 0 so is the part, and 0 / 1 is the wanted 0.
    return np.asarray(part / np.maximum(whole, 1), dtype=np.float64)
