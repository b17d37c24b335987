"""Named arrays in one safetensors file, read where they lie: no copy, no pickle, nothing trusted.

The format is that of the `safetensors` library, eight bytes of header length, a JSON header, the
arrays; the library itself is not needed, so that the core stays light (a test reads and writes with both).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ModelError
from mizaj.model.tensor_file import LENGTH_BYTES, find_arrays

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
    head += b" " * (-(LENGTH_BYTES + len(head)) % _ALIGNMENT)
    parts = [len(head).to_bytes(LENGTH_BYTES, "little"), head]
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
    found = find_arrays(content, name)
    try:
        return {
            key: np.frombuffer(each.data, _TYPES[each.dtype]).reshape(each.shape)
            for key, each in found.items()
        }
    except (ValueError, OverflowError) as error:  # more sides than an array may have
        msg = (
            f"{name} is no safetensors file, or is damaged ({error}); copy or train the model again"
        )
        raise ModelError(msg) from error
