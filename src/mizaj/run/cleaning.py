"""A source cleaned into a sink: bots, topic and copies found in passes over it, then one run that marks and writes.

What the passes find lies in a folder `.work` inside the output while the run lasts, where a stopped run finds it again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from mizaj.batch import Pipeline, Step
from mizaj.clean.copies.duplicates import DuplicateSettings, find_duplicates
from mizaj.clean.copies.marked import with_duplicates
from mizaj.clean.copies.recent import RecentPosts, RecentSettings
from mizaj.clean.copies.recent_source import check_stream, with_recent
from mizaj.clean.filters.author_passes import find_bots
from mizaj.clean.filters.authors import AuthorSettings
from mizaj.clean.filters.told import Told
from mizaj.clean.filters.topic import SIMILAR, WORDS
from mizaj.clean.filters.topic_company import SampleShard, draw_sample, learn_company
from mizaj.clean.personal import MaskPersonal
from mizaj.clean.settings import CleanSettings
from mizaj.errors import SettingError, SinkError
from mizaj.read import Source, open_source
from mizaj.run import RunSettings, asked_for, run_at
from mizaj.run.hold import held
from mizaj.run.ledger import WORK, check_use
from mizaj.run.manifest import Manifest
from mizaj.run.places import LOCAL, Place, open_place
from mizaj.run.shard import Job
from mizaj.write import Sink
from mizaj.write.folders import remove_folder


@dataclass(frozen=True)
class Cleaning:
    """What is done to every post, in this order; None for what is not.

    `filters` repair and reject; `bots` are authors who repeat themselves; of `copies` the first is kept, found in
    passes over the whole source, or of late ones (`recent`), as they come, in a source that is read once; `mask` takes
    personal data out of every row, rejected or not; `then` are further steps, such as scoring.
    """

    filters: CleanSettings = field(default_factory=CleanSettings)
    bots: AuthorSettings | None = None
    copies: DuplicateSettings | None = field(default_factory=DuplicateSettings)
    recent: RecentSettings | None = None
    mask: MaskPersonal | None = None
    then: tuple[Step, ...] = ()

    def pipeline(self, found: CleanSettings) -> Pipeline:
        """All steps, with the filters as they are once bots and topic are known.

        Where copies were looked for, all filters have been asked by then.
        """
        mask = () if self.mask is None else (self.mask,)
        filters = found.filters()
        asked = filters if self.copies is None else tuple(map(Told, filters))
        return Pipeline((*found.rewriters(), *asked, *mask, *self.then))


def clean(
    source: object,
    sink: Sink | str | os.PathLike[str],
    cleaning: Cleaning | None = None,
    *,
    on: str = "local",
    settings: RunSettings | None = None,
) -> Manifest:
    """The manifest of a run that cleans every row of the source into the sink; see `run`, which takes the same.

    Kept rows have the column `copies`, how many copies there were, where copies were looked for; rejected ones their
    reason. Raises `SourceError` where copies are looked for in what can be read only once.
    """
    settings, cleaning = settings or RunSettings(), cleaning or Cleaning()
    opened = source if isinstance(source, Source) else open_source(source)
    target = sink if isinstance(sink, Sink) else Sink(Path(sink))
    # what can be wrong is said before anything is read, as far as it is known by then
    planned = Job(cleaning.pipeline(cleaning.filters), opened, target)
    target.check(planned.schema)
    _check(cleaning, opened, on)
    with held(target.folder):
        check_use(planned, is_prepared=False)
        with open_place(on, asked_for(planned, settings)) as place:
            job = _prepared(opened, target, cleaning, place)
            manifest = run_at(place, job, settings)
        _remove(target.folder / WORK)
    return manifest


def _check(cleaning: Cleaning, source: Source, on: str) -> None:
    """Raises `SettingError` for what does not go together, and what steps raise for a column or a missing library."""
    if cleaning.recent is not None:
        check_stream(source)
        if on != LOCAL:
            msg = f"copies of late posts are remembered in one process, and the run is on {on}; leave --on out"
            raise SettingError(msg)
    copies, mask = cleaning.copies, cleaning.mask
    if copies is not None and mask is not None and copies.id in mask.columns:
        msg = (
            f"the column '{copies.id}' is to be masked, and copies are told by it (duplicate_of:ID); mask other "
            "columns, name another id for copies, or keep copies"
        )
        raise SettingError(msg)
    steps = replace(cleaning.filters, topic_mode=WORDS).steps()
    rows = pa.RecordBatch.from_pylist([], schema=source.schema)
    Pipeline(steps if mask is None else (*steps, mask))(rows)


def _remove(work: Path) -> None:
    """Removes what was worked out before the run. Raises `SinkError` where that cannot be."""
    try:
        remove_folder(work)
    except SinkError as error:
        msg = f"all is done, but texts as they came lie in {error}"
        raise SinkError(msg) from error


def _prepared(source: Source, sink: Sink, cleaning: Cleaning, place: Place) -> Job:
    """The run that is left once all that takes a look at the whole source is known."""
    work = sink.folder / WORK
    found = cleaning.filters
    if cleaning.bots is not None:
        found = _with_bots(source, cleaning.bots, found, place, work)
    if found.about and found.topic_mode == SIMILAR:
        found = _with_company(source, found, place)
    if cleaning.copies is not None:
        filters = Pipeline(found.steps())
        copies = find_duplicates(
            source,
            work / "copies",
            settings=cleaning.copies,
            spread=place.spread,
            filters=filters,
        )
        source = with_duplicates(source, copies)
    if cleaning.recent is not None:
        source = with_recent(source, RecentPosts(cleaning.recent), filters=Pipeline(found.steps()))
    return Job(cleaning.pipeline(found), source, sink)


def _with_bots(
    source: Source, asked: AuthorSettings, found: CleanSettings, place: Place, work: Path
) -> CleanSettings:
    filters = Pipeline(replace(found, about=()).steps())
    bots = find_bots(source, work / "bots", settings=asked, spread=place.spread, filters=filters)
    return replace(found, bots=tuple(bots["author"].to_pylist()), author=asked.author)


def _with_company(source: Source, found: CleanSettings, place: Place) -> CleanSettings:
    before = replace(found, about=())
    draw = SampleShard(source, Pipeline(before.steps()), found.text)
    company = learn_company(draw_sample(draw, spread=place.spread), found.about)
    return replace(found, company=company)
