"""Where arrays lie in a safetensors file, found without numpy and without trusting the file.

The format is that of the `safetensors` library, eight bytes of header length, a JSON header, the arrays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mizaj.errors import ModelError

LENGTH_BYTES = 8
ITEM_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4,
    "F16": 2, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""The types that are read, and how many bytes an item of each has."""

_MOST_HEADER_BYTES = 100_000_000  # as the library has it


@dataclass(frozen=True)
class Stored:
    """An array where it lies: the name of its type in the file, its shape, its bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


def find_arrays(content: bytes | memoryview, name: str) -> dict[str, Stored]:
    """The arrays in a safetensors file; `name` is for the message.

    Raises `ModelError` for a file whose header does not fit its size.
    """
    view = memoryview(content).cast("B")
    try:
        header, start = _header(view)
        header.pop("__metadata__", None)
        _check_places(header, len(view) - start)
        return {key: _stored(view[start:], entry) for key, entry in header.items()}
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        msg = (
            f"{name} is no safetensors file, or is damaged ({error}); copy or train the model again"
        )
        raise ModelError(msg) from error


def _header(view: memoryview) -> tuple[dict[str, Any], int]:
    size = int.from_bytes(view[:LENGTH_BYTES], "little")
    if len(view) < LENGTH_BYTES or size > min(_MOST_HEADER_BYTES, len(view) - LENGTH_BYTES):
        msg = f"a header of {size:,} bytes does not fit a file of {len(view):,}"
        raise ValueError(msg)
    end = LENGTH_BYTES + size
    return json.loads(bytes(view[LENGTH_BYTES:end])), end


def _check_places(header: Mapping[str, Any], size: int) -> None:
    """Refuse arrays that lie over each other or leave room between them, as the library does."""
    places = sorted(tuple(entry["data_offsets"]) for entry in header.values())
    begins, ends = [begin for begin, _ in places], [end for _, end in places]
    if [*begins, size] != [0, *ends]:
        msg = f"arrays at {places} do not fill {size} bytes one after the other"
        raise ValueError(msg)


def _stored(data: memoryview, entry: dict[str, Any]) -> Stored:
    shape = tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    fits = all(isinstance(side, int) and side >= 0 for side in (*shape, begin, end))
    n_bytes = math.prod(shape) * ITEM_BYTES[entry["dtype"]] if fits else -1
    if end > len(data) or end - begin != n_bytes:
        msg = f"an array of shape {shape} does not fit bytes {begin} to {end} of {len(data)}"
        raise ValueError(msg)
    return Stored(entry["dtype"], shape, data[begin:end])
