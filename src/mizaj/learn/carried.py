"""What goes to workers and what comes back, whoever carries it: a job out, weights with figures or an error in."""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mizaj import errors
from mizaj.errors import MizajError, SettingError, TrainingError
from mizaj.learn.job import Job, Trained
from mizaj.learn.train_settings import TrainSettings
from mizaj.model.tensors import pack_tensors, unpack_tensors

try:
    import torch
    from torch import distributed
except ImportError:
    torch = distributed = None  # type: ignore[assignment]

Said = Mapping[str, Any]
"""What a worker says, in values that JSON knows: figures of a step, its last figures, or its `error`."""


@dataclass(frozen=True)
class Answer:
    """What a group leaves: the weights as tensors packed, and the figures that stand in `Trained`."""

    weights: bytes
    figures: Said


def packed(job: Job) -> bytes:
    """The job, for processes of ours alone. Raises `SettingError` for a network that cannot be sent."""
    try:
        return pickle.dumps((torch.__version__, pickle.dumps(job)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        msg = f"this network cannot go to other processes ({error}); define its class in a module, or give workers=1"
        raise SettingError(msg) from error


def with_whole_path(job: Job) -> Job:
    """The job with the whole path of its checkpoint: an engine may put a worker into another folder."""
    if job.settings.checkpoint is None:
        return job
    path = Path(job.settings.checkpoint).absolute()
    return replace(job, settings=replace(job.settings, checkpoint=str(path)))


def shared_folders(settings: TrainSettings) -> list[Path]:
    """The folders that all workers must see."""
    return [Path(settings.checkpoint)] if settings.checkpoint else []


def unpacked(content: bytes) -> Job:
    """The job in a worker.

    Raises `SettingError` where the worker has another version of torch, or not the module of the network's class.
    """
    version, kept = pickle.loads(content)  # from the process that asked
    if version != torch.__version__:
        msg = f"a worker has torch {torch.__version__}, who asks has {version}; install the same on all machines"
        raise SettingError(msg)
    try:
        job: Job = pickle.loads(kept)
    except (ImportError, AttributeError) as error:
        msg = f"a worker cannot open the network ({error}); install the module of its class where the workers run"
        raise SettingError(msg) from error
    return job


def answer_of(trained: Trained) -> Answer:
    """What a worker that has trained sends back."""
    state = trained.module.state_dict()
    arrays = {name: each.detach().cpu().numpy() for name, each in state.items()}
    figures = {
        "macro_f1": trained.macro_f1,
        "steps": trained.steps,
        "history": list(trained.history),
    }
    return Answer(pack_tensors(arrays), json.loads(json.dumps(figures)))


def trained_of(job: Job, answer: Answer) -> Trained:
    """The job's own network with the weights that came back."""
    state = unpack_tensors(answer.weights, "a worker's weights")
    job.module.load_state_dict(
        {name: torch.from_numpy(each.copy()) for name, each in state.items()}
    )
    job.module.eval()
    said = answer.figures
    return Trained(job.module, said["macro_f1"], said["steps"], tuple(said["history"]))


def trouble(error: Exception) -> dict[str, Any]:
    """What befell a worker, in words."""
    return {
        "error": type(error).__name__,
        "message": str(error),
        "is_exchange": is_lost(error),
        "trace": traceback.format_exc(),
    }


def is_lost(error: Exception) -> bool:
    """Whether an error says no more than that another worker is gone."""
    words = str(error)
    return isinstance(error, distributed.DistError) or "gloo" in words or "Connection" in words


def error_of(rank: int, said: Said) -> MizajError:
    """The error that a worker told of, of its own kind where it is one of ours."""
    kind = getattr(errors, said["error"], None)
    if kind is None:
        kind, words = TrainingError, f"worker {rank} failed: {said['error']}: {said['message']}"
    else:
        words = said["message"]
    # not made anew, since some kinds are made from other things than their words
    found: MizajError = kind.__new__(kind, words)
    found.add_note(f"in worker {rank}:\n{said['trace']}")
    return found
