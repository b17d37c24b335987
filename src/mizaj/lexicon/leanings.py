"""How far a word leans to positive or negative, by the company it keeps (Turney 2002)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import erf, log, sqrt

from mizaj.lexicon.entries import POLARITY_LIMIT

_FEWEST_FOR_SLOPE = 30
_DEFAULT_SLOPE = 1.0
"""Polarity for each nat of log-odds where the corpus holds too few known words to tell."""


@dataclass(slots=True)
class Tally:
    """How many posts hold a word, and how many of them are in positive and in negative company."""

    count: int = 0
    positive: int = 0
    negative: int = 0

    def add(self, sign: int) -> None:
        """Count one more post."""
        self.count += 1
        self.positive += sign > 0
        self.negative += sign < 0


@dataclass(frozen=True)
class Leanings:
    """The measure for one corpus.

    `share` is how many of the posts with an opinion are positive, `smoothing` how many such posts
    every word is thought to stand in as well, `min_z` from how many standard errors and
    `min_polarity` from how much polarity on a leaning counts, `slope` how much polarity a nat of it
    is worth.

    >>> leanings = Leanings(share=0.5)
    >>> round(leanings.log_odds(Tally(10, 9, 1)), 2), round(leanings.z(Tally(10, 9, 1)), 2)
    (1.85, 2.53)
    """

    share: float
    smoothing: float = 1.0
    min_z: float = 1.96
    min_polarity: float = 0.5
    slope: float = _DEFAULT_SLOPE

    def log_odds(self, tally: Tally) -> float:
        """PMI with positive less PMI with negative company, in nats; 0 without both companies."""
        if not 0 < self.share < 1:
            return 0.0
        positive, negative = self._smoothed(tally)
        return log(positive / negative) - log(self.share / (1 - self.share))

    def z(self, tally: Tally) -> float:
        """The leaning in standard errors: positive posts over those that chance would give.

        A score test, as the log-odds over their own error say little of a word that is never seen
        in one of the companies.
        """
        n_leaning = tally.positive + tally.negative
        if not n_leaning or not 0 < self.share < 1:
            return 0.0
        by_chance = n_leaning * self.share
        return (tally.positive - by_chance) / sqrt(by_chance * (1 - self.share))

    def certainty(self, tally: Tally) -> float:
        """The probability that a leaning this strong is no chance."""
        return erf(abs(self.z(tally)) / sqrt(2))

    def polarity(self, tally: Tally) -> float:
        """The polarity to suggest; 0 for a leaning that may be chance or is too slight to matter."""
        value = self.slope * self.log_odds(tally)
        if abs(self.z(tally)) < self.min_z or abs(value) < self.min_polarity:
            return 0.0
        return round(max(-POLARITY_LIMIT, min(POLARITY_LIMIT, value)), 1)

    def fit(self, known: Iterable[tuple[Tally, float]]) -> float:
        """The slope at which known words, by tally and polarity, are told best.

        Least squares through zero, each word weighing as much as the posts that hold it. Not below
        0: where known words lean the wrong way, company tells nothing.
        """
        pairs = [(tally.count, self.log_odds(tally), polarity) for tally, polarity in known]
        spread = sum(weight * odds * odds for weight, odds, _ in pairs)
        if len(pairs) < _FEWEST_FOR_SLOPE or not spread:
            return _DEFAULT_SLOPE
        return max(0.0, sum(weight * odds * value for weight, odds, value in pairs) / spread)

    def _smoothed(self, tally: Tally) -> tuple[float, float]:
        return (
            tally.positive + self.smoothing * self.share,
            tally.negative + self.smoothing * (1 - self.share),
        )
