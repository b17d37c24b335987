"""Dictionaries that others made, as entries: WordNets, SentiWordNets, VADER, AFINN, NRC, tables.

Each reader takes a path and yields entries as it goes; what `lexicon build` merges is up to its
caller. Licences are up to the user: nothing of these dictionaries comes with mizaj through this
room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from mizaj.errors import LexiconError, SettingError
from mizaj.lexicon.entries import Entry
from mizaj.lexicon.importers import sentiwordnets, valences, wordnets
from mizaj.lexicon.importers.lines import AS_FOUND, ImportSettings, Reader, read_lines
from mizaj.lexicon.importers.notation import NOTATIONS, to_devanagari
from mizaj.lexicon.importers.sentiwordnets import hindi_sentiwordnet, sentiwordnet
from mizaj.lexicon.importers.valences import afinn, names_a_table, nrc, table, vader
from mizaj.lexicon.importers.wordnets import hindi_wordnet, princeton_wordnet, wordnet_files

__all__ = [
    "FORMATS",
    "NOTATIONS",
    "ImportSettings",
    "afinn",
    "detect_format",
    "hindi_sentiwordnet",
    "hindi_wordnet",
    "import_entries",
    "nrc",
    "princeton_wordnet",
    "sentiwordnet",
    "table",
    "to_devanagari",
    "vader",
]

FORMATS: dict[str, Reader] = {
    wordnets.PRINCETON: princeton_wordnet,
    wordnets.HINDI: hindi_wordnet,
    sentiwordnets.SENTIWORDNET: sentiwordnet,
    sentiwordnets.HINDI: hindi_sentiwordnet,
    valences.VADER: vader,
    valences.NRC: nrc,
    valences.AFINN: afinn,
    valences.TABLE: table,
}
"""The reader of each format, by the name a user may give."""

_SAMPLE = 40
# Not all, so that a broken line is named by the reader instead of hiding the format.
_MOST = 0.8
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_NUMBERED = re.compile(r"\d{8} \d{2} [nvasr] [0-9a-f]{2} \S")
_INDEXED = re.compile(r"\S+ [nvar] \d+ \d+ ")
_HINDI_NUMBERED = re.compile(r"\d{8} 0[1-4] \d+ +\S")
_HINDI_INDEXED = re.compile(r"\S+ 0[1-4] \d{2}(?: \d{2,8})+\s*$")
_EMOTIONS = "|".join(sorted(valences.EMOTIONS))


def _matches(*patterns: str) -> Callable[[str], bool]:
    compiled = [re.compile(pattern) for pattern in patterns]
    return lambda line: any(pattern.match(line) for pattern in compiled)


# Stricter ones first: a line of AFINN is also one of VADER without its last columns.
_LOOKS: dict[str, Callable[[str], bool]] = {
    wordnets.PRINCETON: _matches(_NUMBERED.pattern, _INDEXED.pattern, "  "),
    wordnets.HINDI: _matches(_HINDI_NUMBERED.pattern, _HINDI_INDEXED.pattern),
    sentiwordnets.SENTIWORDNET: _matches("#", rf"[nvasr]\t\d+\t{_NUMBER}\t{_NUMBER}\t\S+#\d+"),
    sentiwordnets.HINDI: _matches(rf"[nvasr]\s+\d+\s+{_NUMBER}\s+{_NUMBER}\s+\S"),
    valences.NRC: _matches(rf"[^\t]+\t(?:{_EMOTIONS})\t[01]\s*$"),
    valences.VADER: _matches(rf"[^\t]+\t\s*{_NUMBER}\t\s*\d+(?:\.\d+)?(?:\t|$)"),
    valences.AFINN: _matches(r"[^\t]+\t[+-]?[0-5](?:\.0)?\s*$"),
}


def import_entries(
    path: Path, format: str | None = None, *, settings: ImportSettings = AS_FOUND
) -> Iterator[Entry]:
    """The entries of a dictionary file in one of `FORMATS`.

    Without a format it is told from the first lines. A folder is read as a WordNet. Raises
    `SettingError` for an unknown format, `LexiconError`, naming the file and where it can the
    line, for a file that cannot be read or understood.
    """
    name = format or detect_format(path)
    if name not in FORMATS:
        message = f"the dictionary format is '{name}'; allowed: {', '.join(FORMATS)}"
        raise SettingError(message)
    return FORMATS[name](path, settings)


def detect_format(path: Path) -> str:
    """The name of the format that the first lines of a file (or of a WordNet folder) have.

    Raises `LexiconError` if no format fits.
    """
    lines = [line.text for line in islice(read_lines(wordnet_files(path)[0]), _SAMPLE)]
    for body in (lines, lines[1:]):
        # the second round leaves out what may be a header
        for name, looks_right in _LOOKS.items():
            if body and sum(map(looks_right, body)) >= _MOST * len(body):
                return name
        if lines and names_a_table(lines[0]):
            return valences.TABLE
    message = (
        f"cannot tell the format of {path} from its first lines; "
        f"name it, one of: {', '.join(FORMATS)}"
    )
    raise LexiconError(message)
