"""The types of the compiled optimiser, which may be missing where there was no compiler."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

def run_epoch(
    order: NDArray[np.int64],
    places: NDArray[np.int64],
    columns: NDArray[np.int32],
    worths: Floats,
    shares: Floats,
    figures: Floats,
    targets: Floats,
    possible: NDArray[np.uint8],
    weights: Floats,
    sparse: Floats,
    sparse_squares: Floats,
    dense: Floats,
    dense_squares: Floats,
    *,
    rate: float,
    decay: float,
) -> float: ...
