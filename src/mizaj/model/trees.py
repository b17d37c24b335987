"""Decision trees as plain arrays, walked by many rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ModelError

LEAF = -1
_NAMES = ("roots", "left", "right", "feature", "threshold", "leaf_proba", "leaf")


@dataclass(frozen=True, eq=False)
class Trees:
    """One tree or many, their nodes one after the other.

    A row goes to the `left` node if its `feature` is at most `threshold`, else to the `right` one, from the root
    (`roots`, one for each tree) until `feature` is `LEAF`; then it has the row `leaf` of `leaf_proba`. A child comes
    after its parent, so every walk ends.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    leaf: NDArray[np.int32]
    leaf_proba: NDArray[np.float32]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], *, n_features: int) -> Trees:
        """The trees in a model's file. Raises `ModelError` for arrays that are no trees over so many features."""
        missing = [name for name in _NAMES if name not in arrays]
        if missing:
            msg = f"the trees lack {', '.join(missing)}; copy or train the model again"
            raise ModelError(msg)
        trees = cls(**{name: arrays[name] for name in _NAMES})
        if not trees._holds(n_features):
            msg = "the trees do not fit together; copy or train the model again"
            raise ModelError(msg)
        return trees

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in _NAMES}

    def proba(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean over trees of the leaves' probabilities: rows x features in, rows x labels out."""
        n, n_trees = len(features), len(self.roots)
        nodes = np.tile(self.roots, n)
        rows = np.repeat(np.arange(n), n_trees)
        moving = np.flatnonzero(self.feature[nodes] != LEAF)
        while len(moving):
            at = nodes[moving]
            goes_left = features[rows[moving], self.feature[at]] <= self.threshold[at]
            at = np.where(goes_left, self.left[at], self.right[at])
            nodes[moving] = at
            moving = moving[self.feature[at] != LEAF]
        shares = self.leaf_proba[self.leaf[nodes]].reshape(n, n_trees, self.leaf_proba.shape[1])
        mean: NDArray[np.float32] = shares.mean(axis=1, dtype=np.float64).astype(np.float32)
        return mean

    def _holds(self, n_features: int) -> bool:
        n = len(self.feature)
        shapes = {each.shape for each in (self.left, self.right, self.threshold, self.leaf)}
        inner, here = self.feature != LEAF, np.arange(n)
        if shapes != {(n,)} or self.leaf_proba.ndim != 2 or not len(self.roots):
            return False
        leaves = self.leaf[~inner]
        children = np.stack([self.left[inner], self.right[inner]])
        return bool(
            (self.roots >= 0).all()
            and (self.roots < n).all()
            and (self.feature >= LEAF).all()
            and (self.feature < n_features).all()
            and (children > here[inner]).all()
            and (children < n).all()
            and (leaves >= 0).all()
            and (leaves < len(self.leaf_proba)).all()
        )
