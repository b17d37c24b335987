"""Each shard is given out once, in portions that keep all places busy and none to the end."""

from __future__ import annotations

import bisect
import heapq
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.cluster.portions import Portions, most_s


@given(st.integers(0, 300), st.integers(1, 50), st.floats(0, 10), st.randoms())
def test_each_shard_is_given_once_in_order(n, n_processors, usual_s, chosen):
    portions, given_out = Portions(range(n)), []
    while portion := portions.next(n_processors):
        given_out += portion
        for _ in portion:
            portions.took(usual_s * chosen.random())
    assert given_out == list(range(n))
    assert list(portions.next(n_processors)) == []


def test_what_was_left_undone_comes_again_first():
    portions = Portions("abcdef")
    assert [*portions.next(2)] == ["a"]
    portions.give_back(["x", "y"])
    assert ["".join(portions.next(2)) for _ in range(9)] == [*"xybcdef", "", ""]


def test_few_processors_get_shards_one_by_one():
    portions = Portions(range(1000))
    portions.took(1.5)
    assert [len(portions.next(4)) for _ in range(1000)] == [1] * 1000


def simulated(shards_s: list[float], n_processors: int, hand_out_s: float) -> float:
    """Time by the clock where each processor asks again when it is free, and one process answers all of them."""
    portions = Portions(shards_s)
    busy_until, n_done, idle = 0.0, 0, n_processors
    ends: list[tuple[float, list[float], list[float]]] = []
    while True:
        while idle and (portion := list(portions.next(n_processors))):
            busy_until += hand_out_s
            n_kept = bisect.bisect(list(itertools.accumulate(portion)), most_s(n_processors)) + 1
            kept, undone = portion[:n_kept], portion[n_kept:]
            heapq.heappush(ends, (busy_until + sum(kept), kept, undone))
            idle -= 1
        if not ends:
            break
        end, done, undone = heapq.heappop(ends)
        busy_until, idle, n_done = max(busy_until, end), idle + 1, n_done + len(done)
        for seconds in done:
            portions.took(seconds)
        portions.give_back(undone)
    assert n_done == len(shards_s)
    return end


@pytest.mark.parametrize(("n_processors", "at_work"), [(160, 0.9), (1600, 0.9), (16000, 0.5)])
def test_one_process_keeps_thousands_of_processors_at_work(n_processors, at_work):
    """Shards of 1.5 s, fifty for each processor; a task takes 1.25 ms to hand out."""
    took_s = simulated([1.5] * 50 * n_processors, n_processors, 0.00125)
    assert 50 * 1.5 / took_s > at_work


@pytest.mark.parametrize("n_processors", [160, 1600])
def test_long_shards_after_many_short_ones_are_no_burden_of_a_few(n_processors):
    shards_s = [0.01] * 125 * n_processors + [60.0] * 2 * n_processors
    assert simulated(shards_s, n_processors, 0.00125) < 3 * 60.0 + 10
