"""The one loop that trains every network: the same in one process and in several, killed and resumed or not.

A network is a `torch.nn.Module` with `forward(ids, mask) -> logits`: int64 and bool of shape (rows, tokens) in, float
of shape (rows, labels) out. The rows that a step reads and what dropout drops follow from seed, step and the number of
workers alone, wherever these are.
"""

from __future__ import annotations

from collections.abc import Callable

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn.group import Alone
from mizaj.learn.job import Job, Trained
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.loop import learn, threads
from mizaj.learn.tracking import tracked
from mizaj.learn.train_settings import TrainSettings
from mizaj.learn.workers import train_in_processes

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


def train(job: Job, progress: Progress = silent) -> Trained:
    """The job's network, trained; equal for equal jobs on one machine, and on a cluster to as many workers here.

    What a parameter server learns from gradients that may be behind (`staleness`) depends on who is done when.

    Raises `TrainingError` where the loss is no number, memory does not suffice, or a worker fails, and `ClusterError`
    where a cluster does not answer.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    with tracked(job, progress) as tell:
        return _way(job.settings)(job, tell)


def _way(settings: TrainSettings) -> Callable[[Job, Progress], Trained]:
    """How the settings have it trained; an engine is imported where it is asked for, since that takes seconds."""
    if settings.exchange == "server":
        if settings.on != "ray":
            msg = f"exchange is server, on {settings.on}; a parameter server needs Ray: add --on ray (on=ray)"
            raise SettingError(msg)
        from mizaj.learn.parameter_server import train_with_server

        return train_with_server
    if (settings.staleness, settings.servers) != (TrainSettings.staleness, TrainSettings.servers):
        msg = (
            f"staleness is {settings.staleness} and servers {settings.servers}, but exchange is {settings.exchange}, "
            "which has neither; add exchange=server, or leave them out"
        )
        raise SettingError(msg)
    if settings.on == "ray":
        from mizaj.learn.on_ray import train_on_ray

        return train_on_ray
    if settings.on == "spark":
        from mizaj.learn.on_spark import train_on_spark

        return train_on_spark
    return train_in_processes if settings.workers > 1 else _train_alone


def _train_alone(job: Job, progress: Progress) -> Trained:
    with threads(job.settings), torch.random.fork_rng(devices=()):
        return learn(job, Alone(), progress)
