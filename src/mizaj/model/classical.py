"""The second paper's classifiers (section III.B.3) as arrays: they answer with numpy alone.

| kind | probabilities |
| --- | --- |
| `naive-bayes` | multinomial: each label's share times its features' likelihoods, taken as counts [1] |
| `svm` | a linear machine for each label against the rest; Platt's sigmoid of each distance [2], made to add to 1 |
| `decision-tree`, `random-tree` | the labels' shares in the leaf |
| `random-forest` | the mean of its trees |
| `perceptron` | one hidden layer of rectified units, softmax |

[1] The special word's weight is two features here, one for each sign, since counts are not negative. [2] Platt, 1999.

`learn.fit_classical` trains them; `model.paper_features` says what they see.
"""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import ModelError
from mizaj.lexicon.packed import Lexicon
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import WEIGHTS, Folder
from mizaj.model.paper_features import COUNTS, Posts, Reader, reader, reader_of, rows_of
from mizaj.model.tensors import Array, pack_tensors
from mizaj.model.trees import Trees

WORDS = "words.json"
LEXICON = "lexicon.lex"
OTHER_LEXICON = (
    "{} was trained with other dictionaries than this mizaj has, and may answer less well; "
    "train it again"
)
_SPECIAL = COUNTS.index("special")
_ROWS = 512
"""Posts whose features are spread out at a time; the memory they take is this times the vocabulary."""
_ROUNDING = 1e-3

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classical:
    """A classifier of one of the kinds above.

    `classes` in `arrays` are the numbers of the labels that training met; the others have probability 0.
    """

    kind: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    arrays: Mapping[str, Array]
    reader: Reader
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        classes = self.arrays.get("classes")
        if classes is None or not len(classes) or set(classes.tolist()) - set(_range(self.labels)):
            msg = (
                f"a model of kind '{self.kind}' does not say which labels it knows; train it again"
            )
            raise ModelError(msg)

    @functools.cached_property
    def vocabulary(self) -> dict[str, int]:
        """The number of each word that is a feature."""
        return {word: number for number, word in enumerate(self.words)}

    @functools.cached_property
    def answer(self) -> Callable[[Array], Doubles]:
        """Features in, probabilities of `classes` out."""
        return _ANSWERS[self.kind](self.arrays, len(COUNTS) + len(self.words))

    def probabilities(self, texts: pa.Array) -> Probabilities:
        """A row of probabilities for each text."""
        proba = np.zeros((len(texts), len(self.labels)), np.float32)
        for start in range(0, len(texts), _ROWS):
            posts = self.reader.read(texts[start : start + _ROWS])
            proba[start : start + _ROWS] = self.answer_read(posts)
        return proba

    def answer_read(self, posts: Posts) -> Probabilities:
        """A row of probabilities for each post that the model's reader has read."""
        proba = np.zeros((len(posts.counts), len(self.labels)), np.float32)
        proba[:, self.arrays["classes"]] = self.answer(spread(posts, self.vocabulary))
        return proba

    def contents(self) -> Contents:
        """The arrays, the words, and the lexicon if it is not the shipped one."""
        files = {
            WEIGHTS: pack_tensors(self.arrays),
            WORDS: json.dumps(self.words, ensure_ascii=False).encode(),
        }
        settings = {"lexicon_hash": self.reader.content_hash} | dict(self.settings)
        if self.settings.get("lexicon"):
            files[LEXICON] = bytes(self.reader.scorer.lexicon.content)
            settings["lexicon"] = LEXICON  # where it was read from is nobody's business
        return Contents(settings, files)


def load(folder: Folder) -> Classical:
    """The classifier in a folder. Raises `ModelError` where its parts do not fit together."""
    reads = reader()
    if LEXICON in folder.files:
        reads = reader_of(Lexicon.open(folder.file(LEXICON)))
    if folder.settings.get("lexicon_hash") != reads.content_hash:
        warnings.warn(OTHER_LEXICON.format(folder.path), RuntimeWarning, stacklevel=2)
    try:
        model = Classical(
            folder.kind, folder.labels, _words(folder), folder.tensors(), reads, folder.settings
        )
        proba = model.probabilities(pa.array([""]))
    except (KeyError, ValueError, IndexError, TypeError, RecursionError) as error:
        msg = f"the arrays of {folder.path} do not fit together ({error}); train the model again"
        raise ModelError(msg) from error
    if not np.allclose(proba.sum(axis=1), 1.0, atol=_ROUNDING):
        msg = f"{folder.path} answers with numbers that are no probabilities; train the model again"
        raise ModelError(msg)
    return model


