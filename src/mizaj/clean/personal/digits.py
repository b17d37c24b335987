"""Runs of digits in a text, as groups with separators, and the stretches of groups that may be one number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from mizaj.clean.personal.alphabet import DRESS, SEPARATORS, with_ascii_digits

FEWEST, MOST = 7, 19
"""Digits of the shortest number looked for (a local telephone number) and of the longest (a card)."""
_MOST_GROUPS = 8
_FEWEST_SPELLED = 8

# Possessive: every run is read once, however long the text.
_RUN = re.compile(rf"[0-9](?:[{SEPARATORS}]{{0,3}}[0-9])*+")
_GROUP = re.compile("[0-9]+")
_PREFIX = re.compile(r"(?:\(?\+ ?\(?|\()\Z")
_DRESSED = re.compile(f"[{DRESS}]*")


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together; digits set apart one by one (`9 8 7 ...`) are one group."""

    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class Run:
    """Groups of digits with nothing but separators between them, in a text with ASCII digits."""

    text: str
    groups: tuple[Group, ...]

    def gap(self, place: int) -> str:
        """What stands between the group at `place` and the one before."""
        return self.text[self.groups[place - 1].end : self.groups[place].start]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The groups `first:last` of a run, taken for one number, and whether other groups stand before and after.

    A mask is never looked across: groups beyond a number already found do not count as neighbours.
    """

    run: Run
    first: int
    last: int
    digits: str
    has_left: bool
    has_right: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """How many digits each group has."""
        return tuple(len(group.digits) for group in self.run.groups[self.first : self.last])

    @property
    def gaps(self) -> tuple[str, ...]:
        """What stands between the groups."""
        return tuple(self.run.gap(place) for place in range(self.first + 1, self.last))

    @property
    def is_round(self) -> bool:
        """Whether all groups end with zeros, as in a row of prices: `75000-80000`, `700 800 1000`."""
        groups = [group.digits for group in self.run.groups[self.first : self.last]]
        long = [
            digits for digits in groups if len(digits) > 2
        ]  # not a country's 91 or the 0 of a trunk call
        zeros = "0" if len(long) > 2 and min(map(len, long)) == 3 else "00"
        return len(long) > 1 and all(digits.endswith(zeros) for digits in long)

    @property
    def is_years(self) -> bool:
        """Whether all groups are years: `2019 2020 2021`."""
        groups = [group.digits for group in self.run.groups[self.first : self.last]]
        return all(len(digits) == 4 and digits[:2] in {"19", "20"} for digits in groups)

    @property
    def prefix(self) -> str:
        """`+`, `(` or both, right before the first digit."""
        start = self.run.groups[self.first].start
        found = _PREFIX.search(self.run.text[max(0, start - 4) : start])
        return found.group() if found else ""

    @property
    def has_plus(self) -> bool:
        """Whether it is written with a country's number."""
        return "+" in self.prefix

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands, with its plus and bracket; a bracket that closes behind it stays outside."""
        start, end = self.run.groups[self.first].start, self.run.groups[self.last - 1].end
        prefix = self.prefix
        if ")" not in self.run.text[start:end]:
            prefix = prefix[1:] if prefix.startswith("(") else prefix
            prefix = "" if prefix == "(" else prefix
        dressed = _DRESSED.match(self.run.text, end)
        return start - len(prefix), dressed.end() if dressed else end

    @property
    def is_torn(self) -> bool:
        """Whether it is cut out of a longer chain: `2019-9876543210`, `3.9876543210`.

        Two whole numbers may be chained, so a neighbour of ten digits does not count.
        """
        groups = self.run.groups
        left = self.has_left and _is_tight(self.run.gap(self.first))
        right = self.has_right and _is_tight(self.run.gap(self.last))
        return (left and len(groups[self.first - 1].digits) != 10) or (
            right and len(groups[self.last].digits) != 10
        )


def _is_tight(gap: str) -> bool:
    return len(gap) == 1 and gap in ".-\u2010\u2011\u2012\u2013\u2014\u2015"


def runs(text: str) -> Iterator[Run]:
    """The runs of digits that are long enough to hold a number.

    >>> [[group.digits for group in run.groups] for run in runs("call 98765-43210, pin 411 001")]
    [['98765', '43210']]
    """
    plain = with_ascii_digits(text)
    for found in _RUN.finditer(plain):
        if found.end() - found.start() < FEWEST:
            continue
        groups = [
            Group(*each.span(), each.group())
            for each in _GROUP.finditer(plain, found.start(), found.end())
        ]
        if sum(len(group.digits) for group in groups) >= FEWEST:
            yield Run(plain, tuple(_joined(groups)))


def _joined(groups: list[Group]) -> Iterator[Group]:
    """The groups, with digits that stand alone one after the other as one."""
    alone: list[Group] = []
    for group in groups:
        if len(group.digits) == 1:
            alone.append(group)
            continue
        yield from _spelled(alone)
        alone = []
        yield group
    yield from _spelled(alone)


def _spelled(alone: list[Group]) -> list[Group]:
    digits = "".join(group.digits for group in alone)
    # Runs off each ball (`6 4 6 4 6 1 0 ...`) hold no 7, 8 or 9, of hundred telephone numbers one.
    if len(alone) < _FEWEST_SPELLED or max(digits) < "7" or _is_count(digits):
        return alone
    return [Group(alone[0].start, alone[-1].end, digits)]


def _is_count(digits: str) -> bool:
    """Whether the digits count up or down: `9 8 7 6 5 4 3 2 1 0`."""
    return len({int(after) - int(before) for before, after in pairwise(digits)}) == 1


def stretches(run: Run, first: int, low: int, high: int) -> Iterator[Stretch]:
    """The stretches from the group `first` on that may be a number, longest first; `low` and `high` bound the run."""
    digits = ""
    ends: list[tuple[int, str]] = []
    for last in range(first, min(high, first + _MOST_GROUPS)):
        digits += run.groups[last].digits
        if len(digits) > MOST:
            break
        if len(digits) >= FEWEST:
            ends.append((last + 1, digits))
    for last, digits in reversed(ends):
        yield Stretch(run, first, last, digits, has_left=first > low, has_right=last < high)
