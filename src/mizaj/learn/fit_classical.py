"""Train the second paper's classifiers (section III.B.3) by scikit-learn, and turn them into plain arrays.

The paper ran Weka with its defaults; what stands here for each: its naive Bayes is Gaussian, which on words that are
there or not degenerates, so counts are taken as multinomial; its SVM is linear (SMO, polynomial of degree 1); its
decision tree, C4.5, splits by information gain and keeps two posts in a leaf; its random tree looks at log2(features)
+ 1 features at each node and is not pruned; its perceptron has one hidden layer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing
from mizaj.learn.classical_settings import (
    SETTINGS,
    FeatureSettings,
    ForestSettings,
    NaiveBayesSettings,
    PerceptronSettings,
    RandomTreeSettings,
    SvmSettings,
    TreeSettings,
)
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.model.classical import Classical, two_sided
from mizaj.model.paper_features import COUNTS, Posts, Reader, reader, rows_of
from mizaj.model.trees import LEAF, Trees

try:
    from scipy import sparse
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.svm import LinearSVC
    from sklearn.tree import DecisionTreeClassifier
except ImportError:
    sparse = None

Arrays = dict[str, NDArray[Any]]
_INNER_FOLDS = 5
_MOST_ITERATIONS = 20_000


@dataclass(frozen=True)
class Run:
    """What a training goes by besides its settings; `held` are validation posts with their labels' numbers."""

    seed: int = 0
    progress: Progress = silent
    held: tuple[Posts, Ints] | None = None


def fit(
    train: Labelled,
    validation: Labelled | None,
    settings: FeatureSettings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> Classical:
    """The classifier whose settings these are, trained on `train`; `validation` stops the perceptron early.

    Weights of posts count for every kind; so do a teacher's `targets`, each post standing for all its labels in their
    shares. Raises `ExtraMissing` without scikit-learn.
    """
    reads = reader(Path(settings.lexicon) if settings.lexicon else None)
    held = None if validation is None else (reads.read(validation.texts), validation.codes)
    posts = reads.read(train.texts)
    return fit_read(posts, train, settings, reads, Run(seed, progress, held))


def fit_read(
    posts: Posts, train: Labelled, settings: FeatureSettings, reads: Reader, run: Run | None = None
) -> Classical:
    """The classifier trained on posts that `reads` has read already: what `fit` does with what it reads."""
    if sparse is None:
        library = "scikit-learn"
        raise ExtraMissing(library, extra="train")
    run = run or Run()
    kind = next(kind for kind, of_kind in SETTINGS.items() if of_kind is type(settings))
    design = _Design.of(posts, train, settings)
    arrays = _FITS[kind](design, settings, run)
    if not isinstance(settings, PerceptronSettings):  # which tells of each epoch
        run.progress({"step": 1, "of_steps": 1})
    arrays = {name: _narrow(array) for name, array in arrays.items()}
    arrays["classes"] = design.classes
    return Classical(kind, train.labels, design.words, arrays, reads, asdict(settings))


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float64 else array


@dataclass(frozen=True)
class _Design:
    """The posts as scikit-learn takes them: features, the place in `classes` of each label, weights."""

    words: tuple[str, ...]
    features: sparse.csr_matrix
    targets: Ints
    weights: NDArray[np.float64]
    classes: Ints

    @classmethod
    def of(cls, posts: Posts, train: Labelled, settings: FeatureSettings) -> _Design:
        words = choose_words(posts, settings)
        rows, codes, weights = _cases(train, settings.class_balance)
        classes, targets = np.unique(codes, return_inverse=True)
        return cls(words, _sparse(posts, words)[rows], targets, weights, classes)


def choose_words(posts: Posts, settings: FeatureSettings) -> tuple[str, ...]:
    """The words that are features: those of most posts, in alphabetical order."""
    bounds = zip(posts.starts[:-1].tolist(), posts.starts[1:].tolist(), strict=True)
    counts = Counter(word for begin, end in bounds for word in set(posts.words[begin:end]))
    often = [word for word, n in counts.items() if n >= settings.min_count]
    return tuple(sorted(sorted(often, key=lambda w: (-counts[w], w))[: settings.n_words]))


def _cases(train: Labelled, balance: float) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """(row, label, weight) of each case: one for each post, or with a teacher one for each share above 0."""
    if train.targets is None:
        rows, codes = np.arange(train.n_rows), train.codes
        weights = train.weights.astype(np.float64)
    else:
        rows, codes = np.nonzero(train.targets > 0)
        weights = (train.weights[:, None] * train.targets)[rows, codes].astype(np.float64)
    of_label = np.bincount(codes, weights, minlength=len(train.labels))
    even = weights.sum() / max((of_label > 0).sum(), 1)
    shares = (even / np.where(of_label > 0, of_label, even)) ** balance
    return rows, codes, weights * shares[codes]


def _sparse(posts: Posts, words: Sequence[str]) -> sparse.csr_matrix:
    rows, columns = rows_of(posts, {word: number for number, word in enumerate(words)})
    shape = (len(posts.counts), len(words))
    there = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)
    return sparse.hstack([sparse.csr_matrix(posts.counts), there], format="csr")


