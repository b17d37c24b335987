from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled
from mizaj.learn.multitask import Tasks, fit_together
from mizaj.learn.network_settings import ConvolutionSettings, GruSettings, NetworkSettings
from mizaj.model.folder import save
from mizaj.model.kinds import load_classifier

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

SIZES = {
    "epochs": 8, "batch_size": 8, "learning_rate": 0.01, "vocabulary": 90, "embedding": 12,
    "max_length": 8, "dropout": 0.0, "word_dropout": 0.0, "hidden": 12,
}  # fmt: skip
FEW = Labelled.of(
    pa.array(["accha", "bura", ""] * 3), np.array([1, 0, 0] * 3), ("negative", "positive")
)
MANY = Labelled.of(
    pa.array(["accha khush", "bura dukhi", "theek", "gussa bura"] * 20),
    np.array([0, 1, 2, 3] * 20),
    ("joy", "sadness", "none", "anger"),
)
ORDERED = Labelled.of(pa.array(["thoda", "bahut"] * 10), np.array([0, 1] * 10), ("low", "high"))


@pytest.mark.parametrize(
    "settings",
    [
        ConvolutionSettings(**SIZES),
        GruSettings(**SIZES, head="ordinal"),
    ],
)
def test_the_kept_head_answers_its_own_labels(settings: NetworkSettings, tmp_path: Path):
    model = fit_together(Tasks(MANY, [FEW, ORDERED]), MANY, settings)
    assert model.labels == MANY.labels
    texts = pa.array(["accha khush", "bura dukhi", "", None])
    proba = model.probabilities(texts)
    assert proba.shape == (4, 4)
    save(model, tmp_path / "model")
    np.testing.assert_array_equal(load_classifier(tmp_path / "model").probabilities(texts), proba)


def test_another_task_helps_where_posts_are_few():
    # `khush` stands in no post of the kept task; that it goes with `accha` only the other task tells.
    twin = Labelled.of(
        pa.array(["accha", "khush", "bura", "dukhi"] * 20),
        np.array([0, 0, 1, 1] * 20),
        ("up", "down"),
    )
    model = fit_together(Tasks(FEW, [twin]), None, ConvolutionSettings(**SIZES))
    proba = model.probabilities(pa.array(["khush", "dukhi"]))
    assert model.labels == ("negative", "positive")
    assert proba.argmax(axis=1).tolist() == [1, 0]


def test_the_loop_is_told_macro_f1_of_the_kept_task_alone():
    told = []
    fit_together(Tasks(MANY, [FEW]), MANY, ConvolutionSettings(**SIZES), progress=told.append)
    assert max(each.get("macro_f1", 0.0) for each in told) > 0.95


@pytest.mark.parametrize(("others", "weight"), [([], 0.5), ([FEW], 0.0)])
def test_tasks_that_help_nothing_are_refused(others: list[Labelled], weight: float):
    with pytest.raises(SettingError, match="one task or more"):
        Tasks(MANY, others, weight)
