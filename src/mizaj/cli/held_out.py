"""Posts on the command line that something is fitted on: labelled ones, and ones without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, as_text
from mizaj.cli.evaluating import labelled_batches
from mizaj.cli.scoring import open_whole
from mizaj.cli.show import warn
from mizaj.errors import ColumnMissing, SettingError
from mizaj.learn.evaluate import EvaluateSettings
from mizaj.learn.labelled import Labelled
from mizaj.read import ReadSettings

_MOST_NAMED = 6


@dataclass(frozen=True)
class PostsJob:
    """Which files, which columns, and which label means which of the model's."""

    data: tuple[str, ...]
    text: str
    label: str
    label_map: tuple[str, ...] = ()


def read_labelled(job: PostsJob, labels: Sequence[str]) -> Labelled:
    """The posts whose label is one of `labels`, after the label map; a line says how many were left out.

    Raises `ColumnMissing` for a column that is not there, `SettingError` where no post has a label that is known.
    """
    meaning = {**{label: label for label in labels}, **dict(map(_pair, job.label_map))}
    places = {
        given: tuple(labels).index(label) for given, label in meaning.items() if label in labels
    }
    texts, given = _columns(job)
    codes = np.array([places.get(label or "", -1) for label in given], np.int64)
    _check_known(codes, given, job, labels)
    kept = np.flatnonzero(codes >= 0)
    return Labelled.of(texts.take(pa.array(kept)), codes[kept], tuple(labels))


def read_texts(sources: Sequence[str], text: str) -> pa.Array:
    """The texts of files, those that can be read."""
    source = open_whole(sources, ReadSettings(text=text))
    batches = [batch for shard in source.shards for batch in source.batches(shard)]
    kept = [batch.filter(pc.is_null(batch.column(REJECTED.name))) for batch in batches]
    return _strings([batch.column(text) for batch in kept])


def _columns(job: PostsJob) -> tuple[pa.Array, list[str | None]]:
    settings = EvaluateSettings(text=job.text, label=job.label)
    batches = list(labelled_batches(job.data, settings))
    for batch in batches:
        for name in (job.text, job.label):
            if name not in batch.schema.names:
                raise ColumnMissing(name, batch.schema.names, needed_by="this command")
    labels = [batch.column(job.label).cast(pa.string()).to_pylist() for batch in batches]
    return _strings([batch.column(job.text) for batch in batches]), [
        x for part in labels for x in part
    ]


def _strings(columns: Sequence[pa.Array]) -> pa.Array:
    parts = [as_text(column).cast(pa.string()).fill_null("") for column in columns]
    return pa.concat_arrays([pa.array([], pa.string()), *parts])


def _check_known(
    codes: np.ndarray, given: Sequence[str | None], job: PostsJob, labels: Sequence[str]
) -> None:
    unknown = Counter(str(given[i]) for i in np.flatnonzero(codes < 0).tolist())
    if not unknown and len(codes):
        return
    named = ", ".join(f"{label} {n:,}" for label, n in unknown.most_common(_MOST_NAMED))
    if len(codes) == sum(unknown.values()):
        msg = (
            f"no post has a label that the model knows ({', '.join(labels)}); column '{job.label}' holds: "
            f"{named or 'nothing'}; say what they stand for (--label-map good=positive)"
        )
        raise SettingError(msg)
    warn(f"left out, for the model does not know their label: {named}")


def _pair(words: str) -> tuple[str, str]:
    label, equals, target = words.partition("=")
    if not equals:
        msg = f"label map '{words}' has no '='; write LABEL=CLASS, such as good=positive"
        raise SettingError(msg)
    return label, target
