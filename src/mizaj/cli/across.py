"""What `cross-domain` does once its words are parsed: reads domains, trains, judges, tells, writes the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mizaj.batch import REJECTED
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json, warn
from mizaj.cli.words import resolve_sources
from mizaj.errors import ColumnMissing
from mizaj.learn.cross_domain import CrossSettings, by_source, cross_domain
from mizaj.learn.cross_domain_page import page
from mizaj.learn.data import TableSettings, read_tables, without_unused_labels
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.page_parts import write
from mizaj.read import open_source


@dataclass(frozen=True)
class CrossJob:
    """The words of `cross-domain`."""

    data: tuple[str, ...]
    kind: str
    by: str | None
    tables: TableSettings
    words: Mapping[str, str]
    html: str | None
    settings: CrossSettings


def judge_across(job: CrossJob, *, as_json: bool) -> int:
    """Train on each domain, judge on every other, and print the matrix."""
    fitted = trainer(job.kind)
    chosen = fitted.settings_from(job.words)
    domains = _domains(job)
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


def _domains(job: CrossJob) -> dict[str, Labelled]:
    """The posts by the column that names the domain, else by the table they are from; all with the same labels."""
    files = resolve_sources(job.data)
    if job.by is not None:
        for file in files:
            _check_column(file, job.by)
    found = read_tables(files, job.tables)
    for remark in found.remarks:
        warn(remark)
    return by_source(without_unused_labels(found.labelled))


def _check_column(file: str, column: str) -> None:
    available = [name for name in open_source(file).schema.names if name != REJECTED.name]
    if column not in available:
        raise ColumnMissing(column, available, needed_by="cross-domain (--by)")


def _told(trained_on: str, judged_on: str, counts: Counts) -> None:
    warn(f"trained on {trained_on}, judged on {judged_on}: macro-F1 {counts.macro_f1:.3f}")


def _silent(trained_on: str, judged_on: str, counts: Counts) -> None:
    """Nothing, so that only JSON is printed."""
