"""What a loss that was seen on some posts is below on all of them, with a stated probability.

The bounds suppose that the posts were drawn independently from those that are to be scored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing
from mizaj.learn.metrics import Floats, Ints

try:
    from scipy import special
except ImportError:
    special = None

_STEPS = 30  # halvings of the range in which a bound is looked for: to 2e-9
_LEAST_SPREAD = (
    1e-4  # of the wealth's bets: with no loss at all seen yet, they are not without limit
)


def share_bound(n_lost: int, n: int, confidence: float) -> float:
    """The share that `n_lost` of `n` posts is below: Clopper and Pearson (1934), exact for losses of 0 and 1.

    Raises `ExtraMissing` without scipy.

    >>> round(share_bound(0, 460, 0.9), 4)
    0.005
    """
    if special is None:
        library = "scipy"
        raise ExtraMissing(library, extra="train")
    if n_lost >= n:
        return 1.0
    return float(special.betaincinv(n_lost + 1, n - n_lost, confidence))


def mean_bound(losses: NDArray[np.int8], confidence: float) -> float:
    """What the mean of losses from -1 to 1 is below, by betting (Waudby-Smith and Ramdas, 2024).

    For each mean that the losses could have, a gambler bets that they are lower; where he becomes
    `1 / (1 - confidence)` times as rich, it is not their mean (Ville's inequality). It holds for any number of posts,
    and is close where few losses differ from 0. The order of the losses must not depend on them.

    >>> round(mean_bound(np.zeros(3000, np.int8), 0.9), 3)
    0.001
    """
    if not len(losses):
        return 1.0
    scaled = (losses.astype(np.float64) + 1.0) / 2.0
    bets = _bets(scaled, confidence)
    goal = -np.log(1.0 - confidence)
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        mean = (low + high) / 2.0
        wealth = np.log1p(np.minimum(bets, 0.9 / (1.0 - mean)) * (mean - scaled)).cumsum().max()
        low, high = (low, mean) if wealth > goal else (mean, high)
    return 2.0 * high - 1.0


def macro_f1_bound(cells: Ints, confidence: float, *, n_resamples: int = 1000) -> float:
    """What the loss of macro-F1 is below, by the bootstrap: near enough for many posts, but not exact."""
    n = int(cells.sum())
    if not n:
        return 1.0
    draws = np.random.default_rng(0).multinomial(n, cells.ravel() / n, n_resamples)
    return float(np.quantile(macro_f1_loss(draws.reshape(-1, *cells.shape)), confidence))


def macro_f1_loss(cells: Ints) -> Floats:
    """By how much the macro-F1 of the cascade is below that of the last tier, for each table of cells."""
    return _macro_f1(cells.sum(axis=-2)) - _macro_f1(cells.sum(axis=-1))


def three_way(truth: Ints, answers: Ints, last: Ints, n_labels: int) -> Ints:
    """How many posts have each true label, answer of the cascade and answer of the last tier: the three axes."""
    flat = (truth * n_labels + answers) * n_labels + last
    return np.bincount(flat, minlength=n_labels**3).reshape((n_labels,) * 3).astype(np.int64)


def _macro_f1(matrices: Ints) -> Floats:
    """The mean F1 over labels of each confusion matrix in the last two axes; 0 for a label that nobody has."""
    right = matrices.diagonal(axis1=-2, axis2=-1)
    either = matrices.sum(axis=-2) + matrices.sum(axis=-1)
    means: Floats = (2.0 * right / np.maximum(either, 1)).mean(axis=-1)
    return means


def _bets(scaled: Floats, confidence: float) -> Floats:
    """How much is bet before each loss: less where those before it varied more."""
    n = len(scaled)
    seen = np.arange(1, n + 1)
    means = (0.5 + scaled.cumsum()) / (seen + 1)
    variances = (0.25 + ((scaled - means) ** 2).cumsum()) / (seen + 1)
    before = np.maximum(np.concatenate([[0.25], variances[:-1]]), _LEAST_SPREAD)
    bets: Floats = np.sqrt(2.0 * np.log(1.0 / (1.0 - confidence)) / (n * before))
    return bets
