"""One key for the spellings of a romanised Hindi word: `bahut`, `bhut` and `bohot` meet, `mera` and `meri` do not.

Romanised Hindi has no spelling rules, but its writers differ in few ways: they leave out or double the short `a`,
double letters, swap `z`/`j`, `w`/`v`, `f`/`ph`, `oo`/`u`, `ee`/`i`, drop the nasal at the end and smear the vowels
around an `h`. The key is what is left when that is undone. One pass from left to right over a-z, nothing kept but
what the pass has just read:

**Consonants** are written as they stand, doubled ones once, with `f` = `ph`, `z` = `j`, `w` = `v`, `q` = `k`,
`x` = `ks`, `ch` = `chh` = `c`, `c` alone = `k`, `sh` = `s`. A final `h` after a vowel is silent (`yeh`).

**Vowels** come in runs of `a e i o u`, each letter once; first `ee` = `i`, `oo` = `u`. Then `ai`, `ae` = `e`,
`au`, `ao` = `o`, `ou` = `u`, `ei` = `e`, `ia` = `ya` (`i` before any other vowel), `ua` = `va` (`u` likewise); other
pairs stay. Of three or more, a first `a` is passed over, and the two that follow count.

* At the start of a word the vowel is kept.
* At the end it is kept; there `ai` is `y` and `ae` is `ye`, so that `gai` meets `gayi` and `gae` meets `gaye`, and
  `au`, `ao` are `ao` (`jo` is not `jao`). A final `n` is silent after a vowel that follows an `h` which is no aspirate
  or starts the word (`nahin`, `hain`), after `yu`, `yo` (`kyun`), `ei` (`karein`) and a plain `e` or `o` that is not
  the first vowel (`karen`, `logon`); then the vowel counts as final. So does `e` before a final `y` (`rahey`).
* Before an `h` it is dropped, save `i` (`bihar`), and so is one that is not final after such an `h` or after
  `l m n r v y` and `h` (`bohot`, `kehna`, `rhega`).
* Before a `y` and a vowel `a`, `e`, `i` are dropped (`kiya`), before a `v` and a vowel `u` is (`huwa`).
* Elsewhere `a` is dropped (`ya` is `y`, `va` is `v`), and `e` before a final `r` unless it is the
  first vowel (`sunder`); others are kept.

**`y`** before a vowel is `y`, takes a following `o` as `u` (`kyon`) and swallows a final `i` (`gayi`). Else it is `e`
after `a`, nothing after another vowel; after a consonant `i` at the end, `y` before another.

Last, a few keys are sent to another (`ALIASES`). Coarse on purpose: to be asked only for words that are romanised Hindi
and that no dictionary has.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST_WORD = 32
"""Longer words have no key: they are no words, and the kernel's buffer is fixed."""

ALIASES = {"bhut": "bht", "bhot": "bht", "ni": "nhi", "ny": "nhi"}
"""Contractions (`bhut` of bahut, `nai` of nahi) that no rule could undo without harm to other words."""

_VOWELS = frozenset("aeiou")
_SONORANTS = frozenset("lmnrvy")
_CONSONANTS = {"f": "ph", "z": "j", "w": "v", "q": "k", "x": "ks"}
_TAKES_H = {"c": "c", "s": "s"}  # the h of ch and sh is no sound of its own
_DOUBLED = {"ee": "i", "oo": "u"}
_PAIRS = {
    "ai": "e", "ae": "e", "au": "o", "ao": "o", "ou": "u", "ei": "e",
    "ia": "ya", "ie": "ye", "io": "yo", "iu": "yu",
    "ua": "va", "ue": "ve", "ui": "vi", "uo": "vo",
}  # fmt: skip
_FINAL_PAIRS = {"ai": "y", "ae": "ye", "ao": "ao", "au": "ao"}


class _Place(NamedTuple):
    """Where the pass is: what has been written, and what the last sound was."""

    key: str = ""
    last: str = ""  # the consonant just read, as written in the key; "" after a vowel
    vowel: str = ""  # the vowel letter just read; "" after a consonant
    n_vowels: int = 0
    breathes: bool = False  # the last consonant is an h that is no aspirate: it smears its vowels
    opens: bool = False  # the last consonant is an h that starts the word


