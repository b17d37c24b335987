"""How sure a tier of a cascade is of a post, from its probabilities and what it answers.

The highest probability alone is a poor guide to who should answer: a tier may be too sure of one label and not of
another, or as wrong as the next tier where it doubts (Jitkrittum et al., 2023). So a line for each label says how much
is expected to be lost by answering; `learn.sureness` fits it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mizaj.model.classifier import Probabilities

Line = tuple[float, float, float]
PLAIN: Line = (0.0, 1.0, 0.0)
"""The highest probability itself."""


@dataclass(frozen=True)
class Sureness:
    """A straight line for each label, or one for all of them: `lines` in the order of the labels.

    A line is its height at 0, its slope by the highest probability, and that by the lead of this over the second.

    >>> proba, doubt = np.array([[0.2, 0.3, 0.5]], np.float32), np.zeros(1, np.float32)
    >>> Sureness()(proba, doubt).tolist()
    [0.5]
    """

    lines: tuple[Line, ...] = (PLAIN,)

    def __call__(self, proba: Probabilities, doubt: Probabilities, /) -> Probabilities:
        """What is compared with a threshold, from 0 to 1, for each row; `doubt` makes less sure by so much."""
        lines = self._by_label(proba.shape[1])[proba.argmax(axis=1)]
        sure: Probabilities = (lines * figures(proba)).sum(axis=1) - doubt
        return sure.clip(np.float32(0.0), np.float32(1.0))

    def ends(self, n_labels: int) -> tuple[float, float]:
        """The least and the most sure that it can be, where there are so many labels."""
        corners = [(1.0, 1.0, 1.0), (1.0, 1.0 / n_labels, 0.0), (1.0, 0.5, 0.0)]
        found = (self._by_label(n_labels) @ np.array(corners, np.float32).T).clip(0.0, 1.0)
        return float(found.min()), float(found.max())

    def _by_label(self, n_labels: int) -> NDArray[np.float32]:
        return np.broadcast_to(np.array(self.lines, np.float32), (n_labels, len(PLAIN)))


def rules_of(sureness: tuple[Sureness, ...], n_tiers: int) -> tuple[Sureness, ...]:
    """How sure each tier is but the last, which nobody asks: as given, else by the highest probability."""
    return sureness or (Sureness(),) * (n_tiers - 1)


def figures(proba: Probabilities) -> NDArray[np.float32]:
    """For each row a one, the highest probability, and its lead over the second: shape (rows, 3)."""
    second, highest = np.partition(proba, -2, axis=1)[:, -2:].T
    return np.stack([np.ones_like(highest), highest, highest - second], axis=1)
