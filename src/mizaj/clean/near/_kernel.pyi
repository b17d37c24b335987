"""The types of the compiled search for copies, which may be missing where there was no compiler."""

import numpy as np
from numpy.typing import NDArray

def band_keys(
    data: memoryview[int],
    offsets: memoryview[int],
    first: int,
    n: int,
    *,
    is_large: bool,
    factors: NDArray[np.uint16],
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
def see_keys(
    keys: NDArray[np.uint64], once: NDArray[np.uint8], twice: NDArray[np.uint8], /
) -> None: ...
def look_up_keys(
    keys: NDArray[np.uint64], twice: NDArray[np.uint8], is_repeated: NDArray[np.uint8], /
) -> None: ...
def join(
    parents: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64], /
) -> None: ...
