"""Hindi words from Devanagari to the Latin letters people type, and back: अच्छा is `accha`, `bahut` is बहुत.

Not one of the scholarly notations, whose words nobody writes in a post. From Devanagari the way is nearly
fixed: the inherent `a` is left out where it is not spoken, and long vowels are doubled in words of one closed
syllable (`kaam`, `theek`). The way back is a guess, as Latin spelling does not say which `t` or how long an
`i` is meant; whoever has a dictionary asks it first.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from pathlib import Path

_CONSONANTS = {
    "क": "k", "ख": "kh", "ग": "g", "घ": "gh", "ङ": "n", "च": "ch", "छ": "chh", "ज": "j", "झ": "jh", "ञ": "n",
    "ट": "t", "ठ": "th", "ड": "d", "ढ": "dh", "ण": "n", "त": "t", "थ": "th", "द": "d", "ध": "dh", "न": "n",
    "प": "p", "फ": "f", "ब": "b", "भ": "bh", "म": "m", "य": "y", "र": "r", "ल": "l", "ळ": "l", "व": "v",
    "श": "sh", "ष": "sh", "स": "s", "ह": "h",
}  # fmt: skip
_WITH_NUKTA = {"क": "q", "ज": "z"}
_VOWELS = {
    "अ": "a", "आ": "aa", "इ": "i", "ई": "ee", "उ": "u", "ऊ": "oo", "ऋ": "ri", "ए": "e", "ऐ": "ai", "ऑ": "o",
    "ओ": "o", "औ": "au", "ऍ": "e",
}  # fmt: skip
_SIGNS = {
    "ा": "aa", "ि": "i", "ी": "ee", "ु": "u", "ू": "oo", "ृ": "ri", "े": "e", "ै": "ai", "ॉ": "o", "ो": "o",
    "ौ": "au", "ॅ": "e",
}  # fmt: skip
_NASALS = {"ं": "n", "ँ": "n"}
_VIRAMA, _NUKTA, _VISARGA = "्", "़", "ः"
_SHORT = {"aa": "a", "ee": "i", "oo": "u"}
_CLUSTERS = (("jn", "gy"), ("chchh", "cch"), ("chch", "cch"))
# Small words whose usual spelling follows no rule.
_USUAL = {"में": "mein", "यह": "yeh", "वह": "woh", "नहीं": "nahi", "कि": "ki", "हूँ": "hoon"}

_SPELLINGS = Path(__file__).parent / "data" / "hindi_spellings.tsv"

_SOUNDS = {
    "kh": "ख", "gh": "घ", "chh": "छ", "ch": "च", "jh": "झ", "th": "थ", "dh": "ध", "ph": "फ", "bh": "भ",
    "sh": "श", "k": "क", "q": "क", "g": "ग", "c": "क", "j": "ज", "z": "ज़", "t": "त", "d": "द", "n": "न",
    "p": "प", "f": "फ", "b": "ब", "m": "म", "y": "य", "r": "र", "l": "ल", "v": "व", "w": "व", "s": "स",
    "h": "ह", "x": "क्स", "cch": "च्छ",
}  # fmt: skip
_SPELT_VOWELS = {
    "aa": ("आ", "ा"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ee": ("ई", "ी"), "oo": ("ऊ", "ू"), "ei": ("ए", "े"),
    "a": ("अ", ""), "i": ("इ", "ि"), "u": ("उ", "ु"), "e": ("ए", "े"), "o": ("ओ", "ो"),
}  # fmt: skip
_LONG_AT_END = {"a": "ा", "i": "ी", "u": "ू"}
_PARTS = re.compile("|".join(sorted([*_SOUNDS, *_SPELT_VOWELS], key=len, reverse=True)))
_ENDS_TOGETHER = re.compile(r"(s|sh|r|n|k|l|q|f)(t|d|k|m|f|l)$")


def romanised(word: str) -> str:
    """A Hindi word as it is typed in Latin letters; characters that are not Devanagari letters stay.

    >>> [romanised(word) for word in ("अच्छा", "बहुत", "काम", "ठीक", "ज़बरदस्त", "नहीं", "समझना", "हिंदी")]
    ['accha', 'bahut', 'kaam', 'theek', 'zabardast', 'nahi', 'samajhna', 'hindi']
    """
    word = unicodedata.normalize("NFKC", word)
    if word in _USUAL:
        return _USUAL[word]
    sounds = _without_silent_a(_sounds(word))
    vowels = [vowel for _, vowel in sounds if vowel]
    is_closed_syllable = len(vowels) == 1 and not sounds[-1][1]
    if not is_closed_syllable:
        sounds = [(consonant, _SHORT.get(vowel, vowel)) for consonant, vowel in sounds]
    spelt = "".join(consonant + vowel for consonant, vowel in sounds)
    for cluster, usual in _CLUSTERS:
        spelt = spelt.replace(cluster, usual)
    return spelt


@functools.cache
def spellings() -> dict[str, str]:
    """The commonest romanised words as they are typed, and how Devanagari writes them: what no rule and no sound tells.

    Some that look Hindi and are not stand for themselves.

    >>> [spellings()[word] for word in ("h", "nhi", "kr", "plz")]
    ['है', 'नहीं', 'कर', 'plz']
    """
    lines = _SPELLINGS.read_text(encoding="utf-8").splitlines()[1:]
    return dict(line.split("\t") for line in lines)


def in_devanagari(word: str) -> str:
    """A guess at a romanised Hindi word in Devanagari; characters that are not a-z stay.

    >>> [in_devanagari(word) for word in ("bahut", "karna", "kya", "accha", "mast", "zindagi", "aaj")]
    ['बहुत', 'करना', 'क्या', 'अच्छा', 'मस्त', 'ज़िंदगी', 'आज']
    """
    written, last, place = "", "", 0
    joined_end = _ENDS_TOGETHER.search(word)
    while place < len(word):
        found = _PARTS.match(word, place)
        part = found[0] if found else word[place]
        is_last = place + len(part) == len(word)
        if part in _SPELT_VOWELS:
            full, sign = _SPELT_VOWELS[part]
            sign = _LONG_AT_END.get(part, sign) if is_last else sign
            written += sign if last in _SOUNDS else full
        elif part in _SOUNDS:
            is_end = joined_end is not None and place >= joined_end.start(2)
            written = _joined(written, (last, part), is_start=len(written) == 1, is_end=is_end)
            written += _SOUNDS[part]
        else:
            written += part
        last, place = part, place + len(part)
    return unicodedata.normalize("NFC", written)


def _joined(written: str, parts: tuple[str, str], *, is_start: bool, is_end: bool) -> str:
    """What is written so far, joined to the consonant that comes where the two are spoken as one."""
    last, part = parts
    if last not in _SOUNDS:
        return written
    if last == "n" and part not in {"n", "y", "h"} and not is_start:
        return written[:-1] + "ं"
    is_doubled = part[0] == last[0]
    return written + _VIRAMA if is_start or is_end or is_doubled else written


def _sounds(word: str) -> list[tuple[str, str]]:
    """Pairs of consonant and vowel, either of them maybe empty; `A` is the vowel that no sign writes."""
    sounds: list[tuple[str, str]] = []
    base = ""
    for character in word:
        if character in _CONSONANTS:
            base = character
            sounds.append((_CONSONANTS[character], "A"))
        elif character == _NUKTA and sounds:
            sounds[-1] = (_WITH_NUKTA.get(base, sounds[-1][0]), "A")
        elif character == _VIRAMA and sounds:
            sounds[-1] = (sounds[-1][0], "")
        elif character in _SIGNS and sounds:
            sounds[-1] = (sounds[-1][0], _SIGNS[character])
        elif character in _VOWELS:
            sounds.append(("", _VOWELS[character]))
        elif character in _NASALS:
            sounds.append((_NASALS[character], ""))
        elif character == _VISARGA:
            sounds.append(("h", ""))
        else:
            sounds.append((character, ""))
    return sounds


def _without_silent_a(sounds: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The inherent vowel written where it is spoken: not at the end, nor between vowels that are."""
    spoken = list(sounds)
    for place in range(len(spoken) - 1, -1, -1):
        consonant, vowel = spoken[place]
        if vowel != "A":
            continue
        before = spoken[place - 1][1] if place else ""
        after = spoken[place + 1] if place + 1 < len(spoken) else ("", "")
        is_end = place == len(spoken) - 1 and place > 0
        is_between = bool(before) and bool(after[0]) and bool(after[1])
        spoken[place] = (consonant, "" if is_end or is_between else "a")
    return spoken
