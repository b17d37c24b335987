"""Two systems on the same rows: whether one is better, or chance made the difference."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.intervals import Interval, Resamples, percentile_interval
from mizaj.learn.metrics import CLASSES, Counts, Ints

ALPHA = 0.05
# Up to here the binomial sum is exact and quick; above, the normal curve differs from it by far
# less than any decision hangs on.
_EXACT_LIMIT = 1000


@dataclass(frozen=True)
class Paired:
    """How often each true class got each pair of answers from two systems; adds with `+`.

    `cells` holds the rows of each (true class, answer of the first, answer of the second) that occurs, each class
    by its position in `labels`.

    >>> paired = Paired.of(np.array([0, 1]), np.array([0, 1]), np.array([0, 2]))
    >>> paired.first.accuracy, paired.second.accuracy
    (1.0, 0.5)
    """

    labels: tuple[str, ...]
    cells: Mapping[tuple[int, int, int], int]

    @classmethod
    def empty(cls, labels: tuple[str, ...] = CLASSES) -> Self:
        """No rows: what `+` leaves as it is."""
        return cls(labels, {})

    @classmethod
    def of(
        cls, truth: Ints, first: Ints, second: Ints, *, labels: tuple[str, ...] = CLASSES
    ) -> Self:
        """The counts for true classes and two answers, each given by its position in `labels`."""
        rows = np.stack([truth, first, second], axis=1)
        cells, n_rows = np.unique(rows, axis=0, return_counts=True)
        return cls(labels, dict(zip(map(tuple, cells.tolist()), n_rows.tolist(), strict=True)))

    def __add__(self, other: Paired) -> Paired:
        """The counts of both parts. Raises `SettingError` when their labels differ."""
        if self.labels != other.labels:
            message = (
                f"pairs for {', '.join(self.labels)} do not add to pairs for "
                f"{', '.join(other.labels)}; compare both with the same labels"
            )
            raise SettingError(message)
        return Paired(self.labels, dict(Counter(self.cells) + Counter(other.cells)))

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return sum(self.cells.values())

    @property
    def first(self) -> Counts:
        """The first system's confusion matrix."""
        return self._counts(answer=1)

    @property
    def second(self) -> Counts:
        """The second system's confusion matrix."""
        return self._counts(answer=2)

    def _counts(self, *, answer: int) -> Counts:
        matrix = np.zeros((len(self.labels),) * 2, dtype=np.int64)
        for cell, n_rows in self.cells.items():
            matrix[cell[0], cell[answer]] += n_rows
        return Counts.from_array(matrix, labels=self.labels)


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
    only_first, only_second = _discordant(paired)
    return Comparison(
        first=names[0],
        second=names[1],
        n_rows=paired.n_rows,
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
        difference=_difference(paired, n_resamples=n_resamples, seed=seed),
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


def _discordant(paired: Paired) -> tuple[int, int]:
    cells = paired.cells.items()
    only_first = sum(n for (truth, first, second), n in cells if first == truth != second)
    only_second = sum(n for (truth, first, second), n in cells if second == truth != first)
    return only_first, only_second


def _difference(paired: Paired, *, n_resamples: int, seed: int) -> Interval:
    """Macro-F1 of the first minus that of the second, with the interval of paired draws."""
    last = len(paired.labels) - 1
    # with the last cell there, empty or not, the draws are those of the whole table
    cells = sorted({(last, last, last): 0, **paired.cells}.items())
    truth, first, second = np.array([cell for cell, _ in cells]).T
    n_rows = np.array([n for _, n in cells])
    drawn = Resamples.of(n_rows, n_resamples=n_resamples, seed=seed)
    one, other = (drawn.margins(truth, each, last + 1).macro_f1 for each in (first, second))
    return percentile_interval(paired.first.macro_f1 - paired.second.macro_f1, one - other)
