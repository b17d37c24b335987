"""Train the linear model: what occurs often enough gets weights by AdaGrad, then whole numbers of eight bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.kinds import Progress
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.lexicon.packed import load_hand_made
from mizaj.model import ngrams, signals
from mizaj.model.linear import KIND, STEPS, LinearModel, build_table
from mizaj.model.linear_one import lexicon_kernel
from mizaj.text.tokens import compatible

try:
    from mizaj.learn._adagrad import run_epoch
    from mizaj.model._linear import read_features

    _IS_COMPILED = True
except ImportError:
    _IS_COMPILED = False

Floats = NDArray[np.float32]

_FIRST_SQUARE = 0.1
"""AdaGrad's sums start here, so that the first steps are not the largest."""
_BATCH = 4096
"""Posts read at a time: what is counted in them takes some 10 MB."""
_TYPICAL_LENGTH = 4.0
"""About the root of the length of a usual post, by which its n-grams are divided."""
_CLIPPED = 0.9999
"""The share of a group's weights that its scale must hold; the few larger ones are cut to the largest step."""


@dataclass(frozen=True)
class LinearSettings:
    """How a linear model is trained.

    `least_count`: posts' worth of occurrences that a word or pair needs, `least_count_chars` a run of characters.
    `ridge`: L2 penalty.
    `signal_scale`: how freely the lexicon's signals are weighed. `most_keys`: those with the largest weight times
    occurrences are kept. `labels_of_source`: a post competes only among the labels that occur in its source, since a
    set without neutral posts must not teach that nothing is neutral.
    """

    epochs: int = field(default=3, metadata={"search": (2, 12)})
    learning_rate: float = field(default=0.05, metadata={"search": (0.02, 0.5), "log": True})
    ridge: float = field(default=1e-6, metadata={"search": (1e-8, 1e-4), "log": True})
    least_count: int = field(default=2, metadata={"search": (1, 5)})
    least_count_chars: int = field(default=3, metadata={"search": (1, 10)})
    signal_scale: float = field(default=0.2, metadata={"search": (0.02, 1.0), "log": True})
    most_keys: int = 393_216
    labels_of_source: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "least_count", "least_count_chars", "most_keys"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be at least 1"
                raise SettingError(msg)
        for name in ("learning_rate", "signal_scale"):
            if not getattr(self, name) > 0:
                msg = f"{name} is {getattr(self, name)}; it must be above 0"
                raise SettingError(msg)
        if self.ridge < 0:
            msg = f"ridge is {self.ridge}; it must be 0 or more"
            raise SettingError(msg)


SETTINGS = {KIND: LinearSettings}


@dataclass(frozen=True, eq=False)
class Design:
    """Posts as the regression sees them: what occurs in each, and the lexicon's figures.

    `keys`, `groups`: of each column. `worths`: what an occurrence counts, its inverse document frequency. Post i has
    the columns `columns[places[i]:places[i + 1]]`, each times `shares[i]`.
    """

    keys: NDArray[np.uint64]
    groups: NDArray[np.uint8]
    worths: Floats
    places: Ints
    columns: NDArray[np.int32]
    shares: Floats
    figures: Floats


@dataclass(frozen=True, eq=False)
class Goals:
    """What the regression is to come near to by post and label, which labels are possible, how much a post counts."""

    targets: Floats
    possible: NDArray[np.uint8]
    weights: Floats


@dataclass(eq=False)
class Regression:
    """The weights while they are learnt, with AdaGrad's sums of squares; the last dense row is the bias."""

    sparse: Floats
    dense: Floats
    sparse_squares: Floats
    dense_squares: Floats


