"""Evaluations as one HTML page that needs no network: figures, confusion, groups, reliability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from mizaj.learn.compare import Comparison
from mizaj.learn.evaluation import Evaluation, Group, rank_groups
from mizaj.learn.evaluation_tables import left_out
from mizaj.learn.intervals import Intervals, bootstrap_intervals, wilson_interval
from mizaj.learn.metrics import Counts
from mizaj.learn.page_parts import (
    bar_row,
    bars,
    figure,
    framed,
    gap_svg,
    panel,
    plot_row,
    section,
    write,
)
from mizaj.learn.page_plots import Line, confusion, legend, line_plot, reliability
from mizaj.learn.robustness import Robustness

_MOST_GROUPS = 24
_MOST_BESIDE = 6  # classes of a confusion table that leaves room beside it
_SUBTITLE = (
    "Intervals hold the middle 95 % of resampled rows (bootstrap); those of accuracy in groups are "
    "Wilson's. Bars run from 0 to 1."
)


def write_page(
    evaluations: Sequence[Evaluation],
    path: Path,
    *,
    comparisons: Sequence[Comparison] = (),
    robust: Sequence[Robustness] = (),
    title: str = "Evaluation",
) -> None:
    """Write the page to `path`. Raises `SinkError` when the file cannot be written."""
    write(page(evaluations, comparisons=comparisons, robust=robust, title=title), path)


def page(
    evaluations: Sequence[Evaluation],
    *,
    comparisons: Sequence[Comparison] = (),
    robust: Sequence[Robustness] = (),
    title: str = "Evaluation",
) -> str:
    """The page as text; the file of `write_page`."""
    found = {evaluation.name: _intervals(evaluation) for evaluation in evaluations}
    parts = [_overview(evaluations, found) if len(evaluations) > 1 else ""]
    parts.append(_comparisons(comparisons) if comparisons else "")
    parts.append(_robustness(robust) if robust else "")
    parts += [_model(evaluation, found[evaluation.name]) for evaluation in evaluations]
    return framed("\n".join(parts), title=title, subtitle=_SUBTITLE)


def _intervals(evaluation: Evaluation) -> Intervals:
    return bootstrap_intervals(
        evaluation.counts, n_resamples=evaluation.n_resamples, seed=evaluation.seed
    )


def _overview(evaluations: Sequence[Evaluation], found: Mapping[str, Intervals]) -> str:
    rows = [
        bar_row(each.name, found[each.name].macro_f1, note=f"{each.counts.n_rows:,} rows")
        for each in evaluations
    ]
    return section("Models by macro-F1", panel("", bars(rows)))


def _comparisons(comparisons: Sequence[Comparison]) -> str:
    reach = max(max(abs(c.difference.low), abs(c.difference.high)) for c in comparisons) or 1.0
    parts = []
    for each in comparisons:
        name = f"{each.first} - {each.second}"
        gap = each.difference
        gap_row = plot_row(
            name, gap_svg(gap, reach, name), figure(gap, signed=True), note="macro-F1"
        )
        p_value = "below 0.001" if each.p_value < 0.001 else f"{each.p_value:.3f}"
        parts.append(
            bars([gap_row])
            + f'<p class="verdict small muted">{escape(each.verdict)}. Right alone: '
            f"{each.only_first:,} against {each.only_second:,} of {each.n_rows:,} rows, "
            f"McNemar p {p_value}.</p>"
        )
    return section("Compared on the same rows", panel("", "".join(parts)))


def _robustness(robust: Sequence[Robustness]) -> str:
    """A plot for each noise, a line in it for each model."""
    names = dict.fromkeys(each.noise for each in robust[0].noises)
    lines = {name: [_line(model, name) for model in robust] for name in names}
    ends = [end for each in lines.values() for line in each for end in line.bounds]
    # to the next twentieth, so that the ticks are round
    span = (math.floor(min(ends) * 20) / 20, math.ceil(max(ends) * 20) / 20)
    plots = [
        panel(f"Macro-F1 under {name.replace('_', ' ')}", line_plot(each, span), size="third")
        for name, each in lines.items()
    ]
    n_rows = robust[0].clean.n_rows
    note = (
        f'<p class="small muted">{n_rows:,} rows, the same for all. Strength across: the share of words (of emoji) '
        "that a noise may change; 0 is the clean text. Bars on the points are 95 % intervals.</p>"
    )
    names_row = legend([model.name for model in robust]) if len(robust) > 1 else ""
    return section("On noisy text", panel("", names_row + note) + "".join(plots))


def _line(model: Robustness, noise: str) -> Line:
    points = [(0.0, model.clean)]
    points += [(each.strength, each.counts) for each in model.noises if each.noise == noise]
    return Line(
        model.name,
        tuple((at, bootstrap_intervals(counts, **model.draws).macro_f1) for at, counts in points),
    )


def _model(evaluation: Evaluation, found: Intervals) -> str:
    counts, calibration = evaluation.counts, evaluation.calibration
    left, right = ("narrow", "wide") if len(counts.labels) <= _MOST_BESIDE else ("", "")
    panels = [
        panel("", _figures(evaluation, found)),
        panel("True class down, answer across", confusion(counts), size=left),
        panel("By class", _class_table(counts, found), size=right),
    ]
    groups = [
        panel(f"Macro-F1 by {column}", _groups(column, values, evaluation))
        for column, values in evaluation.groups.items()
    ]
    if sum(calibration.n_rows):
        groups.append(panel("Is the confidence right?", reliability(calibration)))
    panels.append(f'<div class="columns">{"".join(groups)}</div>')
    return section(evaluation.name, "".join(panels))


def _figures(evaluation: Evaluation, found: Intervals) -> str:
    counts = evaluation.counts
    items = [
        ("macro-F1", figure(found.macro_f1)),
        ("accuracy", figure(found.accuracy)),
        ("weighted F1", figure(found.weighted_f1)),
        ("macro recall", figure(found.macro_recall)),
        ("rows", f"{counts.n_rows:,}"),
    ]
    if sum(evaluation.calibration.n_rows):
        items.insert(4, ("calibration error", f"{evaluation.calibration.error:.3f}"))
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in items)
    reasons = left_out(evaluation.left_out)
    note = f'<p class="small muted" style="margin-top:12px">Left out: {escape(reasons)}</p>'
    return f'<dl class="figures">{cells}</dl>' + (note if reasons else "")


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


def _groups(column: str, groups: Mapping[str, Group], evaluation: Evaluation) -> str:
    ranked = rank_groups(column, groups)
    rows = []
    for name, group in ranked[:_MOST_GROUPS]:
        counts, error = group.counts, group.calibration_error
        macro_f1 = bootstrap_intervals(
            counts, n_resamples=evaluation.n_resamples, seed=evaluation.seed
        ).macro_f1
        accuracy = wilson_interval(sum(counts.correct.values()), counts.n_rows)
        note = f"{counts.n_rows:,} rows, accuracy {accuracy.value:.2f}"
        note += "" if error is None else f", calibration error {error:.2f}"
        rows.append(bar_row(name, macro_f1, note=note))
    more = len(ranked) - _MOST_GROUPS
    rest = f'<p class="small muted">and {more:,} smaller groups</p>' if more > 0 else ""
    return bars(rows) + rest
