"""The types of the compiled memory of a stream, which may be missing where there was no compiler."""

import numpy as np
from numpy.typing import NDArray

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
