"""How many shards one task does: one, unless shards are short for so many processors; then several, fewer at the end.

One process hands out all tasks, at so many a second; what a task does must last while it serves all the others
(guided self-scheduling: Polychronopoulos and Kuck, 1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic

from mizaj.cluster import Item

_TASK_S = 0.002
"""What a task takes of the time of who hands it out, amply: 1 to 1.25 ms were measured."""
_WEIGHT = 0.1
"""Of the last shard in what is usual: shards may come to be longer."""
_LEAST_S = 1e-6


def most_s(n_processors: int) -> float:
    """How long a task should go on at most: what it has not begun by then is given back, for others."""
    return 2 * n_processors * _TASK_S


@dataclass
class Portions(Generic[Item]):
    """Shards that wait, and how long one takes, by those that were done last; None while none is.

    >>> portions = Portions(range(100))
    >>> portions.next(n_processors=4)
    range(0, 1)
    >>> portions.took(0.001)
    >>> portions.next(n_processors=4)
    range(1, 9)
    >>> portions.took(1.0)
    >>> portions.next(n_processors=4)
    range(9, 10)
    """

    shards: Sequence[Item]
    n_given: int = 0
    returned: list[Item] = field(default_factory=list)
    usual_s: float | None = None

    def next(self, n_processors: int) -> Sequence[Item]:
        """Those of one more task; none once all are given.

        They last while a task for each other processor is handed out. Near the end they are the share of one processor
        in what is left, but for a quarter of that time at the least, lest the last of them come too thick and fast.
        """
        lasting = self._lasting(most_s(n_processors) / 2)
        share = (len(self.returned) + len(self.shards) - self.n_given) // n_processors
        size = max(min(share, lasting), lasting // 4, 1)
        if self.returned:
            portion, self.returned = self.returned[:size], self.returned[size:]
            return portion
        given = self.shards[self.n_given : self.n_given + size]
        self.n_given += len(given)
        return given

    def give_back(self, shards: Sequence[Item]) -> None:
        """Shards that a task left undone, since others took it too long."""
        self.returned += shards

    def took(self, seconds: float) -> None:
        """Told of each shard that is done."""
        before = seconds if self.usual_s is None else self.usual_s
        self.usual_s = before + (seconds - before) * _WEIGHT

    def _lasting(self, seconds: float) -> int:
        """How many shards take so long; 1 while that is not known."""
        return 1 if self.usual_s is None else int(seconds / max(self.usual_s, _LEAST_S))
