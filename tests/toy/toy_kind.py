"""The smallest kind of model: every word votes for the labels it was seen with.

A module of its own, found by its name from any process, as a real kind's is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import Folder


@dataclass(frozen=True)
class ToySettings:
    """How much is added to every count, whether case is kept, and how often progress is told."""

    smoothing: float = field(default=1.0, metadata={"search": (0.01, 100.0), "log": True})
    keeps_case: bool = field(default=False, metadata={"choices": (False, True)})
    longest: int = field(default=20, metadata={"search": (1, 30)})
    n_steps: int = 2

    def __post_init__(self) -> None:
        if self.smoothing <= 0:
            raise SettingError("smoothing must be above 0")


@dataclass(frozen=True)
class Toy:
    """Words with their votes, one for each label, and what words that were not seen have."""

    labels: tuple[str, ...]
    votes: dict[str, list[float]]
    keeps_case: bool

    kind = "toy"

    def probabilities(self, texts: pa.Array) -> Probabilities:
        rows = [self._row(text or "") for text in texts.to_pylist()]
        return np.array(rows, np.float32).reshape(-1, len(self.labels))

    def contents(self) -> Contents:
        votes = {"votes": self.votes, "keeps_case": self.keeps_case}
        return Contents({"toy": True}, {"votes.json": json.dumps(votes).encode()})

    def _row(self, text: str) -> np.ndarray:
        flat = [0.0] * len(self.labels)
        words = _words(text, keeps_case=self.keeps_case)
        scores = np.sum([flat, *(self.votes.get(word, flat) for word in words)], axis=0)
        shares = np.exp(scores - scores.max())
        return shares / shares.sum()


def load(folder: Folder) -> Toy:
    kept = json.loads(folder.file("votes.json").read_text())
    return Toy(folder.labels, kept["votes"], kept["keeps_case"])


def fit(
    train: Labelled,
    validation: Labelled | None,
    settings: ToySettings,
    *,
    seed: int,
    progress: Callable[..., None],
) -> Toy:
    counts: dict[str, np.ndarray] = {}
    for text, code in zip(train.texts.to_pylist(), train.codes.tolist(), strict=True):
        for word in _words(text, keeps_case=settings.keeps_case):
            row = counts.setdefault(word[: settings.longest], np.zeros(len(train.labels)))
            row[code] += 1
    votes = {word: np.log(row + settings.smoothing).tolist() for word, row in counts.items()}
    model = Toy(train.labels, votes, settings.keeps_case)
    for step in range(settings.n_steps if validation else 0):
        progress(
            {"step": step + 1, "of_steps": settings.n_steps, "macro_f1": f1(model, validation)}
        )
    return model


def f1(model: Toy, rows: Labelled) -> float:
    answers = model.probabilities(rows.texts).argmax(axis=1)
    return Counts.of(rows.codes, answers, labels=rows.labels).macro_f1


def _words(text: str, *, keeps_case: bool) -> list[str]:
    return (text if keeps_case else text.lower()).split()


SETTINGS = {"toy": ToySettings}
