"""`mizaj evaluate`: the answers of models compared with labels."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import ModelChoice


# A command's parameters are its options, so here the usual limit of five does not hold.
def evaluate(
    words: Annotated[
        list[str],
        typer.Argument(metavar="MODEL|DATA", help="Models, then files with labelled posts."),
    ],
    by: Annotated[
        list[str] | None, typer.Option("--by", metavar="COLUMN", help="Group by it; repeatable.")
    ] = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    lexicon: given.Lexicons = None,
    rules: given.Rules = "default",
    domain: given.Domain = None,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="Ask again on noisy copies of the posts.")
    ] = False,
    on: given.On = "local",
    address: given.Address = None,
    workers: given.Workers = None,
    html: given.Html = None,
    as_json: given.AsJson = False,
) -> int:
    """Compare the answers of models with labels: accuracy, F1, confusion, 95 % intervals.

    \b
    mizaj evaluate lexicon posts.jsonl
    mizaj evaluate lexicon my-model/ test.parquet --by source --json
    mizaj evaluate my-model/ huge/*.parquet --on ray --address head:6379
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli import evaluating
    from mizaj.cli.place import PlaceAsked

    job = evaluating.EvaluateJob(
        tuple(words),
        by=tuple(by) if by else None,
        text=text,
        label=label,
        label_map=tuple(label_map or ()),
        html=html,
        is_robustness_asked=robustness,
        place=PlaceAsked(on, address, workers),
    )
    chosen = ModelChoice(lexicons=tuple(lexicon or ()), rules=rules, domain=domain)
    return evaluating.evaluate_words(job, chosen, as_json=as_json)
