"""Shards on a Ray cluster: tasks, each done again elsewhere when its worker or its node is lost.

Tasks and not Ray Data: of the latter's jobs, none that lost a node came to its end, while tasks over shards did so with
exact output (docs/decisions/0014).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj.cluster import Item, Result
from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.cluster.portions import Portions, most_s
from mizaj.cluster.probe import probing, refusal, same_place
from mizaj.cluster.ray_tasks import INSTALL, LONGEST_REASON, LOOK_S, MOST_RETRIES, Crowd, last_line
from mizaj.errors import ClusterError, ExtraMissing

try:
    import ray
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    ray = None

_AHEAD = 2
"""Tasks that wait for each one that runs, so that no processor waits for the driver; the driver holds no more."""
_PROBE_S = 120.0
_CLIENT = "ray://"
_ANY = "auto"


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
        system = {"worker_niceness": 0, "task_oom_retries": MOST_RETRIES}
        own = {"_system_config": system, "include_dashboard": False}
        ray.init(address="local", num_cpus=workers, **own, **quiet)
        return
    reason = refusal(address.removeprefix(_CLIENT))
    if reason is not None:
        raise _no_cluster(address, reason)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:LONGEST_REASON]
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
        msg = f"a node of the cluster cannot work ({last_line(error)}); {INSTALL}"
        raise ClusterError(msg) from error
    return outcomes


def _nodes() -> list[Mapping[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _on(node: Mapping[str, Any]) -> dict[str, Any]:
    # Softly: a node may be lost before it is begun.
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=True)}


def map_shards(
    function: Callable[[Item], Result], shards: Sequence[Item], /, *, workers: int | None = None
) -> Iterator[Result]:
    """The results as they come; `workers` tasks at a time, None for one a processor, each of a shard or several.

    Raises what the function raised, and `ClusterError` for a shard whose worker ended every time.
    """
    room, portions = _Room(workers), Portions(shards)
    crowd = Crowd(ray.put(Parcel.of(function, cloudpickle.dumps)))

    def begin(n_tasks: int) -> None:
        for _ in range(n_tasks):
            n_processors = room.n_processors()
            if not (portion := portions.next(n_processors)):
                return
            crowd.begin(portion, most_s(n_processors))

    try:
        begin(room.most())
        while crowd.running:
            for portion, task in crowd.ended():
                outcomes, undone = crowd.outcomes(portion, task)
                portions.give_back(undone)
                begin(1)
                for outcome in outcomes:
                    portions.took(outcome.took_s)
                    yield outcome.get()
            begin(room.most() - len(crowd.running))
    finally:
        crowd.stop()


@dataclass
class _Room:
    """How many tasks work at a time: as many as `workers`, else one a processor, of which more may come."""

    workers: int | None
    counted: int = 0
    counted_at: float = -math.inf

    def most(self) -> int:
        """Tasks that may be under way, those that wait with them."""
        return self.workers or self.n_processors() * _AHEAD

    def n_processors(self) -> int:
        """Those for tasks, counted a little while ago: to ask takes a call to the head."""
        if self.workers is not None:
            return self.workers
        if time.monotonic() - self.counted_at > LOOK_S:
            self.counted, self.counted_at = n_processors(), time.monotonic()
        return self.counted


if ray is not None:
    _look = ray.remote(num_cpus=0, max_retries=MOST_RETRIES)(lambda parcel: work(parcel, None))
