"""The processes that train one network together, seen from one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

try:
    import torch
    from torch import distributed
except ImportError:
    torch = distributed = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor

MANY_ROWS = 4096
"""From this many rows on, a gradient is taken for an embedding's: only the rows that a batch touched are sent."""
_MOST_IN_BYTE = 255
"""So many ones sum up in a byte; those of one process more are 0 again."""


class Group(Protocol):
    """Processes 0 to `size` - 1, this one being `rank`."""

    @property
    def rank(self) -> int:
        """The number of this process; 0 is the one that reports and writes."""

    @property
    def size(self) -> int:
        """How many processes there are."""

    @property
    def gpu(self) -> int:
        """The number of the GPU that is this process's own, among those it sees."""

    def add(self, tensor: Tensor) -> None:
        """Make the tensor, in all processes, the sum of theirs."""


@dataclass(frozen=True)
class Alone:
    """One process: all sums are done."""

    rank: int = 0
    size: int = 1
    gpu: int = 0

    def add(self, tensor: Tensor) -> None:
        """Leave the tensor as it is."""


@dataclass(frozen=True)
class AllReduce:
    """Processes joined by `torch.distributed`."""

    rank: int
    size: int
    gpu: int = 0

    def add(self, tensor: Tensor) -> None:
        """Sum by AllReduce; every process gets the same bits."""
        distributed.all_reduce(tensor)


def add_gradients(gradients: Sequence[Tensor], group: Group) -> None:
    """Make the gradients, in all processes, the sum of theirs, in one message but for long embeddings' rows."""
    if group.size == 1:
        return
    # Of an embedding's rows, one message says which some process touched; the others are zero in all.
    rows = [_touched(each, group) if is_long(each) else None for each in gradients]
    parts = [
        each if place is None else each[place] for each, place in zip(gradients, rows, strict=True)
    ]
    joined = torch.cat([part.reshape(-1) for part in parts])
    group.add(joined)
    sums = torch.split(joined, [part.numel() for part in parts])
    for each, place, part, total in zip(gradients, rows, parts, sums, strict=True):
        if place is None:
            each.copy_(total.reshape(each.shape))
        else:
            each[place] = total.reshape(part.shape)


def is_long(tensor: Tensor) -> bool:
    """Whether a tensor is taken for an embedding's, of which a batch touches a few rows."""
    return tensor.ndim == 2 and tensor.shape[0] >= MANY_ROWS


def touched(gradient: Tensor) -> Tensor:
    """Which rows are not zero, as 0 or 1."""
    return (gradient.abs().amax(dim=1) != 0).to(torch.uint8)  # faster than `any`


def _touched(gradient: Tensor, group: Group) -> Tensor:
    """The numbers of the rows that are not zero in some process."""
    marks = touched(gradient)
    if group.size > _MOST_IN_BYTE:
        marks = marks.int()
    group.add(marks)
    return marks.nonzero().flatten()
