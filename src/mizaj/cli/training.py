"""What `train` does once its words are parsed: makes the recipe, trains, judges, saves, prints."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json, warn
from mizaj.cli.words import exists, is_spelt_like_file, listed, pairs, resolve_sources
from mizaj.errors import Interrupted, SettingError
from mizaj.learn import kinds
from mizaj.learn.data import TableSettings
from mizaj.learn.recipe import (
    ADDRESS,
    CHECKPOINT,
    ON,
    WORKERS,
    Recipe,
    Trained,
    check_ready,
    has_setting,
    prepare,
    train_recipe,
)
from mizaj.learn.weighting import Weighting
from mizaj.model.folder import Folder, check_free
from mizaj.run.places import LOCAL

_HELD_OUT = 0.2  # as in the second paper
_N_WORST = 3


@dataclass(frozen=True)
class TrainJob:
    """The words of `train` that say what is made."""

    data: tuple[str, ...]
    output: str
    kind: str
    validation: tuple[str, ...]
    text: str
    label: str
    label_map: tuple[str, ...]
    labels: str | None
    task: str
    settings: tuple[str, ...]
    class_weights: str
    source_power: float
    source_weights: tuple[str, ...]
    noises: tuple[str, ...]
    licence: str | None
    seed: int

    @property
    def recipe(self) -> Recipe:
        """The words as a recipe. Raises `SettingError` for those that are not understood."""
        by_source = pairs("--source-weight", self.source_weights)
        return Recipe(
            self.kind,
            tuple(resolve_sources(self.data)),
            validation=_validation(self.validation),
            tables=TableSettings(
                self.text,
                self.label,
                label_map=pairs("--label-map", self.label_map),
                labels=listed(self.labels),
            ),
            task=self.task,
            words=pairs("--set", self.settings),
            weighting=Weighting(
                _class_power(self.class_weights),
                self.source_power,
                {name: _number("--source-weight", word) for name, word in by_source.items()},
            ),
            noises=self.noises,
            licence=self.licence,
            seed=self.seed,
        )


@dataclass(frozen=True)
class RunOptions:
    """The words of `train` that say how it is run."""

    workers: int | None
    on: str
    address: str | None
    resume: bool
    overwrite: bool


def train_job(job: TrainJob, run: RunOptions, *, as_json: bool) -> int:
    """Train the model and save it, and print its scores."""
    recipe = job.recipe
    check_ready(recipe)
    check_free(Path(job.output), overwrite=run.overwrite)
    checkpoint = _checkpoint(recipe, job.output)
    ours = _run_settings(recipe, run, checkpoint)
    ingredients = prepare(recipe)
    for remark in ingredients.remarks:
        warn(remark)
    try:
        with watch(is_shown=sys.stderr.isatty() and not as_json) as progress:
            trained = train_recipe(recipe, ingredients, run=ours, progress=progress)
    except KeyboardInterrupt as error:
        kept = checkpoint is not None and checkpoint.exists()
        message = "stopped" + ("; run the same command with --resume to go on" if kept else "")
        raise Interrupted(message) from error
    folder = trained.save(job.output, overwrite=run.overwrite)
    if checkpoint is not None:
        shutil.rmtree(checkpoint, ignore_errors=True)
    if as_json:
        show_json({"model": job.output, "hash": folder.content_hash, **folder.described.card})
    else:
        show(_summary(trained, folder))
    return DONE


@contextmanager
def watch(*, is_shown: bool) -> Iterator[kinds.Progress]:
    """A progress to train with: a bar with the last figures, or silence."""
    if not is_shown:
        yield kinds.silent
        return
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        shown: dict[str, str] = {}

        def tell(figures: Mapping[str, Any]) -> None:
            shown.update(_spelt(figures))
            line = "  ".join(f"{name} {value}" for name, value in shown.items())
            bar.update(
                task,
                completed=figures.get("step"),
                total=figures.get("of_steps"),
                description=line,
            )

        yield tell


def _spelt(figures: Mapping[str, Any]) -> dict[str, str]:
    """The figures that are not the step, in a few letters each."""
    return {
        name: f"{value:.4g}" if isinstance(value, float) else str(value)
        for name, value in figures.items()
        if name not in {"step", "of_steps"}
    }


def _validation(words: tuple[str, ...]) -> float | tuple[str, ...]:
    if not words:
        return _HELD_OUT
    if len(words) == 1 and not (exists(words[0]) or is_spelt_like_file(words[0])):
        return _number("--validation", words[0], allowed="a share such as 0.2, or a file")
    return tuple(resolve_sources(words))


def _class_power(word: str) -> float:
    known = {"none": 0.0, "balanced": 1.0}
    if word in known:
        return known[word]
    return _number("--class-weights", word, allowed="none, balanced or a power between 0 and 1")


def _number(option: str, word: str, *, allowed: str = "a number") -> float:
    try:
        return float(word)
    except ValueError as error:
        message = f"{option} '{word}' is not understood; allowed: {allowed}"
        raise SettingError(message) from error


def _checkpoint(recipe: Recipe, output: str) -> Path | None:
    """Where the training is kept while it goes on, beside the model; None for kinds that keep nothing."""
    if not has_setting(recipe, CHECKPOINT) or CHECKPOINT in recipe.words:
        return None
    path = Path(output)
    return path.with_name(f".{path.name}-checkpoint")


def _run_settings(recipe: Recipe, run: RunOptions, checkpoint: Path | None) -> dict[str, Any]:
    """The settings that say how it is run. Raises `SettingError` for what the kind cannot do."""
    ours: dict[str, Any] = {}
    if run.workers is not None:
        if not has_setting(recipe, WORKERS):
            message = f"kind '{recipe.kind}' is trained in one process; leave out --workers"
            raise SettingError(message)
        ours[WORKERS] = run.workers
    ours |= _place(recipe, run)
    if run.resume and not has_setting(recipe, CHECKPOINT):
        message = f"kind '{recipe.kind}' keeps no checkpoints to go on from; leave out --resume"
        raise SettingError(message)
    if checkpoint is None:
        return ours
    if run.resume and not checkpoint.exists():
        message = f"there is no stopped training at {checkpoint} to go on with; leave out --resume"
        raise SettingError(message)
    if not run.resume:
        shutil.rmtree(checkpoint, ignore_errors=True)
    return {**ours, CHECKPOINT: str(checkpoint)}


def _place(recipe: Recipe, run: RunOptions) -> dict[str, Any]:
    """The settings that say where it is trained. Raises `SettingError` for a kind that trains here alone."""
    if run.on == LOCAL and run.address is None:
        return {}
    if run.on == LOCAL:
        message = f"--address {run.address} names a cluster, but the training is local; add --on ray or --on spark"
        raise SettingError(message)
    if not has_setting(recipe, ON):
        message = f"kind '{recipe.kind}' is trained in one process on this machine; leave out --on"
        raise SettingError(message)
    return {ON: run.on, ADDRESS: run.address}


def _summary(trained: Trained, folder: Folder) -> str:
    """What was made and how good it is, in a few lines."""
    made, scores = trained.ingredients, trained.scores
    f1, accuracy = scores["macro_f1"], scores["accuracy"]
    by_label = ", ".join(f"{label} {value:.3f}" for label, value in trained.counts.f1.items())
    noisy = f", {made.n_added:,} of them noisy copies" if made.n_added else ""
    return "\n".join(
        [
            f"wrote {folder.path}: {folder.kind}, {trained.recipe.task}, {folder.content_hash[:12]}",
            f"  trained on {made.train.n_rows:,} posts{noisy}; "
            f"{made.n_copies_removed:,} taken out as copies of validation",
            f"  on {scores['rows']:,} posts held out: macro-F1 {f1['value']:.3f} "
            f"({f1['low']:.3f} to {f1['high']:.3f}), accuracy {accuracy['value']:.3f} "
            f"({accuracy['low']:.3f} to {accuracy['high']:.3f})",
            f"  F1: {by_label}",
            *_behaviour(folder.described.card.get("behaviour")),
        ]
    )


def _behaviour(found: Mapping[str, Any] | None) -> Iterator[str]:
    """How many behaviour cases are understood, and which phenomena least."""
    if found is None:
        return
    worst = list(found["failing"].items())[:_N_WORST]
    least = ", ".join(f"{name} {each['right']} of {each['cases']}" for name, each in worst)
    yield f"  behaviour cases understood: {found['right']} of {found['cases']}"
    if worst:
        yield f"    least: {least}"
