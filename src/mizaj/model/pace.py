"""How fast a cascade is on this machine, at each of its points."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mizaj.errors import SettingError
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.cascade import Cascade, Mode, lowered, tuned
from mizaj.model.classifier import Probabilities
from mizaj.model.score import ModelScore, load_model
from mizaj.model.sureness import Sureness
from mizaj.sample import sample_path

_WARM_UP = 16  # posts: what is opened at the first call is not the pace
_MOST_TIMES, _LONG_ENOUGH_S = 5, 0.5
"""A cheap tier is done in milliseconds, in which a busy machine may do something else."""


@dataclass(frozen=True)
class Pace:
    """Seconds a post by tier, what comes on top for each post, and posts a second at each point of the cascade."""

    tiers: tuple[float, ...]
    language: float
    points: tuple[float, ...]


def measure_pace(
    cascade: Cascade, texts: pa.Array, now: Callable[[], float] = time.perf_counter
) -> Pace:
    """The pace on posts like these, in one process; a few thousand posts are plenty. Raises `SettingError` for none.

    Each tier reads all of the texts, once if that takes half a second, so the time that the dearest takes for them is
    what measuring takes.
    """
    if not len(texts):
        msg = "no posts to measure the pace on; give some that are like those to be scored"
        raise SettingError(msg)
    scorer = load_scorer(LexiconSettings())
    _, language = _timed(lambda part: score_column(part, scorer), texts, now)
    doubt = lowered(texts, cascade.caution)
    costs, surest = np.zeros(len(cascade.members)), []
    ways = zip(cascade.members, (*cascade.rules, Sureness()), strict=True)
    for tier, (member, rule) in enumerate(ways):
        read = partial(member.probabilities, labels=cascade.labels)
        proba, costs[tier] = _timed(read, texts, now)
        surest.append(rule(proba, doubt))
    reached = (reach(surest, point.thresholds) for point in cascade.points)
    points = tuple(1.0 / float(language + costs @ shares) for shares in reached)
    return Pace(tuple(costs.tolist()), language, points)


def thresholds_for(
    cascade: Cascade, mode: Mode, texts: pa.Array | None = None
) -> tuple[float, ...]:
    """The thresholds that `mode` asks for, for the step that scores; a speed is measured on `texts`, else on samples.

    Resolve it once, before the posts are scored: every process must answer alike.
    """
    if mode.posts_per_second is None:
        return tuned(cascade, mode).thresholds
    pace = measure_pace(cascade, _samples() if texts is None else texts)
    return tuned(cascade, mode, pace.points).thresholds


def cascade_step(path: str, text: str, mode: Mode) -> ModelScore:
    """The step that scores the column `text` with the cascade in the folder `path`, set once as `mode` asks.

    Raises `SettingError` for a model that is no cascade, and for what the cascade cannot keep to.
    """
    return ModelScore(path, text, thresholds_for(load_model(Path(path)).cascade, mode))


def _samples() -> pa.Array:
    lines = sample_path().read_text(encoding="utf-8").splitlines()
    return pa.array([json.loads(line)["text"] for line in lines], pa.string())


def reach(surest: list[Probabilities], thresholds: tuple[float, ...]) -> np.ndarray:
    """The share of the posts that each tier reads, from how sure each tier is of them."""
    is_left = np.ones(len(surest[0]), bool)
    shares = []
    for sure, threshold in zip(surest, (*thresholds, 0.0), strict=True):
        shares.append(is_left.mean() if threshold <= 1.0 else 0.0)  # else nobody asks this tier
        is_left &= sure < threshold
    return np.array(shares)


def _timed(
    work: Callable[[pa.Array], Any], texts: pa.Array, now: Callable[[], float]
) -> tuple[Any, float]:
    """What the work gives, and the seconds it takes for a text: the best of several times where that is soon done."""
    work(texts[:_WARM_UP])
    spent: list[float] = []
    while len(spent) < _MOST_TIMES and sum(spent) < _LONG_ENOUGH_S:
        start = now()
        found = work(texts)
        spent.append(now() - start)
    return found, min(spent) / len(texts)
