"""How many posts a second an encoder answers, exported to 8 bits, against a `transformers` pipeline with its weights.

    python benchmarks/encoder_speed.py [MODEL] [--rows N] [--rounds N] [--json]

MODEL is the folder of an encoder; without it, one of the size of multilingual-e5-small (12 layers of 384) with random
weights is made: as fast as a trained one, though its answers mean nothing. First all ways to ask it are checked to
answer alike. Then rounds go through all of them in turn, on the same posts and all cores; times are by the clock,
from texts to probabilities; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

import machine
import numpy as np
import posts
import pyarrow as pa
import tokenizers
import torch
import transformers

from mizaj.learn.export import BOUNDS, Agreement, export
from mizaj.learn.subwords import train_subwords
from mizaj.model.bert import Encoder, EncoderNetwork, Shape
from mizaj.model.encoder import EncoderClassifier
from mizaj.model.kinds import load_classifier
from mizaj.model.onnx import Serving, cores
from mizaj.model.subwords import Subwords

ROWS = 1_024  # posts a round, other ones each time
ROUNDS = 5
CHECKED_ROWS = 256
OURS = "mizaj, int8"
PIPELINE = "transformers pipeline"
LABELS = ("negative", "neutral", "positive")
# multilingual-e5-small, its vocabulary pruned to posts as `neural.md` has it
WIDTH, LAYERS, HEADS, INNER, TOKENS, LENGTH = 384, 12, 12, 1536, 16_000, 48
SPREAD = 4.0  # of a random head's weights, so that answers differ as those of a trained one do
VERSIONS = ("torch", "transformers", "tokenizers", "onnxruntime")

Answers = np.ndarray
Asked = Callable[[pa.Array], Answers]


def main() -> int:
    options = _options()
    transformers.logging.set_verbosity(
        transformers.logging.CRITICAL
    )  # it warns of what it does not know
    torch.set_num_threads(cores())
    model = load_classifier(options.model) if options.model else made_up()
    ways = all_ways(model)
    checked = check(ways, posts.texts(CHECKED_ROWS))
    rates = measure(ways, options.rows, options.rounds)
    if options.json:
        print(json.dumps(_as_json(rates, checked), indent=2))
        return 0
    print(machine.heading())
    print(", ".join(f"{name} {version(name)}" for name in VERSIONS))
    print(posts.describe())
    print(
        f"encoder: {options.model or 'random weights, the size of multilingual-e5-small'}; {cores()} cores"
    )
    for name, agreement in checked.items():
        print(f"{name}, against the pipeline: {agreement}")
    print("", _table(rates), sep="\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", nargs="?", help="the folder of an encoder")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"posts a round ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def made_up() -> EncoderClassifier:
    """An encoder of random weights whose tokenizer knows the posts."""
    torch.manual_seed(0)
    subwords = train_subwords(posts.texts(20_000), n_tokens=TOKENS, max_length=LENGTH)
    shape = Shape(subwords.n_tokens, WIDTH, LAYERS, HEADS, INNER, LENGTH)
    module = EncoderNetwork(Encoder(shape), len(LABELS)).eval()
    torch.nn.init.normal_(module.head.weight, std=SPREAD)
    return EncoderClassifier(labels=LABELS, module=module, subwords=subwords)


def all_ways(model: EncoderClassifier) -> dict[str, Asked]:
    """Each way to ask the encoder, by its name."""
    texts = posts.texts(CHECKED_ROWS)
    int8 = export(model, texts, int8=True).model
    fp32 = export(model, texts).model
    inside = Serving(threads=1, threads_per_batch=cores())
    return {
        OURS: int8.probabilities,
        "mizaj, int8, threads inside a batch": replace(int8, serving=inside).probabilities,
        "mizaj, fp32": fp32.probabilities,
        PIPELINE: Pipeline(as_pipeline(model), model.subwords, 1),
        f"{PIPELINE}, batches of 32": Pipeline(as_pipeline(model), model.subwords, 32),
    }


@dataclass(frozen=True)
class Pipeline:
    """A pipeline asked as its guide says: a list of texts as the encoder reads them, every label's score."""

    pipeline: Any
    subwords: Subwords
    batch_size: int

    def __call__(self, texts: pa.Array) -> Answers:
        found = self.pipeline(
            self.subwords.read(texts), batch_size=self.batch_size, top_k=None, truncation=True
        )
        rows = [{each["label"]: each["score"] for each in row} for row in found]
        return np.array([[row[f"LABEL_{n}"] for n in range(len(row))] for row in rows], np.float32)


