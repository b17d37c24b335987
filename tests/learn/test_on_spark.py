from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.carried import Answer
from mizaj.learn.train import train
from mizaj.learn.train_settings import TrainSettings

pytest.importorskip("torch")
pytest.importorskip("pyspark")


@pytest.mark.slow
def test_workers_of_a_cluster_learn_what_local_ones_do_even_when_one_is_killed(
    spark_session: object, jobs: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    told: list[Mapping[str, Any]] = []
    (tmp_path / "dug").touch()
    local = train(jobs.mortal(tmp_path / "dug"), told.append)
    heard: list[Mapping[str, Any]] = []

    def tell(figures: Mapping[str, Any]) -> None:
        heard.append(figures)
        print(figures["step"])

    kept = {"on": "spark", "checkpoint": str(tmp_path / "kept"), "checkpoint_every": 2}
    disturbed = train(jobs.mortal(tmp_path / "grave", **kept), tell)
    assert (tmp_path / "grave").exists()
    assert heard == told
    jobs.assert_equal(local, disturbed)
    # What who asks prints, and nothing of what workers do.
    assert capfd.readouterr().out.split() == [str(each["step"]) for each in told]


@pytest.mark.slow
def test_no_port_is_opened_for_what_workers_print(
    spark_session: object, jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    opened: list[str] = []
    there = "pyspark.ml.torch.distributor.LogStreamingServer.start"
    monkeypatch.setattr(there, lambda self, **_: opened.append("port"))
    train(jobs.job(on="spark"))
    assert opened == []


@pytest.mark.slow
def test_an_error_in_a_worker_comes_back_at_once(spark_session: object, jobs: ModuleType):
    from mortal_network import Failing

    with pytest.raises(TrainingError, match="failed: KeyError: 'lost'"):
        train(replace(jobs.job(on="spark"), module=Failing(1, 3)))


@pytest.mark.slow
def test_more_workers_than_a_session_has_processors_are_refused(
    spark_session: object, jobs: ModuleType
):
    with pytest.raises(SettingError, match=r"workers is 3, all of which .* has 2 processors"):
        train(jobs.job(on="spark", workers=3))


@pytest.mark.slow
def test_a_worker_that_is_lost_too_often_stops_the_training_with_what_to_do(
    spark_session: object, jobs: ModuleType, tmp_path: Path
):
    grave = tmp_path / "grave"
    for _ in range(3):
        with pytest.raises(TrainingError, match=r"begun 1 times.*--resume and the same settings"):
            train(jobs.mortal(grave, on="spark", restarts=0))
        # where another program took the port that Spark chose for them, no worker began, and none was lost
        if grave.exists():
            break
    assert grave.exists()


class Coming:
    """A context whose executors come one after the other."""

    master = "spark://head:7077"

    def __init__(self, *n_slots: int) -> None:
        self.n_slots = list(n_slots)

    @property
    def defaultParallelism(self) -> int:
        return self.n_slots.pop(0) if len(self.n_slots) > 1 else self.n_slots[0]


def test_executors_are_waited_for_before_workers_are_too_many(monkeypatch: pytest.MonkeyPatch):
    from mizaj.learn import on_spark

    monkeypatch.setattr(on_spark, "_POLL_S", 0.0)
    asked = TrainSettings(workers=3)
    on_spark._check_slots(SimpleNamespace(sparkContext=Coming(1, 1, 3)), asked)
    monkeypatch.setattr(on_spark, "_COMING_S", 0.0)
    with pytest.raises(SettingError, match=r"workers is 3, .* has 2 processors"):
        on_spark._check_slots(SimpleNamespace(sparkContext=Coming(2)), asked)


def test_a_group_is_cancelled_until_it_ends_also_before_its_job_is_there(
    monkeypatch: pytest.MonkeyPatch,
):
    from mizaj.learn import on_spark

    cancelled: list[str] = []
    ended = threading.Event()

    class Late:
        """A distributor whose job is there only when it is cancelled again."""

        logger = logging.getLogger("late")

        def __init__(self, **_: Any) -> None: ...

        def run(self, *_: Any) -> None:
            assert ended.wait(30)

    def cancel(group: str) -> None:
        cancelled.append(group)
        if len(cancelled) == 2:
            ended.set()

    context = SimpleNamespace(
        getConf=dict, setJobGroup=lambda *_, **__: None, cancelJobGroup=cancel
    )
    monkeypatch.setattr(on_spark, "_CANCEL_S", 0.01)
    monkeypatch.setattr(on_spark, "QuietDistributor", Late)
    monkeypatch.setattr(on_spark, "pyspark", SimpleNamespace(InheritableThread=threading.Thread))
    session = SimpleNamespace(sparkContext=context)
    with on_spark._running(session, TrainSettings(workers=2), ()) as attempt:
        assert attempt.thread.is_alive()
    assert not attempt.thread.is_alive()
    assert len(set(cancelled)) == 1


BEGUN = (0, {"begun": True})
ANSWER = Answer(b"", {})


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [
        ([[BEGUN], [], [BEGUN, (0, ANSWER)]], None),
        ([[BEGUN], [], []], "begun 3 times .* after step 0 \\(executor lost\\)"),
        ([[BEGUN, (0, {"step": 7})], [BEGUN], [BEGUN], [BEGUN]], "begun 4 times .* after step 7"),
    ],
)
def test_a_lost_group_is_begun_again_as_often_as_asked_and_twice_in_vain(
    monkeypatch: pytest.MonkeyPatch, attempts: list[list[Any]], outcome: str | None
):
    from mizaj.learn import on_spark

    said: list[Any] = []

    @contextmanager
    def running(*_: Any) -> Iterator[Any]:
        said.extend(attempts.pop(0))
        thread = threading.Thread()
        thread.start()
        thread.join()
        yield on_spark._Attempt(thread, RuntimeError("executor lost\nat length"))

    monkeypatch.setattr(on_spark, "_running", running)
    ear = SimpleNamespace(address=None, hear=lambda *, timeout_s: said.pop(0) if said else None)
    asking = on_spark._Asking(None, TrainSettings(workers=2, restarts=3), lambda figures: None)
    if outcome is None:
        assert asking.of(ear, b"") is ANSWER
    else:
        with pytest.raises(TrainingError, match=outcome):
            asking.of(ear, b"")
    assert not attempts
