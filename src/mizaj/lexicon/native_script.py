"""Posts with their romanised Hindi words in Devanagari, for models that were taught Hindi as books write it.

Multilingual encoders have read far more Hindi in Devanagari than in Latin letters, and of the latter each
word in five spellings: to them `accha` is `ac` and `cha`, and अच्छा is a word. Mean vectors of an encoder that was not
tuned tell the classes of SentiMix apart by 4.8 points of macro-F1 better where its Hindi is written this way
(`benchmarks/native_script.py`).
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Mapping

from mizaj.lexicon.kept import open_lexicon
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.variants import edit_distance
from mizaj.text.language import HI, WordLanguage, load_word_language, smooth
from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import in_devanagari, romanised, spellings

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*", re.IGNORECASE)
_VOWEL = re.compile("[aeiouy]")
_SHORTEST_SOUND = 3
"""Letters of a word without vowels that is looked for by sound: `kbhi` is कभी, but `cm` is not कम."""
_ONE_SPELLING = (("ख़", "ख"), ("क़", "क"), ("ग़", "ग"), ("िये", "िए"), ("ाये", "ाए"))
"""Two ways to write one word: the second is the commoner in print, so the one that a vocabulary has."""
_WORDS_KEPT = 1 << 16


class NativeScript:
    """Text in, the same text with its romanised Hindi in Devanagari out.

    Which words are Hindi is decided as everywhere, from the word and its neighbours. One is written as it is listed
    (`text.romanise.spellings`), else as the dictionary writes the word that sounds most like it, else letter by letter.
    What is Hindi by its neighbours alone, or has no vowel and no such word, stays.

    >>> native = native_script()
    >>> native("accha nahi hai yaar, worst movie of 2016")
    'अच्छा नहीं है यार, worst movie of 2016'
    """

    def __init__(self, lexicon: Lexicon, language: WordLanguage) -> None:
        self._read_by = lexicon.content_hash, language
        self._by_sound = words_by_sound(lexicon)
        self._switch_cost = language.switch_cost
        # Posts repeat their words, and a word that no table has costs more than the rest of a post.
        self._logit = functools.lru_cache(_WORDS_KEPT)(language.word_logit)
        self._written = functools.lru_cache(_WORDS_KEPT)(self.word)

    def __call__(self, text: str) -> str:
        """The text; what is not romanised Hindi stays as it is."""
        found = list(_WORD.finditer(text))
        own = [self._logit(each[0].lower()) for each in found]
        parts, end = [], 0
        for each, alone, among in zip(found, own, smooth(own, self._switch_cost), strict=True):
            word = each[0].lower()
            if among > 0 and (alone > 0 or word in spellings()):
                parts += [text[end : each.start()], self._written(word)]
                end = each.end()
        return "".join([*parts, text[end:]])

    @functools.cached_property
    def content_hash(self) -> str:
        """Of all that it reads by: a model that was trained on other text can tell."""
        lexicon_hash, language = self._read_by
        known = sorted(language.known.items())
        figures = (language.bias, language.shift, language.switch_cost)
        told = repr((lexicon_hash, figures, known, sorted(spellings().items()))).encode()
        return hashlib.blake2b(told + language.weights, digest_size=16).hexdigest()

    def word(self, word: str) -> str:
        """A romanised Hindi word in lower case, in Devanagari."""
        if word in spellings():
            return spellings()[word]
        has_vowel = bool(_VOWEL.search(word))
        alike: tuple[str, ...] = ()
        if has_vowel or len(word) >= _SHORTEST_SOUND:
            alike = self._by_sound.get(phonetic_key(word), ())
        return min(
            alike,
            key=lambda each: edit_distance(romanised(each), word, at_most=len(word)),
            default=in_devanagari(word) if has_vowel else word,
        )


@functools.cache
def native_script() -> NativeScript:
    """By the shipped dictionaries."""
    return NativeScript(open_lexicon(), load_word_language())


def words_by_sound(lexicon: Lexicon) -> Mapping[str, tuple[str, ...]]:
    """The Devanagari words of a lexicon by the phonetic key of what they are romanised to."""
    found: dict[str, list[str]] = {}
    for entry in lexicon:
        if entry.language == HI and " " not in entry.word:
            word = unicodedata.normalize("NFC", entry.word)
            for other, usual in _ONE_SPELLING:
                word = word.replace(unicodedata.normalize("NFC", other), usual)
            found.setdefault(phonetic_key(romanised(word)), []).append(word)
    return {key: tuple(sorted(set(words))) for key, words in found.items() if key}
