"""Weights for an ensemble: those with the lowest log-loss on held-out posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn.cascade import Seen, look
from mizaj.learn.labelled import Labelled, Weights
from mizaj.learn.metrics import Counts, Floats
from mizaj.model.calibrate import Temperature
from mizaj.model.ensemble import Ensemble
from mizaj.model.folder import Described
from mizaj.model.members import Member

try:
    from scipy import optimize
except ImportError:
    optimize = None

_LEAST = 1e-7  # as in `model.ensemble`
_MOST_WEIGHT = 10.0  # where one member is never wrong, more would change nothing
_FEWEST = 20


def fit_ensemble(members: Sequence[Member], held_out: Labelled) -> tuple[Ensemble, Described]:
    """The members with the weights that fit held-out posts best, and what its folder is to say of it.

    The sum of the weights that are found is how sure the ensemble should be: it becomes its temperature, and the
    weights are divided by it. Posts count by their own weights. Raises `SettingError` for fewer than 20 posts,
    `ExtraMissing` without scipy.
    """
    if optimize is None:
        library = "scipy"
        raise ExtraMissing(library, extra="train")
    if held_out.n_rows < _FEWEST:
        msg = f"{held_out.n_rows} posts are too few for the weights of an ensemble; give {_FEWEST} at least"
        raise SettingError(msg)
    powers = _powers(look(members, held_out), held_out.weights)
    total = float(powers.sum())
    weights = tuple((powers / total).tolist())
    ensemble = _without_idle(Ensemble(tuple(members), weights))
    task = members[-1].described.task
    return ensemble, Described(task, Temperature(1.0 / total).to_dict())


def even_ensemble(members: Sequence[Member]) -> Ensemble:
    """The members with one weight for all, for want of held-out posts."""
    return Ensemble(tuple(members), (1.0 / len(members),) * len(members))


def macro_f1s(members: Sequence[Member], ensemble: Ensemble, posts: Labelled) -> dict[str, float]:
    """The macro-F1 of each member by its name, and that of the ensemble."""
    seen = look([*members, Member(ensemble.kind, ensemble)], posts)
    names = (*(member.name for member in members), ensemble.kind)
    return {
        name: Counts.of(seen.truth, said, labels=seen.labels).macro_f1
        for name, said in zip(names, seen.said, strict=True)
    }


def _without_idle(ensemble: Ensemble) -> Ensemble:
    """The ensemble without the members of weight 0, as far as two are left: they would be carried for nothing."""
    kept = [i for i, weight in enumerate(ensemble.weights) if weight > 0.0]
    if len(kept) < 2:
        return ensemble
    return replace(
        ensemble,
        members=tuple(ensemble.members[i] for i in kept),
        weights=tuple(ensemble.weights[i] for i in kept),
    )


def _powers(seen: Seen, counts: Weights) -> Floats:
    """The powers of the members' probabilities: a convex problem, as of a softmax with a weight for each member."""
    logits = np.log(np.maximum(np.stack(seen.probabilities).astype(np.float64), _LEAST))
    places = np.arange(len(seen.truth))
    shares = counts / counts.sum(dtype=np.float64)
    wanted = logits[:, places, seen.truth] @ shares

    def loss(powers: Floats) -> tuple[float, Floats]:
        mixed = np.tensordot(powers, logits, axes=1)
        highest = mixed.max(axis=1, keepdims=True)
        chances = np.exp(mixed - highest)
        totals = chances.sum(axis=1, keepdims=True)
        expected = (logits * (chances / totals)).sum(axis=2) @ shares
        value = float((highest + np.log(totals))[:, 0] @ shares - powers @ wanted)
        return value, expected - wanted

    n = len(logits)
    bounds = [(0.0, _MOST_WEIGHT)] * n
    found = optimize.minimize(loss, np.full(n, 1.0 / n), jac=True, bounds=bounds, method="L-BFGS-B")
    powers: Floats = found.x
    return powers if powers.sum() > _LEAST else np.full(n, _LEAST)
