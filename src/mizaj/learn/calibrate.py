"""Calibration fitted on held-out posts: what turns a model's probabilities into how often it is right.

Needs nothing but numpy: a temperature is one convex number, an isotonic line pools neighbours until it rises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.evaluation import Evaluation
from mizaj.learn.folds import fold_numbers
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Floats, Ints
from mizaj.learn.reliability import Reliability
from mizaj.model.calibrate import Calibration, Isotonic, Temperature, Uncalibrated
from mizaj.model.classifier import Probabilities

Method = Literal["none", "temperature", "isotonic", "auto"]
METHODS: tuple[Method, ...] = ("none", "temperature", "isotonic", "auto")

_LEAST = 1e-7  # as in `model.calibrate`
_COOLEST, _HOTTEST = (
    0.02,
    50.0,
)  # bounds of 1 / temperature: beyond, every answer is sure or none is
_ROUNDS = 50
_CLOSE = 1e-9
_FEWEST = 20  # posts: fewer say nothing about probabilities


@dataclass(frozen=True)
class CalibrateSettings:
    """How to calibrate: `auto` takes what has the lowest log-loss on posts that it was not fitted on."""

    method: Method = "auto"
    n_folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            msg = f"method '{self.method}' is not known; allowed: {', '.join(METHODS)}"
            raise SettingError(msg)
        if self.n_folds < 2:
            msg = f"n_folds is {self.n_folds}; it must be 2 or more"
            raise SettingError(msg)


DEFAULT = CalibrateSettings()


@dataclass(frozen=True)
class Calibrated:
    """A calibration, and what it is worth on posts it was not fitted on.

    `log_losses`: of each method tried, `none` among them. `before`, `after`: the model's answers without and with it,
    evaluated. Isotonic lines may change answers, a temperature does not.
    """

    method: str
    calibration: Calibration
    log_losses: Mapping[str, float]
    before: Evaluation
    after: Evaluation


def calibrate(
    proba: Probabilities, held_out: Labelled, settings: CalibrateSettings = DEFAULT
) -> Calibrated:
    """The calibration for a model that gave these probabilities, not calibrated, for held-out posts.

    What it is worth is found by folds, near-copies of a post in one of them; then it is fitted on all of the posts.
    Raises `SettingError` for fewer than 20 posts.
    """
    folds = fold_numbers(
        held_out.texts.to_pylist(),
        held_out.codes.tolist(),
        n_folds=_check_enough(held_out, settings.n_folds),
        seed=settings.seed,
    )
    tried = ("temperature", "isotonic") if settings.method == "auto" else (settings.method,)
    crossed = {m: _cross_fitted(proba, held_out.codes, folds, m) for m in ("none", *tried)}
    losses = {method: log_loss(each, held_out.codes) for method, each in crossed.items()}
    chosen = min(losses, key=losses.__getitem__) if settings.method == "auto" else settings.method
    return Calibrated(
        chosen,
        fit_calibration(proba, held_out.codes, replace(settings, method=_known(chosen))),
        losses,
        _evaluated("before", proba, held_out),
        _evaluated("after", crossed[chosen], held_out),
    )


def fit_calibration(
    proba: Probabilities, truth: Ints, settings: CalibrateSettings = DEFAULT
) -> Calibration:
    """The calibration of one method, fitted on all of the posts; `auto` needs `calibrate`."""
    if settings.method not in FITTERS:
        msg = f"method '{settings.method}' cannot be fitted at once; allowed: {', '.join(FITTERS)}"
        raise SettingError(msg)
    return FITTERS[settings.method](proba, truth)


def fit_temperature(proba: Probabilities, truth: Ints) -> Temperature:
    """The temperature with the lowest log-loss, by Newton's method on its inverse, in which the loss is convex.

    >>> proba = np.array([[0.99, 0.01]] * 10, np.float32)
    >>> round(fit_temperature(proba, np.array([0] * 8 + [1] * 2)).value, 2)
    3.31
    """
    logits = np.log(np.maximum(proba.astype(np.float64), _LEAST))
    wanted = logits[np.arange(len(truth)), truth]
    low, high, inverse = _COOLEST, _HOTTEST, 1.0
    for _ in range(_ROUNDS):
        powers = np.exp(inverse * (logits - logits.max(axis=1, keepdims=True)))
        chances = powers / powers.sum(axis=1, keepdims=True)
        expected = (chances * logits).sum(axis=1)
        slope = float((expected - wanted).mean())
        low, high = (inverse, high) if slope < 0.0 else (low, inverse)
        bend = float((chances * logits**2).sum(axis=1).mean() - (expected**2).mean())
        step = inverse - slope / bend if bend > 0.0 else (low + high) / 2
        last, inverse = inverse, step if low < step < high else (low + high) / 2
        if abs(inverse - last) < _CLOSE:
            break
    return Temperature(1.0 / inverse)


def fit_isotonic(proba: Probabilities, truth: Ints) -> Isotonic:
    """A rising line for each label, from its probability to how often it was the label there.

    No value is nearer to 0 or 1 than one post in all of them could show: a certainty that is wrong once costs more than
    all others gain.
    """
    edge = 1.0 / (len(truth) + 2)
    lines = [_rising(proba[:, k], truth == k) for k in range(proba.shape[1])]
    return Isotonic(
        tuple(tuple(places.tolist()) for places, _ in lines),
        tuple(tuple(values.clip(edge, 1.0 - edge).tolist()) for _, values in lines),
    )


FITTERS: Mapping[str, Callable[[Probabilities, Ints], Calibration]] = {
    "none": lambda _proba, _truth: Uncalibrated(),
    "temperature": fit_temperature,
    "isotonic": fit_isotonic,
}
"""How each method is fitted."""


def log_loss(proba: Probabilities, truth: Ints) -> float:
    """The mean of minus the logarithm of what the true label was given."""
    return float(-np.log(np.maximum(proba[np.arange(len(truth)), truth], _LEAST)).mean())


def _check_enough(held_out: Labelled, n_folds: int) -> int:
    if held_out.n_rows < max(_FEWEST, n_folds):
        msg = f"{held_out.n_rows} labelled posts are too few to calibrate on; give {_FEWEST} at least, best thousands"
        raise SettingError(msg)
    return n_folds


def _known(method: str) -> Method:
    return next(known for known in METHODS if known == method)


def _cross_fitted(proba: Probabilities, truth: Ints, folds: Ints, method: str) -> Probabilities:
    """Each post's probabilities by a calibration that was fitted on the other folds."""
    found = np.empty_like(proba)
    for fold in range(int(folds.max()) + 1):
        held = folds == fold
        found[held] = FITTERS[method](proba[~held], truth[~held])(proba[held])
    return found


