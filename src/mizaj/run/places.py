"""Where shards are worked on: this machine's threads or a cluster, held open for as long as a run lasts."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mizaj.cluster import Spread
from mizaj.cluster.parcel import unseen
from mizaj.errors import SettingError
from mizaj.read import Shard
from mizaj.run import local
from mizaj.run.shard import Engine, ShardFunction, ShardResult, Tick

LOCAL = "local"


@dataclass(frozen=True)
class Place:
    """A place to work: `do_jobs` for shards of a run, `spread` for any function on any shards of work."""

    do_jobs: Engine
    spread: Spread


@dataclass(frozen=True)
class Asked:
    """What is asked of a place: how many shards at a time (None: one a processor), and where the cluster is.

    `folders` are those that all workers must see; `files`, with their sizes, stand for the inputs, which they must see
    as well.
    """

    workers: int | None = None
    address: str | None = None
    folders: tuple[Path, ...] = ()
    files: tuple[tuple[str, int], ...] = ()


def open_place(name: str, asked: Asked) -> AbstractContextManager[Place]:
    """The place of this name while the block lasts.

    Raises `SettingError` for a name that is not known, `ClusterError` for a cluster that does not answer or whose
    workers have other versions or do not see folders and files, `ExtraMissing` where its library is not installed.
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
        ray.check(asked.folders, asked.files)
        spread = functools.partial(ray.map_shards, workers=asked.workers)
        yield far_place(spread, asked.folders)


@contextmanager
def _on_spark(asked: Asked) -> Iterator[Place]:
    from mizaj.cluster import spark  # an optional library that takes its time to load

    with spark.session(asked.address, workers=asked.workers) as session:
        spark.check(asked.folders, asked.files, spark=session)
        spread = functools.partial(spark.map_shards, spark=session)
        yield far_place(spread, asked.folders)


def far_place(spread: Spread, folders: tuple[Path, ...]) -> Place:
    """The place whose workers `spread` reaches, on machines of their own, which must see the folders."""

    def do_jobs(
        function: ShardFunction, shards: Sequence[Shard], /, *, tick: Tick
    ) -> Iterator[ShardResult]:
        return _heard(spread(_Elsewhere(function, folders), shards), tick)

    return Place(do_jobs, spread)


@dataclass(frozen=True)
class _Answer:
    """What became of a shard, on which machine, and inputs that broke off because that machine does not have them."""

    result: ShardResult
    machine: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Elsewhere:
    """The function of a run as a worker on another machine does it: it must see what who asked sees.

    When a cluster is opened its workers are looked at, but others join later, and Spark does not reach all of them. One
    without the folder of the output would make its own; one without an input would take it for broken.
    """

    function: ShardFunction
    folders: tuple[Path, ...]

    def __call__(self, shard: Shard, /) -> _Answer:
        for folder in self.folders:
            if not folder.is_dir():
                raise unseen(str(folder))
        result = self.function(shard)
        missing = tuple(bad.path for bad in result.bad if not _is_file(bad.path))
        return _Answer(result, platform.node(), missing)


def _heard(answers: Iterable[_Answer], tick: Tick) -> Iterator[ShardResult]:
    """The results; from a cluster, rows are heard of when their shard is done.

    Raises `ClusterError` for an input that is there, but not for the worker.
    """
    for answer in answers:
        for path in answer.missing:
            if _is_file(path):
                raise unseen(path, "file", machine=answer.machine)
        tick(answer.result.counts.rows_in)
        yield answer.result


def _is_file(path: str) -> bool:
    """Whether an input is a file that is there; what is read from elsewhere, such as a query, is none."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


_PLACES: dict[str, Callable[[Asked], AbstractContextManager[Place]]] = {
    LOCAL: _local,
    "ray": _on_ray,
    "spark": _on_spark,
}
PLACES = tuple(_PLACES)
"""The names of the places where a run can go."""
