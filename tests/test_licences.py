"""Nothing that ships is learnt from a data set whose licence forbids commercial use."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SPEC = importlib.util.spec_from_file_location("datasets_of_benchmarks", BENCHMARKS / "datasets.py")
datasets = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(datasets)

# What each writes is part of the package, or may teach what is.
WRITERS = (
    "fit_lexicon",
    "teaching",
    "train_best",
    "train_default",
    "train_foreign",
    "train_language",
    "train_spam",
    "train_tagger",
)


def test_the_training_sets_may_be_used_commercially():
    assert "sentimix-hinglish" in datasets.TRAINING
    assert not set(datasets.TRAINING) & set(datasets.NON_COMMERCIAL)


@pytest.mark.parametrize("script", WRITERS)
def test_a_script_that_writes_what_ships_names_no_other_set(script):
    text = (BENCHMARKS / f"{script}.py").read_text(encoding="utf-8")
    assert "datasets" in text or "data_folder" in text
    assert not [name for name in datasets.NON_COMMERCIAL if name in text]
