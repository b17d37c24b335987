"""Two systems on the same rows: whether one is better, or chance made the difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.metrics import (
    CLASSES,
    Counts,
    Floats,
    Interval,
    Ints,
    macro_f1_of,
    percentile_interval,
    resample,
)

ALPHA = 0.05
# Up to here the binomial sum is exact and quick; above, the normal curve differs from it by far
# less than any decision hangs on.
_EXACT_LIMIT = 1000


@dataclass(frozen=True)
class Paired:
    """How often each true class got each pair of answers from two systems; adds with `+`.

    `cells` holds, flat, an entry for each (true class, answer of the first, answer of the second).

    >>> paired = Paired.of(np.array([0, 1]), np.array([0, 1]), np.array([0, 2]))
    >>> paired.first.accuracy, paired.second.accuracy
    (1.0, 0.5)
    """

    labels: tuple[str, ...]
    cells: tuple[int, ...]

    @classmethod
    def empty(cls, labels: tuple[str, ...] = CLASSES) -> Self:
        """No rows: what `+` leaves as it is."""
        return cls(labels, (0,) * len(labels) ** 3)

    @classmethod
    def of(
        cls, truth: Ints, first: Ints, second: Ints, *, labels: tuple[str, ...] = CLASSES
    ) -> Self:
        """The counts for true classes and two answers, each given by its position in `labels`."""
        n_labels = len(labels)
        flat = (truth * n_labels + first) * n_labels + second
        return cls(labels, tuple(np.bincount(flat, minlength=n_labels**3).tolist()))

    def __add__(self, other: Paired) -> Paired:
        """The counts of both parts. Raises `SettingError` when their labels differ."""
        if self.labels != other.labels:
            message = (
                f"pairs for {', '.join(self.labels)} do not add to pairs for "
                f"{', '.join(other.labels)}; compare both with the same labels"
            )
            raise SettingError(message)
        cells = tuple(a + b for a, b in zip(self.cells, other.cells, strict=True))
        return Paired(self.labels, cells)

    @property
    def array(self) -> Ints:
        """The counts with the axes true class, first answer, second answer."""
        return np.array(self.cells, dtype=np.int64).reshape((len(self.labels),) * 3)

    @property
    def first(self) -> Counts:
        """The first system's confusion matrix."""
        return Counts.from_array(self.array.sum(axis=2), labels=self.labels)

    @property
    def second(self) -> Counts:
        """The second system's confusion matrix."""
        return Counts.from_array(self.array.sum(axis=1), labels=self.labels)


@dataclass(frozen=True)
class Comparison:
    """The first system against the second on the rows that both answered.

    `only_first` rows were answered rightly by the first system alone, `only_second` by the second
    alone; `p_value` is McNemar's for those two. `difference` is macro-F1 of the first minus that of
    the second, with its paired bootstrap interval.
    """

    first: str
    second: str
    n_rows: int
    only_first: int
    only_second: int
    p_value: float
    difference: Interval

    @property
    def is_real(self) -> bool:
        """Whether chance is an unlikely reason for the difference in macro-F1: 0 is outside."""
        return self.difference.low > 0 or self.difference.high < 0

    @property
    def verdict(self) -> str:
        """One sentence: which is better by macro-F1, and whether the accuracy agrees."""
        if not self.is_real:
            return f"{self.first} and {self.second} are not told apart by macro-F1 on these rows"
        better = self.first if self.difference.value > 0 else self.second
        return f"{better} is better by macro-F1; {self._accuracy_clause(better)}"

    def to_dict(self) -> dict[str, object]:
        """The comparison for JSON; the keys are the attributes, with `is_real` and `verdict`."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": self.n_rows,
            "only_first": self.only_first,
            "only_second": self.only_second,
            "p_value": self.p_value,
            "macro_f1_difference": self.difference.to_dict(),
            "is_real": self.is_real,
            "verdict": self.verdict,
        }

    def _accuracy_clause(self, better: str) -> str:
        if self.p_value >= ALPHA:
            return "accuracy does not tell them apart"
        more_right = self.first if self.only_first > self.only_second else self.second
        return "accuracy agrees" if more_right == better else f"by accuracy {more_right} is"


def compare_counts(
    paired: Paired, *, names: tuple[str, str], n_resamples: int = 2000, seed: int = 0
) -> Comparison:
    """The comparison of two systems from their paired counts.

    The paired bootstrap draws rows with both their answers; as in `bootstrap_intervals`, cells are
    drawn instead, which is the same.
    """
    cells = paired.array
    only_first, only_second = _discordant(cells)
    draws = resample(cells, n_resamples=n_resamples, seed=seed)
    return Comparison(
        first=names[0],
        second=names[1],
        n_rows=int(cells.sum()),
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
        difference=percentile_interval(float(_difference(cells)), _difference(draws)),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The probability of so uneven a split, or more, if both systems were right equally often.

    Exact (two-sided binomial) up to 1000 such rows, by the normal curve with continuity correction
    above. No such row gives 1.

    >>> mcnemar(10, 0)
    0.001953125
    """
    total = only_first + only_second
    if total == 0:
        return 1.0
    if total <= _EXACT_LIMIT:
        tail = sum(math.comb(total, k) for k in range(min(only_first, only_second) + 1))
        return min(1.0, float(2 * tail / 2**total))
    z = max(abs(only_first - only_second) - 1, 0) / math.sqrt(total)
    return math.erfc(z / math.sqrt(2))


def _discordant(cells: Ints) -> tuple[int, int]:
    truth, first, second = np.indices(cells.shape)
    only_first = cells[(first == truth) & (second != truth)].sum()
    only_second = cells[(first != truth) & (second == truth)].sum()
    return int(only_first), int(only_second)


def _difference(cells: Ints) -> Floats:
    return macro_f1_of(cells.sum(axis=-1)) - macro_f1_of(cells.sum(axis=-2))
