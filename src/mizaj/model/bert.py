"""The encoder of BERT and XLM-R in one small torch module: token numbers in, a vector for each token out.

It is written out here, instead of taken from `transformers`, so that a saved model needs torch alone, that layers can
be left away and adapters put in, and that it exports as a plain graph. A test holds it equal to `transformers`.
Only `model.encoder` and the trainers open this module, once torch is known to be there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mizaj.model.attention import FAR

_INITIAL_SPREAD = 0.02  # of fresh weights, as BERT has it


@dataclass(frozen=True)
class Shape:
    """The sizes of an encoder.

    `n_positions` is the longest post in tokens; `epsilon` is that of layer norm.
    """

    n_tokens: int
    width: int
    n_layers: int
    n_heads: int
    n_inner: int
    n_positions: int
    epsilon: float = 1e-12


class Attention(nn.Module):
    """Each token's vector from those of all tokens of its post."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.n_heads = shape.n_heads
        self.query = nn.Linear(shape.width, shape.width)
        self.key = nn.Linear(shape.width, shape.width)
        self.value = nn.Linear(shape.width, shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def forward(self, hidden: Tensor, unseen: Tensor) -> Tensor:
        """New vectors of shape (posts, tokens, width); `unseen` is added to the logits of attention."""
        query, key, value = (
            layer(hidden).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=unseen)
        return self.out(seen.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Attention and a network for each token, each added to what came in and normed."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.attention_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.inner = nn.Linear(shape.width, shape.n_inner)
        self.outer = nn.Linear(shape.n_inner, shape.width)
        self.outer_norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor, unseen: Tensor) -> Tensor:
        """New vectors of the same shape."""
        seen = self.dropout(self.attention(hidden, unseen))
        hidden = self.attention_norm(hidden + seen)
        thought = self.dropout(self.outer(functional.gelu(self.inner(hidden))))
        return self.outer_norm(hidden + thought)  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Token numbers to vectors. Token types are not told apart: their first vector is part of `positions`."""

    def __init__(self, shape: Shape, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.n_tokens, shape.width)
        self.positions = nn.Embedding(shape.n_positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.n_layers))
        self.apply(_initialise)

    def forward(self, ids: Tensor, is_token: Tensor) -> Tensor:
        """Vectors of shape (posts, tokens, width); what stands at padding means nothing."""
        places = torch.arange(ids.shape[1], device=ids.device)
        hidden = self.dropout(self.norm(self.tokens(ids) + self.positions(places)))
        unseen = (1.0 - is_token[:, None, None, :].to(hidden.dtype)) * FAR
        for layer in self.layers:
            hidden = layer(hidden, unseen)
        return hidden  # type: ignore[no-any-return]


class EncoderNetwork(nn.Module):
    """An encoder with a linear layer on the mean of a post's token vectors: one logit for each label.

    In training, `token_dropout` is the share of tokens that are hidden behind the token `unknown`.
    """

    def __init__(
        self,
        encoder: Encoder,
        n_labels: int,
        *,
        dropout: float = 0.0,
        token_dropout: float = 0.0,
        unknown: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.shape.width, n_labels)
        self.token_dropout, self.unknown = token_dropout, unknown
        _initialise(self.head)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits of shape (posts, labels); `mask` is True at tokens, False at padding."""
        if self.training and self.token_dropout:
            is_hidden = torch.rand(ids.shape, device=ids.device) < self.token_dropout
            ids = ids.masked_fill(is_hidden, self.unknown)
        hidden = self.encoder(ids, mask)
        kept = mask[:, :, None].to(hidden.dtype)
        mean = (hidden * kept).sum(dim=1) / kept.sum(dim=1).clamp(min=1.0)
        return self.head(self.dropout(mean))  # type: ignore[no-any-return]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=_INITIAL_SPREAD)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
