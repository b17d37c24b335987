"""What the figures say, in sentences that hold no more than the figures do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mizaj.report.figures import FEW, Bucket, count, percent, plural, signed, wilson
from mizaj.summary import CONFIDENCE_BANDS, CONFIDENCE_BINS, MANY, Counts, Summary

# A level shift is told only if both sides are long and full enough, it is large enough to matter,
# and it stands out from the ups and downs (t is high, for the best of all places is sought).
_LEAST_SIDE_BUCKETS = 3
_LEAST_SIDE_POSTS = 100
_LEAST_SHIFT = 0.03
_LEAST_T = 4.0
# Under this the interval of a share is more than ten points wide.
_FEW_POSTS = 400


@dataclass(frozen=True, slots=True)
class Shift:
    """Net sentiment before and since a bucket."""

    bucket: Bucket
    before: float
    since: float

    @property
    def change(self) -> float:
        """How much higher it is since."""
        return self.since - self.before


def find_shift(buckets: Sequence[Bucket]) -> Shift | None:
    """The one place in time that best parts higher from lower net sentiment, if there is any.

    Every place is tried with a t statistic of the two sides' means, buckets weighted by their
    posts; their spread is taken from the buckets, or from the posts where that is larger.
    """
    full = [bucket for bucket in buckets if bucket.counts.n]
    places = range(_LEAST_SIDE_BUCKETS, len(full) - _LEAST_SIDE_BUCKETS + 1)
    tried = [(abs(_t(full[:place], full[place:])), place) for place in places]
    t, place = max(tried, default=(0.0, 0))
    if t < _LEAST_T:
        return None
    shift = Shift(full[place], _total(full[:place]).net, _total(full[place:]).net)
    return shift if abs(shift.change) >= _LEAST_SHIFT else None


def _total(buckets: Sequence[Bucket]) -> Counts:
    total = Counts()
    for bucket in buckets:
        total += bucket.counts
    return total


def _t(before: Sequence[Bucket], since: Sequence[Bucket]) -> float:
    sides = [(_total(side), side) for side in (before, since)]
    if min(total.n for total, _ in sides) < _LEAST_SIDE_POSTS:
        return 0.0
    spread = sum(
        bucket.counts.n * (bucket.counts.net - total.net) ** 2
        for total, side in sides
        for bucket in side
    ) / (len(before) + len(since) - 2)
    by_post = max(_variance(total) for total, _ in sides)
    error = math.sqrt(max(spread, by_post) * sum(1 / total.n for total, _ in sides))
    return (sides[1][0].net - sides[0][0].net) / error if error else 0.0


def _variance(counts: Counts) -> float:
    """The variance of one post's -1, 0 or 1."""
    return (counts.positive + counts.negative) / counts.n - counts.net**2


def headline(summary: Summary) -> str:
    """What most posts say.

    >>> headline(Summary(sentiments=Counts(20, 39, 41)))
    '41% of 100 posts are positive, 20% negative.'
    """
    counts = summary.sentiments
    if not counts.n:
        return "There are no scored posts here."
    if counts.n == 1:
        label = next(name for name in ("negative", "neutral", "positive") if getattr(counts, name))
        return f"The one post here is {label}."
    first, second = "positive", "negative"
    if counts.negative > counts.positive:
        first, second = second, first
    return (
        f"{percent(getattr(counts, first), counts.n)} of {plural(counts.n, 'post')} are {first}, "
        f"{percent(getattr(counts, second), counts.n)} {second}."
    )


def caution(counts: Counts) -> str:
    """How little few posts can tell; `""` for many.

    >>> caution(Counts(10, 11, 19))
    'They are few: as a sample they fit any share of positive posts from 33% to 63%.'
    """
    if not 1 < counts.n < _FEW_POSTS:
        return ""
    low, high = wilson(counts.positive, counts.n)
    span = f"from {percent(low, 1)} to {percent(high, 1)}"
    return f"They are few: as a sample they fit any share of positive posts {span}."


def trend(buckets: Sequence[Bucket]) -> str:
    """How it moved; `""` when there is too little time to tell."""
    n_full = sum(bucket.counts.n > 0 for bucket in buckets)
    n_posts = sum(bucket.counts.n for bucket in buckets)
    if n_full < 2 * _LEAST_SIDE_BUCKETS or n_posts < 2 * _LEAST_SIDE_POSTS:
        return ""
    shift = find_shift(buckets)
    if shift is None:
        return "Net sentiment shows no lasting rise or fall over the period."
    way = "higher" if shift.change > 0 else "lower"
    points = abs(round(100 * shift.change))
    return (
        f"Net sentiment is {points} points {way} since {shift.bucket.title} than before "
        f"({signed(shift.before)} to {signed(shift.since)})."
    )


def extremes(buckets: Sequence[Bucket]) -> str:
    """The highest and the lowest bucket; `""` when too few are full."""
    named = [bucket for bucket in buckets if bucket.counts.n >= FEW]
    if len(named) < 3:
        return ""
    high = max(named, key=lambda bucket: bucket.counts.net)
    low = min(named, key=lambda bucket: bucket.counts.net)
    return (
        f"Highest: {high.title} (net {signed(high.counts.net)}). "
        f"Lowest: {low.title} (net {signed(low.counts.net)})."
    )


def compare(groups: Mapping[str, Counts]) -> str:
    """Which group is the most positive and which the most negative on balance."""
    named = {name: c for name, c in groups.items() if c.n >= FEW and name != MANY}
    if len(named) < 2:
        return ""
    high = max(named, key=lambda name: named[name].net)
    low = min(named, key=lambda name: named[name].net)
    return (
        f"On balance {high} is the most positive (net {signed(named[high].net)}), "
        f"{low} the least (net {signed(named[low].net)})."
    )


def unsure(summary: Summary) -> int:
    """How many posts were answered with a confidence under the lowest band's end."""
    end = round(CONFIDENCE_BANDS["fair"] * CONFIDENCE_BINS)
    return sum(counts.n for counts in summary.confidences[:end])


def confidence(summary: Summary) -> str:
    """How sure the answers are."""
    known = sum(counts.n for counts in summary.confidences)
    bound = CONFIDENCE_BANDS["fair"]
    return (
        f"{percent(unsure(summary), known)} of the answers ({count(unsure(summary))}) have a "
        f"confidence under {bound:g}; read those as undecided."
    )


def mixing(summary: Summary) -> str:
    """How many posts mix languages, and whether they lean otherwise than the rest."""
    plain, mixed = summary.mixing[0], Counts()
    for counts in summary.mixing[1:]:
        mixed += counts
    total = plain.n + mixed.n
    sentence = f"{percent(mixed.n, total)} of posts switch language within the post."
    if min(plain.n, mixed.n) < FEW:
        return sentence
    return f"{sentence} Net sentiment is {signed(mixed.net)} there, {signed(plain.net)} elsewhere."
