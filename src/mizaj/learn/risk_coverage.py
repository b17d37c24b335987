"""How often the early tiers of a cascade are wrong over how many posts they answer, by language and mixing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mizaj.batch import CMI, LANGUAGE
from mizaj.learn.cascade import Seen
from mizaj.learn.grouping import cmi_bands
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.cascade import Point


@dataclass(frozen=True)
class Curve:
    """A group of posts: at each threshold, the share answered before the last tier, and how often wrongly.

    `risk` is the share of wrong answers among those `coverage` says, `last_risk` what the last tier gets wrong of
    the same posts; both are 0 where there are none.
    """

    n_rows: int
    thresholds: tuple[float, ...]
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    last_risk: tuple[float, ...]


def risk_coverage(
    seen: Seen, groups: Sequence[str], points: Sequence[Point]
) -> Mapping[str, Curve]:
    """The curve of each group of labelled posts: language and label go together, so one curve for all misleads."""
    names = np.array(groups, dtype=object)
    return {
        name: _curve(seen.take(np.flatnonzero(names == name)), points)
        for name in sorted(set(groups))
    }


def _curve(seen: Seen, points: Sequence[Point]) -> Curve:
    is_wrong = seen.said != seen.truth
    places = np.arange(len(seen.truth))
    coverage, risk, last_risk = [], [], []
    for point in points:
        tiers = seen.who(point.thresholds)
        is_early = tiers < len(seen.probabilities) - 1
        n_early = max(int(is_early.sum()), 1)
        coverage.append(float(is_early.mean()))
        risk.append(float(is_wrong[tiers, places][is_early].sum() / n_early))
        last_risk.append(float(is_wrong[-1][is_early].sum() / n_early))
    thresholds = tuple(point.thresholds[0] for point in points)
    return Curve(len(places), thresholds, tuple(coverage), tuple(risk), tuple(last_risk))


def groups_of(texts: pa.Array) -> dict[str, list[str]]:
    """The language and the band of code-mixing of each text, by the names of their columns."""
    language, cmi = score_column(texts, load_scorer(LexiconSettings()))[-2:]
    bands = cmi_bands(cmi.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return {LANGUAGE.name: language.cast(pa.string()).to_pylist(), CMI.name: bands.tolist()}
