"""One attempt of a study: settings drawn, models fitted and judged, the study told; in whatever process.

```
DIR/study.log   the study, a line for each event; processes share it, no server is needed
DIR/trials/     models that were the best when they were fitted; only while the study runs
DIR/model/      the best model, a folder like any other
```
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mizaj.errors import SettingError, UsageError
from mizaj.learn.folds import fold_numbers
from mizaj.learn.judging import judge
from mizaj.learn.kinds import Progress, Settings, Trainer, silent
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.search import search_space
from mizaj.model.folder import POLARITY, Described, save

try:
    import optuna
    from optuna.storages.journal import JournalFileBackend
    from optuna.trial import FrozenTrial, TrialState
except ImportError:
    optuna = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from mizaj.model.classifier import Classifier

LOG, MODEL, KEPT = "study.log", "model", "trials"
NAME = "mizaj"
# Reports are compared in tenths of the training: settings such as the batch size change how many steps it has.
_N_REPORTS = 10
# An attempt is compared with the middle one of those before it: from here on, and not in its first tenth or fold.
_LEAST_BEFORE_PRUNING, _FIRST_PRUNED = 5, 1


@dataclass(frozen=True)
class TuneSettings:
    """How long and by what a study searches.

    `n_trials` counts those of earlier runs when a study is resumed. `n_folds` judge where there is no validation part.
    """

    n_trials: int = 30
    n_workers: int = 1
    n_folds: int = 5
    seed: int = 0
    task: str = POLARITY
    is_resumed: bool = False

    def __post_init__(self) -> None:
        for name in ("n_trials", "n_workers"):
            if getattr(self, name) < 1:
                message = f"{name} is {getattr(self, name)}; it must be at least 1"
                raise SettingError(message)


@dataclass(frozen=True, eq=False)
class Begun:
    """A trial that is asked of a study, with the settings that it drew."""

    study: optuna.Study
    trial: optuna.Trial
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of an attempt.

    From afar come also `reports`, macro-F1 by tenth or fold, and the `files` of a model that was the best when it was
    begun.
    """

    state: TrialState
    counts: Counts | None = None
    note: str = ""
    seconds: float = 0.0
    reports: Mapping[int, float] = field(default_factory=dict)
    files: Mapping[str, bytes] | None = None

    @property
    def macro_f1(self) -> float | None:
        """How good it was; None for an attempt that did not come to its end."""
        return self.counts.macro_f1 if self.counts is not None else None


