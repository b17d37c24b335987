"""The command `export`: a trained network as ONNX, checked against itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.show import show, show_json

if TYPE_CHECKING:
    import pyarrow as pa


def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A network's folder that `train` wrote.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The folder to write.")
    ],
    int8: Annotated[
        bool, typer.Option("--int8", help="Weights in 8 bits: a quarter of the size, faster.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="Posts to check on; else the sample posts."),
    ] = None,
    text: given.Text = "text",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model in DIR.")
    ] = False,
    as_json: given.AsJson = False,
) -> int:
    """Write a trained network as ONNX, which answers without PyTorch.

    It is refused unless it answers as the network does; how well it agrees is printed.

    \b
    mizaj export my-model/ -o my-model-onnx/
    mizaj export my-model/ -o my-model-int8/ --int8 --data posts.parquet
    """
    # Opened here: they bring numpy, pyarrow and PyTorch.
    from mizaj.learn import export as exporting
    from mizaj.model.folder import open_folder, save
    from mizaj.model.kinds import load_classifier
    from mizaj.model.shipped import folder_of

    source = open_folder(folder_of(model))
    texts = None if data is None else _texts(data, text)
    made = exporting.export(load_classifier(source), texts, int8=int8)
    described = replace(source.described, parent=source.content_hash)
    folder = save(made.model, Path(output), described, overwrite=overwrite)
    size = sum(stamp["bytes"] for stamp in folder.files.values())
    if as_json:
        show_json({"model": output, "bytes": size, "agreement": asdict(made.agreement)})
    else:
        show(f"{output}: {size / 1e6:.1f} MB\nagrees with {model} on {made.agreement}")
    return 0


def _texts(path: str, column: str) -> pa.Array:
    """The posts of a file that can be read, as one array."""
    import pyarrow as pa

    from mizaj.batch import REJECTED, as_text
    from mizaj.cli.scoring import open_whole
    from mizaj.read import ReadSettings

    source = open_whole([path], ReadSettings(text=column))
    batches = [batch for shard in source.shards for batch in source.batches(shard)]
    kept = [batch.filter(batch.column(REJECTED.name).is_null()) for batch in batches]
    found = [as_text(batch.column(column)).cast(pa.large_string()) for batch in kept]
    return pa.concat_arrays(found) if found else pa.array([], pa.large_string())
