"""A model asked about labelled posts: how often each label got each answer."""

from __future__ import annotations

import numpy as np

from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.model.classifier import Classifier

_BATCH_ROWS = 4096


def judge(model: Classifier, posts: Labelled) -> Counts:
    """The counts of the model's answers, in the labels of the posts, whatever order the model has them in."""
    places = np.array([posts.labels.index(name) for name in model.labels], np.int64)
    answers = [
        places[model.probabilities(posts.texts.slice(start, _BATCH_ROWS)).argmax(axis=1)]
        for start in range(0, posts.n_rows, _BATCH_ROWS)
    ]
    return Counts.of(posts.codes, np.concatenate([posts.codes[:0], *answers]), labels=posts.labels)
