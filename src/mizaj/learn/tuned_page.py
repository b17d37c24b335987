"""A study as one HTML page: its history, which settings mattered, how they went, the best attempts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.page_parts import bars, figure, framed, panel, plot_row, plot_svg, section
from mizaj.learn.tuned import COMPLETE, FAILED, PRUNED, Attempt, Tuned, word_of, words_of

_MOST_LISTED = 20
_MOST_SLICES = 6
_LEFT, _TOP = 40, 8
_WIDE, _HIGH = 330, 130  # the frame of the history
_MARGIN = 0.02  # of macro-F1, kept free above and under the points
# A number whose largest value is so many times its smallest is drawn by its logarithm.
_LOG_FROM = 50

Place = Callable[[float, float], tuple[float, float]]


def page(found: Tuned, *, title: str = "") -> str:
    """The page as text."""
    n = found.n_by_state
    states = ", ".join(f"{n[state]:,} {state}" for state in (COMPLETE, PRUNED, FAILED) if n[state])
    parts = [
        section(
            "Best",
            panel("", _figures(found)) + panel("Its settings", _settings(found.best)),
        ),
        section("History", panel("", _history(found))),
    ]
    if found.importances:
        parts.append(section("What mattered", panel("", _importances(found))))
        parts.append(section("Setting by setting", _slices(found)))
    parts.append(section("Trials", panel("", _table(found))))
    return framed(
        "".join(parts),
        title=title or f"Tuning {found.kind}",
        subtitle=f"{len(found.attempts):,} trials ({states}), judged on {found.judged_by}, "
        f"{found.counts.n_rows:,} rows. The best of many trials looks better than it is: judge it on other rows.",
    )


def _figures(found: Tuned) -> str:
    figures = bootstrap_intervals(found.counts)
    seconds = sum(each.seconds for each in found.attempts)
    items = [
        ("macro-F1", figure(figures.macro_f1)),
        ("accuracy", figure(figures.accuracy)),
        ("trial", f"{found.best.number}"),
        ("time of all trials", f"{seconds / 60:,.1f} min" if seconds > 90 else f"{seconds:,.0f} s"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in items)
    return f'<dl class="figures">{cells}</dl>'


def _settings(attempt: Attempt) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(word_of(value))}</td></tr>"
        for name, value in attempt.settings.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _history(found: Tuned) -> str:
    """Each trial's macro-F1, and the best so far as a line."""
    shown = [each for each in found.attempts if each.macro_f1 is not None]
    last = max(each.number for each in found.attempts)
    place, span = _placed(shown, (0.0, float(max(last, 1))), width=_WIDE, height=_HIGH)
    best = 0.0
    line: list[tuple[float, float]] = []
    for each in shown:
        if each.state == COMPLETE and (each.macro_f1 or 0.0) > best:
            if line:
                line.append(place(each.number, best))
            best = each.macro_f1 or 0.0
            line.append(place(each.number, best))
    line.append(place(float(last), best))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
    points = "".join(_point(each, place(each.number, each.macro_f1 or 0.0)) for each in shown)
    ticks = _ticks(place, [(0.0, "0"), (float(last), str(last))] if last else [(0.0, "0")], span)
    drawing = f'<polyline class="line look1" points="{path}"/>{points}{ticks}'
    return (
        _svg(drawing, _WIDE, _HIGH, label=f"macro-F1 by trial, {best:.3f} at best")
        + '<p class="small muted">Macro-F1 by trial, in order; hollow if pruned. The line is the best so far.</p>'
    )


def _importances(found: Tuned) -> str:
    rows = [
        plot_row(
            name,
            plot_svg(
                '<rect class="track" width="100" height="18" rx="1"/>'
                f'<rect class="bar" width="{share * 100:.2f}" height="18" rx="1"/>',
                label=f"{name}: {share:.0%}",
            ),
            f"{share:.0%}",
            note="",
        )
        for name, share in found.importances.items()
    ]
    return bars(rows) + (
        '<p class="small muted">The share of the differences between trials that each setting explains (fANOVA).</p>'
    )


def _slices(found: Tuned) -> str:
    names = list(found.importances)[:_MOST_SLICES]
    return "".join(panel(name, _slice(found.attempts, name), size="third") for name in names)


