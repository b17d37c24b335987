"""`mizaj report`: a folder of scored posts as a page."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli import scoring


def report(
    scored: Annotated[str, typer.Argument(metavar="SCORED", help="A folder that `score` wrote.")],
    output: given.Output = "report.html",
    title: Annotated[
        str | None,
        typer.Option("--title", metavar="TEXT", help="Its title; else the folder's name."),
    ] = None,
    text: given.Text = "text",
) -> int:
    """Draw a folder of scored posts as one HTML page that works offline.

    \b
    mizaj report scored/ -o report.html
    """
    return scoring.report_on(scored, output, text=text, title=title)
