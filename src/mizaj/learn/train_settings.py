"""How the loop trains: the settings that all networks share, and what follows from them alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.model.padding import Offsets

PRECISIONS = ("auto", "float32", "bfloat16")
SCHEDULES = ("linear", "cosine", "constant")
ENGINES = ("local", "ray", "spark")
EXCHANGES = ("allreduce", "server")
_POOL_BATCHES = 50
"""Rows of like length are sought among this many batches: near no padding, and batches still differ each epoch."""
_AT_LEAST_ONE = ("epochs", "batch_size", "accumulate", "patience", "workers", "servers")
_SHARES = ("warmup", "label_smoothing")
_OPTIONAL = ("evaluate_every", "checkpoint_every", "threads")


@dataclass(frozen=True)
class TrainSettings:
    """Settings of the loop; those of a kind of network add to them. Checked when made: `SettingError`.

    `batch_size` is rows a step over all workers; each worker reads its part in `accumulate` pieces, which changes the
    memory needed and not what is learnt, but for what dropout draws. `warmup` is the share of steps in which the
    learning rate rises; after it, the rate falls to 0 by `schedule`. `clip` is the longest gradient, 0 for no limit.
    With `labels_of_source` a row is decided among the labels that occur in its source alone, so that a set without
    neutral posts does not teach that nothing is neutral. Training stops when `patience` evaluations in a row brought no
    better macro-F1 on the validation part; there is one every `evaluate_every` steps, None for one each epoch.

    `workers` processes share each step; each uses `threads` cores (None: all cores divided by the workers).
    `precision` is that of products of matrices: `float32`; `bfloat16`, up to twice as fast on GPUs and processors that
    know it (AVX-512 BF16, AMX), slower elsewhere; `auto` takes it on a GPU alone. `checkpoint` is a folder to resume
    from, written every `checkpoint_every` steps, None for at each evaluation. `mlflow` is a tracking address or folder.

    `on` says where the workers are: processes of this machine (`local`), or of the Ray or Spark cluster at `address`
    (None: one that is started here). A group that lost a worker begins again from its checkpoint, `restarts` times at
    most. `exchange` says how they share a step: by `allreduce`, or by a parameter `server` of `servers` processes, on
    Ray alone, with gradients at most `staleness` steps behind.
    """

    epochs: int = field(default=6, metadata={"search": (2, 12)})
    batch_size: int = field(default=32, metadata={"choices": (16, 32, 64)})
    learning_rate: float = field(default=1e-3, metadata={"search": (1e-4, 5e-3), "log": True})
    weight_decay: float = field(default=0.01, metadata={"search": (1e-4, 0.3), "log": True})
    warmup: float = field(default=0.1, metadata={"search": (0.0, 0.2)})
    schedule: str = "linear"
    clip: float = 1.0
    label_smoothing: float = field(default=0.05, metadata={"search": (0.0, 0.2)})
    labels_of_source: bool = False
    accumulate: int = 1
    patience: int = 2
    evaluate_every: int | None = None
    precision: str = "auto"
    device: str = "auto"
    workers: int = 1
    threads: int | None = None
    on: str = "local"
    address: str | None = None
    restarts: int = 3
    exchange: str = "allreduce"
    staleness: int = 0
    servers: int = 1
    checkpoint: str | None = None
    checkpoint_every: int | None = None
    mlflow: str | None = None

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        for name in _SHARES:
            _check(name, getattr(self, name), 0.0 <= getattr(self, name) <= 1.0, "from 0 to 1")
        for name in _OPTIONAL:
            value = getattr(self, name)
            _check(name, value, value is None or value >= 1, "1 or more, or none")
        for name in ("weight_decay", "clip"):
            _check(name, getattr(self, name), getattr(self, name) >= 0.0, "0 or more")
        _check("learning_rate", self.learning_rate, self.learning_rate > 0.0, "more than 0")
        _check("precision", self.precision, self.precision in PRECISIONS, ", ".join(PRECISIONS))
        _check("schedule", self.schedule, self.schedule in SCHEDULES, ", ".join(SCHEDULES))
        for name in ("restarts", "staleness"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        _check("on", self.on, self.on in ENGINES, ", ".join(ENGINES))
        _check("exchange", self.exchange, self.exchange in EXCHANGES, ", ".join(EXCHANGES))


def _check(name: str, value: object, is_allowed: bool, allowed: str) -> None:  # noqa: FBT001 -- the claim itself
    if not is_allowed:
        msg = f"{name} is {value}; allowed: {allowed}"
        raise SettingError(msg)


def rate_factor(step: int, of_steps: int, settings: TrainSettings) -> float:
    """What the learning rate is multiplied by at a step: rising over the warm-up, then falling by the schedule.

    >>> [round(rate_factor(step, 10, TrainSettings(warmup=0.2)), 3) for step in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.125]
    """
    n_warm = round(settings.warmup * of_steps)
    if step < n_warm:
        return (step + 1) / n_warm
    done = (step - n_warm) / max(1, of_steps - n_warm)
    if settings.schedule == "linear":
        return 1.0 - done
    return 0.5 * (1.0 + math.cos(math.pi * done)) if settings.schedule == "cosine" else 1.0


def epoch_batches(
    offsets: Offsets, batch_size: int, *, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    """All row numbers in batches of rows of like length, in an order that seed and epoch alone decide.

    >>> len(epoch_batches(np.arange(11), 4, seed=0, epoch=0))
    3
    """
    n_rows = len(offsets) - 1
    random = np.random.default_rng([seed, epoch])
    lengths = np.diff(offsets)
    shuffled = random.permutation(n_rows)
    pool = batch_size * _POOL_BATCHES
    batches = []
    for begin in range(0, n_rows, pool):
        rows = shuffled[begin : begin + pool]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += [rows[at : at + batch_size] for at in range(0, len(rows), batch_size)]
    return [batches[place] for place in random.permutation(len(batches))]
