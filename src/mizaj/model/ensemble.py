"""Several models that answer together: the weighted mean of their logarithms of probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mizaj.errors import ModelError
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import Folder
from mizaj.model.members import MEMBERS, Member, load_members, pack_members

_LEAST = 1e-7  # as in `calibrate`: one model's certainty must not silence all others


@dataclass(frozen=True)
class Ensemble:
    """A classifier whose members all read every text; `weights` are 0 or more and add to 1."""

    members: tuple[Member, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        is_fit = len(self.weights) == len(self.members) and min(self.weights, default=-1.0) >= 0.0
        if not is_fit or abs(sum(self.weights) - 1.0) > len(self.weights) * _LEAST:
            msg = f"weights are {self.weights}; give each of {len(self.members)} models one of 0 or more, adding to 1"
            raise ModelError(msg)

    @property
    def kind(self) -> str:
        """`ensemble`."""
        return "ensemble"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the last member."""
        return self.members[-1].classifier.labels

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """The members' calibrated probabilities, multiplied with their weights as powers, adding to 1 again."""
        weighted = zip(self.members, self.weights, strict=True)
        return log_mean(
            [(each.probabilities(texts, self.labels), w) for each, w in weighted if w > 0.0]
        )

    def contents(self) -> Contents:
        """The members' folders and the weights."""
        names = [member.name for member in self.members]
        settings = {MEMBERS: names, "weights": list(self.weights)}
        return Contents(settings, pack_members(self.members))


def load(folder: Folder) -> Ensemble:
    """The ensemble in a folder. Raises `ModelError` where a member is missing or its weight."""
    weights = folder.settings.get("weights")
    if not isinstance(weights, list) or not all(isinstance(w, int | float) for w in weights):
        msg = f"{folder.path} lacks the weights of its members; copy it or make it again"
        raise ModelError(msg)
    return Ensemble(load_members(folder), tuple(map(float, weights)))


def log_mean(parts: list[tuple[Probabilities, float]]) -> Probabilities:
    """The weighted geometric mean of probabilities, each row adding to 1.

    >>> sure, unsure = np.array([[0.9, 0.1]], np.float32), np.array([[0.5, 0.5]], np.float32)
    >>> log_mean([(sure, 0.5), (unsure, 0.5)]).round(2).tolist()
    [[0.75, 0.25]]
    """
    logits = sum(weight * np.log(np.maximum(proba, _LEAST)) for proba, weight in parts)
    shifted = np.asarray(logits, np.float64)
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True, initial=-np.inf))
    means: Probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return means
