"""What `cascade` does once its words are parsed: opens the models, fits, measures, saves, and says what to expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mizaj.cli.held_out import PostsJob, read_labelled
from mizaj.errors import ModelError
from mizaj.learn.behaviour import card_of
from mizaj.learn.cascade import CascadeSettings, fit_cascade, prepare
from mizaj.learn.cascade_page import write_cascade_page
from mizaj.learn.risk_coverage import Curve, groups_of, risk_coverage
from mizaj.model.cascade import LOSSES, Cascade, Mode, tuned
from mizaj.model.classifier import Classifier
from mizaj.model.folder import Described, check_free, is_model, save
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import name_members
from mizaj.model.pace import Pace, measure_pace
from mizaj.model.predict import LEXICON, NAMES
from mizaj.model.score import load_model
from mizaj.model.shipped import folder_of

_DEFAULT_LOSS = 0.005
_MOST_PACED = 2000  # posts: enough for a speed, and few enough for a dear last tier
_SHOWN_LOSSES = (0.0025, 0.005, 0.01, 0.02, 0.05)


@dataclass(frozen=True)
class CascadeJob:
    """Which models, on which posts, into which folder, set how."""

    models: tuple[str, ...]
    posts: PostsJob
    output: str
    mode: Mode
    settings: CascadeSettings
    html: str | None
    overwrite: bool


@dataclass(frozen=True)
class Built:
    """A cascade that was saved, with what is to be expected of it."""

    output: str
    cascade: Cascade
    pace: Pace
    loss: str
    n_posts: int
    curves: Mapping[str, Mapping[str, Curve]]

    @property
    def place(self) -> int:
        """The number of the point that was chosen."""
        return [point.thresholds for point in self.cascade.points].index(self.cascade.thresholds)

    def to_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        points = zip(self.cascade.points, self.pace.points, strict=True)
        return {
            "model": self.output,
            "tiers": list(self.cascade.tiers),
            "rows": self.n_posts,
            "confidence": self.cascade.confidence,
            "loss": self.loss,
            "chosen": self.place,
            "seconds_per_post": dict(zip(self.cascade.tiers, self.pace.tiers, strict=True)),
            "points": [{**asdict(point), "posts_per_second": speed} for point, speed in points],
            "risk_coverage": {
                column: {name: asdict(curve) for name, curve in curves.items()}
                for column, curves in self.curves.items()
            },
        }

    def render(self) -> str:
        """What to expect, in lines of at most 80 columns."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        point, speed = self.cascade.points[self.place], self.pace.points[self.place]
        alone = self.pace.points[0]
        yield f"wrote {self.output}: thresholds chosen on {self.n_posts:,} posts"
        yield f"{'tier':<20}{'answers':>9}{'posts/s alone':>16}{'threshold':>11}"
        thresholds = (*(_spelt(t) for t in point.thresholds), "-")
        tiers = zip(self.cascade.tiers, point.shares, self.pace.tiers, thresholds, strict=True)
        for name, share, cost, threshold in tiers:
            yield f"{name:<20}{share:>9.1%}{1 / cost:>16,.0f}{threshold:>11}"
        yield f"{speed:,.0f} posts a second in one process here, {speed / alone:.1f} times the last tier alone"
        yield f"against the last tier alone, with {self.cascade.confidence:.0%} confidence (below 0: gained):"
        for loss in LOSSES:
            seen, bound = point.losses[loss], point.bounds[loss]
            yield f"  {loss:<14} lost {seen:+.4f} here, at most {bound:+.4f} on posts like these"
        yield f"what else could be asked of it (loss of {self.loss}):"
        for allowed, place in self._others():
            shares = " ".join(f"{share:.0%}" for share in self.cascade.points[place].shares)
            yield f"  --accuracy-loss {allowed:<7} {self.pace.points[place]:>12,.0f} posts/s   {shares}"

    def _others(self) -> Iterator[tuple[float, int]]:
        thresholds = [point.thresholds for point in self.cascade.points]
        for allowed in _SHOWN_LOSSES:
            found = tuned(self.cascade, Mode(accuracy_loss=allowed, loss=self.loss))
            yield allowed, thresholds.index(found.thresholds)


def build(job: CascadeJob) -> Built:
    """The cascade, fitted and saved. Raises `ModelError` for models that do not fit each other."""
    check_free(job.output, overwrite=job.overwrite)  # before a dear model has read all posts
    members = name_members([open_model(name) for name in job.models])
    held_out = read_labelled(job.posts, members[-1].classifier.labels)
    ready = prepare(members, held_out, job.mode.loss, job.settings)
    safe = fit_cascade(ready.members, ready.seen, Mode(), job.settings)
    pace = measure_pace(safe, ready.posts.texts[:_MOST_PACED])
    cascade = tuned(safe, _asked(job.mode), pace.points)
    task = members[-1].described.task
    card = {
        "made_of": list(job.models),
        "posts": ready.posts.n_rows,
        "asked": asdict(_asked(job.mode)),
        **card_of(cascade, task),
    }
    save(cascade, job.output, Described(task, card=card), overwrite=job.overwrite)
    curves = {
        column: risk_coverage(ready.seen, names, cascade.points)
        for column, names in groups_of(ready.posts.texts).items()
    }
    built = Built(job.output, cascade, pace, job.mode.loss, ready.posts.n_rows, curves)
    if job.html is not None:
        write_cascade_page(cascade, pace, curves, Path(job.html), loss=job.mode.loss)
    return built


def open_model(name: str) -> tuple[Classifier, Described]:
    """A model, by its name or folder, with what its folder says of it. Raises `ModelError` for neither."""
    if name == LEXICON:
        return lexicon_tier(), Described()
    folder = folder_of(name)
    if not is_model(folder):
        allowed = ", ".join(NAMES)
        msg = (
            f"model '{name}' is not known; allowed: {allowed}, or a folder that `mizaj train` wrote"
        )
        raise ModelError(msg)
    loaded = load_model(folder)
    return loaded.classifier, loaded.folder.described


def _asked(mode: Mode) -> Mode:
    """What is asked for, or half a point where nothing is."""
    if mode.accuracy_loss is None and mode.posts_per_second is None:
        return replace(mode, accuracy_loss=_DEFAULT_LOSS)
    return mode


def _spelt(threshold: float) -> str:
    return "not asked" if threshold > 1.0 else f"{threshold:.3f}"
