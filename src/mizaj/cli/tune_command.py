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
    kind: given.Kind,
    output: given.Output,
    trials: Annotated[
        int, typer.Option("--trials", min=1, metavar="N", help="How many, earlier runs included.")
    ] = 30,
    workers: Annotated[
        int, typer.Option("--workers", min=1, metavar="N", help="Trials at a time.")
    ] = 1,
    on: given.On = "local",
    address: given.Address = None,
    settings: given.Settings = None,
    validation: given.Validation = None,
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, metavar="N", help="Judge by folds instead."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the study in OUT.")] = False,
    task: given.Task = "polarity",
    labels: given.Labels = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    class_weights: given.ClassWeights = "none",
    source_power: given.SourcePower = 0.0,
    noise: given.Noises = None,
    licence: given.Licence = None,
    seed: given.Seed = 0,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="The page; else OUT/tune.html.")
    ] = None,
    as_json: given.AsJson = False,
) -> int:
    """Search the settings of a kind for the best macro-F1; the best model is kept in OUT/model.

    \b
    mizaj tune train.parquet --kind linear --trials 30 --workers 2 -o study/
    mizaj tune train.parquet --kind linear --trials 60 -o study/ --resume
    mizaj tune train.csv --kind cnn --validation v.csv --set epochs=4 -o study/
    mizaj tune train.csv --kind cnn --on ray --workers 16 --trials 200 -o study/
    """
    # Opened here: it brings numpy, pyarrow and optuna.
    from mizaj.cli.place import PlaceAsked
    from mizaj.cli.training import TrainJob
    from mizaj.cli.tuning import TuneJob, tune_posts
    from mizaj.learn.trials import TuneSettings

    job = TrainJob(
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
        source_weights=(),
        noises=tuple(noise or ()),
        licence=licence,
        seed=seed,
    )
    searched = TuneSettings(trials, workers, folds or 5, seed, task, resume)
    place = PlaceAsked(on, address, workers)
    return tune_posts(TuneJob(job, searched, place, folds is not None, html), as_json=as_json)
