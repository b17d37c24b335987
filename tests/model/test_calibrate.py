"""What calibration does to probabilities: rows stay rows, order stays where it must, and odd numbers are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ModelError
from mizaj.model.calibrate import Calibration, Isotonic, Temperature, Uncalibrated, calibration_from
from mizaj.model.classifier import Probabilities

ISOTONIC = Isotonic(((0.0, 0.5, 1.0),) * 3, ((0.1, 0.2, 0.9),) * 3)
METHODS = [Uncalibrated(), Temperature(2.0), Temperature(0.5), ISOTONIC]
ROWS = st.lists(
    st.tuples(*[st.floats(0.0, 1.0, width=32)] * 3).filter(lambda row: sum(row) > 0.01),
    max_size=8,
)


def shares(rows: list[tuple[float, ...]]) -> Probabilities:
    proba = np.array(rows, np.float32).reshape(-1, 3)
    return proba / proba.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("method", METHODS, ids=str)
@given(rows=ROWS)
def test_rows_stay_rows_of_probabilities(
    method: Calibration, rows: list[tuple[float, ...]]
) -> None:
    proba = shares(rows)
    found = method(proba)
    assert found.dtype == np.float32
    assert found.shape == proba.shape
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@given(ROWS, st.floats(1e-3, 1e3))
def test_a_temperature_keeps_the_answer(rows: list[tuple[float, ...]], value: float) -> None:
    proba = shares(rows)
    found = Temperature(value)(proba)
    assert np.isfinite(found).all()
    chosen = np.take_along_axis(found, proba.argmax(axis=1)[:, None], axis=1)
    assert (chosen >= found - 1e-6).all()


@given(ROWS)
def test_a_temperature_of_1_changes_nothing(rows: list[tuple[float, ...]]) -> None:
    np.testing.assert_allclose(Temperature(1.0)(shares(rows)), shares(rows), atol=1e-5)


def test_a_higher_temperature_is_less_sure() -> None:
    proba = np.array([[0.7, 0.2, 0.1]], np.float32)
    tops = [float(Temperature(value)(proba).max()) for value in (0.1, 0.5, 1.0, 2.0, 10.0)]
    assert tops == sorted(tops, reverse=True)


def test_isotonic_lines_are_followed_and_made_to_add_to_1() -> None:
    found = ISOTONIC(np.array([[0.5, 0.25, 0.25]], np.float32))
    expected = np.array([0.2, 0.15, 0.15]) / 0.5
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_isotonic_lines_that_all_give_0_leave_even_shares() -> None:
    flat = Isotonic(((0.0, 1.0),) * 2, ((0.0, 0.0),) * 2)
    np.testing.assert_allclose(flat(np.array([[0.9, 0.1]], np.float32)), [[0.5, 0.5]])


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_calibration_is_spelt_and_read_back(method: Calibration) -> None:
    assert calibration_from(method.to_dict()) == method


def test_no_calibration_is_none() -> None:
    assert calibration_from(None) == calibration_from({}) == Uncalibrated()


@pytest.mark.parametrize(
    ("spelt", "message"),
    [
        ({"method": "magic"}, "'magic' is not known; allowed: none, temperature, isotonic"),
        ({"method": "temperature"}, "'temperature' is incomplete"),
        ({"method": "temperature", "value": "warm"}, "'temperature' is incomplete"),
        ({"method": "temperature", "value": 0}, "a temperature is 0.0; allowed: above 0"),
        ({"method": "temperature", "value": -1}, "allowed: above 0"),
        ({"method": "temperature", "value": float("nan")}, "allowed: above 0"),
        ({"method": "temperature", "value": float("inf")}, "allowed: above 0"),
        ({"method": "isotonic", "places": [[0.0]]}, "'isotonic' is incomplete"),
        ({"method": "isotonic", "places": 1, "values": 1}, "'isotonic' is incomplete"),
        ({"method": "isotonic", "places": [[0, 1]], "values": [[0]]}, "do not rise"),
        ({"method": "isotonic", "places": [[1, 0]], "values": [[0, 1]]}, "do not rise"),
        ({"method": "isotonic", "places": [[0, 1]], "values": [[1, 0]]}, "do not rise"),
        ({"method": "isotonic", "places": [[0, 1]], "values": [[0, 7]]}, "do not rise"),
        ({"method": "isotonic", "places": [[]], "values": [[]]}, "do not rise"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(spelt: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        calibration_from(spelt)
