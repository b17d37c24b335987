"""Gradients that a group adds up are the sums of all its processes', however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from mizaj.learn.group import MANY_ROWS, add_gradients

torch = pytest.importorskip("torch")


@dataclass(frozen=True)
class Alike:
    """So many processes that all have what this one has."""

    size: int
    rank: int = 0
    gpu: int = 0

    def add(self, tensor: Any) -> None:
        own = tensor.clone()
        for _ in range(self.size - 1):
            tensor += own


@pytest.mark.parametrize("size", [2, 255, 256, 512])
def test_no_row_of_a_long_table_is_left_out_of_the_sum(size: int):
    table, head = torch.zeros(MANY_ROWS, 2), torch.ones(3)
    table[7] = 1.0
    add_gradients([table, head], Alike(size))
    assert table.sum() == 2 * size
    assert table[7].tolist() == [size, size]
    assert head.tolist() == [size] * 3
