"""Read on before fine-tuning: a pretrained encoder guesses hidden words of unlabelled posts (Gururangan et al., 2020).

An encoder that has seen little romanised Hindi learns its spellings so, without labels. What comes out is a pretrained
encoder again, to be saved and fine-tuned as any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mizaj.errors import ExtraMissing, SettingError, TrainingError
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.plain import with_plain_posts
from mizaj.learn.pretrained import Pretrained
from mizaj.learn.train_settings import TrainSettings, epoch_batches, rate_factor
from mizaj.model.forward import rectangle
from mizaj.model.subwords import SCRIPTS, WRITTEN, Subwords

try:
    import torch
    from torch.nn import functional
except ImportError:
    torch = functional = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor

    from mizaj.model.bert import Encoder

_KEPT, _SWAPPED = 0.1, 0.1  # shares of the chosen tokens that are not hidden, as BERT has it
_NO_GUESS = -100  # what cross-entropy passes over


@dataclass(frozen=True)
class MaskedSettings:
    """How an encoder reads on: `share` is how many tokens it has to guess, `script` is as in fine-tuning.

    Raises `SettingError` when made wrongly.
    """

    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 2e-4
    max_length: int = 48
    share: float = 0.15
    script: str = WRITTEN

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "max_length"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; allowed: 1 or more"
                raise SettingError(msg)
        if not (0.0 < self.share < 1.0 and self.learning_rate > 0.0):
            msg = (
                f"share is {self.share}, learning_rate {self.learning_rate}; allowed: a share between 0 and 1, "
                "a rate above 0"
            )
            raise SettingError(msg)
        if self.script not in SCRIPTS:
            msg = f"script is '{self.script}'; allowed: {', '.join(SCRIPTS)}"
            raise SettingError(msg)


def adapted(
    start: Pretrained,
    texts: pa.Array,
    settings: MaskedSettings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Pretrained:
    """The encoder after it guessed hidden tokens of the posts; equal for equal seeds.

    Raises `SettingError` where its tokenizer has no token that hides others, `TrainingError` for a loss that is no
    number.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    from mizaj.model.bert import Encoder, Shape  # needs torch

    mask_id = _mask_id(start.tokeniser)
    plain = with_plain_posts(start.tokeniser, settings.max_length)
    read = Subwords(json.dumps(plain), settings.script)
    ids, offsets = read(texts)
    encoder = Encoder(Shape(**start.shape()))
    encoder.load_state_dict({name: torch.tensor(array) for name, array in start.weights.items()})
    optimizer = torch.optim.AdamW(encoder.parameters(), fused=True)
    loop = TrainSettings(epochs=settings.epochs, warmup=0.05)
    of_steps = settings.epochs * -(-(len(offsets) - 1) // settings.batch_size)
    step = 0
    for epoch in range(settings.epochs):
        for rows in epoch_batches(offsets, settings.batch_size, seed=seed, epoch=epoch):
            tokens, is_token = rectangle(ids, offsets, rows, pad_id=read.pad_id)
            random = np.random.default_rng([seed, step])
            hidden, wanted = _hide(tokens, is_token, mask_id, random, settings.share)
            loss = _loss(encoder, hidden, is_token, wanted)
            optimizer.param_groups[0]["lr"] = settings.learning_rate * rate_factor(
                step, of_steps, loop
            )
            _advance(encoder, optimizer, loss, step)
            step += 1
            progress({"step": step, "of_steps": of_steps, "masked_loss": loss.item()})
    weights = {name: each.numpy() for name, each in encoder.state_dict().items()}
    return replace(start, weights=weights)


def _mask_id(tokeniser: Mapping[str, Any]) -> int:
    for token in tokeniser["added_tokens"]:
        if token["content"] in ("<mask>", "[MASK]"):
            return int(token["id"])
    msg = "the tokenizer has neither <mask> nor [MASK]; take an encoder that was trained to guess hidden words"
    raise SettingError(msg)


def _hide(
    tokens: Tensor, is_token: Tensor, mask_id: int, random: np.random.Generator, share: float
) -> tuple[Tensor, Tensor]:
    """The tokens with some hidden, and what has to be guessed; the first and last of a post are never hidden."""
    inner = is_token.numpy().copy()
    inner[:, 0] = False
    inner[:, :-1] &= is_token.numpy()[:, 1:]
    inner[:, -1] = False
    chosen = inner & (random.random(inner.shape) < share)
    wanted = torch.where(torch.from_numpy(chosen), tokens, _NO_GUESS)
    fate = random.random(inner.shape)
    found = tokens.numpy().copy()
    found[chosen & (fate >= _KEPT + _SWAPPED)] = mask_id
    others = tokens.numpy()[inner]
    swapped = chosen & (fate < _SWAPPED)
    if len(others):
        found[swapped] = random.choice(others, int(swapped.sum()))
    return torch.from_numpy(found), wanted


def _loss(encoder: Encoder, hidden: Tensor, is_token: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of the guesses; a token's own vector is the weight of its guess."""
    chosen = wanted != _NO_GUESS
    vectors = encoder(hidden, is_token)[chosen]
    logits = vectors @ encoder.tokens.weight.T
    total = functional.cross_entropy(logits, wanted[chosen], reduction="sum")
    return total / max(1, int(chosen.sum()))


def _advance(encoder: Encoder, optimizer: torch.optim.Optimizer, loss: Tensor, step: int) -> None:
    if not torch.isfinite(loss):
        msg = f"the loss of the guesses is {loss.item()} at step {step + 1}; lower learning_rate"
        raise TrainingError(msg)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call] # torch leaves it so
    torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0)
    optimizer.step()
