"""`mizaj cross-domain`: what a model trained on one domain is worth on another."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given


# A command's parameters are its options, so here the usual limit of five does not hold.
def cross_domain(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA", help="Files with labelled posts, each one a domain."),
    ],
    kind: given.Kind,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="COLUMN", help="The column that names the domain instead."),
    ] = None,
    settings: given.Settings = None,
    others: Annotated[
        bool, typer.Option("--others", help="Train on all domains but one as well.")
    ] = False,
    folds: Annotated[
        int, typer.Option("--folds", min=2, metavar="N", help="Judge a domain on itself by N.")
    ] = 5,
    task: given.Task = "polarity",
    labels: given.Labels = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    seed: given.Seed = 0,
    html: given.Html = None,
    as_json: given.AsJson = False,
) -> int:
    """Train a kind of model on each domain, and judge it on every other.

    \b
    mizaj cross-domain tweets.parquet reviews.parquet --kind linear
    mizaj cross-domain posts.csv --by source --kind naive-bayes --html page.html
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli.across import CrossJob, judge_across
    from mizaj.cli.words import pairs
    from mizaj.learn.cross_domain import CrossSettings
    from mizaj.learn.data import TableSettings
    from mizaj.learn.metrics import CLASSES
    from mizaj.model.folder import POLARITY

    every = CLASSES if task == POLARITY else None
    wanted = tuple(labels.split(",")) if labels else every
    mapped = pairs("--label-map", tuple(label_map or ()))
    job = CrossJob(
        tuple(data),
        kind,
        by=by,
        tables=TableSettings(text, label, by or "", mapped, wanted),
        words=pairs("--set", tuple(settings or ())),
        html=html,
        settings=CrossSettings(n_folds=folds, has_others=others, seed=seed),
    )
    return judge_across(job, as_json=as_json)
