"""From labelled tables to a model in its folder: all that was decided on the way is a value, and stands in the card."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mizaj import __version__
from mizaj.errors import SettingError
from mizaj.learn.augment import AugmentSettings, augmented
from mizaj.learn.behaviour import card_of
from mizaj.learn.data import (
    DataFile,
    Tables,
    TableSettings,
    check_trainable,
    read_tables,
    with_labels,
    without_unused_labels,
)
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.judging import answer_codes
from mizaj.learn.kinds import Progress, Settings, Trainer, silent, trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.learn.split import remove_copies, split
from mizaj.learn.weighting import Weighting, weighted
from mizaj.model.classifier import Classifier
from mizaj.model.folder import POLARITY, Described, Folder, save

_MOST_SOURCES = 30
CHECKPOINT, WORKERS, ON, ADDRESS = "checkpoint", "workers", "on", "address"
# Where a run is and keeps what it needs, not what it learns: not for the card.
_NO_PART_OF_MODEL = (CHECKPOINT, ON, ADDRESS)


@dataclass(frozen=True)
class Recipe:
    """What a model is made from, and how.

    `validation` is a share of the data to hold out, or data of its own. `words` are settings of the kind, as on a
    command line. `noises` name what `augment` does to copies of the training posts; none for no copies.
    """

    kind: str
    data: tuple[str, ...]
    validation: float | tuple[str, ...] = 0.2
    tables: TableSettings = field(default_factory=TableSettings)
    task: str = POLARITY
    words: Mapping[str, str] = field(default_factory=dict)
    weighting: Weighting = field(default_factory=Weighting)
    noises: tuple[str, ...] = ()
    licence: str | None = None
    seed: int = 0

    @property
    def trainer(self) -> Trainer:
        """How the kind is trained. Raises `SettingError` for one that is not known."""
        return trainer(self.kind)

    @property
    def settings(self) -> Settings:
        """The kind's settings. Raises `SettingError` for a word that it does not understand."""
        return self.trainer.settings_from(self.words)

    def command(self, output: str, *, workers: int | None = None) -> str:
        """The command line that makes the model again; of the folder's path it keeps the name alone.

        So one model made in two places has one card and one hash.
        """
        shared = [] if workers is None else ["--workers", str(workers)]
        # elsewhere where it runs is nothing to the model, but only Ray has parameter servers
        shared += ["--on", "ray"] if self.words.get("exchange") == "server" else []
        words = ["mizaj", "train", *self.data, "-o", Path(output).name, *self._options(), *shared]
        return shlex.join(words)

    def _options(self) -> list[str]:
        plain, tables, weighting = Recipe(self.kind, ()), self.tables, self.weighting
        options = ["--kind", self.kind, "--seed", str(self.seed)]
        held = [str(self.validation)] if isinstance(self.validation, float) else self.validation
        options += [word for each in held for word in ("--validation", each)]
        options += [] if self.task == plain.task else ["--task", self.task]
        for name in ("text", "label"):
            value = getattr(tables, name)
            options += [] if value == getattr(plain.tables, name) else [f"--{name}", value]
        options += ["--labels", ",".join(tables.labels)] if tables.labels else []
        for old, new in tables.label_map.items():
            options += ["--label-map", f"{old}={new}"]
        for name, word in self.words.items():
            options += ["--set", f"{name}={word}"]
        for noise in self.noises:
            options += ["--noise", noise]
        power = "balanced" if weighting.class_power == 1 else str(weighting.class_power)
        options += ["--class-weights", power] if weighting.class_power else []
        options += ["--source-power", str(weighting.source_power)] if weighting.source_power else []
        for source, weight in weighting.by_source.items():
            options += ["--source-weight", f"{source}={weight}"]
        return options + (["--licence", self.licence] if self.licence else [])


@dataclass(frozen=True, eq=False)
class Ingredients:
    """The posts to train on, weighted, and to judge on, and what is to be told of them."""

    train: Labelled
    validation: Labelled
    files: tuple[DataFile, ...]
    validation_files: tuple[DataFile, ...]
    left_out: Mapping[str, int]
    n_copies_removed: int
    n_added: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trained:
    """A model with its recipe, what went into it, and its scores on the validation posts."""

    recipe: Recipe
    model: Classifier
    ingredients: Ingredients
    counts: Counts
    scores: Mapping[str, Any]
    run: Mapping[str, Any] = field(default_factory=dict)

    def card(self, output: str) -> dict[str, Any]:
        """What the folder says of the model: equal for equal data, settings and seed."""
        made, recipe = self.ingredients, self.recipe
        n_train = dict(zip(made.train.labels, made.train.n_by_label.tolist(), strict=True))
        return {
            "mizaj": __version__,
            "command": recipe.command(output, workers=self.run.get(WORKERS)),
            "licence": recipe.licence,
            "data": [file.to_dict() for file in made.files],
            "validation_data": [file.to_dict() for file in made.validation_files]
            or {"share": recipe.validation},
            "left_out": dict(made.left_out),
            "copies_removed": made.n_copies_removed,
            "noisy_copies": {"noises": list(recipe.noises), "rows": made.n_added},
            "train": {
                "rows": made.train.n_rows,
                "labels": n_train,
                "sources": _sources(made.train),
            },
            "weights": asdict(recipe.weighting),
            "settings": _settings(replace(recipe.settings, **self.run)),
            "seed": recipe.seed,
            "scores": dict(self.scores),
            **card_of(self.model, recipe.task),
        }

    def save(self, output: str, *, overwrite: bool = False) -> Folder:
        """Write the model with its card. Raises `SinkError` where something stands in the way."""
        described = Described(task=self.recipe.task, card=self.card(output))
        return save(self.model, output, described, overwrite=overwrite)


