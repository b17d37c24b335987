"""What the loop makes small: cross-entropy on gold labels and on a teacher's opinion, weighted by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mizaj.learn.encoded import Encoded
from mizaj.learn.train_settings import TrainSettings

try:
    import torch
    from torch.nn import functional
except ImportError:
    torch = functional = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = -1e4
"""A logit that no softmax sees; finite, since 0 times it must be 0."""
_LEAST = 1e-12


def wanted(data: Encoded, rows: NDArray[np.int64], settings: TrainSettings) -> NDArray[np.float32]:
    """The probabilities that the network should give these rows, float32, shape (rows, labels).

    The targets, where the rows have them (`learn.distil` mixes labels and a teacher's opinion to such), else the label,
    smoothed; either over the labels that compete alone.
    """
    competes = competing(data, rows, settings)
    if data.targets is not None:
        return _to_one(data.targets[rows] * competes).astype(np.float32)
    gold = np.eye(len(data.labels))[data.codes[rows]] * (1.0 - settings.label_smoothing)
    smoothed = gold + _to_one(competes) * settings.label_smoothing
    return smoothed.astype(np.float32)


def competing(data: Encoded, rows: NDArray[np.int64], settings: TrainSettings) -> NDArray[np.bool_]:
    """The labels among which each row is decided, bool, shape (rows, labels): all, or those its source has."""
    if settings.labels_of_source and data.possible is not None:
        return data.possible[rows]
    return np.ones((len(rows), len(data.labels)), np.bool_)


def _to_one(shares: NDArray[Any]) -> NDArray[np.float64]:
    """The rows divided by their sums."""
    found: NDArray[np.float64] = shares / np.maximum(shares.sum(axis=1, keepdims=True), _LEAST)
    return found


def weighted_loss(
    logits: Tensor, target: Tensor, competes: Tensor, *, weights: Tensor, total_weight: float
) -> Tensor:
    """The sum of the rows' cross-entropies by their weights, divided by the weight of the whole step.

    Labels that do not compete get no part of the softmax. Parts of one step, in whatever processes, add to the loss
    of the step.
    """
    logits = logits.float().masked_fill(~competes, _NEVER)
    losses = -(target * functional.log_softmax(logits, dim=-1)).sum(dim=-1)
    return (losses * weights).sum() / total_weight
