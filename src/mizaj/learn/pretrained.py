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

from mizaj.errors import ExtraMissing, ModelError, SettingError, SinkError, SourceError
from mizaj.model.tensors import Array, pack_tensors, unpack_tensors

try:
    from tokenizers import Tokenizer
except ImportError:
    Tokenizer = None  # type: ignore[assignment, misc]

_EMBEDDINGS = {
    "embeddings.word_embeddings": "tokens",
    "embeddings.position_embeddings": "positions",
    "embeddings.LayerNorm": "norm",
}
"""Names of weights in `transformers`, and here; those of a layer below."""
_LAYER = {
    "attention.self.query": "attention.query",
    "attention.self.key": "attention.key",
    "attention.self.value": "attention.value",
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "outer_norm",
}
_THEIR_LAYER = re.compile(r"encoder\.layer\.(\d+)\.(.+)")
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


def save_pretrained(model: Pretrained, folder: str | Path) -> None:
    """Write the encoder as a folder that `open_pretrained` and `transformers` read, in the layout of BERT.

    Raises `SinkError` where the folder is not empty.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        msg = f"{folder} is not empty; choose another folder for the encoder"
        raise SinkError(msg)
    config = {
        **model.config,
        "model_type": "bert",
        "architectures": ["BertModel"],
        "vocab_size": model.n_tokens,
        "num_hidden_layers": model.n_layers,
        "max_position_embeddings": len(model.weights["positions.weight"]),
        "type_vocab_size": 1,
    }
    stored = {_their_name(name): array for name, array in model.weights.items()}
    stored[_TYPES] = np.zeros((1, int(config["hidden_size"])), np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(pack_tensors(stored))
    spelt = json.dumps(model.tokeniser, ensure_ascii=False)
    (folder / "tokenizer.json").write_text(spelt, encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


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
    ours = {_our_name(name): array for name, array in bare.items()}
    weights = {name: array.astype(np.float32) for name, array in ours.items() if name}
    start = int(config["pad_token_id"]) + 1 if config["model_type"] in _SHIFTED else 0
    places = weights["positions.weight"][start:]
    weights["positions.weight"] = places + bare[_TYPES][0].astype(np.float32)
    return weights


def _our_name(name: str) -> str:
    """The name of a weight here, empty for one that has no place here."""
    part, _, value = name.rpartition(".")
    found = _THEIR_LAYER.fullmatch(part)
    if found and found[2] in _LAYER:
        return f"layers.{found[1]}.{_LAYER[found[2]]}.{value}"
    return f"{_EMBEDDINGS[part]}.{value}" if part in _EMBEDDINGS else ""


def _their_name(name: str) -> str:
    part, _, value = name.rpartition(".")
    for theirs, ours in _EMBEDDINGS.items():
        if part == ours:
            return f"{theirs}.{value}"
    _, number, inner = part.split(".", 2)
    theirs = next(theirs for theirs, ours in _LAYER.items() if ours == inner)
    return f"encoder.layer.{number}.{theirs}.{value}"


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
