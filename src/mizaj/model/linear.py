"""The linear model: n-grams and the lexicon's signals, each with a weight a label, summed by the compiled kernel.

What is counted stands in `ngrams` and `signals`. A key's weights lie in one hash table, whole numbers of eight bits
under a scale for each group, so that sums are exact and their order does not matter; what training found to
be worth nothing is not in it. The first paper's hashing trick (Weinberger et al., 2009) without its collisions: a slot
keeps 32 bits of its key. The part of the n-grams is divided by the root of the number of tokens and a few more, so that
long posts are not surer than short ones only for being long, and posts of a word or two are left to the signals.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import ModelError
from mizaj.lexicon import twin
from mizaj.lexicon.columns import Reading, plain_reading, run_kernel
from mizaj.lexicon.packed import load_hand_made
from mizaj.model import ngrams, signals
from mizaj.model.classifier import Answers, Contents, Probabilities, softmax
from mizaj.model.folder import WEIGHTS, Folder
from mizaj.model.linear_one import lexicon_kernel
from mizaj.model.tensors import Array, pack_tensors
from mizaj.text.tokens import compatible, tokenise

try:
    from mizaj.model._linear import LinearKernel
except ImportError:
    LinearKernel = None  # type: ignore[assignment, misc]

if TYPE_CHECKING:
    from mizaj.lexicon.packed import Lexicon

KIND = "linear"
BUCKET = 2
"""Slots that are looked at together; a key goes into the first free slot of its bucket, else of the next one."""
TAG = np.dtype("<u4")
STEPS = 127
"""The largest weight, in steps of its group's scale."""
_FULLEST = 0.75
_PLACE_BITS = 32

