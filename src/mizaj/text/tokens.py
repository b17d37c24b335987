"""The words, emoji and marks of a post: the readable definition, which the compiled scanner must equal.

Kinds, in the order they are tried at each place of the text:

| kind | what | example |
| --- | --- | --- |
| URL | `http://`, `https://` or `www.` up to white space | `https://t.co/x` |
| EMOTICON | one of a given set, longest first; repeats of its last mark belong to it | `:)))` |
| MENTION | `@` and a name | `@mizaj` |
| WORD (flag HASHTAG) | the words of a hashtag, parted at capitals and `_` | `#bahutAccha` |
| NUMBER | digits, with `.` `,` `:` `/` between them, and `%` | `4.5`, `10/10`, `50%` |
| WORD | letters, marks and digits, `'` or `*` between them | `don't`, `gr8`, `f**k`, `नहीं` |
| EMOJI | one emoji with its selectors, tones and joined parts; a flag; a keycap | `👍🏽` |
| EXCLAIM, QUESTION | runs of `!` and `?`; a run with a `?` is a question | `?!` |
| ELLIPSIS, STOP, COMMA | marks that end a clause | `...`, `।`, `;` |

Everything else parts words and is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from mizaj.text import characters as ch

WORD = 0
NUMBER = 1
MENTION = 2
URL = 3
EMOJI = 4
EMOTICON = 5
EXCLAIM = 6
QUESTION = 7
ELLIPSIS = 8
STOP = 9
COMMA = 10
KIND_NAMES = (
    "word", "number", "mention", "url", "emoji", "emoticon",
    "exclaim", "question", "ellipsis", "stop", "comma",
)  # fmt: skip

CAPS = 1
"""Flag: two letters or more, all of them ASCII capitals."""
ELONGATED = 2
"""Flag: some letter stands three times or more in a row."""
HASHTAG = 4
"""Flag: the word is (part of) a hashtag."""

LONGEST_EMOTICON = 6

_WORD_HEAD = ch.character_set(ch.LETTER, ch.DIGIT)
_WORD_TAIL = ch.character_set(ch.LETTER, ch.DIGIT, ch.MARK, ch.IGNORED, ch.JOINER, ch.COMPATIBILITY)
_DIGIT = ch.character_set(ch.DIGIT)
_EMOJI = ch.character_set(ch.EMOJI)
_REGIONAL = ch.character_set(ch.REGIONAL)
_DRESS = ch.character_set(ch.SELECTOR, ch.TONE)
_APOSTROPHE = "'" + ch.character_set(ch.APOSTROPHE)
_JOINER = ch.character_set(ch.JOINER)
_KEYCAP = ch.character_set(ch.KEYCAP)
_SELECTOR = ch.character_set(ch.SELECTOR)
_STOP = ".\n\r" + ch.character_set(ch.STOP)
_COMMA = ",;:|()\\[\\]" + ch.character_set(ch.COMMA)
_DOTS = "." + ch.character_set(ch.ELLIPSIS)

_MOST_MARKS = 30
_MARK_JOINER = "\u034f"

_RUN = re.compile(r"(.)\1{2,}", re.DOTALL)
_CAMEL = re.compile(r"_+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HEADLESS = re.compile(f"^[^{_WORD_HEAD}]+")
_LEFT_OUT = re.compile(f"[{ch.character_set(ch.IGNORED, ch.JOINER, ch.COMPATIBILITY)}]")
_COMPATIBILITY = re.compile(f"[{ch.character_set(ch.COMPATIBILITY)}]")
_DRESSED = re.compile(f"[{_DRESS}]")
_CURLY = re.compile(f"[{ch.character_set(ch.APOSTROPHE)}]")
# ASCII and Latin-1 capitals; other scripts with case keep it, as the scanner folds bytes
_LOWER = {c: c + 32 for c in (*range(0x41, 0x5B), *range(0xC0, 0xDF)) if c != 0xD7}
_FOLDED: dict[int, int | str] = {**_LOWER, **ch.NUKTA_LETTERS}


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `folded` is what dictionaries are asked for, `start` and `end` are places in the text."""

    folded: str
    kind: int
    flags: int
    start: int
    end: int

    @property
    def count(self) -> int:
        """How many characters the token takes in the text."""
        return self.end - self.start


def compatible(text: str) -> str:
    """The text in NFKC where it holds characters that have a plainer form, else unchanged.

    >>> compatible("𝓰𝓸𝓸𝓭 ｇｏｏｄ"), compatible("बढ़िया") == "बढ़िया"
    ('good good', True)
    """
    if not _COMPATIBILITY.search(text):
        return text
    return unicodedata.normalize("NFKC", _cut_marks(text))


def _cut_marks(text: str) -> str:
    """The text with runs of combining marks parted after every thirtieth (Unicode's Stream-Safe Text Format, UAX 15).

    Normalising sorts each run of marks by insertion, which takes a hostile run time with its square.
    """
    kept = []
    n_marks = 0
    for character in text:
        n_marks = n_marks + 1 if unicodedata.combining(character) else 0
        if n_marks > _MOST_MARKS:
            kept.append(_MARK_JOINER)
            n_marks = 1
        kept.append(character)
    return "".join(kept)