def fit(
    train: Labelled,
    validation: Labelled | None,
    settings: LinearSettings,
    *,
    seed: int,
    progress: Progress,
) -> LinearModel:
    """A linear model; with `validation`, that of the epoch with the best macro-F1 on it."""
    _check(train)
    design, scaling = _design(train.texts, settings)
    learnt = _start(len(design.keys), design.figures.shape[1], len(train.labels))
    goals = _goals(train, settings)
    rng = np.random.default_rng(seed)
    best: tuple[float, LinearModel | None] = (-1.0, None)
    model = None
    for epoch in range(settings.epochs):
        rate = settings.learning_rate * (1.0 - epoch / settings.epochs)
        order = rng.permutation(train.n_rows).astype(np.int64)
        loss = _run(design, goals, learnt, order=order, rate=rate, ridge=settings.ridge)
        told: dict[str, Any] = {"step": epoch + 1, "of_steps": settings.epochs, "loss": loss}
        if validation is not None:
            model = _finish(design, scaling, learnt, train.labels, settings)
            told["macro_f1"] = macro_f1(model, validation)
            if told["macro_f1"] > best[0]:
                best = (told["macro_f1"], model)
        progress(told)
    return best[1] or _finish(design, scaling, learnt, train.labels, settings)


def macro_f1(model: LinearModel, labelled: Labelled) -> float:
    """The macro-F1 of a model's answers on labelled posts."""
    answers = model.probabilities(labelled.texts).argmax(axis=1)
    return Counts.of(labelled.codes, answers.astype(np.int64), labels=labelled.labels).macro_f1


def _check(train: Labelled) -> None:
    if not _IS_COMPILED:
        msg = "the linear model is trained by compiled code, which is not built; install a C compiler, then mizaj again"
        raise SettingError(msg)
    if np.count_nonzero(train.n_by_label) < 2:
        msg = f"training needs posts of two labels or more; there are {train.n_rows} posts, of labels {train.labels}"
        raise SettingError(msg)


def _read(texts: pa.Array) -> Iterator[tuple[Ints, NDArray[np.uint8], NDArray[np.uint64], Floats]]:
    """What is counted in the posts, batch by batch: see `read_features`."""
    for start in range(0, len(texts), _BATCH):
        part = texts.slice(start, _BATCH).to_pylist()
        plain = pa.array([compatible(text or "") for text in part], pa.large_string())
        _, offsets, data = plain.buffers()
        found = read_features(
            lexicon_kernel(),
            memoryview(data or b"").cast("B"),
            memoryview(offsets).cast("B"),
            0,
            len(plain),
            is_large=True,
        )
        codes = (np.int64, np.uint8, np.uint64, np.float32)
        places, groups, keys, figures = (np.array(x, c) for x, c in zip(found, codes, strict=True))
        yield places, groups, keys, figures.reshape(len(plain), len(signals.NAMES))


def _design(texts: pa.Array, settings: LinearSettings) -> tuple[Design, Floats]:
    """The posts as a design, and by what its figures were shifted and scaled, row by row."""
    parts = list(_read(texts))
    keys = np.concatenate([part[2] for part in parts])
    groups = np.concatenate([part[1] for part in parts])
    n_by_post = np.concatenate([np.diff(part[0]) for part in parts])
    figures = np.concatenate([part[3] for part in parts])
    kept, kept_groups, numbers = _number(keys, groups, settings)
    is_kept = numbers >= 0
    posts = np.repeat(np.arange(len(texts)), n_by_post)
    n_tokens = np.bincount(posts[groups == ngrams.WORD], minlength=len(texts))
    n_kept = np.bincount(posts[is_kept], minlength=len(texts))
    columns = numbers[is_kept].astype(np.int32)
    shares = np.array([ngrams.share(n) for n in n_tokens.tolist()], np.float32)
    counts = np.bincount(columns, minlength=len(kept))
    mean, spread = figures.mean(axis=0), figures.std(axis=0) + np.float32(1e-3)
    scaling = np.stack([mean, settings.signal_scale / spread]).astype(np.float32)
    scaled = (figures - scaling[0]) * scaling[1]
    design = Design(
        kept,
        kept_groups,
        worths=_worths(counts, kept_groups, len(texts)),
        places=np.concatenate([[0], np.cumsum(n_kept)]).astype(np.int64),
        columns=columns,
        shares=shares,
        figures=np.concatenate([scaled, np.ones((len(texts), 1), np.float32)], axis=1),
    )
    return design, scaling


