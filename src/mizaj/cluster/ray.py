"""Shards on a Ray cluster: tasks, each done again elsewhere when its worker or its node is lost.

Tasks and not Ray Data: of the latter's jobs, none that lost a node came to its end, while tasks over shards did so with
exact output (docs/decisions/0014).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mizaj.cluster import Item, Result
from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.cluster.probe import probing, refusal
from mizaj.errors import ClusterError, ExtraMissing

try:
    import ray
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    ray = None

_MOST_RETRIES = 8
"""How often a shard is begun again: a cluster may lose many nodes, but a shard that ends every worker must end too."""
_AHEAD = 2
"""Tasks that wait for each one that runs, so that no processor waits for the driver; the driver holds no more."""
_PROBE_S = 120.0
_CLIENT = "ray://"


@contextmanager
def connected(address: str | None, *, workers: int | None = None) -> Iterator[None]:
    """A connection to the cluster at `address` while the block lasts; one that the caller has is used and left.

    Without an address, a cluster of this machine's own `workers` processors is started and ended. `auto` means the
    cluster that runs on this machine. Raises `ClusterError` where none answers, `ExtraMissing` without Ray.
    """
    if ray is None:
        raise ExtraMissing(library="ray", extra="ray")
    if ray.is_initialized():
        yield
        return
    _connect(address, workers)
    try:
        yield
    finally:
        ray.shutdown()


def _connect(address: str | None, workers: int | None) -> None:
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address is None:
        # Ray gives its workers the lowest priority, so that a job crawls beside other work.
        own = {"_system_config": {"worker_niceness": 0}, "include_dashboard": False}
        ray.init(address="local", num_cpus=workers, **own, **quiet)
        return
    reason = refusal(address.removeprefix(_CLIENT))
    if reason is not None:
        raise _no_cluster(address, reason)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(address, str(error).splitlines()[0]) from error


def _no_cluster(address: str, reason: str) -> ClusterError:
    return ClusterError(
        f"no Ray cluster at '{address}' ({reason}); start one with `ray start --head` and name its address HOST:PORT, "
        "or 'auto' for the one on this machine, or leave --address out"
    )


def n_processors() -> int:
    """The processors that the cluster has for tasks, at least 1."""
    return max(int(ray.cluster_resources().get("CPU", 1)), 1)


def check(folders: Sequence[Path]) -> None:
    """Raises `ClusterError` for a node of other versions, or one that cannot see these folders."""
    with probing(folders) as probe:
        parcel = Parcel.of(probe, cloudpickle.dumps)
        looked = [_look.options(**_only_on(node)).remote(parcel) for node in _nodes()]
        for outcome in ray.get(looked, timeout=_PROBE_S):
            outcome.get()


def _nodes() -> list[Mapping[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _only_on(node: Mapping[str, Any]) -> dict[str, Any]:
    # A node that is lost meanwhile is looked at nowhere else, which is well: it will do no work.
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=True)}


def map_shards(
    function: Callable[[Item], Result], shards: Sequence[Item], /, *, workers: int | None = None
) -> Iterator[Result]:
    """The results as they come, each shard a task; `workers` of them at a time, None for one a processor.

    Raises what the function raised, and `ClusterError` for a shard whose worker ended every time.
    """
    parcel = ray.put(Parcel.of(function, cloudpickle.dumps))
    most = (workers or n_processors()) * (_AHEAD if workers is None else 1)
    waiting = iter(shards)
    running: dict[Any, Item] = {}
    try:
        while True:
            while len(running) < most and (shard := next(waiting, _NONE)) is not _NONE:
                running[_task.remote([parcel], shard)] = shard
            if not running:
                return
            done, _ = ray.wait(list(running), num_returns=1)
            yield _outcome(done[0], running.pop(done[0])).get()
    finally:
        for task in running:
            ray.cancel(task, force=True)


_NONE: Any = object()


def _outcome(task: Any, shard: object) -> Outcome:  # noqa: ANN401 - Ray's references have no type
    try:
        outcome: Outcome = ray.get(task)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0]
        msg = (
            f"shard {getattr(shard, 'name', shard)}: its worker ended {_MOST_RETRIES + 1} times ({reason}); most "
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
