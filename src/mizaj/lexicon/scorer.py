"""One post scored by the dictionaries: the compiled kernel where it is built, its plain-Python twin elsewhere."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj.errors import SettingError
from mizaj.lexicon import paper, twin
from mizaj.lexicon.entries import LABELS, LANGUAGES
from mizaj.lexicon.kept import open_lexicon
from mizaj.lexicon.packed import Lexicon
from mizaj.text.language import post_language
from mizaj.text.tokens import compatible

try:
    from mizaj.lexicon._kernel import Kernel
except ImportError:
    Kernel = None  # type: ignore[assignment, misc]

TIER = "lexicon"
DEFAULT_RULES = "default"
RULES = (DEFAULT_RULES, *paper.VARIANTS)
SLOW = (
    "mizaj was installed without its compiled kernel, so posts are scored in plain Python, very much slower; "
    "install a C compiler (Debian: apt-get install gcc python3-dev), then install mizaj again"
)
_N_SYMBOL = LANGUAGES.index("symbol")


@dataclass(frozen=True)
class LexiconSettings:
    """Which dictionaries and rules: your own TSV or packed files, a domain pack, `default` or a paper variant.

    >>> LexiconSettings(rules="paper-table").domain is None
    True
    """

    files: tuple[Path, ...] = ()
    domain: str | None = None
    rules: str = DEFAULT_RULES

    def __post_init__(self) -> None:
        if self.rules not in RULES:
            msg = f"rules '{self.rules}' are not known; allowed: {', '.join(RULES)}"
            raise SettingError(msg)


@dataclass(frozen=True)
class Answer:
    """What the model says of one post; the fields are the columns that scoring adds."""

    sentiment: str
    score: float
    confidence: float
    tier: str
    language: str
    cmi: float


@dataclass(frozen=True)
class Reading:
    """A post with everything that led to its answer: tokens after the rules, and the result at the root."""

    text: str
    tokens: tuple[twin.LexiconToken, ...]
    result: twin.Result


@dataclass(frozen=True)
class Scorer:
    """A lexicon with its rules, ready to score."""

    settings: LexiconSettings
    lexicon: Lexicon
    kernel: Kernel | None

    def read(self, text: str) -> Reading:
        """The post's tokens with what dictionaries and default rules make of each, and the result."""
        plain = compatible(text)
        if self.kernel is None:
            tokens, result = twin.score_text(plain, self.lexicon)
            return Reading(plain, tuple(tokens), result)
        fields, found, counts = self.kernel.read(_encoded(plain))
        return Reading(plain, _tokens(plain, fields), twin.Result(**found, n_by_language=counts))

    def answer(self, text: str) -> Answer:
        """Sentiment, score, confidence and language of one post."""
        plain = compatible(text)
        if self.kernel is None:
            return self.judge(text, twin.score_text(plain, self.lexicon)[1])
        # The tokens are left as the kernel gives them: to make objects of them takes five times as long.
        _, found, counts = self.kernel.read(_encoded(plain))
        return self.judge(text, twin.Result(**found, n_by_language=counts))

    def judge(self, text: str, result: twin.Result) -> Answer:
        """The answer for a post of which this is the result of reading it."""
        language, cmi = mixing(result.n_by_language)
        if self.settings.rules != DEFAULT_RULES:
            paper_score = paper.score_paper(text, self.lexicon, self.settings.rules)
            score = float(max(-1, min(1, paper_score.total)))
            return Answer(paper_score.sentiment, score, 1.0, self.settings.rules, language, cmi)
        score = result.positive - result.negative
        return Answer(LABELS[result.label], score, result.confidence, TIER, language, cmi)


@functools.cache
def load_scorer(settings: LexiconSettings) -> Scorer:
    """The scorer for these settings, made once a process; warns where the compiled kernel is missing."""
    return scorer_of(open_lexicon(settings.files, settings.domain), settings)


def scorer_of(lexicon: Lexicon, settings: LexiconSettings) -> Scorer:
    """The scorer for a lexicon that is open; warns where the compiled kernel is missing."""
    if Kernel is None:
        warnings.warn(SLOW, RuntimeWarning, stacklevel=2)
        return Scorer(settings, lexicon, None)
    return Scorer(settings, lexicon, Kernel(lexicon))


def mixing(counts: list[int]) -> tuple[str, float]:
    """The language of a post and its code-mixing index, from its words by language."""
    english, hi_latn, hindi, other = (n for i, n in enumerate(counts) if i != _N_SYMBOL)
    total = english + hi_latn + hindi + other
    cmi = 100.0 * (1.0 - max(english, hi_latn + hindi, other) / total) if total else 0.0
    return post_language(english, hi_latn, hindi, other), cmi


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _tokens(text: str, fields: list[dict[str, Any]]) -> tuple[twin.LexiconToken, ...]:
    """The tokens that the kernel read, with places in characters instead of bytes."""
    encoded = _encoded(text)
    shared = [name for name in twin.LexiconToken.__slots__ if fields and name in fields[0]]
    tokens = []
    place, at = 0, 0
    for token in fields:
        start, end = token["start"], token["end"]
        at += len(encoded[place:start].decode("utf-8", "replace"))
        written = encoded[start:end].decode("utf-8", "replace")
        place = end
        made = twin.LexiconToken(**{name: token[name] for name in shared})
        made.hash, made.start, made.end = written, at, at + len(written)
        tokens.append(made)
        at += len(written)
    return tuple(tokens)
