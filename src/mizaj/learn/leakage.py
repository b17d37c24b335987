"""What two tables share: copies of the rows of one in the other, and copies that have another label there.

Posts to judge a model by that are copies of posts it was trained on flatter it; copies with another label say how
noisy the labels are. A near copy shares a key of `folds.near_copy_keys`, or its plain form, or most of its shingles
(`mizaj.clean`). Files that are too big for memory are compared in passes: see `large_leakage`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from mizaj.batch import LABEL, TEXT
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.near.pairs import near_pairs
from mizaj.clean.near.sketching import Sketch
from mizaj.errors import ColumnMissing, SettingError
from mizaj.learn.data import as_labels
from mizaj.learn.folds import near_copy_keys

_SHOWN = 56
EXACT, NEAR = "exact", "near"
Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Copy:
    """A row of the second table beside a copy of it in the first; texts shortened, labels None where unknown."""

    kind: str
    first: str
    second: str
    first_label: str | None
    second_label: str | None

    @property
    def is_conflicting(self) -> bool:
        """Whether both labels are known and differ."""
        return _differ(self.first_label, self.second_label)


@dataclass(frozen=True)
class Leakage:
    """How many rows of the second table have a copy in the first.

    `n_exact` have one with the very same text; `n_near`, of the others, a near copy. `n_conflicting` of both have a
    copy that bears another label. `n_first_copies` rows of the first table are copies of a row of the second: those
    to leave out of training. Rows without text are no copies of anything.
    """

    names: tuple[str, str]
    n_rows: tuple[int, int]
    n_exact: int
    n_near: int
    n_conflicting: int
    n_first_copies: int
    examples: tuple[Copy, ...]

    @property
    def share(self) -> float:
        """Of the rows of the second table, the share that has a copy in the first; 0 for no rows."""
        return (self.n_exact + self.n_near) / max(self.n_rows[1], 1)

    def to_dict(self) -> dict[str, object]:
        """The report for JSON, under the names of its fields and `share`."""
        return {**asdict(self), "share": self.share}

    def render(self) -> str:
        """The report as plain text."""
        first, second = self.names
        n_copies = self.n_exact + self.n_near
        lines = [
            f"{second} ({self.n_rows[1]:,} rows) against {first} ({self.n_rows[0]:,} rows)",
            f"  exact copies       {self.n_exact:>9,}  {self._percent(self.n_exact)}",
            f"  near copies        {self.n_near:>9,}  {self._percent(self.n_near)}",
            f"  with another label {self.n_conflicting:>9,}  of {n_copies:,} copies",
            f"  rows of the first  {self.n_first_copies:>9,}  to leave out of training",
        ]
        for copy in self.examples:
            lines += ["", f"  {copy.kind}{', another label' if copy.is_conflicting else ''}"]
            lines += [
                f"    {copy.first}{_bracketed(copy.first_label)}",
                f"    {copy.second}{_bracketed(copy.second_label)}",
            ]
        return "\n".join(lines)

    def _percent(self, n: int) -> str:
        return f"{100 * n / max(self.n_rows[1], 1):5.1f} %"


@dataclass(frozen=True)
class LeakageSettings:
    """Which columns are compared and how many examples are kept, those of conflicting labels first.

    `near` says how alike near copies are, None for those that share a key only.
    """

    text: str = TEXT.name
    label: str = LABEL.name
    n_examples: int = 6
    names: tuple[str, str] = ("first", "second")
    near: Sketch | None = field(default_factory=Sketch)

    def __post_init__(self) -> None:
        if self.n_examples < 0:
            msg = f"n_examples is {self.n_examples}; it must be 0 or more"
            raise SettingError(msg)


def leakage(first: pa.Table, second: pa.Table, settings: LeakageSettings | None = None) -> Leakage:
    """What of `second` is in `first`; a table without the column of labels is compared by its texts alone.

    Raises `ColumnMissing` where either has no column of texts, `SourceError` where a column can hold no labels.

    >>> train = pa.table({"text": ["Accha hai", "bura"], "label": ["positive", "negative"]})
    >>> test = pa.table({"text": ["accha hai!!", "theek"], "label": ["neutral", "neutral"]})
    >>> found = leakage(train, test)
    >>> found.n_exact, found.n_near, found.n_conflicting, found.share
    (0, 1, 1, 0.5)
    """
    settings = settings or LeakageSettings()
    one, other = _Rows(first, settings), _Rows(second, settings)
    if settings.near is not None:
        _add_contents(one, other, settings.near)
    known = _Known(one)
    looked_up = [
        known.copy_of(*row) for row in zip(other.texts, other.labels, other.keys, strict=True)
    ]
    copies = [copy for copy in looked_up if copy is not None]
    asked = {key for keys in other.keys for key in keys}
    # A sort keeps the order of the rows: conflicts first, exact copies before near ones.
    shown = sorted(copies, key=lambda copy: (not copy.is_conflicting, copy.kind != EXACT))
    n_exact = sum(copy.kind == EXACT for copy in copies)
    return Leakage(
        settings.names,
        (first.num_rows, second.num_rows),
        n_exact,
        n_near=len(copies) - n_exact,
        n_conflicting=sum(copy.is_conflicting for copy in copies),
        n_first_copies=sum(not asked.isdisjoint(keys) for keys in one.keys),
        examples=tuple(shown[: settings.n_examples]),
    )


def _add_contents(one: _Rows, other: _Rows, sketch: Sketch) -> None:
    """Gives rows the hashes of their contents as keys, and those of the second table the hashes of near ones too."""
    n = len(one.texts)
    forms = plain_forms(pa.array([*one.texts, *other.texts], pa.string()))
    hashes: list[int] = forms.hashes.tolist()
    pairs = near_pairs(forms, sketch)
    near: dict[int, list[int]] = defaultdict(list)
    for row, another in zip(pairs.rows.tolist(), pairs.others.tolist(), strict=True):
        near[hashes[row]].append(hashes[another])
        near[hashes[another]].append(hashes[row])
    one.add_keys([each] for each in hashes[:n])
    other.add_keys([each, *near.get(each, ())] for each in hashes[n:])


class _Rows:
    """The texts of a table with their keys and labels."""

    def __init__(self, table: pa.Table, settings: LeakageSettings) -> None:
        if settings.text not in table.column_names:
            raise ColumnMissing(settings.text, table.column_names, needed_by="leakage")
        self.texts: list[str] = table[settings.text].cast(pa.string()).fill_null("").to_pylist()
        self.labels: Sequence[str | None] = [None] * table.num_rows
        if settings.label in table.column_names:
            self.labels = as_labels(table[settings.label], settings.label).to_pylist()
        self.keys: list[Keys] = [
            _keys_of(text, keys)
            for text, keys in zip(self.texts, near_copy_keys(self.texts), strict=True)
        ]

    def add_keys(self, more: Iterable[Sequence[int]]) -> None:
        """Gives each row that has a text further keys."""
        both = zip(self.keys, more, strict=True)
        self.keys = [(*keys, *added) if keys else () for keys, added in both]


def _keys_of(text: str, keys: tuple[str, ...]) -> Keys:
    """The keys of a text; the text itself where they are empty, as for nothing but links; none for a blank one."""
    if not text.strip():
        return ()
    return keys if any(keys) else (text,)


class _Known:
    """The rows of the first table by key and by text: of each label the first, so that a post may come a million times.

    Rows of the same text have the same keys.
    """

    def __init__(self, rows: _Rows) -> None:
        self._texts = rows.texts
        self._by_key: dict[str | int, dict[str | None, int]] = defaultdict(dict)
        self._by_text: dict[str, dict[str | None, int]] = defaultdict(dict)
        for place, text in enumerate(rows.texts):
            label = rows.labels[place]
            for key in rows.keys[place]:
                self._by_key[key].setdefault(label, place)
            if rows.keys[place]:
                self._by_text[text].setdefault(label, place)

    def copy_of(self, text: str, label: str | None, keys: Keys) -> Copy | None:
        """The copy to show for a row: one of another label if there is one, the very same text if there is one."""
        same = self._by_text.get(text, {})
        alike = [self._by_key[key] for key in keys if key in self._by_key]
        found = {place: theirs for each in (same, *alike) for theirs, place in each.items()}
        if not found:
            return None

        def rank(place: int) -> tuple[bool, bool, int]:
            return not _differ(found[place], label), self._texts[place] != text, place

        place = min(found, key=rank)
        return Copy(
            EXACT if same else NEAR,
            shortened(self._texts[place]),
            shortened(text),
            first_label=found[place],
            second_label=label,
        )


def _differ(one: str | None, other: str | None) -> bool:
    """Whether both labels are known and differ."""
    return None not in (one, other) and one != other


def shortened(text: str) -> str:
    """The text in one line, cut where it is too long to show."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def _bracketed(label: str | None) -> str:
    return "" if label is None else f"  [{label}]"