def _fit_naive_bayes(design: _Design, settings: NaiveBayesSettings, _: Run) -> Arrays:
    model = MultinomialNB(alpha=settings.smoothing)
    model.fit(sparse_two_sided(design.features), design.targets, design.weights)
    return {"prior": model.class_log_prior_, "likelihood": model.feature_log_prob_}


def sparse_two_sided(features: sparse.csr_matrix) -> sparse.csr_matrix:
    """`two_sided` of sparse features: the words stand last, so only the counts change, and the sides go to the end."""
    counts = two_sided(features[:, : len(COUNTS)].toarray())
    words = features[:, len(COUNTS) :]
    return sparse.hstack([counts[:, :-2], words, counts[:, -2:]], format="csr")


def _fit_svm(design: _Design, settings: SvmSettings, run: Run) -> Arrays:
    machine = LinearSVC(C=settings.cost, max_iter=_MOST_ITERATIONS, random_state=run.seed)
    model = CalibratedClassifierCV(machine, cv=_inner_folds(design, run.seed), ensemble=False)
    model.fit(design.features, design.targets, sample_weight=design.weights)
    (fitted,) = model.calibrated_classifiers_
    slope = np.array([each.a_ for each in fitted.calibrators])
    offset = np.array([each.b_ for each in fitted.calibrators])
    weights, bias = fitted.estimator.coef_, fitted.estimator.intercept_
    if len(design.classes) == 2:  # one machine, for the second label against the first
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
        slope, offset = np.concatenate([slope, slope]), np.concatenate([-offset, offset])
    return {"weights": weights, "bias": bias, "slope": slope, "offset": offset}


def _inner_folds(design: _Design, seed: int) -> StratifiedKFold | list[tuple[Ints, Ints]]:
    """Folds whose held-out distances fit the sigmoids; where a label has one post only, all posts for both."""
    rarest = int(np.bincount(design.targets).min())
    if rarest < 2:
        rows = np.arange(len(design.targets))
        return [(rows, rows)]
    return StratifiedKFold(min(_INNER_FOLDS, rarest), shuffle=True, random_state=seed)


def _fit_tree(design: _Design, settings: TreeSettings, run: Run) -> Arrays:
    return _one_tree(design, settings, run, max_features=None)


def _fit_random_tree(design: _Design, settings: RandomTreeSettings, run: Run) -> Arrays:
    return _one_tree(design, settings, run, max_features=_n_looked_at(design))


def _one_tree(
    design: _Design,
    settings: TreeSettings | RandomTreeSettings,
    run: Run,
    *,
    max_features: int | None,
) -> Arrays:
    model = DecisionTreeClassifier(
        criterion="entropy",
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_leaf,
        max_features=max_features,
        random_state=run.seed,
    )
    model.fit(design.features, design.targets, sample_weight=design.weights)
    return join_trees([model.tree_]).to_arrays()