def _slice(attempts: Sequence[Attempt], name: str) -> str:
    """Macro-F1 by the values of one setting: numbers along a line, others side by side."""
    shown = [each for each in attempts if each.macro_f1 is not None and name in each.settings]
    values = [each.settings[name] for each in shown]
    across, labels = _across(values)
    place, span = _placed(shown, (min(across), max(across)), width=252, height=132)
    points = "".join(
        _point(each, place(at, each.macro_f1 or 0.0))
        for each, at in zip(shown, across, strict=True)
    )
    return _svg(points + _ticks(place, labels, span), 252, 132, label=f"macro-F1 by {name}")


def _across(values: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where each value lies, and which places are labelled."""
    are_numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if not are_numbers:
        names = list(dict.fromkeys(map(word_of, values)))
        places = {name: float(at) for at, name in enumerate(names)}
        return [places[word_of(value)] for value in values], [(at, n) for n, at in places.items()]
    low, high = min(values), max(values)
    if low > 0 and high / low > _LOG_FROM:
        return [math.log(v) for v in values], [(math.log(v), word_of(v)) for v in (low, high)]
    return list(map(float, values)), [(float(v), word_of(v)) for v in dict.fromkeys((low, high))]


def _placed(
    attempts: Sequence[Attempt], ends: tuple[float, float], *, width: int, height: int
) -> tuple[Place, tuple[float, float]]:
    """How a place across and a macro-F1 are drawn, and the range of macro-F1."""
    values = [each.macro_f1 or 0.0 for each in attempts]
    low, high = min(values) - _MARGIN, max(values) + _MARGIN
    first, last = ends

    def place(at: float, value: float) -> tuple[float, float]:
        share = (at - first) / (last - first) if last > first else 0.5
        return (
            _LEFT + 10 + (width - 20) * share,
            _TOP + height * (1 - (value - low) / (high - low)),
        )

    return place, (low, high)


def _point(each: Attempt, at: tuple[float, float]) -> str:
    kind = "mark look0" if each.state == COMPLETE else "mark look0 hollow"
    tip = f"trial {each.number}, {each.state}: {each.macro_f1:.3f}; {words_of(each.settings)}"
    return (
        f'<g class="{kind}"><title>{escape(tip)}</title>'
        f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="3.5"/></g>'
    )


def _ticks(place: Place, labels: Sequence[tuple[float, str]], span: tuple[float, float]) -> str:
    low, high = span
    bottom = place(0, low)[1]
    below = [
        f'<text x="{place(at, low)[0]:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{escape(name)}</text>'
        for at, name in labels
    ]
    beside = [
        f'<text x="{_LEFT - 5}" y="{place(0, value)[1] + 4:.1f}" text-anchor="end">{value:.3f}</text>'
        for value in (low + _MARGIN, (low + high) / 2, high - _MARGIN)
    ]
    return "".join((*below, *(beside if high - low > 3 * _MARGIN else beside[1:2])))


def _svg(inner: str, width: int, height: int, *, label: str) -> str:
    return (
        f'<svg class="lines long" viewBox="0 0 {_LEFT + width + 8} {_TOP + height + 22}" role="img" '
        f'aria-label="{escape(label)}">'
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}"/>{inner}</svg>'
    )


def _table(found: Tuned) -> str:
    ranked = sorted(
        found.attempts,
        key=lambda each: (each.state != COMPLETE, -(each.macro_f1 or 0.0), each.number),
    )
    rows = "".join(
        f"<tr><td>{each.number}</td><td>{_macro_f1(each)}</td><td>{each.seconds:,.1f}</td>"
        f"<td>{each.state}</td><td>{escape(each.note or words_of(each.settings))}</td></tr>"
        for each in ranked[:_MOST_LISTED]
    )
    head = "".join(
        f"<th>{name}</th>" for name in ("trial", "macro-F1", "seconds", "state", "settings")
    )
    more = len(ranked) - _MOST_LISTED
    rest = f'<p class="small muted">and {more:,} others (--json has all)</p>' if more > 0 else ""
    return (
        f'<div class="scroll"><table class="listed"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{rest}"
    )


def _macro_f1(each: Attempt) -> str:
    return "" if each.macro_f1 is None else f"{each.macro_f1:.3f}"
