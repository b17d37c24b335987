"""How good a model's answers are on labelled posts: in all, by class, by group, against another's.

Everything is counted, and counts add: a batch, a shard and a cluster's parts merge with `+`, and
no row is kept. Intervals are drawn from the counts (see `metrics.bootstrap_intervals`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.batch import CMI, CONFIDENCE, LABEL, LANGUAGE, SENTIMENT, SOURCE, TEXT
from mizaj.errors import ColumnMissing, ModelError, SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.evaluation import Evaluation, Results
from mizaj.learn.metrics import (
    CLASSES,
    Calibration,
    Counts,
    Floats,
    Ints,
)

Scorer = Callable[[pa.Array], pa.Table]
"""Texts in, a table with `sentiment` out; `confidence`, `language` and `cmi` are used if there."""

Column = Any
"""A column in any form Arrow can read: list, numpy, pandas, polars, Array, ChunkedArray."""

BY = ("dataset", SOURCE.name, LANGUAGE.name, CMI.name)
"""The columns that rows are grouped by, where they are there, when none are named."""

_NO_VALUE = "(none)"
_ABSENT = -1  # the code of a label or answer that is not one of the classes
# More distinct labels than this in one batch means that the label column was named wrongly; it also
# bounds what is remembered about rows left out.
_MOST_LABELS = 200


@dataclass(frozen=True)
class EvaluateSettings:
    """What is read and how it is counted.

    `by` names the columns to group by; `None` takes those of `dataset`, `source`, `language` and
    `cmi` that are there. `label_map` says which label stands for which class. Raises
    `SettingError` for a label mapped to something else.

    >>> EvaluateSettings(label_map={"very_positive": "positive"}).label
    'label'
    """

    text: str = TEXT.name
    label: str = LABEL.name
    by: tuple[str, ...] | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    n_resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_resamples < 1:
            message = f"n_resamples is {self.n_resamples}; it must be at least 1"
            raise SettingError(message)
        for label, target in self.label_map.items():
            if target not in CLASSES:
                message = f"label '{label}' is mapped to '{target}'; allowed: {', '.join(CLASSES)}"
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
    sure = None if confidence is None else _to_array(confidence)
    given = {"labels": truth, "predictions": answers, **groups}
    _check_lengths(given if sure is None else {**given, "confidence": sure})
    _check_labels(truth, settings)
    kept, codes, reasons = _code_rows(truth, answers, settings)
    return Evaluation(
        name="model",
        counts=Counts.of(*codes),
        groups={
            name: _group_counts(_group_names(name, column), kept, codes)
            for name, column in groups.items()
        },
        left_out=reasons,
        calibration=_calibrate(sure, kept, codes),
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
    else from the first model that adds it, so that groups are the same for all. Raises
    `ColumnMissing` for a column that is not there, `SettingError` when no row has a usable label,
    `ModelError` when a model does not answer row for row.
    """
    draws = {"n_resamples": settings.n_resamples, "seed": settings.seed}
    totals = {name: Evaluation.empty(name, **draws) for name in models}
    pairs = {pair: Paired.empty() for pair in combinations(models, 2)}
    for batch in batches:
        texts, labels = (_column(batch, name) for name in (settings.text, settings.label))
        scored = {name: _scored(name, score, texts) for name, score in models.items()}
        by = _columns_to_group(batch, scored, settings)
        answers = {name: _to_array(table[SENTIMENT.name]) for name, table in scored.items()}
        for name, table in scored.items():
            sure = table[CONFIDENCE.name] if CONFIDENCE.name in table.column_names else None
            part = evaluate(answers[name], labels, by=by, confidence=sure, settings=settings)
            totals[name] += part.named(name)
        for first, second in pairs:
            pairs[first, second] += _pair(answers[first], answers[second], labels, settings)
    for evaluation in totals.values():
        _check_counted(evaluation, settings)
    comparisons = [compare_counts(pair, names=names, **draws) for names, pair in pairs.items()]
    return Results(tuple(totals.values()), tuple(comparisons))


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


def _check_labels(labels: pa.Array, settings: EvaluateSettings) -> None:
    """Refuse a column of so many distinct values that it cannot be meant as labels."""
    distinct = pc.unique(labels)
    if len(distinct) > _MOST_LABELS:
        samples = ", ".join(f"'{str(value)[:20]}'" for value in distinct[:3].to_pylist())
        message = (
            f"column '{settings.label}' has more than {_MOST_LABELS} distinct values, such as "
            f"{samples}; name the column that holds {', '.join(CLASSES)} (--label COLUMN)"
        )
        raise SettingError(message)


def _codes(column: pa.Array, mapping: Mapping[str, str]) -> Ints:
    """The position of each value's class, or -1 for a value that stands for none."""
    classes = {**{label: label for label in CLASSES}, **mapping}
    found = pc.index_in(column.cast(pa.string()), value_set=pa.array(list(classes)))
    positions = [CLASSES.index(target) for target in classes.values()]
    table = np.array([*positions, _ABSENT], dtype=np.int64)
    indices: Ints = found.fill_null(len(positions)).to_numpy(zero_copy_only=False)
    return table[indices]


