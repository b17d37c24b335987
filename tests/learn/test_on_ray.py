from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.train import train

pytest.importorskip("torch")
ray = pytest.importorskip("ray")

_PATIENCE_S = 60.0


@pytest.mark.slow
def test_workers_of_a_cluster_learn_what_local_ones_do_even_when_one_is_killed(
    ray_cluster: object, jobs: ModuleType, tmp_path: Path
):
    told: list[Mapping[str, Any]] = []
    (tmp_path / "dug").touch()
    local = train(jobs.mortal(tmp_path / "dug"), told.append)
    heard: list[Mapping[str, Any]] = []
    kept = {"on": "ray", "checkpoint": str(tmp_path / "kept"), "checkpoint_every": 2}
    disturbed = train(jobs.mortal(tmp_path / "grave", **kept), heard.append)
    assert (tmp_path / "grave").exists()
    assert heard == told
    jobs.assert_equal(local, disturbed)


@pytest.mark.slow
def test_an_error_in_a_worker_comes_back_at_once_and_the_cluster_is_free_again(
    ray_cluster: object, jobs: ModuleType
):
    from mortal_network import Failing

    with pytest.raises(TrainingError, match="failed: KeyError: 'lost'") as raised:
        train(replace(jobs.job(on="ray"), module=Failing(1, 3)))
    assert "in worker" in raised.value.__notes__[0]
    end = time.monotonic() + _PATIENCE_S
    while (n_free := ray.available_resources().get("CPU", 0)) < 2 and time.monotonic() < end:
        time.sleep(0.1)  # Ray counts a worker's place as free only once its process has ended
    assert n_free == 2


@pytest.mark.slow
def test_more_workers_than_a_cluster_has_cores_are_refused(ray_cluster: object, jobs: ModuleType):
    with pytest.raises(SettingError, match=r"workers is 3, of 1 cores each.* have \[1, 1\]"):
        train(jobs.job(on="ray", workers=3))


@pytest.mark.slow
def test_a_worker_that_is_lost_too_often_stops_the_training_with_what_to_do(
    ray_cluster: object, jobs: ModuleType, tmp_path: Path
):
    with pytest.raises(TrainingError, match=r"lost workers 1 times.*--resume and the same"):
        train(jobs.mortal(tmp_path / "grave", on="ray", restarts=0))
    assert (tmp_path / "grave").exists()
