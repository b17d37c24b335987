"""The types of the compiled plain form, which may be missing where there was no compiler."""

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