def phonetic_key(word: str) -> str:
    """The key of a folded romanised Hindi word; empty for one with other letters than a-z or over 32 of them.

    >>> {phonetic_key(w) for w in ["bahut", "bhut", "boht", "bohot"]}
    {'bht'}
    >>> [phonetic_key(w) for w in ["khoobsurat", "zabardast", "mera", "meri", "नहीं"]]
    ['khubsurt', 'jbrdst', 'mera', 'meri', '']
    """
    if not (word.isascii() and word.isalpha() and word.islower() and len(word) <= LONGEST_WORD):
        return ""
    place, i = _Place(), 0
    while i < len(word):
        if word[i] in _VOWELS:
            place, i = _read_vowels(word, i, place)
        elif word[i] == "y":
            place, i = _read_y(word, i, place)
        else:
            place, i = _read_consonant(word, i, place)
    return ALIASES.get(place.key, place.key)


def _read_consonant(word: str, i: int, place: _Place) -> tuple[_Place, int]:
    letter, following = word[i], word[i + 1 : i + 2]
    if letter == "h" and place.vowel and not following:
        return place, i + 1
    end = i + 1
    written = _CONSONANTS.get(letter, letter)
    if letter == "c":
        while word[end : end + 1] == "c":
            end += 1
        written = "k"
    if letter in _TAKES_H and word[end : end + 1] == "h":
        written = _TAKES_H[letter]
        while word[end : end + 1] == "h":
            end += 1
    is_repeat = written == place.last
    after_vowel = bool(place.vowel)
    return (
        place._replace(
            key=place.key if is_repeat else place.key + written,
            last=written,
            vowel="",
            breathes=letter == "h" and (after_vowel or place.last in _SONORANTS),
            opens=letter == "h" and not place.key,
        ),
        end,
    )


def _read_y(word: str, i: int, place: _Place) -> tuple[_Place, int]:
    following = word[i + 1 : i + 2]
    if following in _VOWELS and following:
        if place.last == "y":
            return place, i + 1
        place = place._replace(key=place.key + "y", last="y", vowel="", breathes=False, opens=False)
        end, letters = _vowel_run(word, i + 1)
        swallowed = letters == "i" and end == len(word)
        return (place, end) if swallowed else (place, i + 1)
    if following == "y":
        return place, i + 1
    alone = "y" if following or not place.key else "i"
    sound = {"a": "e", "": alone}.get(place.vowel, "")
    key = place.key + sound
    return place._replace(key=key, last="", vowel="y", breathes=False, opens=False), i + 1


def _read_vowels(word: str, i: int, place: _Place) -> tuple[_Place, int]:
    end, letters = _vowel_run(word, i)
    sound, skipped = _vowel_sound(word, end, letters, place)
    key = place.key + sound
    after = place._replace(
        key=key,
        last="",
        vowel=letters[-1],
        n_vowels=place.n_vowels + 1,
        breathes=False,
        opens=False,
    )
    return after, end + skipped


def _vowel_run(word: str, start: int) -> tuple[int, str]:
    """Where a run of vowels ends, and its vowels, a double one as the single it stands for."""
    end, letters = start, ""
    while word[end : end + 1] in _VOWELS and end < len(word):
        first = end
        while word[end : end + 1] == word[first]:
            end += 1
        letters += (
            _DOUBLED.get(word[first : first + 2], word[first]) if end > first + 1 else word[first]
        )
    return end, letters


def _vowel_sound(word: str, end: int, letters: str, place: _Place) -> tuple[str, int]:
    """What a run of vowels adds to the key, and how many letters after it are silent."""
    if len(letters) > 2 and letters[0] == "a":
        letters = letters[1:]
    pair = letters[:2]
    sound = _PAIRS.get(pair, pair)
    if place.last == "y" and sound == "o":
        sound = "u"
    rest = word[end : end + 2]
    if rest in {"", "h"} or (rest == "y" and sound == "e"):
        return _FINAL_PAIRS.get(pair, sound), 0
    if not place.key:
        return sound, 0
    if rest == "n" and _is_nasal(letters, sound, place):
        return _FINAL_PAIRS.get(pair, sound), 1
    return _inner_sound(sound, rest, place), 0


def _is_nasal(letters: str, sound: str, place: _Place) -> bool:
    after_yu = place.last == "y" and sound == "u"
    plural = letters in {"e", "o"} and place.n_vowels > 0
    return place.breathes or place.opens or after_yu or letters == "ei" or plural


def _inner_sound(sound: str, rest: str, place: _Place) -> str:
    before_vowel = rest[1:] in _VOWELS and len(rest) == 2
    if place.breathes or (rest[0] == "h" and sound != "i"):
        return ""
    if rest[0] == "y" and before_vowel and sound in {"e", "i"}:
        return ""
    if rest[0] in "vw" and before_vowel and sound == "u":
        return ""
    if rest == "r" and sound == "e" and place.n_vowels:
        return ""
    return sound.removesuffix("a")
