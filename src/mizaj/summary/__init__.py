"""What a scored table comes to: counts, histograms and a sample of posts, added with `+`.

Everything counted is exact. Words and examples come from a *bottom-k sample*: of all distinct
texts, the k whose hash is lowest. The k lowest of two parts are the k lowest of the parts' k
lowest, so the sample, like the counts, does not depend on how the rows were split or in what order
they came. Memory is bounded: where a table could grow without end it gives way in steps that depend
on what was seen, never on the order. Hours become days, then months; more than 10,000 sources, one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj import batch as columns
from mizaj.errors import ColumnMissing
from mizaj.summary.arrays import UNDATED, Floats, Ints, Mask, coded, floats, hours, plain
from mizaj.summary.copied import Copied, copied
from mizaj.summary.counts import MANY, SENTIMENTS, Counts, Timeline, added, capped
from mizaj.summary.sample import SAMPLE_SIZE, Post, Rows, Sample

__all__ = [
    "CONFIDENCE_BANDS",
    "CONFIDENCE_BINS",
    "MANY",
    "MIXING_BINS",
    "SAMPLE_SIZE",
    "SCORE_BINS",
    "SENTIMENTS",
    "UNDATED",
    "Copied",
    "Counts",
    "Post",
    "Rejects",
    "Sample",
    "Summary",
    "Timeline",
    "summarise",
]

SCORE_BINS = 41
"""Bins of 0.05 centred on -1, -0.95 ... 1, so that a score of nought is the middle of a bin."""
CONFIDENCE_BINS = 20
MIXING_BINS = 21
"""Bin 0 is a code-mixing index of nought; bin i holds those over 5i - 5 and up to 5i."""
CONFIDENCE_BANDS = {"unsure": 0.0, "fair": 0.6, "sure": 0.8}
"""Bands by their lower bound; each lies on an edge of the histogram."""

_EXAMPLE_SIZE = 6
_MAX_NAMES = 10_000
_MAX_REASONS = 200
_NONE = Counts()


@dataclass(frozen=True, slots=True)
class Rejects:
    """How many rows were set aside for one reason, and a few of them."""

    n: int = 0
    examples: Sample = field(default_factory=lambda: Sample(_EXAMPLE_SIZE))

    def __add__(self, other: Rejects) -> Rejects:
        return Rejects(self.n + other.n, self.examples + other.examples)


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a report says about scored rows; `Summary()` is the empty one, `a + b` that of both.

    `sources`, `languages` and `tiers` are keyed by name (`""` = null); an absent column leaves
    them, or `timeline`, empty. `scores`, `confidences` and `mixing` are histograms. `examples` is
    keyed by sentiment and confidence band, `rejects` by the reason up to its colon. `copied` are the posts
    with most copies, where those were looked for. `n_unscored`
    counts rows that were kept without a sentiment.
    """

    sentiments: Counts = _NONE
    n_unscored: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    sources: Mapping[str, Counts] = field(default_factory=dict)
    languages: Mapping[str, Counts] = field(default_factory=dict)
    tiers: Mapping[str, Counts] = field(default_factory=dict)
    scores: tuple[Counts, ...] = (_NONE,) * SCORE_BINS
    confidences: tuple[Counts, ...] = (_NONE,) * CONFIDENCE_BINS
    mixing: tuple[Counts, ...] = (_NONE,) * MIXING_BINS
    posts: Sample = field(default_factory=lambda: Sample(SAMPLE_SIZE))
    examples: Mapping[tuple[str, str], Sample] = field(default_factory=dict)
    rejects: Mapping[str, Rejects] = field(default_factory=dict)
    copied: Copied = field(default_factory=Copied)

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            sentiments=self.sentiments + other.sentiments,
            n_unscored=self.n_unscored + other.n_unscored,
            timeline=self.timeline + other.timeline,
            sources=capped(added(self.sources, other.sources), _MAX_NAMES),
            languages=capped(added(self.languages, other.languages), _MAX_NAMES),
            tiers=capped(added(self.tiers, other.tiers), _MAX_NAMES),
            scores=tuple(map(add, self.scores, other.scores)),
            confidences=tuple(map(add, self.confidences, other.confidences)),
            mixing=tuple(map(add, self.mixing, other.mixing)),
            posts=self.posts + other.posts,
            examples=added(self.examples, other.examples),
            rejects=capped(added(self.rejects, other.rejects), _MAX_REASONS),
            copied=self.copied + other.copied,
        )

    @property
    def n_rejected(self) -> int:
        """Rows set aside for any reason."""
        return sum(rejects.n for rejects in self.rejects.values())

    @property
    def n_rows(self) -> int:
        """Rows seen: scored, unscored and rejected."""
        return self.sentiments.n + self.n_unscored + self.n_rejected


def summarise(batch: pa.RecordBatch, *, text: str = columns.TEXT.name) -> Summary:
    """The summary of a batch of scored rows, in which rows marked `rejected` count as rejects only.

    Reads the columns that scoring adds and `text`; `timestamp` and `source` if they are there.
    Labels may be dictionaries or plain strings. Raises `ColumnMissing` for what is needed and
    absent; a batch in which every row is rejected needs the text alone.

    >>> row = {"text": "mast movie", "sentiment": "positive", "score": 0.9, "confidence": 0.8}
    >>> row |= {"tier": "lexicon", "language": "hi-en", "cmi": 50.0}
    >>> summarise(pa.RecordBatch.from_pylist([row])).sentiments
    Counts(negative=0, neutral=0, positive=1)
    """
    rejected = columns.REJECTED.name
    if rejected not in batch.schema.names:
        return _summarise_kept(batch, text)
    is_kept = batch.column(rejected).is_null()
    rejects = _summarise_rejects(batch.filter(pc.invert(is_kept)), text)
    if rejects.n_rejected == batch.num_rows > 0:
        return rejects
    return _summarise_kept(batch.filter(is_kept), text) + rejects


