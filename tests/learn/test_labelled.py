"""Labelled posts fit together, or are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled

POSTS = Labelled.of(
    pa.array(["accha", "bura", "theek"]), np.array([1, 0, 1]), ("no", "yes"), source="film"
)


def test_posts_of_one_source_weigh_alike() -> None:
    assert POSTS.weights.tolist() == [1.0, 1.0, 1.0]
    assert POSTS.weights.dtype == np.float32
    assert POSTS.codes.dtype == np.int64
    assert POSTS.sources.to_pylist() == ["film"] * 3
    assert POSTS.n_by_label.tolist() == [1, 2]


def test_posts_are_taken_in_the_order_asked_with_all_their_columns() -> None:
    whole = replace(
        POSTS,
        weights=np.array([1, 2, 3], np.float32),
        targets=np.array([[0, 1], [1, 0], [0.5, 0.5]], np.float32),
    )
    taken = whole.take(np.array([2, 0, 2]))
    assert taken.texts.to_pylist() == ["theek", "accha", "theek"]
    assert taken.codes.tolist() == [1, 1, 1]
    assert taken.weights.tolist() == [3, 1, 3]
    assert taken.targets is not None
    assert taken.targets.tolist() == [[0.5, 0.5], [0, 1], [0.5, 0.5]]
    assert taken.sources.to_pylist() == ["film"] * 3


def test_possible_for_a_post_are_the_labels_that_occur_in_its_source() -> None:
    posts = Labelled(
        pa.array(["a", "b", "c", "d", "e", "f"]),
        np.array([0, 2, 1, 1, 0, 2]),
        ("no", "so", "yes"),
        weights=np.ones(6, np.float32),
        sources=pa.array(["review", "review", "tweet", None, "tweet", "tweet"]),
    )
    two_sided, all_three, one = [True, False, True], [True] * 3, [False, True, False]
    assert posts.possible.tolist() == [two_sided, two_sided, all_three, one, all_three, all_three]
    assert posts.possible.dtype == np.bool_


def test_no_posts_are_posts() -> None:
    none = POSTS.take(np.zeros(0, np.int64))
    assert none.possible.shape == (0, 2)
    assert none.n_rows == 0
    assert none.n_by_label.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codes": np.array([0, 1])}, "columns differ in length"),
        ({"weights": np.ones(4, np.float32)}, "columns differ in length"),
        ({"sources": pa.array(["a"])}, "columns differ in length"),
        ({"codes": np.array([0, 1, 2])}, "label numbers go from 0 to 2; there are 2 labels"),
        ({"codes": np.array([0, 1, -1])}, "label numbers go from -1 to 1"),
        ({"labels": ("no", "no")}, "labels are no, no; name each once"),
        ({"texts": pa.array(["a", None, None])}, "2 of 3 posts have no text"),
        ({"targets": np.ones((2, 2), np.float32)}, r"shape \(2, 2\); needed: \(3, 2\)"),
        ({"targets": np.ones((3, 3), np.float32)}, r"shape \(3, 3\); needed: \(3, 2\)"),
        ({"weights": np.array([1, -1, 1], np.float32)}, "negative or no number"),
        ({"weights": np.array([1, np.nan, 1], np.float32)}, "negative or no number"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        replace(POSTS, **change)
