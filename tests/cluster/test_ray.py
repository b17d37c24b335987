"""What keeps the workers of a Ray cluster from their work is said in one line, with what to do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mizaj.errors import ClusterError

ray = pytest.importorskip("ray")
on_ray = pytest.importorskip("mizaj.cluster.ray")
from ray_errors import no_mizaj, raising  # noqa: E402 - needs Ray


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
    monkeypatch.setattr(on_ray, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    room, asked = on_ray._Room(None), on_ray._Room(3)
    assert (room.most(), asked.most()) == (2, 3)
    there[0] = 8
    assert room.most() == 2
    clock[0] = 6.0
    assert (room.most(), asked.most()) == (16, 3)