Bytes = NDArray[np.uint8]
Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A trained linear model.

    `slots`: uint8, shape (slots, 4 + labels in fours): the tag of a key, then its weights in steps. `scales`: what a
    step is worth, by group of `ngrams`. `signal_weights`: float32, shape (signals, labels). `bias`: float32, by label.
    """

    labels: tuple[str, ...]
    settings: Mapping[str, Any]
    slots: Bytes
    scales: Weights
    signal_weights: Weights
    bias: Weights

    @property
    def kind(self) -> str:
        """The name of the kind."""
        return KIND

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """A row of probabilities for each text."""
        return self.read(texts)["proba"].reshape(-1, len(self.labels))

    def answers(self, texts: pa.Array, /) -> Answers:
        """The probabilities, with what the lexicon read on the way."""
        found = self.read(texts)
        return Answers(
            found["proba"].reshape(-1, len(self.labels)),
            np.zeros(len(texts), np.int8),
            (KIND,),
            Reading(found["language"], found["cmi"], found["doubt"]),
        )

    def read(self, texts: pa.Array) -> dict[str, NDArray[Any]]:
        """`proba`, `language`, `cmi` and `doubt` of each text, by one reading: see `LinearKernel.score`."""
        if self.kernel is None:
            return self._read_plainly(texts)
        outputs = {
            "proba": ("f", len(self.labels)),
            "language": ("B", 1),
            "cmi": ("f", 1),
            "doubt": ("B", 1),
        }
        return run_kernel(texts, self.kernel, outputs)

    @functools.cached_property
    def kernel(self) -> LinearKernel | None:
        """The weights made ready for scoring; None where nothing is compiled."""
        if LinearKernel is None:
            return None
        return LinearKernel(
            lexicon_kernel(),
            self.slots.reshape(-1),
            len(self.labels),
            self.scales.tolist(),
            self.signal_weights.reshape(-1).tolist(),
            self.bias.tolist(),
        )

    def cooled(self, temperature: float) -> LinearModel:
        """The model with logits divided by `temperature`: what calibration by one number does, at no cost."""
        share = np.float32(1.0 / temperature)
        return replace(
            self,
            scales=self.scales * share,
            signal_weights=self.signal_weights * share,
            bias=self.bias * share,
        )

    def contents(self) -> Contents:
        """The table, the scales and what the signals weigh."""
        tensors: dict[str, Array] = {
            "slots": self.slots,
            "scales": self.scales,
            "signals": self.signal_weights,
            "bias": self.bias,
        }
        return Contents(self.settings, {WEIGHTS: pack_tensors(tensors)})

    def _read_plainly(self, texts: pa.Array) -> dict[str, NDArray[Any]]:
        # one post at a time: plain Python has no other way
        found = [read_plainly(_text(text), self, load_hand_made()) for text in texts]
        logits = np.array([logits for logits, _ in found], np.float32)
        proba = softmax(logits.reshape(-1, len(self.labels)))
        reading = plain_reading([result for _, result in found])
        return {"proba": proba.reshape(-1), **vars(reading)}


def load(folder: Folder) -> LinearModel:
    """The linear model in a folder. Raises `ModelError` for weights that do not fit each other."""
    tensors = folder.tensors()
    n_labels = len(folder.labels)
    shapes = {
        "scales": (len(ngrams.GROUPS),),
        "signals": (len(signals.NAMES), n_labels),
        "bias": (n_labels,),
    }
    for name, shape in shapes.items():
        if name not in tensors or tensors[name].shape != shape or tensors[name].dtype != np.float32:
            msg = f"{folder.path} has no {name} of shape {shape}; it was trained by another version: train it again"
            raise ModelError(msg)
    slots = tensors.get("slots")
    width = TAG.itemsize + _width(n_labels)
    if slots is None or slots.dtype != np.uint8 or slots.ndim != 2 or slots.shape[1] != width:
        msg = f"{folder.path} has no table of weights for {n_labels} labels; train or copy it again"
        raise ModelError(msg)
    return LinearModel(
        folder.labels,
        folder.settings,
        slots=slots,
        scales=tensors["scales"],
        signal_weights=tensors["signals"],
        bias=tensors["bias"],
    )


def build_table(keys: NDArray[np.uint64], steps: NDArray[np.int8]) -> Bytes:
    """The hash table of keys (all different) with their weights: int8, shape (keys, labels)."""
    width = _width(steps.shape[1])
    n_slots = max(BUCKET, 1 << math.ceil(math.log2(max(1.0, len(keys) / _FULLEST))))
    n_buckets = n_slots // BUCKET
    slots = np.zeros((n_slots, TAG.itemsize + width), np.uint8)
    rows = np.zeros((len(keys), TAG.itemsize + width), np.uint8)
    rows[:, : TAG.itemsize] = (keys & np.uint64(0xFFFFFFFF)).astype(TAG)[:, None].view(np.uint8)
    rows[:, TAG.itemsize : TAG.itemsize + steps.shape[1]] = steps.view(np.uint8)
    homes = ((keys >> np.uint64(_PLACE_BITS)) & np.uint64(n_slots - BUCKET)).astype(np.int64)
    filled = np.zeros(n_buckets, np.int64)
    # all keys try their bucket at once; those that find it full try the next one
    waiting = np.arange(len(keys))
    buckets = homes // BUCKET
    while len(waiting):
        order = np.argsort(buckets[waiting], kind="stable")
        waiting = waiting[order]
        at = buckets[waiting]
        rank = np.arange(len(at)) - np.searchsorted(at, at)
        seats = filled[at] + rank
        is_seated = seats < BUCKET
        slots[at[is_seated] * BUCKET + seats[is_seated]] = rows[waiting[is_seated]]
        filled += np.bincount(at[is_seated], minlength=n_buckets)
        waiting = waiting[~is_seated]
        buckets[waiting] = (buckets[waiting] + 1) % n_buckets
    return slots


def read_plainly(
    text: str, model: LinearModel, lexicon: Lexicon
) -> tuple[list[float], twin.Result]:
    """The logits of a post, and what the rules say of it, in plain Python: the oracle of the compiled kernel."""
    plain = compatible(text)
    tokens = tokenise(plain, lexicon.emoticons)
    find = finder(model.slots)
    sums = np.zeros((len(ngrams.GROUPS), len(model.labels)), np.int64)
    for group, key in ngrams.features(tokens, plain):
        sums[group] += find(key)[: len(model.labels)]
    read, result = twin.score_text(plain, lexicon)
    figures = np.array(signals.signals(read, result), np.float32)
    share = np.float32(ngrams.share(len(tokens)))
    parts = share * (model.scales[:, None] * sums).sum(axis=0)
    logits: list[float] = (parts + model.bias + figures @ model.signal_weights).tolist()
    return logits, result


def finder(slots: Bytes) -> Callable[[int], NDArray[np.int8]]:
    """What gives the weights of a key, in steps; zeros for a key that the table does not have."""
    tags = slots[:, : TAG.itemsize].copy().view(TAG)[:, 0]
    weights = slots[:, TAG.itemsize :].view(np.int8)
    nothing = np.zeros(weights.shape[1], np.int8)
    n_slots = len(tags)

    def find(key: int) -> NDArray[np.int8]:
        found: NDArray[np.int8]
        at = (key >> _PLACE_BITS) & (n_slots - BUCKET)
        while True:
            for slot in range(at, at + BUCKET):
                if tags[slot] == key & 0xFFFFFFFF:
                    found = weights[slot]
                    return found
            if tags[at + BUCKET - 1] == 0:
                return nothing
            at = (at + BUCKET) % n_slots

    return find


def _width(n_labels: int) -> int:
    """Weights in a slot: labels in fours."""
    return (n_labels + 3) // 4 * 4


def _text(value: pa.Scalar) -> str:
    return bytes(value.as_buffer() or b"").decode("utf-8", "replace") if value.is_valid else ""
