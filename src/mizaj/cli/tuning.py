"""What `tune` does once its words are parsed: reads posts, parts them, searches, tells, writes the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mizaj.cli.place import PlaceAsked
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json, warn
from mizaj.cli.training import TrainJob
from mizaj.errors import SettingError
from mizaj.learn.data import check_trainable, read_tables, without_unused_labels
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.labelled import Labelled
from mizaj.learn.page_parts import write
from mizaj.learn.recipe import Recipe, Trained, check_ready, prepare
from mizaj.learn.trials import TuneSettings
from mizaj.learn.tune import Told, tune
from mizaj.learn.tuned import COMPLETE, Attempt, Tuned, exact
from mizaj.learn.tuned_page import page
from mizaj.learn.weighting import weighted
from mizaj.model.folder import describe, open_folder
from mizaj.model.kinds import load_classifier
from mizaj.run.places import LOCAL


@dataclass(frozen=True)
class TuneJob:
    """The words of `tune`: those of `train`, how the settings are searched, and where.

    Without folds, held-out posts judge.
    """

    train: TrainJob
    settings: TuneSettings
    place: PlaceAsked
    has_folds: bool
    html: str | None


def tune_posts(job: TuneJob, *, as_json: bool) -> int:
    """Search the settings, and print what was found."""
    recipe = job.train.recipe
    check_ready(recipe)
    search = _over_folds if job.has_folds else _on_held_out
    told = _silent if as_json else _Told()
    found = search(job, recipe, told)
    place = Path(job.html or Path(job.train.output) / "tune.html")
    write(page(found), place)
    if as_json:
        show_json(found.to_dict())
    else:
        show(f"{found.render()}\npage:  {place}")
    return DONE


def _on_held_out(job: TuneJob, recipe: Recipe, told: Told) -> Tuned:
    """The study judged by held-out posts; the card of its model says how to make it again."""
    made = prepare(recipe)
    for remark in made.remarks:
        warn(remark)
    found = _searched(job, recipe, (made.train, made.validation), told)
    best = replace(recipe, words={**recipe.words, **exact(found.best.settings)})
    model = load_classifier(found.folder)
    trained = Trained(best, model, made, found.counts, _scores(found))
    _add_to_card(found.folder, trained.card(str(found.folder)))
    return found


def _over_folds(job: TuneJob, recipe: Recipe, told: Told) -> Tuned:
    """The study judged by folds of all posts."""
    if recipe.noises:
        message = "noisy copies of posts would be judged by their originals: leave out --noise, or --folds"
        raise SettingError(message)
    tables = read_tables(recipe.data, recipe.tables.of_task(recipe.task))
    for remark in tables.remarks:
        warn(remark)
    posts = without_unused_labels(tables.labelled)
    check_trainable(posts)
    found = _searched(job, recipe, (weighted(posts, recipe.weighting), None), told)
    files = [file.to_dict() for file in tables.files]
    _add_to_card(found.folder, {"data": files, "licence": recipe.licence, "scores": _scores(found)})
    return found


def _searched(
    job: TuneJob, recipe: Recipe, parts: tuple[Labelled, Labelled | None], told: Told
) -> Tuned:
    with job.place.open() as place:
        return tune(
            recipe.trainer,
            *parts,
            Path(job.train.output),
            fixed=recipe.words,
            settings=job.settings,
            told=told,
            spread=None if job.place.on == LOCAL else place.spread,
        )


def _scores(found: Tuned) -> dict[str, Any]:
    figures = bootstrap_intervals(found.counts)
    return {
        "rows": found.counts.n_rows,
        "accuracy": figures.accuracy.to_dict(),
        "macro_f1": figures.macro_f1.to_dict(),
        "confusion": found.counts.array.tolist(),
    }


def _add_to_card(path: Path, card: Mapping[str, Any]) -> None:
    folder = open_folder(path)
    tuned = folder.described.card
    describe(folder, replace(folder.described, card={**card, **tuned}))


class _Told:
    """One line on standard error for each attempt, with the best of this run so far."""

    def __init__(self) -> None:
        self.best = 0.0

    def __call__(self, attempt: Attempt) -> None:
        if attempt.state == COMPLETE:
            self.best = max(self.best, attempt.macro_f1 or 0.0)
        figure = "" if attempt.macro_f1 is None else f" at macro-F1 {attempt.macro_f1:.3f}"
        note = f" ({attempt.note})" if attempt.note else ""
        warn(
            f"trial {attempt.number} {attempt.state}{figure} after {attempt.seconds:,.1f} s; "
            f"best of this run {self.best:.3f}{note}"
        )


def _silent(attempt: Attempt) -> None:
    """Nothing, so that only JSON is printed."""
