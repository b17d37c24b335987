"""How training goes, told to MLflow as well where the settings name a tracking address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from mizaj.errors import ExtraMissing, TrainingError
from mizaj.learn.job import Job
from mizaj.learn.kinds import Progress

_EXPERIMENT = "mizaj"
_POINTS = 200
"""About so many losses of single steps are sent for a run: enough for a curve, and a server is not flooded."""


@contextmanager
def tracked(job: Job, progress: Progress) -> Iterator[Progress]:
    """A `Progress` that tells both; the run is closed as finished or failed when the block ends.

    Raises `ExtraMissing` without mlflow and `TrainingError` where the address cannot be written to.
    """
    if job.settings.mlflow is None:
        yield progress
        return
    client, run = _begin(job)
    every = max(1, job.of_steps // _POINTS)

    def tell(figures: Mapping[str, Any]) -> None:
        progress(figures)
        if "macro_f1" in figures or "train_loss" in figures or figures["step"] % every == 0:
            for name in figures.keys() - {"step", "of_steps"}:
                client.log_metric(run, name, figures[name], step=figures["step"])

    status = "FAILED"
    try:
        yield tell
        status = "FINISHED"
    finally:
        client.set_terminated(run, status)


def _begin(job: Job) -> tuple[Any, str]:
    try:
        from mlflow import (
            MlflowClient,
            MlflowException,
        )  # two seconds: not for those who do not ask
    except ImportError as error:
        raise ExtraMissing(library="mlflow", extra="mlflow") from error
    address = job.settings.mlflow
    try:
        client = MlflowClient(tracking_uri=address)
        there = client.get_experiment_by_name(_EXPERIMENT)
        experiment = there.experiment_id if there else client.create_experiment(_EXPERIMENT)
        run = client.create_run(experiment).info.run_id
        for name, value in {**asdict(job.settings), "seed": job.seed}.items():
            client.log_param(run, name, value)
    except (MlflowException, OSError) as error:
        msg = (
            f"mlflow cannot write to {address} ({str(error).splitlines()[0]}); give an address such as "
            "sqlite:///mlflow.db or http://host:5000"
        )
        raise TrainingError(msg) from error
    return client, run