def tokenise(text: str, emoticons: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of a post in order; an empty list for an empty post.

    `emoticons` are the ASCII ones to be known, those for which `is_emoticon` holds.

    >>> [t.folded for t in tokenise("Yeh movie achhhi NAHI hai :( #bahutBura", frozenset([":("]))]
    ['yeh', 'movie', 'achhhi', 'nahi', 'hai', ':(', 'bahut', 'bura']
    """
    tokens: list[Token] = []
    for match in _pattern(emoticons).finditer(text):
        tokens.extend(_READ[str(match.lastgroup)](match))
    return [_undress(t, emoticons) if t.kind == EMOTICON else t for t in tokens]


def is_emoticon(text: str) -> bool:
    """Whether the scanner can tell this from words: two to six ASCII marks, or a letter and then one of `_ ^ - .`.

    >>> [is_emoticon(e) for e in (":)", "T_T", "xD", ":-)))))")]
    [True, True, False, False]
    """
    if not (1 < len(text) <= LONGEST_EMOTICON and text.isascii() and text.isprintable()):
        return False
    return " " not in text and (not text[0].isalnum() or text[1] in "_^-.")


def cut_runs(word: str, longest: int) -> str:
    """The word with each run of three or more equal letters cut to `longest`.

    >>> [cut_runs("helloooo", n) for n in (3, 2, 1)]
    ['hellooo', 'helloo', 'hello']
    """
    return _RUN.sub(lambda run: run[1] * longest, word)


def fold(word: str) -> str:
    """The word as dictionaries hold it: lower case, straight apostrophes, no joiners, nuktas of their own.

    >>> fold("DON’T")
    "don't"
    """
    return _LEFT_OUT.sub("", _CURLY.sub("'", word.translate(_FOLDED)))


@cache
def _pattern(emoticons: frozenset[str]) -> re.Pattern[str]:
    known = sorted(emoticons, key=lambda e: (-len(e), e))
    spelled = "|".join(_spell_emoticon(e) for e in known)
    dressed = f"[{_EMOJI}{ch.character_set(ch.TONE)}][{_DRESS}]*"
    word = f"[{_WORD_HEAD}][{_WORD_TAIL}]*"
    parts = {
        "url": r"(?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\.)[^\x00-\x20]*",
        "emoticon": spelled or r"(?!)",
        "mention": "@[A-Za-z0-9_]+",
        "hashtag": f"#(?=[{_WORD_HEAD}])[{_WORD_TAIL}_]+",
        "entity": "&[A-Za-z]{2,6};",
        "keycap": f"[0-9][{_SELECTOR}]*[{_KEYCAP}]",
        "number": f"[{_DIGIT}]+(?:[.,:/][{_DIGIT}]+)*(?![{_WORD_TAIL}])%?",
        "word": rf"{word}(?:(?:[{_APOSTROPHE}]|\*+){word})*",
        "flag": f"[{_REGIONAL}]{{1,2}}",
        "emoji": f"{dressed}(?:[{_JOINER}]{dressed})*",
        "outcry": "[!?]+",
        "ellipsis": f"\\.[{_DOTS}]+|[{ch.character_set(ch.ELLIPSIS)}][{_DOTS}]*",
        "stop": f"[{_STOP}]",
        "comma": f"[{_COMMA}]",
    }
    return re.compile("|".join(f"(?P<{name}>{part})" for name, part in parts.items()))


def _spell_emoticon(emoticon: str) -> str:
    before = "(?<![A-Za-z0-9])" if emoticon[0].isalnum() else ""
    after = "(?![A-Za-z0-9])" if emoticon[-1].isalnum() else ""
    return f"{before}{re.escape(emoticon)}{re.escape(emoticon[-1])}*{after}"


def _undress(token: Token, emoticons: frozenset[str]) -> Token:
    """The emoticon without the repeats of its last mark."""
    known = token.folded
    while known not in emoticons:
        known = known[:-1]
    return replace(token, folded=known)


def _word(written: str, start: int, flags: int) -> Token:
    folded = fold(written)
    letters = [c for c in written if c.isascii() and c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        flags |= CAPS
    if _RUN.search(folded):
        flags |= ELONGATED
    return Token(folded, WORD, flags, start, start + len(written))


def _read_word(match: re.Match[str]) -> list[Token]:
    return [_word(match[0], match.start(), 0)]


def _read_hashtag(match: re.Match[str]) -> list[Token]:
    words, place = [], match.start() + 1
    for piece in _CAMEL.split(match[0][1:]):
        place = match.string.index(piece, place)
        bare = _HEADLESS.sub("", piece)
        if bare:
            words.append(_word(bare, place + len(piece) - len(bare), HASHTAG))
        place += len(piece)
    return words


def _read_symbol(match: re.Match[str]) -> list[Token]:
    bare = _DRESSED.sub("", match[0]) or match[0]
    return [Token(bare, EMOJI, 0, match.start(), match.end())]


def _read_outcry(match: re.Match[str]) -> list[Token]:
    kind = QUESTION if "?" in match[0] else EXCLAIM
    return [Token(match[0], kind, 0, match.start(), match.end())]


def _read_as(kind: int) -> Callable[[re.Match[str]], list[Token]]:
    return lambda match: [Token(match[0], kind, 0, match.start(), match.end())]


_READ: dict[str, Callable[[re.Match[str]], list[Token]]] = {
    "url": _read_as(URL),
    "mention": _read_as(MENTION),
    "hashtag": _read_hashtag,
    "entity": lambda _match: [],
    "emoticon": _read_as(EMOTICON),
    "keycap": _read_symbol,
    "number": _read_as(NUMBER),
    "word": _read_word,
    "flag": _read_symbol,
    "emoji": _read_symbol,
    "outcry": _read_outcry,
    "ellipsis": _read_as(ELLIPSIS),
    "stop": _read_as(STOP),
    "comma": _read_as(COMMA),
}
