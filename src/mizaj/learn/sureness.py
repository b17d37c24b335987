"""Lines that say how much is lost by answering, fitted on what was lost on held-out posts.

A post-hoc estimator of when to defer (Jitkrittum et al., 2023), kept to three figures a label so that some hundreds of
posts suffice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mizaj.learn.metrics import Floats
from mizaj.model.classifier import Probabilities
from mizaj.model.sureness import Sureness, figures

_SHARED_PENALTY, _OWN_PENALTY = 1.0, 10.0
"""In posts: how many it takes for a line to leave what is supposed of it."""


def fit_sureness(proba: Probabilities, losses: NDArray[np.int8]) -> Sureness:
    """How sure a tier with these probabilities is to be, from what was lost on each post by its answer: -1 to 1.

    Ridge regression twice: one line for all labels, and for each what its posts differ from that by. Where nothing
    is expected to be lost or gained it is 0.5 sure.

    >>> proba = np.array([[0.9, 0.1], [0.3, 0.7]] * 50, np.float32)
    >>> sure = fit_sureness(proba, np.array([0, 1] * 50, np.int8))
    >>> [f"{each:.2f}" for each in sure(proba[:2], np.zeros(2, np.float32))]
    ['0.50', '0.01']
    """
    seen, said = figures(proba).astype(np.float64), proba.argmax(axis=1)
    wanted = (1.0 - losses.astype(np.float64)) / 2.0
    start = np.array([0.5, 0.0, 0.0])
    shared = start + _ridge(seen, wanted - seen @ start, _SHARED_PENALTY)
    left = wanted - seen @ shared
    own = (said == label for label in range(proba.shape[1]))
    lines = [shared + _ridge(seen[rows], left[rows], _OWN_PENALTY) for rows in own]
    return Sureness(tuple((float(a), float(b), float(c)) for a, b, c in lines))


def _ridge(seen: Floats, wanted: Floats, penalty: float) -> Floats:
    bend = seen.T @ seen + penalty * np.eye(seen.shape[1])
    return np.linalg.solve(bend, seen.T @ wanted).astype(np.float64)
