from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job, Trained
from mizaj.learn.train import train
from mizaj.learn.train_settings import TrainSettings

torch = pytest.importorskip("torch")
pytest.importorskip("ray")
networks = pytest.importorskip("mizaj.model.networks")

SETTINGS = TrainSettings(
    epochs=3, batch_size=16, learning_rate=0.01, threads=1, workers=2, patience=3
)
# Long enough that only touched rows of the table are exchanged.
SIZES = networks.Sizes(
    n_tokens=5000, n_labels=3, embedding=8, hidden=8, dropout=0.2, word_dropout=0.0
)


def rows(n_rows: int = 65, seed: int = 0) -> Encoded:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 9, n_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    codes = random.integers(0, 3, n_rows)
    ids = np.repeat(codes, lengths) + 3 * random.integers(1, 1600, offsets[-1])
    weights = random.uniform(0.5, 1.5, n_rows).astype(np.float32)
    return Encoded(ids.astype(np.int32), offsets, codes, weights, ("a", "b", "c"))


def job(**changes: Any) -> Job:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = networks.build("gru", SIZES)
    return Job(module, rows(), rows(40, seed=1), replace(SETTINGS, **changes))


def mortal(grave: Path, **changes: Any) -> Job:
    from mortal_network import Mortal

    one = job(**changes)
    return replace(one, module=Mortal(one.module, grave))


def assert_equal(one: Trained, other: Trained) -> None:
    assert one.history == other.history
    assert one.steps == other.steps
    for name, each in one.module.state_dict().items():
        np.testing.assert_array_equal(other.module.state_dict()[name], each)


@pytest.mark.slow
def test_workers_of_a_cluster_learn_what_local_ones_do_even_when_one_is_killed(
    ray_cluster: None, toy_modules: None, tmp_path: Path
):
    told: list[Mapping[str, Any]] = []
    (tmp_path / "dug").touch()
    local = train(mortal(tmp_path / "dug"), told.append)
    heard: list[Mapping[str, Any]] = []
    kept = {"on": "ray", "checkpoint": str(tmp_path / "kept"), "checkpoint_every": 2}
    disturbed = train(mortal(tmp_path / "grave", **kept), heard.append)
    assert (tmp_path / "grave").exists()
    assert heard == told
    assert_equal(local, disturbed)


@pytest.mark.slow
def test_an_error_in_a_worker_comes_back_at_once_and_the_cluster_is_free_again(
    ray_cluster: None, toy_modules: None
):
    import ray
    from mortal_network import Failing

    with pytest.raises(TrainingError, match="failed: KeyError: 'lost'") as raised:
        train(replace(job(on="ray"), module=Failing(1, 3)))
    assert "in worker" in raised.value.__notes__[0]
    assert ray.available_resources()["CPU"] == 2


@pytest.mark.slow
def test_more_workers_than_a_cluster_has_cores_are_refused(ray_cluster: None):
    with pytest.raises(SettingError, match=r"workers is 3, of 1 cores each.* have \[2\]"):
        train(job(on="ray", workers=3))
