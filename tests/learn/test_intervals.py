"""Intervals are those of the textbooks, and follow from counts and seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from mizaj.errors import SettingError
from mizaj.learn.intervals import bootstrap_intervals, wilson_interval
from mizaj.learn.metrics import CLASSES, Counts

matrices = st.lists(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), min_size=3, max_size=3)
counts = matrices.map(lambda matrix: Counts.from_array(np.array(matrix)))


def test_drawing_cells_gives_the_intervals_of_drawing_rows():
    """The twin: draw row numbers with replacement, count again, and take percentiles."""
    rng = np.random.default_rng(7)
    truth = rng.choice(3, 300, p=[0.2, 0.5, 0.3])
    answers = np.where(rng.random(300) < 0.6, truth, rng.choice(3, 300))
    draws = np.array(
        [
            Counts.of(truth[drawn], answers[drawn]).macro_f1
            for drawn in rng.integers(0, 300, (2000, 300))
        ]
    )
    slow = np.percentile(draws, [2.5, 97.5])
    fast = bootstrap_intervals(Counts.of(truth, answers), n_resamples=4000).macro_f1
    # 0.005 is some three times the chance error of a bound from 2000 draws, 1/22 of the width
    assert (fast.low, fast.high) == pytest.approx(slow.tolist(), abs=0.005)
    assert fast.high - fast.low > 0.1


@given(counts.filter(lambda each: each.n_rows > 0), st.integers(0, 5))
@settings(max_examples=25)
def test_equal_counts_and_seed_give_equal_intervals(some, seed):
    found = bootstrap_intervals(some, n_resamples=50, seed=seed)
    assert found == bootstrap_intervals(some, n_resamples=50, seed=seed)
    assert 0 <= found.accuracy.low <= found.accuracy.high <= 1
    assert tuple(found.f1) == CLASSES


def test_another_seed_gives_other_intervals():
    some = Counts.of(np.tile([0, 1, 2, 1], 25), np.tile([0, 2, 2, 1], 25))
    assert bootstrap_intervals(some, seed=1) != bootstrap_intervals(some, seed=2)


def test_an_interval_narrows_as_rows_grow():
    few, many = (Counts.of(np.tile([0, 1, 2], n), np.tile([0, 0, 2], n)) for n in (10, 1000))
    widths = [
        found.accuracy.high - found.accuracy.low
        for found in (bootstrap_intervals(few), bootstrap_intervals(many))
    ]
    assert widths[1] == pytest.approx(widths[0] / 10, rel=0.2)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_is_scipys(share):
    correct, total = share
    theirs = binomtest(correct, total).proportion_ci(method="wilson")
    mine = wilson_interval(correct, total)
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert mine.low <= mine.value <= mine.high


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_a_share_that_is_none_is_refused(correct, total):
    with pytest.raises(SettingError, match=f"{correct} of {total} is not a share"):
        wilson_interval(correct, total)


def test_intervals_of_no_rows_are_zero_and_those_of_very_many_are_narrow():
    assert bootstrap_intervals(Counts.empty()).accuracy.high == 0.0
    huge = Counts.from_array(np.full((3, 3), 10**12))
    assert bootstrap_intervals(huge, n_resamples=20).accuracy.low == pytest.approx(1 / 3, abs=1e-5)
