"""Pretrained encoders from a local folder in the layout of Hugging Face, cut to what a task needs.

BERT, MuRIL, MiniLM, e5, XLM-R and RoBERTa are read from config.json, model.safetensors and tokenizer.json; nothing is
downloaded. Most of a multilingual encoder are rows for tokens of other languages: `pruned` leaves them away.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mizaj.errors import ExtraMissing, ModelError, SettingError, SourceError
from mizaj.model.tensors import Array, unpack_tensors

try:
    from tokenizers import Tokenizer
except ImportError:
    Tokenizer = None  # type: ignore[assignment, misc]

_PARTS = (
    (r"embeddings\.word_embeddings\.", "tokens."),
    (r"embeddings\.position_embeddings\.", "positions."),
    (r"embeddings\.LayerNorm\.", "norm."),
    (r"encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.", r"layers.\1.attention.\2."),
    (r"encoder\.layer\.(\d+)\.attention\.output\.dense\.", r"layers.\1.attention.out."),
    (r"encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.", r"layers.\1.attention_norm."),
    (r"encoder\.layer\.(\d+)\.intermediate\.dense\.", r"layers.\1.inner."),
    (r"encoder\.layer\.(\d+)\.output\.dense\.", r"layers.\1.outer."),
    (r"encoder\.layer\.(\d+)\.output\.LayerNorm\.", r"layers.\1.outer_norm."),
)
"""Names of weights in `transformers`, and here."""
_TYPES = "embeddings.token_type_embeddings.weight"
_SHIFTED = ("xlm-roberta", "roberta", "camembert")
"""Model types whose positions begin after the number of the padding token."""
_KNOWN = ("bert", *_SHIFTED)
_EPSILON = 1e-12  # of layer norm in BERT, where the configuration does not say
_BATCH = 1_000


@dataclass(frozen=True, eq=False)
class Pretrained:
    """An encoder's weights by their names in `model.bert`, its configuration, and its tokeniser as JSON."""

    config: Mapping[str, Any]
    weights: Mapping[str, Array]
    tokeniser: Mapping[str, Any]

    @property
    def n_layers(self) -> int:
        """How many layers it has."""
        return 1 + max(
            int(name.split(".")[1]) for name in self.weights if name.startswith("layers.")
        )

    @property
    def n_tokens(self) -> int:
        """How many rows its table of tokens has."""
        return len(self.weights["tokens.weight"])

    @property
    def unknown_id(self) -> int:
        """The number of the token that stands for what no token spells."""
        spelt = self.tokeniser["model"]
        if spelt["type"] == "Unigram":
            return int(spelt["unk_id"])
        return int(spelt["vocab"].get(spelt.get("unk_token"), 0))

    def shape(self) -> dict[str, Any]:
        """The sizes that `model.bert.Shape` takes."""
        return {
            "n_tokens": self.n_tokens,
            "width": self.config["hidden_size"],
            "n_layers": self.n_layers,
            "n_heads": self.config["num_attention_heads"],
            "n_inner": self.config["intermediate_size"],
            "n_positions": len(self.weights["positions.weight"]),
            "epsilon": self.config.get("layer_norm_eps", _EPSILON),
        }

    def with_tokeniser(self, tokeniser: Mapping[str, Any]) -> Pretrained:
        """The same encoder that reads by another tokenizer file, of the same tokens."""
        return replace(self, tokeniser=tokeniser)


def open_pretrained(folder: str | Path) -> Pretrained:
    """The encoder in a folder with config.json, model.safetensors and tokenizer.json.

    Raises `SourceError` where one is missing, `ModelError` for an encoder that is not of the family of BERT.
    """
    folder = Path(folder)
    config = _json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in _KNOWN or config.get("hidden_act", "gelu") != "gelu":
        msg = f"{folder} holds a '{kind}' encoder ({config.get('hidden_act')}); known: {', '.join(_KNOWN)}, with gelu"
        raise ModelError(msg)
    stored = unpack_tensors(
        _there(folder / "model.safetensors").read_bytes(), str(folder / "model.safetensors")
    )
    return Pretrained(config, _renamed(stored, config), _json(folder / "tokenizer.json"))


def truncated(model: Pretrained, n_layers: int, max_len: int) -> Pretrained:
    """The encoder with its first layers and positions only. Raises `SettingError` where it has fewer."""
    n_positions = len(model.weights["positions.weight"])
    if not (1 <= n_layers <= model.n_layers and 1 <= max_len <= n_positions):
        msg = (
            f"{n_layers} layers of {max_len} tokens were asked for; the encoder has {model.n_layers} of {n_positions}, "
            "set n_layers and max_len within"
        )
        raise SettingError(msg)
    weights = {
        name: array[:max_len] if name == "positions.weight" else array
        for name, array in model.weights.items()
        if not name.startswith("layers.") or int(name.split(".")[1]) < n_layers
    }
    return replace(model, weights=weights)


