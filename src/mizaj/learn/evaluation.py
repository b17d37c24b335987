"""What was counted for a model: a value that adds, prints as tables and goes out as JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from mizaj.batch import CMI
from mizaj.errors import SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.compare import Comparison
from mizaj.learn.intervals import bootstrap_intervals, wilson_interval
from mizaj.learn.metrics import CLASSES, Counts
from mizaj.learn.reliability import Reliability

_MOST_VALUES = 50_000
"""Groups of a column are held by whoever adds parts up, some 2 KB each."""


@dataclass(frozen=True)
class Group:
    """What was counted for the rows that share a value; adds with `+`."""

    counts: Counts
    calibration: Reliability

    def __add__(self, other: Group) -> Group:
        """What was counted for both parts."""
        return Group(self.counts + other.counts, self.calibration + other.calibration)

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return self.counts.n_rows

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error; None where no confidences were given."""
        return self.calibration.error if sum(self.calibration.n_rows) else None


@dataclass(frozen=True)
class Evaluation:
    """What was counted for one model; adds with `+`.

    `groups` holds, for each column grouped by, what was counted for each of its values. `left_out` says
    how many rows were not counted, by reason: `label missing`, `label=mixed`, `answer missing`,
    `answer=...`. Every row is in `counts` or in `left_out`. `calibration` is empty when no
    confidences were given.
    """

    name: str
    counts: Counts
    groups: Mapping[str, Mapping[str, Group]]
    left_out: Mapping[str, int]
    calibration: Reliability
    n_resamples: int = 2000
    seed: int = 0

    @classmethod
    def empty(
        cls,
        name: str = "model",
        *,
        labels: tuple[str, ...] = CLASSES,
        n_resamples: int = 2000,
        seed: int = 0,
    ) -> Self:
        """No rows: what `+` leaves as it is."""
        return cls(name, Counts.empty(labels), {}, {}, Reliability.empty(), n_resamples, seed)

    def __add__(self, other: Evaluation) -> Evaluation:
        """The evaluation of both parts. Raises `SettingError` for another model's evaluation."""
        mine = (self.name, self.n_resamples, self.seed)
        theirs = (other.name, other.n_resamples, other.seed)
        if mine != theirs:
            message = (
                f"an evaluation of {mine} does not add to one of {theirs} (name, n_resamples, "
                "seed); add parts of one evaluation, or compare the two"
            )
            raise SettingError(message)
        return replace(
            self,
            counts=self.counts + other.counts,
            groups=_add_groups(self.groups, other.groups),
            left_out=dict(Counter(self.left_out) + Counter(other.left_out)),
            calibration=self.calibration + other.calibration,
        )

    def named(self, name: str) -> Evaluation:
        """The same evaluation under another name."""
        return replace(self, name=name)

    def to_dict(self) -> dict[str, object]:
        """The evaluation for JSON.

        Keys: `model`, `rows`, `left_out` (reason to rows), `labels`, `confusion` (true classes
        down, answers across), `accuracy`, `macro_f1`, `weighted_f1` and `macro_recall` (each `value`,
        `low`, `high`), `classes` (label to `correct`, `total`, `precision`,
        `recall`, `f1`), `calibration` (null, or `error` and `bins`), `by` (column to value to
        `rows`, `confusion`, the four figures and `calibration_error`), `n_resamples`, `seed`.
        """
        found = bootstrap_intervals(self.counts, n_resamples=self.n_resamples, seed=self.seed)
        return {
            "model": self.name,
            "rows": self.counts.n_rows,
            "left_out": dict(sorted(self.left_out.items())),
            "labels": list(self.counts.labels),
            "confusion": self.counts.array.tolist(),
            "accuracy": found.accuracy.to_dict(),
            "macro_f1": found.macro_f1.to_dict(),
            "weighted_f1": found.weighted_f1.to_dict(),
            "macro_recall": found.macro_recall.to_dict(),
            "classes": {
                label: {
                    "correct": self.counts.correct[label],
                    "total": total,
                    "precision": self.counts.precision[label],
                    "recall": self.counts.recall[label],
                    "f1": found.f1[label].to_dict(),
                }
                for label, total in self.counts.support.items()
            },
            "calibration": _calibration_dict(self.calibration),
            "by": {
                column: {
                    value: self._group_dict(group) for value, group in rank_groups(column, values)
                }
                for column, values in self.groups.items()
            },
            "n_resamples": self.n_resamples,
            "seed": self.seed,
        }

    def render(self) -> str:
        """The evaluation as plain text tables of at most 80 columns."""
        draws = {"n_resamples": self.n_resamples, "seed": self.seed}
        parts = [
            self._title() + "\n" + tables.headline(self.counts, self.calibration, **draws),
            tables.class_table(self.counts, **draws),
            tables.confusion_table(self.counts),
        ]
        parts += [
            tables.group_table(column, _ranked_counts(column, values), **draws)
            for column, values in self.groups.items()
        ]
        return "\n\n".join(parts)

    def _title(self) -> str:
        rows = f"{self.name}: {self.counts.n_rows:,} rows"
        reasons = tables.left_out(self.left_out)
        title = f"{rows}; left out: {reasons}" if reasons else rows
        return textwrap.fill(title, tables.WIDTH, subsequent_indent="  ")

    def _group_dict(self, group: Group) -> dict[str, object]:
        counts = group.counts
        found = bootstrap_intervals(counts, n_resamples=self.n_resamples, seed=self.seed)
        accuracy = wilson_interval(sum(counts.correct.values()), counts.n_rows)
        return {
            "rows": counts.n_rows,
            "confusion": counts.array.tolist(),
            "accuracy": accuracy.to_dict(),
            "macro_f1": found.macro_f1.to_dict(),
            "weighted_f1": found.weighted_f1.to_dict(),
            "macro_recall": found.macro_recall.to_dict(),
            "calibration_error": group.calibration_error,
        }


