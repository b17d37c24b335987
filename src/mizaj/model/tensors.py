"""Named arrays in one safetensors file, read where they lie: no copy, no pickle, nothing trusted.

The format is that of the `safetensors` library, eight bytes of header length, a JSON header, the
arrays; the library itself is not needed, so that the core stays light (a test reads and writes with both).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ModelError

Array = NDArray[Any]

_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 100_000_000  # as the library has it
# Arrays begin at multiples of this, so that they can be used where they lie.
_ALIGNMENT = 64


def pack_tensors(tensors: Mapping[str, Array]) -> bytes:
    """The arrays as one safetensors file, the widest types first, in the order of their names.

    >>> found = unpack_tensors(pack_tensors({"bias": np.zeros(3, np.float32)}), "weights")
    >>> found["bias"].tolist()
    [0.0, 0.0, 0.0]
    """
    kept = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    order = sorted(kept, key=lambda name: (-kept[name].itemsize, name))
    header: dict[str, object] = {}
    at = 0
    for name in order:
        array = kept[name]
        header[name] = {
            "dtype": _NAMES[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-(_LENGTH_BYTES + len(head)) % _ALIGNMENT)
    parts = [len(head).to_bytes(_LENGTH_BYTES, "little"), head]
    return b"".join(
        [
            *parts,
            *(kept[name].astype(kept[name].dtype.newbyteorder("<")).tobytes() for name in order),
        ]
    )


def unpack_tensors(content: bytes | memoryview, name: str) -> dict[str, Array]:
    """The arrays in a safetensors file, read-only views of its bytes; `name` is for the message.

    Raises `ModelError` for a file whose header does not fit its size.
    """
    view = memoryview(content).cast("B")
    try:
        header, start = _header(view)
        header.pop("__metadata__", None)
        _check_places(header, len(view) - start)
        return {key: _array(view[start:], entry) for key, entry in header.items()}
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
    size = int.from_bytes(view[:_LENGTH_BYTES], "little")
    if len(view) < _LENGTH_BYTES or size > min(_MOST_HEADER_BYTES, len(view) - _LENGTH_BYTES):
        msg = f"a header of {size:,} bytes does not fit a file of {len(view):,}"
        raise ValueError(msg)
    end = _LENGTH_BYTES + size
    return json.loads(bytes(view[_LENGTH_BYTES:end])), end


def _check_places(header: Mapping[str, Any], size: int) -> None:
    """Refuse arrays that lie over each other or leave room between them, as the library does."""
    places = sorted(tuple(entry["data_offsets"]) for entry in header.values())
    begins, ends = [begin for begin, _ in places], [end for _, end in places]
    if [*begins, size] != [0, *ends]:
        msg = f"arrays at {places} do not fill {size} bytes one after the other"
        raise ValueError(msg)


def _array(data: memoryview, entry: dict[str, Any]) -> Array:
    dtype = np.dtype(_TYPES[entry["dtype"]])
    shape = tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    fits = all(isinstance(side, int) and side >= 0 for side in (*shape, begin, end))
    if not fits or end > len(data) or end - begin != math.prod(shape) * dtype.itemsize:
        msg = f"an array of shape {shape} does not fit bytes {begin} to {end} of {len(data)}"
        raise ValueError(msg)
    return np.frombuffer(data[begin:end], dtype).reshape(shape)
