"""Sums by confidence add, and say how far confidences are from the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.learn.reliability import Reliability

sure_rows = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30)


def calibrate(pairs: list[tuple[float, bool]]) -> Reliability:
    return Reliability.of(
        np.array([sure for sure, _ in pairs], dtype=float),
        np.array([right for _, right in pairs], dtype=bool),
    )


@given(sure_rows, sure_rows, sure_rows)
def test_calibration_adds_in_any_order_and_grouping(one, two, three):
    first, second, third = calibrate(one), calibrate(two), calibrate(three)
    assert (first + second) + third == first + (second + third)
    assert first + second == second + first == calibrate(one + two)
    assert first + Reliability.empty() == first


@given(sure_rows.filter(bool))
def test_calibration_error_is_the_gap_averaged_over_rows(pairs):
    confidence = np.array([sure for sure, _ in pairs])
    is_right = np.array([right for _, right in pairs])
    bins = np.minimum((confidence * 10).astype(int), 9)
    gap = sum(
        (bins == each).sum() * abs(confidence[bins == each].mean() - is_right[bins == each].mean())
        for each in set(bins.tolist())
    )
    assert calibrate(pairs).error == pytest.approx(gap / len(pairs), abs=1e-7)


def test_adding_other_bins_is_refused():
    with pytest.raises(SettingError, match="10 bins of confidence do not add to 5"):
        Reliability.empty() + Reliability.empty(5)


def test_no_rows_have_no_error():
    assert Reliability.empty().error == 0.0
