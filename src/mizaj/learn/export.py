"""A trained network as ONNX, which answers without PyTorch; refused unless it answers as the network did."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from mizaj.errors import ExtraMissing, ModelError
from mizaj.learn.intervals import wilson_interval
from mizaj.learn.quantise import Model, quantised
from mizaj.model.classifier import Classifier, Probabilities
from mizaj.model.onnx import IDS, LOGITS, MASK, OnnxClassifier
from mizaj.model.subwords import Subwords
from mizaj.sample import sample_path

try:
    import onnx
    import torch
except ImportError:
    onnx = torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import nn

EXPORTED_KINDS = ("bag", "cnn", "rnn", "lstm", "gru", "transformer", "encoder")
_OPSET = 20  # the first with Gelu in one piece; onnxruntime reads it from 1.17 on
_AXES = {0: "rows", 1: "tokens"}


@dataclass(frozen=True)
class Bound:
    """How far an exported model may be from the one it was made from, over the posts it is checked on.

    `largest` and `mean` are differences between probabilities; `alike` is the share of posts with the same answer.
    """

    largest: float
    mean: float
    alike: float

    def __str__(self) -> str:
        return (
            f"largest difference at most {self.largest:g}, mean at most {self.mean:g}, "
            f"at least {self.alike:.0%} answered alike"
        )


BOUNDS = {"fp32": Bound(1e-4, 1e-5, 0.999), "int8": Bound(1.0, 0.02, 0.97)}
"""What is allowed: weights as they are must give what they gave; in 8 bits single posts may move, not the answers."""


@dataclass(frozen=True)
class Agreement:
    """How near an exported model is to its network: over `n_posts`, as in `Bound`."""

    n_posts: int
    largest: float
    mean: float
    alike: float

    @classmethod
    def between(cls, ours: Probabilities, theirs: Probabilities) -> Agreement:
        """The agreement of two models' answers to the same posts.

        >>> same = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
        >>> Agreement.between(same, same)
        Agreement(n_posts=2, largest=0.0, mean=0.0, alike=1.0)
        """
        apart = np.abs(ours - theirs)
        alike = ours.argmax(axis=1) == theirs.argmax(axis=1)
        return cls(len(ours), float(apart.max()), float(apart.mean()), float(alike.mean()))

    def is_within(self, bound: Bound) -> bool:
        """Whether it is as near as the bound asks; figures that are no numbers are not.

        Of few posts one or two may be answered otherwise by chance: the share alike is too low only where the whole
        of its 95 % interval is.
        """
        near = self.largest <= bound.largest and self.mean <= bound.mean
        n_alike = round(self.alike * self.n_posts)
        return near and wilson_interval(n_alike, self.n_posts).high >= bound.alike

    def __str__(self) -> str:
        return (
            f"{self.n_posts:,} posts: largest difference {self.largest:.2g}, mean {self.mean:.2g}, "
            f"{self.alike:.2%} answered alike"
        )


@dataclass(frozen=True)
class Export:
    """An exported model, and how well it agrees with the network it was made from."""

    model: OnnxClassifier
    agreement: Agreement


def export(model: Classifier, texts: pa.Array | None = None, *, int8: bool = False) -> Export:
    """The network as ONNX, its weights as they are (fp32) or in 8 bits, checked against it on `texts`.

    Without texts it is checked on the sample posts that ship. Raises `ModelError` for a model that is no PyTorch
    network, and for an export that does not agree with it within `BOUNDS`; `ExtraMissing` without torch and onnx.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    module = getattr(model, "module", None)
    if module is None:
        msg = f"a model of kind '{model.kind}' is no PyTorch network; export takes: {', '.join(EXPORTED_KINDS)}"
        raise ModelError(msg)
    texts = sample_texts() if texts is None or not len(texts) else texts
    subwords = Subwords.of(model.contents())
    graph = as_graph(module, subwords.max_length)
    graph = quantised(graph) if int8 else graph
    made = OnnxClassifier(model.labels, graph.SerializeToString(), subwords)
    agreement = Agreement.between(made.probabilities(texts), model.probabilities(texts))
    precision = "int8" if int8 else "fp32"
    _check(agreement, precision)
    said = {"kind": model.kind, "precision": precision, "agreement": asdict(agreement)}
    return Export(replace(made, exported=said), agreement)


def as_graph(module: nn.Module, max_length: int) -> Model:
    """The network as an `onnx.ModelProto` with any number of rows and tokens, in one piece.

    Raises `ModelError` for a network that ONNX cannot say.
    """
    module = module.eval().cpu()
    # Two rows and a few tokens: a size of 1 would be taken for a constant.
    ids = torch.ones((2, max(2, min(7, max_length))), dtype=torch.long)
    written = io.BytesIO()
    with _quiet():
        try:
            torch.onnx.export(
                module,
                (ids, ids > 0),
                written,  # type: ignore[arg-type] # a buffer is taken, whatever the types say
                dynamo=False,  # the newer way unrolls recurrent networks to the length of its example
                input_names=[IDS, MASK],
                output_names=[LOGITS],
                dynamic_axes={IDS: _AXES, MASK: _AXES, LOGITS: {0: "rows"}},
                opset_version=_OPSET,
            )
        except Exception as error:  # of many kinds, from deep inside
            msg = (
                f"the network cannot be said in ONNX ({_first_line(error)}); serve it with PyTorch"
            )
            raise ModelError(msg) from error
    return _bare(onnx.shape_inference.infer_shapes(onnx.load_from_string(written.getvalue())))


def sample_texts() -> pa.Array:
    """The sample posts that ship."""
    lines = sample_path().read_text(encoding="utf-8").splitlines()
    return pa.array([json.loads(line)["text"] for line in lines], pa.string())


def _bare(graph: Model) -> Model:
    """The graph without what exporters note down: source lines and paths of the machine."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return graph


@contextmanager
def _quiet() -> Iterator[None]:
    """PyTorch's exporter warns of its own inner matters, and prints; what it says is in no user's power."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)


def _check(agreement: Agreement, precision: str) -> None:
    """Raises `ModelError` where an export does not agree with its network within the bound of its precision."""
    if agreement.is_within(BOUNDS[precision]):
        return
    advice = {
        "fp32": "serve it with PyTorch, and report this as a fault of mizaj",
        "int8": "export it without --int8, or check it on more posts of your own with --data",
    }
    msg = (
        f"the {precision} export does not answer as the model does: {agreement}; "
        f"allowed: {BOUNDS[precision]}; {advice[precision]}"
    )
    raise ModelError(msg)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
