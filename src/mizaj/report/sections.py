"""The sections of the report, each from a summary to a piece of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mizaj.report import charts, findings
from mizaj.report.charts import Column, Row
from mizaj.report.figures import (
    FEW,
    Bucket,
    bucket_title,
    count,
    percent,
    plural,
    short_count,
    signed,
)
from mizaj.report.markup import Html, element
from mizaj.summary import (
    CONFIDENCE_BANDS,
    CONFIDENCE_BINS,
    MANY,
    SENTIMENTS,
    Counts,
    Summary,
)

LANGUAGES = {
    "en": "English",
    "hi": "Hindi (Devanagari)",
    "hi-Latn": "Hindi (romanised)",
    "hi-en": "Hindi-English mixed",
    "other": "Other",
}
_NO_NAME = "not given"
_MOST_ROWS = 12
_MIXING_BANDS = {
    "none": 0,
    "up to 10": 1,
    "10 to 20": 3,
    "20 to 30": 5,
    "30 to 40": 7,
    "over 40": 9,
}


def section(name: str, title: str, lead: str, *content: str) -> Html:
    """A headed part of the page that the contents can point to."""
    heading = element("h2", title, id=f"{name}-title")
    lead_line = [element("p", lead, class_="lead")] if lead else []
    return element(
        "section", heading, *lead_line, *content, id=name, aria_labelledby=f"{name}-title"
    )


def note(text: str) -> Html:
    """A quiet line that says why there is nothing to see."""
    return element("p", text, class_="note")


def panel(title: str, *content: str) -> Html:
    """A part of a section, titled unless the section's own title will do."""
    heading = [element("h3", title)] if title else []
    return element("div", *heading, *content, class_="panel")


def legend() -> Html:
    """What the colours and symbols mean."""
    return element(
        "p",
        *(
            element("span", element("i", charts.SYMBOLS[name], class_=f"mark {name}"), f" {name}")
            for name in SENTIMENTS
        ),
        class_="legend",
    )


def over_time(summary: Summary, buckets: Sequence[Bucket]) -> Html:
    """The mix of sentiment in time, with the posts behind each bucket."""
    if not buckets:
        return section("time", "Over time", "", note("The posts bear no time (column timestamp)."))
    unit = buckets[0].unit
    stride = _month_stride(buckets)
    columns = [Column(b.title, b.counts, tick=_tick(b, stride)) for b in buckets]
    n_undated = summary.sentiments.n - sum(bucket.counts.n for bucket in buckets)
    is_pale = any(0 < bucket.counts.n < FEW for bucket in buckets)
    pale = f" Pale columns have fewer than {FEW} posts." if is_pale else ""
    foot = f" {plural(n_undated, 'post')} without a usable time left out." if n_undated else ""
    return section(
        "time",
        "Over time",
        findings.extremes(buckets),
        legend(),
        element("h3", f"Share of posts by {unit}"),
        charts.share_columns(columns, label=f"Share of each sentiment by {unit}"),
        element("h3", f"Posts by {unit}"),
        charts.count_columns(columns, label=f"Number of posts by {unit}", height=72),
        charts.counts_table(unit.capitalize(), [(b.title, b.counts) for b in buckets]),
        note(f"Times are in UTC.{pale}{foot}"),
    )


def _month_stride(buckets: Sequence[Bucket]) -> int:
    return next((n for n in (1, 2, 3, 6) if len(buckets) / n <= charts.MAX_TICKS), 12)


def _tick(bucket: Bucket, month_stride: int) -> str:
    """The label on the axis; only at even months and hours, so that the axis reads like a clock."""
    if bucket.unit == "month":
        return bucket.label if bucket.month % month_stride == 0 else ""
    if bucket.unit != "hour":
        return bucket.label
    hour_of_day = bucket.start % 24
    if hour_of_day == 0:
        return bucket_title(bucket.start, "day").rsplit(" ", 1)[0]
    return bucket.label if hour_of_day % 6 == 0 else ""


def distribution(summary: Summary) -> Html:
    """How the scores and the confidences spread."""
    if not summary.sentiments.n:
        return section("scores", "Score and confidence", "", note("There are no posts."))
    half = len(summary.scores) // 2
    scores = [
        Column(f"score {(place - half) / half:+.2f}", counts, tick=_score_tick(place - half))
        for place, counts in enumerate(summary.scores)
    ]
    confidences = [
        Column(
            f"confidence {place / CONFIDENCE_BINS:.2f} to {(place + 1) / CONFIDENCE_BINS:.2f}",
            counts,
            tick=f"{place / CONFIDENCE_BINS:g}" if place % 4 == 0 else "",
        )
        for place, counts in enumerate(summary.confidences)
    ]
    return section(
        "scores",
        "Score and confidence",
        findings.confidence(summary),
        legend(),
        element(
            "div",
            panel(
                "Score, −1 to 1",
                charts.count_columns(scores, label="Histogram of the score by sentiment"),
                charts.counts_table("Score", [(c.title, c.counts) for c in scores if c.counts.n]),
            ),
            panel(
                "Confidence, 0 to 1",
                charts.count_columns(confidences, label="Histogram of the confidence by sentiment"),
                charts.counts_table(
                    "Confidence", [(c.title, c.counts) for c in confidences if c.counts.n]
                ),
            ),
            class_="pair",
        ),
        *_by_tier(summary),
    )


