"""What keeps the workers of a Ray cluster from their work is said in one line, with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from mizaj.errors import ClusterError

ray = pytest.importorskip("ray")
on_ray = pytest.importorskip("mizaj.cluster.ray")


def raising(error: Exception) -> Any:
    def get(*_: object, **__: object) -> None:
        raise error

    return get


def no_mizaj() -> Exception:
    """As Ray tells it where a task's function cannot be imported."""
    trace = "Traceback (most recent call last):\n  File ...\nModuleNotFoundError: No module named 'mizaj'"
    told = RuntimeError(f"The remote function failed to import on the worker:\n\n{trace}")
    where = {"proctitle": "ray::_do", "pid": 7, "ip": "192.0.2.7"}
    return ray.exceptions.RayTaskError("_do", trace, told, **where).as_instanceof_cause()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (no_mizaj(), r"^a node of the cluster cannot work \(ModuleNotFoundError.*\); install the"),
        (ray.exceptions.GetTimeoutError(), r"^not all of the 2 nodes .* answered within 120 s"),
    ],
)
def test_nodes_that_cannot_answer_are_told_of_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    monkeypatch.setattr(on_ray.ray, "get", raising(error))
    with pytest.raises(ClusterError, match=expected):
        on_ray._looked_at([None, None])


def test_a_cluster_of_another_version_is_no_cluster_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "Version mismatch: The cluster was started with:\n    Ray: 2.50\nThis process with:\n    Ray: 2.60"
    monkeypatch.setattr(on_ray.ray, "init", raising(RuntimeError(said)))
    monkeypatch.setattr(on_ray, "refusal", lambda _: None)
    with pytest.raises(ClusterError, match=r"'a:1' cannot be used \(.*Ray: 2\.50 .*Ray: 2\.60\)"):
        on_ray._connect("a:1", None)


def test_a_cluster_that_grows_gets_more_tasks_and_workers_that_were_asked_for_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, clock = [1], [0.0]
    monkeypatch.setattr(on_ray, "n_processors", lambda: there[0])
    monkeypatch.setattr(on_ray.time, "monotonic", lambda: clock[0])
    room, asked = on_ray._Room(None), on_ray._Room(3)
    assert (room.most(), asked.most()) == (2, 3)
    there[0] = 8
    assert room.most() == 2
    clock[0] = 6.0
    assert (room.most(), asked.most()) == (16, 3)
