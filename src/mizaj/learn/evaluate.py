"""How good a model's answers are on labelled posts: in all, by class, by group, against another's.

Everything is counted, and counts add: a batch, a shard and a cluster's parts merge with `+`, and
no row is kept. Intervals are drawn from the counts (see `metrics.bootstrap_intervals`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.batch import CMI, LABEL, LANGUAGE, SOURCE, TEXT, as_text
from mizaj.errors import ColumnMissing, ModelError, SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.coding import Coded, check_labels, code_rows, codes_of, named
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.evaluation import Evaluation, Group, Results
from mizaj.learn.metrics import CLASSES, Counts, Floats
from mizaj.learn.reliability import Reliability
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.folder import POLARITY
from mizaj.model.score import answer_names

Scorer = Callable[[pa.Array], pa.Table]
"""Texts in, a table with the answers out: for polarity `sentiment`, and `confidence` if there; see `answer_names`."""

Column = Any
"""A column in any form Arrow can read: list, numpy, pandas, polars, Array, ChunkedArray."""

BY = ("dataset", SOURCE.name, LANGUAGE.name, CMI.name)
"""The columns that rows are grouped by, where they are there, when none are named."""

_NO_VALUE = "(none)"


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
            name: _grouped(_group_names(name, column), coded, sure, settings.labels)
            for name, column in groups.items()
        },
        left_out=coded.left_out,
        calibration=_calibrate(sure, coded),
        n_resamples=settings.n_resamples,
        seed=settings.seed,
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
    draws = {"n_resamples": settings.n_resamples, "seed": settings.seed}
    answer, confidence = answer_names(settings.task)
    totals = {name: Evaluation.empty(name, labels=settings.labels, **draws) for name in models}
    pairs = {pair: Paired.empty(settings.labels) for pair in combinations(models, 2)}
    for batch in batches:
        texts, labels = (_column(batch, name) for name in (settings.text, settings.label))
        scored = {name: score_texts(name, score, texts, answer) for name, score in models.items()}
        by = _columns_to_group(batch, scored, settings)
        answers = {name: _to_array(table[answer]) for name, table in scored.items()}
        for name, table in scored.items():
            sure = table[confidence] if confidence in table.column_names else None
            part = evaluate(answers[name], labels, by=by, confidence=sure, settings=settings)
            totals[name] += part.named(name)
        for first, second in pairs:
            pairs[first, second] += _pair(answers[first], answers[second], labels, settings)
    for evaluation in totals.values():
        _check_counted(evaluation, settings)
    comparisons = [compare_counts(pair, names=names, **draws) for names, pair in pairs.items()]
    return Results(tuple(totals.values()), tuple(comparisons))


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


def _group_names(name: str, column: pa.Array) -> pa.Array:
    if name == CMI.name:
        return pa.array(cmi_bands(column.cast(pa.float64()).to_numpy(zero_copy_only=False)))
    return column.cast(pa.string()).fill_null(_NO_VALUE)


def cmi_bands(cmi: Floats) -> NDArray[np.str_]:
    """The band of each code-mixing index; bounds belong to the upper band, 0 has its own."""
    conditions = [cmi <= 0, cmi < 20, cmi < 40, cmi >= 40]
    return np.select(conditions, ["0", "0-20", "20-40", "40+"], default=_NO_VALUE)


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


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise ColumnMissing(name, batch.schema.names, needed_by="evaluate")
    return batch.column(name)


def _columns_to_group(
    batch: pa.RecordBatch, scored: Mapping[str, pa.Table], settings: EvaluateSettings
) -> dict[str, pa.Array]:
    there = {name: batch.column(name) for name in batch.schema.names}
    for table in scored.values():
        added = {name: _to_array(table[name]) for name in table.column_names}
        there = {**added, **there}
    if not {LANGUAGE.name, CMI.name} <= there.keys():
        there = {**_spoken(batch.column(settings.text)), **there}
    if settings.by is None:
        return {name: there[name] for name in BY if name in there}
    for name in settings.by:
        if name not in there:
            raise ColumnMissing(name, list(there), needed_by="evaluate (by)")
    return {name: there[name] for name in settings.by}


def _spoken(texts: pa.Array) -> dict[str, pa.Array]:
    """The language of each text and how much it mixes."""
    language, cmi = score_column(as_text(texts), load_scorer(LexiconSettings()))[-2:]
    return {LANGUAGE.name: language, CMI.name: cmi}


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
