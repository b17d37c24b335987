"""What the loop makes small: cross-entropy on gold labels and on a teacher's opinion, weighted by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def wanted(data: Encoded, rows: NDArray[np.int64], settings: TrainSettings) -> NDArray[np.float32]:
    """The probabilities that the network should give these rows, float32, shape (rows, labels).

    The gold label, smoothed, and in the share `teacher_share` the teacher's opinion (Hinton et al., 2015).
    """
    n_labels = len(data.labels)
    kept = 1.0 - settings.label_smoothing
    spread = settings.label_smoothing / n_labels
    gold = np.eye(n_labels, dtype=np.float32)[data.codes[rows]] * kept + spread
    if data.targets is None:
        return gold.astype(np.float32)
    share = settings.teacher_share
    mixed: NDArray[np.float32] = ((1.0 - share) * gold + share * data.targets[rows]).astype(
        np.float32
    )
    return mixed


def weighted_loss(logits: Tensor, target: Tensor, weights: Tensor, total_weight: float) -> Tensor:
    """The sum of the rows' cross-entropies by their weights, divided by the weight of the whole step.

    Parts of one step, in whatever processes, therefore add to the loss of the step.
    """
    losses = -(target * functional.log_softmax(logits.float(), dim=-1)).sum(dim=-1)
    return (losses * weights).sum() / total_weight