def _evaluated(name: str, proba: Probabilities, held_out: Labelled) -> Evaluation:
    answers = proba.argmax(axis=1)
    sure = proba.max(axis=1).astype(np.float64)
    return Evaluation(
        name,
        Counts.of(held_out.codes, answers, labels=held_out.labels),
        groups={},
        left_out={},
        calibration=Reliability.of(sure, answers == held_out.codes),
    )


def _rising(given: Probabilities, is_label: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Corners of the rising steps nearest to what was seen: neighbours that fall are pooled (Ayer et al., 1955)."""
    places, where = np.unique(given, return_inverse=True)
    counts = np.bincount(where).astype(np.float64)
    pools: list[tuple[float, float, int]] = []  # the share, of how many posts, up to which place
    shares = np.bincount(where, weights=is_label) / counts
    for place, (share, n) in enumerate(zip(shares.tolist(), counts.tolist(), strict=True)):
        pool = (share, n, place)
        while pools and pools[-1][0] >= pool[0]:
            value, m, _ = pools.pop()
            total = m + pool[1]
            pool = ((value * m + pool[0] * pool[1]) / total, total, place)
        pools.append(pool)
    ends = np.array([pool[2] for pool in pools])
    starts = np.concatenate([[0], ends[:-1] + 1])
    values = np.array([pool[0] for pool in pools])
    # a step has two corners, one where it is a single place
    corners = np.stack([starts, ends], axis=1).ravel()
    kept = np.concatenate([[True], corners[1:] != corners[:-1]])
    return places[corners].astype(np.float64)[kept], np.repeat(values, 2)[kept]
