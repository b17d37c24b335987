"""What the pages of figures are made of: the frame, panels, and rows of bars with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from mizaj.errors import SinkError
from mizaj.learn.intervals import Interval


def write(text: str, path: Path) -> None:
    """Write a page. Raises `SinkError` when the file cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write the page {path}: {error.strerror}; name another place"
        raise SinkError(message) from error


def framed(body: str, *, title: str, subtitle: str) -> str:
    """A whole page that needs no network: one file, light or dark as the reader's machine is."""
    template = files("mizaj.learn").joinpath("evaluation_page.html").read_text(encoding="utf-8")
    return Template(template).substitute(title=escape(title), subtitle=escape(subtitle), body=body)


def section(name: str, inner: str) -> str:
    """A part of the page under its heading."""
    return f'<section><h2>{escape(name)}</h2><div class="grid">{inner}</div></section>'


def panel(name: str, inner: str, *, size: str = "") -> str:
    """A card, `wide` or `narrow` beside another, else of full width."""
    head = f"<h3>{escape(name)}</h3>" if name else ""
    return f'<div class="panel {size}">{head}{inner}</div>'


def bar_row(name: str, interval: Interval, *, note: str) -> str:
    """A name, a bar from 0 to the value with its interval, and the figure."""
    return plot_row(name, bar_svg(interval, name), figure(interval), note=note)


def plot_row(name: str, svg: str, figure: str, *, note: str) -> str:
    """A name, a drawing and a figure, in one line on a screen and in two on a phone."""
    return (
        f'<div class="row"><span class="name">{escape(name)}<small>{escape(note)}</small></span>'
        f'{svg}<span class="value">{figure}</span></div>'
    )


def bars(rows: Sequence[str]) -> str:
    """Rows whose columns line up."""
    return f'<div class="bars">{"".join(rows)}</div>'


def bar_svg(interval: Interval, name: str) -> str:
    """A bar from 0 to the value, on a track from 0 to 1."""
    value = interval.value * 100
    return plot_svg(
        '<rect class="track" width="100" height="18" rx="1"/>'
        f'<rect class="bar" width="{value:.2f}" height="18" rx="1"/>'
        + _whisker(interval.low * 100, interval.high * 100),
        label=f"{name}: {interval.value:.3f}, {interval.low:.3f} to {interval.high:.3f}",
    )


def gap_svg(gap: Interval, reach: float, name: str) -> str:
    """The difference from the middle, which is 0, to either side."""
    value, low, high = (50 + 48 * each / reach for each in (gap.value, gap.low, gap.high))
    start, width = min(50.0, value), abs(value - 50)
    return plot_svg(
        '<rect class="track" width="100" height="18" rx="1"/>'
        f'<rect class="bar" x="{start:.2f}" width="{width:.2f}" height="18"/>'
        '<line class="zero" x1="50" x2="50" y1="0" y2="18"/>' + _whisker(low, high),
        label=f"{name}: {gap.value:+.3f}, {gap.low:+.3f} to {gap.high:+.3f}",
    )


def plot_svg(inner: str, *, label: str) -> str:
    """A drawing of a row: 100 by 18, stretched to the room there is."""
    return (
        '<svg viewBox="0 0 100 18" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{inner}</svg>'
    )


def _whisker(low: float, high: float) -> str:
    lines = ((low, high, 9, 9), (low, low, 5, 13), (high, high, 5, 13))
    return "".join(
        f'<line class="whisker" x1="{x1:.2f}" x2="{x2:.2f}" y1="{y1}" y2="{y2}"/>'
        for x1, x2, y1, y2 in lines
    )


def figure(interval: Interval, *, signed: bool = False) -> str:
    """A value and its bounds."""
    form = "+.3f" if signed else ".3f"
    return (
        f"{interval.value:{form}} "
        f'<small class="bounds">{interval.low:{form}} to {interval.high:{form}}</small>'
    )
