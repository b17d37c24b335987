from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.labelled import Labelled
from mizaj.learn.objective import competing, wanted, weighted_loss
from mizaj.learn.train_settings import TrainSettings

LABELS = ("no", "yes")


class Lengths:
    """A tokenizer whose ids are the lengths of the words."""

    pad_id = 9

    def __call__(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        rows = [[len(word) for word in text.split()] for text in texts.to_pylist()]
        offsets = np.cumsum([0, *map(len, rows)])
        return np.array([each for row in rows for each in row], np.int32), offsets


POSTS = Labelled.of(pa.array(["a bb", "", "ccc"]), np.array([0, 1, 1]), LABELS)
ROWS = Encoded.of(POSTS, Lengths())


def test_posts_become_rows_of_ids():
    assert ROWS.n_rows == 3
    assert ROWS.ids.tolist() == [1, 2, 3]
    assert ROWS.offsets.tolist() == [0, 2, 2, 3]
    assert ROWS.pad_id == 9


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": np.array([1, 2, 4], np.int32)},
        {"codes": np.array([0, 1, 0])},
        {"weights": np.array([1, 2, 1], np.float32)},
        {"targets": np.full((3, 2), 0.5, np.float32)},
        {"possible": np.array([[True, False], [True, True], [True, True]])},
        {"labels": ("no", "maybe")},
        {"pad_id": 0},
    ],
)
def test_whatever_differs_shows_in_the_fingerprint(changes: dict[str, Any]):
    assert replace(ROWS, **changes).fingerprint != ROWS.fingerprint
    assert Encoded.of(POSTS, Lengths()).fingerprint == ROWS.fingerprint


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"codes": np.array([0])}, "1 labels and 3 weights"),
        (
            {"targets": np.zeros((3, 5), np.float32)},
            r"targets has the shape \(3, 5\); it must be \(3, 2\)",
        ),
        (
            {"possible": np.ones((1, 2), np.bool_)},
            r"possible has the shape \(1, 2\); it must be \(3, 2\)",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(changes: dict[str, Any], message: str):
    with pytest.raises(SettingError, match=message):
        replace(ROWS, **changes)


def test_what_is_wanted_is_the_label_smoothed():
    found = wanted(ROWS, np.array([0]), TrainSettings(label_smoothing=0.2))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[0.9, 0.1]], atol=1e-6)


def test_targets_are_wanted_as_they_are():
    taught = replace(ROWS, targets=np.array([[0.4, 0.6]] * 3, np.float32))
    found = wanted(taught, np.array([0]), TrainSettings(label_smoothing=0.2))
    np.testing.assert_allclose(found, [[0.4, 0.6]], atol=1e-6)


THREE = ("no", "so", "yes")
TWO_SIDED = Encoded.of(Labelled.of(pa.array(["a", "b"]), np.array([0, 2]), THREE), Lengths())
"""A source in which nobody could say `so`."""


def test_labels_that_the_source_lacks_are_out_of_it_only_where_asked_for():
    rows = np.array([0])
    asked = TrainSettings(label_smoothing=0.2, labels_of_source=True)
    assert competing(TWO_SIDED, rows, asked).tolist() == [[True, False, True]]
    np.testing.assert_allclose(wanted(TWO_SIDED, rows, asked), [[0.9, 0.0, 0.1]], atol=1e-6)
    plain = TrainSettings(label_smoothing=0.3)
    assert competing(TWO_SIDED, rows, plain).all()
    np.testing.assert_allclose(wanted(TWO_SIDED, rows, plain), [[0.8, 0.1, 0.1]], atol=1e-6)


def test_a_teacher_s_opinion_of_labels_that_the_source_lacks_does_not_count():
    taught = replace(TWO_SIDED, targets=np.array([[0.2, 0.6, 0.2]] * 2, np.float32))
    settings = TrainSettings(labels_of_source=True)
    np.testing.assert_allclose(wanted(taught, np.array([0]), settings), [[0.5, 0.0, 0.5]])


def test_a_label_out_of_it_neither_costs_nor_learns():
    torch = pytest.importorskip("torch")
    logits = torch.tensor([[1.0, 9.0, 0.0]], requires_grad=True)
    competes = torch.tensor([[True, False, True]])
    target = torch.tensor([[1.0, 0.0, 0.0]])
    loss = weighted_loss(logits, target, competes, weights=torch.ones(1), total_weight=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(np.log1p(np.exp(-1.0)), rel=1e-5)
    assert logits.grad[0, 1].item() == 0.0
    assert logits.grad[0, 0].item() < 0.0
