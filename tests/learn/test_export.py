"""A network and its export answer alike; an export that does not is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mizaj.cli.export_command import export as export_command
from mizaj.errors import ModelError
from mizaj.learn import export as exporting
from mizaj.model.folder import Described, open_folder, save
from mizaj.model.kinds import load_classifier
from mizaj.model.onnx import GRAPH, OnnxClassifier, Serving
from mizaj.model.subwords import TOKENIZER, Subwords

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
networks = pytest.importorskip("mizaj.model.networks")
bert = pytest.importorskip("mizaj.model.bert")
tokenizers = pytest.importorskip("tokenizers")
NetworkClassifier = pytest.importorskip("mizaj.model.network").NetworkClassifier
EncoderClassifier = pytest.importorskip("mizaj.model.encoder").EncoderClassifier

LABELS = ("negative", "neutral", "positive")
WORDS = (
    "yeh",
    "movie",
    "bahut",
    "accha",
    "nahi",
    "hai",
    "bakwas",
    "very",
    "good",
    "bad",
    "not",
    "phone",
)
N_TOKENS = 300
LENGTH = 24
SIZES = networks.Sizes(
    n_tokens=N_TOKENS, n_labels=3, embedding=32, hidden=32, heads=2, buckets=64, max_length=LENGTH
)
CASES = [(kind, SIZES) for kind in ("bag", "cnn", "rnn", "lstm", "gru", "transformer")]
CASES += [("transformer", replace(SIZES, window=3)), ("cnn", replace(SIZES, head="ordinal"))]
TEXTS = pa.array(
    ["yeh movie bahut accha hai", "bakwas", "", None, "very good phone " * 30, "not so bad", "bakwas"]
)  # fmt: skip


def subwords() -> Subwords:
    vocabulary = {word: number for number, word in enumerate(("[PAD]", "[UNK]", *WORDS))}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.enable_truncation(LENGTH)
    return Subwords(made.to_str())


def drawn(module: torch.nn.Module) -> torch.nn.Module:
    """Weights drawn far enough apart that answers differ, as those of a trained network do."""
    with torch.no_grad():
        for name, weights in module.named_parameters():
            if "head" in name and weights.ndim == 2:
                weights.normal_(std=2.0)
    return module.eval()


def network(kind: str, sizes: networks.Sizes = SIZES) -> NetworkClassifier:
    torch.manual_seed(1)
    return NetworkClassifier(kind, LABELS, drawn(networks.build(kind, sizes)), subwords(), sizes)


def encoder() -> EncoderClassifier:
    torch.manual_seed(1)
    shape = bert.Shape(N_TOKENS, 64, n_layers=2, n_heads=2, n_inner=128, n_positions=LENGTH)
    module = bert.EncoderNetwork(bert.Encoder(shape), 3)
    return EncoderClassifier(labels=LABELS, subwords=subwords(), module=drawn(module))


@pytest.mark.parametrize(("kind", "sizes"), CASES)
def test_every_network_answers_alike_once_exported(kind: str, sizes: networks.Sizes) -> None:
    model = network(kind, sizes)
    made = exporting.export(model).model
    np.testing.assert_allclose(
        made.probabilities(TEXTS), model.probabilities(TEXTS), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("int8", [False, True])
def test_an_encoder_answers_alike_once_exported(int8: bool) -> None:
    model = encoder()
    found = exporting.export(model, int8=int8)
    apart = np.abs(found.model.probabilities(TEXTS) - model.probabilities(TEXTS))
    assert apart.max() <= (0.05 if int8 else 1e-5)
    assert found.agreement.n_posts == len(exporting.sample_texts())


@pytest.mark.parametrize("kind", ["bag", "gru", "transformer"])
def test_in_8_bits_a_network_is_smaller_and_answers_nearly_alike(kind: str) -> None:
    model = network(kind, replace(SIZES, n_tokens=2_000))
    plain, small = (exporting.export(model, int8=int8).model for int8 in (False, True))
    assert len(small.graph) < 0.5 * len(plain.graph)
    apart = np.abs(small.probabilities(TEXTS) - model.probabilities(TEXTS))
    assert apart.max() < 0.05


@pytest.mark.parametrize("int8", [False, True])
def test_neighbours_and_batches_change_no_answer(int8: bool) -> None:
    made = exporting.export(encoder(), int8=int8).model
    together = made.probabilities(TEXTS)
    alone = np.concatenate([made.probabilities(TEXTS[row : row + 1]) for row in range(len(TEXTS))])
    np.testing.assert_allclose(together, alone, atol=1e-5, rtol=0)
    for serving in (Serving(threads=1, tokens_per_batch=1), Serving(threads=2), Serving(1, 2)):
        other = replace(made, serving=serving).probabilities(TEXTS)
        np.testing.assert_allclose(together, other, atol=1e-5, rtol=0)


def test_an_export_that_answers_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = network("cnn")

    def spoilt(module: torch.nn.Module, max_length: int) -> object:
        with torch.no_grad():
            module.head.bias[0] += 1.0
        try:
            return as_graph(module, max_length)
        finally:
            with torch.no_grad():
                module.head.bias[0] -= 1.0

    as_graph = exporting.as_graph
    monkeypatch.setattr(exporting, "as_graph", spoilt)
    with pytest.raises(
        ModelError, match="fp32 export does not answer as the model does: 389 posts"
    ):
        exporting.export(model)


def test_figures_that_are_no_numbers_are_outside_every_bound() -> None:
    nothing = np.full((2, 3), np.nan, np.float32)
    for bound in exporting.BOUNDS.values():
        assert not exporting.Agreement.between(nothing, nothing).is_within(bound)


@pytest.mark.parametrize(
    ("n_posts", "alike", "is_allowed"),
    [(40, 0.95, True), (4_000, 0.95, False), (2, 0.0, False), (4_000, 0.99, True)],
)
def test_few_posts_answered_otherwise_may_be_chance(
    n_posts: int, alike: float, is_allowed: bool
) -> None:
    found = exporting.Agreement(n_posts, largest=0.02, mean=0.003, alike=alike)
    assert found.is_within(exporting.BOUNDS["int8"]) == is_allowed


def test_a_model_without_a_network_is_refused() -> None:
    made = exporting.export(network("bag")).model
    with pytest.raises(ModelError, match="kind 'onnx' is no PyTorch network; export takes: bag"):
        exporting.export(made)


def test_a_network_that_onnx_cannot_say_is_refused_in_one_line() -> None:
    class Odd(torch.nn.Module):
        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return torch.linalg.svd(ids.float())[1][:, :3] + mask.sum()

    with pytest.raises(ModelError, match="cannot be said in ONNX") as caught:
        exporting.as_graph(Odd(), LENGTH)
    assert "\n" not in str(caught.value)


def test_a_graph_tells_nothing_of_the_machine_it_was_made_on() -> None:
    graph = exporting.export(encoder()).model.graph
    assert str(Path(__file__).parents[2]).encode() not in graph
    assert not re.search(rb"\.py\b", graph)


@pytest.mark.parametrize("int8", [False, True])
def test_the_command_writes_a_model_that_names_its_parent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], int8: bool
) -> None:
    calibration = {"method": "temperature", "value": 1.5}
    parent = save(encoder(), tmp_path / "model", Described(calibration=calibration))
    posts = tmp_path / "posts.jsonl"
    posts.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("very good", "bakwas")))
    out = str(tmp_path / "exported")
    assert export_command(str(parent.path), out, int8=int8, data=str(posts), as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    folder = open_folder(out)
    assert said["agreement"]["n_posts"] == 2
    assert said["bytes"] == sum((folder.path / name).stat().st_size for name in folder.files)
    assert folder.described.parent == parent.content_hash
    assert folder.described.calibration == calibration
    assert set(folder.files) == {GRAPH, TOKENIZER}
    assert isinstance(load_classifier(folder), OnnxClassifier)
    assert export_command(str(parent.path), out, int8=int8, overwrite=True) == 0
    assert "answered alike" in capsys.readouterr().out
