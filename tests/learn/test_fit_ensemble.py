"""An ensemble's weights are those that fit held-out posts best."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


def test_a_post_that_counts_twice_is_as_good_as_two():
    models = members(Told(1.0, 1), Told(1.5, 2))
    held = posts(range(200))
    twice = held.take(np.concatenate([np.arange(200), np.arange(50)]))
    heavy = replace(held, weights=np.where(np.arange(200) < 50, 2.0, 1.0).astype(np.float32))
    fitted = [fit_ensemble(models, each) for each in (twice, heavy, held)]
    weights = [ensemble.weights for ensemble, _ in fitted]
    assert weights[0] == pytest.approx(weights[1], abs=1e-4)
    assert weights[0] != pytest.approx(weights[2], abs=1e-3)
    assert fitted[0][1].calibration["value"] == pytest.approx(
        fitted[1][1].calibration["value"], abs=1e-4
    )


def test_too_few_posts_are_refused():
    with pytest.raises(SettingError, match="19 posts are too few"):
        fit_ensemble(members(Told(1.0, 1), Told(1.0, 2)), posts(range(19)))
