"""The types of the compiled search for copies, which may be missing where there was no compiler."""

import numpy as np
from numpy.typing import NDArray

def plain_forms(
    data: memoryview[int],
    offsets: memoryview[int],
    first: int,
    n: int,
    *,
    is_large: bool,
    out: NDArray[np.uint8],
    out_offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    is_broken: NDArray[np.uint8],
) -> int: ...
def band_keys(
    data: memoryview[int],
    offsets: memoryview[int],
    first: int,
    n: int,
    *,
    is_large: bool,
    factors: NDArray[np.uint32],
    length: int,
    n_bands: int,
    n_rows: int,
    keys: NDArray[np.uint64],
    is_long: NDArray[np.uint8],
) -> None: ...
def similarities(
    data: memoryview[int],
    offsets: memoryview[int],
    first: int,
    n: int,
    other_data: memoryview[int],
    other_offsets: memoryview[int],
    other_first: int,
    other_n: int,
    *,
    is_large: bool,
    is_other_large: bool,
    rows: NDArray[np.int64],
    other_rows: NDArray[np.int64],
    length: int,
    out: NDArray[np.float64],
) -> None: ...
def mark_repeated(
    keys: NDArray[np.uint64],
    once: NDArray[np.uint8],
    twice: NDArray[np.uint8],
    is_repeated: NDArray[np.uint8],
    /,
) -> None: ...
def join(
    parents: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], /
) -> None: ...
def see_posts(
    hashes: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    is_long: NDArray[np.uint8],
    is_open: NDArray[np.uint8],
    is_copy: NDArray[np.uint8],
    /,
    *,
    young: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    old: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    n_probes: int,
    n_band_probes: int,
    n_votes: int,
    room: int,
) -> tuple[int, int]: ...