def _score_tick(step: int) -> str:
    return f"{step / 20:g}".replace("-", "−") if step % 10 == 0 else ""


def _by_tier(summary: Summary) -> list[Html]:
    if len(summary.tiers) < 2:
        return []
    return [groups("Tier", "Which tier answered", summary.tiers)]


def groups(head: str, title: str, counts: Mapping[str, Counts]) -> Html:
    """Lying bars for named groups, the most positive on top; small ones beyond twelve pooled."""
    named = sorted(counts.items(), key=lambda item: (-item[1].n, item[0]))
    shown = [(name or _NO_NAME, c) for name, c in named[:_MOST_ROWS]]
    shown.sort(key=lambda item: (-item[1].net, item[0]))
    rest = Counts()
    for _, c in named[_MOST_ROWS:]:
        rest += c
    if rest.n:
        shown.append((plural(len(named) - _MOST_ROWS, "other"), rest))
    return _bars_panel(head, title, shown)


def _bars_panel(head: str, title: str, shown: Sequence[tuple[str, Counts]]) -> Html:
    return panel(
        title,
        charts.bars(
            [Row(name, c) for name, c in shown], label=f"Share of each sentiment by {head.lower()}"
        ),
        charts.counts_table(head, shown),
    )


def by_source(summary: Summary) -> Html:
    """Sentiment by where the posts come from."""
    sources = summary.sources
    if not any(sources):
        text = "The posts bear no source (column source)."
        return section("sources", "By source", "", note(text))
    largest = sorted(sources, key=lambda name: (-sources[name].n, name))[:_MOST_ROWS]
    lead, estimated = findings.compare({name: sources[name] for name in largest if name}), []
    if MANY in sources:
        sources = _sampled_sources(summary)
        n_posts = count(len(summary.posts.posts))
        estimated = [note(f"Too many sources to count: estimated from {n_posts} sampled posts.")]
        lead = ""
    return section(
        "sources", "By source", lead, legend(), groups("Source", "", sources), *estimated
    )


def _sampled_sources(summary: Summary) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for post in summary.posts.posts:
        one = Counts(*(int(post.sentiment == name) for name in SENTIMENTS))
        found[post.source] = found.get(post.source, Counts()) + one
    return found


def by_language(summary: Summary) -> Html:
    """Sentiment by language, and by how far languages are mixed."""
    languages = {LANGUAGES.get(name, name): c for name, c in summary.languages.items()}
    if not summary.sentiments.n:
        return section("languages", "Language and code-mixing", "", note("There are no posts."))
    bins = summary.mixing
    edges = [*_MIXING_BANDS.values(), len(bins)]
    bands = [
        (name, sum(bins[start:end], Counts()))
        for name, start, end in zip(_MIXING_BANDS, edges, edges[1:], strict=False)
    ]
    last = max((place for place, c in enumerate(bins) if c.n), default=0)
    columns = [
        Column(f"index over {5 * place - 5}, up to {5 * place}", bins[place], _mixing_tick(place))
        for place in range(1, max(last, 10) + 1)
    ]
    return section(
        "languages",
        "Language and code-mixing",
        findings.mixing(summary),
        legend(),
        groups("Language", "By language", languages),
        element(
            "div",
            _bars_panel("Index", "By code-mixing index", [(name, c) for name, c in bands if c.n]),
            _mixing_panel(columns),
            class_="pair",
        ),
    )


def _mixing_panel(columns: Sequence[Column]) -> Html:
    filled = [(column.title, column.counts) for column in columns if column.counts.n]
    if not filled:
        return panel("Posts that mix, by index", note("None mixes languages."))
    label = "Histogram of the code-mixing index over 0"
    chart = charts.count_columns(columns, label=label)
    return panel("Posts that mix, by index", chart, charts.counts_table("Index", filled))


def _mixing_tick(place: int) -> str:
    return str(5 * place) if place % 2 == 0 else ""


def tiles(summary: Summary, buckets: Sequence[Bucket]) -> Html:
    """The key figures."""
    counts = summary.sentiments
    mixed = sum(c.n for c in summary.mixing[1:])
    known = sum(c.n for c in summary.confidences)
    line = charts.sparkline([b.counts.net for b in buckets if b.counts.n])
    n_sure = sum(c.n for c in summary.confidences[round(CONFIDENCE_BANDS["sure"] * 20) :])
    found = [
        ("Posts", short_count(counts.n), f"{count(counts.n)} scored", Html()),
        ("Net sentiment", signed(counts.net), "points, positive less negative", line),
        ("Code-mixed", percent(mixed, counts.n), f"{count(mixed)} posts", Html()),
        ("Sure answers", percent(n_sure, known), "confidence 0.8 or more", Html()),
        ("Unsure", percent(findings.unsure(summary), known), "confidence under 0.6", Html()),
        ("Set aside", short_count(summary.n_rejected), _aside(summary), Html()),
    ]
    return element(
        "dl",
        *(
            element(
                "div",
                element("dt", name),
                element("dd", figure, class_="figure"),
                element("dd", small, class_="small"),
                extra,
            )
            for name, figure, small, extra in found
        ),
        class_="tiles",
    )


def _aside(summary: Summary) -> str:
    share = percent(summary.n_rejected, summary.n_rows)
    unscored = f", {count(summary.n_unscored)} unscored" if summary.n_unscored else ""
    return f"{share} of rows{unscored}"
