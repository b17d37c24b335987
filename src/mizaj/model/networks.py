"""The networks trained from scratch, as PyTorch modules: a body that makes one vector of a post, a head that answers.

Every one has `forward(ids, mask) -> logits`, ids int64 and mask bool of shape (rows, tokens), logits float of shape
(rows, labels); softmax of the logits is the answer. What stands under a False of the mask changes nothing, so padding
changes nothing; a row without tokens has the zero vector. The modules avoid what ONNX cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mizaj.errors import SettingError
from mizaj.model.attention import FAR, Layer

UNKNOWN_ID = 1
"""The id that stands for what the vocabulary lacks, and for what word dropout hides."""

HEADS = ("softmax", "ordinal")
# Odd constants of Knuth's multiplicative hashing, one for each place in an n-gram.
_HASHES = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
_INITIAL_SPREAD = 0.1


@dataclass(frozen=True)
class Sizes:
    """What a network is made of; each kind reads what it needs.

    `hidden` is the number of filters, the width of one direction of a recurrent network or of a transformer's
    feed-forward layer; `window` how many tokens to each side attention reaches, 0 for all; `ngrams` and `buckets` are
    the bag's.
    """

    n_tokens: int
    n_labels: int
    embedding: int = 128
    hidden: int = 128
    layers: int = 1
    kernels: tuple[int, ...] = (2, 3, 4)
    heads: int = 4
    max_length: int = 64
    window: int = 0
    ngrams: int = 3
    buckets: int = 1 << 16
    dropout: float = 0.3
    word_dropout: float = 0.1
    head: str = "softmax"


class Embedded(nn.Module):
    """Ids to vectors; in training, some words are hidden and some figures dropped."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.table = nn.Embedding(sizes.n_tokens, sizes.embedding)
        nn.init.normal_(self.table.weight, std=_INITIAL_SPREAD)
        self.dropout = nn.Dropout(sizes.dropout)
        self.word_dropout = sizes.word_dropout

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Vectors of shape (rows, tokens, embedding), zero where there is no token."""
        return self.dropout(self.table(hidden_words(ids, self))) * mask.unsqueeze(-1)  # type: ignore[no-any-return] # modules are untyped


def hidden_words(ids: Tensor, module: Embedded | BagBody) -> Tensor:
    """The ids with some replaced by `UNKNOWN_ID`, in training alone."""
    if not (module.training and module.word_dropout):
        return ids
    is_hidden = torch.rand(ids.shape, device=ids.device) < module.word_dropout
    return ids.masked_fill(is_hidden, UNKNOWN_ID)


class BagBody(nn.Module):
    """The mean of the vectors of a post's tokens and of its hashed n-grams of tokens (Joulin et al., 2017)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.table = nn.Embedding(sizes.n_tokens + sizes.buckets, sizes.embedding)
        nn.init.normal_(self.table.weight, std=_INITIAL_SPREAD)
        self.n_tokens, self.buckets, self.ngrams = sizes.n_tokens, sizes.buckets, sizes.ngrams
        self.word_dropout = sizes.word_dropout
        self.dropout = nn.Dropout(sizes.dropout)
        self.width = sizes.embedding

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector for each row."""
        ids = hidden_words(ids, self)
        total = (self.table(ids) * mask.unsqueeze(-1)).sum(dim=1)
        count = mask.sum(dim=1, keepdim=True)
        for length in range(2, self.ngrams + 1):
            # A row of one token is padded, so that an n-gram has a place; its mask is False.
            found, there = self._ngrams(ids, mask, length)
            total = total + (self.table(found) * there.unsqueeze(-1)).sum(dim=1)
            count = count + there.sum(dim=1, keepdim=True)
        return self.dropout(total / count.clamp(min=1))  # type: ignore[no-any-return] # modules are untyped

    def _ngrams(self, ids: Tensor, mask: Tensor, length: int) -> tuple[Tensor, Tensor]:
        """The places in the table of the n-grams that end at each token, and whether they are whole."""
        code = ids * _HASHES[0]
        there = mask
        for back in range(1, length):
            code = code + functional.pad(ids, (back, 0))[:, : ids.shape[1]] * _HASHES[back]
            there = there & functional.pad(mask, (back, 0), value=False)[:, : ids.shape[1]]
        # Product and sum stay far below 2^63; the higher bits are the well mixed ones.
        return self.n_tokens + (code // 1024) % self.buckets, there


class ConvolutionBody(nn.Module):
    """The strongest answer of each filter over the windows of a post (Kim, 2014)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.embedded = Embedded(sizes)
        self.filters = nn.ModuleList(
            nn.Conv1d(sizes.embedding, sizes.hidden, width, padding=width - 1)
            for width in sizes.kernels
        )
        self.kernels = sizes.kernels
        self.dropout = nn.Dropout(sizes.dropout)
        self.width = sizes.hidden * len(sizes.kernels)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector for each row."""
        vectors = self.embedded(ids, mask).transpose(1, 2)
        tops = []
        for width, convolution in zip(self.kernels, self.filters, strict=True):
            # A window counts where it touches a token; what it touches besides is zero. After ReLU, 0 is the least.
            touches = functional.pad(mask, (0, width - 1), value=False)
            for back in range(1, width):
                touches = touches | functional.pad(mask, (back, width - 1 - back), value=False)
            answers = functional.relu(convolution(vectors)) * touches.unsqueeze(1)
            tops.append(answers.amax(dim=2))
        return self.dropout(torch.cat(tops, dim=1))  # type: ignore[no-any-return] # modules are untyped


class RecurrentBody(nn.Module):
    """A recurrent network read in both directions, its states weighted by additive attention (Bahdanau et al., 2015).

    The second direction reads each row turned round within its length, so that no padding comes before a token.
    """

    CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}  # noqa: RUF012 -- never changed

    def __init__(self, sizes: Sizes, cell: str) -> None:
        super().__init__()
        self.embedded = Embedded(sizes)
        inner = sizes.dropout if sizes.layers > 1 else 0.0
        make = self.CELLS[cell]
        self.onward, self.backward_ = (
            make(sizes.embedding, sizes.hidden, sizes.layers, batch_first=True, dropout=inner)
            for _ in range(2)
        )
        self.width = 2 * sizes.hidden
        self.attention = nn.Linear(self.width, sizes.hidden)
        self.importance = nn.Linear(sizes.hidden, 1, bias=False)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector for each row."""
        vectors = self.embedded(ids, mask)
        places = torch.arange(ids.shape[1], device=ids.device).unsqueeze(0)
        turned = mask.sum(dim=1, keepdim=True) - 1 - places
        turned = torch.where(turned >= 0, turned, places).unsqueeze(-1)
        onward, _ = self.onward(vectors)
        back, _ = self.backward_(vectors.gather(1, turned.expand_as(vectors)))
        states = torch.cat([onward, back.gather(1, turned.expand_as(back))], dim=2)
        logits = self.importance(torch.tanh(self.attention(states))).squeeze(-1)
        shares = torch.softmax(logits.masked_fill(~mask, FAR), dim=1) * mask
        return self.dropout((states * shares.unsqueeze(-1)).sum(dim=1))  # type: ignore[no-any-return] # modules are untyped


