"""Pretrained encoders that were fine-tuned, as a kind of model: a tokenizer, an encoder, a layer on the mean."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mizaj.errors import ExtraMissing, ModelError
from mizaj.model.classifier import Contents, Probabilities, softmax
from mizaj.model.folder import WEIGHTS, Folder
from mizaj.model.forward import logits_of
from mizaj.model.network import ROWS_AT_ONCE
from mizaj.model.subwords import Subwords
from mizaj.model.tensors import pack_tensors

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from mizaj.model.bert import EncoderNetwork

KIND = "encoder"


@dataclass(frozen=True, eq=False)
class EncoderClassifier:
    """A fine-tuned encoder."""

    labels: tuple[str, ...]
    subwords: Subwords
    module: EncoderNetwork

    @property
    def kind(self) -> str:
        """`encoder`."""
        return KIND

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """A row of probabilities for each text; see `Classifier`."""
        found = np.empty((len(texts), len(self.labels)), np.float32)
        for begin in range(0, len(texts), ROWS_AT_ONCE):
            part = texts[begin : begin + ROWS_AT_ONCE]
            ids, offsets = self.subwords(part)
            logits = logits_of(self.module, ids, offsets, pad_id=self.subwords.pad_id)
            found[begin : begin + len(part)] = softmax(logits)
        return found

    def contents(self) -> Contents:
        """The sizes of the encoder, its weights and its tokenizer."""
        weights = {name: each.cpu().numpy() for name, each in self.module.state_dict().items()}
        shape = asdict(self.module.encoder.shape)
        own = Contents({"shape": shape}, {WEIGHTS: pack_tensors(weights)})
        return own | self.subwords.contents


def load(folder: Folder) -> EncoderClassifier:
    """The encoder in a folder. Raises `ModelError` where its weights do not fit its settings."""
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    from mizaj.model.bert import Encoder, EncoderNetwork, Shape  # needs torch

    try:
        shape = Shape(**folder.settings["shape"])
        with torch.device("meta"):
            module = EncoderNetwork(Encoder(shape), len(folder.labels))
        found = {name: torch.from_numpy(each.copy()) for name, each in folder.tensors().items()}
        module.load_state_dict(found, assign=True)
    except (KeyError, TypeError, RuntimeError) as error:
        msg = f"{folder.path} holds an encoder whose weights do not fit its settings ({error}); train it again"
        raise ModelError(msg) from error
    return EncoderClassifier(folder.labels, Subwords.load(folder), module.eval())
