"""What every importer needs: its settings, numbered lines, and words as dictionaries hold them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mizaj.errors import LexiconError, SettingError
from mizaj.lexicon.entries import LANGUAGES, POLARITY_LIMIT, Entry
from mizaj.lexicon.importers.notation import NOTATIONS
from mizaj.text.tokens import fold

LONGEST_LINE_BYTES = 1 << 20
"""A longer line is no dictionary line: the longest of WordNet 3.1 has 15,000 bytes."""

WORDNET_POS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
"""What the letters that WordNets use stand for; `s` is an adjective close to another one."""

_SYMBOL_MARKS = re.compile(r"[^\w\s'’.\-]|^[\W_]")
_DEVANAGARI = re.compile("[\u0900-\u097f]")


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value and value not in allowed:
        message = f"{name} is '{value}'; allowed: {', '.join(allowed)}"
        raise SettingError(message)


@dataclass(frozen=True)
class ImportSettings:
    """How a foreign dictionary is read; an empty value means: as the file shows it.

    `notation` is how Hindi words are written (one of `NOTATIONS`), `language` is given to every
    word, `largest` is the figure of the most positive word in a table, which becomes a polarity
    of 4.
    """

    notation: str = ""
    language: str = ""
    largest: float = POLARITY_LIMIT

    def __post_init__(self) -> None:
        _check_choice("notation", self.notation, NOTATIONS)
        _check_choice("language", self.language, LANGUAGES)
        if not 0 < self.largest < math.inf:
            message = f"largest is {self.largest}; it must be a number over 0"
            raise SettingError(message)


AS_FOUND = ImportSettings()
Reader = Callable[[Path, ImportSettings], Iterator[Entry]]


@dataclass(frozen=True)
class Line:
    """One line of a file, without its line break, and where it stands."""

    text: str
    path: Path
    number: int

    def fail(self, message: str, *, cause: Exception | None = None) -> NoReturn:
        """Raise `LexiconError` for this line."""
        where = f"{self.path}, line {self.number}: "
        raise LexiconError(where + message) from cause

    def float(self, cell: str, name: str, *, at_least: float, at_most: float) -> float:
        """The number in a cell; `LexiconError` if it is none or outside its bounds."""
        try:
            value = float(cell)
        except ValueError as error:
            self.fail(f"{name} is '{cell[:40]}'; it must be a number", cause=error)
        # not (a <= b <= c), so that NaN is refused as well
        if not at_least <= value <= at_most:
            message = f"{name} is {cell[:40]}; it must be from {at_least:g} to {at_most:g}"
            self.fail(message)
        return value


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a UTF-8 file that are not empty, one in memory at a time.

    Raises `LexiconError`, naming the line, for a file that cannot be read, bytes that are not
    UTF-8 and lines over 1 MB.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        message = f"cannot read the dictionary {path}: {error.strerror}"
        raise LexiconError(message) from error
    with stream:
        number = 0
        while raw := stream.readline(LONGEST_LINE_BYTES + 1):
            number += 1
            line = Line(_decode(raw, path, number), path, number)
            if line.text.strip():
                yield line


def split(line: Line, separator: str | None, *, at_least: int) -> list[str]:
    """The cells of a line, stripped; `LexiconError` if there are too few."""
    cells = [cell.strip() for cell in line.text.split(separator)]
    if len(cells) < at_least:
        line.fail(f"{len(cells)} columns; at least {at_least} are needed")
    return cells


def as_word(written: str) -> str:
    """A word or phrase as dictionaries hold it: lower case, NFC, one space for `_` and white space.

    >>> as_word("Well_Known")
    'well known'
    """
    return fold(" ".join(unicodedata.normalize("NFC", written).replace("_", " ").split()))


def as_word_or_symbol(written: str) -> str:
    """The same for lists that hold emoticons as well.

    Those keep their case, which tells them apart (`:D`, `:d`), and their underscores (`-_-`).
    """
    return written.strip() if is_symbol(written) else as_word(written)


def is_symbol(written: str) -> bool:
    """Whether this is an emoticon or emoji, not a word.

    >>> [is_symbol(w) for w in (":D", "(-:", "can't", "well_known", "अच्छा")]
    [True, True, False, False, False]
    """
    plain = _DEVANAGARI.sub("a", written.strip())
    return not any(c.isalpha() for c in plain) or bool(_SYMBOL_MARKS.search(plain))


def language_of(word: str, settings: ImportSettings) -> str:
    """The language that the settings name, else `hi` for Devanagari, `en` for anything else."""
    return settings.language or ("hi" if _DEVANAGARI.search(word) else "en")


def _decode(raw: bytes, path: Path, number: int) -> str:
    where = f"{path}, line {number}"
    if len(raw) > LONGEST_LINE_BYTES:
        message = f"{where}: longer than {LONGEST_LINE_BYTES} bytes; this is no dictionary"
        raise LexiconError(message)
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        message = f"{where}: not UTF-8 at byte {error.start}; save the file as UTF-8"
        raise LexiconError(message) from error
    return text.rstrip("\r\n")
