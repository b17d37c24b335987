"""The one loop that trains every network: the same in one process and in several, killed and resumed or not.

A network is a `torch.nn.Module` with `forward(ids, mask) -> logits`: int64 and bool of shape (rows, tokens) in, float
of shape (rows, labels) out. The rows that a step reads and what dropout drops follow from seed, step and the number of
workers alone.
"""

from __future__ import annotations

from mizaj.errors import ExtraMissing
from mizaj.learn.group import Alone
from mizaj.learn.job import Job, Trained
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.loop import learn, threads
from mizaj.learn.tracking import tracked
from mizaj.learn.workers import train_in_processes

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


def train(job: Job, progress: Progress = silent) -> Trained:
    """The job's network, trained; equal for equal jobs on one machine.

    Raises `TrainingError` where the loss is no number, memory does not suffice, or a worker fails.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    with tracked(job, progress) as tell:
        if job.settings.workers > 1:
            return train_in_processes(job, tell)
        with threads(job.settings), torch.random.fork_rng(devices=()):
            return learn(job, Alone(), tell)
