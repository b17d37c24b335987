"""Attempts of a study that are made elsewhere: settings drawn here, models fitted and judged on a cluster.

The study stays with who asks, so workers need no shared folder and no server. An attempt takes along the trials that
were over when it was begun, and is stopped early by the same rule on those: with one worker at a time this is the study
that one process makes; with several, an attempt knows of those before it a little less.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mizaj.cluster import Spread
from mizaj.errors import ClusterError
from mizaj.learn.trials import Begun, Outcome, Work, is_best, pruner, quiet
from mizaj.model.folder import Described, save

try:
    import optuna
    from optuna.trial import TrialState
except ImportError:
    optuna = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from mizaj.model.classifier import Classifier


_MOST_LOST = 3
"""So many attempts in a row may end their workers: then it is not for their settings, and the study stops."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The settings of a trial to try, and the trials before it that are over."""

    number: int
    values: dict[str, Any]
    before: tuple[FrozenTrial, ...]

    @property
    def name(self) -> str:
        """What it is called in a message."""
        return f"trial {self.number}"


@dataclass(frozen=True, eq=False)
class Try:
    """Goes to workers: what is asked in, what came of it out."""

    work: Work

    def __call__(self, asked: Asked) -> Outcome:
        """The outcome, with what the study must be told, and the model if none before was as good."""
        with quiet():
            study = optuna.create_study(direction="maximize", pruner=pruner())
            study.add_trials(asked.before)
            outcome, model = self.work.attempt(asked.values, study.ask())
            reports = study.trials[-1].intermediate_values
        if model is None or not is_best(outcome, asked.before):
            return replace(outcome, reports=reports)
        return replace(outcome, reports=reports, files=_files(model, self.work.settings.task))


def run_afar(work: Work, tickets: range, spread: Spread) -> Iterator[int]:
    """The numbers of the attempts, each as it ends; `n_workers` of them at a time.

    An attempt whose worker ended every time is a failed one, and the study goes on. Raises `ClusterError` when several
    in a row are.
    """
    n_lost = 0
    waiting = iter(tickets)
    running: dict[Future[Outcome], Begun] = {}
    pool = ThreadPoolExecutor(work.settings.n_workers, thread_name_prefix="mizaj-trial")
    try:
        while True:
            while len(running) < work.settings.n_workers:
                ticket = next(waiting, None)
                if ticket is None:
                    break
                begun = work.begin(ticket)
                running[pool.submit(_one, spread, Try(work), _asked(begun))] = begun
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                begun = running.pop(each)
                try:
                    outcome, n_lost = each.result(), 0
                except ClusterError as error:
                    n_lost += 1
                    if n_lost == _MOST_LOST:
                        raise
                    outcome = Outcome(TrialState.FAIL, note=str(error))
                work.conclude(begun, outcome)
                yield int(begun.trial.number)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _asked(begun: Begun) -> Asked:
    over = tuple(trial for trial in begun.study.trials if trial.state.is_finished())
    return Asked(begun.trial.number, dict(begun.values), over)


def _one(spread: Spread, function: Callable[[Asked], Outcome], asked: Asked) -> Outcome:
    (outcome,) = spread(function, [asked])
    return outcome


def _files(model: Classifier, task: str) -> dict[str, bytes]:
    """The files of the model's folder, by their names in it."""
    with tempfile.TemporaryDirectory(prefix="mizaj-trial-") as room:
        folder = Path(room, "model")
        save(model, folder, Described(task))
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
