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
On = Annotated[
    Literal["local", "ray", "spark"],
    typer.Option("--on", help="Where it runs: here or on a cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDR",
        help="The cluster: HOST:PORT or 'auto' (Ray), spark://HOST:PORT (Spark).",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, metavar="N", help="Shards at a time; one a processor."),
]
ShardRows = Annotated[
    int | None,
    typer.Option(
        "--shard-rows",
        min=1,
        metavar="N",
        help="Rows of a shard, as far as a file can be cut; millions on a large cluster.",
    ),
]
To = Annotated[Literal["parquet", "jsonl", "csv"], typer.Option("--to", help="Output format.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 1 if rows are rejected.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no counts.")]
Output = Annotated[str, typer.Option("--output", "-o", metavar="OUT", help="What to write.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

# Of commands that learn from labelled posts, or judge by them.
Kind = Annotated[str, typer.Option("--kind", metavar="KIND", help="The kind of model to train.")]
Label = Annotated[
    str, typer.Option("--label", metavar="COLUMN", help="The column with the labels.")
]
LabelMap = Annotated[
    list[str] | None,
    typer.Option("--label-map", metavar="A=B", help="Label A means label B; repeatable."),
]
Labels = Annotated[
    str | None,
    typer.Option("--labels", metavar="A,B,...", help="Labels to learn; others are left out."),
]
Task = Annotated[
    str, typer.Option("--task", metavar="NAME", help="polarity, or another: emotion, hate, ...")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting of the kind; repeatable."),
]
HeldOut = Annotated[
    list[str], typer.Option("--data", metavar="FILE", help="Held-out labelled posts; repeatable.")
]
Validation = Annotated[
    list[str] | None,
    typer.Option(
        "--validation",
        metavar="FILE|SHARE",
        help="Posts to judge by, or the share to hold out (0.2); files repeatable.",
    ),
]
ClassWeights = Annotated[
    str,
    typer.Option(
        "--class-weights", metavar="HOW", help="none, balanced, or a power between 0 and 1."
    ),
]
SourcePower = Annotated[
    float,
    typer.Option("--source-power", metavar="P", help="0: rows count; 1: sources count alike."),
]
SourceWeights = Annotated[
    list[str] | None,
    typer.Option("--source-weight", metavar="NAME=W", help="A source's weight; repeatable."),
]
Noises = Annotated[
    list[str] | None,
    typer.Option("--noise", metavar="NAME", help="Train on noisy copies too; repeatable."),
]
Licence = Annotated[
    str | None, typer.Option("--licence", metavar="TEXT", help="The data's licence, for the card.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Decides all chance.")]
Html = Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page as well.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
