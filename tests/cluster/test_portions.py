"""Each shard is given out once, in portions that keep all places busy and none to the end."""

from __future__ import annotations

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.cluster.portions import Portions


@given(st.integers(0, 300), st.integers(1, 50), st.floats(0, 10), st.randoms())
def test_each_shard_is_given_once_in_order(n, n_processors, usual_s, chosen):
    portions, given_out = Portions(range(n)), []
    while portion := portions.next(n_processors):
        given_out += portion
        for _ in portion:
            portions.took(usual_s * chosen.random())
    assert given_out == list(range(n))
    assert list(portions.next(n_processors)) == []


def test_few_processors_get_shards_one_by_one():
    portions = Portions(range(1000))
    portions.took(1.5)
    assert [len(portions.next(4)) for _ in range(1000)] == [1] * 1000


def simulated(
    n_shards: int, n_processors: int, shard_s: float, hand_out_s: float
) -> tuple[int, float]:
    """Tasks, and time by the clock, where each processor asks again when it is free and one process answers."""
    portions = Portions(range(n_shards))
    free = [(0.0, 0)] * n_processors
    n_tasks, busy_until = 0, 0.0
    ends: list[float] = []
    while True:
        at, n_done = heapq.heappop(free)
        for _ in range(n_done):
            portions.took(shard_s)
        portion = portions.next(n_processors)
        if not portion:
            return n_tasks, max(*ends, at)
        n_tasks += 1
        busy_until = max(busy_until, at) + hand_out_s
        ends.append(busy_until + len(portion) * shard_s)
        heapq.heappush(free, (ends[-1], len(portion)))


@pytest.mark.parametrize(("n_processors", "at_work"), [(160, 0.9), (1600, 0.9), (16000, 0.5)])
def test_one_process_keeps_thousands_of_processors_at_work(n_processors, at_work):
    """Shards of 1.5 s, fifty for each processor; a task takes 1.25 ms to hand out."""
    n_tasks, took_s = simulated(50 * n_processors, n_processors, 1.5, 0.00125)
    assert 50 * 1.5 / took_s > at_work
    assert n_tasks >= n_processors
