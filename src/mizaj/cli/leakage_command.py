"""The command `leakage`: what two tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mizaj.cli import options as given

if TYPE_CHECKING:
    import pyarrow as pa


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
    from mizaj.learn.leakage import leakage as compare

    settings = LeakageSettings(text, label, n_examples=examples, names=(first, second))
    found = compare(_read(first, text, label), _read(second, text, label), settings)
    if as_json:
        show_json(found.to_dict())
    else:
        show(found.render())
    return DONE


def _read(path: str, text: str, label: str) -> pa.Table:
    """The posts of a file and their labels, where it has such a column."""
    import pyarrow as pa

    from mizaj.cli.scoring import open_whole
    from mizaj.read import ReadSettings

    source = open_whole([path], ReadSettings(text=text))
    columns = [name for name in (text, label) if name in source.schema.names]
    batches = [batch.select(columns) for shard in source.shards for batch in source.batches(shard)]
    schema = pa.schema([source.schema.field(name) for name in columns])
    return pa.Table.from_batches(batches, schema)
