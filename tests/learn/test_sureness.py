"""A tier learns where its answers lose."""

from __future__ import annotations

import numpy as np
import pytest

from mizaj.learn.sureness import fit_sureness


def world(n, seed=0):
    """Probabilities of three labels, and losses: often where the first is answered without a lead, else none."""
    draws = np.random.default_rng(seed)
    proba = draws.dirichlet([1.0] * 3, n).astype(np.float32)
    said, lead = proba.argmax(axis=1), np.sort(proba, axis=1)[:, -1] - np.sort(proba, axis=1)[:, -2]
    is_lost = (said == 0) & (draws.random(n) < 0.6 - 0.5 * lead)
    return proba, said, is_lost.astype(np.int8)


def test_who_loses_by_one_label_is_less_sure_of_it():
    proba, said, losses = world(3000)
    sure = fit_sureness(proba, losses)(proba, np.zeros(3000, np.float32))
    assert sure[said == 0].mean() == pytest.approx(0.5 - losses[said == 0].mean() / 2, abs=0.01)
    assert sure[said != 0].min() > sure[said == 0].max() - 0.1
    assert np.corrcoef(sure[said == 0], proba[said == 0].max(axis=1))[0, 1] > 0.5


def test_what_is_learnt_holds_for_other_posts():
    rule = fit_sureness(*world(1000)[::2])
    proba, _, losses = world(20_000, seed=1)
    sure = rule(proba, np.zeros(20_000, np.float32))
    by_rule, by_height = np.argsort(sure)[:4000], np.argsort(proba.max(axis=1))[:4000]
    assert losses[by_rule].sum() > 1.5 * losses[by_height].sum()


def test_gains_make_surer_than_nothing_does():
    proba, said, _ = world(2000)
    rule = fit_sureness(proba, -(said == 1).astype(np.int8))
    sure = rule(proba, np.zeros(2000, np.float32))
    assert sure[said == 1].mean() > 0.9
    assert sure[said == 2].mean() == pytest.approx(0.5, abs=0.05)


def test_the_fewer_the_posts_the_more_it_supposes_that_nothing_is_lost():
    proba, _, _ = world(400)
    asked, no_doubt = world(50, seed=1)[0], np.zeros(50, np.float32)
    rules = [fit_sureness(proba[:n], np.ones(n, np.int8)) for n in (0, 1, 5, 400)]
    means = [float(rule(asked, no_doubt).mean()) for rule in rules]
    assert means[0] == pytest.approx(0.5)
    assert 0.5 > means[1] > means[2] > means[3]
    assert means[3] < 0.01


def test_a_label_that_nobody_answered_has_the_line_of_all():
    proba = np.array([[0.6, 0.3, 0.1], [0.3, 0.6, 0.1]] * 200, np.float32)
    rule = fit_sureness(proba, np.array([1, 1] * 200, np.int8))
    assert rule(np.array([[0.1, 0.3, 0.6]], np.float32), np.zeros(1, np.float32))[0] < 0.1
