"""Which parts of a network's parameters each of several servers holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mizaj.learn.group import MANY_ROWS

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Share:
    """The rows `first` to `end` of the parameter `name`; all of it where `end` is None."""

    name: str
    first: int = 0
    end: int | None = None

    def of(self, tensor: Tensor) -> Tensor:
        """This part of the parameter, or of its gradient."""
        return tensor[self.first : self.end] if self.end is not None else tensor

    @property
    def key(self) -> str:
        """A name of its own for the part."""
        return self.name if self.end is None else f"{self.name}[{self.first}:{self.end}]"


def shares(shapes: Mapping[str, tuple[int, ...]], n_servers: int) -> list[list[Share]]:
    """What each server holds: near equal numbers, every number once; long tables are cut by rows.

    There are no more servers than parts to hold.

    >>> shares({"table": (8000, 10), "head": (3, 10), "bias": (3,)}, 1)
    [[Share(name='table', first=0, end=None), Share(name='head', first=0, end=None), Share(name='bias', ...)]]
    >>> [[share.key for share in each] for each in shares({"table": (8000, 10), "head": (3, 10)}, 2)]
    [['table[0:4000]', 'head'], ['table[4000:8000]']]
    """
    held: list[list[Share]] = [[] for _ in range(n_servers)]
    sizes = [0] * n_servers
    for name, shape in shapes.items():
        for place, share in _parts(name, shape, n_servers):
            least = min(range(n_servers), key=lambda each: (sizes[each], each))
            place = least if place is None else place
            held[place].append(share)
            n_rows = (shape or (1,))[0] if share.end is None else share.end - share.first
            sizes[place] += n_rows * math.prod(shape[1:])
    return [each for each in held if each]


def _parts(name: str, shape: tuple[int, ...], n_servers: int) -> list[tuple[int | None, Share]]:
    """The parts of a parameter, with the server of each where it must be a certain one."""
    if n_servers == 1 or len(shape) != 2 or shape[0] < MANY_ROWS:
        return [(None, Share(name))]
    bounds = [shape[0] * each // n_servers for each in range(n_servers + 1)]
    return [(place, Share(name, bounds[place], bounds[place + 1])) for place in range(n_servers)]
