"""Exported graphs: saved and loaded, damaged, foreign; batches of equal length."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ModelError, SettingError
from mizaj.model import onnx as served
from mizaj.model.folder import save
from mizaj.model.kinds import load_classifier
from mizaj.model.onnx import OnnxClassifier, Serving, distinct_rows, equal_batches
from mizaj.model.subwords import Subwords

onnx = pytest.importorskip("onnx")
tokenizers = pytest.importorskip("tokenizers")
pytest.importorskip("onnxruntime")

LABELS = ("negative", "positive")


def subwords() -> Subwords:
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "accha": 2, "bura": 3}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.enable_truncation(8)
    return Subwords(made.to_str())


def graph(n_labels: int = 2, logits: str = "logits") -> onnx.ModelProto:
    """The sum over a post's tokens of a row for each token."""
    table = np.arange(4 * n_labels, dtype=np.float32).reshape(4, n_labels) % 3
    nodes = [
        onnx.helper.make_node("Gather", ["table", "ids"], ["rows"]),
        onnx.helper.make_node("Cast", ["mask"], ["there"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("Unsqueeze", ["there", "last"], ["column"]),
        onnx.helper.make_node("Mul", ["rows", "column"], ["kept"]),
        onnx.helper.make_node("ReduceSum", ["kept", "tokens"], [logits], keepdims=0),
    ]
    value = onnx.helper.make_tensor_value_info
    kept = {"table": table, "last": np.array([-1]), "tokens": np.array([1])}
    made = onnx.helper.make_graph(
        nodes,
        "sum",
        [
            value("ids", onnx.TensorProto.INT64, ["rows", "tokens"]),
            value("mask", onnx.TensorProto.BOOL, ["rows", "tokens"]),
        ],
        [value(logits, onnx.TensorProto.FLOAT, ["rows", n_labels])],
        [onnx.numpy_helper.from_array(each, name) for name, each in kept.items()],
    )
    return onnx.helper.make_model(
        made, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9
    )


def model(**sizes: object) -> OnnxClassifier:
    return OnnxClassifier(LABELS, graph(**sizes).SerializeToString(), subwords())


def test_a_saved_model_answers_as_before(tmp_path: Path) -> None:
    texts = pa.array(["accha", "bura accha", "", None, "kya", "accha " * 50, "accha"])
    before = replace(model(), exported={"kind": "bag"})
    save(before, tmp_path / "model")
    after = load_classifier(tmp_path / "model")
    np.testing.assert_array_equal(after.probabilities(texts), before.probabilities(texts))
    assert (after.kind, after.labels, after.exported) == ("onnx", LABELS, {"kind": "bag"})
    assert after.contents() == before.contents()


def test_no_texts_give_no_rows_and_bytes_that_are_no_utf8_an_answer() -> None:
    assert model().probabilities(pa.array([], pa.string())).shape == (0, 2)
    odd = pa.array([b"accha \xff"]).view(pa.string())
    found = model().probabilities(odd)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(found, model().probabilities(pa.array(["accha kya"])))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: graph(n_labels=3), "answers for 3 labels, its folder names 2"),
        (lambda: graph(logits="out"), "must have ids, mask and logits"),
        (lambda: b"\x08\x08 no graph", "cannot be read"),
        (lambda: elsewhere(), "names files outside itself"),
    ],
)
def test_a_graph_that_is_none_of_ours_is_refused_when_loaded(
    tmp_path: Path, made: object, message: str
) -> None:
    found = made()  # type: ignore[operator]
    content = found if isinstance(found, bytes) else found.SerializeToString()
    save(replace(model(), graph=content), tmp_path / "model")
    with pytest.raises(ModelError, match=message):
        load_classifier(tmp_path / "model")


def elsewhere() -> onnx.ModelProto:
    """A graph whose table is said to lie in another file."""
    made = graph()
    table = made.graph.initializer[0]
    onnx.external_data_helper.set_external_data(table, "../../secret.bin")
    table.ClearField("raw_data")
    return made


def test_a_graph_that_its_tokenizer_does_not_fit_is_named() -> None:
    made = graph()
    table = np.zeros((2, 2), np.float32)
    made.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(table, "table"))
    with pytest.raises(ModelError, match="failed on 1 posts of 2 tokens"):
        replace(model(), graph=made.SerializeToString()).probabilities(pa.array(["accha bura"]))


def test_settings_below_one_are_refused() -> None:
    with pytest.raises(SettingError, match="threads is 0; it must be 1 or more"):
        Serving(threads=0)


@given(
    rows=st.lists(st.lists(st.integers(0, 2), max_size=4), max_size=30),
    tokens=st.integers(1, 9),
)
def test_batches_hold_every_distinct_row_once_and_rows_of_one_length(
    rows: list[list[int]], tokens: int
) -> None:
    ids = np.array([number for row in rows for number in row], np.int32)
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    firsts, which = distinct_rows(ids, offsets)
    assert [rows[firsts[place]] for place in which.tolist()] == rows
    assert len(firsts) == len({tuple(row) for row in rows})
    batches = list(equal_batches(offsets, firsts, tokens_per_batch=tokens))
    assert sorted(row for batch in batches for row in batch.tolist()) == sorted(firsts.tolist())
    for batch in batches:
        (length,) = {len(rows[row]) for row in batch.tolist()}
        assert len(batch) == 1 or len(batch) * length <= tokens


def test_an_exported_model_answers_without_torch(tmp_path: Path) -> None:
    save(model(), tmp_path / "model")
    code = (
        "import sys, pyarrow as pa; from mizaj.model.kinds import load_classifier; "
        f"load_classifier({str(tmp_path / 'model')!r}).probabilities(pa.array(['accha'])); "
        "assert not {'torch', 'sklearn', 'scipy', 'onnx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("share", "most"), [("1", 1), ("64", 64), ("", 64), ("0", 64), ("two", 64)]
)
def test_a_task_of_a_cluster_takes_its_share_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, share: str, most: int
) -> None:
    monkeypatch.setattr(served, "_own_cores", lambda: 64)
    monkeypatch.setenv("OMP_NUM_THREADS", share)
    assert served.cores() == most