@dataclass(frozen=True)
class Results:
    """The evaluations of one or more models on the same rows, and each pair compared."""

    evaluations: tuple[Evaluation, ...]
    comparisons: tuple[Comparison, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """All of it for JSON under the keys `evaluations` and `comparisons`."""
        return {
            "evaluations": [evaluation.to_dict() for evaluation in self.evaluations],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }

    def render(self) -> str:
        """All of it as plain text of at most 80 columns."""
        parts = [evaluation.render() for evaluation in self.evaluations]
        parts += [tables.comparison_text(comparison) for comparison in self.comparisons]
        return ("\n\n" + "-" * tables.WIDTH + "\n\n").join(parts)


def rank_groups(column: str, groups: Mapping[str, Group]) -> list[tuple[str, Group]]:
    """The groups that have rows: bands of a measure in their order, others by size then name."""
    present = [(name, group) for name, group in groups.items() if group.n_rows]
    if column == CMI.name:
        return sorted(present, key=lambda item: item[0])
    return sorted(present, key=lambda item: (-item[1].n_rows, item[0]))


def _ranked_counts(column: str, groups: Mapping[str, Group]) -> list[tuple[str, Counts]]:
    return [(name, group.counts) for name, group in rank_groups(column, groups)]


def _add_groups(
    left: Mapping[str, Mapping[str, Group]], right: Mapping[str, Mapping[str, Group]]
) -> dict[str, dict[str, Group]]:
    total = {column: dict(values) for column, values in left.items()}
    for column, values in right.items():
        mine = total.setdefault(column, {})
        for value, group in values.items():
            mine[value] = mine[value] + group if value in mine else group
        if len(mine) > _MOST_VALUES:
            message = (
                f"column '{column}' has more than {_MOST_VALUES:,} values to group by, more than anyone reads; "
                "name columns of fewer values (--by COLUMN)"
            )
            raise SettingError(message)
    return total


def _calibration_dict(calibration: Reliability) -> dict[str, object] | None:
    if not sum(calibration.n_rows):
        return None
    bins = [
        {
            "low": bin_.low,
            "high": bin_.high,
            "rows": bin_.n_rows,
            "confidence": bin_.confidence,
            "accuracy": bin_.accuracy,
        }
        for bin_ in calibration.bins
    ]
    return {"error": calibration.error, "bins": bins}
