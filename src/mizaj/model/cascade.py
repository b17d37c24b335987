"""Complete models in order of cost: each answers the posts it is sure of and leaves the rest to the next.

After Li et al., CascadeBERT (2021): whole models, each calibrated, rather than exits inside one, whose confidence
cannot be relied on at high speed. The thresholds are chosen, and what they may cost is bounded, by `learn.cascade`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from mizaj.errors import ModelError, SettingError
from mizaj.lexicon.columns import read_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.classifier import Answers, Contents, Probabilities
from mizaj.model.folder import Folder
from mizaj.model.members import MEMBERS, Member, load_members, pack_members
from mizaj.model.sureness import Sureness, rules_of

ALWAYS, NEVER = 0.0, 2.0
"""Thresholds that every confidence reaches, and that none does."""

ACCURACY, HARM, DISAGREEMENT, MACRO_F1 = "accuracy", "harm", "disagreement", "macro-f1"
LOSSES = (ACCURACY, HARM, DISAGREEMENT, MACRO_F1)
"""What may be lost against the last tier alone; `learn.cascade` says what each means."""


@dataclass(frozen=True)
class Point:
    """One setting of a cascade and what was seen with it on held-out posts.

    `shares`: of the posts, what each tier answered. `losses` and `bounds`, by the name of the loss: the loss seen, and
    what it is below with the cascade's confidence.
    """

    thresholds: tuple[float, ...]
    shares: tuple[float, ...]
    losses: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Mode:
    """What is asked of a cascade, at most one: how much may be lost, how fast it must be, or who answers.

    >>> Mode(accuracy_loss=0.005).loss
    'accuracy'
    """

    accuracy_loss: float | None = None
    posts_per_second: float | None = None
    tier: str | None = None
    loss: str = ACCURACY

    def __post_init__(self) -> None:
        wishes = {"accuracy_loss": self.accuracy_loss, "posts_per_second": self.posts_per_second}
        given = [name for name, wish in {**wishes, "tier": self.tier}.items() if wish is not None]
        if len(given) > 1:
            msg = f"{' and '.join(given)} are given; a cascade takes one of them at a time"
            raise SettingError(msg)
        for name, wish in wishes.items():
            if wish is not None and not wish > 0.0:
                msg = f"{name} is {wish}; it must be above 0"
                raise SettingError(msg)
        if self.accuracy_loss is not None and not self.accuracy_loss < 1.0:
            msg = f"accuracy_loss is {self.accuracy_loss}; it is a share below 1: half a point is 0.005"
            raise SettingError(msg)
        if self.loss not in LOSSES:
            msg = f"loss '{self.loss}' is not known; allowed: {', '.join(LOSSES)}"
            raise SettingError(msg)


@dataclass(frozen=True)
class Cascade:
    """A classifier of several tiers; `thresholds` has one for each but the last, which answers what is left.

    `sureness` says for each tier but the last how sure it is of a post; without, the highest probability does. Where
    the lexicon reads a post with doubt, every tier is less sure of it by `caution` (see `lowered`). `points` go from
    the safest to the boldest; their bounds hold with the probability `confidence`.
    """

    members: tuple[Member, ...]
    thresholds: tuple[float, ...]
    points: tuple[Point, ...] = ()
    confidence: float | None = None
    caution: float = 0.0
    sureness: tuple[Sureness, ...] = ()

    def __post_init__(self) -> None:
        for name, given in (("thresholds", self.thresholds), ("sureness", self.rules)):
            if len(given) != len(self.members) - 1:
                msg = f"{len(given)} {name} for {len(self.members)} tiers; give one for each but the last"
                raise ModelError(msg)

    @property
    def rules(self) -> tuple[Sureness, ...]:
        """How sure each tier is but the last."""
        return rules_of(self.sureness, len(self.members))

    @property
    def kind(self) -> str:
        """`cascade`."""
        return "cascade"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the last tier."""
        return self.members[-1].classifier.labels

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the tiers in order."""
        return tuple(member.name for member in self.members)

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """For each text the calibrated probabilities of the tier that answers it."""
        return self.answers(texts).probabilities

    def answers(self, texts: pa.Array, /) -> Answers:
        """The probabilities with the tier that gave them. A text's answer depends on nothing but the text."""
        proba = np.zeros((len(texts), len(self.labels)), np.float32)
        tiers = np.full(len(texts), len(self.members) - 1, np.int8)
        left = np.arange(len(texts))
        doubt = lowered(texts, self.caution)
        reading = None
        ways = zip((*self.thresholds, ALWAYS), (*self.rules, Sureness()), strict=True)
        for tier, (threshold, rule) in enumerate(ways):
            if threshold > 1.0 or not len(left):
                continue
            waiting = texts if len(left) == len(texts) else texts.take(pa.array(left))
            found = self.members[tier].answers(waiting, self.labels)
            reading = found.reading if waiting is texts else reading
            is_sure = rule(found.probabilities, doubt[left]) >= threshold
            proba[left[is_sure]] = found.probabilities[is_sure]
            tiers[left[is_sure]] = tier
            left = left[~is_sure]
        return Answers(proba, tiers, self.tiers, reading)

    def contents(self) -> Contents:
        """The tiers' folders, the thresholds, and what is known of others."""
        settings = {
            MEMBERS: list(self.tiers),
            "thresholds": list(self.thresholds),
            "confidence": self.confidence,
            "caution": self.caution,
            "sureness": [rule.lines for rule in self.sureness],
            "points": [asdict(point) for point in self.points],
        }
        return Contents(settings, pack_members(self.members))


