"""Several machines: where shards of work go on Ray or Spark, and nothing about what the work is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Spread(Protocol):
    """A way to apply a function to shards of work, wherever: `map`, threads, a cluster.

    On a cluster, function, shards and results travel as pickles, a shard may be done again after a failure, and
    results come in any order: a function writes its files whole or not at all, under names that the shard tells.
    """

    def __call__(
        self, function: Callable[[Item], Result], shards: Sequence[Item], /
    ) -> Iterator[Result]:
        """The results, in the order in which they come."""