def spread(posts: Posts, vocabulary: Mapping[str, int]) -> NDArray[np.float32]:
    """All features of each post in a row: the counts, then 1 or 0 for each word."""
    n_counts = len(COUNTS)
    features = np.zeros((len(posts.counts), n_counts + len(vocabulary)), np.float32)
    features[:, :n_counts] = posts.counts
    rows, words = rows_of(posts, vocabulary)
    features[rows, n_counts + words] = 1.0
    return features


def two_sided(features: NDArray[Any]) -> NDArray[Any]:
    """The features without a negative number: the special word's weight as a column for each sign, at the end."""
    special = features[:, _SPECIAL]
    sides = np.stack([np.maximum(special, 0), np.maximum(-special, 0)], axis=1)
    return np.concatenate([np.delete(features, _SPECIAL, axis=1), sides], axis=1)


def _words(folder: Folder) -> tuple[str, ...]:
    words = json.loads(bytes(folder.view(WORDS)))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        msg = f"{WORDS} is no list of words"
        raise ValueError(msg)
    return tuple(words)


def _naive_bayes(arrays: Mapping[str, Array], n_features: int) -> Callable[[Array], Doubles]:
    prior, likelihood = _doubles(arrays, "prior", "likelihood")
    _check_shape(likelihood, (len(arrays["classes"]), n_features + 1))
    return lambda features: _softmax(two_sided(features) @ likelihood.T + prior)


def _svm(arrays: Mapping[str, Array], n_features: int) -> Callable[[Array], Doubles]:
    weights, bias, slope, offset = _doubles(arrays, "weights", "bias", "slope", "offset")
    _check_shape(weights, (len(arrays["classes"]), n_features))

    def answer(features: Array) -> Doubles:
        distances = features @ weights.T + bias
        shares = 1.0 / (1.0 + np.exp(np.clip(slope * distances + offset, -500.0, 500.0)))
        total = shares.sum(axis=1, keepdims=True)
        even = 1.0 / shares.shape[1]
        found: Doubles = np.divide(shares, total, out=np.full_like(shares, even), where=total > 0)
        return found

    return answer


def _trees(arrays: Mapping[str, Array], n_features: int) -> Callable[[Array], Doubles]:
    return Trees.from_arrays(arrays, n_features=n_features).proba  # type: ignore[return-value]


def _perceptron(arrays: Mapping[str, Array], n_features: int) -> Callable[[Array], Doubles]:
    hidden, hidden_bias, output, output_bias = _doubles(
        arrays, "hidden", "hidden_bias", "output", "output_bias"
    )
    _check_shape(hidden, (n_features, len(hidden_bias)))

    def answer(features: Array) -> Doubles:
        active = np.maximum(features @ hidden + hidden_bias, 0.0)
        return _softmax(active @ output + output_bias)

    return answer


_ANSWERS: Mapping[str, Callable[[Mapping[str, Array], int], Callable[[Array], Doubles]]] = {
    "naive-bayes": _naive_bayes,
    "svm": _svm,
    "decision-tree": _trees,
    "random-tree": _trees,
    "random-forest": _trees,
    "perceptron": _perceptron,
}


def _doubles(arrays: Mapping[str, Array], *names: str) -> list[Doubles]:
    for name in names:
        if not np.isfinite(arrays[name]).all():
            msg = f"{name} holds numbers that are not finite"
            raise ValueError(msg)
    return [arrays[name].astype(np.float64) for name in names]


def _check_shape(array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        msg = f"an array of shape {array.shape} where {shape} is needed"
        raise ValueError(msg)


def _softmax(logits: Doubles) -> Doubles:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Doubles = shares / shares.sum(axis=1, keepdims=True)
    return found


def _range(labels: tuple[str, ...]) -> range:
    return range(len(labels))
