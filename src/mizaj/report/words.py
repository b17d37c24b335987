"""The words that tell one sentiment from the rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mizaj.summary import SENTIMENTS, Post
from mizaj.text.tokens import EMOJI, EMOTICON, WORD, tokenise

# How many words' worth of evidence the corpus as a whole weighs against a single class.
_PRIOR_WORDS = 1000.0
# One post in fifty thousand is an accident; under five posts so is any word.
_LEAST_POSTS = 5
_SIGNIFICANT_Z = 1.96


@dataclass(frozen=True, slots=True)
class TellingWord:
    """A word, how far it leans to a sentiment (`z`), and in how many of the posts it stands."""

    word: str
    z: float
    n_posts: int


def telling_words(posts: Sequence[Post], *, most: int = 14) -> dict[str, list[TellingWord]]:
    """For each sentiment the words most its own, strongest first; links and handles left out.

    The measure is the log-odds ratio with an informative Dirichlet prior, in standard deviations
    (Monroe, Colaresi and Quinn 2008): words of one class against those of the others, with the
    frequencies of the whole as the prior, so that neither frequent nor rare words win by chance.
    A word counts once a post, so that no post can shout.

    >>> posts = [Post(n, 0, "mast film", "positive") for n in range(50)]
    >>> posts += [Post(n, 0, "bakwas film", "negative") for n in range(50)]
    >>> {label: [w.word for w in found] for label, found in telling_words(posts).items()}
    {'negative': ['bakwas'], 'neutral': [], 'positive': ['mast']}
    """
    by_label: dict[str, Counter[str]] = {label: Counter() for label in SENTIMENTS}
    for post in posts:
        by_label[post.sentiment].update(words_of(post.text))
    everything: Counter[str] = Counter()
    for counts in by_label.values():
        everything.update(counts)
    return {label: _most_telling(by_label[label], everything, most) for label in SENTIMENTS}


def words_of(text: str) -> set[str]:
    """The words and emoji of a text, folded.

    >>> sorted(words_of("Mast film @ravi http://x.co 12 a"))
    ['film', 'mast']
    """
    return {
        token.folded
        for token in tokenise(text)
        if token.kind in (EMOJI, EMOTICON) or (token.kind == WORD and len(token.folded) > 1)
    }


def _most_telling(
    counts: Mapping[str, int], everything: Mapping[str, int], most: int
) -> list[TellingWord]:
    n_here, n_all = sum(counts.values()), sum(everything.values())
    found = (
        TellingWord(word, _z(n, n_here, everything[word], n_all), n)
        for word, n in counts.items()
        if n >= _LEAST_POSTS
    )
    telling = [word for word in found if word.z >= _SIGNIFICANT_Z]
    return sorted(telling, key=lambda word: (-word.z, word.word))[:most]


def _z(n: int, n_here: int, n_everywhere: int, n_all: int) -> float:
    prior = _PRIOR_WORDS * n_everywhere / n_all
    elsewhere = n_everywhere - n
    odds_here = (n + prior) / (n_here + _PRIOR_WORDS - n - prior)
    n_rest = n_all - n_here
    odds_elsewhere = (elsewhere + prior) / (n_rest + _PRIOR_WORDS - elsewhere - prior)
    if odds_here <= 0 or odds_elsewhere <= 0:
        return 0.0
    deviation = math.sqrt(1 / (n + prior) + 1 / (elsewhere + prior))
    return math.log(odds_here / odds_elsewhere) / deviation


def highlighted(
    text: str, weights: Iterable[tuple[str, float]]
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """A text in pieces with the weight of each, and the weighted words that are not found in it.

    Words are sought in order and without regard to case; pieces between them weigh 0.

    >>> highlighted("Bahut accha!", [("bahut", 0.2), ("accha", 1.9), ("good", 1.0)])
    ([('Bahut', 0.2), (' ', 0.0), ('accha', 1.9), ('!', 0.0)], [('good', 1.0)])
    """
    # One letter folds to one letter here, so that places in both texts agree.
    folded = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    pieces: list[tuple[str, float]] = []
    unfound: list[tuple[str, float]] = []
    end = 0
    for word, weight in weights:
        places = _places(folded, word.lower(), end)
        start = next((p for p in places if _stands_alone(text, p, p + len(word))), -1)
        if start < 0:
            unfound.append((word, weight))
            continue
        if start > end:
            pieces.append((text[end:start], 0.0))
        end = start + len(word)
        pieces.append((text[start:end], weight))
    if end < len(text):
        pieces.append((text[end:], 0.0))
    return pieces, [(word, weight) for word, weight in unfound if weight]


def _places(text: str, word: str, start: int) -> Iterator[int]:
    while word and (place := text.find(word, start)) >= 0:
        yield place
        start = place + 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word runs on over either end; in `bestBuy` one ends at the capital."""
    return all(
        not (before.isalnum() and after.isalnum()) or (before.islower() and after.isupper())
        for before, after in (
            (text[start - 1 : start], text[start]),
            (text[end - 1], text[end : end + 1]),
        )
    )
