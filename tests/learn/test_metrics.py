"""Figures equal scikit-learn's, and counts add."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
)

from mizaj.errors import SettingError
from mizaj.learn.metrics import Counts

codes = st.integers(0, 2)
rows = st.lists(st.tuples(codes, codes), min_size=1, max_size=40)
matrices = st.lists(st.lists(st.integers(0, 10**9), min_size=3, max_size=3), min_size=3, max_size=3)
counts = matrices.map(lambda matrix: Counts.from_array(np.array(matrix)))


def count(pairs: list[tuple[int, int]]) -> Counts:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return Counts.of(table[:, 0], table[:, 1])


@given(rows)
@settings(max_examples=40)
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
@settings(max_examples=40)
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
def test_counts_add_in_any_order_and_grouping(one, two, three):
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Counts.empty() == one


@given(rows, st.data())
def test_counts_of_parts_add_to_the_counts_of_the_whole(pairs, data):
    cut = data.draw(st.integers(0, len(pairs)))
    assert count(pairs[:cut]) + count(pairs[cut:]) == count(pairs)


def test_a_class_never_answered_has_no_precision_and_weighs_in_the_macro_average():
    never_neutral = count([(0, 0), (1, 0), (2, 2)])
    assert never_neutral.precision["neutral"] == 0.0
    assert never_neutral.macro_f1 == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_no_rows_have_figures_of_zero():
    empty = Counts.empty()
    assert (empty.n_rows, empty.accuracy, empty.macro_f1, empty.weighted_f1) == (0, 0.0, 0.0, 0.0)


def test_adding_counts_of_other_labels_is_refused():
    with pytest.raises(SettingError, match=r"negative, neutral, positive do not add .* no, yes"):
        Counts.empty() + Counts.empty(("no", "yes"))


def test_figures_of_a_very_large_run_do_not_overflow():
    huge = Counts.from_array(np.full((3, 3), 10**12))
    assert math.isclose(huge.accuracy, 1 / 3)
