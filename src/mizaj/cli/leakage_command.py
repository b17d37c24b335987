"""The command `leakage`: what two tables share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from mizaj.cli import options as given

if TYPE_CHECKING:
    import pyarrow as pa

    from mizaj.learn.leakage import Leakage, LeakageSettings
    from mizaj.read import Source

LARGE_BYTES = 256 << 20
"""Inputs that are bigger together are compared in passes over files, in a temporary folder."""


def leakage(
    first: Annotated[str, typer.Argument(metavar="A", help="Posts trained on: file or folder.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Posts judged on: file or folder.")],
    text: given.Text = "text",
    label: given.Label = "label",
    examples: Annotated[
        int, typer.Option("--examples", min=0, metavar="N", help="How many copies to show.")
    ] = 6,
    as_json: given.AsJson = False,
) -> int:
    """Count the posts of B that are copies or near-copies of posts of A, and show some.

    \b
    mizaj leakage train.parquet validation.parquet
    mizaj leakage train.parquet posts.jsonl --examples 20 --json
    """
    # Opened here: they bring numpy and pyarrow.
    from mizaj.cli.scoring import DONE
    from mizaj.cli.show import show, show_json
    from mizaj.learn.leakage import LeakageSettings

    settings = LeakageSettings(text, label, n_examples=examples, names=(first, second))
    sources = _open(first, text), _open(second, text)
    _check_label(sources, label)
    found = _compare(*sources, settings)
    if as_json:
        show_json(found.to_dict())
    else:
        show(found.render())
    return DONE


def _open(path: str, text: str) -> Source:
    from mizaj.cli.scoring import open_whole
    from mizaj.read import ReadSettings

    return open_whole([path], ReadSettings(text=text))


def _check_label(sources: tuple[Source, Source], label: str) -> None:
    """Raises `ColumnMissing` where a column was named that neither has; the usual one may be missing."""
    from mizaj.batch import LABEL, REJECTED
    from mizaj.errors import ColumnMissing

    there = dict.fromkeys(name for source in sources for name in source.schema.names)
    if label not in {LABEL.name, *there}:
        columns = [name for name in there if name != REJECTED.name]
        raise ColumnMissing(label, columns, needed_by="--label")


def _compare(first: Source, second: Source, settings: LeakageSettings) -> Leakage:
    """What both share: in memory, or in passes over files where they are big."""
    import tempfile
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from mizaj.learn.leakage import leakage
    from mizaj.learn.leakage_passes import large_leakage

    spans = [shard.span for source in (first, second) for shard in source.shards]
    if sum(span.n_bytes for span in spans) <= LARGE_BYTES:
        return leakage(_table(first, settings), _table(second, settings), settings)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        return large_leakage(first, second, Path(folder), settings, spread=pool.map)


def _table(source: Source, settings: LeakageSettings) -> pa.Table:
    """The posts of a source and their labels, where it has such a column; without a text where a reason stands."""
    import pyarrow as pa

    names = dict.fromkeys((settings.text, settings.label))
    columns = [name for name in names if name in source.schema.names]
    batches = [
        _kept(batch, settings.text).select(columns)
        for shard in source.shards
        for batch in source.batches(shard)
    ]
    schema = pa.schema([source.schema.field(name) for name in columns])
    return pa.Table.from_batches(batches, schema)


def _kept(batch: pa.RecordBatch, text: str) -> pa.RecordBatch:
    """The batch with null for texts that were set aside: nobody trains on them, so they are no copies of anything."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from mizaj.batch import REJECTED

    field = batch.schema.field(text)
    is_kept = batch.column(REJECTED.name).is_null()
    texts = pc.if_else(is_kept, batch.column(text), pa.scalar(None, field.type))
    return batch.set_column(batch.schema.get_field_index(text), field, texts)
