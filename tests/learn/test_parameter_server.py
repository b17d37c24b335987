from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.job import Trained
from mizaj.learn.on_ray import Plan
from mizaj.learn.schedule import Ticket
from mizaj.learn.train import train

torch = pytest.importorskip("torch")
ray = pytest.importorskip("ray")
parameter_server = pytest.importorskip("mizaj.learn.parameter_server")

SERVER = {"on": "ray", "exchange": "server"}
PLAN = Plan(2, cores=1, has_gpu=False, restarts=0)


def close(one: Trained, other: Trained) -> None:
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert mine["macro_f1"] == theirs["macro_f1"]
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
    for name, each in one.module.state_dict().items():
        np.testing.assert_allclose(other.module.state_dict()[name], each, atol=1e-4)


def call_for_a_minute(server: Any) -> None:
    for _ in range(600):
        ray.get(server.pull.remote(), timeout=60)
        time.sleep(0.1)


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
    ray_cluster: object, jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    hand_out = parameter_server._Training._hand_out

    def once_all_are_open(training: Any) -> None:
        # where one opens late, the other may do all steps alone, and no gradient is behind
        if all(ticket for _, ticket in training.running.values()):
            hand_out(training)

    monkeypatch.setattr(parameter_server._Training, "_hand_out", once_all_are_open)
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
            server = hired[-1].servers[0]
            ray.kill(server)
            # Ray ends it a moment later, when all steps that are left may have been made
            with pytest.raises(ray.exceptions.RayActorError):
                call_for_a_minute(server)

    monkeypatch.setattr(Crew, "ask", ask)
    kept = {"checkpoint": str(tmp_path / "kept"), "checkpoint_every": 3}
    resumed = train(jobs.job(servers=2, **kept, **SERVER), kill)
    assert len({id(crew) for crew in hired}) == 2
    assert told == list(range(1, 16))
    close(undisturbed, resumed)


@pytest.mark.slow
def test_stopped_and_begun_again_it_has_the_weights_of_a_run_that_was_not(
    ray_cluster: object, jobs: ModuleType, tmp_path: Path
):
    kept = {"servers": 2, "checkpoint": str(tmp_path), "checkpoint_every": 3, **SERVER}
    whole = train(jobs.job(servers=2, **SERVER))

    def stop(figures: Mapping[str, Any]) -> None:
        if figures["step"] == 8:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(jobs.job(**kept), stop)
    told: list[int] = []
    resumed = train(jobs.job(**kept), lambda figures: told.append(figures["step"]))
    assert told == list(range(7, 16))
    for name, each in whole.module.state_dict().items():
        np.testing.assert_array_equal(resumed.module.state_dict()[name], each)


@pytest.mark.parametrize(
    "error",
    [
        ray.exceptions.RayActorError(),
        ray.exceptions.OutOfMemoryError("the node is running out of memory"),
        ray.exceptions.ObjectLostError("00", b"", ""),
    ],
)
def test_a_server_is_lost_whatever_ray_calls_it(
    jobs: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    from mizaj.learn import crew
    from mizaj.learn.schedule import Ticket

    def get(_: object) -> None:
        raise error

    monkeypatch.setattr(crew, "ray", SimpleNamespace(get=get))
    assert crew.Worker(b"", [], [], PLAN).work(Ticket(0, 0)) is None
    with pytest.raises(crew.ServerLost):
        crew.Crew([], [], None, PLAN, []).ask("state")


def test_a_worker_that_is_replaced_is_ended_and_too_many_stop_the_training(
    monkeypatch: pytest.MonkeyPatch,
):
    from mizaj.learn import crew

    killed: list[str] = []
    monkeypatch.setattr(crew, "ray", SimpleNamespace(kill=killed.append))
    monkeypatch.setattr(crew.Crew, "hire", lambda _: "third")
    one = crew.Crew([], [], None, replace(PLAN, restarts=1), ["first", "second"])
    assert one.replace("first", RuntimeError("unreachable")) == "third"
    with pytest.raises(TrainingError, match=r"2 workers were lost .*: out of memory\).*--resume"):
        one.replace("second", RuntimeError("out of memory\nat length"))
    assert killed == ["first", "second"]


def test_what_goes_wrong_in_a_worker_is_an_answer(jobs: ModuleType):
    from mortal_network import Failing

    from mizaj.learn.carried import packed
    from mizaj.learn.crew import Worker
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


@pytest.mark.parametrize("changes", [{"staleness": 2}, {"servers": 3}])
def test_what_a_server_alone_has_is_refused_without_one(jobs: ModuleType, changes: dict[str, int]):
    with pytest.raises(SettingError, match=r"exchange is allreduce.* add exchange=server"):
        train(jobs.job(**changes))


def test_workers_that_find_no_place_end_the_training(
    jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    crew = SimpleNamespace(plan=PLAN, servers=[])
    waiting = parameter_server._Training(jobs.job(**SERVER), crew, lambda _: None)
    monkeypatch.setattr(parameter_server, "n_processors", lambda: 1)
    waiting.running = {"open": ("worker", None), "work": ("other", Ticket(0, 0))}
    waiting._check_placed()
    del waiting.running["work"]
    with pytest.raises(TrainingError, match=r"no worker found a place .* 1 processors.*--resume"):
        waiting._check_placed()
