"""The loop itself, as one process of a group goes through it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mizaj.learn.group import Group
from mizaj.learn.job import Job, Trained
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.steps import Run
from mizaj.learn.train_settings import TrainSettings

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


def learn(job: Job, group: Group, progress: Progress) -> Trained:
    """Train as one process of a group; process 0 alone reports and writes."""
    run = Run(job, group)
    run.resume()
    tell = progress if group.rank == 0 else silent
    while not run.is_over:
        loss = run.advance()
        figures = {"step": run.standing.step, "of_steps": job.of_steps, "loss": loss}
        if run.is_evaluation_due:
            figures = run.evaluate(figures)
        tell(figures)
        if run.is_checkpoint_due:
            run.keep()
    return run.finish()


@contextmanager
def threads(settings: TrainSettings, n_cores: int | None = None) -> Iterator[None]:
    """PyTorch on the cores that one worker may use: `n_cores`, or else its share of this machine's."""
    before = torch.get_num_threads()
    wanted_threads = settings.threads or n_cores
    if wanted_threads is None and settings.workers > 1:
        wanted_threads = max(1, own_cores() // settings.workers)
    torch.set_num_threads(wanted_threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def own_cores() -> int:
    """The cores this process may use; all there are where the system does not say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