class MeanHead(transformers.BertPreTrainedModel):
    """BERT with a linear layer on the mean of the tokens: the same network, built from the library's parts."""

    def __init__(self, config: transformers.BertConfig) -> None:
        super().__init__(config)
        self.bert = transformers.BertModel(config, add_pooling_layer=False)
        self.head = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, **_: Any
    ) -> transformers.modeling_outputs.SequenceClassifierOutput:
        hidden = self.bert(input_ids, attention_mask).last_hidden_state
        there = attention_mask[:, :, None].to(hidden.dtype)
        mean = (hidden * there).sum(dim=1) / there.sum(dim=1).clamp(min=1.0)
        return transformers.modeling_outputs.SequenceClassifierOutput(logits=self.head(mean))


def as_pipeline(model: EncoderClassifier) -> Any:
    """The encoder's weights in a pipeline of the library."""
    shape = model.module.encoder.shape
    config = transformers.BertConfig(
        vocab_size=shape.n_tokens,
        hidden_size=shape.width,
        num_hidden_layers=shape.n_layers,
        num_attention_heads=shape.n_heads,
        intermediate_size=shape.n_inner,
        max_position_embeddings=shape.n_positions,
        layer_norm_eps=shape.epsilon,
        type_vocab_size=1,
        num_labels=len(model.labels),
    )
    theirs = MeanHead(config).eval()
    theirs.load_state_dict(_renamed(model.module.state_dict()), strict=False)
    torch.nn.init.zeros_(theirs.bert.embeddings.token_type_embeddings.weight)
    reader = tokenizers.Tokenizer.from_str(model.subwords.spelt)
    pad = reader.id_to_token(model.subwords.pad_id)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=reader,
        pad_token=pad,
        model_max_length=shape.n_positions,
        model_input_names=["input_ids", "attention_mask"],
    )
    return transformers.pipeline(
        "text-classification", model=theirs, tokenizer=wrapped, device="cpu"
    )


def _renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Our weights by the library's names."""
    words = {
        "encoder.tokens": "bert.embeddings.word_embeddings",
        "encoder.positions": "bert.embeddings.position_embeddings",
        "encoder.norm": "bert.embeddings.LayerNorm",
        "encoder.layers": "bert.encoder.layer",
        ".attention.out.": ".attention.output.dense.",
        ".attention_norm.": ".attention.output.LayerNorm.",
        ".inner.": ".intermediate.dense.",
        ".outer.": ".output.dense.",
        ".outer_norm.": ".output.LayerNorm.",
        ".attention.query.": ".attention.self.query.",
        ".attention.key.": ".attention.self.key.",
        ".attention.value.": ".attention.self.value.",
    }
    found = {}
    for name, weights in state.items():
        theirs = name
        for ours, word in words.items():
            theirs = theirs.replace(ours, word)
        found[theirs] = weights
    return found


def check(ways: dict[str, Asked], texts: pa.Array) -> dict[str, Agreement]:
    """How near each way is to the pipeline; leaves where one is not near enough."""
    expected = ways[PIPELINE](texts)
    found = {name: Agreement.between(ask(texts), expected) for name, ask in ways.items()}
    for name, agreement in found.items():
        bound = BOUNDS["int8" if "int8" in name else "fp32"]
        if not agreement.is_within(bound):
            raise SystemExit(
                f"{name} does not answer as the pipeline: {agreement}; allowed: {bound}"
            )
    return {name: agreement for name, agreement in found.items() if name != PIPELINE}


def measure(ways: dict[str, Asked], n_rows: int, n_rounds: int) -> dict[str, list[float]]:
    """Posts a second of each way, round by round."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    texts = posts.texts(n_rows * n_rounds, seed=2)
    for number in range(n_rounds):
        some = texts[number * n_rows : (number + 1) * n_rows]
        for name, ask in ways.items():
            start = time.perf_counter()
            ask(some)
            rates[name].append(len(some) / (time.perf_counter() - start))
    return rates


def _table(rates: dict[str, list[float]]) -> str:
    rows = [
        f"| asked through | posts a second, median (least to most) | {OURS} is faster |",
        "| --- | ---: | ---: |",
    ]
    for name, found in rates.items():
        times = (
            ""
            if name == OURS
            else f"{machine.Spread.of(_ratios(rates, name)).written('.1f')} times"
        )
        rows.append(f"| {name} | {machine.Spread.of(found).written()} | {times} |")
    return "\n".join(rows)


def _ratios(rates: dict[str, list[float]], rival: str) -> list[float]:
    return [ours / theirs for ours, theirs in zip(rates[OURS], rates[rival], strict=True)]


def _as_json(rates: dict[str, list[float]], checked: dict[str, Agreement]) -> dict[str, object]:
    return {
        "machine": machine.describe(),
        "posts": posts.describe(),
        "agreement": {name: asdict(agreement) for name, agreement in checked.items()},
        "rounds": rates,
        "posts_per_second": {name: vars(machine.Spread.of(found)) for name, found in rates.items()},
        "ratio": {name: vars(machine.Spread.of(_ratios(rates, name))) for name in rates},
    }


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.exit(main())
