"""Posts on the command line that something is fitted on: labelled ones, and ones without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, as_text
from mizaj.cli.scoring import open_whole
from mizaj.cli.show import warn
from mizaj.cli.words import pairs, resolve_sources
from mizaj.learn.data import TableSettings, read_tables
from mizaj.learn.labelled import Labelled
from mizaj.read import ReadSettings


@dataclass(frozen=True)
class PostsJob:
    """Which files, which columns, and which label means which of the model's."""

    data: tuple[str, ...]
    text: str
    label: str
    label_map: tuple[str, ...] = ()


def read_labelled(job: PostsJob, labels: Sequence[str]) -> Labelled:
    """The posts whose label is one of `labels`, after the label map; lines say how many were left out, and why.

    Raises `ColumnMissing` for a column that is not there, `SettingError` where no post has a label that is known.
    """
    mapped = pairs("--label-map", job.label_map)
    settings = TableSettings(job.text, job.label, label_map=mapped, labels=tuple(labels))
    found = read_tables(resolve_sources(job.data), settings)
    for remark in found.remarks:
        warn(remark)
    return found.labelled


def read_texts(sources: Sequence[str], text: str) -> pa.Array:
    """The texts of files, those that can be read."""
    source = open_whole(sources, ReadSettings(text=text))
    batches = [batch for shard in source.shards for batch in source.batches(shard)]
    kept = [batch.filter(pc.is_null(batch.column(REJECTED.name))) for batch in batches]
    columns = [as_text(batch.column(text)).cast(pa.string()).fill_null("") for batch in kept]
    return pa.concat_arrays([pa.array([], pa.string()), *columns])
