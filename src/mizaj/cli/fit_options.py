"""The options of commands that fit something on labelled posts."""

from __future__ import annotations

from typing import Annotated

import typer

Data = Annotated[
    list[str], typer.Option("--data", metavar="FILE", help="Held-out labelled posts; repeatable.")
]
Label = Annotated[
    str, typer.Option("--label", metavar="COLUMN", help="The column with the labels.")
]
LabelMap = Annotated[
    list[str] | None,
    typer.Option("--label-map", metavar="A=B", help="Label A means class B; repeatable."),
]
Html = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page as well.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what OUT holds.")]