def pruned(model: Pretrained, texts: Iterable[str], *, min_count: int = 1) -> Pretrained:
    """The encoder with only the tokens that occur `min_count` times in the texts, and those no text can do without.

    These are special tokens, single ASCII and Devanagari characters, and emoji. A tokeniser that merges pairs (BPE) is
    left whole, since its merges need each other. Numbers of tokens change; their vectors do not.
    """
    kind = model.tokeniser["model"]["type"]
    if kind not in ("Unigram", "WordPiece"):
        return model
    words = _words(model.tokeniser)
    counts = token_counts(model.tokeniser, texts)
    special = {token["id"] for token in model.tokeniser["added_tokens"]}
    kept = [
        number
        for number, word in enumerate(words)
        if number in special or counts[number] >= min_count or _is_needed(word)
    ]
    weights = dict(model.weights)
    weights["tokens.weight"] = weights["tokens.weight"][np.array(kept)]
    return replace(model, weights=weights, tokeniser=_with_tokens(model.tokeniser, words, kept))


def token_counts(tokeniser: Mapping[str, Any], texts: Iterable[str]) -> Counter[int]:
    """How often each token number occurs in the texts. Raises `ExtraMissing` without `tokenizers`."""
    if Tokenizer is None:
        raise ExtraMissing(library="tokenizers", extra="train")
    reader = Tokenizer.from_str(json.dumps(tokeniser))
    counts: Counter[int] = Counter()
    left = iter(texts)
    while batch := list(islice(left, _BATCH)):
        counts.update(number for read in reader.encode_batch(batch) for number in read.ids)
    return counts


def _words(tokeniser: Mapping[str, Any]) -> list[str]:
    """The tokens by their numbers."""
    vocabulary = tokeniser["model"]["vocab"]
    if isinstance(vocabulary, list):
        return [word for word, _ in vocabulary]
    return sorted(vocabulary, key=vocabulary.__getitem__)


def _is_needed(word: str) -> bool:
    bare = word.removeprefix("▁").removeprefix("##")
    if len(bare) == 1 and (bare.isascii() or "\u0900" <= bare <= "\u097f"):
        return True
    return word == "▁" or any(unicodedata.category(character) == "So" for character in bare)


def _with_tokens(
    tokeniser: Mapping[str, Any], words: Sequence[str], kept: Sequence[int]
) -> dict[str, Any]:
    """The tokeniser with these tokens only, numbered anew in their order."""
    new = {old: number for number, old in enumerate(kept)}
    model = dict(tokeniser["model"])
    if isinstance(model["vocab"], list):
        model["vocab"] = [model["vocab"][old] for old in kept]
        model["unk_id"] = new[model["unk_id"]]
    else:
        model["vocab"] = {words[old]: number for old, number in new.items()}
    changed = {**tokeniser, "model": model}
    changed["added_tokens"] = [
        {**token, "id": new[token["id"]]} for token in tokeniser["added_tokens"]
    ]
    changed["post_processor"] = _renumbered(tokeniser["post_processor"], new)
    return changed


def _renumbered(spelt: Any, new: Mapping[int, int]) -> Any:  # noqa: ANN401 - JSON of any shape
    """A post-processor with its special tokens' numbers put right: lists `ids`, pairs `[token, number]`."""
    if not isinstance(spelt, dict):
        return spelt
    changed = dict(spelt)
    for name, value in spelt.items():
        if name == "ids":
            changed[name] = [new[number] for number in value]
        elif name in ("sep", "cls") and isinstance(value, list):
            changed[name] = [value[0], new[value[1]]]
        elif isinstance(value, dict):
            changed[name] = _renumbered(value, new)
        elif name == "processors":
            changed[name] = [_renumbered(each, new) for each in value]
    return changed


def _renamed(stored: Mapping[str, Array], config: Mapping[str, Any]) -> dict[str, Array]:
    """The weights by their names here; the vector of the first token type is put into the positions."""
    bare = {re.sub(r"^(bert|roberta)\.", "", name): array for name, array in stored.items()}
    weights = {}
    for name, array in bare.items():
        for pattern, ours in _PARTS:
            found = re.match(pattern, name)
            if found:
                weights[found.expand(ours) + name[found.end() :]] = array
    start = int(config["pad_token_id"]) + 1 if config["model_type"] in _SHIFTED else 0
    places = weights["positions.weight"][start:].astype(np.float32)
    weights["positions.weight"] = places + bare[_TYPES][0].astype(np.float32)
    return weights


def _there(path: Path) -> Path:
    if not path.is_file():
        msg = (
            f"{path} is not there; a pretrained encoder is a folder with config.json, model.safetensors and "
            "tokenizer.json, as `save_pretrained` of transformers writes it"
        )
        raise SourceError(msg)
    return path


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(_there(path).read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except json.JSONDecodeError as error:
        msg = f"{path} is no JSON ({error}); copy the encoder again"
        raise SourceError(msg) from error
