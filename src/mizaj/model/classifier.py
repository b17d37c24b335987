"""What every kind of learned model is: texts in, one probability for each label out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Contents:
    """What of a model goes into its folder: settings for `model.json`, and files by their names."""

    settings: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


class Classifier(Protocol):
    """A trained model of one kind, a value: predicting changes nothing in it.

    Its module has `load(folder) -> Classifier`, the way back from `contents`; `kinds.KINDS` says which module.
    """

    @property
    def kind(self) -> str:
        """The name of the kind, a key of `kinds.KINDS`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of the columns of `probabilities`."""

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """A row of probabilities for each text, float32, shape (len(texts), len(labels)), each row adding to 1.

        `texts` is string or large_string; a null counts as an empty text, bytes that are not UTF-8 as U+FFFD. How the
        texts are cut into batches changes nothing. Not calibrated: that is done above, alike for all kinds.
        """

    def contents(self) -> Contents:
        """What `load` needs to make an equal model again."""
