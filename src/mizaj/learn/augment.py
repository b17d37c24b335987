"""Noise as people make it: other spellings, slips, stretched words, the other script, fewer vowels, emoji, case.

For two uses: more posts to train on, and how far a model's accuracy falls when posts are written carelessly.
Handles, hashtags and links stay as they are. Noise aims to leave what a post says; taking emoji away may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import Protocol

import numpy as np
import pyarrow as pa

from mizaj.errors import SettingError
from mizaj.lexicon.kept import open_lexicon
from mizaj.lexicon.variants import edit_distance
from mizaj.text import characters as ch
from mizaj.text.language import HI, HI_LATN, word_languages
from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import COMMON, in_devanagari, romanised

Change = Callable[[str, np.random.Generator], str]
"""A word and what chance is drawn from; the word as somebody else would have written it."""

_HINDI = frozenset({HI, HI_LATN})

_DEVANAGARI_WORD = "[\u0900-\u0963\u0971-\u097f]+"
# What comes first is left alone. Tokenised corpora part `@` and `#` from their word by a blank.
_WORD = re.compile(
    rf"(?:https?\b|www\.)\S*(?: // \S+(?: \. \S+)*(?: / \S+)?)?|[@#] ?\w+|([A-Za-z]+(?:'[A-Za-z]+)*|{_DEVANAGARI_WORD})"
)
_EMOJI = ch.character_set(ch.EMOJI)
_DRESS = ch.character_set(ch.SELECTOR, ch.TONE)
_JOINER = ch.character_set(ch.JOINER)
_ONE_EMOJI = re.compile(f"[{_EMOJI}][{_DRESS}]*(?:[{_JOINER}][{_EMOJI}][{_DRESS}]*)*")

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
# Emoji that lean neither way in the dictionary, and that people use anywhere.
_PLAIN_EMOJI = "👀📷📱🎬🎵📺🕒📍☕🏏"
_MOST_STRETCH = 4
_SHORTEST_SLIP = 3
_SHORTEST_THINNED = 4
_DROPPED = 0.8  # of inner vowels, where a word loses some
_UNLIKELY = re.compile(r"(.)\1\1|[aeiou]{3}")


class Noise(Protocol):
    """A text made noisy: equal for equal states of `rng`; `strength`, 0 to 1, is how much of it is changed."""

    def __call__(self, text: str, rng: np.random.Generator, *, strength: float = ...) -> str:
        """The noisy text; the same text where the noise finds nothing to change."""


def spelling(text: str, rng: np.random.Generator, *, strength: float = 0.5) -> str:
    """Romanised Hindi words in other spellings of equal sound: `bahut` as `bhut`, `zindagi` as `jindagi`.

    >>> spelling("bahut accha hai", np.random.default_rng(1), strength=1)
    'bhut achha hai'
    """
    return _change_words(text, _respelt, rng, strength, _HINDI)


def typos(text: str, rng: np.random.Generator, *, strength: float = 0.2) -> str:
    """Words of three letters or more with a slip: a neighbouring key, two letters swapped, one lost or doubled."""
    return _change_words(text, _slipped, rng, strength)


def elongation(text: str, rng: np.random.Generator, *, strength: float = 0.3) -> str:
    """Words with their last vowel, or else their last letter, stretched: `bahut` as `bahuuut`."""
    return _change_words(text, _stretched, rng, strength)


def transliteration(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """Hindi words in the other script: अच्छा as `accha`, `bahut` as बहुत; see `mizaj.text.romanise`.

    >>> transliteration("फिल्म bahut acchi thi, loved it", np.random.default_rng(0))
    'film बहुत अच्छी थी, loved it'
    """
    return _change_words(text, _in_other_script, rng, strength, _HINDI)


def dropped_vowels(text: str, rng: np.random.Generator, *, strength: float = 0.3) -> str:
    """Words of Latin letters without inner vowels: `please` as `plse`, `bahut` as `bht`."""
    return _change_words(text, _thinned, rng, strength)


def emoji_added(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """The text with its emoji repeated; where it has none, with one at its end that leans neither way."""
    if not _ONE_EMOJI.search(text):
        is_added = text.strip() and rng.random() < strength
        return f"{text} {_PLAIN_EMOJI[rng.integers(len(_PLAIN_EMOJI))]}" if is_added else text

    def repeated(found: re.Match[str]) -> str:
        return (
            found[0] * int(rng.integers(2, _MOST_STRETCH)) if rng.random() < strength else found[0]
        )

    return _ONE_EMOJI.sub(repeated, text)


def emoji_removed(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """The text without emoji; one that consists of nothing else stays."""
    bare = _ONE_EMOJI.sub(lambda found: "" if rng.random() < strength else found[0], text)
    return bare if bare.strip() else text


def case(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """The words all in lower case, all in capitals, or each with one capital: one of these for a text."""
    spelt: Callable[[str], str] = (str.lower, str.upper, str.capitalize)[rng.integers(3)]
    return _change_words(text, lambda word, _: spelt(word), rng, strength)


NOISES: dict[str, Noise] = {
    "spelling": spelling,
    "typos": typos,
    "elongation": elongation,
    "transliteration": transliteration,
    "vowels": dropped_vowels,
    "emoji_added": emoji_added,
    "emoji_removed": emoji_removed,
    "case": case,
}
"""Every noise by its name; called with a text and a generator it has its usual strength."""


def noisy(texts: pa.Array, noise: str, *, strength: float | None = None, seed: int = 0) -> pa.Array:
    """The texts with one of `NOISES`, nulls as they are; equal for equal seeds, whatever the other texts are.

    Raises `SettingError` for a noise that is not known or a strength beyond 0 to 1.

    >>> noisy(pa.array(["Bahut accha!", None]), "elongation", strength=1).to_pylist()
    ['Bahuuut acchaaa!', None]
    """
    check_noises([noise], strength)
    how = {} if strength is None else {"strength": strength}
    # A loop over rows: noise depends on each word. Each text has a generator of its own, by its place.
    spelt = [
        None if text is None else NOISES[noise](text, np.random.default_rng((seed, row)), **how)
        for row, text in enumerate(texts.to_pylist())
    ]
    return pa.array(spelt, texts.type)


def check_noises(names: Iterable[str], strength: float | None) -> None:
    """Nothing, for noises that are known. Raises `SettingError` for others, or a strength beyond 0 to 1."""
    for name in names:
        if name not in NOISES:
            msg = f"noise '{name}' is not known; allowed: {', '.join(NOISES)}"
            raise SettingError(msg)
    if strength is not None and not 0 <= strength <= 1:
        msg = f"the strength of a noise is {strength}; allowed: from 0 to 1"
        raise SettingError(msg)


def _change_words(
    text: str,
    change: Change,
    rng: np.random.Generator,
    strength: float,
    languages: frozenset[str] = frozenset(),
) -> str:
    """The text with a share of its words changed, of those in `languages` where some are named."""
    words = [found[1] for found in _WORD.finditer(text) if found[1]]
    is_drawn = rng.random(len(words)) < strength
    if languages and is_drawn.any():
        spoken = word_languages([word.lower() for word in words])
        is_drawn &= np.array([language in languages for language in spoken])
    drawn = iter(is_drawn)

    def changed(found: re.Match[str]) -> str:
        word: str | None = found[1]
        return change(word, rng) if word and next(drawn) else found[0]

    return _WORD.sub(changed, text)


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _respelt(word: str, rng: np.random.Generator) -> str:
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
    doubled = [word[:i] + letter + word[i:] for i, letter in enumerate(word) if letter in _DOUBLED]
    swapped = [
        word[:found] + other + word[found + len(letters) :]
        for letters, other in _RESPELT
        for found in range(1 if not other else 0, len(word))
        if word.startswith(letters, found)
    ]
    spelt = {each for each in (*doubled[1:], *swapped) if not _UNLIKELY.search(each)}
    return tuple(sorted(each for each in spelt - {word} if phonetic_key(each) == key))


def _slipped(word: str, rng: np.random.Generator) -> str:
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


def _stretched(word: str, rng: np.random.Generator) -> str:
    vowels = [place for place, letter in enumerate(word) if letter.lower() in _VOWELS]
    place = vowels[-1] if vowels else len(word) - 1
    n_more = int(rng.integers(2, _MOST_STRETCH + 1))
    return word[:place] + word[place] * n_more + word[place:]


def _thinned(word: str, rng: np.random.Generator) -> str:
    """The word without most of its inner vowels; the first and the last letter stay."""
    if len(word) < _SHORTEST_THINNED or not word.isascii():
        return word
    inner = [
        letter for letter in word[1:-1] if letter.lower() not in _VOWELS or rng.random() > _DROPPED
    ]
    return word[0] + "".join(inner) + word[-1]


def _in_other_script(word: str, rng: np.random.Generator) -> str:
    """The word romanised, or in Devanagari as the dictionary writes what sounds so."""
    if not word.isascii():
        return romanised(word)
    lower = word.lower()
    if lower in COMMON:
        return COMMON[lower]
    known = _hindi_by_sound().get(phonetic_key(lower), ())
    return min(
        known,
        key=lambda each: edit_distance(romanised(each), lower, at_most=len(lower)),
        default=in_devanagari(lower),
    )


@cache
def _hindi_by_sound() -> dict[str, tuple[str, ...]]:
    """The Devanagari words of the dictionary by the key of their romanised form."""
    found: dict[str, list[str]] = {}
    for entry in open_lexicon():
        if entry.language == HI and " " not in entry.word:
            found.setdefault(phonetic_key(romanised(entry.word)), []).append(entry.word)
    return {key: tuple(sorted(words)) for key, words in found.items() if key}


def _cased_like(word: str, spelt: str) -> str:
    if word.isupper() and len(word) > 1:
        return spelt.upper()
    return spelt.capitalize() if word[0].isupper() else spelt
