"""How often answers are right, from counts that add with `+`."""

from __future__ import annotations

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


def _ratio(part: Ints | Floats, whole: Ints) -> Floats:
    """Part by whole, and 0 where the whole is 0."""
    # Where the whole is 0 so is the part, and 0 / 1 is the wanted 0.
    return np.asarray(part / np.maximum(whole, 1), dtype=np.float64)
