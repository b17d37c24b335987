"""Thresholds for a cascade, and what it may lose against its last tier, with a stated probability.

Learn then Test (Angelopoulos et al., 2021): settings are gone through from the safest, where the last tier answers all,
to the boldest; for each there is a bound that the true loss is below with probability `confidence`; the boldest setting
is taken up to which every bound keeps to what may be lost. Because the order does not depend on the posts, the bounds
need no correction for their number: the chance that the loss of the setting taken is above what was asked for is at
most `1 - confidence`. To take the boldest that looks good enough breaks the limit far more often
(`benchmarks/cascade.py` prints how often).

How sure a tier is of a post, and its calibration, are learnt on other posts than those the bounds are found on.

The losses, each over all posts to be scored: `accuracy`, of the last tier minus that of the cascade; `harm`, the share
that the last tier answers rightly and the cascade wrongly; `disagreement`, the share answered otherwise, which needs
no labels; `macro-f1`, of the last tier minus that of the cascade, where the bound is a bootstrap's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.calibrate import CalibrateSettings, fit_calibration
from mizaj.learn.folds import fold_numbers
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Ints
from mizaj.learn.risk import macro_f1_bound, macro_f1_loss, mean_bound, share_bound, three_way
from mizaj.learn.sureness import fit_sureness
from mizaj.model.calibrate import Calibration, Uncalibrated
from mizaj.model.cascade import (
    ACCURACY,
    ALWAYS,
    DISAGREEMENT,
    HARM,
    LOSSES,
    MACRO_F1,
    NEVER,
    Cascade,
    Mode,
    Point,
    lowered,
    tuned,
)
from mizaj.model.classifier import Probabilities
from mizaj.model.members import Member
from mizaj.model.sureness import Sureness, rules_of

_UNLABELLED = -1
_FEWEST = 20  # posts: a quarter of them has to say something of each tier


@dataclass(frozen=True)
class CascadeSettings:
    """How thresholds are chosen: with which probability the bounds hold, and how far apart thresholds are.

    `caution`: by how much less sure the tiers are of posts with irony, or emoji that contradict the words. At an equal
    share of posts passed on it was worth nothing (`benchmarks/doubt.py`), save what the lexicon does for itself.
    `fitting_parts`: one of so many parts of the posts serves for calibration and sureness, and only the others for the
    thresholds; posts that served for both would make the bounds too low.
    """

    confidence: float = 0.9
    step: float = 0.01
    caution: float = 0.0
    losses: tuple[str, ...] = LOSSES
    fitting_parts: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("confidence", "step"):
            if not 0.0 < getattr(self, name) < 1.0:
                msg = f"{name} is {getattr(self, name)}; it must be above 0 and below 1"
                raise SettingError(msg)
        if not 0.0 <= self.caution <= 1.0:
            msg = f"caution is {self.caution}; it must be from 0 to 1"
            raise SettingError(msg)
        if not self.losses or set(self.losses) - set(LOSSES):
            msg = f"losses are {', '.join(self.losses) or 'none'}; allowed: {', '.join(LOSSES)}"
            raise SettingError(msg)
        if self.fitting_parts < 2:
            msg = f"fitting_parts is {self.fitting_parts}; it must be 2 or more"
            raise SettingError(msg)


DEFAULT = CascadeSettings()


@dataclass(frozen=True, eq=False)
class Seen:
    """What each tier says of the same posts, and their true labels by number: -1 for all where none are known.

    `doubt` is by how much the tiers are less sure of each post, with this `caution` (`model.cascade.lowered`);
    `sureness` how sure they are of it else, as in `Cascade`.
    """

    labels: tuple[str, ...]
    probabilities: tuple[Probabilities, ...]
    truth: Ints
    doubt: Probabilities
    caution: float = 0.0
    sureness: tuple[Sureness, ...] = ()

    @property
    def rules(self) -> tuple[Sureness, ...]:
        """How sure each tier is but the last."""
        return rules_of(self.sureness, len(self.probabilities))

    @cached_property
    def surest(self) -> tuple[Probabilities, ...]:
        """How sure each tier but the last is of each post."""
        tiers = zip(self.rules, self.probabilities, strict=False)  # of the last nobody asks it
        return tuple(rule(proba, self.doubt) for rule, proba in tiers)

    @cached_property
    def said(self) -> Ints:
        """The answer of each tier for each post: shape (tiers, posts)."""
        return np.stack([proba.argmax(axis=1) for proba in self.probabilities]).astype(np.int64)

    @property
    def is_labelled(self) -> bool:
        """Whether true labels are known."""
        return bool(len(self.truth)) and bool(self.truth.min() != _UNLABELLED)

    @property
    def last(self) -> Ints:
        """The answers of the last tier."""
        answers: Ints = self.said[-1]
        return answers

    def who(self, thresholds: Sequence[float]) -> Ints:
        """The number of the tier that answers each post; the same as `Cascade.answers` finds."""
        tiers = np.full(len(self.truth), len(self.probabilities) - 1)
        for tier in range(len(thresholds) - 1, -1, -1):
            tiers[self.surest[tier] >= thresholds[tier]] = tier
        return tiers

    def answers(self, thresholds: Sequence[float]) -> Ints:
        """The cascade's answer for each post."""
        found: Ints = self.said[self.who(thresholds), np.arange(len(self.truth))]
        return found

    def take(self, rows: Ints) -> Seen:
        """The posts at these places."""
        said = tuple(proba[rows] for proba in self.probabilities)
        return replace(self, probabilities=said, truth=self.truth[rows], doubt=self.doubt[rows])


