"""A dear model taught to a cheap one: what the teacher thinks of posts becomes what the student learns.

After Hinton et al. (2015): where the label is known, the student learns a mixture of it and of the teacher's
probabilities; where it is not, the probabilities alone, which is where distilling gains most (Ye et al., 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.folds import fold_numbers, near_copy_keys
from mizaj.learn.kinds import Progress, Settings, Trainer, silent
from mizaj.learn.labelled import Labelled, Weights
from mizaj.model.calibrate import Temperature
from mizaj.model.classifier import Classifier, Probabilities

UNLABELLED = "unlabelled"
"""The source of posts that only the teacher has labelled."""


class Teacher(Protocol):
    """Anything with calibrated probabilities: a loaded model, a member of an ensemble, an ensemble."""

    def __call__(self, texts: pa.Array, /) -> Probabilities:
        """A row for each text, a column for each label."""


@dataclass(frozen=True)
class DistilSettings:
    """How much the student believes its teacher.

    `temperature`: above 1, the teacher's second thoughts count for more. `share`: the teacher's, where there is a
    label too. `unlabelled_weight`: what a post without a label counts, against 1 of one with it. `shortest`: of posts
    with fewer words the teacher's word counts for nothing; where a few words and an emoji are all there is, rules that
    the student has of its own may know better.
    """

    temperature: float = 1.5
    share: float = 0.5
    unlabelled_weight: float = 1.0
    shortest: int = 0

    def __post_init__(self) -> None:
        if not self.temperature > 0.0:
            msg = f"temperature is {self.temperature}; it must be above 0"
            raise SettingError(msg)
        if not 0.0 <= self.share <= 1.0:
            msg = (
                f"share is {self.share}; it must be from 0 (labels alone) to 1 (the teacher alone)"
            )
            raise SettingError(msg)
        if not self.unlabelled_weight > 0.0:
            msg = f"unlabelled_weight is {self.unlabelled_weight}; it must be above 0"
            raise SettingError(msg)


DEFAULT = DistilSettings()


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from: labelled posts, what the teacher thinks of them, and more posts if there are any."""

    labelled: Labelled
    taught: Probabilities
    unlabelled: pa.Array
    taught_unlabelled: Probabilities

    def posts(self, settings: DistilSettings = DEFAULT) -> Labelled:
        """All posts with what the student is to learn of each in `targets`; weights are 1 on average."""
        soft = Temperature(settings.temperature)
        gold = np.eye(len(self.labelled.labels), dtype=np.float32)[self.labelled.codes]
        share = settings.share * is_long(self.labelled.texts, settings.shortest)[:, None]
        mixed = share * soft(self.taught) + (1.0 - share) * gold
        kept = np.flatnonzero(is_long(self.unlabelled, settings.shortest))
        unlabelled, taught = self.unlabelled.take(pa.array(kept)), self.taught_unlabelled[kept]
        more = np.full(len(kept), settings.unlabelled_weight, np.float32)
        weights = np.concatenate([self.labelled.weights, more])
        texts, sources = self.labelled.texts, self.labelled.sources
        names = pa.array([UNLABELLED] * len(kept), pa.string())
        guessed = taught.argmax(axis=1) if len(kept) else []
        return Labelled(
            pa.concat_arrays([texts, unlabelled.cast(texts.type)]),
            np.concatenate([self.labelled.codes, np.asarray(guessed, np.int64)]),
            self.labelled.labels,
            weights=weights / max(float(weights.mean()), np.finfo(np.float32).tiny),
            sources=pa.concat_arrays([sources, names.cast(sources.type)]),
            targets=np.concatenate([mixed, soft(taught)]).astype(np.float32),
        )


def is_long(texts: pa.Array, n_words: int) -> NDArray[np.bool_]:
    """Which of the texts have so many words, set apart by blanks, or more.

    >>> is_long(pa.array(["accha", "bahut accha phone"]), 2).tolist()
    [False, True]
    """
    words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts)))
    found: NDArray[np.bool_] = pc.greater_equal(words, n_words).to_numpy(zero_copy_only=False)
    return found


def teach(
    teacher: Teacher,
    labelled: Labelled,
    unlabelled: pa.Array | None = None,
    *,
    validation: Labelled | None = None,
    taught: Weights | None = None,
) -> Lesson:
    """What the teacher thinks of the posts.

    Posts without a label that are near-copies of `validation` are left out: the student would be judged on what it
    was taught. `taught` are probabilities for the labelled posts, for a teacher that has learnt from these itself and
    is surer of them than of others (see `out_of_fold`).
    """
    posts = _texts(unlabelled)
    if validation is not None:
        posts = _without_copies(posts, validation)
    given = teacher(labelled.texts) if taught is None else taught
    n_labels = len(labelled.labels)
    if given.shape != (labelled.n_rows, n_labels):
        msg = f"the teacher's answers have shape {given.shape}; there are {labelled.n_rows} posts, {n_labels} labels"
        raise SettingError(msg)
    of_posts = teacher(posts) if len(posts) else np.zeros((0, n_labels), np.float32)
    return Lesson(labelled, given, posts, of_posts)


def distil(
    student: Trainer,
    lesson: Lesson,
    validation: Labelled | None,
    settings: DistilSettings = DEFAULT,
    *,
    student_settings: Settings = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Classifier:
    """A student of any kind whose trainer minds `Labelled.targets`, trained on the lesson."""
    posts = lesson.posts(settings)
    return student(posts, validation, student_settings, seed=seed, progress=progress)


def out_of_fold(
    fit: Callable[[Labelled], Classifier], labelled: Labelled, *, n_folds: int = 5, seed: int = 0
) -> Probabilities:
    """What a teacher thinks of posts it has not learnt from: one is trained for each fold, on the others."""
    numbers = fold_numbers(
        labelled.texts.to_pylist(), labelled.codes.tolist(), n_folds=n_folds, seed=seed
    )
    found = np.zeros((labelled.n_rows, len(labelled.labels)), np.float32)
    for fold in range(n_folds):
        held = np.flatnonzero(numbers == fold)
        teacher = fit(replace(labelled.take(np.flatnonzero(numbers != fold)), targets=None))
        found[held] = aligned(teacher.probabilities, teacher.labels, labelled.labels)(
            labelled.take(held).texts
        )
    return found


def aligned(teacher: Teacher, labels: tuple[str, ...], wanted: tuple[str, ...]) -> Teacher:
    """The teacher with its columns in the order of the student's labels. Raises `SettingError` where these differ."""
    if set(labels) != set(wanted):
        msg = f"the teacher answers {', '.join(labels)}; the posts have {', '.join(wanted)}: map one to the other"
        raise SettingError(msg)
    columns = [labels.index(label) for label in wanted]

    def teach_in_order(texts: pa.Array, /) -> Probabilities:
        return np.ascontiguousarray(teacher(texts)[:, columns])

    return teach_in_order


def _texts(unlabelled: pa.Array | None) -> pa.Array:
    if unlabelled is None:
        return pa.array([], pa.string())
    return unlabelled.drop_null().unique()


def _without_copies(posts: pa.Array, validation: Labelled) -> pa.Array:
    held = {key for keys in near_copy_keys(validation.texts.to_pylist()) for key in keys}
    return posts.filter(
        pa.array([held.isdisjoint(keys) for keys in near_copy_keys(posts.to_pylist())], pa.bool_())
    )
