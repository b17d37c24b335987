"""Whether a word is one of a topic's as people write it: inflected, respelt, in the other script, inside a hashtag."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import romanised
from mizaj.text.tokens import cut_runs, fold

# Of a word in Latin letters; the shortest stem they may leave is that of a topic's word anyway.
_ENDINGS = (
    *("s", "es", "'s", "ies", "y", "i", "wala", "wale", "wali", "baaz", "baazi"),
    *("on", "o", "en", "ein", "e", "a", "iyan", "iyon", "iya"),
)
_SHORTEST_STEM = 3
_SHORTEST_IN_TAG = 4
"""Letters of a topic's word that is looked for inside a hashtag of small letters; shorter ones stand in many words."""
_SHORTEST_KEY = 3
_SHORTEST_SKELETON = 4
_DOUBLED = re.compile(r"(.)\1+")
_SKELETON: dict[int, str | None] = {
    **{ord(letter): None for letter in "aeiouhy"},
    **{
        ord(one): other for one, other in zip("fzwqxc", ("p", "j", "v", "k", "k", "k"), strict=True)
    },
}
_MOST_LETTERS_APART = 2
"""By how many letters two spellings with one phonetic key may differ."""
_DEVANAGARI = ("\u0900", "\u0980")
_LONGEST_KEPT = 64
"""Letters of a word whose answer is remembered: hostile posts have as long ones as they like."""


def matches(word: str, about: tuple[str, ...]) -> bool:
    """Whether a word in small letters is one of the topic's, inflected, respelt, in the other script, or in a hashtag.

    >>> words = ("filmon", "फिल्में", "moviez", "#bestmovieever", "सिनेमा", "filter")
    >>> [matches(word, ("film", "movie", "cinema")) for word in words]
    [True, True, True, True, True, False]
    """
    return (
        _matches(word, about) if len(word) <= _LONGEST_KEPT else _matches.__wrapped__(word, about)
    )


@functools.lru_cache(maxsize=1 << 17)
def _matches(word: str, about: tuple[str, ...]) -> bool:
    folded = fold(word)
    plain = folded.removeprefix("#").strip("'")
    if folded.startswith("#") and any(
        len(seed) >= _SHORTEST_IN_TAG and seed in plain for seed in about
    ):
        return True
    is_loan = is_devanagari(plain)
    for form in {cut_runs(plain, longest) for longest in (2, 1)}:
        stems = _stems(romanised(form) if is_loan else form)
        if any(_is_form(stems, spelling, is_loan=is_loan) for spelling in _spellings(about)):
            return True
    return False


@functools.cache
def _spellings(about: tuple[str, ...]) -> tuple[Spelling, ...]:
    """The topic's words in Latin letters; with a soft `c` as `s` too, as Devanagari has it."""
    latin = [romanised(word) if is_devanagari(word) else word for word in about]
    soft = [re.sub(r"c(?=[eiy])", "s", word) for word in latin]
    return tuple(
        Spelling(word, phonetic_key(word), _skeleton(word))
        for word in dict.fromkeys([*latin, *soft])
    )


class Spelling(NamedTuple):
    """A word of the topic in Latin letters, with its phonetic key and its consonants."""

    word: str
    key: str
    skeleton: str


def _is_form(stems: list[str], wanted: Spelling, *, is_loan: bool) -> bool:
    """Whether one of what a word may be stems of is a spelling of this; a loan word's vowels tell nothing."""
    if not _skeleton(stems[0]).startswith(wanted.skeleton.removesuffix("n")):
        return wanted.word in stems
    if is_loan and len(wanted.skeleton) >= _SHORTEST_SKELETON:
        return any(_skeleton(stem) == wanted.skeleton for stem in stems)
    return any(_is_spelling(stem, wanted) for stem in stems)


def _is_spelling(stem: str, wanted: Spelling) -> bool:
    if stem == wanted.word:
        return True
    if len(wanted.word) <= _SHORTEST_STEM or len(wanted.key) < _SHORTEST_KEY:
        return False
    if abs(len(stem) - len(wanted.word)) > _MOST_LETTERS_APART:
        return False
    return phonetic_key(stem) == wanted.key


def _skeleton(word: str) -> str:
    """The consonants that spellings with one phonetic key share."""
    return _DOUBLED.sub(r"\1", word.translate(_SKELETON))


def _stems(word: str) -> list[str]:
    """The word, and what may be its stem before an ending."""
    stems = [word, word.removesuffix("z")] if word.endswith("z") else [word]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= _SHORTEST_STEM and stem != word:
            stems.append(f"{stem}y" if ending == "ies" else stem)
    return stems


def is_devanagari(word: str) -> bool:
    """Whether a word has a Devanagari letter."""
    return any(_DEVANAGARI[0] <= character < _DEVANAGARI[1] for character in word)
