"""Princeton and Hindi WordNet: words with their part of speech and no polarity, for vocabulary.

Princeton (wndb(5WN)): `index.POS` has one line for each word, `data.POS` one for each meaning.
Hindi WordNet (IIT Bombay) keeps the same idea under other names, in UTF-8: `idxnoun_txt`,
`idxadjective_txt`, `idxverb_txt`, `idxadverb_txt` have `word category pointers... meanings...`,
`data_txt` has `meaning category size word:word:... | gloss`. Its categories are 01 noun, 02
adjective, 03 verb, 04 adverb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from mizaj.errors import LexiconError
from mizaj.lexicon.entries import Entry
from mizaj.lexicon.importers.lines import (
    AS_FOUND,
    WORDNET_POS,
    ImportSettings,
    Line,
    as_word,
    language_of,
    read_lines,
)
from mizaj.lexicon.importers.notation import to_devanagari

PRINCETON = "princeton_wordnet"
HINDI = "hindi_wordnet"

_HINDI_POS = {"01": "noun", "02": "adj", "03": "verb", "04": "adv"}
# In a folder the part of speech that most often bears an opinion is read first and names a word
# that has several.
_PRINCETON_FILES = ("index.adj", "index.adv", "index.verb", "index.noun")
_PRINCETON_DATA = ("data.adj", "data.adv", "data.verb", "data.noun")
_HINDI_FILES = ("idxadjective_txt", "idxadverb_txt", "idxverb_txt", "idxnoun_txt")
_HINDI_DATA = ("data_txt",)
_NOTATION_SAMPLE = 50

Word = tuple[str, str]
"""A word as it is written, and its part of speech."""


def princeton_wordnet(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """One entry, polarity 0, for each word of `index.POS` or `data.POS`, or of a folder of them.

    A word in several parts of speech or meanings comes once, under the first. Raises
    `LexiconError`, naming the line, for a line that is neither.
    """
    seen: set[str] = set()
    for file in wordnet_files(path):
        words = (found for line in _body(file) for found in _princeton_words(line))
        yield from _entries(words, seen, settings=settings, source=PRINCETON)


def hindi_wordnet(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """One entry, polarity 0, for each word of `idxPOS_txt` or `data_txt`, or of a folder of them.

    Words in WX come out in Devanagari (extra `text`); other notations are named in the settings.
    Raises `LexiconError`, naming the line, for a line that is neither.
    """
    seen: set[str] = set()
    for file in wordnet_files(path):
        notation = settings.notation or find_notation(file)
        words = (
            (to_devanagari(word, notation), pos)
            for line in read_lines(file)
            for word, pos in _hindi_words(line)
        )
        yield from _entries(words, seen, settings=settings, source=HINDI)


def wordnet_files(path: Path) -> list[Path]:
    """The file itself, or the word lists of a folder; `LexiconError` for a folder that has none."""
    if not path.is_dir():
        return [path]
    for names in (_PRINCETON_FILES, _HINDI_FILES, _PRINCETON_DATA, _HINDI_DATA):
        found = [path / name for name in names if (path / name).is_file()]
        if found:
            return found
    message = (
        f"the folder {path} holds no WordNet: looked for "
        f"{', '.join((*_PRINCETON_FILES, *_PRINCETON_DATA, *_HINDI_FILES, *_HINDI_DATA))}"
    )
    raise LexiconError(message)


def find_notation(path: Path) -> str:
    """`devanagari` if the first lines of a Hindi dictionary hold any, else `wx`."""
    head = islice(read_lines(path), _NOTATION_SAMPLE)
    found = any("\u0900" <= c <= "\u097f" for line in head for c in line.text)
    return "devanagari" if found else "wx"


def _body(path: Path) -> Iterator[Line]:
    """The lines after the licence, which begins each line with two spaces."""
    return (line for line in read_lines(path) if not line.text.startswith("  "))


def _princeton_words(line: Line) -> list[Word]:
    cells = line.text.partition("|")[0].split()
    if len(cells) > 4 and cells[2] in WORDNET_POS and cells[0].isdecimal():
        count = _count(cells[3], 16, line)
        words = cells[4 : 4 + 2 * count : 2]
        _check_count(words, count, line)
        # adjectives carry where they may stand: galore(ip)
        return [(word.partition("(")[0], WORDNET_POS[cells[2]]) for word in words]
    if len(cells) < 4 or cells[1] not in WORDNET_POS or not cells[2].isdecimal():
        line.fail("neither an index line nor a data line of Princeton WordNet")
    return [(cells[0], WORDNET_POS[cells[1]])]


def _hindi_words(line: Line) -> list[Word]:
    cells = line.text.partition("|")[0].split()
    if len(cells) > 3 and cells[0].isdecimal() and cells[1] in _HINDI_POS:
        words = [word for word in cells[3].split(":") if word]
        count = _count(cells[2], 10, line)
        # a meaning whose words were withdrawn stays as a line of size 0
        return [(word, _HINDI_POS[cells[1]]) for word in words] if count else []
    if len(cells) < 3 or cells[1] not in _HINDI_POS or not cells[2].isdecimal():
        line.fail("neither an index line nor a data line of Hindi WordNet")
    return [(cells[0], _HINDI_POS[cells[1]])]


def _count(cell: str, base: int, line: Line) -> int:
    parse: Callable[[str, int], int] = int
    try:
        return parse(cell, base)
    except ValueError as error:
        line.fail(f"the number of words is '{cell[:40]}'", cause=error)


def _check_count(words: list[str], count: int, line: Line) -> None:
    if len(words) != count:
        line.fail(f"{count} words are announced, {len(words)} are there")


def _entries(
    words: Iterator[Word], seen: set[str], *, settings: ImportSettings, source: str
) -> Iterator[Entry]:
    for written, pos in words:
        word = as_word(written)
        if word in seen or not any(c.isalpha() for c in word):
            continue
        seen.add(word)
        yield Entry(word, language_of(word, settings), pos=pos, source=source)