def look(members: Sequence[Member], held_out: Labelled, caution: float = 0.0) -> Seen:
    """What the members say of held-out posts. Raises `SettingError` for labels that the members do not know."""
    labels = members[-1].classifier.labels
    unknown = set(held_out.labels) - set(labels)
    if unknown:
        msg = f"the posts have labels {', '.join(sorted(unknown))}; the models know {', '.join(labels)}"
        raise SettingError(msg)
    codes = np.array([labels.index(label) for label in held_out.labels], np.int64)
    return Seen(
        labels,
        tuple(member.probabilities(held_out.texts, labels) for member in members),
        codes[held_out.codes] if held_out.n_rows else held_out.codes,
        lowered(held_out.texts, caution),
        caution,
    )


def look_unlabelled(members: Sequence[Member], texts: pa.Array, caution: float = 0.0) -> Seen:
    """What the members say of posts without labels: enough to bound their disagreement."""
    labels = members[-1].classifier.labels
    said = tuple(member.probabilities(texts, labels) for member in members)
    truth = np.full(len(texts), _UNLABELLED, np.int64)
    return Seen(labels, said, truth, lowered(texts, caution), caution)


def build_cascade(
    members: Sequence[Member],
    held_out: Labelled,
    mode: Mode,
    settings: CascadeSettings = DEFAULT,
) -> Cascade:
    """The members, cheapest first, as a cascade set as `mode` asks.

    A part of the posts says how sure the tiers are, for the loss that is asked about, and calibrates those that are not
    calibrated yet; the others choose the thresholds. `mode` may ask for a loss or a tier; for a speed see `model.pace`.
    """
    ready = prepare(members, held_out, mode.loss, settings)
    return fit_cascade(ready.members, ready.seen, mode, settings)


@dataclass(frozen=True, eq=False)
class Ready:
    """Members that are calibrated, and what they say of the posts that did not serve for that: enough for bounds."""

    members: tuple[Member, ...]
    posts: Labelled
    seen: Seen


def prepare(
    members: Sequence[Member], held_out: Labelled, loss: str, settings: CascadeSettings = DEFAULT
) -> Ready:
    """The members made ready on a part of the posts, near-copies with it, for a cascade bounded in this `loss`."""
    seen = look(members, held_out, settings.caution)
    return prepare_seen(members, held_out, seen, loss, settings)


def prepare_seen(
    members: Sequence[Member],
    held_out: Labelled,
    seen: Seen,
    loss: str,
    settings: CascadeSettings = DEFAULT,
) -> Ready:
    """The same, where it is known already what the members say of the posts. Raises `SettingError` for under 20."""
    if held_out.n_rows < _FEWEST:
        msg = f"{held_out.n_rows} labelled posts are too few for a cascade; give {_FEWEST} at least, best thousands"
        raise SettingError(msg)
    texts, codes = held_out.texts.to_pylist(), held_out.codes.tolist()
    parts = fold_numbers(texts, codes, n_folds=settings.fitting_parts, seed=settings.seed)
    first, rest = np.flatnonzero(parts == 0), np.flatnonzero(parts != 0)
    fitted = fit_members(members, seen.take(first), loss)
    return Ready(fitted.members, held_out.take(rest), fitted(seen.take(rest)))


@dataclass(frozen=True)
class Fitted:
    """Members that are calibrated, and how sure each of them is but the last; what they say of posts is made so too."""

    members: tuple[Member, ...]
    sureness: tuple[Sureness, ...]
    calibrations: tuple[Calibration, ...]

    def __call__(self, seen: Seen) -> Seen:
        """What was seen of the members before, as they are now."""
        pairs = zip(self.calibrations, seen.probabilities, strict=True)
        said = tuple(calibration(proba) for calibration, proba in pairs)
        return replace(seen, probabilities=said, sureness=self.sureness)


def fit_members(members: Sequence[Member], seen: Seen, loss: str) -> Fitted:
    """The members calibrated where they were not, and sure as far as answering loses little, by what they said here."""
    pairs = zip(members, seen.probabilities, strict=True)
    calibrations = tuple(_calibration(member, proba, seen.truth) for member, proba in pairs)
    calibrated = tuple(map(_with, members, calibrations))
    said = Fitted(calibrated, (), calibrations)(seen)
    sureness = tuple(
        fit_sureness(proba, _LOST[loss](seen.truth, answers, seen.last))
        for proba, answers in zip(said.probabilities[:-1], said.said, strict=False)
    )
    return Fitted(calibrated, sureness, calibrations)


