"""What the linear model learns from the lexicon's reading of a post: some fifty figures, all between -5 and 5.

The dictionaries and rules read the post first, with the figures that people wrote into the dictionaries, not those
fitted on labelled posts: a model trained on the same posts would trust the fitted ones too much (decision 0010).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mizaj.lexicon.entries import LANGUAGES
from mizaj.lexicon.twin import LexiconToken, Result
from mizaj.model import ngrams
from mizaj.text.tokens import KIND_NAMES

RULES = ("negated", "intensified", "damped", "emphasised", "contrasted", "conceded", "questioned",
         "supposed", "wished", "mocked", "repeated", "ironic", "idle", "hollow")  # fmt: skip
"""The rules by the bit that each leaves in `fired`, lowest first."""

VERDICT = ("root", "positive", "neutral", "negative", "praise", "blame", "highest", "lowest",
           "first", "last")  # fmt: skip
"""What the rules make of a post. These stand twice, the second time over the root of its length: the shorter a post,
the more its answer should be the rules', and data sets have too few short posts to teach that by n-grams."""

NAMES = (
    *VERDICT,
    *("n_opinions", "n_turned", "doubt", "n_words"),
    *(f"n_{kind}" for kind in KIND_NAMES),
    *(f"n_{language}" for language in LANGUAGES),
    *RULES,
    *(f"{name}_if_short" for name in VERDICT),
)
"""The figures in their order."""

MOST_COUNTED = 63


def signals(tokens: Sequence[LexiconToken], result: Result) -> list[float]:
    """The figures of a post, from the tokens that the rules look at and their result."""
    opinions = [token.polarity * token.factor for token in tokens if token.polarity]
    fired = 0
    for token in tokens:
        fired |= token.fired
    praise = sum(each for each in opinions if each > 0)
    blame = -sum(each for each in opinions if each < 0)
    ends = (opinions[0], opinions[-1]) if opinions else (0.0, 0.0)
    sides = (max(opinions, default=0.0), min(opinions, default=0.0), *ends)
    n_turned = sum(1 for token in tokens if token.polarity and token.factor < 0)
    counts = [len(opinions), n_turned, result.doubt, result.n_words]
    verdict = [
        squashed(result.root),
        *(result.positive, result.neutral, result.negative),
        *map(squashed, (praise, blame, *sides)),
    ]
    share = ngrams.share(sum(result.n_of_kind))
    return [
        *verdict,
        *map(counted, (*counts, *result.n_of_kind[: len(KIND_NAMES)], *result.n_by_language)),
        *(float(fired >> bit & 1) for bit in range(len(RULES))),
        *(share * figure for figure in verdict),
    ]


def squashed(value: float) -> float:
    """A figure of any size between -1 and 1."""
    return value / (1.0 + abs(value))


def counted(n: int) -> float:
    """A count on a scale where the first ones tell most, at most that of `MOST_COUNTED`."""
    return math.log1p(min(n, MOST_COUNTED))
