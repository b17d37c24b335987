"""What `evaluate` does once its words are parsed: tells models from data, scores, counts, prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from mizaj.batch import REJECTED
from mizaj.cli.place import PlaceAsked
from mizaj.cli.scoring import DONE, ModelChoice, open_whole
from mizaj.cli.show import show, show_json, warn
from mizaj.cli.words import SAMPLE, exists, is_spelt_like_file, pairs
from mizaj.errors import SettingError
from mizaj.learn.data import dataset_name
from mizaj.learn.evaluate import EvaluateSettings, Scorer
from mizaj.learn.evaluate_shards import evaluate_sources, with_dataset
from mizaj.learn.evaluation_page import write_page
from mizaj.learn.robustness import Robustness, robustness
from mizaj.model.predict import Model
from mizaj.read import ReadSettings, Source


@dataclass(frozen=True)
class EvaluateJob:
    """The words of `evaluate`, what is read, and the page to write."""

    words: tuple[str, ...]
    by: tuple[str, ...] | None
    text: str
    label: str
    label_map: tuple[str, ...]
    html: str | None
    is_robustness_asked: bool = False
    place: PlaceAsked = field(default_factory=PlaceAsked)

    def settings(self, models: Mapping[str, Model]) -> EvaluateSettings:
        """How it is counted. Raises `SettingError` for a label map that is not `A=B`, and for models of two tasks."""
        return EvaluateSettings(
            text=self.text,
            label=self.label,
            by=self.by,
            label_map=pairs("--label-map", self.label_map),
            labels=_labels_of(models),
            task=_task_of(models),
        )


@dataclass(frozen=True)
class Sorted:
    """The words of `evaluate`, sorted into models and data."""

    models: tuple[str, ...]
    data: tuple[str, ...]


def evaluate_words(job: EvaluateJob, chosen: ModelChoice, *, as_json: bool) -> int:
    """Score labelled data with each model, and print what the answers are worth."""
    given = sort_words(job.words)
    models = {name: replace(chosen, name=name).load() for name in given.models}
    settings = job.settings(models)
    scorers = {name: model.score for name, model in models.items()}
    sources = [(dataset_name(name), _opened(name, settings)) for name in given.data]
    with job.place.open() as place:
        total = evaluate_sources(scorers, sources, settings=settings, spread=place.spread)
    _tell_unread(total.n_unread)
    results = total.results(settings)
    robust = _robustness(job, scorers, given.data, settings)
    if job.html is not None:
        compared = results.comparisons
        write_page(results.evaluations, Path(job.html), comparisons=compared, robust=robust)
    if as_json:
        noisy = {"robustness": [each.to_dict() for each in robust]} if robust else {}
        show_json({**results.to_dict(), **noisy})
    else:
        show("\n\n".join([results.render(), *(each.render() for each in robust)]))
    return DONE


def _robustness(
    job: EvaluateJob,
    scorers: Mapping[str, Scorer],
    data: Sequence[str],
    settings: EvaluateSettings,
) -> tuple[Robustness, ...]:
    """What noise costs each model, where it was asked."""
    if not job.is_robustness_asked:
        return ()
    return robustness(scorers, labelled_batches(data, settings), settings=settings)


def sort_words(words: Sequence[str]) -> Sorted:
    """Models first, then data. Raises `SettingError` where one of the two is missing.

    A model is a name or a folder with a `model.json`; everything else is data.

    >>> sort_words(["lexicon", "posts.jsonl"])
    Sorted(models=('lexicon',), data=('posts.jsonl',))
    """
    models = tuple(word for word in words if _is_model(word))
    data = tuple(word for word in words if not _is_model(word))
    if not models or not data:
        missing = (
            "data with labels" if models else "a model ('default', 'lexicon', 'best' or a folder)"
        )
        message = f"evaluate needs models, then data; {missing} is missing in: {' '.join(words)}"
        raise SettingError(message)
    return Sorted(models, data)


def _task_of(models: Mapping[str, Model]) -> str:
    """The task that all models have."""
    tasks = {name: model.task for name, model in models.items()}
    if len(set(tasks.values())) > 1:
        given = ", ".join(f"{name} {task}" for name, task in tasks.items())
        message = f"models answer different tasks ({given}); evaluate those of one task together"
        raise SettingError(message)
    return next(iter(tasks.values()))


def _labels_of(models: Mapping[str, Model]) -> tuple[str, ...]:
    """The labels of all models, in the order of the model that knows most."""
    known = sorted((model.labels for model in models.values()), key=len, reverse=True)
    return tuple(dict.fromkeys(label for labels in known for label in labels))


def _is_model(word: str) -> bool:
    if exists(word):
        return Path(word, "model.json").exists()
    return not (is_spelt_like_file(word) or word == SAMPLE)


def labelled_batches(data: Sequence[str], settings: EvaluateSettings) -> Iterator[pa.RecordBatch]:
    """The batches of every source, with its name as `dataset` where there are several.

    Rows that cannot be scored are left out. Raises `SourceError` for a file that cannot be read: figures over a part
    would mislead.
    """
    for name in data:
        source = _opened(name, settings)
        for shard in source.shards:
            for batch in source.batches(shard):
                kept = batch.filter(batch.column(REJECTED.name).is_null())
                kept = kept.drop_columns([REJECTED.name])
                yield kept if len(data) == 1 else with_dataset(kept, dataset_name(name))


def _opened(name: str, settings: EvaluateSettings) -> Source:
    return open_whole([name], ReadSettings(text=settings.text))


def _tell_unread(n_rows: int) -> None:
    if n_rows:
        warn(f"{n_rows:,} rows without a text that can be read were left out")
