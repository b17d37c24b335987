"""Charts as inline SVG, in per cent along the page, so that one drawing fits phone and screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mizaj.report.figures import FEW, count, percent, short_count, signed, wilson
from mizaj.report.markup import Html, element, join
from mizaj.summary import SENTIMENTS, Counts

SYMBOLS = {"negative": "▼", "neutral": "●", "positive": "▲"}
"""What tells the sentiments apart beside their colour."""

_AXIS_HEIGHT = 22
_BAR_HEIGHT = 26
MAX_TICKS = 7
"""Labels an axis holds before every second, third ... is left out."""
# Narrower than this share of the bar and its label would not fit on a phone.
_LABELLED_SHARE = 0.11
# A narrower interval would look like a fault of the drawing.
_LEAST_WHISKER = 0.012


@dataclass(frozen=True, slots=True)
class Column:
    """One upright bar. `tick` is its label on the axis, `""` for none; `title` heads its tooltip."""

    title: str
    counts: Counts
    tick: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One lying bar and its label."""

    name: str
    counts: Counts


def tip(title: str, counts: Counts) -> str:
    """The lines of a tooltip."""
    named = zip(reversed(SENTIMENTS), reversed(list(counts)), strict=True)
    shares = [f"{SYMBOLS[name]} {name} {percent(n, counts.n)} ({count(n)})" for name, n in named]
    return "\n".join([title, f"{count(counts.n)} posts, net {signed(counts.net)}", *shares])


def share_columns(columns: Sequence[Column], *, label: str, height: int = 240) -> Html:
    """Bars of equal height, parted by share: how the mix moves. Those of few posts are pale."""
    bars = join(
        element(
            "g",
            *_stack(column, place, len(columns), top=column.counts.n, height=height),
            class_="pale" if column.counts.n < FEW else None,
        )
        for place, column in enumerate(columns)
        if column.counts.n
    )
    axis = ("100%", "75%", "50%", "25%", "0%")
    return _plot(columns, bars, label=label, height=height, axis=axis)


def count_columns(columns: Sequence[Column], *, label: str, height: int = 180) -> Html:
    """Bars as high as they have posts, parted by sentiment."""
    top = max((column.counts.n for column in columns), default=0)
    bars = join(
        bar
        for place, column in enumerate(columns)
        for bar in _stack(column, place, len(columns), top=top, height=height)
    )
    return _plot(columns, bars, label=label, height=height, axis=(short_count(top), "0"))


def _stack(column: Column, place: int, n_columns: int, *, top: int, height: int) -> Iterator[Html]:
    width = 100 / n_columns
    gap = min(0.1 * width, 0.2)
    foot = float(height)
    for name, n in zip(SENTIMENTS, column.counts, strict=True):
        if n:
            tall = height * n / top
            foot -= tall
            yield element(
                "rect",
                class_=name,
                x=f"{place * width + gap / 2:.3f}%",
                width=f"{width - gap:.3f}%",
                y=f"{foot:.2f}",
                height=f"{tall:.2f}",
            )


def _plot(
    columns: Sequence[Column], bars: Html, *, label: str, height: int, axis: Sequence[str]
) -> Html:
    lines = join(
        element("line", class_="grid", x1="0", x2="100%", y1=f"{y:.1f}", y2=f"{y:.1f}")
        for y in (height * step / (len(axis) - 1) for step in range(len(axis)))
    )
    svg = element(
        "svg",
        lines,
        bars,
        _ticks(columns, height),
        _targets(columns, height),
        role="img",
        aria_label=label,
        width="100%",
        height=height + _AXIS_HEIGHT,
    )
    scale = element("div", *(element("span", mark) for mark in axis), class_=f"scale h{height}")
    return element("div", scale, svg, class_="plot")