def _summarise_kept(batch: pa.RecordBatch, text: str) -> Summary:
    _check_columns(batch, (text, *columns.SCORED.names))
    labels = plain(batch.column(columns.SENTIMENT.name))
    codes = pc.index_in(labels, value_set=pa.array(SENTIMENTS, labels.type))
    n_rows, batch = batch.num_rows, batch.filter(codes.is_valid())
    sentiment = codes.drop_null().to_numpy(zero_copy_only=False).astype(np.int64)
    rows = Rows.of(batch, text=text)
    return Summary(
        sentiments=_count(np.zeros_like(sentiment), sentiment, 1)[0],
        n_unscored=n_rows - batch.num_rows,
        timeline=_count_hours(hours(batch), sentiment),
        sources=_count_names(batch, columns.SOURCE.name, sentiment),
        languages=_count_names(batch, columns.LANGUAGE.name, sentiment),
        tiers=_count_names(batch, columns.TIER.name, sentiment),
        scores=_count(_score_bins(batch), sentiment, SCORE_BINS),
        confidences=_count(_confidence_bins(batch), sentiment, CONFIDENCE_BINS),
        mixing=_count(_mixing_bins(batch), sentiment, MIXING_BINS),
        posts=rows.sample(SAMPLE_SIZE),
        examples={
            stratum: rows.sample(_EXAMPLE_SIZE, among=is_in)
            for stratum, is_in in _strata(rows.batch).items()
            if is_in.any()
        },
        copied=copied(batch, text=text),
    )


def _check_columns(batch: pa.RecordBatch, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in batch.schema.names:
            raise ColumnMissing(name, batch.schema.names, needed_by="the summary")


def _count(bins: Ints, sentiment: Ints, n_bins: int) -> tuple[Counts, ...]:
    """Counts for each bin; rows in bin -1 are left out."""
    is_in = bins >= 0
    cells = bins[is_in] * 3 + sentiment[is_in]
    table = np.bincount(cells, minlength=n_bins * 3).reshape(-1, 3).tolist()
    return tuple(Counts(*row) for row in table)


def _count_names(batch: pa.RecordBatch, name: str, sentiment: Ints) -> dict[str, Counts]:
    if name not in batch.schema.names or not batch.num_rows:
        return {}
    names, codes = coded(batch.column(name))
    return capped(dict(zip(names, _count(codes, sentiment, len(names)), strict=True)), _MAX_NAMES)


def _count_hours(found: Ints, sentiment: Ints) -> Timeline:
    is_dated = found != UNDATED
    keys, bins = np.unique(found[is_dated], return_inverse=True)
    counts = _count(bins, sentiment[is_dated], len(keys))
    return Timeline("hour", dict(zip(keys.tolist(), counts, strict=True))).fitted()


def _score_bins(batch: pa.RecordBatch) -> Ints:
    half = SCORE_BINS // 2
    return _bins(np.rint(floats(batch, columns.SCORE.name) * half) + half, SCORE_BINS)


def _confidence_bins(batch: pa.RecordBatch) -> Ints:
    # In 32 bits, like the column: 0.7 there is a little low, but 0.7 * 20 rounds up to its edge.
    edges = np.floor(floats(batch, columns.CONFIDENCE.name) * np.float32(CONFIDENCE_BINS))
    return _bins(edges, CONFIDENCE_BINS)


def _mixing_bins(batch: pa.RecordBatch) -> Ints:
    return _bins(np.ceil(floats(batch, columns.CMI.name) / np.float32(5)), MIXING_BINS)


def _bins(places: Floats, n_bins: int) -> Ints:
    """Whole bins, those beyond the ends at the ends; -1 for what is not a number."""
    is_number = ~np.isnan(places)
    clipped = np.clip(np.where(is_number, places, 0), 0, n_bins - 1).astype(np.int64)
    return np.where(is_number, clipped, -1)


def _strata(batch: pa.RecordBatch) -> dict[tuple[str, str], Mask]:
    """Which rows belong to each pair of sentiment and confidence band."""
    labels = plain(batch.column(columns.SENTIMENT.name))
    edges = [round(bound * CONFIDENCE_BINS) for bound in CONFIDENCE_BANDS.values()]
    bands = np.searchsorted(edges, _confidence_bins(batch), side="right") - 1
    return {
        (label, band): (bands == number) & pc.equal(labels, label).to_numpy(zero_copy_only=False)
        for label in SENTIMENTS
        for number, band in enumerate(CONFIDENCE_BANDS)
    }


def _summarise_rejects(batch: pa.RecordBatch, text: str) -> Summary:
    _check_columns(batch, (text,))
    reasons = plain(batch.column(columns.REJECTED.name))
    heads, codes = coded(pc.replace_substring_regex(reasons, r"(?s)\s*:.*", ""))
    batch = pa.RecordBatch.from_arrays([plain(batch.column(text)).fill_null("")], [text])
    rows = Rows.of(batch, text=text)
    rejects = {
        head: Rejects(int((codes == code).sum()), rows.sample(_EXAMPLE_SIZE, among=codes == code))
        for code, head in enumerate(heads)
    }
    return Summary(rejects=capped(rejects, _MAX_REASONS))
