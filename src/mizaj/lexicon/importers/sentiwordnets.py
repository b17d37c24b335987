"""SentiWordNet 3 and Hindi SentiWordNet: figures by meaning, brought to one polarity a word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mizaj.lexicon.entries import POLARITY_LIMIT, Entry
from mizaj.lexicon.importers.lines import (
    AS_FOUND,
    WORDNET_POS,
    ImportSettings,
    Line,
    as_word,
    language_of,
    read_lines,
    split,
)
from mizaj.lexicon.importers.notation import to_devanagari
from mizaj.lexicon.importers.wordnets import find_notation

SENTIWORDNET = "sentiwordnet"
HINDI = "hindi_sentiwordnet"

_HIGHEST_RANK = 1000
"""WordNet's most ambiguous word has 75 meanings; a rank beyond this is a broken line."""


@dataclass
class _Mean:
    """A weighted mean that grows, and how many meanings went in."""

    total: float = 0.0
    weight: float = 0.0
    n_meanings: int = 0

    def add(self, value: float, weight: float) -> None:
        self.total += value * weight
        self.weight += weight
        self.n_meanings += 1

    @property
    def value(self) -> float:
        return self.total / self.weight


_Table = dict[str, dict[str, _Mean]]
"""word -> part of speech -> mean"""


def sentiwordnet(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """One entry for each word of SentiWordNet 3.

    Its columns are POS, ID, PosScore, NegScore, `term#rank ...`, gloss, parted by tabs. Within a
    part of speech meanings count by 1/rank, as the authors' own sample code has it. A text does
    not say the part of speech, so those of a word are averaged by their number of meanings, and
    the entry names the one that has most. Positive minus negative (-1 to 1) becomes -4 to 4. Lines
    with `#` in front are comments. Raises `LexiconError`, naming the line.
    """
    table: _Table = defaultdict(lambda: defaultdict(_Mean))
    for line in read_lines(path):
        if line.text.startswith("#") or _is_header(line):
            continue
        cells = split(line, "\t", at_least=5)
        pos, polarity = _part_of_speech(cells[0], line), _polarity(cells[2], cells[3], line)
        for term in cells[4].split():
            word, _, rank = term.rpartition("#")
            weight = 1 / line.float(rank, "the rank", at_least=1, at_most=_HIGHEST_RANK)
            table[as_word(word)][pos].add(polarity, weight)
    yield from _entries(table, settings, source=SENTIWORDNET)


def hindi_sentiwordnet(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """One entry for each word of Hindi SentiWordNet: `POS id positive negative word,word,...`.

    Meanings have no rank, so they count alike. Words in WX come out in Devanagari (extra `text`);
    other notations are named in the settings. Raises `LexiconError`, naming the line.
    """
    notation = settings.notation or find_notation(path)
    table: _Table = defaultdict(lambda: defaultdict(_Mean))
    for line in read_lines(path):
        if _is_header(line):
            continue
        cells = split(line, None, at_least=5)
        pos, polarity = _part_of_speech(cells[0], line), _polarity(cells[2], cells[3], line)
        for written in filter(None, ",".join(cells[4:]).split(",")):
            table[as_word(to_devanagari(written, notation))][pos].add(polarity, 1.0)
    yield from _entries(table, settings, source=HINDI)


def _is_header(line: Line) -> bool:
    return line.number == 1 and line.text.upper().startswith("POS")


def _part_of_speech(cell: str, line: Line) -> str:
    if cell not in WORDNET_POS:
        line.fail(f"the part of speech is '{cell[:40]}'; allowed: {', '.join(WORDNET_POS)}")
    return WORDNET_POS[cell]


def _polarity(positive: str, negative: str, line: Line) -> float:
    return POLARITY_LIMIT * (
        line.float(positive, "the positive share", at_least=0, at_most=1)
        - line.float(negative, "the negative share", at_least=0, at_most=1)
    )


def _entries(table: _Table, settings: ImportSettings, *, source: str) -> Iterator[Entry]:
    for word, by_pos in table.items():
        if not any(c.isalpha() for c in word):
            continue
        overall = _Mean()
        for mean in by_pos.values():
            overall.add(mean.value, mean.n_meanings)
        most = max(by_pos, key=lambda pos: by_pos[pos].n_meanings)
        polarity = round(overall.value, 3)
        yield Entry(word, language_of(word, settings), polarity, most, source=source)
