"""Noise as people make it: other spellings, slips, stretched words, the other script, fewer vowels, emoji, case.

For two uses: more posts to train on, and how far a model's accuracy falls when posts are written carelessly.
Handles, hashtags and links stay as they are. Noise aims to leave what a post says; taking emoji away may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled, Weights
from mizaj.learn.metrics import Ints
from mizaj.learn.word_noise import Change, in_other_script, respelt, slipped, stretched, thinned
from mizaj.text import characters as ch
from mizaj.text.language import HI, HI_LATN, word_languages

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

# Emoji that lean neither way in the dictionary, and that people use anywhere.
_PLAIN_EMOJI = "👀📷📱🎬🎵📺🕒📍☕🏏"
_MOST_REPEATS = 3


class Noise(Protocol):
    """A text made noisy: equal for equal states of `rng`; `strength`, 0 to 1, is how much of it is changed."""

    def __call__(self, text: str, rng: np.random.Generator, *, strength: float = ...) -> str:
        """The noisy text; the same text where the noise finds nothing to change."""


def spelling(text: str, rng: np.random.Generator, *, strength: float = 0.5) -> str:
    """Romanised Hindi words in other spellings of equal sound: `bahut` as `bhut`, `zindagi` as `jindagi`.

    >>> spelling("bahut accha hai", np.random.default_rng(1), strength=1)
    'bhut achha hai'
    """
    return _change_words(text, respelt, rng, strength, _HINDI)


def typos(text: str, rng: np.random.Generator, *, strength: float = 0.2) -> str:
    """Words of three letters or more with a slip: a neighbouring key, two letters swapped, one lost or doubled."""
    return _change_words(text, slipped, rng, strength)


def elongation(text: str, rng: np.random.Generator, *, strength: float = 0.3) -> str:
    """Words with their last vowel, or else their last letter, stretched: `bahut` as `bahuuut`."""
    return _change_words(text, stretched, rng, strength)


def transliteration(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """Hindi words in the other script: अच्छा as `accha`, `bahut` as बहुत; see `mizaj.text.romanise`.

    >>> transliteration("फिल्म bahut acchi thi, loved it", np.random.default_rng(0))
    'film बहुत अच्छी थी, loved it'
    """
    return _change_words(text, in_other_script, rng, strength, _HINDI)


def dropped_vowels(text: str, rng: np.random.Generator, *, strength: float = 0.3) -> str:
    """Words of Latin letters without inner vowels: `please` as `plse`, `bahut` as `bht`."""
    return _change_words(text, thinned, rng, strength)


def emoji_added(text: str, rng: np.random.Generator, *, strength: float = 1.0) -> str:
    """The text with its emoji repeated; where it has none, with one at its end that leans neither way."""
    if not _ONE_EMOJI.search(text):
        is_added = text.strip() and rng.random() < strength
        return f"{text} {_PLAIN_EMOJI[rng.integers(len(_PLAIN_EMOJI))]}" if is_added else text

    def repeated(found: re.Match[str]) -> str:
        return (
            found[0] * int(rng.integers(2, _MOST_REPEATS + 1))
            if rng.random() < strength
            else found[0]
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


@dataclass(frozen=True)
class AugmentSettings:
    """Which noises make posts to train on besides those there are.

    Of each post come `copies` copies, each with one of `noises` drawn at random, at its usual strength or at
    `strength`. A copy weighs `weight` times what its post does; the posts together keep the mean weight 1.
    """

    noises: tuple[str, ...] = ("spelling", "typos", "elongation", "vowels", "case")
    copies: int = 1
    strength: float | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_noises(self.noises, self.strength)
        if not self.noises or self.copies < 1 or not self.weight > 0:
            msg = (
                f"{len(self.noises)} noises, {self.copies} copies of weight {self.weight} were asked for; "
                "name at least one noise, one copy and a weight above 0"
            )
            raise SettingError(msg)


def augmented(
    labelled: Labelled, settings: AugmentSettings | None = None, *, seed: int = 0
) -> Labelled:
    """The posts, then noisy copies of them with the same labels, sources and targets; equal for equal seeds.

    Copies that no noise has changed are left out: they would teach nothing. For training rows alone, after the split.

    >>> posts = Labelled.of(pa.array(["bahut accha", "12"]), np.array([1, 0]), ("no", "yes"))
    >>> augmented(posts, AugmentSettings(("elongation",), strength=1)).texts.to_pylist()
    ['bahut accha', '12', 'bahuuut acchaaa']
    """
    settings = settings or AugmentSettings()
    texts = labelled.texts.to_pylist()
    made = [
        (row, spelt)
        for copy in range(settings.copies)
        for row, text in enumerate(texts)
        if (spelt := _copied(text, settings, np.random.default_rng((seed, copy, row)))) != text
    ]
    rows: Ints = np.array([*range(len(texts)), *(row for row, _ in made)], np.int64)
    weights: Weights = labelled.weights[rows]
    weights[len(texts) :] *= np.float32(settings.weight)
    both = pa.array([*texts, *(spelt for _, spelt in made)], labelled.texts.type)
    mean = max(float(weights.mean()), 1e-12) if len(weights) else 1.0
    return replace(labelled.take(rows), texts=both, weights=weights / np.float32(mean))


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


def _copied(text: str, settings: AugmentSettings, rng: np.random.Generator) -> str:
    noise = NOISES[settings.noises[int(rng.integers(len(settings.noises)))]]
    return (
        noise(text, rng)
        if settings.strength is None
        else noise(text, rng, strength=settings.strength)
    )


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
