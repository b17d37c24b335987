"""Shards on a Ray cluster: tasks, each done again elsewhere when its worker or its node is lost.

Tasks and not Ray Data: of the latter's jobs, none that lost a node came to its end, while tasks over shards did so with
exact output (docs/decisions/0014).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mizaj.cluster import Item, Result
from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.cluster.probe import probing, refusal, same_place
from mizaj.errors import ClusterError, ExtraMissing

try:
    import ray
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    ray = None

_MOST_RETRIES = 8
"""How often a shard is begun again: a cluster may lose many nodes, but a shard that ends every worker must end too."""
_LONGEST_REASON = 300
_AHEAD = 2
"""Tasks that wait for each one that runs, so that no processor waits for the driver; the driver holds no more."""
_PROBE_S = 120.0
_LOOK_S = 5.0
"""How often, while nothing ends, it is looked whether a node was lost."""
_CLIENT = "ray://"
_ANY = "auto"
_INSTALL = "install the same mizaj, Python and libraries on all machines"


@contextmanager
def connected(address: str | None, *, workers: int | None = None) -> Iterator[None]:
    """A connection to the cluster at `address` while the block lasts; one that the caller has is used and left.

    Without an address, a cluster of this machine's own `workers` processors is started and ended. `auto` means the
    cluster that runs on this machine. Raises `ClusterError` where none answers or where the caller is connected to
    another, `ExtraMissing` without Ray.
    """
    if ray is None:
        raise ExtraMissing(library="ray", extra="ray")
    if ray.is_initialized():
        _check_same(address)
        yield
        return
    _connect(address, workers)
    try:
        yield
    finally:
        ray.shutdown()


def _check_same(address: str | None) -> None:
    """Raises `ClusterError` where the connection that there is leads elsewhere than to `address`."""
    if address in {None, _ANY}:
        return
    current = ray.get_runtime_context().gcs_address
    if not same_place(address, current, here=ray.util.get_node_ip_address()):
        msg = (
            f"this process is connected to the Ray cluster at '{current}', and '{address}' was asked for; leave the "
            "address out to use the connection, or close it first with ray.shutdown()"
        )
        raise ClusterError(msg)


def _connect(address: str | None, workers: int | None) -> None:
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        # Ray gives its workers the lowest priority, so that a job crawls beside other work. A task that it ended for
        # want of memory it would begin again for ever, whatever `max_retries` says.
        system = {"worker_niceness": 0, "task_oom_retries": _MOST_RETRIES}
        own = {"_system_config": system, "include_dashboard": False}
        ray.init(address="local", num_cpus=workers, **own, **quiet)
        return
    reason = refusal(address.removeprefix(_CLIENT))
    if reason is not None:
        raise _no_cluster(address, reason)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        if "Version mismatch" in reason:
            msg = f"the Ray cluster at '{address}' cannot be used ({reason}); install the same on all machines"
            raise ClusterError(msg) from error
        raise _no_cluster(address, reason) from error


def _no_cluster(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"no Ray cluster at '{address}' ({reason}); start one with `ray start --head` and name its address HOST:PORT, "
        "or 'auto' for the one on this machine, or leave --address out"
    )


def n_processors() -> int:
    """The processors that the cluster has for tasks, at least 1."""
    return max(int(ray.cluster_resources().get("CPU", 1)), 1)


def check(folders: Sequence[Path], files: Sequence[tuple[str, int]] = ()) -> None:
    """Raises `ClusterError` for a node of other versions, or one that cannot see these folders and files.

    And for one that cannot answer at all, as where mizaj is not installed.
    """
    with probing(folders, files) as probe:
        parcel = Parcel.of(probe, cloudpickle.dumps)
        looked = [_look.options(**_on(node)).remote(parcel) for node in _nodes()]
        for outcome in _looked_at(looked):
            outcome.get()


def _looked_at(looked: list[Any]) -> list[Outcome]:
    try:
        outcomes: list[Outcome] = ray.get(looked, timeout=_PROBE_S)
    except ray.exceptions.GetTimeoutError as error:
        msg = (
            f"not all of the {len(looked)} nodes of the cluster answered within {_PROBE_S:.0f} s; see with `ray "
            "status` which are alive, and try again"
        )
        raise ClusterError(msg) from error
    except ray.exceptions.RayError as error:
        msg = f"a node of the cluster cannot work ({_last_line(error)}); {_INSTALL}"
        raise ClusterError(msg) from error
    return outcomes


def _last_line(error: Exception) -> str:
    """What a trace comes to."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:_LONGEST_REASON]


