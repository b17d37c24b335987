"""Calibration makes probabilities mean what they say, on posts that it has not seen."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.learn.calibrate import (
    CalibrateSettings,
    calibrate,
    fit_calibration,
    fit_isotonic,
    fit_temperature,
    log_loss,
)
from mizaj.learn.labelled import Labelled
from mizaj.model.calibrate import Temperature, calibration_from

LABELS = ("negative", "neutral", "positive")


def posts(n, *, temperature=1.0, seed=0):
    """Probabilities of a model, and labels drawn from what they should have been."""
    draws = np.random.default_rng(seed)
    true = draws.dirichlet([0.7] * 3, n).astype(np.float32)
    codes = (true.cumsum(axis=1) < draws.random((n, 1))).sum(axis=1).clip(0, 2)
    # letters, for posts that differ in numbers alone count as copies; apart, for so do repeated ones
    texts = pa.array(
        [
            "-".join("abcdefghij"[int(d)] + "xy"[k % 2] for k, d in enumerate(str(i)))
            for i in range(n)
        ]
    )
    return Temperature(temperature)(true), Labelled.of(texts, codes, LABELS)


@pytest.mark.parametrize("temperature", [0.3, 0.8, 1.0, 2.0])
def test_a_temperature_is_found_again(temperature):
    proba, held_out = posts(20_000, temperature=temperature)
    fitted = fit_temperature(proba, held_out.codes)
    assert fitted.value == pytest.approx(1 / temperature, rel=0.05)


def test_no_other_temperature_has_a_lower_loss():
    proba, held_out = posts(500, temperature=0.5)
    best = fit_temperature(proba, held_out.codes).value
    losses = [log_loss(Temperature(best * by)(proba), held_out.codes) for by in (0.97, 1.0, 1.03)]
    assert losses[1] == min(losses)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_model_that_is_always_right_or_never_has_a_finite_temperature(is_right):
    proba = np.tile(np.array([[0.8, 0.1, 0.1]], np.float32), (50, 1))
    fitted = fit_temperature(proba, np.full(50, 0 if is_right else 1))
    assert 0.01 < fitted.value < 60


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60))
def test_isotonic_lines_rise_and_are_the_nearest_that_do(rows):
    sklearn = pytest.importorskip("sklearn.isotonic")
    x = np.array([place / 20 for place, _ in rows], np.float32)
    y = np.array([is_it for _, is_it in rows])
    fitted = fit_isotonic(np.stack([1 - x, x], axis=1), y.astype(np.int64))
    edge = 1 / (len(rows) + 2)
    theirs = (
        sklearn.IsotonicRegression(out_of_bounds="clip").fit(x, y).predict(x).clip(edge, 1 - edge)
    )
    assert np.interp(x, fitted.places[1], fitted.values[1]) == pytest.approx(theirs, abs=1e-5)
    assert all(np.diff(values).min(initial=0) >= 0 for values in fitted.values)


@pytest.mark.parametrize("method", ["temperature", "isotonic", "auto"])
def test_the_error_falls_for_a_model_that_is_too_sure(method):
    proba, held_out = posts(3000, temperature=0.4)
    found = calibrate(proba, held_out, CalibrateSettings(method))
    assert found.after.calibration.error < found.before.calibration.error / 2
    assert found.log_losses[found.method] < found.log_losses["none"]
    # the error that is told is not that of the posts fitted on
    fresh, others = posts(20_000, temperature=0.4, seed=1)
    assert log_loss(found.calibration(fresh), others.codes) == pytest.approx(
        found.log_losses[found.method], abs=0.02
    )


def test_auto_leaves_a_model_that_means_what_it_says():
    proba, held_out = posts(3000)
    found = calibrate(proba, held_out)
    assert found.log_losses[found.method] == min(found.log_losses.values())
    assert found.method in ("none", "temperature")
    assert found.after.calibration.error < 0.03


def test_auto_takes_lines_for_a_model_that_no_temperature_puts_right():
    proba, held_out = posts(4000)
    bent = proba**3 * np.array([1, 8, 1], np.float32)
    found = calibrate((bent / bent.sum(axis=1, keepdims=True)).astype(np.float32), held_out)
    assert found.method == "isotonic"
    assert found.after.counts.accuracy > found.before.counts.accuracy


def test_a_temperature_changes_no_answer():
    proba, held_out = posts(300, temperature=0.5)
    found = calibrate(proba, held_out, CalibrateSettings("temperature"))
    assert found.before.counts == found.after.counts


@pytest.mark.parametrize("method", ["none", "temperature", "isotonic"])
def test_a_calibration_is_read_back_from_json(method):
    proba, held_out = posts(200, temperature=0.5)
    fitted = fit_calibration(proba, held_out.codes, CalibrateSettings(method))
    again = calibration_from(fitted.to_dict())
    assert again == fitted
    assert again(proba).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert again(proba[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"method": "platt"}, "allowed: none, temperature"), ({"n_folds": 1}, "2 or more")],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(SettingError, match=message):
        CalibrateSettings(**wrong)


def test_too_few_posts_are_refused():
    proba, held_out = posts(19)
    with pytest.raises(SettingError, match="19 labelled posts are too few"):
        calibrate(proba, held_out)
    with pytest.raises(SettingError, match="cannot be fitted at once"):
        fit_calibration(proba, held_out.codes)
