"""How far figures may be trusted: 95 % intervals, drawn from counts or reckoned from shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.metrics import Counts, Floats, Ints, Margins

Z_95 = 1.959963984540054  # the normal quantile that leaves 2.5 % above it
_PERCENTILES_95 = (2.5, 97.5)


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