class TransformerBody(nn.Module):
    """A transformer encoder with learned positions; the mean of its last states."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.embedded = Embedded(sizes)
        self.positions = nn.Embedding(sizes.max_length, sizes.embedding)
        nn.init.normal_(self.positions.weight, std=_INITIAL_SPREAD)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.embedding)
        self.width = sizes.embedding

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector for each row."""
        places = torch.arange(ids.shape[1], device=ids.device)
        vectors = self.embedded(ids, mask) + self.positions(places)
        for layer in self.layers:
            vectors = layer(vectors, mask)
        there = mask.unsqueeze(-1)
        return (self.norm(vectors) * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)  # type: ignore[no-any-return] # modules are untyped


class OrdinalHead(nn.Module):
    """Labels in an order: one figure and rising thresholds (cumulative logits, McCullagh, 1980).

    Gives logarithms of probabilities, which are logits as good as any.
    """

    def __init__(self, width: int, n_labels: int) -> None:
        super().__init__()
        self.figure = nn.Linear(width, 1, bias=False)
        self.start = nn.Parameter(torch.tensor([2.0 - n_labels]))
        self.rises = nn.Parameter(torch.full((n_labels - 2,), 1.8546))  # softplus of it is 2

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits of shape (rows, labels)."""
        thresholds = torch.cat([self.start, functional.softplus(self.rises)]).cumsum(dim=0)
        below = torch.sigmoid(thresholds - self.figure(vectors))
        ends = functional.pad(functional.pad(below, (1, 0), value=0.0), (0, 1), value=1.0)
        return torch.log((ends[:, 1:] - ends[:, :-1]).clamp(min=1e-7))


class Network(nn.Module):
    """A body and a head."""

    def __init__(self, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.body, self.head = body, head

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits of shape (rows, labels)."""
        return self.head(self.body(ids, mask))  # type: ignore[no-any-return] # modules are untyped