def _ticks(columns: Sequence[Column], height: int) -> Html:
    marked = [place for place, column in enumerate(columns) if column.tick]
    stride = max(1, -(-len(marked) // MAX_TICKS))
    shown = marked[::stride]
    width = 100 / max(len(columns), 1)
    return join(
        element(
            "text",
            columns[place].tick,
            x=f"{(place + 0.5) * width:.3f}%",
            y=height + 16,
            class_="tick alternate" if number % 2 else "tick",
            text_anchor=_anchor((place + 0.5) * width),
        )
        for number, place in enumerate(shown)
    )


def _anchor(x_percent: float) -> str:
    return "start" if x_percent < 4 else "end" if x_percent > 96 else "middle"


def _targets(columns: Sequence[Column], height: int) -> Html:
    """Unseen bars over the whole height that carry the tooltips."""
    width = 100 / max(len(columns), 1)
    return join(
        element(
            "rect",
            class_="target",
            x=f"{place * width:.3f}%",
            width=f"{width:.3f}%",
            y="0",
            height=height,
            data_tip=tip(column.title, column.counts),
        )
        for place, column in enumerate(columns)
        if column.counts.n
    )


def bars(rows: Sequence[Row], *, label: str) -> Html:
    """One lying bar for each row, parted by share, with the 95 % intervals of its two seams."""
    head = element(
        "div",
        element("span", "", class_="name"),
        element("span", "net", class_="net"),
        element("span", "posts", class_="size"),
        class_="row head",
    )
    lines = (_row(row) for row in rows)
    return element("div", head, *lines, class_="bars", role="img", aria_label=label)


def _row(row: Row) -> Html:
    net = element("span", signed(row.counts.net), class_="net")
    size = element("span", short_count(row.counts.n), class_="size")
    name = element("bdi", row.name, class_="name")
    whiskers = join(_whiskers(row.counts))
    return element("div", name, bar(row.counts, whiskers, title=row.name), net, size, class_="row")


def bar(counts: Counts, *marks: Html, title: str, height: int = _BAR_HEIGHT) -> Html:
    """A single lying bar, parted by share, with marks over it."""
    return element(
        "svg",
        *_segments(counts, height),
        *marks,
        element("rect", class_="target", width="100%", height=height, data_tip=tip(title, counts)),
        class_="bar",
        width="100%",
        height=height,
        aria_hidden="true",
    )


def _segments(counts: Counts, height: int) -> Iterator[Html]:
    start = 0.0
    for name, n in zip(SENTIMENTS, counts, strict=True):
        share = n / counts.n if counts.n else 0.0
        if n:
            x, width = f"{100 * start:.3f}%", f"{100 * share:.3f}%"
            yield element("rect", class_=name, x=x, width=width, height=height)
        if share >= _LABELLED_SHARE:
            yield element(
                "text",
                percent(n, counts.n),
                class_=f"on-{name}",
                x=f"{100 * (start + share / 2):.3f}%",
                y=f"{height / 2:.1f}",
                dominant_baseline="central",
                text_anchor="middle",
            )
        start += share


def _whiskers(counts: Counts) -> Iterator[Html]:
    # One above and one below the label, for those of few posts may overlap.
    low, high = wilson(counts.negative, counts.n)
    yield _whisker(low, high, y="18%")
    low, high = wilson(counts.positive, counts.n)
    yield _whisker(1 - high, 1 - low, y="82%")


def _whisker(low: float, high: float, *, y: str) -> Html:
    if high - low < _LEAST_WHISKER:
        return Html()
    x1, x2 = f"{100 * low:.3f}%", f"{100 * high:.3f}%"
    return element("line", class_="whisker", x1=x1, x2=x2, y1=y, y2=y)


def sparkline(values: Sequence[float]) -> Html:
    """A small line without axes, for beside a figure."""
    if len(values) < 3:
        return Html()
    low, high = min(values), max(values)
    scale = (high - low) or 1.0
    points = " ".join(
        f"{100 * place / (len(values) - 1):.2f},{22 - 20 * (value - low) / scale:.2f}"
        for place, value in enumerate(values)
    )
    line = element("polyline", points=points, vector_effect="non-scaling-stroke")
    return element(
        "svg",
        line,
        class_="spark",
        viewBox="0 0 100 24",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """Rows under their heads, in a box that scrolls by itself when it is too wide."""
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = (
        element(
            "tr",
            element("th", element("bdi", row[0]), scope="row"),
            *(element("td", cell) for cell in row[1:]),
        )
        for row in rows
    )
    inner = element("table", element("thead", top), element("tbody", *body))
    return element("div", inner, class_="scroll", tabindex="0", role="group", aria_label="Table")


def counts_table(first: str, rows: Sequence[tuple[str, Counts]]) -> Html:
    """A chart's figures as a table, folded away."""
    head = (first, "Posts", "Negative", "Neutral", "Positive", "Net", "Positive, 95% interval")
    cells = [
        (
            name,
            count(counts.n),
            *(percent(n, counts.n) for n in counts),
            signed(counts.net),
            "{:.1%} to {:.1%}".format(*wilson(counts.positive, counts.n)) if counts.n else "",
        )
        for name, counts in rows
    ]
    return element(
        "details",
        element("summary", "Show as a table"),
        table(head, cells),
        class_="figures",
    )
