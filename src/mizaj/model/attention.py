"""Self-attention and the layer of a transformer made of it, over all tokens or over near ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from mizaj.model.networks import Sizes

FAR = -1e4
"""What is added to the logit of a token not to be looked at; its share is 0 in float32."""


class Attention(nn.Module):
    """Self-attention over all tokens, or over those within `window` places to each side (Beltagy et al., 2020).

    With a window, time and memory grow with the length and not with its square: each stretch of `window` tokens looks
    at itself and its two neighbours.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads, self.window, self.drop = sizes.heads, sizes.window, sizes.dropout
        self.project = nn.Linear(sizes.embedding, 3 * sizes.embedding)
        self.out = nn.Linear(sizes.embedding, sizes.embedding)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Vectors of the same shape."""
        n_rows, length, width = vectors.shape
        split = self.project(vectors).reshape(n_rows, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        there = mask.to(vectors.dtype)
        if self.window:
            found = self._near(query, key, value, there)
        else:
            found = self._attend(query, key, value, (1.0 - there[:, None, None, :]) * FAR)
        return self.out(found.transpose(1, 2).reshape(n_rows, length, width))  # type: ignore[no-any-return] # modules are untyped

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, far: Tensor) -> Tensor:
        drop = self.drop if self.training else 0.0
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=far, dropout_p=drop
        )

    def _near(self, query: Tensor, key: Tensor, value: Tensor, there: Tensor) -> Tensor:
        window, length = self.window, query.shape[2]
        rest = -length % window
        n_parts = (length + rest) // window
        query = _parts(functional.pad(query, (0, 0, 0, rest)), n_parts)
        key, value = (_with_neighbours(each, rest, n_parts) for each in (key, value))
        seen = _with_neighbours(there[:, None, :, None], rest, n_parts).transpose(-1, -2)
        own = torch.arange(window, device=there.device).unsqueeze(1)
        other = torch.arange(3 * window, device=there.device).unsqueeze(0) - window
        seen = seen * ((own - other).abs() <= window)
        found = self._attend(query, key, value, (1.0 - seen) * FAR)
        return found.flatten(2, 3)[:, :, :length]


def _parts(vectors: Tensor, n_parts: int) -> Tensor:
    n_rows, heads, length, width = vectors.shape
    return vectors.reshape(n_rows, heads, n_parts, length // n_parts, width)


def _with_neighbours(vectors: Tensor, rest: int, n_parts: int) -> Tensor:
    """Each part with the part before and the part after it; zeros stand beyond the ends."""
    window = (vectors.shape[2] + rest) // n_parts
    wide = _parts(functional.pad(vectors, (0, 0, window, rest + window)), n_parts + 2)
    return torch.cat([wide[:, :, :-2], wide[:, :, 1:-1], wide[:, :, 2:]], dim=3)


class Layer(nn.Module):
    """One layer of a transformer, the norm before each part (Xiong et al., 2020)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(sizes.embedding), nn.LayerNorm(sizes.embedding)
        self.attention = Attention(sizes)
        self.feed = nn.Sequential(
            nn.Linear(sizes.embedding, sizes.hidden),
            nn.GELU(),
            nn.Dropout(sizes.dropout),
            nn.Linear(sizes.hidden, sizes.embedding),
        )
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Vectors of the same shape."""
        vectors = vectors + self.dropout(self.attention(self.first(vectors), mask))
        return vectors + self.dropout(self.feed(self.second(vectors)))  # type: ignore[no-any-return] # modules are untyped
