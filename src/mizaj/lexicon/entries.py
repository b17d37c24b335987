"""What a dictionary holds: one entry for each word, phrase, emoji or emoticon, read from and written to TSV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mizaj.errors import LexiconError

LANGUAGES = ("en", "hi-Latn", "hi", "symbol", "other")
"""Languages an entry may have; `symbol` is for emoji and emoticons, which belong to none."""

LABELS = ("negative", "neutral", "positive")
"""The classes of a post, by position in this tuple."""

ROLES = (
    "",
    "negator",
    "intensifier",
    "damper",
    "conjunction",
    "contrast",
    "concession",
    "conditional",
    "question",
    "comparison",
    "emphasis",
    "interjection",
    "wish",
    "noise",
    "prohibition",
    "letdown",
)
"""What a word does to its neighbours, by position in this tuple; `""` is a plain word."""

PARTS_OF_SPEECH = ("", "noun", "verb", "adj", "adv", "pron", "prep", "conj", "part", "intj", "num")
POLARITY_LIMIT = 4.0


@dataclass(frozen=True)
class Entry:
    """One line of a dictionary.

    `word` is lower case, NFC, words of a phrase parted by one space. `polarity` is -4 to 4. `weight` belongs to the
    role: what an intensifier adds to (or a damper takes from) the next opinion word, as a share of it. `form_of`
    names the head word of which this is another spelling; empty for a head word. `source` says where the figure
    comes from. `neutrality` is what the word adds to the logit of neutral, fitted on labelled posts.

    >>> Entry("accha", "hi-Latn", polarity=1.9, pos="adj").role
    ''
    """

    word: str
    language: str
    polarity: float = 0.0
    pos: str = ""
    role: str = ""
    weight: float = 0.0
    form_of: str = ""
    source: str = "mizaj"
    neutrality: float = 0.0


HEADER = tuple(field.name for field in fields(Entry))


def read_entries(path: Path) -> list[Entry]:
    """The entries of a TSV file whose first line names the columns; missing columns take their defaults.

    Raises `LexiconError`, naming file and line, for a column or value that is not allowed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read the dictionary {path}: {error}"
        raise LexiconError(msg) from error
    if not lines:
        msg = f"{path} is empty; its first line must name columns of: {', '.join(HEADER)}"
        raise LexiconError(msg)
    columns = lines[0].split("\t")
    unknown = [column for column in columns if column not in HEADER]
    if unknown or "word" not in columns or "language" not in columns:
        msg = (
            f"{path}, line 1: columns are {', '.join(columns)}; "
            f"needed: word, language; allowed: {', '.join(HEADER)}"
        )
        raise LexiconError(msg)
    return [
        _parse(line, columns, f"{path}, line {number}")
        for number, line in enumerate(lines[1:], start=2)
        if line and not line.startswith("# ")
    ]


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write entries as TSV with a header line, numbers as short as they go."""
    rows = ["\t".join(HEADER)]
    rows.extend(
        "\t".join(f"{v:g}" if isinstance(v, float) else str(v) for v in astuple(entry))
        for entry in entries
    )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _parse(line: str, columns: list[str], where: str) -> Entry:
    cells = dict(zip(columns, line.split("\t"), strict=False))
    entry = Entry(
        word=cells["word"],
        language=cells.get("language", ""),
        polarity=_number(cells.get("polarity", ""), "polarity", where),
        pos=cells.get("pos", ""),
        role=cells.get("role", ""),
        weight=_number(cells.get("weight", ""), "weight", where),
        form_of=cells.get("form_of", ""),
        source=cells.get("source") or "user",
        neutrality=_number(cells.get("neutrality", ""), "neutrality", where),
    )
    _check(entry, where)
    return entry


def _number(cell: str, column: str, where: str) -> float:
    try:
        return float(cell or 0.0)
    except ValueError as error:
        msg = f"{where}: {column} is '{cell}'; it must be a number"
        raise LexiconError(msg) from error


def _check(entry: Entry, where: str) -> None:
    allowed = {"language": LANGUAGES, "role": ROLES, "pos": PARTS_OF_SPEECH}
    for column, values in allowed.items():
        value = getattr(entry, column)
        if value not in values:
            shown = ", ".join(v or "(empty)" for v in values)
            msg = f"{where}: {column} is '{value}'; allowed: {shown}"
            raise LexiconError(msg)
    if not entry.word.strip():
        msg = f"{where}: the word is empty"
        raise LexiconError(msg)
    # not (a <= b) so that NaN is refused as well
    if not abs(entry.polarity) <= POLARITY_LIMIT:
        msg = f"{where}: polarity is {entry.polarity}; it must be from -4 to 4"
        raise LexiconError(msg)
