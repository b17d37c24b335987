"""Shards on a Spark cluster: one job whose tasks read and write files themselves; Spark does lost ones again.

No row goes through Spark's own process: its tasks are told which shard to do, and what they answer comes back by an
accumulator, whose updates arrive with each finished task and, in an action, count once for each.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mizaj.cluster import Item, Result
from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.cluster.probe import probing, refusal
from mizaj.errors import ClusterError, ExtraMissing

try:
    import pyspark
    from pyspark import cloudpickle
    from pyspark.accumulators import AccumulatorParam
    from pyspark.sql import SparkSession
except ImportError:
    pyspark = None
    AccumulatorParam = object

if TYPE_CHECKING:
    from pyspark import Broadcast

_MOST_FAILURES = 8
_POLL_S = 0.05
_STANDALONE = "spark://"
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.task.maxFailures": str(_MOST_FAILURES),
    # on a machine without a network of its own
    "spark.driver.bindAddress": "127.0.0.1",
}


@contextmanager
def session(address: str | None, *, workers: int | None = None) -> Iterator[SparkSession]:
    """A session while the block lasts; the one that is active, if there is one, is used and left.

    `address` is a master (`spark://host:7077`, `yarn`, `k8s://...`); without one, this machine's `workers` processors.
    Raises `ClusterError` where Java or the master is missing, `ExtraMissing` without pyspark.
    """
    if pyspark is None:
        raise ExtraMissing(library="pyspark", extra="spark")
    active = SparkSession.getActiveSession()
    if active is not None:
        yield active
        return
    started = _started(address, workers)
    try:
        yield started
    finally:
        started.stop()


def _started(address: str | None, workers: int | None) -> SparkSession:
    _check_java()
    _check_answers(address or "")
    # Workers start the `python3` of their PATH, which need not be the one that has mizaj.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    n_cores = "*" if workers is None else str(workers)
    builder = SparkSession.builder.appName("mizaj")
    builder = builder.master(address or f"local[{n_cores},{_MOST_FAILURES}]")
    for name, value in _settings(address, workers).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # py4j raises what Java raised
        raise _no_master(address, _first_line(error)) from error


def _settings(address: str | None, workers: int | None) -> dict[str, str]:
    settings = dict(_QUIET)
    if address is not None:
        del settings["spark.driver.bindAddress"]
        if workers is not None:
            settings["spark.cores.max"] = str(workers)
    return settings


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and Path(home, "bin", "java").exists():
        return
    if shutil.which("java") is None:
        where = f"JAVA_HOME is {home}, which holds none" if home else "it is not on the PATH"
        msg = (
            f"Spark needs Java 17 or newer, and {where}; install it (Debian: apt-get install openjdk-17-jre-headless), "
            "or set JAVA_HOME"
        )
        raise ClusterError(msg)


def _check_answers(address: str) -> None:
    """Raises `ClusterError` at once where no standalone master listens: Spark itself tries for a minute and more."""
    if not address.startswith(_STANDALONE):
        return
    reasons = []
    for place in address.removeprefix(_STANDALONE).split(","):
        reason = refusal(place)
        if reason is None:
            return
        reasons.append(reason)
    raise _no_master(address, reasons[0])


def _no_master(address: str | None, reason: str) -> ClusterError:
    return ClusterError(
        f"no Spark session on '{address or 'this machine'}' ({reason}); name a master such as spark://HOST:7077, "
        "or leave --address out"
    )


def check(folders: Sequence[Path], *, spark: SparkSession) -> None:
    """Raises `ClusterError` for a worker of other versions, or one that cannot see these folders.

    As many tasks as there are processors look; Spark may give one worker several of them and another none.
    """
    with probing(folders) as probe:
        for _ in map_shards(probe, range(spark.sparkContext.defaultParallelism), spark=spark):
            pass


def map_shards(
    function: Callable[[Item], Result], shards: Sequence[Item], /, *, spark: SparkSession
) -> Iterator[Result]:
    """The results as they come, each shard a task of one job of the session.

    Raises what the function raised, and `ClusterError` where a task failed for good: its worker ended every time.
    """
    if not shards:
        return
    job = _Job.of(function, shards, spark)
    job.start()
    n_done = 0
    try:
        while n_done < len(shards):
            is_over = not job.is_running
            found = job.outcomes[n_done:]
            for outcome in found:
                n_done += 1
                yield outcome.get()
            if is_over and not found:
                raise job.failure(len(shards) - n_done)
            if not found:
                time.sleep(_POLL_S)
    finally:
        job.stop()


@dataclass(frozen=True, eq=False)
class _Job:
    """One job that does all shards, and what its tasks have answered so far."""

    spark: SparkSession
    group: str
    run: Callable[[], None]
    heard: Any
    errors: list[Exception] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def of(
        cls, function: Callable[[Item], Result], shards: Sequence[Item], spark: SparkSession
    ) -> _Job:
        context = spark.sparkContext
        parcel = context.broadcast(Parcel.of(function, cloudpickle.dumps))
        heard = context.accumulator([], _Heard())
        tasks = context.parallelize(shards, len(shards))

        def run() -> None:
            context.setJobGroup(group, "mizaj", interruptOnCancel=True)
            tasks.foreach(_Task(parcel, heard))

        group = f"mizaj-{id(heard)}"
        return cls(spark, group, run, heard)

    def start(self) -> None:
        """Begin, in a thread of its own: a Spark action lasts until its last task."""
        thread = pyspark.InheritableThread(target=self._run, name="mizaj-spark", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _run(self) -> None:
        try:
            self.run()
        except Exception as error:  # py4j raises what Java raised; the thread that waits tells
            self.errors.append(error)

    @property
    def is_running(self) -> bool:
        """Whether the action goes on."""
        return self.threads[0].is_alive()

    @property
    def outcomes(self) -> list[Outcome]:
        """What the tasks that are done have answered."""
        outcomes: list[Outcome] = self.heard.value
        return outcomes

    def failure(self, n_missing: int) -> ClusterError:
        """The error for a job that ended before its time."""
        reason = _first_line(self.errors[0]) if self.errors else "no reason was given"
        msg = (
            f"{n_missing} shards were not done: Spark gave up ({reason}); most likely workers ended for want of "
            "memory: give them more, or smaller shards, then --resume"
        )
        return ClusterError(msg)

    def stop(self) -> None:
        """End what still runs, and wait for it."""
        if self.is_running:
            self.spark.sparkContext.cancelJobGroup(self.group)
        self.threads[0].join()


@dataclass(frozen=True, eq=False)
class _Task:
    """What a worker does with one shard."""

    parcel: Broadcast[Parcel]
    heard: Any

    def __call__(self, shard: Any) -> None:  # noqa: ANN401 - whatever the function takes
        self.heard.add([work(self.parcel.value, shard)])


class _Heard(AccumulatorParam):  # type: ignore[misc] # it has no types
    """Outcomes, one list after the other."""

    def zero(self, value: list[Outcome]) -> list[Outcome]:
        """Nothing heard yet."""
        return []

    def addInPlace(self, value1: list[Outcome], value2: list[Outcome]) -> list[Outcome]:
        """Both."""
        value1.extend(value2)
        return value1


def _first_line(error: Exception) -> str:
    """What Java said, without its trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "Exception" in line or "failed" in line), lines[0])[:300]