def _fit_forest(design: _Design, settings: ForestSettings, run: Run) -> Arrays:
    model = RandomForestClassifier(
        settings.n_trees,
        criterion="entropy",
        max_depth=settings.max_depth,
        min_samples_leaf=settings.min_leaf,
        max_features=_n_looked_at(design),
        random_state=run.seed,
    )
    model.fit(design.features, design.targets, sample_weight=design.weights)
    return join_trees([each.tree_ for each in model.estimators_]).to_arrays()


def _n_looked_at(design: _Design) -> int:
    """How many features a random tree looks at in each node, as in Weka."""
    return int(math.log2(design.features.shape[1])) + 1


def join_trees(trees: Sequence[Any]) -> Trees:
    """Trees of scikit-learn as one set of arrays."""
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    feature = np.concatenate([tree.feature for tree in trees])
    is_leaf = feature < 0
    values = np.concatenate([tree.value[:, 0] for tree in trees])[is_leaf]
    children = [
        np.concatenate([getattr(t, side) + at for t, at in zip(trees, roots, strict=True)])
        for side in ("children_left", "children_right")
    ]
    left, right = (np.where(is_leaf, LEAF, each).astype(np.int32) for each in children)
    return Trees(
        roots=roots.astype(np.int32),
        left=left,
        right=right,
        feature=np.where(is_leaf, LEAF, feature).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
        leaf=np.where(is_leaf, np.cumsum(is_leaf) - 1, LEAF).astype(np.int32),
        leaf_proba=(values / values.sum(axis=1, keepdims=True)).astype(np.float32),
    )


def _fit_perceptron(design: _Design, settings: PerceptronSettings, run: Run) -> Arrays:
    model = MLPClassifier(
        (settings.n_hidden,),
        alpha=settings.decay,
        learning_rate_init=settings.learning_rate,
        random_state=run.seed,
    )
    held = run.held and (_sparse(run.held[0], design.words), run.held[1])
    best, since, kept = -1.0, 0, {}
    for epoch in range(1, settings.epochs + 1):
        model.partial_fit(
            design.features,
            design.targets,
            classes=np.arange(len(design.classes)),
            sample_weight=design.weights,
        )
        figures = {"step": epoch, "of_steps": settings.epochs, "loss": float(model.loss_)}
        macro_f1 = _macro_f1(model, design, held)
        run.progress(figures if macro_f1 is None else figures | {"macro_f1": macro_f1})
        since = 0 if macro_f1 is None or macro_f1 > best else since + 1
        if not since:
            best, kept = macro_f1 or 0.0, _layers(model, len(design.classes))
        if since >= settings.patience:
            break
    return kept


def _macro_f1(
    model: MLPClassifier, design: _Design, held: tuple[sparse.csr_matrix, Ints] | None
) -> float | None:
    if held is None or not len(held[1]):
        return None
    features, codes = held
    found = design.classes[model.predict(features)]
    n_labels = int(max(found.max(), codes.max())) + 1
    return Counts.of(codes, found, labels=tuple(map(str, range(n_labels)))).macro_f1


def _layers(model: MLPClassifier, n_classes: int) -> Arrays:
    # copies: training goes on in the arrays themselves
    hidden, output = (each.copy() for each in model.coefs_)
    hidden_bias, output_bias = (each.copy() for each in model.intercepts_)
    if n_classes == 2:  # one unit: how much likelier the second label is
        output = np.concatenate([np.zeros_like(output), output], axis=1)
        output_bias = np.concatenate([np.zeros_like(output_bias), output_bias])
    weights = {"hidden": hidden, "output": output}
    return weights | {"hidden_bias": hidden_bias, "output_bias": output_bias}


_FITS: Mapping[str, Callable[[_Design, Any, Run], Arrays]] = {
    "naive-bayes": _fit_naive_bayes,
    "svm": _fit_svm,
    "decision-tree": _fit_tree,
    "random-tree": _fit_random_tree,
    "random-forest": _fit_forest,
    "perceptron": _fit_perceptron,
}
