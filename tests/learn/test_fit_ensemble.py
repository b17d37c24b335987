"""An ensemble's weights are those that fit held-out posts best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.calibrate import log_loss
from mizaj.learn.fit_ensemble import even_ensemble, fit_ensemble
from mizaj.learn.labelled import Labelled
from mizaj.model.calibrate import calibration_from
from mizaj.model.folder import Described
from mizaj.model.members import name_members

pytest.importorskip("scipy")
LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Told:
    """Knows the answers for the posts by their numbers, as well as `power` says."""

    power: float
    seed: int
    labels: tuple[str, ...] = LABELS
    kind: str = "told"

    def probabilities(self, texts):
        rows = np.array([int(text.as_py()) for text in texts])
        noise = np.random.default_rng(self.seed).normal(size=(4000, 3))[rows]
        odds = np.exp(self.power**2 * np.eye(3)[rows % 3] + self.power * noise)
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def posts(rows):
    return Labelled.of(pa.array([str(row) for row in rows]), np.array(rows) % 3, LABELS)


def members(*told):
    return name_members([(each, Described()) for each in told])


def fitted_loss(ensemble, described, held_out):
    proba = ensemble.probabilities(held_out.texts)
    return log_loss(calibration_from(described.calibration)(proba), held_out.codes)


def test_an_ensemble_is_better_than_each_and_than_even_weights():
    models = members(Told(1.0, 1), Told(1.5, 2), Told(0.3, 3))
    fit, fresh = posts(range(2000)), posts(range(2000, 4000))
    ensemble, described = fit_ensemble(models, fit)
    loss = fitted_loss(ensemble, described, fresh)
    alone = [log_loss(m.probabilities(fresh.texts, LABELS), fresh.codes) for m in models]
    assert loss < min(alone)
    assert loss < log_loss(even_ensemble(models).probabilities(fresh.texts), fresh.codes)
    assert sum(ensemble.weights) == pytest.approx(1)


def test_evidence_that_is_independent_is_added_up():
    # Bayes: with independent evidence and equal shares of labels, probabilities multiply: all powers are 1
    ensemble, described = fit_ensemble(members(Told(1.0, 1), Told(1.2, 2)), posts(range(4000)))
    assert ensemble.weights == pytest.approx((0.5, 0.5), abs=0.05)
    assert described.calibration["value"] == pytest.approx(0.5, abs=0.05)


def test_a_model_that_adds_nothing_is_left_out():
    same = Told(1.5, 1)
    wrong = Told(-0.1, 5)  # its noise alone
    ensemble, _ = fit_ensemble(members(same, Told(1.0, 2), wrong), posts(range(4000)))
    assert len(ensemble.members) == len(ensemble.weights)
    assert min(ensemble.weights) > 0


def test_too_few_posts_are_refused():
    with pytest.raises(SettingError, match="19 posts are too few"):
        fit_ensemble(members(Told(1.0, 1), Told(1.0, 2)), posts(range(19)))
