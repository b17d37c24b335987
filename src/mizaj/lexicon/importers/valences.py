"""Word lists with a valence: VADER, AFINN, NRC emotions, and any table that names its columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, groupby
from pathlib import Path

from mizaj.lexicon.entries import LANGUAGES, PARTS_OF_SPEECH, POLARITY_LIMIT, ROLES, Entry
from mizaj.lexicon.importers.lines import (
    AS_FOUND,
    WORDNET_POS,
    ImportSettings,
    Line,
    as_word_or_symbol,
    is_symbol,
    language_of,
    read_lines,
    split,
)

VADER = "vader"
AFINN = "afinn"
NRC = "nrc"
TABLE = "table"

AFINN_LIMIT = 5.0
BINARY_POLARITY = 2.0
"""For a word only said to be positive or negative: its strength is unknown, this is the middle."""

EMOTIONS = frozenset(
    (
        *("anger", "anticipation", "disgust", "fear", "joy"),
        *("negative", "positive", "sadness", "surprise", "trust"),
    )
)
WORD_COLUMNS = ("word", "term", "token", "lemma", "phrase")
# Not `valence` and `mean`: AFINN and VADER go by those, on scales of their own.
POLARITY_COLUMNS = ("polarity", "score", "sentiment", "label")
_NAMED = {
    "positive": BINARY_POLARITY,
    "pos": BINARY_POLARITY,
    "negative": -BINARY_POLARITY,
    "neg": -BINARY_POLARITY,
    "neutral": 0.0,
    "": 0.0,
}
_MOST = 100.0


def vader(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """The entries of a VADER lexicon: token, mean, standard deviation, ratings, parted by tabs.

    Its scale is ours, -4 to 4. Emoticons keep their case. Raises `LexiconError`, naming the line.
    """
    for line in read_lines(path):
        cells = split(line, "\t", at_least=2)
        if not _is_header(line, cells[1]):
            yield _entry(cells, line, settings, limit=POLARITY_LIMIT, source=VADER)


def afinn(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """The entries of an AFINN list: word or phrase, tab, valence.

    Its scale, -5 to 5, becomes -4 to 4. Raises `LexiconError`, naming the line.
    """
    for line in read_lines(path):
        cells = split(line, "\t", at_least=2)
        if not _is_header(line, cells[1]):
            yield _entry(cells, line, settings, limit=AFINN_LIMIT, source=AFINN)


def nrc(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """One entry for each word of the NRC emotion lexicon.

    Its columns are word, emotion, 0 or 1, parted by tabs, a word's lines together. Of the ten
    associations `positive` and `negative` are used: +2, -2, or 0 for both or neither. Raises
    `LexiconError`, naming the line.
    """
    associations = (_association(line) for line in read_lines(path))
    for word, lines in groupby(associations, key=lambda found: found[0]):
        feelings = {emotion for _, emotion, holds in lines if holds}
        polarity = BINARY_POLARITY * (("positive" in feelings) - ("negative" in feelings))
        yield Entry(word, _language(word, settings), polarity, source=NRC)


def table(path: Path, settings: ImportSettings = AS_FOUND) -> Iterator[Entry]:
    """The entries of a TSV or CSV file whose first line names its columns.

    The word is in a column `word`, `term`, `token`, `lemma` or `phrase`; its polarity in
    `polarity`, `score`, `sentiment` or `label` (a number up to `settings.largest`, or positive,
    negative, neutral), or in the two columns `positive` and `negative` (shares from 0 to 1,
    averaged over the lines of a word). The columns language, pos, role, weight, form_of, source
    and neutrality are kept where they are there. Raises `LexiconError`, naming the line.
    """
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        return
    dialect = "\t" if "\t" in first.text else ","
    columns = [column.strip().lower() for column in _cells(first, dialect)]
    if not names_a_table(first.text):
        first.fail(
            f"columns are {', '.join(columns)[:200]}; needed: one of {', '.join(WORD_COLUMNS)} and "
            f"one of {', '.join(POLARITY_COLUMNS)} (or both of positive, negative)"
        )
    entries = _table_entries(lines, columns, dialect, settings=settings)
    has_shares = not {*columns} & {*POLARITY_COLUMNS}
    yield from _averaged(entries) if has_shares else entries


def names_a_table(first: str) -> bool:
    """Whether a first line names the columns that `table` needs.

    >>> names_a_table("word,score"), names_a_table("good,3")
    (True, False)
    """
    columns = {cell.strip().lower() for cell in first.split("\t" if "\t" in first else ",")}
    has_polarity = columns & {*POLARITY_COLUMNS} or {"positive", "negative"} <= columns
    return bool(columns & {*WORD_COLUMNS} and has_polarity)


def _is_header(line: Line, cell: str) -> bool:
    return line.number == 1 and cell.isalpha()


def _entry(
    cells: list[str], line: Line, settings: ImportSettings, *, limit: float, source: str
) -> Entry:
    value = line.float(cells[1], "the valence", at_least=-limit, at_most=limit)
    polarity = round(value * POLARITY_LIMIT / limit, 3)
    word = _word(cells[0], line)
    return Entry(word, _language(word, settings), polarity, source=source)


def _word(cell: str, line: Line) -> str:
    word = as_word_or_symbol(cell)
    if not word:
        line.fail("the word is empty")
    return word


def _language(word: str, settings: ImportSettings) -> str:
    return "symbol" if is_symbol(word) else language_of(word, settings)


def _association(line: Line) -> tuple[str, str, bool]:
    word, emotion, flag, *_ = split(line, "\t", at_least=3)
    if emotion not in EMOTIONS:
        allowed = ", ".join(sorted(EMOTIONS))
        line.fail(f"the emotion is '{emotion[:40]}'; allowed: {allowed}")
    if flag not in ("0", "1"):
        line.fail(f"the association is '{flag[:40]}'; it must be 0 or 1")
    return _word(word, line), emotion, flag == "1"


def _cells(line: Line, separator: str) -> list[str]:
    # our own and most other TSV files do not quote; a CSV file may
    if separator == "\t":
        return [cell.strip() for cell in line.text.split("\t")]
    try:
        rows = list(csv.reader([line.text], strict=True))
    except csv.Error as error:
        line.fail(f"broken CSV: {error}", cause=error)
    return [cell.strip() for cell in chain.from_iterable(rows)]


def _table_entries(
    lines: Iterator[Line], columns: list[str], dialect: str, *, settings: ImportSettings
) -> Iterator[Entry]:
    for line in lines:
        cells = _cells(line, dialect)
        if len(cells) > len(columns):
            line.fail(f"{len(cells)} columns; the first line names {len(columns)}")
        yield table_entry(dict(zip(columns, cells, strict=False)), line, settings)


def _averaged(entries: Iterator[Entry]) -> Iterator[Entry]:
    """One entry a word: lists with shares come from SentiWordNets and have a line a meaning."""
    by_word: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        by_word.setdefault((entry.word, entry.language), []).append(entry)
    for meanings in by_word.values():
        mean = sum(entry.polarity for entry in meanings) / len(meanings)
        yield replace(meanings[0], polarity=round(mean, 3))


def table_entry(cells: dict[str, str], line: Line, settings: ImportSettings) -> Entry:
    """The entry of one line of a table from its cells by column (see `table`)."""
    written = next((cells[name] for name in WORD_COLUMNS if name in cells), "")
    word = _word(written, line)
    language = cells.get("language") or _language(word, settings)
    entry = Entry(
        word,
        language,
        _table_polarity(cells, line, settings),
        pos=WORDNET_POS.get(cells.get("pos", ""), cells.get("pos", "")),
        role=cells.get("role", ""),
        weight=_number(cells, "weight", line),
        form_of=cells.get("form_of", ""),
        source=cells.get("source") or TABLE,
        neutrality=_number(cells, "neutrality", line),
    )
    _check_choices(entry, line)
    return entry


def _number(cells: dict[str, str], name: str, line: Line) -> float:
    return line.float(cells.get(name) or "0", name, at_least=-_MOST, at_most=_MOST)


def _check_choices(entry: Entry, line: Line) -> None:
    for name, value, allowed in (
        ("language", entry.language, LANGUAGES),
        ("pos", entry.pos, PARTS_OF_SPEECH),
        ("role", entry.role, ROLES),
    ):
        if value not in allowed:
            line.fail(f"{name} is '{value[:40]}'; allowed: {', '.join(filter(None, allowed))}")


def _table_polarity(cells: dict[str, str], line: Line, settings: ImportSettings) -> float:
    column = next((name for name in POLARITY_COLUMNS if name in cells), None)
    if column is None:
        shares = [
            line.float(cells.get(name) or "0", name, at_least=0, at_most=1)
            for name in ("positive", "negative")
        ]
        return round(POLARITY_LIMIT * (shares[0] - shares[1]), 3)
    named = _NAMED.get(cells[column].lower())
    if named is not None:
        return named
    most = settings.largest
    hint = f"{column} (is the largest figure of this list {most:g}?)"
    value = line.float(cells[column], hint, at_least=-most, at_most=most)
    return round(value * POLARITY_LIMIT / most, 3)
