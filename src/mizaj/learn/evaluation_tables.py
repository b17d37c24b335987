"""Evaluation as plain text: tables of 80 columns, laid out like those of the code-mixed paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mizaj.learn.compare import Comparison
from mizaj.learn.intervals import Interval, bootstrap_intervals, wilson_interval
from mizaj.learn.metrics import Counts
from mizaj.learn.reliability import Reliability

WIDTH = 80
_MOST_GROUPS = 30
LABEL_WIDTH = 14
_LEAST_NAME = 8
_GAP = "  "


def headline(counts: Counts, calibration: Reliability, *, n_resamples: int, seed: int) -> str:
    """The figures for all rows together, with intervals where they have one."""
    found = bootstrap_intervals(counts, n_resamples=n_resamples, seed=seed)
    rows = [
        ("accuracy", *_cells(found.accuracy)),
        ("macro-F1", *_cells(found.macro_f1)),
        ("weighted F1", *_cells(found.weighted_f1)),
        ("macro recall", *_cells(found.macro_recall)),
    ]
    if sum(calibration.n_rows):
        rows.append(("calibration error", f"{calibration.error:.3f}", ""))
    return table(("", "", "95 % interval"), rows)


def left_out(reasons: Mapping[str, int]) -> str:
    """How many rows were not counted, and why; empty when all were."""
    if not reasons:
        return ""
    parts = [f"{reason} {n_rows:,}" for reason, n_rows in sorted(reasons.items())]
    shown = ", ".join(parts[:6]) + (", ..." if len(parts) > 6 else "")
    return f"{sum(reasons.values()):,} rows ({shown})"


def class_table(counts: Counts, *, n_resamples: int, seed: int) -> str:
    """Correct, incorrect, total, precision, recall and F1 of each class (the paper's Table II)."""
    found = bootstrap_intervals(counts, n_resamples=n_resamples, seed=seed)
    rows = [
        (
            label,
            f"{counts.correct[label]:,}",
            f"{total - counts.correct[label]:,}",
            f"{total:,}",
            f"{counts.precision[label]:.3f}",
            f"{counts.recall[label]:.3f}",
            *_cells(found.f1[label]),
        )
        for label, total in counts.support.items()
    ]
    correct = sum(counts.correct.values())
    blanks = ("",) * 4
    rows.append(
        ("all", f"{correct:,}", f"{counts.n_rows - correct:,}", f"{counts.n_rows:,}", *blanks)
    )
    head = ("class", "correct", "incorrect", "total", "precision", "recall", "F1", "95 % interval")
    return table(head, rows)


def confusion_table(counts: Counts) -> str:
    """True classes down, answers across; in several tables where one would be too wide."""
    names = [shorten(label, LABEL_WIDTH) for label in counts.labels]
    cells = [
        [name, *(f"{n:,}" for n in column)]
        for name, column in zip(names, counts.array.T.tolist(), strict=True)
    ]
    return wide_table(["true \\ answer", *names], cells)


def group_table(
    column: str, ranked: Sequence[tuple[str, Counts]], *, n_resamples: int, seed: int
) -> str:
    """Accuracy and macro-F1 by the values of a column, in the order given.

    The interval of accuracy is Wilson's, which holds for a handful of rows too.
    """
    rows = [
        (name, f"{counts.n_rows:,}", *_group_cells(counts, n_resamples=n_resamples, seed=seed))
        for name, counts in ranked[:_MOST_GROUPS]
    ]
    shown = table((f"by {column}", "rows", "accuracy", "95 %", "macro-F1", "95 %"), rows)
    more = len(ranked) - _MOST_GROUPS
    return f"{shown}\n... and {more:,} smaller groups (--json has all)" if more > 0 else shown


def comparison_text(comparison: Comparison) -> str:
    """A comparison in four lines."""
    difference = comparison.difference
    p_value = "< 0.001" if comparison.p_value < 0.001 else f"= {comparison.p_value:.3f}"
    return "\n".join(
        (
            f"{comparison.first} against {comparison.second}, {comparison.n_rows:,} rows",
            f"  macro-F1 {difference.value:+.3f}  [{difference.low:+.3f}, {difference.high:+.3f}]",
            f"  right alone: {comparison.only_first:,} against {comparison.only_second:,} rows; "
            f"McNemar p {p_value}",
            f"  {comparison.verdict}",
        )
    )


def _blocks(stub: Sequence[str], columns: Sequence[Sequence[str]]) -> list[list[Sequence[str]]]:
    """The columns in as few tables as the width allows, each beside the stub."""
    blocks: list[list[Sequence[str]]] = [[]]
    taken = start = max(map(len, stub))
    for column in columns:
        width = len(_GAP) + max(map(len, column))
        if blocks[-1] and taken + width > WIDTH:
            blocks.append([])
            taken = start
        blocks[-1].append(column)
        taken += width
    return blocks


def wide_table(stub: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    """Columns beside a stub, each with its head; in several tables where one would be too wide."""
    parts = [list(zip(stub, *block, strict=True)) for block in _blocks(stub, columns)]
    return "\n\n".join(table(head, rows) for head, *rows in parts)


def _group_cells(counts: Counts, *, n_resamples: int, seed: int) -> tuple[str, ...]:
    macro_f1 = bootstrap_intervals(counts, n_resamples=n_resamples, seed=seed).macro_f1
    accuracy = wilson_interval(sum(counts.correct.values()), counts.n_rows)
    return *_cells(accuracy), *_cells(macro_f1)


def shorten(name: str, width: int) -> str:
    """The name, cut where it is longer."""
    return name if len(name) <= width else name[: width - 1] + "…"


def _cells(interval: Interval) -> tuple[str, str]:
    return f"{interval.value:.3f}", f"[{interval.low:.3f}, {interval.high:.3f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, names cut where a line would be too long.

    Names stand to the left, figures to the right.
    """
    lines = [head, *rows]
    widths = [max(len(line[position]) for line in lines) for position in range(len(head))]
    figures = sum(widths[1:]) + len(_GAP) * (len(head) - 1)
    widths[0] = min(widths[0], max(WIDTH - figures, _LEAST_NAME))
    return "\n".join(
        _GAP.join(
            cell.rjust(width) if position else shorten(cell, width).ljust(width)
            for position, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