def _code_rows(
    labels: pa.Array, predictions: pa.Array, settings: EvaluateSettings
) -> tuple[Ints, tuple[Ints, Ints], dict[str, int]]:
    """The positions of rows that count, their true classes and answers, and why others do not."""
    truth, answers = _codes(labels, settings.label_map), _codes(predictions, {})
    kept = np.flatnonzero((truth >= 0) & (answers >= 0))
    reasons = _reasons("label", labels, truth < 0)
    reasons += _reasons("answer", predictions, (truth >= 0) & (answers < 0))
    return kept, (truth[kept], answers[kept]), dict(reasons)


def _reasons(what: str, column: pa.Array, is_left_out: NDArray[np.bool_]) -> Counter[str]:
    values = column.cast(pa.string()).filter(pa.array(is_left_out))
    return Counter(
        {
            f"{what} missing" if item["values"] is None else f"{what}={item['values']}": item[
                "counts"
            ]
            for item in pc.value_counts(values).to_pylist()
        }
    )


def _pair(
    first: pa.Array, second: pa.Array, labels: pa.Array, settings: EvaluateSettings
) -> Paired:
    truth = _codes(labels, settings.label_map)
    left, right = _codes(first, {}), _codes(second, {})
    kept = (truth >= 0) & (left >= 0) & (right >= 0)
    return Paired.of(truth[kept], left[kept], right[kept])


def _group_names(name: str, column: pa.Array) -> pa.Array:
    if name == CMI.name:
        return pa.array(cmi_bands(column.cast(pa.float64()).to_numpy(zero_copy_only=False)))
    return column.cast(pa.string()).fill_null(_NO_VALUE)


def cmi_bands(cmi: Floats) -> NDArray[np.str_]:
    """The band of each code-mixing index; bounds belong to the upper band, 0 has its own."""
    conditions = [cmi <= 0, cmi < 20, cmi < 40, cmi >= 40]
    return np.select(conditions, ["0", "0-20", "20-40", "40+"], default=_NO_VALUE)


def _group_counts(names: pa.Array, kept: Ints, codes: tuple[Ints, Ints]) -> dict[str, Counts]:
    encoded = names.take(pa.array(kept)).dictionary_encode()
    values = encoded.dictionary.to_pylist()
    groups = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    n_classes = len(CLASSES)
    flat = (groups * n_classes + codes[0]) * n_classes + codes[1]
    cells = np.bincount(flat, minlength=len(values) * n_classes**2)
    matrices = cells.reshape(len(values), n_classes, n_classes)
    return {
        value: Counts.from_array(matrix) for value, matrix in zip(values, matrices, strict=True)
    }


def _calibrate(confidence: pa.Array | None, kept: Ints, codes: tuple[Ints, Ints]) -> Calibration:
    if confidence is None:
        return Calibration.empty()
    values = confidence.cast(pa.float64()).to_numpy(zero_copy_only=False)[kept]
    is_given = ~np.isnan(values)
    return Calibration.of(values[is_given], (codes[0] == codes[1])[is_given])


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise ColumnMissing(name, batch.schema.names, needed_by="evaluate")
    return batch.column(name)


def _scored(name: str, score: Scorer, texts: pa.Array) -> pa.Table:
    table = score(texts)
    if SENTIMENT.name not in table.column_names:
        raise ColumnMissing(SENTIMENT.name, table.column_names, needed_by="evaluate")
    if table.num_rows != len(texts):
        message = (
            f"{name} gave {table.num_rows:,} answers for {len(texts):,} texts; "
            "a model gives one for each"
        )
        raise ModelError(message)
    return table


def _columns_to_group(
    batch: pa.RecordBatch, scored: Mapping[str, pa.Table], settings: EvaluateSettings
) -> dict[str, pa.Array]:
    there = {name: batch.column(name) for name in batch.schema.names}
    for table in scored.values():
        added = {name: _to_array(table[name]) for name in table.column_names}
        there = {**added, **there}
    if settings.by is None:
        return {name: there[name] for name in BY if name in there}
    for name in settings.by:
        if name not in there:
            raise ColumnMissing(name, list(there), needed_by="evaluate (by)")
    return {name: there[name] for name in settings.by}


def _check_counted(evaluation: Evaluation, settings: EvaluateSettings) -> None:
    if evaluation.counts.n_rows:
        return
    reasons = tables.left_out(evaluation.left_out)
    found = f"left out: {reasons}" if reasons else "there are no rows"
    message = (
        f"no row can be evaluated: {found}; column '{settings.label}' must hold "
        f"{', '.join(CLASSES)}, or say what its labels stand for (--label-map good=positive)"
    )
    raise SettingError(message)
