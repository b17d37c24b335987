"""How good a model's answers are on labelled posts: in all, by class, by group, against another's.

Everything is counted, and counts add: a batch, a shard and a cluster's parts merge with `+`, and
no row is kept. Intervals are drawn from the counts (see `metrics.bootstrap_intervals`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from operator import add
from typing import Any, Self

import numpy as np
import pyarrow as pa

from mizaj.batch import LABEL, TEXT
from mizaj.errors import ColumnMissing, ModelError, SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.coding import Coded, check_labels, code_rows, codes_of, named
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.evaluation import Evaluation, Group, Results
from mizaj.learn.grouping import column_of, columns_to_group, group_names
from mizaj.learn.metrics import CLASSES, Counts, Floats
from mizaj.learn.reliability import Reliability
from mizaj.model.folder import POLARITY
from mizaj.model.score import answer_names

Scorer = Callable[[pa.Array], pa.Table]
"""Texts in, a table with the answers out: for polarity `sentiment`, and `confidence` if there; see `answer_names`."""

Column = Any
"""A column in any form Arrow can read: list, numpy, pandas, polars, Array, ChunkedArray."""


@dataclass(frozen=True)
class EvaluateSettings:
    """What is read and how it is counted.

    `labels` are the classes that labels and answers are of, `task` says which column of a model's answers is read.
    `by` names the columns to group by; `None` takes those of `dataset`, `source`, `language` and
    `cmi` that are there. `label_map` says which label stands for which class. Raises
    `SettingError` for a label mapped to something else, and for fewer than two classes.

    >>> EvaluateSettings(label_map={"very_positive": "positive"}).label
    'label'
    """

    text: str = TEXT.name
    label: str = LABEL.name
    by: tuple[str, ...] | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = CLASSES
    task: str = POLARITY
    n_resamples: int = 2000
    seed: int = 0

    @property
    def draws(self) -> dict[str, int]:
        """How intervals are drawn."""
        return {"n_resamples": self.n_resamples, "seed": self.seed}

    def __post_init__(self) -> None:
        if self.n_resamples < 1:
            message = f"n_resamples is {self.n_resamples}; it must be at least 1"
            raise SettingError(message)
        if len(set(self.labels)) < max(2, len(self.labels)):
            message = f"labels are {named(self.labels)}; give at least two, each once"
            raise SettingError(message)
        for label, target in self.label_map.items():
            if target not in self.labels:
                message = f"label '{label}' is mapped to '{target}'; allowed: {named(self.labels)}"
                raise SettingError(message)


DEFAULT = EvaluateSettings()


def evaluate(
    predictions: Column,
    labels: Column,
    *,
    by: Mapping[str, Column] | None = None,
    confidence: Column | None = None,
    settings: EvaluateSettings = DEFAULT,
) -> Evaluation:
    """What the predictions are worth against the labels, row by row.

    `by` gives columns to group by; `cmi` is cut into bands (0, 0-20, 20-40, 40+), others are
    grouped by value. A label or prediction that is missing or not one of the classes leaves its
    row out, and `left_out` says so. Raises `SettingError` when the columns differ in length.

    >>> found = evaluate(["positive", "neutral"], ["positive", "negative"])
    >>> found.counts.accuracy
    0.5
    """
    truth, answers = _to_array(labels), _to_array(predictions)
    groups = {name: _to_array(column) for name, column in (by or {}).items()}
    given = {"labels": truth, "predictions": answers, **groups}
    sure = None
    if confidence is not None:
        given["confidence"] = _to_array(confidence)
        sure = given["confidence"].cast(pa.float64()).to_numpy(zero_copy_only=False)
    _check_lengths(given)
    check_labels(truth, settings.label, settings.labels)
    coded = code_rows(truth, answers, settings.labels, settings.label_map)
    return Evaluation(
        name="model",
        counts=Counts.of(coded.truth, coded.answers, labels=settings.labels),
        groups={
            name: _grouped(group_names(name, column), coded, sure, settings.labels)
            for name, column in groups.items()
        },
        left_out=coded.left_out,
        calibration=_calibrate(sure, coded),
        **settings.draws,
    )


def compare(
    first: Column,
    second: Column,
    labels: Column,
    *,
    names: tuple[str, str] = ("first", "second"),
    settings: EvaluateSettings = DEFAULT,
) -> Comparison:
    """The first predictions against the second on the rows that have a label and both answers.

    Raises `SettingError` when the columns differ in length.

    >>> truth = ["positive"] * 12
    >>> compare(truth, ["neutral"] * 12, truth, names=("right", "wrong")).verdict
    'right is better by macro-F1; accuracy agrees'
    """
    left, right, truth = _to_array(first), _to_array(second), _to_array(labels)
    _check_lengths({"first": left, "second": right, "labels": truth})
    paired = _pair(left, right, truth, settings)
    return compare_counts(paired, names=names, n_resamples=settings.n_resamples, seed=settings.seed)


def evaluate_model(
    score: Scorer, batches: Iterable[pa.RecordBatch], *, settings: EvaluateSettings = DEFAULT
) -> Evaluation:
    """What a model's answers are worth on labelled batches; see `evaluate_models`."""
    return evaluate_models({"model": score}, batches, settings=settings).evaluations[0]


def evaluate_models(
    models: Mapping[str, Scorer],
    batches: Iterable[pa.RecordBatch],
    *,
    settings: EvaluateSettings = DEFAULT,
) -> Results:
    """What each model's answers are worth on the same labelled batches, and each pair compared.

    One pass; each batch is counted and forgotten. A column to group by is taken from the batch, or
    else from the first model that adds it, so that groups are the same for all; the language and its
    mixing, where neither has them, from the lexicon. Raises
    `ColumnMissing` for a column that is not there, `SettingError` when no row has a usable label,
    `ModelError` when a model does not answer row for row.
    """
    total = Tally.empty(tuple(models), settings)
    for batch in batches:
        total += tally(models, batch, settings=settings)
    return total.results(settings)


