"""The command `train`: labelled posts to a model folder."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given


# A command's parameters are its options, so here the usual limit of five does not hold.
def train(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA", help="Files or folders with labelled posts.")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The model's folder to write.")
    ],
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="What is trained.")
    ] = "linear",
    validation: Annotated[
        list[str] | None,
        typer.Option(
            "--validation",
            metavar="FILE|SHARE",
            help="Posts to judge by, or the share to hold out (0.2); files repeatable.",
        ),
    ] = None,
    text: given.Text = "text",
    label: Annotated[
        str, typer.Option("--label", metavar="COLUMN", help="The column with the labels.")
    ] = "label",
    label_map: Annotated[
        list[str] | None,
        typer.Option("--label-map", metavar="A=B", help="Call label A label B; repeatable."),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="A,B,...", help="Labels to learn; others are left out."),
    ] = None,
    task: Annotated[
        str, typer.Option("--task", metavar="NAME", help="polarity, or another: emotion, hate, ...")
    ] = "polarity",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of the kind; repeatable."),
    ] = None,
    class_weights: Annotated[
        str,
        typer.Option(
            "--class-weights", metavar="HOW", help="none, balanced, or a power between 0 and 1."
        ),
    ] = "none",
    source_power: Annotated[
        float,
        typer.Option("--source-power", metavar="P", help="0: rows count; 1: sources count alike."),
    ] = 0.0,
    source_weight: Annotated[
        list[str] | None,
        typer.Option("--source-weight", metavar="NAME=W", help="A source's weight; repeatable."),
    ] = None,
    noise: Annotated[
        list[str] | None,
        typer.Option("--noise", metavar="NAME", help="Train on noisy copies too; repeatable."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option("--licence", metavar="TEXT", help="The data's licence, for the card."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, metavar="N", help="Decides all chance.")
    ] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Processes that train.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a stopped training.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model in DIR.")
    ] = False,
    as_json: given.AsJson = False,
) -> int:
    """Train a model on labelled posts, judge it on posts held out, and write its folder.

    Near-copies of the posts held out are taken out of those trained on. The card in the folder says what the model
    was made of and how good it is.

    \b
    mizaj train posts.parquet -o my-model/
    mizaj train a.csv b.csv --validation v.csv --label-map good=positive -o mine/
    mizaj train feels.parquet --task emotion --kind gru --set epochs=3 -o feels/
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli import training

    job = training.TrainJob(
        tuple(data),
        output,
        kind=kind,
        validation=tuple(validation or ()),
        text=text,
        label=label,
        label_map=tuple(label_map or ()),
        labels=labels,
        task=task,
        settings=tuple(settings or ()),
        class_weights=class_weights,
        source_power=source_power,
        source_weights=tuple(source_weight or ()),
        noises=tuple(noise or ()),
        licence=licence,
        seed=seed,
    )
    run = training.RunOptions(workers, resume=resume, overwrite=overwrite)
    return training.train_job(job, run, as_json=as_json)
