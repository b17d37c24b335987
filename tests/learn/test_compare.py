"""A comparison tells a real difference from chance, as slower and better known tests do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from mizaj.errors import SettingError
from mizaj.learn.compare import Paired, compare_counts, mcnemar
from mizaj.learn.evaluate import compare
from mizaj.learn.metrics import Counts

NAMES = ("negative", "neutral", "positive")


def test_a_difference_is_real_when_one_system_is_plainly_better():
    truth = list(NAMES) * 60
    worse = ["neutral" if n % 3 == 0 else label for n, label in enumerate(truth)]
    found = compare(truth, worse, truth, names=("good", "bad"))
    assert (found.only_first, found.only_second, found.is_real) == (60, 0, True)
    assert found.difference.low > 0
    assert found.verdict == "good is better by macro-F1; accuracy agrees"


def test_a_difference_of_one_row_is_not_real():
    truth = list(NAMES) * 60
    other = ["neutral", *truth[1:]]
    found = compare(other, truth, truth)
    assert not found.is_real
    assert found.p_value == 1.0
    assert found.verdict == "first and second are not told apart by macro-F1 on these rows"


def test_rows_without_both_answers_are_not_compared():
    found = compare(["neutral", None, "neutral"], ["neutral"] * 3, ["neutral", "neutral", "mixed"])
    assert found.n_rows == 1


def test_the_comparison_draws_what_drawing_rows_would():
    """The twin: draw rows with both answers, and take the difference of macro-F1 of the rows."""
    rng = np.random.default_rng(3)
    truth = rng.choice(3, 200)
    first = np.where(rng.random(200) < 0.6, truth, rng.choice(3, 200))
    second = np.where(rng.random(200) < 0.7, first, rng.choice(3, 200))

    def difference(rows):
        return (
            Counts.of(truth[rows], first[rows]).macro_f1
            - Counts.of(truth[rows], second[rows]).macro_f1
        )

    draws = [difference(rows) for rows in rng.integers(0, 200, (1500, 200))]
    found = compare_counts(Paired.of(truth, first, second), names=("a", "b")).difference
    assert found.value == pytest.approx(difference(slice(None)))
    # some three times the chance error of a bound from 1500 draws; the interval is 0.11 wide
    assert (found.low, found.high) == pytest.approx(
        np.percentile(draws, [2.5, 97.5]).tolist(), abs=0.01
    )


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_exact_binomial_test(only_first, only_second):
    total = only_first + only_second
    expected = binomtest(only_first, total).pvalue if total else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("only_first", "only_second"), [(520, 500), (560, 500), (700, 900)])
def test_mcnemar_for_many_rows_is_close_to_the_exact_test(only_first, only_second):
    expected = binomtest(only_first, only_first + only_second).pvalue
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=0.02, abs=1e-6)


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1), st.data())
@settings(max_examples=50)
def test_paired_counts_add(table, data):
    cut = data.draw(st.integers(0, len(table)))

    def pair(part):
        return Paired.of(*np.array(part, dtype=np.int64).reshape(-1, 3).T)

    assert pair(table[:cut]) + pair(table[cut:]) == pair(table)
    assert pair(table) + Paired.empty() == pair(table)


def test_adding_pairs_of_other_labels_is_refused():
    with pytest.raises(SettingError, match="pairs for negative, neutral, positive do not add"):
        Paired.empty() + Paired.empty(("no", "yes"))


def test_a_comparison_says_when_accuracy_points_the_other_way():
    """The first finds the two rare classes, the second is right more often by answering neutral."""
    truth = ["negative"] * 30 + ["positive"] * 30 + ["neutral"] * 300
    first = ["negative"] * 30 + ["positive"] * 30 + ["neutral"] * 200 + ["positive"] * 100
    second = ["neutral"] * 360
    found = compare(first, second, truth, names=("finder", "flat"))
    assert (found.only_first, found.only_second) == (60, 100)
    assert found.verdict == "finder is better by macro-F1; by accuracy flat is"


def test_a_comparison_goes_out_as_json():
    found = compare(["neutral"], ["positive"], ["neutral"]).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == [
        *("first", "second", "rows", "only_first", "only_second", "p_value"),
        *("macro_f1_difference", "is_real", "verdict"),
    ]
