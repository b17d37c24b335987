"""Labelled posts as the loop reads them: token ids, flat with offsets, and what is to be learnt of each row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled, Weights
from mizaj.learn.metrics import Ints
from mizaj.model.padding import Ids, Offsets


class Tokenizer(Protocol):
    """Texts to rows of token ids: the same in training and in use."""

    @property
    def pad_id(self) -> int:
        """The id that fills up short rows."""

    def __call__(self, texts: pa.Array, /) -> tuple[Ids, Offsets]:
        """The ids of all texts, flat, and where each text's begin; cut to the longest row the network reads."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of token ids with their labels.

    Row i is `ids[offsets[i]:offsets[i + 1]]`; `codes`, `weights`, `targets` and `possible` are those of `Labelled`.
    """

    ids: Ids
    offsets: Offsets
    codes: Ints
    weights: Weights
    labels: tuple[str, ...]
    targets: Weights | None = None
    possible: NDArray[np.bool_] | None = None
    pad_id: int = 0

    def __post_init__(self) -> None:
        n_rows = len(self.offsets) - 1
        if {len(self.codes), len(self.weights)} != {n_rows}:
            msg = f"{n_rows} rows of ids have {len(self.codes)} labels and {len(self.weights)} weights; give one each"
            raise SettingError(msg)
        for name in ("targets", "possible"):
            given = getattr(self, name)
            if given is not None and given.shape != (n_rows, len(self.labels)):
                msg = (
                    f"{name} has the shape {given.shape}; it must be ({n_rows}, {len(self.labels)})"
                )
                raise SettingError(msg)

    @classmethod
    def of(cls, labelled: Labelled, tokenizer: Tokenizer) -> Encoded:
        """The posts, cut into tokens."""
        ids, offsets = tokenizer(labelled.texts)
        return cls(
            ids,
            offsets,
            labelled.codes,
            labelled.weights,
            labels=labelled.labels,
            targets=labelled.targets,
            possible=labelled.possible,
            pad_id=tokenizer.pad_id,
        )

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.offsets) - 1

    @property
    def fingerprint(self) -> str:
        """A hash of all of it: two with one fingerprint train alike."""
        digest = hashlib.sha256(repr((self.labels, self.pad_id)).encode())
        for array in (
            self.ids,
            self.offsets,
            self.codes,
            self.weights,
            self.targets,
            self.possible,
        ):
            digest.update(
                b"none" if array is None else np.ascontiguousarray(array).view(np.uint8).data
            )
        return digest.hexdigest()
