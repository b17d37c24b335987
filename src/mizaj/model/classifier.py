"""What every kind of learned model is: texts in, one probability for each label out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.lexicon.columns import Reading

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Contents:
    """What of a model goes into its folder: settings for `model.json`, and files by their names."""

    settings: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __or__(self, other: Contents) -> Contents:
        """Both together; what both have is the other's."""
        return Contents({**self.settings, **other.settings}, {**self.files, **other.files})


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities, and who gave them: `tiers[i]` is the place in `names` of the model that answered text i.

    `reading` is there where the model has read the texts with the lexicon, so that nobody need do it again.
    """

    probabilities: Probabilities
    tiers: NDArray[np.int8]
    names: tuple[str, ...]
    reading: Reading | None = None


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


class Tiered(Classifier, Protocol):
    """A classifier in which several models stand, each of which answers some of the texts."""

    def answers(self, texts: pa.Array, /) -> Answers:
        """What `probabilities` gives, with the tier that answered each text."""


def answers_of(classifier: Classifier, texts: pa.Array) -> Answers:
    """The answers of a classifier of any kind: where it has no tiers, it is the one tier, named after its kind."""
    own: Callable[[pa.Array], Answers] | None = getattr(classifier, "answers", None)
    if own is not None:
        return own(texts)
    return Answers(
        classifier.probabilities(texts), np.zeros(len(texts), np.int8), (classifier.kind,)
    )


def softmax(logits: Probabilities) -> Probabilities:
    """Probabilities from logits, row by row.

    >>> softmax(np.zeros((1, 2), np.float32)).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