def load(folder: Folder) -> Cascade:
    """The cascade in a folder. Raises `ModelError` where a tier is missing or what is said of it incomplete."""
    settings = folder.settings
    members = load_members(folder)
    try:
        thresholds = tuple(map(float, settings["thresholds"]))
        points = tuple(map(_point, settings["points"]))
        confidence = settings["confidence"] and float(settings["confidence"])
        caution = float(settings["caution"])
        sureness = tuple(map(_sureness, settings.get("sureness", [])))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{folder.path} is incomplete ({error}); copy the cascade or make it again"
        raise ModelError(msg) from error
    _check_labels(folder, sureness, len(members[-1].classifier.labels))
    return Cascade(members, thresholds, points, confidence, caution, sureness)


def lowered(texts: pa.Array, caution: float) -> Probabilities:
    """By how much every tier is less sure of each text: `caution` where there is irony, or emoji contradict words."""
    if not caution:
        return np.zeros(len(texts), np.float32)
    doubts = read_column(texts, load_scorer(LexiconSettings())).doubt
    return np.float32(caution) * (doubts > 0)


def tuned(cascade: Cascade, mode: Mode, speeds: Sequence[float] = ()) -> Cascade:
    """The cascade set as `mode` asks; as it is where nothing is asked.

    `accuracy_loss` takes the boldest point up to which every bound keeps to it: the last tier alone where none does.
    `posts_per_second` takes the safest point that is as fast, by the `speeds` of all points (see `model.pace`). Raises
    `SettingError` for a tier that is not there, a speed that no point reaches, a loss for which nothing was bounded.
    """
    if mode.tier is not None:
        return _only(cascade, mode.tier)
    if mode.accuracy_loss is not None:
        return _within(cascade, mode.accuracy_loss, mode.loss)
    if mode.posts_per_second is not None:
        return _as_fast(cascade, mode.posts_per_second, speeds)
    return cascade


def _only(cascade: Cascade, tier: str) -> Cascade:
    if tier not in cascade.tiers:
        msg = f"tier '{tier}' is not in this cascade; its tiers: {', '.join(cascade.tiers)}"
        raise SettingError(msg)
    place = cascade.tiers.index(tier)
    passed = [NEVER] * place + [ALWAYS] * (len(cascade.members) - 1 - place)
    return replace(cascade, thresholds=tuple(passed))


def _within(cascade: Cascade, allowed: float, loss: str) -> Cascade:
    known = [point for point in cascade.points if loss in point.bounds]
    if not known:
        losses = sorted({name for point in cascade.points for name in point.bounds})
        msg = f"this cascade has no bound for '{loss}', only for: {', '.join(losses) or 'none'}; use labelled posts"
        raise SettingError(msg)
    chosen = (NEVER,) * len(cascade.thresholds)
    for point in known:
        if point.bounds[loss] > allowed:
            break
        chosen = point.thresholds
    return replace(cascade, thresholds=chosen)


def _as_fast(cascade: Cascade, wanted: float, speeds: Sequence[float]) -> Cascade:
    for point, speed in zip(cascade.points, speeds, strict=True):
        if speed >= wanted:
            return replace(cascade, thresholds=point.thresholds)
    best = max(speeds, default=0.0)
    msg = f"{wanted:,.0f} posts per second are asked for; this cascade makes at most {best:,.0f} on this machine"
    raise SettingError(msg)


def _sureness(spelt: Sequence[Sequence[float]]) -> Sureness:
    return Sureness(tuple((float(a), float(b), float(c)) for a, b, c in spelt))


def _check_labels(folder: Folder, sureness: Sequence[Sureness], n_labels: int) -> None:
    for rule in sureness:
        if len(rule.lines) not in (1, n_labels):
            msg = f"{folder.path} has {len(rule.lines)} lines of sureness for {n_labels} labels; make it again"
            raise ModelError(msg)


def _point(spelt: Mapping[str, Any]) -> Point:
    return Point(
        tuple(map(float, spelt["thresholds"])),
        tuple(map(float, spelt["shares"])),
        {str(name): float(x) for name, x in spelt["losses"].items()},
        {str(name): float(x) for name, x in spelt["bounds"].items()},
    )
