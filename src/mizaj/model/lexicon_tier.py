"""The dictionaries and rules as a classifier among the learned ones, so that a cascade can begin with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mizaj.errors import ModelError
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.entries import LABELS
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.scorer import (
    DEFAULT_RULES,
    TIER,
    LexiconSettings,
    Scorer,
    load_scorer,
    scorer_of,
)
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import Folder

PACKED = "lexicon.lex"


@dataclass(frozen=True)
class LexiconTier:
    """A classifier of polarity by a lexicon; nothing in it is trained."""

    scorer: Scorer

    @property
    def kind(self) -> str:
        """`lexicon`."""
        return TIER

    @property
    def labels(self) -> tuple[str, ...]:
        """Negative, neutral, positive."""
        return LABELS

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """The three probabilities, from the two figures that scoring writes of them."""
        sentiment, score, confidence = score_column(texts, self.scorer)[:3]
        return three_of(
            np.asarray(sentiment.indices),
            score.to_numpy(zero_copy_only=False),
            confidence.to_numpy(zero_copy_only=False),
        )

    def contents(self) -> Contents:
        """The packed dictionaries: the tier stays the same when those that ship with mizaj change."""
        return Contents({}, {PACKED: bytes(self.scorer.lexicon.content)})


def load(folder: Folder) -> LexiconTier:
    """The lexicon in a folder. Raises `LexiconError` for one that this version cannot read."""
    return LexiconTier(scorer_of(Lexicon.open(folder.file(PACKED)), LexiconSettings()))


def lexicon_tier(settings: LexiconSettings | None = None) -> LexiconTier:
    """The shipped dictionaries, or those of `settings`.

    Raises `ModelError` for the paper's rules: they give no probabilities.

    >>> lexicon_tier().probabilities(pa.array(["bahut accha"])).argmax()
    np.int64(2)
    """
    settings = settings or LexiconSettings()
    if settings.rules != DEFAULT_RULES:
        msg = f"rules '{settings.rules}' give no probabilities; allowed for a tier: {DEFAULT_RULES}"
        raise ModelError(msg)
    return LexiconTier(load_scorer(settings))


def three_of(codes: np.ndarray, score: Probabilities, confidence: Probabilities) -> Probabilities:
    """P(negative), P(neutral), P(positive) from the likeliest, P(positive) - P(negative) and the highest of them."""
    neutral = LABELS.index("neutral")
    # two of the three are known from the answer; for neutral, the sum of the other two and their difference are
    both = np.where(codes == neutral, 1.0 - confidence, 2.0 * confidence - np.abs(score))
    three = np.stack([(both - score) / 2, 1.0 - both, (both + score) / 2], axis=1)
    return np.maximum(three, 0.0).astype(np.float32)
