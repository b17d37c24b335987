"""`mizaj tune`: the best settings of a kind of model."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given


# A command's parameters are its options, so here the usual limit of five does not hold.
def tune(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA", help="Files with labelled posts to train on.")
    ],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="The kind of model.")],
    output: given.Output,
    trials: Annotated[
        int, typer.Option("--trials", min=1, metavar="N", help="How many, earlier runs included.")
    ] = 30,
    workers: Annotated[
        int, typer.Option("--workers", min=1, metavar="N", help="Processes on the study.")
    ] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting that stays; repeatable."),
    ] = None,
    validation: Annotated[
        list[str] | None,
        typer.Option("--validation", metavar="FILE", help="Posts to judge by; repeatable."),
    ] = None,
    share: Annotated[
        float,
        typer.Option("--share", metavar="SHARE", help="Held out to judge by, if no FILE is."),
    ] = 0.2,
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, metavar="N", help="Judge by folds instead."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the study in OUT.")] = False,
    task: Annotated[
        str, typer.Option("--task", metavar="NAME", help="What the model answers.")
    ] = "polarity",
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="A,B", help="Labels to learn, in this order.")
    ] = None,
    text: given.Text = "text",
    label: Annotated[
        str, typer.Option("--label", metavar="COLUMN", help="The column with the labels.")
    ] = "label",
    label_map: Annotated[
        list[str] | None,
        typer.Option("--label-map", metavar="A=B", help="Label A means class B; repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of search and training.")] = 0,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="The page; else OUT/tune.html.")
    ] = None,
    as_json: given.AsJson = False,
) -> int:
    """Search the settings of a kind for the best macro-F1; the best model is kept in OUT/model.

    \b
    mizaj tune train.parquet --kind linear --trials 30 --workers 2 -o study/
    mizaj tune train.parquet --kind linear --trials 60 -o study/ --resume
    mizaj tune train.parquet --kind cnn --validation v.parquet --set epochs=4 -o study/
    """
    # Opened here: it brings numpy, pyarrow and optuna.
    from mizaj.cli.posts_read import PostsAsked, pairs
    from mizaj.cli.tuning import TuneJob, tune_posts
    from mizaj.learn.trials import TuneSettings

    mapped, wanted = tuple(label_map or ()), tuple(labels.split(",")) if labels else ()
    job = TuneJob(
        tuple(data),
        kind,
        output,
        posts=PostsAsked(text, label, mapped, wanted, source="source", task=task),
        validation=tuple(validation or ()),
        share=None if folds else share,
        fixed=pairs(settings or (), example="epochs=3"),
        html=html,
        settings=TuneSettings(trials, workers, folds or 5, seed, task, resume),
    )
    return tune_posts(job, as_json=as_json)