def fit_cascade(
    members: Sequence[Member], seen: Seen, mode: Mode, settings: CascadeSettings = DEFAULT
) -> Cascade:
    """The cascade of these members, with bounds from what they said of posts that no tier has learnt from."""
    points = bounded_points(seen, settings)
    never = (NEVER,) * (len(members) - 1)
    safe = Cascade(
        tuple(members), never, points, settings.confidence, seen.caution, sureness=seen.rules
    )
    return tuned(safe, mode)


def bounded_points(seen: Seen, settings: CascadeSettings = DEFAULT) -> tuple[Point, ...]:
    """The points from the safest to the boldest, one threshold for all tiers, with their losses and bounds."""
    # A bound by betting is close only where posts of all sources come mixed.
    mixed = seen.take(np.random.default_rng(settings.seed).permutation(len(seen.truth)))
    return tuple(point_at(mixed, each, settings) for each in path(seen, settings.step))


def path(seen: Seen, step: float) -> list[tuple[float, ...]]:
    """Thresholds from the safest to the boldest: one for all tiers, as how sure they are means the same in each.

    They divide what the tiers can be sure of into steps of this share of it, whatever the posts are.
    """
    ends = [rule.ends(len(seen.labels)) for rule in seen.rules]
    lowest, highest = min(low for low, _ in ends), max(high for _, high in ends)
    between = highest - (highest - lowest) * np.arange(step, 1.0, step)
    return [(value,) * len(ends) for value in (NEVER, *between.round(6).tolist(), ALWAYS)]


def point_at(seen: Seen, thresholds: tuple[float, ...], settings: CascadeSettings) -> Point:
    """What was seen at these thresholds, and what each loss is below with the probability `confidence`."""
    tiers = seen.who(thresholds)
    shares = np.bincount(tiers, minlength=len(seen.probabilities)) / max(len(tiers), 1)
    answers = seen.answers(thresholds)
    found = {
        name: loss(seen, answers, settings.confidence)
        for name, loss in _BOUNDED.items()
        if name in settings.losses and (seen.is_labelled or name == DISAGREEMENT)
    }
    return Point(
        thresholds,
        tuple(shares.tolist()),
        {name: loss for name, (loss, _) in found.items()},
        {name: bound for name, (_, bound) in found.items()},
    )


def _accuracy(seen: Seen, answers: Ints, confidence: float) -> tuple[float, float]:
    losses = _less_right(seen.truth, answers, seen.last)
    return float(losses.mean()), mean_bound(losses, confidence)


def _harm(seen: Seen, answers: Ints, confidence: float) -> tuple[float, float]:
    return _share(_harmed(seen.truth, answers, seen.last), confidence)


def _disagreement(seen: Seen, answers: Ints, confidence: float) -> tuple[float, float]:
    return _share(_other(seen.truth, answers, seen.last), confidence)


def _macro_f1(seen: Seen, answers: Ints, confidence: float) -> tuple[float, float]:
    cells = three_way(seen.truth, answers, seen.last, len(seen.labels))
    return float(macro_f1_loss(cells)), macro_f1_bound(cells, confidence)


_BOUNDED = {
    ACCURACY: _accuracy,
    HARM: _harm,
    DISAGREEMENT: _disagreement,
    MACRO_F1: _macro_f1,
}
"""What was seen by tiers, the cascade's answers, confidence: the loss that was seen, and its bound."""


def _share(is_lost: NDArray[np.int8], confidence: float) -> tuple[float, float]:
    n_lost, n = int(is_lost.sum()), len(is_lost)
    return n_lost / max(n, 1), share_bound(n_lost, n, confidence)


def _less_right(truth: Ints, answers: Ints, last: Ints) -> NDArray[np.int8]:
    lost: NDArray[np.int8] = (last == truth).astype(np.int8) - (answers == truth).astype(np.int8)
    return lost


def _harmed(truth: Ints, answers: Ints, last: Ints) -> NDArray[np.int8]:
    lost: NDArray[np.int8] = ((last == truth) & (answers != truth)).astype(np.int8)
    return lost


def _other(_truth: Ints, answers: Ints, last: Ints) -> NDArray[np.int8]:
    lost: NDArray[np.int8] = (answers != last).astype(np.int8)
    return lost


_LOST = {ACCURACY: _less_right, HARM: _harmed, DISAGREEMENT: _other, MACRO_F1: _less_right}
"""What is lost on each post by these answers in place of the last tier's; by macro-F1, near enough."""


def _calibration(member: Member, proba: Probabilities, truth: Ints) -> Calibration:
    """What has to be done to what the member says: nothing, if it is calibrated."""
    if member.described.calibration:
        return Uncalibrated()
    return fit_calibration(proba, truth, CalibrateSettings("temperature"))


def _with(member: Member, calibration: Calibration) -> Member:
    if member.described.calibration:
        return member
    # Its columns may come in another order, to which a temperature is all one.
    described = replace(member.described, calibration=calibration.to_dict())
    return replace(member, described=described)
