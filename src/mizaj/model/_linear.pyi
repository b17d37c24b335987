"""The types of the compiled linear model, which may be missing where there was no compiler."""

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mizaj.lexicon._kernel import Kernel

def read_features(
    lexicon: Kernel,
    data: memoryview[int],
    offsets: memoryview[int],
    first: int,
    n: int,
    *,
    is_large: bool,
) -> tuple[array[int], array[int], array[int], array[float]]: ...

class LinearKernel:
    def __init__(
        self,
        lexicon: Kernel,
        slots: NDArray[np.uint8] | memoryview[int],
        n_labels: int,
        scales: Sequence[float],
        signal_weights: Sequence[float],
        bias: Sequence[float],
    ) -> None: ...
    def answer(self, text: bytes) -> tuple[list[float], int, float]: ...
    def score(
        self,
        data: memoryview[int],
        offsets: memoryview[int],
        first: int,
        n: int,
        *,
        is_large: bool,
        proba: NDArray[np.float32],
        language: NDArray[np.uint8],
        cmi: NDArray[np.float32],
        is_compatibility: NDArray[np.uint8],
        doubt: NDArray[np.uint8],
    ) -> None: ...
