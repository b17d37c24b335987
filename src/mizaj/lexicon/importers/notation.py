"""Hindi words written in Latin notations (WX, ITRANS, ISO 15919), brought to Devanagari."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from types import ModuleType

from mizaj.errors import ExtraMissing

NOTATIONS = ("devanagari", "wx", "itrans", "iso")

# WX as Hindi resources write it has two signs that indic-transliteration does not read: Z after a
# consonant is the nukta, Y after E or O the candra (English loan words: dOYktara). The nukta
# letters go in under the names that the library gives them, the candra is put right in what comes
# out.
_NUKTA = {"kZ": "क़", "KZ": "ख़", "gZ": "ग़", "jZ": "ज़", "dZ": "ड़", "DZ": "ढ़", "PZ": "फ़"}
_NUKTA_PAIR = re.compile("[kKgjdDP]Z")
_CANDRA = {"औY": "ऑ", "ौY": "ॉ", "ऐY": "ऍ", "ैY": "ॅ"}
_CANDRA_PAIR = re.compile("[औौऐै]Y")


def to_devanagari(word: str, notation: str) -> str:
    """The word in Devanagari, NFC; a word that is Devanagari already comes back unchanged.

    Raises `ExtraMissing` where a Latin notation is asked for and indic-transliteration is not
    installed.

    >>> to_devanagari("अच्छा", "devanagari")
    'अच्छा'
    """
    if notation == "devanagari" or (not word.isascii() and notation == "wx"):
        return unicodedata.normalize("NFC", word)
    library = _transliteration()
    if notation == "wx":
        word = _NUKTA_PAIR.sub(lambda pair: _nukta_names()[pair[0]], word)
    written = str(library.transliterate(word, notation, "devanagari"))
    if notation == "wx":
        written = _CANDRA_PAIR.sub(lambda pair: _CANDRA[pair[0]], written)
    return unicodedata.normalize("NFC", written)


def _transliteration() -> ModuleType:
    try:
        from indic_transliteration import sanscript
    except ImportError as error:
        library = "indic-transliteration"
        raise ExtraMissing(library, extra="text") from error
    return sanscript  # type: ignore[no-any-return]


@cache
def _nukta_names() -> dict[str, str]:
    """What indic-transliteration calls each nukta letter inside its WX scheme."""
    named = _transliteration().SCHEMES["wx"]["extra_consonants"]
    by_letter = {unicodedata.normalize("NFC", letter): name for letter, name in named.items()}
    return {pair: by_letter[unicodedata.normalize("NFC", c)] for pair, c in _NUKTA.items()}
