"""What a study found: its attempts, the best of them, and which settings mattered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj.learn import evaluation_tables as tables
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.metrics import Counts

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Attempt:
    """One trial: the settings that varied, and what came of them.

    `macro_f1` is of the last report for one that was pruned, None for one that failed; `note` says why it did.
    """

    number: int
    state: str
    settings: Mapping[str, Any]
    macro_f1: float | None = None
    seconds: float = 0.0
    note: str = ""

    def to_dict(self) -> dict[str, object]:
        """The attempt for JSON; the keys are the attributes."""
        return {
            "number": self.number,
            "state": self.state,
            "settings": dict(self.settings),
            "macro_f1": self.macro_f1,
            "seconds": self.seconds,
            "note": self.note,
        }


@dataclass(frozen=True)
class Tuned:
    """A study of one kind of model, with at least one attempt that was complete.

    `judged_by` says on what: `validation` or folds. `counts` are the best attempt's answers there; `folder` is where
    its model lies. `importances` says what share of the differences each setting explains, 1 in all.
    """

    kind: str
    judged_by: str
    attempts: tuple[Attempt, ...]
    best: Attempt
    counts: Counts
    importances: Mapping[str, float]
    folder: Path

    @property
    def n_by_state(self) -> dict[str, int]:
        """How many attempts were complete, pruned and failed."""
        counted = Counter(each.state for each in self.attempts)
        return {state: counted[state] for state in (COMPLETE, PRUNED, FAILED)}

    def to_dict(self) -> dict[str, object]:
        """The study for JSON."""
        found = bootstrap_intervals(self.counts)
        return {
            "kind": self.kind,
            "judged_by": self.judged_by,
            "rows": self.counts.n_rows,
            "trials": self.n_by_state,
            "best": self.best.to_dict(),
            "accuracy": found.accuracy.to_dict(),
            "macro_f1": found.macro_f1.to_dict(),
            "importances": dict(self.importances),
            "model": str(self.folder),
            "attempts": [each.to_dict() for each in self.attempts],
        }

    def render(self) -> str:
        """The best attempts and what mattered, as plain text."""
        states = ", ".join(f"{n:,} {state}" for state, n in self.n_by_state.items() if n)
        macro_f1 = bootstrap_intervals(self.counts).macro_f1
        parts = [
            f"{self.kind}: {len(self.attempts):,} trials ({states})",
            f"best: trial {self.best.number}, macro-F1 {macro_f1.value:.3f} "
            f"[{macro_f1.low:.3f}, {macro_f1.high:.3f}] on {self.judged_by} "
            f"({self.counts.n_rows:,} rows)",
            "  "
            + " ".join(f"--set {name}={word}" for name, word in exact(self.best.settings).items()),
            self._best_table(),
        ]
        if self.importances:
            shares = [(name, f"{share:.0%}") for name, share in self.importances.items()]
            parts.append(tables.table(("what mattered", ""), shares))
        parts.append(f"model: {self.folder}")
        return "\n\n".join(["\n".join(parts[:3]), *parts[3:]])

    def _best_table(self) -> str:
        ranked = sorted(
            (each for each in self.attempts if each.state == COMPLETE),
            key=lambda each: (-(each.macro_f1 or 0.0), each.number),
        )
        rows = [
            (str(each.number), f"{each.macro_f1:.3f}", f"{each.seconds:,.1f}", each)
            for each in ranked[:_MOST_SHOWN]
        ]
        lines = tables.table(("trial", "macro-F1", "seconds"), [row[:3] for row in rows])
        head, *body = lines.split("\n")
        shown = [
            tables.shorten(f"{line}  {words_of(row[3].settings)}", tables.WIDTH)
            for line, row in zip(body, rows, strict=True)
        ]
        return "\n".join([f"{head}  settings", *shown])


def _wrapped(options: Iterable[str]) -> str:
    """Options in lines of at most 80 columns, none of them cut."""
    lines = ["  "]
    for option in options:
        if len(lines[-1]) > 2 and len(lines[-1]) + len(option) >= tables.WIDTH:
            lines.append("  ")
        lines[-1] += option if lines[-1] == "  " else f" {option}"
    return "\n".join(lines)


def exact(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as the words that give them on a command line, with every digit.

    >>> exact({"rate": 0.1 + 0.2, "sizes": [1, 2], "pool": None})
    {'rate': '0.30000000000000004', 'sizes': '1,2', 'pool': 'none'}
    """
    return {
        name: repr(value) if isinstance(value, float) else word_of(value)
        for name, value in settings.items()
    }


def words_of(settings: Mapping[str, Any]) -> str:
    """Settings in short, as they would be given on the command line.

    >>> words_of({"epochs": 3, "rate": 0.000512345})
    'epochs=3 rate=0.000512'
    """
    return " ".join(f"{name}={word_of(value)}" for name, value in settings.items())


def word_of(value: object) -> str:
    """A setting's value as a word; of a fraction, three digits."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
