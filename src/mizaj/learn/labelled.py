"""Labelled posts ready for training: texts, the number of each one's label, its weight and its source."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.metrics import Ints

Weights = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Posts with labels, column by column, all of one length.

    `texts`: string, no nulls. `codes`: int64, the place of each post's label in `labels`. `weights`: float32, how much
    a post counts, 1 on average. `sources`: string, the data set or domain of each post. `targets`: float32, shape
    (rows, labels), what is to be learnt in place of the label (see `learn.distil`), or None. Raises `SettingError`
    where they do not fit each other.
    """

    texts: pa.Array
    codes: Ints
    labels: tuple[str, ...]
    weights: Weights
    sources: pa.Array
    targets: Weights | None = None

    def __post_init__(self) -> None:
        n = len(self.texts)
        lengths = {len(self.codes), len(self.weights), len(self.sources), n}
        if len(lengths) > 1:
            msg = f"columns differ in length ({sorted(lengths)}); give one value for each post in all of them"
            raise SettingError(msg)
        if len(set(self.labels)) < len(self.labels):
            msg = f"labels are {', '.join(self.labels)}; name each once"
            raise SettingError(msg)
        if self.texts.null_count:
            msg = f"{self.texts.null_count} of {n} posts have no text; leave them out"
            raise SettingError(msg)
        if self.targets is not None and self.targets.shape != (n, len(self.labels)):
            msg = f"targets have the shape {self.targets.shape}; needed: ({n}, {len(self.labels)})"
            raise SettingError(msg)
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            msg = "some weight of a post is negative or no number; give 0 or more"
            raise SettingError(msg)
        if n and not (self.codes.min() >= 0 and self.codes.max() < len(self.labels)):
            msg = f"label numbers go from {self.codes.min()} to {self.codes.max()}; there are {len(self.labels)} labels"
            raise SettingError(msg)

    @classmethod
    def of(
        cls, texts: pa.Array, codes: Ints, labels: tuple[str, ...], *, source: str = ""
    ) -> Labelled:
        """Posts of one source, all of weight 1.

        >>> Labelled.of(pa.array(["accha", "bura"]), np.array([1, 0]), ("negative", "positive")).n_rows
        2
        """
        n = len(texts)
        return cls(
            texts,
            np.asarray(codes, np.int64),
            labels,
            weights=np.ones(n, np.float32),
            sources=pa.array([source] * n, pa.string()),
        )

    @property
    def n_rows(self) -> int:
        """How many posts there are."""
        return len(self.texts)

    @property
    def n_by_label(self) -> Ints:
        """How many posts have each label."""
        return np.bincount(self.codes, minlength=len(self.labels)).astype(np.int64)

    @property
    def possible(self) -> Mask:
        """Which labels occur in each post's source: shape (rows, labels).

        A source without neutral posts was labelled so that neutral could not be said: it does not tell that its posts,
        or the like of them, are not neutral.

        >>> posts = Labelled.of(pa.array(["accha", "bura"]), np.array([2, 0]), ("no", "so", "yes"))
        >>> posts.possible.tolist()
        [[True, False, True], [True, False, True]]
        """
        sources = self.sources.dictionary_encode(null_encoding="encode").indices.to_numpy()
        seen = np.zeros((int(sources.max(initial=-1)) + 1, len(self.labels)), np.bool_)
        seen[sources, self.codes] = True
        found: Mask = seen[sources]
        return found

    def take(self, rows: Ints) -> Labelled:
        """The posts at these places, in this order."""
        places = pa.array(rows)
        return replace(
            self,
            texts=self.texts.take(places),
            codes=self.codes[rows],
            weights=self.weights[rows],
            sources=self.sources.take(places),
            targets=None if self.targets is None else self.targets[rows],
        )
