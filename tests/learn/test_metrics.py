"""Figures equal scikit-learn's, counts add, intervals hold what they claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from mizaj.errors import SettingError
from mizaj.learn.metrics import (
    CLASSES,
    Calibration,
    Counts,
    bootstrap_intervals,
    wilson_interval,
)

codes = st.integers(0, 2)
rows = st.lists(st.tuples(codes, codes), min_size=1, max_size=40)
matrices = st.lists(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), min_size=3, max_size=3)
counts = matrices.map(lambda matrix: Counts.from_array(np.array(matrix)))
sure_rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30)


def count(pairs: list[tuple[int, int]]) -> Counts:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Counts.of(table[:, 0], table[:, 1])


def calibrate(pairs: list[tuple[float, bool]]) -> Calibration:
    return Calibration.of(
        np.array([sure for sure, _ in pairs], dtype=float),
        np.array([right for _, right in pairs], dtype=bool),
    )


@given(rows)
@settings(deadline=None, max_examples=40)
def test_class_figures_are_scikit_learns(pairs):
    truth, answers = zip(*pairs, strict=True)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answers, labels=[0, 1, 2], zero_division=0
    )
    mine = count(pairs)
    assert list(mine.precision.values()) == pytest.approx(precision.tolist())
    assert list(mine.recall.values()) == pytest.approx(recall.tolist())
    assert list(mine.f1.values()) == pytest.approx(f1.tolist())
    assert list(mine.support.values()) == support.tolist()


@given(rows)
@settings(deadline=None, max_examples=40)
def test_overall_figures_are_scikit_learns(pairs):
    truth, answers = zip(*pairs, strict=True)
    given_labels = {"labels": [0, 1, 2], "zero_division": 0}
    mine = count(pairs)
    assert mine.array.tolist() == confusion_matrix(truth, answers, labels=[0, 1, 2]).tolist()
    assert mine.accuracy == pytest.approx(accuracy_score(truth, answers))
    assert mine.macro_f1 == pytest.approx(f1_score(truth, answers, average="macro", **given_labels))
    assert mine.weighted_f1 == pytest.approx(
        f1_score(truth, answers, average="weighted", **given_labels)
    )
    assert mine.macro_recall == pytest.approx(
        precision_recall_fscore_support(truth, answers, average="macro", **given_labels)[1]
    )


@given(counts, counts, counts)
@settings(deadline=None)
def test_counts_add_in_any_order_and_grouping(one, two, three):
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Counts.empty() == one


@given(rows, st.data())
@settings(deadline=None)
def test_counts_of_parts_add_to_the_counts_of_the_whole(pairs, data):
    cut = data.draw(st.integers(0, len(pairs)))
    assert count(pairs[:cut]) + count(pairs[cut:]) == count(pairs)


@given(sure_rows, sure_rows, sure_rows)
@settings(deadline=None)
def test_calibration_adds_in_any_order_and_grouping(one, two, three):
    first, second, third = calibrate(one), calibrate(two), calibrate(three)
    assert (first + second) + third == first + (second + third)
    assert first + second == second + first == calibrate(one + two)
    assert first + Calibration.empty() == first


@given(sure_rows.filter(bool))
@settings(deadline=None)
def test_calibration_error_is_the_gap_averaged_over_rows(pairs):
    confidence = np.array([sure for sure, _ in pairs])
    is_right = np.array([right for _, right in pairs])
    bins = np.minimum((confidence * 10).astype(int), 9)
    gap = sum(
        (bins == each).sum() * abs(confidence[bins == each].mean() - is_right[bins == each].mean())
        for each in set(bins.tolist())
    )
    assert calibrate(pairs).error == pytest.approx(gap / len(pairs), abs=1e-7)


def test_a_class_never_answered_has_no_precision_and_weighs_in_the_macro_average():
    never_neutral = count([(0, 0), (1, 0), (2, 2)])
    assert never_neutral.precision["neutral"] == 0.0
    assert never_neutral.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_no_rows_have_figures_of_zero():
    empty = Counts.empty()
    assert (empty.n_rows, empty.accuracy, empty.macro_f1, empty.weighted_f1) == (0, 0.0, 0.0, 0.0)
    assert bootstrap_intervals(empty).accuracy.high == 0.0
    assert Calibration.empty().error == 0.0


def test_adding_counts_of_other_labels_is_refused():
    with pytest.raises(SettingError, match=r"negative, neutral, positive do not add .* no, yes"):
        Counts.empty() + Counts.empty(("no", "yes"))


def test_adding_other_bins_is_refused():
    with pytest.raises(SettingError, match="10 bins of confidence do not add to 5"):
        Calibration.empty() + Calibration.empty(5)


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
@settings(deadline=None, max_examples=25)
def test_equal_counts_and_seed_give_equal_intervals(some, seed):
    found = bootstrap_intervals(some, n_resamples=50, seed=seed)
    assert found == bootstrap_intervals(some, n_resamples=50, seed=seed)
    assert 0 <= found.accuracy.low <= found.accuracy.high <= 1
    assert tuple(found.f1) == CLASSES


def test_another_seed_gives_other_intervals():
    some = count([(0, 0), (1, 2), (2, 2), (1, 1)] * 25)
    assert bootstrap_intervals(some, seed=1) != bootstrap_intervals(some, seed=2)


def test_an_interval_narrows_as_rows_grow():
    few, many = count([(0, 0), (1, 0), (2, 2)] * 10), count([(0, 0), (1, 0), (2, 2)] * 1000)
    widths = [
        found.accuracy.high - found.accuracy.low
        for found in (bootstrap_intervals(few), bootstrap_intervals(many))
    ]
    assert widths[1] == pytest.approx(widths[0] / 10, rel=0.2)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(deadline=None)
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


def test_figures_of_a_very_large_run_do_not_overflow():
    huge = Counts.from_array(np.full((3, 3), 10**12))
    assert math.isclose(huge.accuracy, 1 / 3)
    assert bootstrap_intervals(huge, n_resamples=20).accuracy.low == pytest.approx(1 / 3, abs=1e-5)
