"""A pipeline, from a source to a sink, on one machine or several: what is done is never said here."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from mizaj.batch import Pipeline
from mizaj.errors import Interrupted, SettingError, SourceError
from mizaj.read import Source, open_source
from mizaj.read.files import hash_file, is_url
from mizaj.run.hold import drafting, held
from mizaj.run.ledger import Ledger, begin, check_use
from mizaj.run.manifest import Manifest, sum_up
from mizaj.run.places import Asked, Place, open_place
from mizaj.run.progress import watch
from mizaj.run.shard import Counts, Job, ShardResult
from mizaj.write import Sink

__all__ = ["Counts", "Job", "Manifest", "RunSettings", "ShardResult", "Sink", "run"]

_LOOKED_AT = 64
"""Inputs, evenly apart, that workers of a cluster are asked for before it begins; each tells of a folder."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RunSettings:
    """How a run is carried out; nothing here changes the rows that come out.

    `workers` is the number of shards at a time, None for one a processor. `address` names a cluster: for Ray HOST:PORT
    or `auto`, for Spark a master; None is one of this machine, or the one that is connected. `is_progress_shown` None
    shows a bar where stderr is a terminal. `is_hashed` False leaves the hashes of the inputs out
    of the manifest. `now` is the clock.
    """

    workers: int | None = None
    address: str | None = None
    is_progress_shown: bool | None = None
    is_hashed: bool = True
    now: Callable[[], datetime] = _utc_now

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            msg = f"workers is {self.workers}; it must be 1 or more"
            raise SettingError(msg)


def run(
    pipeline: Pipeline,
    source: object,
    sink: Sink | str | os.PathLike[str],
    *,
    on: str = "local",
    settings: RunSettings | None = None,
) -> Manifest:
    """The manifest of a run that reads every row of the source and writes it to the sink.

    `source` is a `Source` or what `open_source` takes; `sink` a `Sink` or a folder; `on` is `local`, `ray` or `spark`,
    and the output is the same wherever it ran. Everything is checked before the first row is read or the first file
    touched. Inputs that break off are
    listed in the manifest while others go on; `SourceError` is raised at the end only when no
    row could be read. Raises `Interrupted` on Ctrl-C, with how to go on.
    """
    settings = settings or RunSettings()
    opened = source if isinstance(source, Source) else open_source(source)
    target = sink if isinstance(sink, Sink) else Sink(Path(sink))
    job = Job(pipeline, opened, target)
    target.check(job.schema)
    with held(target.folder):
        check_use(job)
        with open_place(on, asked_for(job, settings)) as place:
            return run_at(place, job, settings)


def asked_for(job: Job, settings: RunSettings) -> Asked:
    """What a job asks of a place: that workers see the output folder, and inputs from all over the source."""
    files = [i for i in job.source.inputs if i.stamp is not None and not is_url(i.path)]
    apart = max(len(files) // _LOOKED_AT, 1)
    seen = tuple((i.path, i.size_bytes or 0) for i in files[::apart])
    return Asked(settings.workers, settings.address, (job.sink.folder,), seen)


def run_at(place: Place, job: Job, settings: RunSettings) -> Manifest:
    """The manifest of a job that is done at a place which is open already, in a folder that is held; see `run`."""
    target = job.sink
    target.check(job.schema)
    ledger = begin(job)
    with _hashing(job.source, is_on=settings.is_hashed) as hashes, drafting(target) as drafts:
        results = _work(replace(job, sink=drafts), ledger, place, settings)
        manifest = sum_up(job, results, hashes(), created=settings.now())
    manifest.write(target.folder)
    if manifest.bad_inputs and manifest.counts.rows_in == 0:
        raise SourceError(manifest.bad_inputs[0].reason)
    return manifest


def _work(job: Job, ledger: Ledger, place: Place, settings: RunSettings) -> list[ShardResult]:
    results = ledger.results()
    done = {result.shard for result in results}
    todo = [shard for shard in job.source.shards if shard.name not in done]
    # each shard travels by itself: no worker needs the list of all
    work = replace(job, source=replace(job.source, shards=()))
    try:
        with watch(todo, is_shown=settings.is_progress_shown) as tick, ledger.entering() as enter:
            for result in place.do_jobs(work, todo, tick=tick):
                enter(result)
                results.append(result)
    except KeyboardInterrupt as error:
        raise Interrupted(_how_to_go_on(job, results)) from error
    return results


def _how_to_go_on(job: Job, results: Sequence[ShardResult]) -> str:
    state = f"stopped with {len(results)} of {len(job.source.shards)} shards done"
    way = "--resume" if job.source.is_repeatable else "--overwrite"
    return f"{state} in {job.sink.folder}; run the same command with {way} to go on"


@contextmanager
def _hashing(source: Source, *, is_on: bool) -> Iterator[Callable[[], dict[str, str | None]]]:
    """Hashes the inputs beside the work: yields a function that waits for the hashes."""
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="mizaj-hash") as pool:
        paths = [i.path for i in source.inputs if i.stamp is not None] if is_on else []
        futures = {path: pool.submit(hash_file, path, stop.is_set) for path in paths}
        try:
            yield lambda: {path: _hash(future) for path, future in futures.items()}
        finally:
            stop.set()


def _hash(found: Future[str | None]) -> str | None:
    """The hash; None for a file that is gone or cannot be read to its end, which its shards tell."""
    try:
        return found.result()
    except OSError:
        return None


class _Room(ModuleType):
    """`mizaj.run(...)` runs, although the room and its one function share a name."""

    __call__ = staticmethod(run)


sys.modules[__name__].__class__ = _Room
