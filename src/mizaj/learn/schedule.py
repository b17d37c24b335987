"""Which piece of which step is worked on next, so that no gradient is more than so many steps behind.

Steps are cut into pieces. Whoever is free takes the next one, so a slow worker takes few and nobody waits for it but at
the bound. The pieces of a step make one update; updates are made in the order of the steps. A piece is handed out only
when at most `staleness` steps before its own are not yet updates: with 0, all pieces of a step see the same parameters
and the result is that of AllReduce. This is the bound of stale synchronous parallel training (Ho et al., 2013), counted
in updates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ticket:
    """Piece `piece` of step `step`, to learn from; or, at a halt, of the rows to judge by."""

    step: int
    piece: int
    is_judging: bool = False


class Schedule:
    """Hands out tickets from step `first` on; `step` updates are made.

    After the updates that `is_halt` tells (the number of updates made), nothing is handed out until `go_on`.
    """

    def __init__(
        self, first: int, *, n_pieces: int, staleness: int, is_halt: Callable[[int], bool]
    ) -> None:
        self.step = first
        self.n_pieces, self._staleness, self._is_halt = n_pieces, staleness, is_halt
        self._again: deque[Ticket] = deque()
        self._next = Ticket(first, 0)
        self._left = first
        self._done: dict[int, set[int]] = {}

    def take(self) -> Ticket | None:
        """The next ticket; None while there is none."""
        if self._again:
            return self._again.popleft()
        ticket = self._next
        is_held = self._is_halt(ticket.step) and ticket.step != self._left
        if is_held or ticket.step - self.step > self._staleness:
            return None
        is_last = ticket.piece + 1 == self.n_pieces
        self._next = Ticket(ticket.step + is_last, 0 if is_last else ticket.piece + 1)
        return ticket

    def put(self, ticket: Ticket) -> None:
        """Have a ticket handed out, before others: one to judge, or one whose worker was lost."""
        self._again.append(ticket)

    def done(self, ticket: Ticket) -> None:
        """A piece to learn from is done."""
        self._done.setdefault(ticket.step, set()).add(ticket.piece)

    @property
    def is_complete(self) -> bool:
        """Whether all pieces of the next update are there."""
        return len(self._done.get(self.step, ())) == self.n_pieces

    def update(self) -> None:
        """The next update is made."""
        del self._done[self.step]
        self.step += 1

    def go_on(self) -> None:
        """Leave the halt."""
        self._left = self.step
