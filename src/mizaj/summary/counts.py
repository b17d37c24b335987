"""Counts that add: by sentiment, by name, by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar

import numpy as np

SENTIMENTS = ("negative", "neutral", "positive")
"""The labels in the order in which every count of three is kept and drawn."""
MANY = "(too many to count apart)"
"""The one name left when a table had more names than it may keep."""

_MAX_BUCKETS = 20_000
_LEVELS = ("hour", "day", "month")
_NUMPY_UNITS = {"hour": "h", "day": "D", "month": "M"}


class _Addable(Protocol):
    def __add__(self, other: Self, /) -> Self: ...


_Key = TypeVar("_Key")
_Value = TypeVar("_Value", bound=_Addable)


@dataclass(frozen=True, slots=True)
class Counts:
    """Posts by sentiment.

    >>> (Counts(1, 2, 3) + Counts(positive=4)).net
    0.6
    """

    negative: int = 0
    neutral: int = 0
    positive: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.negative + other.negative,
            self.neutral + other.neutral,
            self.positive + other.positive,
        )

    def __iter__(self) -> Iterator[int]:
        return iter((self.negative, self.neutral, self.positive))

    @property
    def n(self) -> int:
        """All of them."""
        return self.negative + self.neutral + self.positive

    @property
    def net(self) -> float:
        """Share positive less share negative, -1 to 1; 0 where there is nothing."""
        return (self.positive - self.negative) / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts by hour, day or month (`level`), by the first hour of each, in hours since 1970 UTC.

    It starts with hours and takes the first level at which the buckets seen are 20,000 at most:
    two years of hours, fifty of days. Months always fit.

    >>> (Timeline(counts={0: Counts(1)}) + Timeline(counts={30: Counts(2)})).folded("day").counts
    {0: Counts(negative=1, neutral=0, positive=0), 24: Counts(negative=2, neutral=0, positive=0)}
    """

    level: str = "hour"
    counts: Mapping[int, Counts] = field(default_factory=dict)

    def __add__(self, other: Timeline) -> Timeline:
        level = max(self.level, other.level, key=_LEVELS.index)
        return Timeline(
            level, added(self.folded(level).counts, other.folded(level).counts)
        ).fitted()

    def folded(self, level: str) -> Timeline:
        """The same counts by a bucket as coarse or coarser."""
        if level == self.level:
            return self
        hours = np.fromiter(self.counts, np.int64, len(self.counts)).astype("datetime64[h]")
        starts = hours.astype(f"datetime64[{_NUMPY_UNITS[level]}]").astype("datetime64[h]")
        counts: dict[int, Counts] = {}
        for start, value in zip(
            starts.astype(np.int64).tolist(), self.counts.values(), strict=True
        ):
            counts[start] = counts[start] + value if start in counts else value
        return Timeline(level, counts)

    def fitted(self) -> Timeline:
        """Itself, or the first coarser timeline that is small enough."""
        timeline = self
        for level in _LEVELS[_LEVELS.index(self.level) + 1 :]:
            if len(timeline.counts) <= _MAX_BUCKETS:
                break
            timeline = timeline.folded(level)
        return timeline


def added(one: Mapping[_Key, _Value], other: Mapping[_Key, _Value]) -> dict[_Key, _Value]:
    """Both tables in one, the values of a shared key added."""
    both = dict(one)
    for key, value in other.items():
        both[key] = both[key] + value if key in both else value
    return both


def capped(table: dict[str, _Value], limit: int) -> dict[str, _Value]:
    """The table, or all of it under the name `MANY` when it has more names than `limit`.

    A table once capped stays so, which is what keeps adding free of order.

    >>> capped({"a": Counts(1), "b": Counts(2)}, limit=1)
    {'(too many to count apart)': Counts(negative=3, neutral=0, positive=0)}
    """
    if MANY not in table and len(table) <= limit:
        return table
    first, *rest = table.values()
    for value in rest:
        first = first + value
    return {MANY: first}
