"""Named arrays in a file: what goes in comes out, the library agrees, and no header is trusted."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from mizaj.errors import ModelError
from mizaj.model.tensors import pack_tensors, unpack_tensors

TYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1")
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda code: of_numpy.arrays(code, of_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
TENSORS = st.dictionaries(st.text(min_size=1, max_size=8), ARRAYS, max_size=5)


def assert_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert set(one) == set(other)
    for name, array in one.items():
        assert array.dtype == other[name].dtype
        assert array.shape == other[name].shape
        np.testing.assert_array_equal(array, other[name])


@given(TENSORS)
def test_what_is_packed_is_unpacked(tensors: dict[str, Any]) -> None:
    assert_equal(unpack_tensors(pack_tensors(tensors), "weights"), tensors)


@given(TENSORS)
def test_the_library_reads_what_is_packed(tensors: dict[str, Any]) -> None:
    library = pytest.importorskip("safetensors.numpy")
    kept = {name: array for name, array in tensors.items() if name != "__metadata__"}
    assert_equal(library.load(pack_tensors(kept)), kept)


@given(TENSORS)
def test_what_the_library_writes_is_unpacked(tensors: dict[str, Any]) -> None:
    library = pytest.importorskip("safetensors.numpy")
    kept = {name: array for name, array in tensors.items() if name != "__metadata__"}
    written = library.save(kept, metadata={"format": "np"})
    assert_equal(unpack_tensors(written, "weights"), kept)


def test_equal_arrays_give_equal_bytes_in_any_order() -> None:
    one, other = np.arange(3), np.ones((2, 2), np.float32)
    assert pack_tensors({"a": one, "b": other}) == pack_tensors({"b": other, "a": one})


def test_strided_and_big_endian_arrays_are_packed_as_they_read() -> None:
    array = np.arange(12, dtype=">i4").reshape(3, 4)[:, ::2]
    found = unpack_tensors(pack_tensors({"a": array}), "weights")["a"]
    np.testing.assert_array_equal(found, array)


def test_arrays_are_read_only_views_that_begin_at_cache_lines() -> None:
    content = pack_tensors({"a": np.ones(4, np.float32)})
    assert int.from_bytes(content[:8], "little") % 64 == 56
    with pytest.raises(ValueError, match="read-only"):
        unpack_tensors(content, "weights")["a"][0] = 2


def spelt(header: object, n_bytes: int) -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + bytes(n_bytes)


def entry(shape: list[Any], offsets: list[Any], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01\x02",
        (10**18).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little") + b"{}",
        spelt(b"", 0),
        spelt(b"not json", 0),
        spelt(b"\xff\xfe{}", 0),
        spelt(b"[" * 100_000, 0),
        spelt([], 0),
        spelt(7, 0),
        spelt({"a": 1}, 4),
        spelt({"a": {}}, 4),
        spelt({"a": entry([1], [0, 4], "F33")}, 4),
        spelt({"a": entry([1], [0, 4], None)}, 4),  # type: ignore[arg-type]
        spelt({"a": entry([2], [0, 4])}, 4),
        spelt({"a": entry([-1], [0, 4])}, 4),
        spelt({"a": entry([-1, -1], [0, 4])}, 4),
        spelt({"a": entry([1.0], [0, 4])}, 4),
        spelt({"a": entry(["1"], [0, 4])}, 4),
        spelt({"a": entry([10**30, 0], [0, 0])}, 0),
        spelt({"a": entry([2**62, 4], [0, 4])}, 4),
        spelt({"a": entry([1] * 100, [0, 4])}, 4),
        spelt({"a": entry([1], [0, 8])}, 4),
        spelt({"a": entry([1], [4, 0])}, 4),
        spelt({"a": entry([1], [-4, 0])}, 4),
        spelt({"a": entry([1], [0])}, 4),
        spelt({"a": entry([1], [0, 10**40])}, 4),
        spelt({"a": entry([1], [4, 8])}, 8),
        spelt({"a": entry([1], [0, 4])}, 8),
        spelt({"a": entry([1], [0, 4]), "b": entry([1], [0, 4])}, 4),
        spelt({"a": entry([2], [0, 8]), "b": entry([1], [4, 8])}, 8),
        spelt({"a": entry([1], [0, 4]), "b": entry([1], [8, 12])}, 12),
    ],
)
def test_a_file_that_lies_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="weights is no safetensors file, or is damaged"):
        unpack_tensors(content, "weights")


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    with pytest.raises(ModelError):
        unpack_tensors(content, "weights")


@given(st.integers(0, 199), st.integers(0, 255))
def test_a_damaged_byte_gives_arrays_or_is_refused(place: int, byte: int) -> None:
    content = bytearray(pack_tensors({"a": np.arange(6.0).reshape(2, 3), "b": np.ones(2, bool)}))
    content[place % len(content)] = byte
    try:
        found = unpack_tensors(bytes(content), "weights")
    except ModelError:
        return
    assert sum(array.nbytes for array in found.values()) <= len(content)
