"""Shards whose worker ends every time are named; where a task did several, the one to blame is found."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from mizaj.errors import ClusterError

ray = pytest.importorskip("ray")
ray_tasks = pytest.importorskip("mizaj.cluster.ray_tasks")
from ray_errors import no_mizaj, raising  # noqa: E402 - needs Ray

SHARD = SimpleNamespace(name="posts-00007")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            no_mizaj(),
            r"^shard posts-00007: a worker cannot do it \(ModuleNotFoundError: No module named "
            r"'mizaj'\); install the same mizaj.*--resume$",
        ),
        (
            ray.exceptions.WorkerCrashedError(),
            r"^shard posts-00007: its worker ended 9 times \(.+\); most likely memory.*--resume$",
        ),
    ],
)
def test_a_shard_that_no_worker_can_do_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    monkeypatch.setattr(ray_tasks.ray, "get", raising(error))
    with pytest.raises(ClusterError, match=expected) as raised:
        ray_tasks.Crowd(None, frozenset()).outcomes([SHARD], None)
    assert "\n" not in str(raised.value)


def test_of_several_shards_in_a_task_that_ended_every_time_each_is_begun_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []
    crowd = ray_tasks.Crowd(None, frozenset())
    monkeypatch.setattr(crowd, "begin", begun.append)
    monkeypatch.setattr(ray_tasks.ray, "get", raising(ray.exceptions.WorkerCrashedError()))
    assert crowd.outcomes([SHARD, "other"], None) == ([], [])
    assert begun == [[SHARD], ["other"]]


def test_what_a_task_left_undone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_tasks.ray, "get", lambda _: ["done"])
    assert ray_tasks.Crowd(None, frozenset()).outcomes([1, 2, 3], None) == (["done"], [2, 3])


def test_a_task_stops_at_the_first_error_or_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def halved(_: object, shard: int) -> Any:
        error = None if shard % 2 == 0 else ClusterError("odd")
        return SimpleNamespace(result=shard // 2, error=error)

    monkeypatch.setattr(ray_tasks, "_fetched", lambda _: None)
    monkeypatch.setattr(ray_tasks, "work", halved)
    clock = SimpleNamespace(monotonic=itertools.count().__next__)
    monkeypatch.setattr(ray_tasks, "time", clock)
    for most_s, done in ((9, [1, 2, 2]), (1, [1, 2]), (0, [1])):
        found = ray_tasks._do((None, [2, 4, 5, 6], most_s))
        assert [each.result for each in found] == done
