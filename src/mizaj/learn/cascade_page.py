"""A cascade as one HTML page that needs no network: its settings, and risk over coverage by language and mixing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from mizaj.errors import SinkError
from mizaj.learn.risk_coverage import Curve
from mizaj.model.cascade import Cascade, Point
from mizaj.model.pace import Pace

_WIDE, _HIGH = 260, 180  # the sides of a plot, in its own units
_LEFT, _TOP = 38, 8
_MOST_CURVES = 12
_FEWEST_ROWS = 30  # fewer make a curve of chance
_FEWEST_DRAWN = 10  # as few answered make a risk of chance
_LOWEST_TOP = 0.1  # of the scale of risk
_TICKS = (0.0, 0.5, 1.0)


def write_cascade_page(
    cascade: Cascade,
    pace: Pace,
    curves: Mapping[str, Mapping[str, Curve]],
    path: Path,
    *,
    loss: str,
) -> None:
    """Write the page to `path`. Raises `SinkError` when the file cannot be written."""
    chosen = [point.thresholds for point in cascade.points].index(cascade.thresholds)
    parts = [
        _section("Settings, from the safest to the boldest", _settings(cascade, pace, chosen, loss))
    ]
    parts += [
        _section(f"Risk over coverage by {column}", _plots(groups, chosen))
        for column, groups in curves.items()
    ]
    template = files("mizaj.learn").joinpath("evaluation_page.html").read_text(encoding="utf-8")
    text = Template(template).substitute(
        title=escape(" → ".join(cascade.tiers)),
        subtitle=f"Bounds hold with {cascade.confidence or 0:.0%} confidence on posts like those they were found on. "
        "Risk: the share answered wrongly among the posts that go no further than the tiers before the last "
        "(line), and of the same posts by the last tier (dashed). First come the posts where least is lost against the "
        "last tier, not those that are easiest. The dot is the setting chosen. A loss below 0 is a gain.",
        body="\n".join(parts),
    )
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write the page {path}: {error.strerror}; name another place"
        raise SinkError(message) from error


def _settings(cascade: Cascade, pace: Pace, chosen: int, loss: str) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in cascade.tiers)
    rows = [
        _setting(point, speed, loss, is_chosen=place == chosen)
        for place, (point, speed) in enumerate(zip(cascade.points, pace.points, strict=True))
        if place % 4 == 0 or place == chosen
    ]
    table = (
        f"<table><thead><tr><th>threshold</th><th>posts/s</th><th>{escape(loss)} lost</th><th>at most</th>{head}"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="panel"><div class="scroll">{table}</div></div>'


def _setting(point: Point, speed: float, loss: str, *, is_chosen: bool) -> str:
    threshold = "last tier alone" if point.thresholds[0] > 1.0 else f"{point.thresholds[0]:.3f}"
    name = f"<b>{threshold}, chosen</b>" if is_chosen else threshold
    shares = "".join(f"<td>{share:.1%}</td>" for share in point.shares)
    seen = f"{point.losses[loss]:+.4f}" if loss in point.losses else ""
    bound = f"{point.bounds[loss]:+.4f}" if loss in point.bounds else ""
    return f"<tr><td>{name}</td><td>{speed:,.0f}</td><td>{seen}</td><td>{bound}</td>{shares}</tr>"


def _plots(groups: Mapping[str, Curve], chosen: int) -> str:
    told = {name: curve for name, curve in groups.items() if curve.n_rows >= _FEWEST_ROWS}
    largest = sorted(told, key=lambda name: -told[name].n_rows)[:_MOST_CURVES]
    order = [name for name in groups if name in largest]
    highest = max((_highest(told[name]) for name in order), default=0.0)
    panels = "".join(
        f'<div class="panel"><h3>{escape(name)}, {told[name].n_rows:,} posts</h3>'
        f"{_plot(told[name], chosen, name, max(highest, _LOWEST_TOP))}</div>"
        for name in order
    )
    return f'<div class="columns">{panels}</div>'


def _highest(curve: Curve) -> float:
    return max(
        (risk for line in (curve.risk, curve.last_risk) for _, risk in _drawn(curve, line)),
        default=0.0,
    )


def _drawn(curve: Curve, risks: Sequence[float]) -> list[tuple[float, float]]:
    """Coverage and risk, where enough posts are answered for a risk to mean something."""
    points = zip(curve.coverage, risks, strict=True)
    return [(share, risk) for share, risk in points if share * curve.n_rows >= _FEWEST_DRAWN]


def _plot(curve: Curve, chosen: int, name: str, highest: float) -> str:
    """The curve of one group; `highest` is the risk at the top of the plot."""
    ours = _line(_drawn(curve, curve.risk), highest)
    theirs = _line(_drawn(curve, curve.last_risk), highest)
    x, y = _x(curve.coverage[chosen]), _y(min(1.0, curve.risk[chosen] / highest))
    label = f"{name}: risk {curve.risk[chosen]:.3f} at coverage {curve.coverage[chosen]:.2f}"
    inner = (
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_WIDE}" height="{_HIGH}"/>'
        f'<polyline class="ideal" fill="none" points="{theirs}"/><polyline class="path" points="{ours}"/>'
        f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(label)}</title></circle>'
        + "".join(_tick(share, highest) for share in _TICKS)
        + f'<text x="{_LEFT + 6}" y="{_TOP + 14}">risk</text>'
    )
    height = _TOP + _HIGH + 34
    return (
        f'<svg class="reliability" viewBox="0 0 {_LEFT + _WIDE + 12} {height}" role="img" '
        f'aria-label="{escape(label)}">{inner}<text x="{_x(0.5)}" y="{height - 4}" text-anchor="middle">'
        "coverage</text></svg>"
    )


def _line(points: Sequence[tuple[float, float]], highest: float) -> str:
    return " ".join(f"{_x(share):.1f},{_y(risk / highest):.1f}" for share, risk in points)


def _tick(share: float, highest: float) -> str:
    below = _TOP + _HIGH + 14
    return (
        f'<text x="{_x(share)}" y="{below}" text-anchor="middle">{share:g}</text>'
        f'<text x="{_LEFT - 5}" y="{_y(share) + 4}" text-anchor="end">{share * highest:.2f}</text>'
    )


def _x(share: float) -> float:
    return _LEFT + _WIDE * share


def _y(share: float) -> float:
    return _TOP + _HIGH * (1 - share)


def _section(name: str, inner: str) -> str:
    return f'<section><h2>{escape(name)}</h2><div class="grid">{inner}</div></section>'