def check_ready(recipe: Recipe) -> None:
    """Nothing, where the kind, its settings and the noises are known: to be asked before hours of reading."""
    if recipe.noises:
        AugmentSettings(recipe.noises)
    recipe.settings  # noqa: B018 # read for its errors


def prepare(recipe: Recipe) -> Ingredients:
    """Read the data, hold a part out, take out copies, weigh and add noise: all that comes before training.

    Raises what `read_tables` does; `SettingError` for a label never seen in training, one label only, an empty part.
    """
    settings = recipe.tables.of_task(recipe.task)
    tables = read_tables(recipe.data, settings)
    held: Tables | None = None
    if isinstance(recipe.validation, float):
        known = without_unused_labels(tables.labelled)
        check_trainable(known)
        train, validation = split(known, recipe.validation, seed=recipe.seed)
        kept = train
    else:
        held = read_tables(recipe.validation, settings)
        train = without_unused_labels(tables.labelled)
        check_trainable(train)
        validation = with_labels(without_unused_labels(held.labelled), train.labels)
        kept = remove_copies(train, validation)
    _check_labels_left(kept)
    ready = weighted(kept, recipe.weighting)
    if recipe.noises:
        ready = augmented(ready, AugmentSettings(recipe.noises), seed=recipe.seed)
    return Ingredients(
        ready,
        validation,
        tables.files,
        validation_files=held.files if held else (),
        left_out=tables.left_out,
        n_copies_removed=train.n_rows - kept.n_rows,
        n_added=ready.n_rows - kept.n_rows,
        remarks=(
            *tables.remarks,
            *_unlearnt(tables.labelled),
            *(f"validation: {each}" for each in (held.remarks if held else ())),
        ),
    )


def train_recipe(
    recipe: Recipe,
    ingredients: Ingredients | None = None,
    *,
    run: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Trained:
    """The model that the recipe makes, judged on the posts held out.

    `run` holds settings of the kind that do not belong to the recipe: `workers`, `checkpoint`. Ask `has_setting` first.
    """
    ingredients = ingredients or prepare(recipe)
    run = run or {}
    settings = replace(recipe.settings, **run)
    model = recipe.trainer(
        ingredients.train, ingredients.validation, settings, seed=recipe.seed, progress=progress
    )
    posts = ingredients.validation
    answers = answer_codes(model, posts)
    counts = Counts.of(posts.codes, answers, labels=posts.labels)
    scores = _scores(counts, posts, answers)
    return Trained(recipe, model, ingredients, counts, scores, run)


def has_setting(recipe: Recipe, name: str) -> bool:
    """Whether the kind of the recipe has a setting of this name."""
    return name in {each.name for each in fields(recipe.trainer.settings)}


def _unlearnt(labelled: Labelled) -> list[str]:
    absent = [name for name, n in zip(labelled.labels, labelled.n_by_label, strict=True) if not n]
    learnt = "it is not learnt" if len(absent) == 1 else "they are not learnt"
    return [f"no row has the label {', '.join(absent)}; {learnt}"] if absent else []


def _check_labels_left(train: Labelled) -> None:
    """Refuse to train where taking out rows took a whole label."""
    check_trainable(train)
    lost = [name for name, n in zip(train.labels, train.n_by_label, strict=True) if not n]
    if lost:
        msg = (
            f"no row to train on is left with the label {', '.join(lost)}: all are held out or copies of "
            "validation rows; give more data, a smaller share, or other validation data"
        )
        raise SettingError(msg)


def _scores(counts: Counts, posts: Labelled, answers: Ints) -> dict[str, Any]:
    found = bootstrap_intervals(counts)
    return {
        "rows": counts.n_rows,
        "accuracy": found.accuracy.to_dict(),
        "macro_f1": found.macro_f1.to_dict(),
        "f1": {label: interval.to_dict() for label, interval in found.f1.items()},
        "macro_recall": counts.macro_recall,
        "confusion": counts.array.tolist(),
        "by_source": _by_source(posts, answers),
    }


def _by_source(posts: Labelled, answers: Ints) -> dict[str, Any]:
    """Rows and macro-F1 of each source, where there are several and not too many to read."""
    names, sources = np.unique(
        posts.sources.to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    if not 1 < len(names) <= _MOST_SOURCES:
        return {}
    found = {}
    for place, name in enumerate(names.tolist()):
        rows = sources == place
        counts = Counts.of(posts.codes[rows], answers[rows], labels=posts.labels)
        found[name] = {"rows": counts.n_rows, "macro_f1": counts.macro_f1}
    return found


def _sources(posts: Labelled) -> dict[str, int]:
    counted = sorted(
        posts.sources.value_counts().to_pylist(), key=lambda each: (-each["counts"], each["values"])
    )
    return {each["values"]: each["counts"] for each in counted[:_MOST_SOURCES]}


def _settings(settings: Settings) -> dict[str, Any]:
    return {
        name: value for name, value in asdict(settings).items() if name not in _NO_PART_OF_MODEL
    }
