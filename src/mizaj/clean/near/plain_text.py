"""The plain form of a post, in which copies are compared: the readable definition, which the compiled one must equal.

Copies come back as retweets, with other links, in capitals, in styled letters, with more exclamation marks. What
differs so is taken away; words, numbers, emoji and smileys stay, since they change what is said.

| what | becomes |
| --- | --- |
| a link (`http://`, `https://`, `www.`, `t.co/`, `pic.twitter.com/` and the ASCII that follows) | a blank |
| a handle, with an `RT` before it | a blank |
| `:)` and `:(`, also with `;` or `=` for eyes and a nose | `☺` and `☹` |
| a letter, figure, emoji or other symbol | its small and compatible form (NFKD), without diacritics of Latin |
| an apostrophe, a joiner, a variation selector | nothing |
| anything else: punctuation, ASCII symbols, controls, white space | a blank; several are one |

Characters beyond `TABLE_END` stay as they are. Signs of Devanagari are no diacritics and stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

TABLE_END = 0x20000
"""Characters from here on (rare ideographs) are not looked up."""

MOST_GROWTH = 12
"""No character becomes more than so many bytes for each of its own (U+FDFA: 33 for 3)."""

SMILE, FROWN = "☺", "☹"

_TAGS = range(0xE0000, 0xE1000)
_DIACRITICS = range(0x300, 0x370)
_SELECTORS = range(0xFE00, 0xFE10)
_APOSTROPHES = "'’ʼ"

_MASKED = re.compile(
    r"(?P<link>(?:https?://|www\.|pic\.twitter\.com/|t\.co/)[!-~]*)"
    r"|(?P<handle>(?:(?<![0-9A-Za-z_])rt +)?(?<![0-9A-Za-z_])@[0-9A-Za-z_]+)"
    r"|(?P<smile>[:;=][-']?[)\]])"
    r"|(?P<frown>[:;=][-']?[(\[])",
    re.ASCII | re.IGNORECASE,
)
_MARKS = {"link": " ", "handle": " ", "smile": f" {SMILE} ", "frown": f" {FROWN} "}


def plain_form(text: str) -> str:
    """The text without what copies change; empty where nothing else stands in it.

    >>> plain_form("RT @amit: Bahut ACCHA film hai!!! :-) https://t.co/x1")
    'bahut accha film hai ☺'
    >>> plain_form("10/10 😂😂 #mast  ｍａｓｔ Café")
    '10 10 😂😂 mast mast cafe'
    >>> plain_form("@you www.example.com !!!")
    ''
    """
    masked = _MASKED.sub(lambda found: _MARKS[found.lastgroup or "link"], text)
    return " ".join(masked.translate(_forms).split())


def plain_character(code: int) -> str:
    """What becomes of the character with this code: itself, other characters and blanks, or nothing.

    >>> [plain_character(ord(each)) for each in "É½…’"]
    ['e', '1⁄2', '   ', '']
    """
    if code >= TABLE_END:
        return "" if code in _TAGS else chr(code)
    folded = unicodedata.normalize("NFKD", chr(code)).casefold()
    return "".join(map(_kept, unicodedata.normalize("NFKD", folded)))


def _kept(character: str) -> str:
    code = ord(character)
    if character in _APOSTROPHES or code in _DIACRITICS or code in _SELECTORS:
        return ""
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    # Not assigned (Cn) is what a newer Unicode may call an emoji.
    is_blank = category[0] in "PZ" or category == "Cc" or (category[0] == "S" and code < 0x80)
    return " " if is_blank else character


class _Forms(dict[int, str]):
    """For `str.translate`: characters are looked up when they first come."""

    def __init__(self, find: Callable[[int], str]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, code: int) -> str:
        form = self[code] = self._find(code)
        return form


_forms = _Forms(plain_character)
