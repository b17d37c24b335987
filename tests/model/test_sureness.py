"""How sure a tier is: the highest probability, unless lines by label say otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.model.sureness import Sureness, figures

NO_DOUBT = np.zeros(1, np.float32)
SURE_OF_FIRST = Sureness(((0.9, 0.0, 0.0), (0.0, 0.5, 0.25), (0.2, 0.0, -0.1)))


@pytest.mark.parametrize(
    ("proba", "sure"), [([0.8, 0.1, 0.1], 0.9), ([0.2, 0.6, 0.2], 0.4), ([0.1, 0.3, 0.6], 0.17)]
)
def test_the_line_is_that_of_the_label_that_is_answered(proba, sure):
    assert SURE_OF_FIRST(np.array([proba], np.float32), NO_DOUBT)[0] == pytest.approx(sure)


def test_without_lines_it_is_the_highest_probability_to_the_bit():
    proba = np.random.default_rng(0).dirichlet([0.5] * 4, 200).astype(np.float32)
    assert (Sureness()(proba, np.zeros(200, np.float32)) == proba.max(axis=1)).all()


def test_doubt_makes_less_sure_and_none_is_below_nothing():
    proba = np.array([[0.7, 0.3], [0.6, 0.4]], np.float32)
    found = Sureness()(proba, np.array([0.2, 0.9], np.float32))
    assert found.tolist() == pytest.approx([0.5, 0.0])


def test_no_posts_are_no_trouble():
    assert SURE_OF_FIRST(np.zeros((0, 3), np.float32), NO_DOUBT[:0]).shape == (0,)
    assert figures(np.zeros((0, 3), np.float32)).shape == (0, 3)


lines = st.tuples(*[st.floats(-2, 2, width=32)] * 3)


@given(st.lists(lines, min_size=3, max_size=3), st.integers(0, 1000))
def test_it_is_never_beyond_its_ends(given_lines, seed):
    rule = Sureness(tuple(given_lines))
    proba = np.random.default_rng(seed).dirichlet([0.3] * 3, 50).astype(np.float32)
    lowest, highest = rule.ends(3)
    found = rule(proba, np.zeros(50, np.float32))
    assert found.min() >= lowest - 1e-5
    assert found.max() <= highest + 1e-5
