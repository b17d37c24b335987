"""What a model trained on one domain is worth on another: every pair of domains, near-copies kept apart.

On itself a domain is judged by folds, so that no post is judged by a model that has seen it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.errors import SettingError
from mizaj.learn import evaluation_tables as tables
from mizaj.learn.folds import fold_numbers
from mizaj.learn.intervals import Intervals, bootstrap_intervals
from mizaj.learn.judging import judge
from mizaj.learn.kinds import Settings, Trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.split import remove_copies, split
from mizaj.model.classifier import Classifier

OTHERS = "(all others)"
"""The row of models trained on every domain but the one they are judged on."""

# Fewer rows than this are not parted into training and validation.
_LEAST_TO_PART = 50


@dataclass(frozen=True)
class CrossSettings:
    """How the models are trained and judged.

    `validation_share` of the training rows stops training early, for kinds that can; `has_others` adds models trained
    on all domains but one. Raises `SettingError` for a share that is not from 0 to 0.5, and fewer than two folds.
    """

    n_folds: int = 5
    validation_share: float = 0.1
    has_others: bool = False
    n_resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.validation_share <= 0.5:
            message = f"validation_share is {self.validation_share}; allowed: from 0 to 0.5"
            raise SettingError(message)
        if self.n_folds < 2:
            message = f"n_folds is {self.n_folds}; it must be at least 2"
            raise SettingError(message)


DEFAULT = CrossSettings()


@dataclass(frozen=True)
class CrossDomain:
    """The counts of every pair: `cells[trained on][judged on]`; on itself, those of all folds.

    `n_trained` says on how many rows the models of each row of cells were trained at least, without near-copies.
    """

    kind: str
    cells: Mapping[str, Mapping[str, Counts]]
    n_trained: Mapping[str, int]
    n_folds: int = 5
    n_resamples: int = 2000
    seed: int = 0

    @property
    def judged_on(self) -> tuple[str, ...]:
        """The domains, in order."""
        return tuple(name for name in self.cells if name != OTHERS)

    def intervals(self, trained_on: str, judged_on: str) -> Intervals:
        """The figures of a pair with their intervals."""
        counts = self.cells[trained_on][judged_on]
        return bootstrap_intervals(counts, n_resamples=self.n_resamples, seed=self.seed)

    def to_dict(self) -> dict[str, object]:
        """The matrix for JSON: `cells` by the domain trained on and the domain judged on."""
        return {
            "kind": self.kind,
            "domains": list(self.judged_on),
            "folds": self.n_folds,
            "trained_rows": dict(self.n_trained),
            "cells": {
                trained: {judged: self._figures(trained, judged) for judged in row}
                for trained, row in self.cells.items()
            },
        }

    def render(self) -> str:
        """Macro-F1 of every pair as plain text of at most 80 columns."""
        names = [tables.shorten(name, tables.LABEL_WIDTH) for name in self.judged_on]
        columns = [
            [name, *(f"{self.cells[row][domain].macro_f1:.3f}" for row in self.cells)]
            for name, domain in zip(names, self.judged_on, strict=True)
        ]
        rows = ["rows", *(f"{self.n_trained[row]:,}" for row in self.cells)]
        stub = ["", *(tables.shorten(row, 2 * tables.LABEL_WIDTH) for row in self.cells)]
        head = (
            f"{self.kind}: macro-F1, trained on (down), judged on (across); "
            f"on itself by {self.n_folds} folds"
        )
        return f"{head}\n\n{tables.wide_table(stub, [rows, *columns])}"

    def _figures(self, trained_on: str, judged_on: str) -> dict[str, object]:
        found, counts = self.intervals(trained_on, judged_on), self.cells[trained_on][judged_on]
        return {
            "rows": counts.n_rows,
            "accuracy": found.accuracy.to_dict(),
            "macro_f1": found.macro_f1.to_dict(),
            "macro_recall": found.macro_recall.to_dict(),
            "confusion": counts.array.tolist(),
        }


Told = Callable[[str, str, Counts], None]
"""Told each pair when it is judged: trained on, judged on, and the counts."""


def cross_domain(
    trainer: Trainer,
    domains: Mapping[str, Labelled],
    *,
    chosen: Settings = None,
    settings: CrossSettings = DEFAULT,
    told: Told = lambda trained_on, judged_on, counts: None,
) -> CrossDomain:
    """Models of a kind trained on each domain and judged on all; `chosen` are the kind's settings.

    A domain's training rows lack near-copies of every other domain's. Raises `SettingError` for fewer than two
    domains, domains of different labels, and a domain that cannot be learnt from.
    """
    _check(domains)
    fit = _Fit(trainer, chosen, settings)
    cells: dict[str, dict[str, Counts]] = {name: {} for name in domains}
    n_trained: dict[str, int] = {}
    for name, rows in domains.items():
        apart = remove_copies(rows, _joined(domains, but=name))
        n_trained[name] = apart.n_rows
        model = fit(apart, name)
        for judged_on, held_out in domains.items():
            counts = _by_folds(fit, rows, name) if judged_on == name else judge(model, held_out)
            cells[name][judged_on] = counts
            told(name, judged_on, counts)
    if settings.has_others:
        cells[OTHERS] = {}
        for judged_on, held_out in domains.items():
            rest = remove_copies(_joined(domains, but=judged_on), held_out)
            n_trained[OTHERS] = min(n_trained.get(OTHERS, rest.n_rows), rest.n_rows)
            counts = judge(fit(rest, f"all but {judged_on}"), held_out)
            cells[OTHERS][judged_on] = counts
            told(OTHERS, judged_on, counts)
    return CrossDomain(
        trainer.kind, cells, n_trained, settings.n_folds, settings.n_resamples, settings.seed
    )


def by_source(rows: Labelled) -> dict[str, Labelled]:
    """The rows of each source, in the order in which sources first occur.

    >>> rows = Labelled.of(pa.array(["a", "b"]), np.array([0, 1]), ("no", "yes"), source="posts")
    >>> {name: part.n_rows for name, part in by_source(rows).items()}
    {'posts': 2}
    """
    return {
        name: rows.take(np.flatnonzero(pc.equal(rows.sources, name).to_numpy(zero_copy_only=False)))
        for name in pc.unique(rows.sources).to_pylist()
    }


@dataclass(frozen=True)
class _Fit:
    """Rows to a model, a part of them kept for early stopping."""

    trainer: Trainer
    chosen: Settings
    settings: CrossSettings

    def __call__(self, rows: Labelled, name: str) -> Classifier:
        train, validation = self._parted(rows)
        try:
            return self.trainer(train, validation, self.chosen, seed=self.settings.seed)
        except SettingError as error:
            message = f"no model can be trained on {name} ({rows.n_rows:,} rows): {error}"
            raise SettingError(message) from error

    def _parted(self, rows: Labelled) -> tuple[Labelled, Labelled | None]:
        share = self.settings.validation_share
        if share == 0 or rows.n_rows < _LEAST_TO_PART:
            return rows, None
        return split(rows, share, seed=self.settings.seed)


def _by_folds(fit: _Fit, rows: Labelled, name: str) -> Counts:
    labels = [rows.labels[code] for code in rows.codes.tolist()]
    n_folds, seed = fit.settings.n_folds, fit.settings.seed
    numbers = fold_numbers(rows.texts.to_pylist(), labels, n_folds=n_folds, seed=seed)
    total = Counts.empty(rows.labels)
    for fold in range(n_folds):
        model = fit(rows.take(np.flatnonzero(numbers != fold)), f"a part of {name}")
        total += judge(model, rows.take(np.flatnonzero(numbers == fold)))
    return total


def _joined(domains: Mapping[str, Labelled], *, but: str) -> Labelled:
    """The rows of all domains but one."""
    parts = [rows for name, rows in domains.items() if name != but]
    return replace(
        parts[0],
        texts=pa.concat_arrays([part.texts for part in parts]),
        codes=np.concatenate([part.codes for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        sources=pa.concat_arrays([part.sources for part in parts]),
        targets=None,
    )


def _check(domains: Mapping[str, Labelled]) -> None:
    if len(domains) < 2:
        message = (
            f"{len(domains)} domain was given ({', '.join(domains)}); give two tables or more, "
            "or one with a column of sources"
        )
        raise SettingError(message)
    labels = {rows.labels for rows in domains.values()}
    if len(labels) > 1:
        message = f"domains have different labels ({labels}); map them to the same ones"
        raise SettingError(message)
