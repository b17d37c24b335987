"""What `cross-domain` does once its words are parsed: reads domains, trains, judges, tells, writes the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mizaj.cli.posts_read import PostsAsked
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json, warn
from mizaj.learn.cross_domain import CrossSettings, by_source, cross_domain
from mizaj.learn.cross_domain_page import page
from mizaj.learn.kinds import trainer
from mizaj.learn.metrics import Counts
from mizaj.learn.page_parts import write


@dataclass(frozen=True)
class CrossJob:
    """The words of `cross-domain`."""

    data: tuple[str, ...]
    kind: str
    posts: PostsAsked
    fixed: Mapping[str, str]
    html: str | None
    settings: CrossSettings


def judge_across(job: CrossJob, *, as_json: bool) -> int:
    """Train on each domain, judge on every other, and print the matrix."""
    fitted = trainer(job.kind)
    chosen = fitted.settings_from(job.fixed)
    # Read together, so that all have the same labels; the name of the table is the source of its posts.
    domains = by_source(job.posts.read(job.data))
    found = cross_domain(
        fitted, domains, chosen=chosen, settings=job.settings, told=_silent if as_json else _told
    )
    if job.html is not None:
        write(page(found), Path(job.html))
    if as_json:
        show_json(found.to_dict())
    else:
        show(found.render())
    return DONE


def _told(trained_on: str, judged_on: str, counts: Counts) -> None:
    warn(f"trained on {trained_on}, judged on {judged_on}: macro-F1 {counts.macro_f1:.3f}")


def _silent(trained_on: str, judged_on: str, counts: Counts) -> None:
    """Nothing, so that only JSON is printed."""