@dataclass(frozen=True, eq=False)
class Work:
    """What a process needs to make one attempt after another."""

    trainer: Trainer
    train: Labelled
    validation: Labelled | None
    path: Path
    fixed: dict[str, str]
    settings: TuneSettings

    @property
    def judged_by(self) -> str:
        """What the aim is measured on."""
        return "validation" if self.validation else f"{self.settings.n_folds} folds"

    @property
    def asked(self) -> dict[str, Any]:
        """What may not change within a study."""
        rows = {"train": self.train, "validation": self.validation}
        return {
            "kind": self.trainer.kind,
            "settings": self.fixed,
            "rows": {name: part and part.n_by_label.tolist() for name, part in rows.items()},
            "judge": self.judged_by,
            "seed": self.settings.seed,
        }

    def __call__(self, ticket: int) -> int:
        """One attempt, told to the study; its number. Equal tickets draw equal settings after equal pasts."""
        with quiet():
            begun = self.begin(ticket)
            outcome, model = self.attempt(begun.values, begun.trial)
            if model is not None and is_best(outcome, begun.study.trials):
                save(model, self._kept(begun.trial), Described(self.settings.task))
            self.conclude(begun, outcome)
        return int(begun.trial.number)

    def begin(self, ticket: int) -> Begun:
        """A trial of the study with its settings drawn."""
        study = optuna.load_study(
            study_name=NAME,
            storage=_storage(self.path),
            sampler=optuna.samplers.TPESampler(seed=self._seed(ticket)),
            pruner=pruner(),
        )
        trial = study.ask()
        space = search_space(self.trainer.settings, self.fixed)
        values = {name: each.suggest(name, trial) for name, each in space.items()}
        trial.set_user_attr("settings", values)
        return Begun(study, trial, values)

    def attempt(
        self, values: Mapping[str, Any], trial: optuna.Trial
    ) -> tuple[Outcome, Classifier | None]:
        """What comes of these settings, with the model where a validation part judged it; `trial` hears how it goes."""
        started = time.monotonic()
        model: Classifier | None = None
        try:
            counts, model = self._judged(self.settings_of(values), _Watch(trial))
            found = Outcome(TrialState.COMPLETE, counts)
        except optuna.TrialPruned:
            found = Outcome(TrialState.PRUNED)
        except UsageError as error:  # settings that do not go together, a loss that is no number
            found = Outcome(TrialState.FAIL, note=str(error))
        return replace(found, seconds=time.monotonic() - started), model

    def conclude(self, begun: Begun, outcome: Outcome) -> None:
        """Tell the study what came of a trial, and keep the model that came with it from afar, if it is the best."""
        trial = begun.trial
        if outcome.files is not None and is_best(outcome, begun.study.trials):
            write_files(outcome.files, self._kept(trial))
        for step, macro_f1 in outcome.reports.items():
            trial.report(macro_f1, step)
        if outcome.note:
            trial.set_user_attr("note", outcome.note)
        if outcome.counts is not None:
            trial.set_user_attr("confusion", outcome.counts.array.tolist())
        trial.set_user_attr("seconds", outcome.seconds)
        begun.study.tell(trial, outcome.macro_f1, state=outcome.state)

    def settings_of(self, values: Mapping[str, Any]) -> Settings:
        """The kind's settings with what is fixed and these values of what varies."""
        given = {n: tuple(each) if isinstance(each, list) else each for n, each in values.items()}
        return replace(self.trainer.settings_from(self.fixed), **given)

    def model_of(self, values: Mapping[str, Any]) -> Classifier:
        """The model with these values of what varies: equal to that of the attempt; of all rows where folds judged."""
        return self._fit(self.train, self.validation, self.settings_of(values))

    def _judged(self, settings: Settings, watch: _Watch) -> tuple[Counts, Classifier | None]:
        if self.validation is None:
            return self._over_folds(settings, watch), None
        model = self._fit(self.train, self.validation, settings, watch)
        return judge(model, self.validation), model

    def _over_folds(self, settings: Settings, watch: _Watch) -> Counts:
        """The counts of all folds, each judged by a model of the others; near-copies lie in one fold."""
        labels = [self.train.labels[code] for code in self.train.codes.tolist()]
        n_folds, seed = self.settings.n_folds, self.settings.seed
        numbers = fold_numbers(self.train.texts.to_pylist(), labels, n_folds=n_folds, seed=seed)
        total = Counts.empty(self.train.labels)
        for fold in range(n_folds):
            rows = self.train.take(np.flatnonzero(numbers != fold))
            held_out = self.train.take(np.flatnonzero(numbers == fold))
            total += judge(self._fit(rows, None, settings), held_out)
            watch.report(total.macro_f1, fold)
        return total

    def _fit(
        self,
        rows: Labelled,
        validation: Labelled | None,
        settings: Settings,
        watch: Progress = silent,
    ) -> Classifier:
        seed = self.settings.seed
        return self.trainer(rows, validation, settings, seed=seed, progress=watch)

    def _kept(self, trial: optuna.Trial) -> Path:
        return self.path / KEPT / str(trial.number)

    def _seed(self, ticket: int) -> int:
        return int(np.random.SeedSequence((self.settings.seed, ticket)).generate_state(1)[0])


def is_best(outcome: Outcome, before: Sequence[FrozenTrial]) -> bool:
    """Whether an attempt is better than all that were complete before."""
    finished = [trial.value for trial in before if trial.value is not None]
    return (outcome.macro_f1 or 0.0) > max(finished, default=-1.0)


def pruner() -> optuna.pruners.BasePruner:
    """What stops an attempt that falls behind the middle one of those before."""
    return optuna.pruners.MedianPruner(_LEAST_BEFORE_PRUNING, _FIRST_PRUNED)


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Put the files of a model into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def open_study(path: Path) -> optuna.Study:
    """The study in a folder; a new one where there is none."""
    return optuna.create_study(
        study_name=NAME, storage=_storage(path), direction="maximize", load_if_exists=True
    )


@contextmanager
def quiet() -> Iterator[None]:
    """The library's own log kept to warnings: attempts are told by who runs them."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


@dataclass(frozen=True)
class _Watch:
    """Tells a trial how its training goes, and stops it when it falls behind."""

    trial: optuna.Trial
    reported: set[int] = field(default_factory=set)

    def __call__(self, figures: Mapping[str, Any]) -> None:
        if "macro_f1" not in figures:
            return
        done = figures["step"] / max(figures.get("of_steps") or 0, figures["step"], 1)
        self.report(figures["macro_f1"], int(_N_REPORTS * done))

    def report(self, macro_f1: float, step: int) -> None:
        """Macro-F1 at a tenth or fold, the first time it is reached. Raises `TrialPruned` where it is too low."""
        if step in self.reported:
            return
        self.reported.add(step)
        self.trial.report(float(macro_f1), step)
        if self.trial.should_prune():
            raise optuna.TrialPruned


def _storage(path: Path) -> optuna.storages.JournalStorage:
    return optuna.storages.JournalStorage(JournalFileBackend(str(path / LOG)))
