"""A model asked about labelled posts: what it answers, and how often each label got each answer."""

from __future__ import annotations

import numpy as np

from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.model.classifier import Classifier

_BATCH_ROWS = 4096


def judge(model: Classifier, posts: Labelled) -> Counts:
    """The counts of the model's answers, in the labels of the posts, whatever order the model has them in."""
    return Counts.of(posts.codes, answer_codes(model, posts), labels=posts.labels)


def answer_codes(model: Classifier, posts: Labelled) -> Ints:
    """The place of each post's answer among the labels of the posts."""
    places = np.array([posts.labels.index(name) for name in model.labels], np.int64)
    answers = [
        places[model.probabilities(posts.texts.slice(start, _BATCH_ROWS)).argmax(axis=1)]
        for start in range(0, posts.n_rows, _BATCH_ROWS)
    ]
    found: Ints = np.concatenate([posts.codes[:0], *answers])
    return found
