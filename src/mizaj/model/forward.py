"""A PyTorch network asked for many rows: by length, in batches of like size, without gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing
from mizaj.model.padding import TOKENS_PER_BATCH, Ids, Offsets, length_batches, padded

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor, nn


def rectangle(
    ids: Ids, offsets: Offsets, rows: NDArray[np.int64], *, pad_id: int = 0, device: str = "cpu"
) -> tuple[Tensor, Tensor]:
    """The rows as the two tensors that every network reads: ids (int64) and mask (bool)."""
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    tokens, mask = padded(ids, offsets, rows, pad_id=pad_id)
    return torch.from_numpy(tokens).to(device), torch.from_numpy(mask).to(device)


def logits_of(
    module: nn.Module,
    ids: Ids,
    offsets: Offsets,
    *,
    pad_id: int = 0,
    tokens_per_batch: int = TOKENS_PER_BATCH,
) -> NDArray[np.float32]:
    """The logits of all rows, in their order, float32, shape (rows, labels), without dropout.

    No rows give shape (0, 0): only a network that answered knows how many labels it has.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    device = str(next(module.parameters()).device)
    was_training = module.training
    module.eval()
    found: NDArray[np.float32] = np.zeros((0, 0), np.float32)
    with torch.inference_mode():
        for rows in length_batches(offsets, tokens_per_batch=tokens_per_batch):
            tokens, mask = rectangle(ids, offsets, rows, pad_id=pad_id, device=device)
            logits = module(tokens, mask).float().cpu().numpy()
            if not len(found):
                found = np.empty((len(offsets) - 1, logits.shape[1]), np.float32)
            found[rows] = logits
    module.train(was_training)
    return found
