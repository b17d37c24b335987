"""One word as somebody else would have written it: respelt, with a slip, stretched, thinned, in the other script."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from mizaj.lexicon.native_script import native_script
from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import romanised

Change = Callable[[str, np.random.Generator], str]
"""A word and what chance is drawn from; the word as somebody else would have written it."""

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm",
    "k": "jil", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
_RESPELT = (
    ("aa", "a"), ("a", "aa"), ("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("z", "j"), ("j", "z"),
    ("v", "w"), ("w", "v"), ("ph", "f"), ("f", "ph"), ("chh", "ch"), ("ch", "chh"), ("cch", "chh"), ("k", "q"),
    ("q", "k"), ("ks", "x"), ("x", "ks"), ("ai", "e"), ("ei", "e"), ("ay", "e"), ("y", "i"), ("ya", "ia"),
    ("a", ""), ("e", ""), ("o", ""), ("u", ""), ("h", ""), ("n", ""), ("in", "i"), ("ahu", "oho"),
)  # fmt: skip
_DOUBLED = "bcdgklmnpst"
_VOWELS = "aeiou"
_MOST_STRETCH = 4
_SHORTEST_SLIP = 3
_SHORTEST_THINNED = 4
_DROPPED = 0.8  # of inner vowels, where a word loses some
_UNLIKELY = re.compile(r"(.)\1\1|[aeiou]{3}")


def respelt(word: str, rng: np.random.Generator) -> str:
    """The word with one spelling changed, or as it is where none leaves its sound."""
    lower = word.lower()
    spelt = _other_spellings(lower)
    return _cased_like(word, _pick(rng, spelt)) if spelt else word


@lru_cache(maxsize=10_000)
def _other_spellings(word: str) -> tuple[str, ...]:
    """Spellings one change away that `phonetic_key` sends to the same key, in the order of the alphabet."""
    key = phonetic_key(word)
    if not key:
        return ()
    doubled = [word[:i] + word[i] + word[i:] for i in range(1, len(word)) if word[i] in _DOUBLED]
    swapped = [
        word[:found] + other + word[found + len(letters) :]
        for letters, other in _RESPELT
        for found in range(1 if not other else 0, len(word))
        if word.startswith(letters, found)
    ]
    spelt = {each for each in (*doubled, *swapped) if not _UNLIKELY.search(each)}
    return tuple(sorted(each for each in spelt - {word} if phonetic_key(each) == key))


def slipped(word: str, rng: np.random.Generator) -> str:
    """The word with one slip of the finger; one under three letters as it is."""
    if len(word) < _SHORTEST_SLIP:
        return word
    place = int(rng.integers(1, len(word)))
    letter = word[place]
    slips = [word[:place] + word[place + 1 :]]
    if word.isascii():
        # A slip in Devanagari is a lost sign: others would set signs where none can stand.
        near = _cased_like(letter, _pick(rng, _NEIGHBOURS.get(letter.lower(), letter)))
        slips += [
            word[:place] + near + word[place + 1 :],
            word[: place - 1] + letter + word[place - 1] + word[place + 1 :],
            word[:place] + letter + word[place:],
        ]
    return _pick(rng, slips)


def stretched(word: str, rng: np.random.Generator) -> str:
    """The word with its last vowel, or else its last letter, some times more."""
    vowels = [place for place, letter in enumerate(word) if letter.lower() in _VOWELS]
    place = vowels[-1] if vowels else len(word) - 1
    n_more = int(rng.integers(2, _MOST_STRETCH + 1))
    return word[:place] + word[place] * n_more + word[place:]


def thinned(word: str, rng: np.random.Generator) -> str:
    """The word without most of its inner vowels; the first and the last letter stay."""
    if len(word) < _SHORTEST_THINNED or not word.isascii():
        return word
    inner = [
        letter for letter in word[1:-1] if letter.lower() not in _VOWELS or rng.random() > _DROPPED
    ]
    return word[0] + "".join(inner) + word[-1]


def in_other_script(word: str, rng: np.random.Generator) -> str:
    """The word romanised, or in Devanagari as the dictionary writes what sounds so."""
    if not word.isascii():
        return romanised(word)
    return native_script().word(word.lower())


def _cased_like(word: str, spelt: str) -> str:
    if word.isupper() and len(word) > 1:
        return spelt.upper()
    return spelt.capitalize() if word[0].isupper() else spelt


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
