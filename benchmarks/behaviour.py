"""How many of the behaviour cases a model understands, by phenomenon; any model that `mizaj.load` takes.

    python benchmarks/behaviour.py [MODEL...] [--json]

The cases stand in `tests/behaviour/cases`, a file for each phenomenon: a text and what a native reader would answer,
alone or against another text. No model is trained on them, and none may be.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import mizaj

CASES = Path(__file__).parents[1] / "tests" / "behaviour" / "cases"
COLUMNS = ["text", "expected", "than", "note"]
WELL_UNDERSTOOD = 0.9
"""A phenomenon of which a smaller share is understood is a known failure."""


class Case(NamedTuple):
    """One line of a case file; `than` is the text against which `text` is held, or empty."""

    phenomenon: str
    text: str
    expected: str
    than: str
    note: str


class Answer(NamedTuple):
    """What a model says of one text."""

    sentiment: str
    score: float
    confidence: float


class Found(NamedTuple):
    """Of one phenomenon: how many cases there are, and a line for each that is not understood."""

    total: int
    failing: list[str]

    @property
    def share(self) -> float:
        """The share of the cases that is understood."""
        return 1 - len(self.failing) / self.total


CHECKS: Mapping[str, Callable[[Answer, Answer], bool]] = {
    "negative": lambda answer, _: answer.sentiment == "negative",
    "neutral": lambda answer, _: answer.sentiment == "neutral",
    "positive": lambda answer, _: answer.sentiment == "positive",
    "not_positive": lambda answer, _: answer.sentiment in ("negative", "neutral"),
    "not_negative": lambda answer, _: answer.sentiment in ("neutral", "positive"),
    "more_positive_than": lambda answer, other: answer.score > other.score,
    "less_confident_than": lambda answer, other: answer.confidence < other.confidence,
}
"""How an answer is held against what is expected; the second is the answer to the text in `than`."""


def main() -> int:
    options = _options()
    found = {name: judge(mizaj.load(name)) for name in options.models}
    for name, phenomena in found.items():
        print(json.dumps(summary(phenomena), indent=2) if options.json else _page(name, phenomena))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="*", default=["default"], help="names or folders")
    parser.add_argument("--json", action="store_true", help="counts by phenomenon, as in a card")
    return parser.parse_args()


def all_cases() -> list[Case]:
    """The cases of all files."""
    return [case for path in sorted(CASES.glob("*.tsv")) for case in _read(path)]


def _read(path: Path) -> list[Case]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    if header.split("\t") != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise SystemExit(f"{path}: every line needs the columns {', '.join(COLUMNS)}")
    return [Case(path.stem, *row) for row in rows]


def judge(model: Any) -> dict[str, Found]:
    """What a model, as `mizaj.load` gives it, understands of each phenomenon."""
    cases = all_cases()
    answers = _answers(model, [case.text for case in cases])
    others = _answers(model, [case.than for case in cases])
    total: dict[str, int] = defaultdict(int)
    failing: dict[str, list[str]] = defaultdict(list)
    for case, answer, other in zip(cases, answers, others, strict=True):
        total[case.phenomenon] += 1
        if not CHECKS[case.expected](answer, other):
            failing[case.phenomenon].append(_line(case, answer, other))
    return {name: Found(n, failing[name]) for name, n in total.items()}


def share(found: Mapping[str, Found]) -> float:
    """The share of all cases that is understood."""
    total = sum(each.total for each in found.values())
    return 1 - sum(len(each.failing) for each in found.values()) / total


def summary(found: Mapping[str, Found]) -> dict[str, Any]:
    """What a model's card says: cases, those understood, and the phenomena below `WELL_UNDERSTOOD`, worst first."""
    total = sum(each.total for each in found.values())
    known = sorted(
        (item for item in found.items() if item[1].share < WELL_UNDERSTOOD),
        key=lambda item: item[1].share,
    )
    return {
        "cases": total,
        "understood": total - sum(len(each.failing) for each in found.values()),
        f"below_{WELL_UNDERSTOOD:.0%}".replace("%", "_percent"): {
            name: {"cases": each.total, "understood": each.total - len(each.failing)}
            for name, each in known
        },
    }


def _answers(model: Any, texts: list[str]) -> list[Answer]:
    table = model.score(texts)
    return [
        Answer(*row)
        for row in zip(*(table[name].to_pylist() for name in Answer._fields), strict=True)
    ]


def _line(case: Case, answer: Answer, other: Answer) -> str:
    said = f"{case.text!r}: {_shown(answer)}, not {case.expected}"
    against = f" {case.than!r} ({_shown(other)})" if case.than else ""
    return f"{said}{against} [{case.note}]"


def _shown(answer: Answer) -> str:
    return f"{answer.sentiment} {answer.score:+.3f}, confidence {answer.confidence:.2f}"


def _page(name: str, found: Mapping[str, Found]) -> str:
    told = summary(found)
    lines = [f"{name}: {told['understood']} of {told['cases']} cases ({share(found):.1%})"]
    for phenomenon, each in sorted(found.items(), key=lambda item: item[1].share):
        lines += [f"{phenomenon}: {each.total - len(each.failing)} of {each.total}"] * bool(
            each.failing
        )
        lines += [f"  {line}" for line in each.failing]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
