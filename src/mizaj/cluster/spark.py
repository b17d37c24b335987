"""Shards on a Spark cluster: one job whose tasks read and write files themselves; Spark does lost ones again.

No row goes through Spark's own process: its tasks are told which shard to do, and what they answer comes back by an
accumulator, whose updates arrive with each finished task and, in an action, count once for each.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mizaj.cluster import Item, Result
from mizaj.cluster.parcel import Outcome, Parcel, work
from mizaj.cluster.probe import probing, refusal
from mizaj.errors import ClusterError, ExtraMissing

try:
    import pyspark
    from pyspark import SparkContext, cloudpickle
    from pyspark.accumulators import AccumulatorParam
    from pyspark.sql import SparkSession
    from pyspark.sql.utils import is_remote
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
_LONGEST_REASON = 400
_PYTHON_SAID = re.compile(r"(?!(?:org|java|javax|scala|io|com)\.)[\w.]*(?:Error|Exception): .+")
"""The last line of a Python trace, and not of one of Java's."""
_NO_PYTHON = "Cannot run program"
_SHARD_NUMBER = re.compile(r"[Tt]ask (\d+) in stage")


@contextmanager
def session(address: str | None, *, workers: int | None = None) -> Iterator[SparkSession]:
    """A session while the block lasts; where this process has one already, that is used and left.

    `address` is a master (`spark://host:7077`, `yarn`, `k8s://...`); without one, this machine's `workers` processors.
    Raises `ClusterError` where Java or the master is missing, where the session that there is has another master or is
    one of Spark Connect, `ExtraMissing` without pyspark.
    """
    if pyspark is None:
        raise ExtraMissing(library="pyspark", extra="spark")
    if is_remote():
        msg = (
            "this process uses Spark Connect, where no task can be told to read and write files; use a session of a "
            "master such as spark://HOST:7077, or send data frames: mizaj.run.frames.transform_frame"
        )
        raise ClusterError(msg)
    # Each thread has an active session of its own; what belongs to the process is the context.
    context = SparkContext._active_spark_context
    if context is not None:
        _check_same(address, context.master)
        yield SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
        return
    started = _started(address, workers)
    try:
        yield started
    finally:
        started.stop()


def _check_same(address: str | None, current: str) -> None:
    """Raises `ClusterError` where the session that there is has another master than `address`."""
    if address not in {None, current}:
        msg = (
            f"there is an active Spark session with master '{current}', and '{address}' was asked for; leave the "
            "address out to use the session, or end it first with its stop()"
        )
        raise ClusterError(msg)


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
        if "JAVA_GATEWAY_EXITED" in str(error):
            where = "the one that is there ended at once"
            raise _no_java(where) from error
        raise _no_master(address, _reason(error)) from error


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
        raise _no_java(where)


def _no_java(where: str) -> ClusterError:
    return ClusterError(
        f"Spark needs Java 17 or newer, and {where}; install it (Debian: apt-get install openjdk-17-jre-headless), "
        "or set JAVA_HOME"
    )


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


def check(
    folders: Sequence[Path], files: Sequence[tuple[str, int]] = (), *, spark: SparkSession
) -> None:
    """Raises `ClusterError` for a worker of other versions, or one that cannot see these folders and files.

    As many tasks as there are processors look; Spark may give one worker several of them and another none.
    """
    with probing(folders, files) as probe:
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
    try:
        for n_done in range(len(shards)):
            outcome = job.next_outcome()
            if outcome is None:
                raise job.failure(len(shards) - n_done)
            yield outcome.get()
    finally:
        job.stop()


@dataclass(frozen=True, eq=False)
class _Job:
    """One job that does all shards, and what its tasks have answered and nobody has taken yet."""

    spark: SparkSession
    shards: Sequence[Any]
    parcel: Any
    heard: Any
    errors: list[Exception] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    def of(
        cls, function: Callable[[Item], Result], shards: Sequence[Item], spark: SparkSession
    ) -> _Job:
        context = spark.sparkContext
        parcel = context.broadcast(Parcel.of(function, cloudpickle.dumps))
        return cls(spark, shards, parcel, context.accumulator([], _Heard()))

    @property
    def group(self) -> str:
        """The name under which Spark can end it."""
        return f"mizaj-{id(self.heard)}"

    def start(self) -> None:
        """Begin, in a thread of its own: a Spark action lasts until its last task."""
        tasks = self.spark.sparkContext.parallelize(self.shards, len(self.shards))
        run = functools.partial(self._run, tasks)
        thread = pyspark.InheritableThread(target=run, name="mizaj-spark", daemon=True)
        self.threads.append(thread)
        thread.start()

    def _run(self, tasks: Any) -> None:  # noqa: ANN401 - what pyspark hands on has no type
        context = self.spark.sparkContext
        try:
            context.setJobGroup(self.group, "mizaj", interruptOnCancel=True)
            tasks.foreach(_Task(self.parcel, self.heard))
        except Exception as error:  # py4j raises what Java raised; the thread that waits tells
            self.errors.append(error)

    @property
    def is_running(self) -> bool:
        """Whether the action goes on."""
        return self.threads[0].is_alive()

    def next_outcome(self) -> Outcome | None:
        """What a task has answered, once there is one; None where the job is over without. Not kept any longer."""
        while True:
            is_over = not self.is_running  # asked first: answers are there before it is over
            answers: list[Outcome] = self.heard.value
            if answers:
                return answers.pop()
            if is_over:
                return None
            time.sleep(_POLL_S)

    def failure(self, n_missing: int) -> ClusterError:
        """The error for a job that ended before its time."""
        reason = _reason(self.errors[0]) if self.errors else "no reason was given"
        where = _SHARD_NUMBER.search(str(self.errors[0])) if self.errors else None
        shard = "" if where is None else f" at shard {_name(self.shards[int(where[1])])}"
        way = (
            "install the same mizaj, Python and libraries on all machines, and set PYSPARK_PYTHON where Python lies "
            "elsewhere there"
            if _PYTHON_SAID.match(reason) or _NO_PYTHON in reason
            else "most likely workers ended for want of memory: give them more, or smaller shards"
        )
        return ClusterError(
            f"{n_missing} shards were not done: Spark gave up{shard} ({reason}); {way}, then --resume"
        )

    def stop(self) -> None:
        """End what still runs, wait for it, and have the session keep nothing of it."""
        self.threads[0].join(_POLL_S)  # what is done ends by itself
        while self.is_running:
            with suppress(Exception):  # with a session that is stopped meanwhile all ends
                # More than once: a job that has not begun yet does not hear.
                self.spark.sparkContext.cancelJobGroup(self.group)
            self.threads[0].join(_POLL_S)
        self.heard.value.clear()
        with suppress(Exception):  # of a session that was stopped nothing is left
            self.parcel.destroy()


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


def _name(shard: object) -> str:
    return str(getattr(shard, "name", shard))


def _reason(error: Exception) -> str:
    """What went wrong, in a line: what Python said on a worker, else what Java said, without their traces."""
    lines = [line.strip().removeprefix(": ") for line in str(error).splitlines() if line.strip()]
    lines = lines or [type(error).__name__]
    said = [line for line in lines if _PYTHON_SAID.match(line)]
    told = (line for line in lines if "Exception" in line or "failed" in line)
    return (said[-1] if said else next(told, lines[0]))[:_LONGEST_REASON]
