from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mizaj.errors import SettingError
from mizaj.learn.job import Trained
from mizaj.learn.train import train

torch = pytest.importorskip("torch")
ray = pytest.importorskip("ray")

SERVER = {"on": "ray", "exchange": "server"}


def close(one: Trained, other: Trained) -> None:
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert mine["macro_f1"] == theirs["macro_f1"]
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
    for name, each in one.module.state_dict().items():
        np.testing.assert_allclose(other.module.state_dict()[name], each, atol=1e-4)


@pytest.mark.slow
def test_without_staleness_a_server_is_allreduce_bit_by_bit_even_when_a_worker_is_killed(
    ray_cluster: object, jobs: ModuleType, tmp_path: Path
):
    (tmp_path / "dug").touch()
    shared = train(jobs.mortal(tmp_path / "dug"))
    told: list[Mapping[str, Any]] = []
    served = train(jobs.mortal(tmp_path / "grave", **SERVER), told.append)
    assert (tmp_path / "grave").exists()
    assert [each["step"] for each in told] == list(range(1, 16))
    assert {each["behind"] for each in told} == {0}
    close(shared, served)
    for name, each in shared.module.state_dict().items():
        np.testing.assert_array_equal(served.module.state_dict()[name], each)


@pytest.mark.slow
def test_a_gradient_is_never_further_behind_than_allowed_and_learns_all_the_same(
    ray_cluster: object, jobs: ModuleType
):
    told: list[Mapping[str, Any]] = []
    trained = train(jobs.job(staleness=3, epochs=12, patience=12, **SERVER), told.append)
    assert 0 < max(each["behind"] for each in told) <= 3
    assert trained.macro_f1 is not None
    assert trained.macro_f1 > 0.5


@pytest.mark.slow
def test_of_two_servers_one_is_lost_and_training_goes_on_from_the_checkpoint(
    ray_cluster: object, jobs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from mizaj.learn.crew import Crew

    undisturbed = train(jobs.job())
    hired: list[Any] = []
    told: list[int] = []
    real = Crew.ask

    def ask(crew: Any, name: str, *words: Any) -> Any:
        hired.append(crew)
        return real(crew, name, *words)

    def kill(figures: Mapping[str, Any]) -> None:
        told.append(figures["step"])
        if figures["step"] == 8:
            ray.kill(hired[-1].servers[0])

    monkeypatch.setattr(Crew, "ask", ask)
    kept = {"checkpoint": str(tmp_path / "kept"), "checkpoint_every": 3}
    resumed = train(jobs.job(servers=2, **kept, **SERVER), kill)
    assert len({id(crew) for crew in hired}) == 2
    assert told == list(range(1, 16))
    close(undisturbed, resumed)


def test_what_goes_wrong_in_a_worker_is_an_answer(jobs: ModuleType):
    from mortal_network import Failing

    from mizaj.learn.carried import packed
    from mizaj.learn.crew import Worker
    from mizaj.learn.on_ray import Plan
    from mizaj.learn.schedule import Ticket

    plan = Plan(2, cores=torch.get_num_threads(), has_gpu=False, restarts=0)
    broken = Worker(b"no job", [], [], plan)
    assert broken.open()["error"] == "UnpicklingError"
    worker = Worker(packed(replace(jobs.job(), module=Failing(1, 3))), [], [], plan)
    assert worker.open() is None
    said = worker.work(Ticket(0, 0))
    assert (said["error"], said["message"], said["is_exchange"]) == ("KeyError", "'lost'", False)
    assert "mortal_network.py" in said["trace"]


@pytest.mark.parametrize("on", ["local", "spark"])
def test_a_server_is_on_ray_alone(jobs: ModuleType, on: str):
    with pytest.raises(SettingError, match="needs Ray: add --on ray"):
        train(jobs.job(exchange="server", on=on))
