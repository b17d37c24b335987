"""Jobs for workers on clusters, and whether two trainings are one; a module of its own, for several tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mortal_network import Mortal

from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job, Trained
from mizaj.learn.train_settings import TrainSettings
from mizaj.model import networks

SETTINGS = TrainSettings(
    epochs=3, batch_size=16, learning_rate=0.01, threads=1, workers=2, patience=3
)
# Long enough that only touched rows of the table are exchanged.
SIZES = networks.Sizes(
    n_tokens=5000, n_labels=3, embedding=8, hidden=8, dropout=0.0, word_dropout=0.0
)


def rows(n_rows: int = 65, seed: int = 0) -> Encoded:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 9, n_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    codes = random.integers(0, 3, n_rows)
    ids = np.repeat(codes, lengths) + 3 * random.integers(1, 1600, offsets[-1])
    weights = random.uniform(0.5, 1.5, n_rows).astype(np.float32)
    return Encoded(ids.astype(np.int32), offsets, codes, weights, ("a", "b", "c"))


def job(dropout: float = 0.2, **changes: Any) -> Job:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = networks.build("gru", replace(SIZES, dropout=dropout))
    return Job(module, rows(), rows(40, seed=1), replace(SETTINGS, **changes))


def mortal(grave: Path, **changes: Any) -> Job:
    one = job(**changes)
    return replace(one, module=Mortal(one.module, grave))


def assert_equal(one: Trained, other: Trained) -> None:
    assert one.history == other.history
    assert one.steps == other.steps
    for name, each in one.module.state_dict().items():
        np.testing.assert_array_equal(other.module.state_dict()[name], each)
