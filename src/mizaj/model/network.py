"""The kinds of networks trained from scratch, ready to answer: subwords, a PyTorch module, its sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from mizaj.errors import ExtraMissing, ModelError, SettingError
from mizaj.model.classifier import Contents, Probabilities, softmax
from mizaj.model.folder import WEIGHTS, Folder
from mizaj.model.forward import logits_of
from mizaj.model.subwords import Subwords
from mizaj.model.tensors import pack_tensors

try:
    import torch

    from mizaj.model import networks
except ImportError:
    torch = networks = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import nn

    from mizaj.model.networks import Sizes

ROWS_AT_ONCE = 16384
"""Rows are sorted by length among so many: no memory grows with the column."""


@dataclass(frozen=True, eq=False)
class NetworkClassifier:
    """A trained network of one of the kinds bag, cnn, rnn, lstm, gru, transformer."""

    kind: str
    labels: tuple[str, ...]
    module: nn.Module
    subwords: Subwords
    sizes: Sizes

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """A row of probabilities for each text; rows of like length are read together, on all cores."""
        found = np.empty((len(texts), len(self.labels)), np.float32)
        for begin in range(0, len(texts), ROWS_AT_ONCE):
            part = texts[begin : begin + ROWS_AT_ONCE]
            ids, offsets = self.subwords(part)
            logits = logits_of(self.module, ids, offsets, pad_id=self.subwords.pad_id)
            found[begin : begin + len(part)] = softmax(logits)
        return found

    def contents(self) -> Contents:
        """Sizes, weights and tokenizer."""
        state = self.module.state_dict()
        arrays = {name: each.detach().cpu().numpy() for name, each in state.items()}
        own = Contents({"sizes": asdict(self.sizes)}, {WEIGHTS: pack_tensors(arrays)})
        return own | self.subwords.contents


def load(folder: Folder) -> NetworkClassifier:
    """The network in a folder. Raises `ModelError` where its weights, labels or subwords do not fit its sizes."""
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    sizes = _sizes(folder)
    subwords = Subwords.load(folder)
    _check_fit(folder, sizes, subwords)
    try:
        with torch.random.fork_rng(devices=()):
            module = networks.build(folder.kind, sizes)
    except (SettingError, RuntimeError, TypeError, ValueError) as error:
        msg = f"{folder.path} gives sizes that make no network ({error}); copy or train the model again"
        raise ModelError(msg) from error
    tensors = {name: torch.from_numpy(each.copy()) for name, each in folder.tensors().items()}
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        msg = f"the weights in {folder.path} do not fit its sizes; copy or train the model again"
        raise ModelError(msg) from error
    module.eval()
    return NetworkClassifier(folder.kind, folder.labels, module, subwords, sizes)


def _check_fit(folder: Folder, sizes: Sizes, subwords: Subwords) -> None:
    """Ids that the table lacks, or rows longer than there are positions, would stop it in the middle of a batch."""
    labels = len(folder.labels)
    fits = sizes.n_labels == labels and subwords.n_tokens <= sizes.n_tokens
    if not fits or subwords.max_length > sizes.max_length:
        msg = (
            f"the network in {folder.path} is made for {sizes.n_labels} labels, {sizes.n_tokens} subwords and rows of "
            f"{sizes.max_length}; its folder has {labels}, {subwords.n_tokens} and {subwords.max_length}: "
            "copy or train the model again"
        )
        raise ModelError(msg)


def _sizes(folder: Folder) -> Sizes:
    spelt: Mapping[str, Any] = folder.settings.get("sizes") or {}
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in spelt.items()
    }
    try:
        return networks.Sizes(**given)
    except TypeError as error:
        msg = f"{folder.path} does not give the sizes of its network ({error}); upgrade mizaj, or train it again"
        raise ModelError(msg) from error
