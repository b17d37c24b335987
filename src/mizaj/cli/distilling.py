"""What `distil` does once its words are parsed: asks the teachers, trains the student, judges and saves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mizaj.cli.cascading import open_model
from mizaj.cli.held_out import PostsJob, read_labelled, read_texts
from mizaj.cli.words import pairs
from mizaj.learn.behaviour import card_of
from mizaj.learn.calibrate import CalibrateSettings, fit_calibration
from mizaj.learn.distil import DistilSettings, Teacher, aligned, distil, teach
from mizaj.learn.fit_ensemble import even_ensemble, fit_ensemble
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.model.classifier import Classifier, Probabilities
from mizaj.model.folder import Described, check_free, save
from mizaj.model.members import Member, name_members


@dataclass(frozen=True)
class DistilJob:
    """Who teaches whom, on which posts, into which folder, set how."""

    teachers: tuple[str, ...]
    kind: str
    posts: PostsJob
    output: str
    unlabelled: tuple[str, ...]
    validation: PostsJob | None
    words: tuple[str, ...]
    settings: DistilSettings
    overwrite: bool
    seed: int


def train_student(job: DistilJob) -> dict[str, Any]:
    """The student, trained and saved; what it was taught on, and the macro-F1 of it and of its teacher."""
    student = trainer(job.kind)
    student_settings = student.settings_from(pairs("--set", job.words))
    check_free(job.output, overwrite=job.overwrite)  # before training for hours
    models = [open_model(name) for name in job.teachers]
    labels, task = models[-1][0].labels, models[-1][1].task
    posts = read_labelled(job.posts, labels)
    validation = None if job.validation is None else read_labelled(job.validation, labels)
    teacher = _teacher(models, validation)
    more = read_texts(job.unlabelled, job.posts.text) if job.unlabelled else None
    lesson = teach(teacher, posts, more, validation=validation)
    model = distil(
        student,
        lesson,
        validation,
        job.settings,
        student_settings=student_settings,
        seed=job.seed,
    )
    calibration, macro_f1 = None, {}
    if validation is not None:
        proba = aligned(model.probabilities, model.labels, labels)(validation.texts)
        fitted = fit_calibration(proba, validation.codes, CalibrateSettings("temperature"))
        calibration = fitted.to_dict()
        macro_f1 = {
            "student": _macro_f1(proba, validation),
            "teacher": _macro_f1(teacher(validation.texts), validation),
        }
    told = {
        "posts": posts.n_rows + len(lesson.unlabelled),
        "unlabelled": len(lesson.unlabelled),
        "teachers": list(job.teachers),
        "distil": asdict(job.settings),
        "seed": job.seed,
        "macro_f1": macro_f1,
        **card_of(model, task),
    }
    save(model, job.output, Described(task, calibration, told), overwrite=job.overwrite)
    return {"model": job.output, "kind": job.kind, **told}


def _teacher(models: Sequence[tuple[Classifier, Described]], held_out: Labelled | None) -> Teacher:
    """One model's calibrated probabilities, or those of several with weights fitted on held-out posts."""
    labels = models[-1][0].labels
    if len(models) == 1:
        alone = Member("teacher", *models[0])
        return lambda texts: alone.probabilities(texts, labels)
    members = name_members(models)
    if held_out is None:
        return even_ensemble(members).probabilities
    ensemble, described = fit_ensemble(members, held_out)
    together = Member("teachers", ensemble, described)
    return lambda texts: together.probabilities(texts, labels)


def _macro_f1(proba: Probabilities, posts: Labelled) -> float:
    return Counts.of(posts.codes, proba.argmax(axis=1), labels=posts.labels).macro_f1
