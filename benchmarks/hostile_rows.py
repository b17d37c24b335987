"""Rows that were written to break or slow down a reader of posts, at any size; tests take them too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

FULL = 10_000_000
"""The bytes of the largest row of the suite."""

UNITS = {
    "one word": b"a",
    "one word, no two letters alike": b"qwertyuiopasdfghjklzxcvbnm",
    "one Devanagari word": "नमस्ते".encode(),
    "Devanagari matras": "ा".encode(),
    "spaces": b" ",
    "line ends": b"\r\n",
    "known words": b"accha nahi hai lekin bahut good ",
    "conjunctions": b"but lekin par magar ",
    "negators": b"not nahi mat na ",
    "phrase beginnings": b"paisa paisa vasool kabhi khushi kabhi ",
    "questions": b"kya? kyun?? ",
    "emoji": "😍".encode(),
    "emoji with skin tones": "👍🏽".encode(),
    "skin tones": "🏽".encode(),
    "joined emoji": "👩\u200d".encode(),
    "joiners": "\u200d".encode(),
    "variation selectors": "\ufe0f".encode(),
    "regional indicators": "🇮".encode(),
    "keycaps": "1\ufe0f\u20e3".encode(),
    "emoticons": b":)",
    "eyes of emoticons": b":",
    "mentions": b"@",
    "mentions with names": b"@a",
    "hashtags": b"#",
    "hashtag of two letters": b"#aB",
    "underscores": b"_",
    "links": b"https://",
    "beginnings of links": b"h",
    "www": b"www.",
    "entities": b"&amp;",
    "ampersands": b"&",
    "digits": b"7",
    "numbers": b"1.2,3/",
    "apostrophes": b"'",
    "stars": b"*",
    "masked words": b"f*",
    "hyphens": b"-",
    "backslashes": b"\\",
    "quotes": b'"',
    "brackets": b"([{",
    "shouts": b"!?",
    "dots": b".",
    "combining marks": "\u0301\u0323\u035c".encode(),
    "letters with marks": "z\u0351\u0343a\u0300".encode(),
    "NULs": b"\0",
    "control characters": b"\x01\x1b[31m\x7f\x08",
    "right-to-left overrides": "\u202eab\u202c".encode(),
    "Arabic and Hebrew": "سلام שלום ".encode(),
    "full-width letters": "ｇｏｏｄ ".encode(),
    "mathematical letters": "𝓰𝓸𝓸𝓭".encode(),
    "ligature that NFKC makes long": "ﷺ".encode(),
    "byte order marks": "\ufeff".encode(),
    "broken UTF-8: continuation bytes": b"\x80",
    "broken UTF-8: cut characters": b"\xf0\x9f\x98",
    "broken UTF-8: impossible bytes": b"\xff\xfe",
    "broken UTF-8: overlong forms": b"\xc0\xaf",
    "broken UTF-8: surrogates": b"\xed\xa0\x80",
}
"""What a row repeats, by kind."""

UNLIKE = "words that are all different"
KINDS = (*UNITS, UNLIKE)

_BROKEN = "broken"


def row(kind: str, size: int) -> bytes:
    """A row of the kind, `size` bytes long; where that cuts a character, a space stands in its place."""
    if kind == UNLIKE:
        return _different_words(size)
    unit = UNITS[kind]
    times, rest = divmod(size, len(unit))
    tail = unit[:rest] if unit.isascii() or kind.startswith(_BROKEN) else b" " * rest
    return unit * times + tail


def is_utf8(kind: str) -> bool:
    """Whether rows of the kind are valid UTF-8."""
    return not kind.startswith(_BROKEN)


def _different_words(size: int) -> bytes:
    words = b" ".join(islice(_words(), size // 8 + 1))
    return words[:size]


def _words() -> Iterator[bytes]:
    """Words of seven letters, no two alike."""
    for number in count():
        letters = (number * 7919) % 26**5
        yield b"w" + bytes(97 + letters // 26**place % 26 for place in range(5)) + b"i"
