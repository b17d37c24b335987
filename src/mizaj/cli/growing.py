"""What `lexicon grow` does once its words are parsed: posts in, a table to review out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

from mizaj.cli.scoring import DONE, open_whole
from mizaj.cli.show import show
from mizaj.errors import ColumnMissing
from mizaj.lexicon.grow import GrowSettings, grow, write_review
from mizaj.lexicon.kept import open_lexicon
from mizaj.read import ReadSettings, Source


@dataclass(frozen=True)
class GrowJob:
    """What is read, where the table goes, and how words are chosen."""

    sources: tuple[str, ...]
    output: str
    text: str
    label: str | None
    settings: GrowSettings


def grow_words(job: GrowJob, lexicons: tuple[Path, ...], domain: str | None) -> int:
    """Write the table, and print how many words it lists."""
    source = open_whole(job.sources, ReadSettings(text=job.text))
    if job.label is not None and job.label not in source.schema.names:
        raise ColumnMissing(job.label, source.schema.names, needed_by="grow (--label)")
    # Both streams are read in step, so that tee keeps one batch at most.
    first, second = tee(_posts(source, job))
    growth = grow(
        (text for text, _ in first),
        list(open_lexicon(lexicons, domain)),
        labels=None if job.label is None else (label for _, label in second),
        settings=job.settings,
    )
    write_review(Path(job.output), growth)
    show(f"wrote {job.output}: {len(growth.candidates):,} words of {growth.n_posts:,} posts")
    return DONE


def _posts(source: Source, job: GrowJob) -> Iterator[tuple[str | None, str | None]]:
    """Each post with its label, one at a time."""
    for shard in source.shards:
        for batch in source.batches(shard):
            texts = batch.column(job.text).to_pylist()
            labels = (
                [None] * len(texts) if job.label is None else batch.column(job.label).to_pylist()
            )
            yield from zip(texts, labels, strict=True)
