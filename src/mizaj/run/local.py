"""Shards on one machine: a few at a time in threads, over code that releases the GIL."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice

import pyarrow as pa

from mizaj.cluster import Item, Result
from mizaj.read import Shard
from mizaj.run.shard import Each, ShardFunction, ShardResult, Tick

# Batches that wait between reading, transforming and writing one shard: memory is bounded by
# workers x (this + 2) batches.
_AHEAD = 1


class _Stopped(Exception):
    """Unwinds a shard that is given up, so that its temporary files go."""


def map_shards(
    function: ShardFunction, shards: Sequence[Shard], /, *, workers: int, tick: Tick
) -> Iterator[ShardResult]:
    """The results as they come; each shard runs in one thread, `workers` of them at a time.

    In the last shards, and so where there are few, reading, transforming and writing of one shard
    overlap as well, so that no processor waits for the end.

    When the consumer stops or a shard fails, the others are given up at their next batch, and this
    returns only after they have removed their temporary files.
    """
    with _lean_memory():
        yield from _map(function, shards, workers=workers, tick=tick)


def spread(
    function: Callable[[Item], Result], shards: Sequence[Item], /, *, workers: int
) -> Iterator[Result]:
    """The results as they come, of `workers` threads; no more shards are begun once the consumer stops or one fails.

    >>> sorted(spread(abs, [-1, -2, 3], workers=2))
    [1, 2, 3]
    """
    with _lean_memory(), ThreadPoolExecutor(workers) as pool:
        yield from _as_they_end(lambda shard: pool.submit(function, shard), shards, workers)


def _as_they_end(
    begin: Callable[[Item], Future[Result]], shards: Iterable[Item], most: int
) -> Iterator[Result]:
    """The results of what is begun, at most so many at a time."""
    waiting = iter(shards)
    running = {begin(shard) for shard in islice(waiting, most)}
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        running |= {begin(shard) for shard in islice(waiting, len(done))}
        for future in done:
            yield future.result()


@contextmanager
def _lean_memory() -> Iterator[None]:
    """Arrow's allocations through jemalloc while the run lasts, where this build has it.

    Scoring 1 M posts in two threads peaked at 224 MB so, at 273 MB with mimalloc, the default.
    """
    usual = pa.default_memory_pool()
    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(usual)


def _map(
    function: ShardFunction, shards: Sequence[Shard], *, workers: int, tick: Tick
) -> Iterator[ShardResult]:
    stop = threading.Event()

    def stoppable(n_rows: int) -> None:
        if stop.is_set():
            raise _Stopped
        tick(n_rows)

    with ThreadPoolExecutor(workers) as pool, ThreadPoolExecutor(workers) as spare:
        ahead = _Ahead(spare)

        def begin(numbered: tuple[int, Shard]) -> Future[ShardResult]:
            number, shard = numbered
            each: Each = ahead if number >= len(shards) - workers else map
            return pool.submit(function, shard, each=each, tick=stoppable)

        try:
            yield from _as_they_end(begin, enumerate(shards), workers)
        finally:
            stop.set()


class _Ahead:
    """`map` whose reading runs in its own thread and whose function runs in a pool, in order."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def __call__(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        batches: Iterable[pa.RecordBatch],
        /,
    ) -> Iterator[pa.RecordBatch]:
        """The results, at most `_AHEAD` of them not yet asked for."""
        line: queue.Queue[Future[pa.RecordBatch] | None] = queue.Queue(_AHEAD)
        stop = threading.Event()
        failure: list[BaseException] = []

        def read() -> None:
            try:
                for batch in batches:
                    if stop.is_set():
                        break
                    line.put(self._pool.submit(function, batch))
            except BaseException as error:  # handed over to the thread that writes
                failure.append(error)
            line.put(None)

        reader = threading.Thread(target=read, name="mizaj-read", daemon=True)
        reader.start()
        try:
            while (future := line.get()) is not None:
                yield future.result()
        finally:
            stop.set()
            _drain(line, reader)
        if failure:
            raise failure[0]


def _drain(line: queue.Queue[Future[pa.RecordBatch] | None], reader: threading.Thread) -> None:
    """Empties the line until the reader, which may be waiting for room in it, has ended."""
    while reader.is_alive():
        try:
            line.get(timeout=0.05)
        except queue.Empty:
            continue
