"""Bounds hold as often as they say, and are close."""

from __future__ import annotations

import numpy as np
import pytest

from mizaj.learn.metrics import Counts
from mizaj.learn.risk import macro_f1_bound, macro_f1_loss, mean_bound, share_bound, three_way

pytest.importorskip("scipy")
CONFIDENCE = 0.9
N_DRAWS = 400
# of so many draws, a bound that fails one time in ten fails less often than this but one time in a thousand
MOST_BROKEN = 0.1 + 3.1 * np.sqrt(0.1 * 0.9 / N_DRAWS)

WORLDS = [(0.02, 0.0), (0.05, 0.05), (0.01, 0.03), (0.3, 0.3), (0.004, 0.0)]


@pytest.mark.parametrize("n", [50, 1000])
@pytest.mark.parametrize(("harm", "gain"), WORLDS)
def test_the_mean_is_below_its_bound_as_often_as_promised(harm, gain, n):
    draws = np.random.default_rng(0).choice(
        np.array([1, 0, -1], np.int8), (N_DRAWS, n), p=[harm, 1 - harm - gain, gain]
    )
    bounds = np.array([mean_bound(draw, CONFIDENCE) for draw in draws])
    assert (bounds < harm - gain).mean() <= MOST_BROKEN


@pytest.mark.parametrize("n", [50, 1000])
@pytest.mark.parametrize("share", [0.0, 0.005, 0.1, 0.9])
def test_a_share_is_below_its_bound_as_often_as_promised(share, n):
    counts = np.random.default_rng(0).binomial(n, share, N_DRAWS)
    bounds = np.array([share_bound(int(count), n, CONFIDENCE) for count in counts])
    assert (bounds < share).mean() <= MOST_BROKEN


def test_a_bound_by_betting_is_close_where_few_losses_differ_from_none():
    losses = np.zeros(3000, np.int8)
    losses[::100], losses[50::100] = 1, -1
    normal = 1.28 * np.sqrt(0.02 / 3000)
    assert normal < mean_bound(losses, CONFIDENCE) < 2 * normal


@pytest.mark.parametrize("losses", [[], [0], [1, -1, 1], [-1] * 500, [1] * 500])
def test_a_bound_is_no_lower_than_what_was_seen_and_possible(losses):
    found = mean_bound(np.array(losses, np.int8), CONFIDENCE)
    assert np.mean(losses or [0]) <= found <= 1.0


def test_more_confidence_makes_a_bound_higher():
    losses = np.random.default_rng(0).integers(-1, 2, 500).astype(np.int8)
    bounds = [mean_bound(losses, confidence) for confidence in (0.5, 0.9, 0.99)]
    assert bounds == sorted(bounds)
    assert share_bound(3, 100, 0.99) > share_bound(3, 100, 0.5)


@pytest.mark.parametrize(("n_lost", "n"), [(0, 0), (5, 5)])
def test_where_all_is_lost_or_nothing_known_the_bound_is_one(n_lost, n):
    assert share_bound(n_lost, n, CONFIDENCE) == 1.0


def test_the_loss_of_macro_f1_is_bounded_by_the_bootstrap():
    draws = np.random.default_rng(0)
    truth, last = draws.integers(0, 3, 1000), draws.integers(0, 3, 1000)
    cells = three_way(truth, np.where(draws.random(1000) < 0.9, last, truth), last, 3)
    assert macro_f1_loss(cells) < 0 < 0.06 < -float(macro_f1_loss(cells))
    assert float(macro_f1_loss(cells)) < macro_f1_bound(cells, CONFIDENCE) < 0
    assert macro_f1_bound(three_way(truth, last, last, 3), CONFIDENCE) == 0


def test_macro_f1_is_that_of_the_evaluation():
    draws = np.random.default_rng(1)
    truth, answers, last = draws.integers(0, 3, (3, 500))
    scores = [Counts.of(truth, given).macro_f1 for given in (answers, last)]
    cells = three_way(truth, answers, last, 3)
    assert float(macro_f1_loss(cells)) == pytest.approx(scores[1] - scores[0])
