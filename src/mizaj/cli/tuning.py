"""What `tune` does once its words are parsed: reads posts, parts them, searches, tells, writes the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mizaj.cli.posts_read import PostsAsked
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json, warn
from mizaj.learn.data import check_trainable, with_labels
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.page_parts import write
from mizaj.learn.split import remove_copies, split
from mizaj.learn.trials import TuneSettings
from mizaj.learn.tune import tune
from mizaj.learn.tuned import Attempt
from mizaj.learn.tuned_page import page


@dataclass(frozen=True)
class TuneJob:
    """The words of `tune`. Without validation files, a share is held out; without a share, folds judge."""

    data: tuple[str, ...]
    kind: str
    output: str
    posts: PostsAsked
    validation: tuple[str, ...]
    share: float | None
    fixed: Mapping[str, str]
    html: str | None
    settings: TuneSettings


def tune_posts(job: TuneJob, *, as_json: bool) -> int:
    """Search the settings, and print what was found."""
    fitted = trainer(job.kind)
    fitted.settings_from(job.fixed)  # a mistake in them is told before anything is read
    train, validation = _parts(job)
    check_trainable(train)
    told = _Told(job.settings.n_trials)
    path = Path(job.output)
    found = tune(
        fitted,
        train,
        validation,
        path,
        fixed=job.fixed,
        settings=job.settings,
        told=(lambda attempt: None) if as_json else told,
    )
    place = Path(job.html) if job.html else path / "tune.html"
    write(page(found), place)
    if as_json:
        show_json(found.to_dict())
    else:
        show(f"{found.render()}\npage:  {place}")
    return DONE


def _parts(job: TuneJob) -> tuple[Labelled, Labelled | None]:
    """Posts to train on and posts to judge by; None for folds."""
    train = job.posts.read(job.data)
    if job.validation:
        validation = with_labels(job.posts.read(job.validation), train.labels)
        apart = remove_copies(train, validation)
        if apart.n_rows < train.n_rows:
            n = train.n_rows - apart.n_rows
            warn(f"{n:,} posts to train on were left out: near-copies of posts to judge by")
        return apart, validation
    if job.share is None:
        return train, None
    return split(train, job.share, seed=job.settings.seed)


class _Told:
    """One line on standard error for each attempt, with the best so far."""

    def __init__(self, n_trials: int) -> None:
        self.n_trials = n_trials
        self.best = 0.0

    def __call__(self, attempt: Attempt) -> None:
        if attempt.state == "complete":
            self.best = max(self.best, attempt.macro_f1 or 0.0)
        figure = "" if attempt.macro_f1 is None else f" at macro-F1 {attempt.macro_f1:.3f}"
        warn(
            f"trial {attempt.number + 1} of {self.n_trials} {attempt.state}{figure} "
            f"after {attempt.seconds:,.1f} s; best {self.best:.3f}{attempt.note and f' ({attempt.note})'}"
        )
