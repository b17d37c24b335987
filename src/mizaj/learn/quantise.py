"""Weights of an ONNX graph in 8 bits, and multiplications by them in integers, each token scaled by itself.

The usual dynamic quantisation finds one scale for all that stands in a batch: a post's answer then hangs on what posts
stand beside it. Here every token's vector has a scale of its own (its largest figure becomes 127), every column of a
matrix and every row of a table of embeddings too. See docs/decisions/0009-one-scale-a-token.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mizaj.errors import ExtraMissing
from mizaj.model.tensors import Array

try:
    import onnx
    from onnx import helper, numpy_helper
except ImportError:
    onnx = helper = numpy_helper = None  # type: ignore[assignment]

Model = Any
"""An `onnx.ModelProto`; the library's types do not say what its messages hold."""
Node = Any

_STEPS = 127
_MIDDLE = (
    128  # of 8 bits without sign: x86 multiplies those by signed ones, and not signed by signed
)
_LEAST_SCALE = 1e-12  # of a vector of zeros
_LEAST_WEIGHTS = 4096  # smaller matrices, such as a head, gain nothing and lose accuracy
_CONTRIB = "com.microsoft"


def quantised(model: Model) -> Model:
    """The graph with large matrices and tables of embeddings in 8 bits; `model` is not changed.

    Raises `ExtraMissing` without the library `onnx`.
    """
    if onnx is None:
        raise ExtraMissing(library="onnx", extra="train")
    return _Rewriting(model).done()


class _Rewriting:
    """A graph being written anew, node by node."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.weights = {each.name: each for each in model.graph.initializer}
        self.nodes: list[Node] = []
        self.added: dict[str, Any] = {}
        self.scaled: set[str] = set()

    def done(self) -> Model:
        """The new graph."""
        for node in self.model.graph.node:
            if node.op_type == "MatMul" and self._is_large(node.input[1]):
                self._multiply(node)
            elif node.op_type == "Gather" and self._is_large(node.input[0]):
                self._gather(node)
            else:
                self.nodes.append(node)
        return self._assembled()

    def _multiply(self, node: Node) -> None:
        """Vectors @ weights: both as integers, then the product of their scales."""
        vectors, weights, out = node.input[0], node.input[1], node.output[0]
        figures, scales = _in_8_bits(numpy_helper.to_array(self.weights[weights]))
        self._scale_tokens(vectors, len(figures))
        whole = [f"{vectors}.int8", self._keep(f"{weights}.int8", figures)]
        whole += [self._keep("int8.one", np.array(1, np.float32))]
        whole += [self._keep(f"{weights}.scale", scales), self._middle()]
        self._say("MatMulIntegerToFloat", whole, f"{out}.whole", domain=_CONTRIB)
        self._say("Mul", [f"{out}.whole", f"{vectors}.scale"], f"{out}.flat")
        n_columns = self._keep(f"int8.{figures.shape[1]}", np.array([figures.shape[1]], np.int64))
        self._say("Concat", [f"{vectors}.shape", n_columns], f"{out}.shape", axis=0)
        self._say("Reshape", [f"{out}.flat", f"{out}.shape"], out)

    def _scale_tokens(self, vectors: str, width: int) -> None:
        """The vectors as integers with one scale each; done once for all matrices that read them."""
        if vectors in self.scaled:
            return
        self.scaled.add(vectors)
        of = {name: f"{vectors}.{name}" for name in
              ("flat", "size", "top", "step", "scale", "scales", "count", "middle", "int8", "shape")}  # fmt: skip
        last = self._keep("int8.last", np.array([1], np.int64))
        self._say("Shape", [vectors], of["shape"], start=0, end=-1)
        rows = self._keep(f"int8.rows-{width}", np.array([-1, width], np.int64))
        self._say("Reshape", [vectors, rows], of["flat"])
        self._say("Abs", [of["flat"]], of["size"])
        self._say("ReduceMax", [of["size"], last], of["top"], keepdims=1)
        step = self._keep("int8.step", np.array(1 / _STEPS, np.float32))
        self._say("Mul", [of["top"], step], of["step"])
        least = self._keep("int8.least", np.array(_LEAST_SCALE, np.float32))
        self._say("Max", [of["step"], least], of["scale"])
        self._say("Squeeze", [of["scale"], last], of["scales"])
        self._say("Shape", [of["scales"]], of["count"])
        self._say("Expand", [self._middle(), of["count"]], of["middle"])
        self._say("QuantizeLinear", [of["flat"], of["scales"], of["middle"]], of["int8"], axis=0)

    def _gather(self, node: Node) -> None:
        """Rows of a table: their integers times their scales."""
        table, ids, out = node.input[0], node.input[1], node.output[0]
        figures, scales = _in_8_bits(numpy_helper.to_array(self.weights[table]).T)
        numbers = self._keep(f"{table}.int8", np.ascontiguousarray(figures.T))
        self._say("Gather", [numbers, ids], f"{out}.int8")
        self._say("Cast", [f"{out}.int8"], f"{out}.whole", to=onnx.TensorProto.FLOAT)
        self._say(
            "Gather", [self._keep(f"{table}.scale", scales[:, None]), ids], f"{out}.row-scale"
        )
        self._say("Mul", [f"{out}.whole", f"{out}.row-scale"], out)

    def _is_large(self, name: str) -> bool:
        sizes = self.weights[name].dims if name in self.weights else ()
        return len(sizes) == 2 and int(np.prod(sizes)) >= _LEAST_WEIGHTS

    def _middle(self) -> str:
        return self._keep("int8.middle", np.array(_MIDDLE, np.uint8))

    def _keep(self, name: str, array: Array) -> str:
        self.added[name] = numpy_helper.from_array(array, name)
        return name

    def _say(self, operator: str, given: Sequence[str], out: str, **attributes: Any) -> None:  # noqa: ANN401 - of any type
        self.nodes.append(helper.make_node(operator, given, [out], **attributes))

    def _assembled(self) -> Model:
        read = {name for node in self.nodes for name in node.input}
        kept = [each for name, each in self.weights.items() if name in read]
        made = {name for node in self.nodes for name in node.output}
        # The shapes of what was there before tell onnxruntime what it may fuse.
        shapes = [each for each in self.model.graph.value_info if each.name in made]
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        for name, content in (
            ("node", self.nodes),
            ("initializer", [*kept, *self.added.values()]),
            ("value_info", shapes),
        ):
            model.graph.ClearField(name)
            getattr(model.graph, name).extend(content)
        if all(each.domain != _CONTRIB for each in model.opset_import):
            model.opset_import.append(helper.make_opsetid(_CONTRIB, 1))
        return model


def _in_8_bits(matrix: Array) -> tuple[Array, Array]:
    """The matrix as int8, and the scale of each column."""
    scales = np.abs(matrix).max(axis=0) / _STEPS
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.clip(np.rint(matrix / scales), -_STEPS, _STEPS).astype(np.int8), scales
