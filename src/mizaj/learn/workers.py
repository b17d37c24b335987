"""The loop in several processes of this machine that share each step by AllReduce.

The process that asks is none of them: it starts them, hears how they go, and ends them all when one fails, so that
nothing waits for a worker that is gone. Workers meet through a file in a folder of their own; no port is opened but
those that the backend opens between them.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mizaj.errors import MizajError, TrainingError
from mizaj.learn.carried import (
    Answer,
    answer_of,
    error_of,
    packed,
    trained_of,
    trouble,
    unpacked,
)
from mizaj.learn.group import AllReduce
from mizaj.learn.job import Job, Trained
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.loop import learn, threads

try:
    import torch
    from torch import distributed
except ImportError:
    torch = distributed = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_MEETING, _WEIGHTS = "meeting", "weights"
_PATIENCE = timedelta(minutes=10)
"""How long a worker waits for the others in one exchange: evaluation may part them, nothing else should."""
_LAST_WORDS_S = 5.0
"""After one failure, how long the others are heard: the first to fail is not always the first to say so."""


@dataclass(frozen=True)
class _Place:
    """Where a worker stands and what it works on; `content` is the job, between processes of ours alone."""

    rank: int
    size: int
    folder: str
    content: bytes


def train_in_processes(job: Job, progress: Progress) -> Trained:
    """The job's network, trained by `settings.workers` processes; the weights of all are equal bit by bit.

    Raises what a worker raised, or `TrainingError` where one ended without a word.
    """
    content = packed(job)
    with tempfile.TemporaryDirectory(prefix="mizaj-workers-") as folder:
        size = job.settings.workers
        started = [_start(_Place(rank, size, folder, content)) for rank in range(size)]
        try:
            said = _listen(started, progress)
        finally:
            for process, ear in started:
                process.terminate()
                process.join()
                ear.close()
        weights = Path(folder, _WEIGHTS).read_bytes()
    return trained_of(job, Answer(weights, said))


def _start(place: _Place) -> tuple[SpawnProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(place, mouth), daemon=True)
    process.start()
    mouth.close()  # so that the pipe ends with the worker
    return process, ear


def _listen(
    started: Sequence[tuple[SpawnProcess, Connection]], progress: Progress
) -> Mapping[str, Any]:
    """What worker 0 says at its end, once all have ended well."""
    open_ears = {ear: rank for rank, (_, ear) in enumerate(started)}
    told: dict[int, dict[str, Any]] = {}
    failed = False
    while open_ears:
        ready = wait(list(open_ears), timeout=_LAST_WORDS_S if failed else None)
        if not ready:
            break
        for ear in ready:
            heard = _hear(ear)  # type: ignore[arg-type] # only ears are waited for
            rank = open_ears[ear]  # type: ignore[index] # only ears are waited for
            if heard is None:
                del open_ears[ear]  # type: ignore[arg-type] # only ears are waited for
                failed = failed or "macro_f1" not in told.get(rank, {})
            elif "step" in heard:
                if not failed:
                    progress(heard)
            else:
                told[rank] = heard
                failed = failed or "error" in heard
    if failed:
        raise _failure(told, started)
    return told[0]


def _hear(ear: Connection) -> dict[str, Any] | None:
    """What a worker says next; None when it has ended."""
    try:
        said: dict[str, Any] = json.loads(ear.recv_bytes())
    except EOFError:
        return None
    return said


def _failure(
    told: Mapping[int, Mapping[str, Any]], started: Sequence[tuple[SpawnProcess, Connection]]
) -> MizajError:
    """One error for what befell the workers: what one raised, else how one ended, else the broken exchange."""
    raised = [(rank, each) for rank, each in sorted(told.items()) if "error" in each]
    own = [(rank, each) for rank, each in raised if not each["is_exchange"]]
    if own:
        return error_of(*own[0])
    for rank, (process, _) in enumerate(started):
        process.join(_LAST_WORDS_S)
        if rank not in told and process.exitcode:
            return TrainingError(_ending(rank, process.exitcode))
    rank, each = raised[0]
    return TrainingError(f"worker {rank} lost the others: {each['message']}")


def _ending(rank: int, code: int) -> str:
    if code < 0:
        name = signal.Signals(-code).name
        return f"worker {rank} was ended by {name}; if memory ran out, lower batch_size or give fewer workers"
    return (
        f"worker {rank} ended with status {code} before it could say why; a script that trains with workers must do "
        'so under `if __name__ == "__main__":`'
    )


def work(place: _Place, mouth: Connection) -> None:
    """Be one worker; called in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the run stops the workers
    try:
        job = unpacked(place.content)
        tell: Progress = silent if place.rank else lambda figures: _say(mouth, figures)
        _meet(place, job)
        with threads(job.settings):
            trained = learn(job, AllReduce(place.rank, place.size, gpu=place.rank), tell)
        answer = answer_of(trained)
        if place.rank == 0:
            Path(place.folder, _WEIGHTS).write_bytes(answer.weights)
        distributed.barrier()
        distributed.destroy_process_group()
        _say(mouth, answer.figures)
    except Exception as error:  # all of them go to the process that asked
        _say(mouth, trouble(error))


def _meet(place: _Place, job: Job) -> None:
    on_gpu = job.settings.device != "cpu" and torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(place.rank)
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo",
        init_method=Path(place.folder, _MEETING).as_uri(),
        rank=place.rank,
        world_size=place.size,
        timeout=_PATIENCE,
    )


def _say(mouth: Connection, figures: Mapping[str, Any]) -> None:
    mouth.send_bytes(json.dumps(figures).encode())
