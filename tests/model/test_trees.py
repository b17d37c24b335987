"""Trees as arrays: walked as one would by hand, and refused when they are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mizaj.errors import ModelError
from mizaj.model.trees import Trees


def arrays(**change: Any) -> dict[str, Any]:
    """Two trees: `x0 <= 0.5` parts (1, 0) from (`x1 <= 2`: (0, 1), else (0.5, 0.5)); and a leaf (0, 1)."""
    made = {
        "roots": np.array([0, 5]),
        "left": np.array([1, -1, 3, -1, -1, -1]),
        "right": np.array([2, -1, 4, -1, -1, -1]),
        "feature": np.array([0, -1, 1, -1, -1, -1]),
        "leaf": np.array([-1, 0, -1, 1, 2, 1]),
    }
    found: dict[str, Any] = {name: each.astype(np.int32) for name, each in made.items()}
    found["threshold"] = np.array([0.5, 0, 2, 0, 0, 0], np.float32)
    found["leaf_proba"] = np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32)
    return found | change


def test_rows_walk_to_their_leaves_and_trees_are_averaged() -> None:
    rows = np.array([[0, 9], [0.5, 0], [1, 2], [1, 2.5]], np.float32)
    found = Trees.from_arrays(arrays(), n_features=2).proba(rows)
    assert found.dtype == np.float32
    assert found.tolist() == [[0.5, 0.5], [0.5, 0.5], [0, 1], [0.25, 0.75]]


def test_no_rows_give_no_rows() -> None:
    trees = Trees.from_arrays(arrays(), n_features=2)
    assert trees.proba(np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_what_is_made_of_arrays_gives_them_back() -> None:
    given = arrays()
    back = Trees.from_arrays(given, n_features=2).to_arrays()
    assert set(back) == set(given)
    assert all((back[name] == given[name]).all() for name in given)


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    "change",
    [
        {"left": int32(0, -1, 3, -1, -1, -1)},
        {"right": int32(2, -1, 1, -1, -1, -1)},
        {"right": int32(2, -1, 6, -1, -1, -1)},
        {"feature": int32(2, -1, 1, -1, -1, -1)},
        {"feature": int32(-2, -1, 1, -1, -1, -1)},
        {"leaf": int32(-1, 3, -1, 1, 2, 1)},
        {"leaf": int32(-1, -1, -1, 1, 2, 1)},
        {"leaf": int32(-1, 0, -1, 1, 2)},
        {"roots": int32()},
        {"roots": int32(6)},
        {"roots": int32(-1)},
        {"leaf_proba": np.ones(3, np.float32)},
        {"threshold": np.zeros(2, np.float32)},
    ],
)
def test_arrays_that_are_no_trees_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="the trees do not fit together"):
        Trees.from_arrays(arrays(**change), n_features=2)


def test_a_missing_array_is_named() -> None:
    given = arrays()
    del given["leaf"]
    with pytest.raises(ModelError, match="the trees lack leaf"):
        Trees.from_arrays(given, n_features=2)