def _nodes() -> list[Mapping[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _on(node: Mapping[str, Any]) -> dict[str, Any]:
    # Softly: a node may be lost before it is begun.
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=True)}


def map_shards(
    function: Callable[[Item], Result], shards: Sequence[Item], /, *, workers: int | None = None
) -> Iterator[Result]:
    """The results as they come, each shard a task; `workers` of them at a time, None for one a processor.

    Raises what the function raised, and `ClusterError` for a shard whose worker ended every time.
    """
    room = _Room(workers)
    crowd = _Crowd(ray.put(Parcel.of(function, cloudpickle.dumps)), _alive())
    waiting = iter(shards)
    try:
        crowd.begin(itertools.islice(waiting, room.most()))
        while crowd.running:
            for shard, task in crowd.ended():
                crowd.begin(itertools.islice(waiting, 1))
                yield _outcome(task, shard).get()
            crowd.begin(itertools.islice(waiting, max(room.most() - len(crowd.running), 0)))
    finally:
        crowd.stop()


@dataclass
class _Room:
    """How many tasks there may be at a time: as many as `workers`, else by the processors, of which more may come."""

    workers: int | None
    counted: int = 0
    counted_at: float = -math.inf

    def most(self) -> int:
        """The number, of processors counted a little while ago: to ask takes a call to the head."""
        if self.workers is not None:
            return self.workers
        if time.monotonic() - self.counted_at > _LOOK_S:
            self.counted, self.counted_at = n_processors() * _AHEAD, time.monotonic()
        return self.counted


@dataclass(eq=False)
class _Crowd:
    """The tasks under way. A shard may have several: its first, and one for each time that a node was lost.

    Ray itself begins the tasks of a lost node again, but of a node that can no longer be reached, only when its
    connections time out, which takes minutes. A shard may be done twice, so it is begun at once.
    """

    parcel: Any
    nodes: frozenset[str]
    running: dict[Any, _Ticket] = field(default_factory=dict)
    n_lost: int = 0

    def begin(self, shards: Iterable[Any]) -> None:
        """Begin shards."""
        for shard in shards:
            self._submit(_Ticket(shard))

    def ended(self) -> Iterator[tuple[Any, Any]]:
        """The shards that have ended, each with its task; none, now and then, while nothing ends."""
        _check_connected()
        tasks = list(self.running)
        if not ray.wait(tasks, num_returns=1, timeout=_LOOK_S)[0]:
            self._look()
        # all of them at once: to ask for one at a time is too slow for tens of thousands
        done, _ = ray.wait(tasks, num_returns=len(tasks), timeout=0)
        for task in done:
            ticket = self.running.get(task)
            if ticket is None:  # another task did the same shard
                continue
            for each in ticket.tasks:
                del self.running[each]
            _cancel(each for each in ticket.tasks if each is not task)
            yield ticket.shard, task

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
        task = function.remote([self.parcel], ticket.shard)
        ticket.tasks.append(task)
        self.running[task] = ticket


@dataclass(eq=False)
class _Ticket:
    """A shard under way, the nodes that were known when it was last begun, and its tasks."""

    shard: Any
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


def _outcome(task: Any, shard: object) -> Outcome:  # noqa: ANN401 - Ray's references have no type
    name = getattr(shard, "name", shard)
    try:
        outcome: Outcome = ray.get(task)
    except ray.exceptions.RayTaskError as error:  # before our own code had a say, or after it
        msg = (
            f"shard {name}: a worker cannot do it ({_last_line(error)}); {_INSTALL}, then --resume"
        )
        raise ClusterError(msg) from error
    except ray.exceptions.RayError as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        msg = (
            f"shard {name}: its worker ended {_MOST_RETRIES + 1} times ({reason}); most "
            "likely memory ran out: give workers more of it, or smaller shards, then --resume"
        )
        raise ClusterError(msg) from error
    return outcome


def _do(parcel: list[Any], shard: Any) -> Outcome:  # noqa: ANN401 - whatever the function takes
    # In a list, a reference is not fetched for every task: the process holds what it fetched before.
    return work(_fetched(parcel[0]), shard)


_held: dict[str, Parcel] = {}


def _fetched(reference: Any) -> Parcel:  # noqa: ANN401 - Ray's references have no type
    name = reference.hex()
    if name not in _held:
        _held.clear()
        _held[name] = ray.get(reference)
    return _held[name]


if ray is not None:
    _task = ray.remote(num_cpus=1, max_retries=_MOST_RETRIES, scheduling_strategy="SPREAD")(_do)
    _look = ray.remote(num_cpus=0, max_retries=_MOST_RETRIES)(lambda parcel: work(parcel, None))
