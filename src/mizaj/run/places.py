"""Where shards are worked on: this machine's threads or a cluster, held open for as long as a run lasts."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mizaj.cluster import Spread
from mizaj.errors import SettingError
from mizaj.read import Shard
from mizaj.run import local
from mizaj.run.shard import Engine, ShardFunction, ShardResult, Tick


@dataclass(frozen=True)
class Place:
    """A place to work: `do_jobs` for shards of a run, `spread` for any function on any shards of work."""

    do_jobs: Engine
    spread: Spread


@dataclass(frozen=True)
class Asked:
    """What is asked of a place: how many shards at a time (None: one a processor), and where the cluster is.

    `folders` are those that all workers must see.
    """

    workers: int | None = None
    address: str | None = None
    folders: tuple[Path, ...] = ()


def open_place(name: str, asked: Asked) -> AbstractContextManager[Place]:
    """The place of this name while the block lasts.

    Raises `SettingError` for a name that is not known, `ClusterError` for a cluster that does not answer or whose
    workers have other versions or do not see the folders, `ExtraMissing` where its library is not installed.
    """
    if name not in _PLACES:
        msg = f"there is no engine '{name}'; allowed: {', '.join(_PLACES)}"
        raise SettingError(msg)
    return _PLACES[name](asked)


@contextmanager
def _local(asked: Asked) -> Iterator[Place]:
    if asked.address is not None:
        msg = f"address '{asked.address}' names a cluster, but the run is local; add --on ray or --on spark"
        raise SettingError(msg)
    workers = asked.workers or os.cpu_count() or 1
    yield Place(
        functools.partial(local.map_shards, workers=workers),
        functools.partial(local.spread, workers=workers),
    )


@contextmanager
def _on_ray(asked: Asked) -> Iterator[Place]:
    from mizaj.cluster import ray  # an optional library that takes its time to load

    with ray.connected(asked.address, workers=asked.workers):
        ray.check(asked.folders)
        yield _far(functools.partial(ray.map_shards, workers=asked.workers))


@contextmanager
def _on_spark(asked: Asked) -> Iterator[Place]:
    from mizaj.cluster import spark  # an optional library that takes its time to load

    with spark.session(asked.address, workers=asked.workers) as session:
        spark.check(asked.folders, spark=session)
        yield _far(functools.partial(spark.map_shards, spark=session))


def _far(spread: Spread) -> Place:
    def do_jobs(
        function: ShardFunction, shards: Sequence[Shard], /, *, tick: Tick
    ) -> Iterator[ShardResult]:
        return _ticked(spread(function, shards), tick)

    return Place(do_jobs, spread)


def _ticked(results: Iterable[ShardResult], tick: Tick) -> Iterator[ShardResult]:
    """The results; from a cluster, rows are heard of when their shard is done."""
    for result in results:
        tick(result.counts.rows_in)
        yield result


_PLACES: dict[str, Callable[[Asked], AbstractContextManager[Place]]] = {
    "local": _local,
    "ray": _on_ray,
    "spark": _on_spark,
}
PLACES = tuple(_PLACES)
"""The names of the places where a run can go."""
