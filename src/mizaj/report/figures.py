"""Figures as people read them: counts, shares, intervals, dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mizaj.summary import Counts, Timeline

Z_95 = 1.959964
"""The normal quantile of a two-sided interval of 95 %."""

_MAX_COLUMNS = 100
FEW = 30
"""Of fewer posts a share says little: they are shown pale, not named, or put together with others."""

# A coarser unit is taken only while some buckets are left.
_LEAST_COLUMNS = 5
_UNITS = ("hour", "day", "week", "month", "year")
# The shortest month and year, so that a span never gets more columns than it may have.
_HOURS = {"hour": 1, "day": 24, "week": 7 * 24, "month": 28 * 24, "year": 365 * 24}
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def percent(part: float, whole: float) -> str:
    """A share in whole per cent, small ones with a decimal, never rounded to 0 or 100 by mistake.

    >>> [percent(41, 100), percent(1, 300), percent(1, 10**6), percent(9999, 10000), percent(0, 0)]
    ['41%', '0.3%', '<0.1%', '>99.9%', '0%']
    """
    share = 100 * part / whole if whole else 0.0
    if share in (0.0, 100.0):
        return f"{share:.0f}%"
    if share < 0.1:
        return "<0.1%"
    if share >= 99.9:
        return ">99.9%"
    return f"{share:.1f}%" if share < 1 or share > 99 else f"{share:.0f}%"


def signed(share: float) -> str:
    """A balance, -1 to 1, in points with its sign.

    >>> [signed(0.124), signed(-0.5), signed(0.001)]
    ['+12', '−50', '0']
    """
    points = round(100 * share)
    return f"+{points}" if points > 0 else f"−{-points}" if points < 0 else "0"


def count(n: int) -> str:
    """A count with its thousands parted.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{n:,}"


def short_count(n: int) -> str:
    """A count in three or four signs, for an axis or a narrow column.

    >>> [short_count(n) for n in (950, 12_345, 999_999, 5_600_000)]
    ['950', '12.3k', '1M', '5.6M']
    """
    for unit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if n >= unit * 0.9995:
            return f"{float(f'{n / unit:.3g}'):g}{letter}"
    return str(n)


def plural(n: int, noun: str) -> str:
    """A count with its noun.

    >>> [plural(1, "post"), plural(2000, "post")]
    ['1 post', '2,000 posts']
    """
    return f"{count(n)} {noun}" + ("" if n == 1 else "s")


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), which stays within 0 and 1 for any count.

    >>> [round(bound, 3) for bound in wilson(5, 10)]
    [0.237, 0.763]
    """
    if not whole:
        return 0.0, 1.0
    share, square = part / whole, Z_95**2
    middle = share + square / (2 * whole)
    reach = Z_95 * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    low, high = ((middle + side * reach) / (1 + square / whole) for side in (-1, 1))
    # Rounding may put a bound a hair on the wrong side of a share of 0 or 1.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of time with its posts; `start` in hours since 1970 UTC."""

    start: int
    unit: str
    counts: Counts

    @property
    def label(self) -> str:
        """Its name on an axis."""
        return _LABELS[self.unit](self.start)

    @property
    def month(self) -> int:
        """Its month, January is 0."""
        return _parts(self.start)[1] - 1

    @property
    def title(self) -> str:
        """Its name in a sentence, with the year."""
        return bucket_title(self.start, self.unit)


def buckets(timeline: Timeline) -> tuple[Bucket, ...]:
    """The posts by hour, day, week, month or year, a hundred buckets at most.

    The finest such unit is taken, or a coarser one where posts are few. Buckets follow each other
    without gaps; those without posts are empty. Nothing dated, no buckets.
    """
    if not timeline.counts:
        return ()
    unit = _unit(timeline)
    found: dict[int, Counts] = {}
    for hour, counts in timeline.counts.items():
        start = _start(hour, unit)
        found[start] = found.get(start, Counts()) + counts
    filled, start = [], min(found)
    while start <= max(found):
        filled.append(Bucket(start, unit, found.get(start, Counts())))
        start = _next(start, unit)
    return tuple(filled)


def _unit(timeline: Timeline) -> str:
    span = max(timeline.counts) - min(timeline.counts)
    n_posts = sum(counts.n for counts in timeline.counts.values())
    n_buckets = {unit: span / hours for unit, hours in _HOURS.items()}
    levels = _UNITS[_UNITS.index(timeline.level) :]
    fitting = [unit for unit in levels if n_buckets[unit] < _MAX_COLUMNS] or [_UNITS[-1]]
    unit, *coarser = fitting
    for wider in coarser:
        if n_posts >= FEW * n_buckets[unit] or n_buckets[wider] < _LEAST_COLUMNS:
            break
        unit = wider
    return unit


def _start(hour: int, unit: str) -> int:
    if unit == "week":
        # 1970 began on a Thursday; weeks begin on Monday.
        return ((hour // 24 + 3) // 7 * 7 - 3) * 24
    code = {"hour": "h", "day": "D", "month": "M", "year": "Y"}[unit]
    stamp = np.datetime64(hour, "h").astype(f"datetime64[{code}]").astype("datetime64[h]")
    return int(stamp.astype(np.int64))


def _next(start: int, unit: str) -> int:
    steps = {"hour": 1, "day": 24, "week": 7 * 24, "month": 32 * 24, "year": 367 * 24}
    return _start(start + steps[unit], unit)


def _parts(hour: int) -> tuple[int, int, int, int]:
    year, month, rest = str(np.datetime64(hour, "h")).split("-")
    day, hour_of_day = rest.split("T")
    return int(year), int(month), int(day), int(hour_of_day)


def _hour_label(hour: int) -> str:
    return f"{_parts(hour)[3]:02}:00"


def _day_label(hour: int) -> str:
    _, month, day, _ = _parts(hour)
    return f"{day} {_MONTHS[month - 1]}"


def _month_label(hour: int) -> str:
    year, month, _, _ = _parts(hour)
    return f"{_MONTHS[month - 1]} {year}"


def _year_label(hour: int) -> str:
    return str(_parts(hour)[0])


_LABELS: dict[str, Callable[[int], str]] = {
    "hour": _hour_label,
    "day": _day_label,
    "week": _day_label,
    "month": _month_label,
    "year": _year_label,
}


def bucket_title(hour: int, unit: str) -> str:
    """The name of the bucket that begins at an hour, whole enough to stand alone.

    >>> [bucket_title(0, unit) for unit in ("hour", "day", "month")]
    ['1 Jan 1970, 00:00', '1 Jan 1970', 'Jan 1970']
    """
    if unit in ("month", "year"):
        return _LABELS[unit](hour)
    day = f"{_day_label(hour)} {_year_label(hour)}"
    return {"hour": f"{day}, {_hour_label(hour)}", "week": f"week of {day}"}.get(unit, day)
