"""The letters, digits and separators that personal data is written in, as classes for RE2 and for `re` alike."""

from __future__ import annotations

# Spelled as ranges, since `\w` of `re` leaves out the vowel signs of Devanagari and RE2 knows ASCII alone.
FOREIGN = "À-ɏЀ-ӿؠ-ۓە-ۿऀ-ॣ०-෿"
"""Letters, signs and digits of Latin beyond ASCII, Cyrillic, Arabic and the scripts of India, but not their stops."""
WORD = f"A-Za-z0-9_{FOREIGN}"
_STYLED_DIGITS = (
    "\U0001d7ce-\U0001d7d7\U0001d7d8-\U0001d7e1\U0001d7e2-\U0001d7eb"
    "\U0001d7ec-\U0001d7f5\U0001d7f6-\U0001d7ff"
)
DIGITS = f"0-9०-९০-৯੦-੯૦-૯୦-୯௦-௯౦-౯೦-೯൦-൯٠-٩۰-۹０-９\u1c50-\u1c59\uabf0-\uabf9{_STYLED_DIGITS}"
"""Of the scripts of India and Arabic, wide, and styled (bold and so on), each range from 0 to 9."""
DRESS = "\ufe0f\u20e3"
"""What makes a digit an emoji of a key."""
SEPARATORS = f" .()\u00a0\u2000-\u2015\u202f\u2060\ufeff{DRESS}-"
"""What stands between the digits of one number, seen or not (blanks of all widths, of none too, and dashes).

The hyphen comes last, as a class wants it.
"""

_ASCII_DIGITS = {ord(last) - 9 + value: str(value) for last in DIGITS[2::3] for value in range(10)}


def with_ascii_digits(text: str) -> str:
    """The text with all `DIGITS` as 0-9, each character in its place.

    >>> with_ascii_digits("फ़ोन ९८७६५")
    'फ़ोन 98765'
    """
    return text if text.isascii() else text.translate(_ASCII_DIGITS)
