"""The cross-domain matrix as one HTML page: a heat map, and each domain by what it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mizaj.learn.cross_domain import OTHERS, CrossDomain
from mizaj.learn.page_parts import bar_row, bars, framed, panel, section
from mizaj.learn.page_plots import shaded_cell

# The palest cell still shows a hue.
_LEAST_SHADE = 0.08


def page(found: CrossDomain, *, title: str = "Across domains") -> str:
    """The page as text."""
    return framed(
        section(f"{found.kind}: macro-F1", panel("", heat_map([found])))
        + section(
            "By what was trained on", "".join(_judged(found, each) for each in found.judged_on)
        ),
        title=title,
        subtitle="Trained on one domain, judged on another, near-copies kept apart. On itself, "
        f"outlined, a domain is judged by {found.n_folds} folds. Intervals hold the middle 95 % of resampled rows.",
    )


def heat_map(matrices: Sequence[CrossDomain]) -> str:
    """A table for each matrix, shaded from the lowest macro-F1 of them all to the highest."""
    values = [
        c.macro_f1 for found in matrices for row in found.cells.values() for c in row.values()
    ]
    span = (min(values), max(values))
    return "".join(_table(found, span) for found in matrices)


def _table(found: CrossDomain, span: tuple[float, float]) -> str:
    head = "".join(f"<th><span>{escape(name)}</span></th>" for name in found.judged_on)
    rows = [
        f"<tr><th>{escape(name)}</th>"
        + "".join(_cell(found, name, judged, span) for judged in found.judged_on)
        + f'<td class="muted">{found.n_trained[name]:,}</td></tr>'
        for name in found.cells
    ]
    return (
        f'<div class="scroll"><table class="shaded dense"><thead><tr>'
        f'<th class="small">trained on, judged on</th>{head}<th><span>rows</span></th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(found: CrossDomain, trained: str, judged: str, span: tuple[float, float]) -> str:
    macro_f1 = found.intervals(trained, judged).macro_f1
    low, high = span
    share = (macro_f1.value - low) / (high - low) if high > low else 1.0
    tip = (
        f"{trained} on {judged}: {macro_f1.value:.3f}, {macro_f1.low:.3f} to {macro_f1.high:.3f}, "
        f"{found.cells[trained][judged].n_rows:,} rows"
    )
    kind = "heat roomy own" if trained == judged else "heat roomy"
    shown = f"{macro_f1.value:.3f}"
    return shaded_cell(shown, _LEAST_SHADE + (1 - _LEAST_SHADE) * share, kind=kind, title=tip)


def _judged(found: CrossDomain, judged: str) -> str:
    ranked = sorted(found.cells, key=lambda name: -found.cells[name][judged].macro_f1)
    rows = [
        bar_row(name, found.intervals(name, judged).macro_f1, note=_note(found, name, judged))
        for name in ranked
    ]
    n_rows = next(iter(found.cells.values()))[judged].n_rows
    return panel(f"Judged on {judged} ({n_rows:,} rows)", bars(rows), size="half")


def _note(found: CrossDomain, trained: str, judged: str) -> str:
    if trained == judged:
        return f"itself, {found.n_folds} folds"
    return "" if trained == OTHERS else f"{found.n_trained[trained]:,} rows"
