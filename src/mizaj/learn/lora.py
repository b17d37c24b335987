"""Adapters of low rank (Hu et al., 2022): a pretrained matrix stays as it is and a small product is learnt beside it.

After training the products are added to their matrices, so that the finished model is like any other.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mizaj.model.bert import Attention, Encoder, Layer


class LowRank(nn.Module):
    """A frozen linear layer plus a learnt product of two thin matrices, which begins as zero."""

    def __init__(self, frozen: nn.Linear, rank: int) -> None:
        super().__init__()
        self.frozen = frozen.requires_grad_(requires_grad=False)
        self.down = nn.Parameter(torch.empty(rank, frozen.in_features))
        self.up = nn.Parameter(torch.zeros(frozen.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, hidden: Tensor) -> Tensor:
        """What the layer gives with the product added to its matrix."""
        return self.frozen(hidden) + (hidden @ self.down.T) @ self.up.T  # type: ignore[no-any-return]

    def merged(self) -> nn.Linear:
        """One linear layer that gives the same."""
        with torch.no_grad():
            self.frozen.weight += self.up @ self.down
        return self.frozen.requires_grad_(requires_grad=True)


def add_adapters(encoder: Encoder, rank: int) -> None:
    """Put an adapter on every matrix of every layer; all else of the encoder is frozen."""
    encoder.requires_grad_(requires_grad=False)
    for owner, name in _places(encoder):
        setattr(owner, name, LowRank(getattr(owner, name), rank))


def merge_adapters(encoder: Encoder) -> None:
    """Put plain layers again where adapters were."""
    for owner, name in _places(encoder):
        adapted = getattr(owner, name)
        if isinstance(adapted, LowRank):
            setattr(owner, name, adapted.merged())
    encoder.requires_grad_(requires_grad=True)


def _places(encoder: Encoder) -> list[tuple[nn.Module, str]]:
    """The module that holds each matrix, and the matrix's name in it."""
    return [
        (module, name)
        for module in encoder.modules()
        if isinstance(module, Attention | Layer)
        for name, child in module.named_children()
        if isinstance(child, nn.Linear | LowRank)
    ]
