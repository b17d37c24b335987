"""Columns of posts to columns of answers: the step that carries a learned model to the rows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mizaj import batch as columns
from mizaj.errors import ModelError, SettingError, SourceError
from mizaj.lexicon.columns import language_column, read_column
from mizaj.lexicon.explain import Explanation, explain
from mizaj.lexicon.scorer import Answer, LexiconSettings, load_scorer
from mizaj.model.calibrate import Calibration, calibration_from
from mizaj.model.cascade import Cascade
from mizaj.model.classifier import Answers, Classifier, Probabilities, answers_of
from mizaj.model.explain_linear import explain_linear
from mizaj.model.folder import MANIFEST, POLARITY, Folder, open_folder
from mizaj.model.kinds import load_classifier

NEGATIVE, POSITIVE = "negative", "positive"


@dataclass(frozen=True)
class Loaded:
    """A model's folder with what is in it, ready to answer."""

    folder: Folder
    classifier: Classifier
    calibration: Calibration

    @property
    def cascade(self) -> Cascade:
        """The model, where it is a cascade. Raises `SettingError` where it is not."""
        if not isinstance(self.classifier, Cascade):
            msg = f"{self.folder.path} is of kind {self.folder.kind}; only a cascade has tiers to choose between"
            raise SettingError(msg)
        return self.classifier

    def with_thresholds(self, thresholds: tuple[float, ...]) -> Loaded:
        """The cascade set otherwise. Raises `SettingError` for a model that is none."""
        return replace(self, classifier=replace(self.cascade, thresholds=thresholds))

    def probabilities(self, texts: pa.Array) -> Probabilities:
        """Calibrated probabilities: a row for each text, a column for each label."""
        return self.answers(texts).probabilities

    def answers(self, texts: pa.Array) -> Answers:
        """Calibrated probabilities, with the tier that answered each text."""
        found = answers_of(self.classifier, texts)
        return replace(found, probabilities=self.calibration(found.probabilities))


def load_model(path: Path) -> Loaded:
    """The model in a folder, loaded once a process, and again when its `model.json` was written anew."""
    with suppress(OSError):
        stat = (path / MANIFEST).stat()
        return _load_once(path, (stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return _load_once(path, None)


@functools.lru_cache(maxsize=8)
def _load_once(path: Path, _written: tuple[int, ...] | None) -> Loaded:
    folder = open_folder(path)
    calibration = calibration_from(folder.described.calibration)
    n_labels = len(folder.labels)
    try:
        calibration(np.full((1, n_labels), 1 / n_labels, np.float32))
    except ValueError as error:
        msg = (
            f"the calibration of {path} is for other labels than its {n_labels}; calibrate it again"
        )
        raise ModelError(msg) from error
    return Loaded(folder, load_classifier(folder), calibration)


@dataclass(frozen=True)
class ModelScore:
    """The step that scores a text column with the model in the folder `model`; nulls count as empty posts.

    A model of polarity adds the six columns of scoring; one of another task adds a column of its task's name
    (`emotion`) and `<task>_confidence`. `thresholds` are for a cascade, in place of those in its folder.
    """

    model: str
    text: str = columns.TEXT.name
    thresholds: tuple[float, ...] | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column."""
        return (self.text,)

    @property
    def adds(self) -> pa.Schema:
        """The columns of scoring, or of another task."""
        return added_by(load_model(Path(self.model)).folder.described.task)

    @property
    def content_hash(self) -> str:
        """The hash of the model, for the fingerprint of a pipeline."""
        return load_model(Path(self.model)).folder.content_hash

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the model's answers appended."""
        loaded = load_model(Path(self.model))
        if self.thresholds is not None:
            loaded = loaded.with_thresholds(self.thresholds)
        found = answer_column(batch.column(self.text), loaded)
        for added, column in zip(self.adds, found, strict=True):
            batch = batch.append_column(added, column)
        return batch


def added_by(task: str) -> pa.Schema:
    """The columns that a model of this task adds."""
    if task == POLARITY:
        return columns.SCORED
    answer, confidence = answer_names(task)
    return pa.schema([(answer, columns.SENTIMENT.type), (confidence, pa.float32())])


def answer_names(task: str) -> tuple[str, str]:
    """The columns that hold the answer of a model of this task, and how sure it is.

    >>> answer_names("emotion")
    ('emotion', 'emotion_confidence')
    """
    if task == POLARITY:
        return columns.SENTIMENT.name, columns.CONFIDENCE.name
    return task, f"{task}_confidence"


def answer_column(texts: pa.Array, model: Loaded) -> list[pa.Array]:
    """The answers for a text column, in the order of `added_by`. Raises `SourceError` for what is not text."""
    if columns.text_type(texts.type) is None:
        msg = f"the texts to score are {texts.type}; a text column is {columns.TEXT_TYPES}"
        raise SourceError(msg)
    texts = columns.as_text(texts)
    found = model.answers(texts)
    proba = found.probabilities
    labels = model.classifier.labels
    answers = _named(proba.argmax(axis=1) if len(proba) else np.zeros(0, np.int64), labels)
    confidence = pa.array(proba.max(axis=1) if len(proba) else [], pa.float32())
    if model.folder.described.task != POLARITY:
        return [answers, confidence]
    reading = found.reading or read_column(texts, load_scorer(LexiconSettings()))
    score = pa.array(polarity_score(proba, labels))
    tier = _named(found.tiers, found.names)
    language = language_column(reading.language)
    return [answers, score, confidence, tier, language, pa.array(reading.cmi)]


def explain_with(path: Path, text: str, answer: Answer) -> Explanation:
    """What the dictionaries read in a post, under the model's answer, with what the model weighs where it can say."""
    loaded = load_model(path)
    own = EXPLAINED.get(loaded.folder.kind, _explain_by_reading)
    return replace(own(text, loaded.classifier), answer=answer)


def _explain_by_reading(text: str, classifier: Classifier) -> Explanation:
    """What the dictionaries read, with a word that the model has not answered by it."""
    note = (
        f"a {classifier.kind} model cannot say what led it there; "
        "below is what the dictionaries read, to compare:"
    )
    return replace(explain(text, load_scorer(LexiconSettings())), note=note)


EXPLAINED: dict[str, Callable[[str, Any], Explanation]] = {"linear": explain_linear}
"""The kinds that can say what they weigh."""


def polarity_score(proba: Probabilities, labels: tuple[str, ...]) -> Probabilities:
    """P(positive) - P(negative) of each row; a label that the model does not know has probability 0."""
    sides = [
        proba[:, labels.index(side)] if side in labels else 0.0 for side in (POSITIVE, NEGATIVE)
    ]
    return np.float32(0) + sides[0] - sides[1] + np.zeros(len(proba), np.float32)


def _named(codes: np.ndarray, names: tuple[str, ...]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(names, pa.string()))
