"""What a model of polarity must understand: short posts by phenomenon, and how a model's answers are held to them.

The cases stand in `cases/`, one file a phenomenon. They were written before the rules and before any training, to
specify them; no model is trained on them.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mizaj.batch import CONFIDENCE, SCORE, SENTIMENT
from mizaj.errors import ColumnMissing
from mizaj.model.classifier import Classifier
from mizaj.model.folder import POLARITIES, POLARITY
from mizaj.model.score import polarity_score

Score = Callable[[pa.Array], pa.Table]
"""Texts in, a table with `sentiment`, `score` and `confidence` out: the `score` of a `mizaj.load(...)`."""

_CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """A post and what is expected of its answer: a key of `CHECKS`.

    `than` is the post whose answer it is compared with, empty where it stands alone; `note` says what it is about.
    """

    phenomenon: str
    text: str
    expected: str
    than: str
    note: str


@dataclass(frozen=True)
class Answered:
    """What a model says of one post."""

    sentiment: str
    score: float
    confidence: float

    def __str__(self) -> str:
        return f"{self.sentiment} ({self.score:+.3f}, confidence {self.confidence:.2f})"


CHECKS: Mapping[str, Callable[[Answered, Answered], bool]] = {
    "negative": lambda answer, _: answer.sentiment == "negative",
    "neutral": lambda answer, _: answer.sentiment == "neutral",
    "positive": lambda answer, _: answer.sentiment == "positive",
    "not_positive": lambda answer, _: answer.sentiment in ("negative", "neutral"),
    "not_negative": lambda answer, _: answer.sentiment in ("neutral", "positive"),
    "more_positive_than": lambda answer, other: answer.score > other.score,
    "less_confident_than": lambda answer, other: answer.confidence < other.confidence,
}
"""How the answer to a case is held against what is expected; the other answer is that to the post in `than`."""


@dataclass(frozen=True)
class Judged:
    """A case with the answers of a model to its post and to the post in `than`."""

    case: Case
    answer: Answered
    other: Answered

    @property
    def is_right(self) -> bool:
        """Whether the answer is as expected."""
        return CHECKS[self.case.expected](self.answer, self.other)

    def __str__(self) -> str:
        case = self.case
        against = f" {case.than!r}, {self.other}" if case.than else ""
        return f"{case.text!r}: {self.answer}; expected: {case.expected}{against} [{case.note}]"


@dataclass(frozen=True)
class Understood:
    """How many cases are understood, of how many."""

    n_right: int
    n_cases: int

    @property
    def share(self) -> float:
        """The part that is understood, 0 to 1."""
        return self.n_right / self.n_cases


@functools.lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """All cases, by phenomenon in the order of the alphabet.

    >>> cases()[0].phenomenon
    'capitals_exclamation'
    """
    return tuple(case for path in sorted(_CASES.glob("*.tsv")) for case in _read(path))


def judge(score: Score) -> list[Judged]:
    """The answers to all cases of a model of polarity.

    Raises `ColumnMissing` for a model of another task.

    >>> from mizaj.model.predict import load
    >>> found = judge(load("lexicon").score)
    >>> overall(found).share > 0.9
    True
    """
    asked = cases()
    texts = [case.text for case in asked] + [case.than for case in asked]
    table = score(pa.array(texts, pa.string()))
    wanted = [SENTIMENT.name, SCORE.name, CONFIDENCE.name]
    for name in wanted:
        if name not in table.column_names:
            raise ColumnMissing(name, table.column_names, needed_by="the behaviour cases")
    rows = table.select(wanted).to_pylist()
    answers = [Answered(row[wanted[0]], row[wanted[1]], row[wanted[2]]) for row in rows]
    pairs = zip(asked, answers[: len(asked)], answers[len(asked) :], strict=True)
    return [Judged(case, answer, other) for case, answer, other in pairs]


def judge_classifier(classifier: Classifier) -> list[Judged]:
    """The answers to all cases of a model of polarity that is not in a folder yet."""
    return judge(functools.partial(_answer_table, classifier))


def card_of(classifier: Classifier, task: str) -> dict[str, Any]:
    """`behaviour` for a model's card, see `to_card`; nothing for one that does not know both sides of polarity.

    >>> from mizaj.model.lexicon_tier import lexicon_tier
    >>> card_of(lexicon_tier(), "polarity")["behaviour"]["cases"]
    591
    >>> card_of(lexicon_tier(), "hate")
    {}
    """
    labels = set(classifier.labels)
    if task != POLARITY or not {"negative", "positive"} <= labels <= set(POLARITIES):
        return {}
    return {"behaviour": to_card(judge_classifier(classifier))}


def overall(judged: Iterable[Judged]) -> Understood:
    """How many of the cases are understood."""
    right = [each.is_right for each in judged]
    return Understood(sum(right), len(right))


def by_phenomenon(judged: Iterable[Judged]) -> dict[str, Understood]:
    """How many cases of each phenomenon are understood; the least understood first, then by name."""
    n_cases: Counter[str] = Counter()
    n_right: Counter[str] = Counter()
    for each in judged:
        n_cases[each.case.phenomenon] += 1
        n_right[each.case.phenomenon] += each.is_right
    found = {name: Understood(n_right[name], n_cases[name]) for name in n_cases}
    return dict(sorted(found.items(), key=lambda item: (item[1].share, item[0])))


def to_card(judged: Iterable[Judged]) -> dict[str, Any]:
    """What a model's card says of it: `cases`, `right`, and under `failing` each phenomenon not fully understood."""
    judged = list(judged)
    whole = overall(judged)
    failing = {
        name: {"cases": found.n_cases, "right": found.n_right}
        for name, found in by_phenomenon(judged).items()
        if found.n_right < found.n_cases
    }
    return {"cases": whole.n_cases, "right": whole.n_right, "failing": failing}


def _read(path: Path) -> list[Case]:
    """The cases of one file; the phenomenon is the name of the file."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    return [Case(path.stem, *line.split("\t")) for line in lines]


def _answer_table(classifier: Classifier, texts: pa.Array) -> pa.Table:
    proba = classifier.probabilities(texts)
    names = pa.array(classifier.labels, pa.string())
    return pa.table(
        {
            SENTIMENT.name: names.take(pa.array(proba.argmax(axis=1))),
            SCORE.name: polarity_score(proba, classifier.labels),
            CONFIDENCE.name: proba.max(axis=1),
        }
    )
