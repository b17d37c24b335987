"""Weights: labels and sources count as told, and a post counts 1 on average."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled
from mizaj.learn.weighting import BALANCED, Weighting, weighted

POSTS = Labelled(
    pa.array(list("abcdefgh")),
    np.array([0, 0, 0, 0, 0, 1, 1, 1]),
    ("no", "yes"),
    weights=np.ones(8, np.float32),
    sources=pa.array(["big"] * 6 + ["small"] * 2),
)


def totals(posts: Labelled, groups: np.ndarray) -> list[float]:
    return [round(float(posts.weights[groups == each].sum()), 3) for each in np.unique(groups)]


@pytest.mark.parametrize(
    ("power", "by_label"), [(0.0, [5.0, 3.0]), (1.0, [4.0, 4.0]), (0.5, [4.508, 3.492])]
)
def test_labels_count_by_the_power(power, by_label):
    assert totals(weighted(POSTS, Weighting(class_power=power)), POSTS.codes) == by_label


@pytest.mark.parametrize(
    ("weighting", "by_source"),
    [
        (Weighting(source_power=1.0), [4.0, 4.0]),
        (Weighting(by_source={"small": 3.0}), [4.0, 4.0]),
        (Weighting(by_source={"big": 0.0}), [0.0, 8.0]),
    ],
)
def test_sources_count_as_told(weighting, by_source):
    sources = POSTS.sources.to_numpy(zero_copy_only=False)
    assert totals(weighted(POSTS, weighting), sources) == by_source


def test_labels_end_up_equal_whatever_sources_count():
    both = weighted(POSTS, Weighting(class_power=1.0, source_power=0.7))
    assert totals(both, POSTS.codes) == [4.0, 4.0]


@given(
    st.floats(0, 1), st.floats(0, 1), st.lists(st.tuples(st.integers(0, 2), st.sampled_from("xyz")))
)
def test_the_mean_weight_stays_one(class_power, source_power, rows):
    codes = np.array([code for code, _ in rows], np.int64)
    posts = Labelled(
        pa.array(["t"] * len(rows), pa.string()),
        codes,
        ("a", "b", "c"),
        weights=np.ones(len(rows), np.float32),
        sources=pa.array([source for _, source in rows], pa.string()),
    )
    found = weighted(posts, Weighting(class_power, source_power)).weights
    assert found.dtype == np.float32
    assert not len(rows) or abs(found.mean() - 1) < 1e-4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"class_power": 1.5}, "class_power is 1.5; allowed: from 0"),
        ({"source_power": -1}, "source_power is -1; allowed: from 0"),
        ({"by_source": {"x": -2}}, "weight of source 'x' is -2; it must be 0 or more"),
    ],
)
def test_a_weighting_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        Weighting(**settings)


@pytest.mark.parametrize(
    ("by_source", "message"),
    [
        ({"huge": 2.0}, "no post is of source 'huge'; sources there: big, small"),
        ({"big": 0.0, "small": 0.0}, "all posts have weight 0"),
    ],
)
def test_weights_that_fit_no_post_are_refused(by_source, message):
    with pytest.raises(SettingError, match=message):
        weighted(POSTS, Weighting(by_source=by_source))


def test_balanced_is_equal_labels():
    assert totals(weighted(POSTS, BALANCED), POSTS.codes) == [4.0, 4.0]