@dataclass(frozen=True)
class Tally:
    """What was counted for several models on the same rows; adds with `+`, in any order.

    `n_unread` rows could not be read at all.
    """

    evaluations: tuple[Evaluation, ...]
    pairs: tuple[Paired, ...]
    n_unread: int = 0

    @classmethod
    def empty(cls, names: tuple[str, ...], settings: EvaluateSettings) -> Self:
        """No rows: what `+` leaves as it is."""
        labels, draws = settings.labels, settings.draws
        return cls(
            tuple(Evaluation.empty(name, labels=labels, **draws) for name in names),
            tuple(Paired.empty(labels) for _ in combinations(names, 2)),
        )

    def __add__(self, other: Tally) -> Tally:
        """What was counted for both parts. Raises `SettingError` for those of other models."""
        return Tally(
            tuple(map(add, self.evaluations, other.evaluations)),
            tuple(map(add, self.pairs, other.pairs)),
            self.n_unread + other.n_unread,
        )

    def results(self, settings: EvaluateSettings) -> Results:
        """The figures. Raises `SettingError` when no row was counted."""
        for evaluation in self.evaluations:
            _check_counted(evaluation, settings)
        names = combinations([evaluation.name for evaluation in self.evaluations], 2)
        compared = [
            compare_counts(pair, names=each, **settings.draws)
            for each, pair in zip(names, self.pairs, strict=True)
        ]
        return Results(self.evaluations, tuple(compared))


def tally(
    models: Mapping[str, Scorer], batch: pa.RecordBatch, *, settings: EvaluateSettings = DEFAULT
) -> Tally:
    """What is counted for each model on one batch. Raises as `evaluate_models` does, but for labels of no use."""
    answer, confidence = answer_names(settings.task)
    texts, labels = (column_of(batch, name) for name in (settings.text, settings.label))
    scored = {name: score_texts(name, score, texts, answer) for name, score in models.items()}
    by = columns_to_group(batch, scored, by=settings.by, text=settings.text)
    answers = {name: _to_array(table[answer]) for name, table in scored.items()}
    evaluations = []
    for name, table in scored.items():
        sure = table[confidence] if confidence in table.column_names else None
        found = evaluate(answers[name], labels, by=by, confidence=sure, settings=settings)
        evaluations.append(found.named(name))
    pairs = (
        _pair(first, second, labels, settings)
        for first, second in combinations(answers.values(), 2)
    )
    return Tally(tuple(evaluations), tuple(pairs))


def score_texts(name: str, score: Scorer, texts: pa.Array, answer: str) -> pa.Table:
    """The table of a model's answers, one for each text.

    Raises `ColumnMissing` when it has no column `answer`, `ModelError` when it does not answer row for row.
    """
    table = score(texts)
    if answer not in table.column_names:
        raise ColumnMissing(answer, table.column_names, needed_by="evaluate")
    if table.num_rows != len(texts):
        message = (
            f"{name} gave {table.num_rows:,} answers for {len(texts):,} texts; "
            "a model gives one for each"
        )
        raise ModelError(message)
    return table


def _to_array(column: Column) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    if isinstance(column, pa.ChunkedArray):
        return column.combine_chunks()
    if hasattr(column, "__arrow_c_stream__"):
        return pa.chunked_array(column).combine_chunks()
    return pa.array(column)


def _check_lengths(columns: Mapping[str, pa.Array]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        message = f"columns differ in length ({given}); give one value for each row in all of them"
        raise SettingError(message)


def _pair(
    first: pa.Array, second: pa.Array, labels: pa.Array, settings: EvaluateSettings
) -> Paired:
    truth = codes_of(labels, settings.labels, settings.label_map)
    left, right = (codes_of(column, settings.labels, {}) for column in (first, second))
    kept = (truth >= 0) & (left >= 0) & (right >= 0)
    return Paired.of(truth[kept], left[kept], right[kept], labels=settings.labels)


def _grouped(
    names: pa.Array, coded: Coded, confidence: Floats | None, labels: tuple[str, ...]
) -> dict[str, Group]:
    encoded = names.take(pa.array(coded.places)).dictionary_encode()
    groups = encoded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(len(encoded.dictionary) + 1)).tolist()
    parts = [coded.take(order[start:end]) for start, end in pairwise(bounds)]
    return {
        value: Group(
            Counts.of(part.truth, part.answers, labels=labels), _calibrate(confidence, part)
        )
        for value, part in zip(encoded.dictionary.to_pylist(), parts, strict=True)
    }


def _calibrate(confidence: Floats | None, coded: Coded) -> Reliability:
    if confidence is None:
        return Reliability.empty()
    values = confidence[coded.places]
    is_given = ~np.isnan(values)
    return Reliability.of(values[is_given], (coded.truth == coded.answers)[is_given])


def _check_counted(evaluation: Evaluation, settings: EvaluateSettings) -> None:
    if evaluation.counts.n_rows:
        return
    reasons = tables.left_out(evaluation.left_out)
    found = f"left out: {reasons}" if reasons else "there are no rows"
    message = (
        f"no row can be evaluated: {found}; column '{settings.label}' must hold "
        f"{named(settings.labels)}, or say what its labels stand for (--label-map good=positive)"
    )
    raise SettingError(message)
