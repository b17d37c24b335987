"""Evaluations as one HTML page that needs no network: figures, confusion, groups, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from mizaj.errors import SinkError
from mizaj.learn.compare import Comparison
from mizaj.learn.evaluation import Evaluation
from mizaj.learn.evaluation_tables import left_out, rank_groups
from mizaj.learn.metrics import (
    Bin,
    Calibration,
    Counts,
    Interval,
    Intervals,
    bootstrap_intervals,
    wilson_interval,
)

_MOST_GROUPS = 24
# From these shares on, a cell of the confusion table needs the other colour of ink to be read: the
# first on a dark page, both on a light one (contrast of at least 3.4 to 1 on either side).
_FIRM_SHARE, _STRONG_SHARE = 0.6, 0.8
_PLOT = 260  # the side of the reliability plot's square, in its own units
_AMOUNTS = 46  # the height of the rows-per-bin strip under it


def write_page(
    evaluations: Sequence[Evaluation],
    path: Path,
    *,
    comparisons: Sequence[Comparison] = (),
    title: str = "Evaluation",
) -> None:
    """Write the page to `path`. Raises `SinkError` when the file cannot be written."""
    text = page(evaluations, comparisons=comparisons, title=title)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write the evaluation page {path}: {error.strerror}; name another place"
        raise SinkError(message) from error


def page(
    evaluations: Sequence[Evaluation],
    *,
    comparisons: Sequence[Comparison] = (),
    title: str = "Evaluation",
) -> str:
    """The page as text; the file of `write_page`."""
    found = {evaluation.name: _intervals(evaluation) for evaluation in evaluations}
    parts = [_overview(evaluations, found) if len(evaluations) > 1 else ""]
    parts.append(_comparisons(comparisons) if comparisons else "")
    parts += [_model(evaluation, found[evaluation.name]) for evaluation in evaluations]
    template = files("mizaj.learn").joinpath("evaluation_page.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=escape(title),
        subtitle="Intervals hold the middle 95 % of resampled rows (bootstrap); those of accuracy "
        "in groups are Wilson's. Bars run from 0 to 1.",
        body="\n".join(parts),
    )


def _intervals(evaluation: Evaluation) -> Intervals:
    return bootstrap_intervals(
        evaluation.counts, n_resamples=evaluation.n_resamples, seed=evaluation.seed
    )


def _overview(evaluations: Sequence[Evaluation], found: Mapping[str, Intervals]) -> str:
    rows = [
        _bar_row(each.name, found[each.name].macro_f1, note=f"{each.counts.n_rows:,} rows")
        for each in evaluations
    ]
    return _section("Models by macro-F1", _panel("", _bars(rows)))


def _comparisons(comparisons: Sequence[Comparison]) -> str:
    reach = max(max(abs(c.difference.low), abs(c.difference.high)) for c in comparisons) or 1.0
    parts = []
    for each in comparisons:
        name = f"{each.first} - {each.second}"
        gap = each.difference
        row = _row(name, _gap_svg(gap, reach, name), _figure(gap, signed=True), note="macro-F1")
        p_value = "below 0.001" if each.p_value < 0.001 else f"{each.p_value:.3f}"
        parts.append(
            _bars([row]) + f'<p class="verdict small muted">{escape(each.verdict)}. Right alone: '
            f"{each.only_first:,} against {each.only_second:,} of {each.n_rows:,} rows, "
            f"McNemar p {p_value}.</p>"
        )
    return _section("Compared on the same rows", _panel("", "".join(parts)))


def _model(evaluation: Evaluation, found: Intervals) -> str:
    counts, calibration = evaluation.counts, evaluation.calibration
    panels = [
        _panel("", _figures(evaluation, found)),
        _panel("True class down, answer across", _confusion(counts), size="narrow"),
        _panel("By class", _class_table(counts, found), size="wide"),
    ]
    groups = [
        _panel(f"Macro-F1 by {column}", _groups(column, values, evaluation))
        for column, values in evaluation.groups.items()
    ]
    if sum(calibration.n_rows):
        groups.append(_panel("Is the confidence right?", _reliability(calibration)))
    panels.append(f'<div class="columns">{"".join(groups)}</div>')
    return _section(evaluation.name, "".join(panels))


def _figures(evaluation: Evaluation, found: Intervals) -> str:
    counts = evaluation.counts
    items = [
        ("macro-F1", _figure(found.macro_f1)),
        ("accuracy", _figure(found.accuracy)),
        ("weighted F1", f"{counts.weighted_f1:.3f}"),
        ("macro recall", f"{counts.macro_recall:.3f}"),
        ("rows", f"{counts.n_rows:,}"),
    ]
    if sum(evaluation.calibration.n_rows):
        items.insert(4, ("calibration error", f"{evaluation.calibration.error:.3f}"))
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in items)
    reasons = left_out(evaluation.left_out)
    note = f'<p class="small muted" style="margin-top:12px">Left out: {escape(reasons)}</p>'
    return f'<dl class="figures">{cells}</dl>' + (note if reasons else "")


def _confusion(counts: Counts) -> str:
    head = "".join(f"<th>{escape(label)}</th>" for label in counts.labels)
    rows = []
    for position, (label, row) in enumerate(zip(counts.labels, counts.matrix, strict=True)):
        total = max(sum(row), 1)
        cells = [
            _confusion_cell(n_rows, n_rows / total, is_right=position == answer)
            for answer, n_rows in enumerate(row)
        ]
        rows.append(f"<tr><th>{escape(label)}</th>{''.join(cells)}</tr>")
    return (
        f'<table class="confusion"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _confusion_cell(n_rows: int, share: float, *, is_right: bool) -> str:
    ink = " strong" if share > _STRONG_SHARE else " firm" if share > _FIRM_SHARE else ""
    names = ("right" if is_right else "wrong") + ink
    return (
        f'<td class="{names}" style="--share:{share:.3f}">{n_rows:,}'
        f'<span class="share">{share:.0%}</span></td>'
    )


def _class_table(counts: Counts, found: Intervals) -> str:
    names = ("correct", "incorrect", "total", "precision", "recall", "F1")
    head = "<th>class</th>" + "".join(f"<th{_spare(name)}>{name}</th>" for name in names)
    rows = []
    for label, total in counts.support.items():
        correct, f1 = counts.correct[label], found.f1[label]
        rows.append(
            f"<tr><td>{escape(label)}</td><td{_spare('correct')}>{correct:,}</td>"
            f"<td{_spare('incorrect')}>{total - correct:,}</td>"
            f"<td>{total:,}</td><td>{counts.precision[label]:.3f}</td>"
            f"<td>{counts.recall[label]:.3f}</td><td>{f1.value:.3f} "
            f'<span class="small muted">{f1.low:.3f} to {f1.high:.3f}</span></td></tr>'
        )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll">{table}</div>'


def _spare(name: str) -> str:
    """What follows from its neighbours makes room on a phone."""
    return ' class="spare"' if name in {"correct", "incorrect"} else ""


def _groups(column: str, groups: Mapping[str, Counts], evaluation: Evaluation) -> str:
    ranked = rank_groups(column, groups)
    rows = []
    for name, counts in ranked[:_MOST_GROUPS]:
        macro_f1 = bootstrap_intervals(
            counts, n_resamples=evaluation.n_resamples, seed=evaluation.seed
        ).macro_f1
        accuracy = wilson_interval(sum(counts.correct.values()), counts.n_rows)
        note = f"{counts.n_rows:,} rows, accuracy {accuracy.value:.2f}"
        rows.append(_bar_row(name, macro_f1, note=note))
    more = len(ranked) - _MOST_GROUPS
    rest = f'<p class="small muted">and {more:,} smaller groups</p>' if more > 0 else ""
    return _bars(rows) + rest


def _bar_row(name: str, interval: Interval, *, note: str) -> str:
    return _row(name, _bar_svg(interval, name), _figure(interval), note=note)


def _row(name: str, svg: str, figure: str, *, note: str) -> str:
    return (
        f'<div class="row"><span class="name">{escape(name)}<small>{escape(note)}</small></span>'
        f'{svg}<span class="value">{figure}</span></div>'
    )


def _bars(rows: Sequence[str]) -> str:
    return f'<div class="bars">{"".join(rows)}</div>'


def _bar_svg(interval: Interval, name: str) -> str:
    value = interval.value * 100
    return _plot_svg(
        '<rect class="track" width="100" height="18" rx="1"/>'
        f'<rect class="bar" width="{value:.2f}" height="18" rx="1"/>'
        + _whisker(interval.low * 100, interval.high * 100),
        label=f"{name}: {interval.value:.3f}, {interval.low:.3f} to {interval.high:.3f}",
    )


def _gap_svg(gap: Interval, reach: float, name: str) -> str:
    """The difference from the middle, which is 0, to either side."""
    value, low, high = (50 + 48 * each / reach for each in (gap.value, gap.low, gap.high))
    start, width = min(50.0, value), abs(value - 50)
    return _plot_svg(
        '<rect class="track" width="100" height="18" rx="1"/>'
        f'<rect class="bar" x="{start:.2f}" width="{width:.2f}" height="18"/>'
        '<line class="zero" x1="50" x2="50" y1="0" y2="18"/>' + _whisker(low, high),
        label=f"{name}: {gap.value:+.3f}, {gap.low:+.3f} to {gap.high:+.3f}",
    )


def _plot_svg(inner: str, *, label: str) -> str:
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


def _figure(interval: Interval, *, signed: bool = False) -> str:
    form = "+.3f" if signed else ".3f"
    return (
        f"{interval.value:{form}} "
        f'<small class="bounds">{interval.low:{form}} to {interval.high:{form}}</small>'
    )


def _reliability(calibration: Calibration) -> str:
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


def _section(name: str, inner: str) -> str:
    return f'<section><h2>{escape(name)}</h2><div class="grid">{inner}</div></section>'


def _panel(name: str, inner: str, *, size: str = "") -> str:
    head = f"<h3>{escape(name)}</h3>" if name else ""
    return f'<div class="panel {size}">{head}{inner}</div>'
