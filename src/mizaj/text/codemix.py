"""How much a post, or a whole corpus, mixes its languages: the measures of the literature, as functions of word tags.

`languages` is one tag a word, as `word_languages` gives them. `hi` and `hi-Latn` are one language in two scripts.
`other` stands for words that belong to no language or to none that is measured (the `u` of Das and Gambäck): they
count as words, not as a language, and a switch is seen across them.

| function | source |
| --- | --- |
| `cmi` | Das and Gambäck, "Identifying Languages at the Word Level in Code-Mixed Indian Social Media Text", ICON 2014 |
| `cmi_weighted` | Gambäck and Das, "Comparing the Level of Code-Switching in Corpora", LREC 2016 |
| `m_index` | Barnett et al., "The LIDES Coding Manual", 2000; as in Guzmán et al. 2017 |
| `i_index`, `language_entropy`, `burstiness` | Guzmán et al., "Metrics for Modeling Code-Switching", Interspeech 2017 |
| `switch_point_fraction` | Pratapa et al., "Language Modeling for Code-Mixing", ACL 2018 |
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Self

NEUTRAL = "other"
_SAME_LANGUAGE = {"hi-Latn": "hi"}
_MICRO = 1_000_000


def cmi(languages: Sequence[str]) -> float:
    """The code-mixing index of a post, 0 to 100: `100 (1 - max w / (n - u))`, and 0 when `n = u`.

    `w` is the number of words of one language, `n` of all words, `u` of those that belong to none.

    >>> cmi(["hi-Latn", "en", "hi-Latn", "hi-Latn", "hi-Latn"])
    20.0
    >>> cmi(["en", "hi-Latn", "other"]), cmi(["other"]), cmi([])
    (50.0, 0.0, 0.0)
    """
    counts = Counter(_spoken(languages))
    n_words = counts.total()
    return 100 * (n_words - max(counts.values())) / n_words if n_words else 0.0


def cmi_weighted(languages: Sequence[str]) -> float:
    """The code-mixing index that also counts switches, 0 to 100: `100 ((N - max w) + P) / (2 N)`, and 0 when `N = 0`.

    `N = n - u`, `P` is the number of switch points; both halves weigh the same, as in the paper.

    >>> cmi_weighted(["en", "en", "hi-Latn", "hi-Latn"]), cmi_weighted(["en", "hi-Latn", "en", "hi-Latn"])
    (37.5, 62.5)
    """
    counts = Counter(_spoken(languages))
    n_words = counts.total()
    if not n_words:
        return 0.0
    return 100 * (n_words - max(counts.values()) + len(switch_points(languages))) / (2 * n_words)


def m_index(languages: Sequence[str], n_languages: int = 2) -> float:
    """How evenly the languages share the words: `(1 - sum p²) / ((k - 1) sum p²)`, 0 (one language) to 1 (equal).

    `p` is the share of a language, `k` (`n_languages`, 2 or more) how many there could be; more are counted if met.

    >>> m_index(["en", "hi-Latn"]), m_index(["en", "en", "en", "hi-Latn"]), m_index(["en"])
    (1.0, 0.6, 0.0)
    """
    return _m_index(Counter(_spoken(languages)), n_languages)


def i_index(languages: Sequence[str]) -> float:
    """How often the language changes from one word to the next: switches over `N - 1`, 0 to 1; 0 under two words.

    Words that belong to no language are passed over.

    >>> i_index(["en", "other", "hi-Latn", "hi-Latn"])
    0.5
    """
    n_words = len(_spoken(languages))
    return len(switch_points(languages)) / (n_words - 1) if n_words > 1 else 0.0


def switch_points(languages: Sequence[str]) -> list[int]:
    """The places of the words at which the language is another than that of the last word that has one.

    >>> switch_points(["en", "other", "hi-Latn", "hi", "en"])
    [2, 4]
    """
    points = []
    before = None
    for place, tag in enumerate(languages):
        if tag == NEUTRAL:
            continue
        language = _SAME_LANGUAGE.get(tag, tag)
        if before is not None and language != before:
            points.append(place)
        before = language
    return points


def switch_point_fraction(languages: Sequence[str]) -> float:
    """Switches over the number of word boundaries, those beside words of no language included; 0 under two words.

    >>> switch_point_fraction(["en", "other", "hi-Latn", "hi-Latn", "en"])
    0.5
    """
    return len(switch_points(languages)) / (len(languages) - 1) if len(languages) > 1 else 0.0


def language_entropy(languages: Sequence[str]) -> float:
    """Bits needed to name the language of a word: `- sum p log2 p`; 0 for one language, 1 for two in equal shares.

    >>> language_entropy(["en", "hi-Latn"]), language_entropy(["en", "en"])
    (1.0, 0.0)
    """
    return _entropy(Counter(_spoken(languages)))


def burstiness(languages: Sequence[str]) -> float:
    """Whether switches come in bursts: `(s - m) / (s + m)` of the lengths of one-language stretches; 0 with no words.

    -1 for stretches of equal length, about 0 for chance, towards 1 for bursts between long stretches.

    >>> burstiness(["en", "hi-Latn", "en", "hi-Latn"])
    -1.0
    """
    return CodeMixing.of([languages]).burstiness


@dataclass(frozen=True)
class CodeMixing:
    """The measures of a corpus, from sums that add with `+`; `CodeMixing()` is the empty one.

    Sums are integers (indices in millionths), so that the parts may come in any order and grouping.

    >>> one = CodeMixing.of([["en", "hi-Latn", "hi-Latn"]])
    >>> two = CodeMixing.of([["en", "en"], ["hi", "hi", "other"]])
    >>> both = one + two
    >>> both.n_posts, both.n_mixed_posts, round(both.cmi, 2), round(both.cmi_of_mixed, 2), both.m_index
    (3, 1, 11.11, 33.33, 0.96)
    """

    n_posts: int = 0
    n_mixed_posts: int = 0
    n_words: Mapping[str, int] = field(default_factory=dict)
    n_boundaries: int = 0
    n_switches: int = 0
    cmi_sum: int = 0
    cmi_weighted_sum: int = 0
    n_stretches: int = 0
    stretch_sum: int = 0
    stretch_square_sum: int = 0

    @classmethod
    def of(cls, posts: Sequence[Sequence[str]]) -> Self:
        """The measures of some posts, one sequence of word tags each."""
        total = cls()
        for languages in posts:
            total = total + cls._of_post(languages)
        return total

    @classmethod
    def _of_post(cls, languages: Sequence[str]) -> Self:
        spoken = _spoken(languages)
        lengths = [len(list(stretch)) for _, stretch in groupby(spoken)]
        return cls(
            n_posts=1,
            n_mixed_posts=int(len(lengths) > 1),
            n_words=Counter(spoken),
            n_boundaries=max(len(spoken) - 1, 0),
            n_switches=max(len(lengths) - 1, 0),
            cmi_sum=round(cmi(languages) * _MICRO),
            cmi_weighted_sum=round(cmi_weighted(languages) * _MICRO),
            n_stretches=len(lengths),
            stretch_sum=sum(lengths),
            stretch_square_sum=sum(length * length for length in lengths),
        )

    def __add__(self, other: Self) -> Self:
        return type(self)(
            n_words=Counter(self.n_words) + Counter(other.n_words),
            n_posts=self.n_posts + other.n_posts,
            n_mixed_posts=self.n_mixed_posts + other.n_mixed_posts,
            n_boundaries=self.n_boundaries + other.n_boundaries,
            n_switches=self.n_switches + other.n_switches,
            cmi_sum=self.cmi_sum + other.cmi_sum,
            cmi_weighted_sum=self.cmi_weighted_sum + other.cmi_weighted_sum,
            n_stretches=self.n_stretches + other.n_stretches,
            stretch_sum=self.stretch_sum + other.stretch_sum,
            stretch_square_sum=self.stretch_square_sum + other.stretch_square_sum,
        )

    @property
    def cmi(self) -> float:
        """The mean code-mixing index of all posts."""
        return _mean(self.cmi_sum, self.n_posts) / _MICRO

    @property
    def cmi_of_mixed(self) -> float:
        """The mean code-mixing index of the posts that mix at all."""
        return _mean(self.cmi_sum, self.n_mixed_posts) / _MICRO

    @property
    def cmi_weighted(self) -> float:
        """The mean of the index that counts switches, of all posts."""
        return _mean(self.cmi_weighted_sum, self.n_posts) / _MICRO

    @property
    def m_index(self) -> float:
        """How evenly two languages (or as many as were met) share the words of the corpus."""
        return _m_index(self.n_words, 2)

    @property
    def i_index(self) -> float:
        """The share of boundaries between words, within posts, at which the language changes."""
        return _mean(self.n_switches, self.n_boundaries)

    @property
    def language_entropy(self) -> float:
        """Bits needed to name the language of a word of the corpus."""
        return _entropy(self.n_words)

    @property
    def burstiness(self) -> float:
        """Whether switches come in bursts, over all one-language stretches of all posts."""
        mean = _mean(self.stretch_sum, self.n_stretches)
        # an exact integer numerator, so that equal stretches give 0 and not a rounding error
        spread = self.n_stretches * self.stretch_square_sum - self.stretch_sum**2
        deviation = math.sqrt(spread) / self.n_stretches if self.n_stretches else 0.0
        return (deviation - mean) / (deviation + mean) if mean else 0.0


def _spoken(languages: Sequence[str]) -> list[str]:
    return [_SAME_LANGUAGE.get(tag, tag) for tag in languages if tag != NEUTRAL]


def _m_index(counts: Mapping[str, int], n_languages: int) -> float:
    total = sum(counts.values())
    if not total:
        return 0.0
    squares = sum(count * count for count in counts.values())
    k = max(n_languages, len(counts), 2)
    return (total * total - squares) / ((k - 1) * squares)


def _entropy(counts: Mapping[str, int]) -> float:
    total = sum(counts.values())
    shares = [count / total for count in counts.values()]
    return -math.fsum(share * math.log2(share) for share in shares) + 0.0


def _mean(total: int, n: int) -> float:
    return total / n if n else 0.0
