"""The one loop that trains every network: the same in one process and in several, killed and resumed or not.

A network is a `torch.nn.Module` with `forward(ids, mask) -> logits`: int64 and bool of shape (rows, tokens) in, float
of shape (rows, labels) out. The rows that a step reads and what dropout drops follow from seed, step and the number of
workers alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn.group import Alone, Group
from mizaj.learn.job import Job, Trained
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.steps import Run
from mizaj.learn.train_settings import TrainSettings

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
    if job.settings.workers > 1:
        msg = "several workers are not there yet; give workers=1"
        raise SettingError(msg)
    with threads(job.settings), torch.random.fork_rng(devices=()):
        return learn(job, Alone(), progress)


def learn(job: Job, group: Group, progress: Progress) -> Trained:
    """Train as one process of a group; process 0 alone reports and writes."""
    run = Run(job, group)
    run.resume()
    tell = progress if group.rank == 0 else silent
    while run.standing.step < job.of_steps and not run.is_over:
        loss = run.advance()
        figures = {"step": run.standing.step, "of_steps": job.of_steps, "loss": loss}
        if run.is_evaluation_due:
            figures = run.evaluate(figures)
        tell(figures)
        if run.is_checkpoint_due:
            run.keep()
    return run.finish()


@contextmanager
def threads(settings: TrainSettings) -> Iterator[None]:
    """PyTorch on the cores that one worker may use."""
    before = torch.get_num_threads()
    wanted_threads = settings.threads
    if wanted_threads is None and settings.workers > 1:
        wanted_threads = max(1, len(os.sched_getaffinity(0)) // settings.workers)
    torch.set_num_threads(wanted_threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
