"""The loop in workers of a Spark cluster that share each step by AllReduce, through Spark's TorchDistributor.

The distributor starts all workers as one barrier stage and lets torchrun join them. When one is lost, Spark ends the
stage ("Could not recover from a failed barrier ResultStage"), so it is begun again here, and the loop goes on from its
own checkpoint. Every attempt is a torchrun of its own: restarts within one would meet the dead attempt's addresses in
its store. Workers are heard over a connection that each opens to who asks, as Spark's own processes do.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mizaj.cluster.spark import check, session
from mizaj.errors import ExtraMissing, SettingError, TrainingError
from mizaj.learn.carried import (
    Answer,
    answer_of,
    error_of,
    packed,
    shared_folders,
    trained_of,
    trouble,
    unpacked,
    with_whole_path,
)
from mizaj.learn.ear import Ear, Mouth
from mizaj.learn.group import AllReduce
from mizaj.learn.interface import address_towards, use_interface
from mizaj.learn.job import GOING_ON, Job, Trained
from mizaj.learn.kinds import Progress
from mizaj.learn.loop import learn, threads
from mizaj.learn.train_settings import TrainSettings

try:
    import pyspark
    from torch import distributed

    from mizaj.learn.spark_distributor import QuietDistributor
except ImportError:
    pyspark = None

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PATIENCE = timedelta(minutes=10)
"""How long a worker waits for the others in one exchange."""
_POLL_S = 0.2
_COMING_S = 60.0
"""How long executors may take to come: a cluster gives them one after the other."""
_LAST_WORDS_S = 2.0
"""How long what was said last may be on its way, once an attempt has ended."""
_CANCEL_S = 1.0
_MOST_IN_VAIN = 2
"""So many attempts in a row may end before a worker spoke: more would meet what kept Spark from beginning them."""
_ANY_PORT = 9
_GPUS = "spark.task.resource.gpu.amount"


def train_on_spark(job: Job, progress: Progress) -> Trained:
    """The job's network, trained by `settings.workers` workers of a Spark cluster; bit by bit that of as many here.

    Raises what a worker raised, `TrainingError` where workers are lost too often, `ClusterError` where the cluster
    cannot do it, `ExtraMissing` without pyspark.
    """
    if pyspark is None:
        raise ExtraMissing(library="pyspark", extra="spark")
    content, settings = packed(with_whole_path(job)), job.settings
    with session(settings.address, workers=settings.workers) as spark:
        check(shared_folders(settings), spark=spark)
        _check_slots(spark, settings)
        with Ear(*_places(spark)) as ear:
            answer = _Asking(spark, settings, progress).of(ear, content)
    return trained_of(job, answer)


def _check_slots(spark: SparkSession, settings: TrainSettings) -> None:
    """Raises `SettingError` where fewer processors come than there are workers: Spark would wait for ten minutes."""
    end = time.monotonic() + (0.0 if _is_local(spark) else _COMING_S)
    while (n_slots := spark.sparkContext.defaultParallelism) < settings.workers:
        if time.monotonic() >= end:
            msg = (
                f"workers is {settings.workers}, all of which must run at once; the session has {n_slots} processors: "
                "give fewer workers"
            )
            raise SettingError(msg)
        time.sleep(_POLL_S)


def _is_local(spark: SparkSession) -> bool:
    """Whether the workers are processes of this machine, all there from the beginning."""
    return str(spark.sparkContext.master).startswith("local")


def _places(spark: SparkSession) -> tuple[str, str]:
    """Where to listen for workers, and where they find us."""
    if _is_local(spark):
        return "127.0.0.1", "127.0.0.1"
    conf = spark.sparkContext.getConf()
    here = str(conf.get("spark.driver.host"))
    return str(conf.get("spark.driver.bindAddress", here)), here


@dataclass
class _Asking:
    """What is asked of a session: attempts until one comes to its end, and who is told meanwhile."""

    spark: SparkSession
    settings: TrainSettings
    progress: Progress
    has_begun: bool = False
    last: int = 0

    def of(self, ear: Ear, content: bytes) -> Answer:
        """What the group leaves. Raises what one of its workers raised, or `TrainingError`."""
        error: Exception | None = None
        n_tried = n_vain = 0
        while n_tried <= self.settings.restarts and n_vain < _MOST_IN_VAIN:
            n_tried, self.has_begun = n_tried + 1, False
            with _running(self.spark, self.settings, (content, ear.address)) as attempt:
                answer = self._listen(ear, attempt)
            if answer is not None:
                return answer
            error = attempt.error
            n_vain = 0 if self.has_begun else n_vain + 1
        reason = str(error).strip().partition("\n")[0]
        msg = (
            f"the group was begun {n_tried} times and ended before its work was done, the last time after step "
            f"{self.last} ({reason}); {GOING_ON}"
        )
        raise TrainingError(msg) from error

    def _listen(self, ear: Ear, attempt: _Attempt) -> Answer | None:
        """The answer, with each step passed on once; None where the attempt ended without."""
        while True:
            is_over = not attempt.thread.is_alive()
            heard = ear.hear(timeout_s=_LAST_WORDS_S if is_over else _POLL_S)
            if heard is None:
                if is_over:
                    return None
                continue
            rank, said = heard
            if isinstance(said, Answer):
                attempt.thread.join()
                return said
            if "error" in said and not said["is_exchange"]:
                raise error_of(rank, said)
            if "begun" in said:
                self.has_begun = True
            elif said.get("step", 0) > self.last:
                self.last = said["step"]
                self.progress(said)


@dataclass
class _Attempt:
    """A run of the distributor, in a thread of its own: it lasts until all workers have ended."""

    thread: threading.Thread
    error: Exception | None = None


@contextlib.contextmanager
def _running(
    spark: SparkSession, settings: TrainSettings, carried: tuple[Any, ...]
) -> Iterator[_Attempt]:
    """The workers at work while the block lasts; what still runs at its end is cancelled."""
    context = spark.sparkContext
    n_gpus = float(context.getConf().get(_GPUS, "0") or 0)
    distributor = QuietDistributor(
        num_processes=settings.workers,
        local_mode=False,
        use_gpu=settings.device != "cpu" and n_gpus >= 1,
    )
    distributor.logger.setLevel("ERROR")  # it tells standard error when it begins and ends
    group = f"mizaj-{id(distributor)}"

    def run() -> None:
        context.setJobGroup(group, "mizaj", interruptOnCancel=True)
        try:
            distributor.run(_work, *carried)
        except Exception as error:  # py4j raises what Java raised; the thread that waits tells
            attempt.error = error

    attempt = _Attempt(pyspark.InheritableThread(target=run, name="mizaj-spark", daemon=True))
    attempt.thread.start()
    try:
        yield attempt
    finally:
        while attempt.thread.is_alive():
            context.cancelJobGroup(
                group
            )  # again and again: it does nothing before the job is there
            attempt.thread.join(_CANCEL_S)


def _work(content: bytes, address: tuple[str, int, bytes]) -> None:
    """Be one worker of the group, in a process that torchrun started."""
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    with Mouth(address, rank) as mouth:
        if rank == 0:
            mouth.say({"begun": True})
        try:
            job = unpacked(content)
            backend = "nccl" if os.environ.get("CUDA_VISIBLE_DEVICES") else "gloo"
            use_interface(address_towards(os.environ["MASTER_ADDR"], _ANY_PORT))
            distributed.init_process_group(backend, timeout=_PATIENCE)
            with threads(job.settings):
                trained = learn(job, AllReduce(rank, size), mouth.say)
            distributed.barrier()
            distributed.destroy_process_group()
            if rank == 0:
                mouth.answer(answer_of(trained))
        except Exception as error:  # all of them go to the process that asked
            mouth.say(trouble(error))
            raise
