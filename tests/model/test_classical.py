"""The second paper's classifiers as arrays: parts that do not fit each other are refused, each with a clear line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError
from mizaj.model.classical import Classical, load
from mizaj.model.folder import save
from mizaj.model.paper_features import COUNTS, reader

WORDS = ("film", "kal")
N = len(COUNTS) + len(WORDS)
SVM = {
    "classes": np.array([0, 2]),
    "weights": np.eye(2, N, dtype=np.float32),
    "bias": np.zeros(2, np.float32),
    "slope": np.full(2, -1, np.float32),
    "offset": np.zeros(2, np.float32),
}
LABELS = ("negative", "neutral", "positive")


def svm(**change: Any) -> Classical:
    return Classical("svm", LABELS, WORDS, SVM | change, reader(), {})


def test_a_label_that_was_not_met_has_probability_0() -> None:
    proba = svm().probabilities(pa.array(["accha accha", "bekar bekar", ""]))
    assert proba[:, 1].tolist() == [0, 0, 0]
    assert proba[0, 0] > proba[0, 2]
    assert proba[1, 2] > proba[1, 0]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)


def test_distances_beyond_all_measure_still_give_probabilities() -> None:
    far = svm(slope=np.full(2, 1e30, np.float32), bias=np.ones(2, np.float32))
    np.testing.assert_allclose(far.probabilities(pa.array([""])), [[0.5, 0, 0.5]])


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.eye(3, N)},
        {"weights": np.eye(2, N - 1)},
        {"weights": np.zeros(())},
        {"bias": np.zeros(5)},
        {"slope": np.full(2, np.nan)},
        {"weights": np.full((2, N), np.nan)},
        {"classes": np.array([0, 0])},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    saved = save(svm(**change), tmp_path / "model")
    with pytest.raises(ModelError, match=r"train (the model|it) again"):
        load(saved)


@pytest.mark.parametrize("classes", [np.array([0, 3]), np.array([-1, 0]), np.zeros(0, np.int64)])
def test_labels_that_are_not_there_are_refused(classes: np.ndarray) -> None:
    with pytest.raises(ModelError, match="does not say which labels it knows"):
        svm(classes=classes)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    model = svm()
    short = {name: array for name, array in SVM.items() if name != "slope"}
    with pytest.raises(ModelError, match=r"do not fit together \('slope'\); train"):
        load(save(replace(model, arrays=short), tmp_path / "model"))


def test_words_named_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not fit together"):
        load(save(replace(svm(), words=("film", "film")), tmp_path / "model"))
