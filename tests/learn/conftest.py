"""What tests of learning share: a tiny kind of model, and posts that it can learn."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from mizaj.learn.kinds import TRAINERS
from mizaj.learn.labelled import Labelled
from mizaj.model.kinds import KINDS

LABELS = ("negative", "neutral", "positive")
WORDS = {
    "negative": ("bakwas", "bura", "awful", "slow"),
    "neutral": ("table", "train", "aaj", "phone"),
    "positive": ("accha", "mast", "lovely", "fast"),
}


@pytest.fixture
def jobs() -> ModuleType:
    """Makes jobs for workers on clusters; its networks are found by their names from every process."""
    pytest.importorskip("torch")
    import cluster_jobs

    return cluster_jobs


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the kind `toy`, registered for training and for loading."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "toy"))
    monkeypatch.setitem(TRAINERS, "toy", "toy_kind")
    monkeypatch.setitem(KINDS, "toy", "toy_kind")
    import toy_kind

    return toy_kind


@pytest.fixture
def posts() -> Labelled:
    """Posts of two sources; words tell the label, save for one in five."""
    return make_posts()


def make_posts(n: int = 120, *, seed: int = 0, source: str | None = None) -> Labelled:
    """Posts of three words; `source` is that of all, else they take turns."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % len(LABELS)
    shown = np.where(rng.random(n) < 0.2, rng.integers(0, 3, n), codes)
    texts = [
        f"{rng.choice(WORDS[LABELS[code]])} {rng.choice(WORDS[LABELS[code]])} zz{seed}q{row:04}"
        for row, code in enumerate(shown)
    ]
    sources = [source or ("news", "films")[row % 2] for row in range(n)]
    plain = Labelled.of(pa.array(texts), codes, LABELS)
    return Labelled(plain.texts, plain.codes, LABELS, plain.weights, pa.array(sources))
