"""The best settings of a kind of model, searched by trial: one study, several processes, resumed where it stopped."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path

import numpy as np

from mizaj.cluster import Spread
from mizaj.errors import ExtraMissing, Interrupted, SettingError, SinkError
from mizaj.learn.far_trials import run_afar
from mizaj.learn.kinds import Trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.search import search_space, usual
from mizaj.learn.trials import KEPT, LOG, MODEL, TuneSettings, Work, open_study, quiet
from mizaj.learn.tuned import COMPLETE, FAILED, PRUNED, Attempt, Tuned
from mizaj.model.folder import Described, describe, is_model, open_folder, save

try:
    import optuna
    from optuna.trial import FrozenTrial, TrialState
except ImportError:
    optuna = None  # type: ignore[assignment]

_LEAST_FOR_IMPORTANCE = 4
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")

Told = Callable[[Attempt], None]
"""Told each attempt when it is over."""

DEFAULT = TuneSettings()


def tune(
    trainer: Trainer,
    train: Labelled,
    validation: Labelled | None,
    path: Path,
    *,
    fixed: Mapping[str, str] | None = None,
    settings: TuneSettings = DEFAULT,
    told: Told = lambda attempt: None,
    spread: Spread | None = None,
) -> Tuned:
    """The study of a kind, complete to `n_trials` in all, with its best model in `path / "model"`.

    The aim is macro-F1 on `validation`, or over folds of `train` where there is none; the kind's own settings are
    tried first. `fixed` settings do not vary. With `spread`, attempts are made where it puts them, `n_workers` at a
    time. Raises `SinkError` where a study is there already and not resumed, `SettingError` when it is of other data or
    nothing came of any trial, `Interrupted` when the user stops it.
    """
    if optuna is None:
        library = "optuna"  # type: ignore[unreachable] # for mypy, a module is never None
        raise ExtraMissing(library, extra="train")
    work = Work(trainer, train, validation, path, dict(fixed or {}), settings)
    with quiet():
        study = _prepared(work)
        n_done = len(_attempts(study))
        try:
            tickets = range(n_done, settings.n_trials)
            numbers = _run(work, tickets) if spread is None else run_afar(work, tickets, spread)
            for number in numbers:
                told(_attempt(study.trials[number]))
                _tidy(study, path)
        except KeyboardInterrupt as error:
            n_kept = len(_attempts(study))
            message = f"stopped; {n_kept} trials are kept in {path}: go on with --resume"
            raise Interrupted(message) from error
        return _finished(study, work)


def _prepared(work: Work) -> optuna.Study:
    """The study in the folder, new or resumed; what a stopped run had begun waits to be begun again."""
    _check_place(work)
    first = usual(search_space(work.trainer.settings, work.fixed), work.settings_of({}))
    work.path.mkdir(parents=True, exist_ok=True)
    study = open_study(work.path)
    given = study.user_attrs.get("asked")
    if given is None:
        study.set_user_attr("asked", work.asked)
        study.enqueue_trial(first)
    elif given != work.asked:
        names = ", ".join(name for name, each in work.asked.items() if each != given.get(name))
        message = f"the study in {work.path} was begun with another {names}; give the same, or choose another folder"
        raise SettingError(message)
    for trial in study.get_trials(states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)
        # what it was told to try, and what it drew
        study.enqueue_trial({**trial.system_attrs.get("fixed_params", {}), **trial.params})
    return study


def _check_place(work: Work) -> None:
    path, is_there = work.path, (work.path / LOG).exists()
    if is_there and not work.settings.is_resumed:
        message = (
            f"{path} holds a study already; go on with it by --resume, or choose another folder"
        )
        raise SinkError(message)
    if not is_there and path.exists() and any(path.iterdir()):
        message = f"{path} is there already and holds no study; choose another folder for it"
        raise SinkError(message)


def _run(work: Work, tickets: range) -> Iterator[int]:
    """The numbers of the attempts, each as it ends."""
    if work.settings.n_workers == 1 or len(tickets) < 2:
        yield from map(work, tickets)
        return
    n_workers = min(work.settings.n_workers, len(tickets))
    bystanders = set(active_children())
    # Spawned: a fork would copy locks that threads of Arrow and torch may hold. Ctrl-C reaches the parent, which ends
    # the others.
    with (
        _threads_each(n_workers),
        ProcessPoolExecutor(
            n_workers,
            mp_context=get_context("spawn"),
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN),
        ) as pool,
    ):
        running = [pool.submit(work, ticket) for ticket in tickets]
        try:
            for each in as_completed(running):
                yield each.result()
        except BrokenProcessPool as error:
            message = "a trial's process was killed, most likely for want of memory; take fewer --workers, and --resume"
            raise SettingError(message) from error
        except BaseException:
            for each in running:
                each.cancel()
            for process in set(active_children()) - bystanders:
                process.terminate()
            raise


@contextmanager
def _threads_each(n_workers: int) -> Iterator[None]:
    """New processes share the cores: libraries read these names when they start, and at no other time."""
    share = str(max(1, (os.cpu_count() or 1) // n_workers))
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update({name: value or share for name, value in before.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _attempts(study: optuna.Study) -> tuple[Attempt, ...]:
    """The attempts that are over, in order; not those that were stopped."""
    over = [trial for trial in study.trials if trial.state.is_finished()]
    return tuple(_attempt(trial) for trial in over if "seconds" in trial.user_attrs)


def _attempt(trial: FrozenTrial) -> Attempt:
    states = {"COMPLETE": COMPLETE, "PRUNED": PRUNED, "FAIL": FAILED}
    kept = trial.user_attrs
    last = trial.intermediate_values.get(trial.last_step) if trial.last_step is not None else None
    return Attempt(
        trial.number,
        states[trial.state.name],
        kept.get("settings", trial.params),
        macro_f1=trial.value if trial.value is not None else last,
        seconds=round(kept.get("seconds", 0.0), 3),
        note=kept.get("note", ""),
    )


def _tidy(study: optuna.Study, path: Path) -> None:
    """Of the models kept by attempts that are over, leave the best alone."""
    over = [attempt for attempt in _attempts(study) if (path / KEPT / str(attempt.number)).exists()]
    best = max(over, key=lambda each: (each.macro_f1 or 0.0, -each.number), default=None)
    for each in over:
        if each is not best:
            shutil.rmtree(path / KEPT / str(each.number))


def _finished(study: optuna.Study, work: Work) -> Tuned:
    attempts = _attempts(study)
    complete = [each for each in attempts if each.state == COMPLETE]
    if not complete:
        reason = next((each.note for each in attempts if each.note), "all were stopped")
        message = f"none of {len(attempts)} trials gave a model: {reason}"
        raise SettingError(message)
    best = max(complete, key=lambda each: (each.macro_f1 or 0.0, -each.number))
    counts = Counts.from_array(
        np.array(study.trials[best.number].user_attrs["confusion"]), labels=work.train.labels
    )
    found = Tuned(
        work.trainer.kind,
        work.judged_by,
        attempts=attempts,
        best=best,
        counts=counts,
        importances=_importances(study, complete),
        folder=work.path / MODEL,
    )
    _put_model(work, found)
    return found


def _importances(study: optuna.Study, complete: Sequence[Attempt]) -> dict[str, float]:
    """What share of the differences each setting explains (fANOVA), largest first; nothing from few attempts."""
    n_values = len({each.macro_f1 for each in complete})
    if len(complete) < _LEAST_FOR_IMPORTANCE or n_values < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _put_model(work: Work, found: Tuned) -> None:
    """The best attempt's model in its place, its card saying where it comes from; fitted where it was not kept."""
    origin = {"trials": len(found.attempts), "judged_by": found.judged_by, **found.best.to_dict()}
    described = Described(work.settings.task, card={"rows": work.train.n_rows, "tuned": origin})
    kept = work.path / KEPT / str(found.best.number)
    if is_model(kept):
        shutil.rmtree(found.folder, ignore_errors=True)
        kept.rename(found.folder)
        describe(open_folder(found.folder), described)
    elif _number_of_kept(found.folder) == found.best.number:
        describe(open_folder(found.folder), described)
    else:
        save(work.model_of(found.best.settings), found.folder, described, overwrite=True)
    shutil.rmtree(work.path / KEPT, ignore_errors=True)


def _number_of_kept(folder: Path) -> int | None:
    """The attempt that the model of an earlier run is of."""
    if not is_model(folder):
        return None
    number: int | None = open_folder(folder).described.card.get("tuned", {}).get("number")
    return number
