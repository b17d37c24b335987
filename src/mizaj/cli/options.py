"""The options that several commands share, each spelt once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

RulesName = Literal["default", "paper-product", "paper-table"]

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE", help="Files, folders, patterns, URLs, or '-'.")
]
Words = Annotated[
    list[str], typer.Argument(metavar="TEXT", help="One text, in quotes.", show_default=False)
]
Text = Annotated[str, typer.Option("--text", metavar="COLUMN", help="The column with the posts.")]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Input format, if no file ending says it."),
]
Query = Annotated[
    str | None, typer.Option("--query", metavar="SQL", help="Read what a DuckDB query gives.")
]
ModelName = Annotated[
    str,
    typer.Option("--model", metavar="NAME", help="'default', 'lexicon', 'best' or a folder."),
]
Lexicons = Annotated[
    list[str] | None,
    typer.Option("--lexicon", metavar="FILE", help="Add your own dictionary (TSV); repeatable."),
]
Rules = Annotated[
    RulesName, typer.Option("--rules", help="How words combine; the paper's ways are to compare.")
]
Domain = Annotated[
    str | None, typer.Option("--domain", metavar="NAME", help="Add a domain pack, e.g. movies.")
]
Output = Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="What to write.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
