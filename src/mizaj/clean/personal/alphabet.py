"""The letters, digits and separators that personal data is written in, as classes for RE2 and for `re` alike."""

from __future__ import annotations

# Spelled as ranges, since `\w` of `re` leaves out the vowel signs of Devanagari and RE2 knows ASCII alone.
FOREIGN = "À-ɏЀ-ӿؠ-ۓە-ۿऀ-ॣ०-෿"
"""Letters, signs and digits of Latin beyond ASCII, Cyrillic, Arabic and the scripts of India, but not their stops."""
WORD = f"A-Za-z0-9_{FOREIGN}"
DIGITS = "0-9०-९০-৯੦-੯૦-૯୦-୯௦-௯౦-౯೦-೯൦-൯٠-٩۰-۹０-９"
DRESS = "\ufe0f\u20e3"
"""What makes a digit an emoji of a key."""
SEPARATORS = f" .()\u00a0\u2009\u202f\u2010-\u2015{DRESS}-"
"""What stands between the digits of one number; the hyphen comes last, as a class wants it."""

_ASCII_DIGITS = {ord(last) - 9 + value: str(value) for last in DIGITS[2::3] for value in range(10)}


def with_ascii_digits(text: str) -> str:
    """The text with the digits of every script as 0-9, each character in its place.

    >>> with_ascii_digits("फ़ोन ९८७६५")
    'फ़ोन 98765'
    """
    return text if text.isascii() else text.translate(_ASCII_DIGITS)