class SharedNetwork(nn.Module):
    """One body and a head for each task; the first token of a row is no token but says which task it is of.

    The logits of all heads stand side by side; those of other tasks' labels are far below. The marks of the tasks are
    the ids from `n_tokens` on.
    """

    task_of_label: Tensor

    def __init__(self, body: nn.Module, heads: list[nn.Module], sizes: list[Sizes]) -> None:
        super().__init__()
        self.body, self.heads = body, nn.ModuleList(heads)
        n_labels = [each.n_labels for each in sizes]
        task_of_label = torch.repeat_interleave(torch.arange(len(heads)), torch.tensor(n_labels))
        self.n_tokens = sizes[0].n_tokens
        self.register_buffer("task_of_label", task_of_label)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits of shape (rows, labels of all tasks)."""
        if ids.shape[1] == 1:  # marks alone: bodies read one token or more
            ids, mask = functional.pad(ids, (0, 1)), functional.pad(mask, (0, 1), value=False)
        vectors = self.body(ids[:, 1:], mask[:, 1:])
        logits = torch.cat([head(vectors) for head in self.heads], dim=1)
        is_own = self.task_of_label == (ids[:, :1] - self.n_tokens)
        return logits.masked_fill(~is_own, FAR)


def build(kind: str, sizes: Sizes) -> Network:
    """The network of a kind, its weights drawn from PyTorch's generator.

    Raises `SettingError` for sizes that do not fit each other.
    """
    body = build_body(kind, sizes)
    return Network(body, build_head(body.width, sizes))


def build_body(
    kind: str, sizes: Sizes
) -> BagBody | ConvolutionBody | RecurrentBody | TransformerBody:
    """The part of the network that makes one vector, `width` figures long, of each row."""
    if kind == "bag":
        _check(sizes.ngrams <= len(_HASHES), f"ngrams is {sizes.ngrams}; at most {len(_HASHES)}")
        return BagBody(sizes)
    if kind == "cnn":
        _check(bool(sizes.kernels), "kernels is empty; give one width or more, such as 2,3,4")
        return ConvolutionBody(sizes)
    if kind in RecurrentBody.CELLS:
        return RecurrentBody(sizes, kind)
    fits = sizes.embedding % sizes.heads == 0
    _check(fits, f"embedding is {sizes.embedding}; it must be a multiple of heads ({sizes.heads})")
    return TransformerBody(sizes)


def build_head(width: int, sizes: Sizes) -> nn.Module:
    """The part that makes logits of vectors."""
    _check(sizes.head in HEADS, f"head is '{sizes.head}'; allowed: {', '.join(HEADS)}")
    if sizes.head == "ordinal":
        return OrdinalHead(width, sizes.n_labels)
    return nn.Linear(width, sizes.n_labels)


def _check(is_allowed: bool, message: str) -> None:  # noqa: FBT001 -- the claim itself
    if not is_allowed:
        raise SettingError(message)
