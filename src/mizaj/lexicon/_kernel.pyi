"""The types of the compiled kernel, which may be missing where there was no compiler."""

from array import array
from collections.abc import Iterable
from typing import Any

from mizaj.lexicon.packed import Lexicon

class Kernel:
    def __init__(self, lexicon: Lexicon) -> None: ...
    def score(
        self,
        data: memoryview[int],
        offsets: memoryview[int],
        first: int,
        n: int,
        *,
        is_large: bool,
        sentiment: memoryview[Any],
        score: memoryview[Any],
        confidence: memoryview[Any],
        language: memoryview[Any],
        cmi: memoryview[Any],
        is_compatibility: memoryview[Any],
        doubt: memoryview[Any],
    ) -> None: ...
    def shares(
        self, texts: Iterable[bytes]
    ) -> tuple[array[int], array[int], array[float], array[int]]: ...
    def read(self, text: bytes) -> tuple[list[dict[str, Any]], dict[str, Any], list[int]]: ...
