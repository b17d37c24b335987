"""A Spark session is refused in one line where it cannot be, and one that is there is left as it was."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("pyspark")
from mizaj.cluster import spark
from mizaj.errors import ClusterError

CRASHED = """An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 1 in stage 3.0 failed 8 times, most recent \
failure: Lost task 1.7 in stage 3.0 (TID 12) (node executor driver): org.apache.spark.SparkException: Python worker \
exited unexpectedly (crashed).
\tat org.apache.spark.api.python.BasePythonRunner.compute(PythonRunner.scala:1)
Caused by: java.io.EOFException
"""
NO_MIZAJ = """An error occurred while calling z:org.apache.spark.api.python.PythonRDD.collectAndServe.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 0.0 failed 8 times, most recent \
failure: Lost task 0.7 in stage 0.0 (TID 7) (node executor 1): org.apache.spark.api.python.PythonException: Traceback \
(most recent call last):
  File "/opt/spark/python/worker.py", line 1, in main
ModuleNotFoundError: No module named 'mizaj'

\tat org.apache.spark.api.python.BasePythonRunner.compute(PythonRunner.scala:1)
Caused by: java.lang.RuntimeError: not this
"""
OTHER_PYTHON = NO_MIZAJ.replace(
    "ModuleNotFoundError: No module named 'mizaj'",
    "pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker is 3.12",
)
NO_PYTHON = """: org.apache.spark.SparkException: Task 0 in stage 0.0 failed 8 times, \
most recent failure: Lost task 0.7 (node executor 1): java.io.IOException: Cannot run program "/x/python": error=2
"""


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark.SparkContext, "_active_spark_context", None)


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("home", [None, "/nowhere"])
def test_java_that_is_missing_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    with (
        pytest.raises(ClusterError, match=r"needs Java 17 .*apt-get install openjdk-17") as raised,
        spark.session(None),
    ):
        pass
    assert (home or "PATH") in str(raised.value)


def test_a_session_of_spark_connect_is_refused_with_the_two_ways_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    with (
        pytest.raises(ClusterError, match=r"Spark Connect.*spark://HOST:7077.*transform_frame"),
        spark.session(None),
    ):
        pass


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (CRASHED, r"at shard posts-00001 \(.*Task 1 in stage .*want of memory"),
        (NO_MIZAJ, r"\(ModuleNotFoundError: No module named 'mizaj'\); install the same mizaj"),
        (OTHER_PYTHON, r"PYTHON_VERSION_MISMATCH.*; install the same mizaj, Python"),
        (NO_PYTHON, r"Cannot run program.*; install .* set PYSPARK_PYTHON"),
        ("", "RuntimeError"),
    ],
)
def test_what_ended_a_job_is_said_in_one_line_with_what_to_do(said: str, expected: str) -> None:
    shards = [SimpleNamespace(name=f"posts-{n:05}") for n in range(3)]
    job: Any = spark._Job(None, shards, None, None, errors=[RuntimeError(said)])
    error = job.failure(2)
    assert len(str(error).splitlines()) == 1
    with pytest.raises(ClusterError, match=f"^2 shards were not done: .*{expected}"):
        raise error


@pytest.mark.slow
def test_a_session_that_another_thread_began_is_used_and_left(spark_session) -> None:
    """Each thread of Python has an active session of its own, or none."""
    found = []

    def work() -> None:
        with spark.session(None) as there:
            found.extend(spark.map_shards(abs, [-1, 2], spark=there))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert sorted(found) == [1, 2]
    assert spark_session.range(3).count() == 3


@pytest.mark.slow
def test_a_session_keeps_nothing_of_a_job_that_was_done(spark_session) -> None:
    """What its tasks answered, and the work itself, which may be many megabytes."""
    job = spark._Job.of(abs, [-1, -2], spark_session)
    job.start()
    outcomes = [job.next_outcome() for _ in range(2)]
    assert sorted(outcome.result for outcome in outcomes) == [1, 2]
    assert job.heard.value == []
    kept = Path(job.parcel._path)
    assert kept.exists()
    job.stop()
    assert not kept.exists()


@pytest.mark.slow
def test_a_job_that_is_left_before_it_has_begun_does_not_run_to_its_end(spark_session) -> None:
    job = spark._Job.of(time.sleep, [600, 600], spark_session)
    job.start()
    began = time.monotonic()
    job.stop()
    assert not job.is_running
    assert time.monotonic() - began < 120
