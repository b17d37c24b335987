"""Plots as inline SVG: reliability, figures over strength, a heat map as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from mizaj.learn.intervals import Interval
from mizaj.learn.metrics import Counts
from mizaj.learn.reliability import Bin, Reliability

# From these shares on, a cell of a shaded table needs the other colour of ink to be read: the
# first on a dark page, both on a light one (contrast of at least 3.4 to 1 on either side).
_FIRM_SHARE, _STRONG_SHARE = 0.6, 0.8
# A confusion table of so many labels, none longer, has room for level names and for shares, on a phone too.
_MOST_ROOMY, _LONGEST_LEVEL = 5, 12
_PLOT = 260  # the side of the reliability plot's square, in its own units
_AMOUNTS = 46  # the height of the rows-per-bin strip under it
_N_LOOKS = 6  # how many lines are told apart by colour and dashes
_WIDE, _HIGH = 252, 132  # the frame of a line plot
_LEFT, _TOP = 40, 8
_LEAST_SPAN = 0.05


Place = Callable[[float, float], tuple[float, float]]
"""Where a value at a place across lies in the drawing."""


@dataclass(frozen=True)
class Line:
    """Points of a line plot: where each lies across, and its value."""

    name: str
    points: tuple[tuple[float, Interval], ...]

    @property
    def bounds(self) -> list[float]:
        """The lowest and the highest place of the line with its intervals."""
        return [
            min(value.low for _, value in self.points),
            max(value.high for _, value in self.points),
        ]


def confusion(counts: Counts) -> str:
    """True classes down, answers across, shaded by the share of the true class; any number of classes."""
    is_roomy = len(counts.labels) <= _MOST_ROOMY and max(map(len, counts.labels)) <= _LONGEST_LEVEL
    head = "".join(f"<th><span>{escape(label)}</span></th>" for label in counts.labels)
    rows = []
    for position, (label, row) in enumerate(zip(counts.labels, counts.matrix, strict=True)):
        total = max(sum(row), 1)
        cells = [
            _confusion_cell(
                n_rows,
                n_rows / total,
                is_right=position == answer,
                title="" if is_roomy else f"{label} answered as {counts.labels[answer]}",
            )
            for answer, n_rows in enumerate(row)
        ]
        rows.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll"><table class="shaded {"" if is_roomy else "dense"}">'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _confusion_cell(n_rows: int, share: float, *, is_right: bool, title: str) -> str:
    kind = "right" if is_right else "wrong"
    if title:
        shown = f"{n_rows:,}" if n_rows else ""
        return shaded_cell(shown, share, kind=kind, title=f"{title}: {n_rows:,} rows, {share:.0%}")
    return shaded_cell(f'{n_rows:,}<span class="share">{share:.0%}</span>', share, kind=kind)


def shaded_cell(inner: str, share: float, *, kind: str, title: str = "") -> str:
    """A cell of a table, the darker the larger its share of 1."""
    ink = " strong" if share > _STRONG_SHARE else " firm" if share > _FIRM_SHARE else ""
    tip = f' title="{escape(title)}"' if title else ""
    return f'<td class="{kind}{ink}" style="--share:{share:.3f}"{tip}>{inner}</td>'


def reliability(calibration: Reliability) -> str:
    """Accuracy over confidence by bins, and under it how many rows each bin holds."""
    bins = [each for each in calibration.bins if each.n_rows]
    most = max(each.n_rows for each in bins)
    path = " ".join(f"{_x(each.confidence):.1f},{_y(each.accuracy):.1f}" for each in bins)
    inner = (
        f'<rect class="frame" x="34" y="8" width="{_PLOT}" height="{_PLOT}"/>'
        f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
        + "".join(_amount(each, most) for each in bins)
        + f'<polyline class="path" points="{path}"/>'
        + "".join(_point(each) for each in bins)
        + _ticks()
    )
    height = _PLOT + _AMOUNTS + 48
    return (
        f'<svg class="reliability" viewBox="0 0 308 {height}" role="img" aria-label="accuracy over '
        f'confidence; calibration error {calibration.error:.3f}">{inner}</svg>'
        '<p class="small muted">Points on the dashed line are right as often as they claim. The '
        "strip under the plot shows where the rows lie.</p>"
    )


def _x(share: float) -> float:
    return 34 + _PLOT * share


def _y(share: float) -> float:
    return 8 + _PLOT * (1 - share)


def _point(each: Bin) -> str:
    title = f"confidence {each.confidence:.2f}, right {each.accuracy:.2f}, {each.n_rows:,} rows"
    return (
        f'<circle class="point" cx="{_x(each.confidence):.1f}" cy="{_y(each.accuracy):.1f}" r="4">'
        f"<title>{title}</title></circle>"
    )


def _amount(each: Bin, most: int) -> str:
    height = _AMOUNTS * each.n_rows / most
    floor = 8 + _PLOT + 22 + _AMOUNTS
    width = _PLOT * (each.high - each.low) - 2
    return (
        f'<rect class="amount" x="{_x(each.low) + 1:.1f}" y="{floor - height:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}"/>'
    )


def _ticks() -> str:
    below = 8 + _PLOT
    shares = (0, 0.5, 1)
    across = [
        f'<text x="{_x(s)}" y="{below + 14}" text-anchor="middle">{s:g}</text>' for s in shares
    ]
    up = [f'<text x="29" y="{_y(s) + 4}" text-anchor="end">{s:g}</text>' for s in shares]
    names = (
        f'<text x="{_x(0.5)}" y="{below + _AMOUNTS + 37}" text-anchor="middle">confidence</text>'
        f'<text transform="translate(12 {_y(0.75)}) rotate(-90)" '
        'text-anchor="middle">accuracy</text>'
    )
    return "".join((*across, *up, names))


def line_plot(lines: Sequence[Line], span: tuple[float, float]) -> str:
    """Values over places from 0 on; `span` is the range of values shown, so that plots compare."""
    low, high = span[0], max(span[1], span[0] + _LEAST_SPAN)
    most = max(at for line in lines for at, _ in line.points) or 1.0

    def place(at: float, value: float) -> tuple[float, float]:
        return (
            _LEFT + 8 + (_WIDE - 16) * at / most,
            _TOP + _HIGH * (1 - (value - low) / (high - low)),
        )

    shown = "".join(_drawn(line, number, place) for number, line in enumerate(lines))
    label = "; ".join(
        f"{line.name}: " + ", ".join(f"{value.value:.3f} at {at:g}" for at, value in line.points)
        for line in lines
    )
    return (
        f'<svg class="lines" viewBox="0 0 {_LEFT + _WIDE + 8} {_TOP + _HIGH + 22}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_WIDE}" height="{_HIGH}"/>'
        + _line_ticks(lines, place, (low, high))
        + shown
        + "</svg>"
    )


def legend(names: Sequence[str]) -> str:
    """Which look is whose, in the order of the lines."""
    items = "".join(
        f'<span><svg class="lines" viewBox="0 0 28 10" aria-hidden="true">'
        f'<line class="line look{number % _N_LOOKS}" x1="0" x2="28" y1="5" y2="5"/></svg>'
        f"{escape(name)}</span>"
        for number, name in enumerate(names)
    )
    return f'<p class="legend">{items}</p>'


def _drawn(line: Line, number: int, place: Place) -> str:
    look = f"look{number % _N_LOOKS}"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(at, v.value) for at, v in line.points))
    points = []
    for at, value in line.points:
        x, y = place(at, value.value)
        (_, top), (_, bottom) = place(at, value.high), place(at, value.low)
        tip = f"{line.name}, {at:g}: {value.value:.3f}, {value.low:.3f} to {value.high:.3f}"
        points.append(
            f'<g class="mark {look}"><title>{escape(tip)}</title>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/></g>'
        )
    return f'<polyline class="line {look}" points="{path}"/>{"".join(points)}'


def _line_ticks(lines: Sequence[Line], place: Place, span: tuple[float, float]) -> str:
    low, high = span
    across = sorted({at for line in lines for at, _ in line.points})
    # places too near one another share the label of the first
    kept = [at for at, before in zip(across, [-1.0, *across], strict=False) if at - before > 0.08]
    below = [
        f'<text x="{place(at, low)[0]:.1f}" y="{_TOP + _HIGH + 16}" text-anchor="middle">{at:g}</text>'
        for at in kept
    ]
    values = [low, (low + high) / 2, high]
    beside = [
        f'<text x="{_LEFT - 5}" y="{place(0, value)[1] + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        for value in values
    ]
    return "".join((*below, *beside))
