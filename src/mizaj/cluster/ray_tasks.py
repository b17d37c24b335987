"""Tasks of a Ray cluster: portions of shards under way, begun again where workers, nodes or wires are lost."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.errors import ClusterError

try:
    import ray
except ImportError:
    ray = None

MOST_RETRIES = 8
"""How often a task is begun again: a cluster may lose many nodes, but a shard that ends every worker must end too."""
LOOK_S = 5.0
"""How often, while nothing ends, it is looked whether a node was lost."""
LONGEST_REASON = 300
INSTALL = "install the same mizaj, Python and libraries on all machines"


@dataclass(eq=False)
class Crowd:
    """The tasks under way. A portion may have several: its first, and one for each time that a node was lost.

    Ray itself begins the tasks of a lost node again, but of a node that can no longer be reached, only when its
    connections time out, which takes minutes. Shards may be done twice, so they are begun at once.
    """

    parcel: Any
    nodes: frozenset[str] = field(default_factory=lambda: _alive())
    running: dict[Any, _Ticket] = field(default_factory=dict)
    n_lost: int = 0

    def begin(self, portion: Sequence[Any], most_s: float = math.inf) -> None:
        """Begin the shards of a portion, one after the other; none after the first once so many seconds have passed."""
        self._submit(_Ticket(portion, most_s))

    def ended(self) -> Iterator[tuple[Sequence[Any], Any]]:
        """The portions that have ended, each with its task; none, now and then, while nothing ends."""
        _check_connected()
        tasks = list(self.running)
        if not ray.wait(tasks, num_returns=1, timeout=LOOK_S)[0]:
            self._look()
        # all of them at once: to ask for one at a time is too slow for tens of thousands
        done, _ = ray.wait(tasks, num_returns=len(tasks), timeout=0)
        for task in done:
            ticket = self.running.get(task)
            if ticket is None:  # another task did the same
                continue
            for each in ticket.tasks:
                del self.running[each]
            _cancel(each for each in ticket.tasks if each is not task)
            yield ticket.portion, task

    def outcomes(self, portion: Sequence[Any], task: object) -> tuple[list[Outcome], Sequence[Any]]:
        """What became of the shards of a portion, and those that were left undone, when time was over.

        Where the task came to nothing, one of its shards may be to blame, and each is begun by itself. Raises
        `ClusterError` for a single one.
        """
        try:
            outcomes: list[Outcome] = ray.get(task)
        except ray.exceptions.RayError as error:
            if len(portion) == 1:
                raise _given_up(portion[0], error) from error
            for shard in portion:
                self.begin([shard])
            return [], []
        return outcomes, portion[len(outcomes) :]

    def stop(self) -> None:
        """End all that is under way."""
        _cancel(self.running)

    def _look(self) -> None:
        """Begin again what was begun when there were nodes that are lost now."""
        _check_connected()
        alive = _alive()
        self.n_lost += len(self.nodes - alive)
        self.nodes = alive
        for ticket in {id(each): each for each in self.running.values()}.values():
            if not ticket.nodes <= alive:
                self._submit(ticket)

    def _submit(self, ticket: _Ticket) -> None:
        ticket.nodes = self.nodes
        # Ray hands tasks of one kind to the workers that it holds for that kind, those on a lost node too, until its
        # connections to them time out. What is asked for makes the kind: another byte of memory after each loss.
        function = _task.options(memory=self.n_lost) if self.n_lost else _task
        # one argument: Ray takes a while to pack each
        task = function.remote((self.parcel, ticket.portion, ticket.most_s))
        ticket.tasks.append(task)
        self.running[task] = ticket


@dataclass(eq=False)
class _Ticket:
    """A portion under way, the nodes that were known when it was last begun, and its tasks."""

    portion: Sequence[Any]
    most_s: float
    nodes: frozenset[str] = frozenset()
    tasks: list[Any] = field(default_factory=list)


def _cancel(tasks: Iterable[Any]) -> None:
    for task in tasks if ray.is_initialized() else ():
        ray.cancel(task, force=True)


def _check_connected() -> None:
    """Raises `ClusterError` where another thread has closed the connection: Ray itself would start a new cluster."""
    if not ray.is_initialized():
        msg = "the connection to Ray was closed while shards were under way; run the same command with --resume"
        raise ClusterError(msg)


def _alive() -> frozenset[str]:
    return frozenset(node["NodeID"] for node in ray.nodes() if node["Alive"])


def _given_up(shard: object, error: Exception) -> ClusterError:
    name = getattr(shard, "name", shard)
    if isinstance(error, ray.exceptions.RayTaskError):  # before our own code had a say, or after it
        return ClusterError(
            f"shard {name}: a worker cannot do it ({last_line(error)}); {INSTALL}, then --resume"
        )
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ClusterError(
        f"shard {name}: its worker ended {MOST_RETRIES + 1} times ({reason}); most "
        "likely memory ran out: give workers more of it, or smaller shards, then --resume"
    )


def _do(asked: tuple[Any, Sequence[Any], float]) -> list[Outcome]:
    # In a tuple, a reference is not fetched for every task: the process holds what it fetched before.
    reference, portion, most_s = asked
    function, outcomes, end_s = _fetched(reference), [], time.monotonic() + most_s
    for shard in portion:
        outcomes.append(work(function, shard))
        # who asked stops at an error
        if outcomes[-1].error is not None or time.monotonic() > end_s:
            break
    return outcomes


_held: dict[str, Parcel] = {}


def _fetched(reference: Any) -> Parcel:  # noqa: ANN401 - Ray's references have no type
    name = reference.hex()
    if name not in _held:
        _held.clear()
        _held[name] = ray.get(reference)
    return _held[name]


def last_line(error: Exception) -> str:
    """What a trace comes to."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:LONGEST_REASON]


if ray is not None:
    _task = ray.remote(num_cpus=1, max_retries=MOST_RETRIES, scheduling_strategy="SPREAD")(_do)