def _number(
    keys: NDArray[np.uint64], groups: NDArray[np.uint8], settings: LinearSettings
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.int64]]:
    """The keys that occur often enough, their groups, and for each occurrence the number of its key or -1."""
    least = np.full(len(ngrams.GROUPS), settings.least_count)
    least[ngrams.CHARS] = settings.least_count_chars
    found, first, inverse, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    of_group = groups[first]
    is_kept = counts >= least[of_group]
    numbers = np.where(is_kept, np.cumsum(is_kept) - 1, -1)
    return found[is_kept], of_group[is_kept], numbers[inverse]


def _worths(counts: Ints, groups: NDArray[np.uint8], n_posts: int) -> Floats:
    """What an occurrence of each key counts: more if it is rare; on average, a group of a post has length 1."""
    worths = np.log((1.0 + n_posts) / (1.0 + np.minimum(counts, n_posts))) + 1.0
    for group in range(len(ngrams.GROUPS)):
        is_in = groups == group
        square = float((counts[is_in] * worths[is_in] ** 2).sum()) / max(n_posts, 1)
        worths[is_in] *= _TYPICAL_LENGTH / math.sqrt(max(square, 1e-12))
    return worths.astype(np.float32)


def _start(n_columns: int, n_figures: int, n_labels: int) -> Regression:
    shapes = ((n_columns, n_labels), (n_figures, n_labels))
    zeros = [np.zeros(shape, np.float32) for shape in shapes]
    squares = [np.full(shape, _FIRST_SQUARE, np.float32) for shape in shapes]
    return Regression(*zeros, *squares)


def _goals(train: Labelled, settings: LinearSettings) -> Goals:
    possible = train.possible if settings.labels_of_source else np.ones_like(train.possible)
    targets = np.eye(len(train.labels), dtype=np.float32)[train.codes]
    if train.targets is not None:
        targets = np.where(possible, train.targets, 0.0).astype(np.float32)
        targets /= np.maximum(targets.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    return Goals(targets, possible.view(np.uint8), train.weights.astype(np.float32))


def _run(
    design: Design, goals: Goals, learnt: Regression, *, order: Ints, rate: float, ridge: float
) -> float:
    loss: float = run_epoch(
        order,
        design.places,
        design.columns,
        design.worths,
        design.shares,
        design.figures,
        goals.targets,
        goals.possible,
        goals.weights,
        learnt.sparse,
        learnt.sparse_squares,
        learnt.dense,
        learnt.dense_squares,
        rate=rate,
        decay=ridge,
    )
    return loss


def _finish(
    design: Design,
    scaling: Floats,
    learnt: Regression,
    labels: tuple[str, ...],
    settings: LinearSettings,
) -> LinearModel:
    """The model with the weights as they are: whole steps, keys that weigh nothing left out, figures unscaled."""
    weights = learnt.sparse * design.worths[:, None]
    scales = np.array(
        [_scale(weights[design.groups == g]) for g in range(len(ngrams.GROUPS))], np.float32
    )
    steps = np.clip(np.rint(weights / scales[design.groups][:, None]), -STEPS, STEPS).astype(
        np.int8
    )
    counts = np.bincount(design.columns, minlength=len(design.keys))
    size = (np.abs(steps).max(axis=1) * scales[design.groups] * counts).astype(np.float32)
    n_kept = min(int(np.count_nonzero(size)), settings.most_keys)
    kept = np.sort(np.argsort(-size, kind="stable")[:n_kept])
    signal_weights = learnt.dense[:-1] * scaling[1][:, None]
    bias = learnt.dense[-1] - scaling[0] @ signal_weights
    return LinearModel(
        labels,
        {"lexicon": load_hand_made().content_hash},
        slots=build_table(design.keys[kept], steps[kept]),
        scales=scales,
        signal_weights=np.ascontiguousarray(signal_weights, np.float32),
        bias=bias.astype(np.float32),
    )


def _scale(weights: Floats) -> float:
    """What one step is worth, so that nearly all weights of a group fit."""
    if not weights.size:
        return 1.0
    largest = float(np.quantile(np.abs(weights), _CLIPPED))
    return max(largest, 1e-6) / STEPS
