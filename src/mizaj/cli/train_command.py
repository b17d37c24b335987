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
    kind: given.Kind = "linear",
    validation: given.Validation = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    labels: given.Labels = None,
    task: given.Task = "polarity",
    settings: given.Settings = None,
    class_weights: given.ClassWeights = "none",
    source_power: given.SourcePower = 0.0,
    source_weight: given.SourceWeights = None,
    noise: given.Noises = None,
    licence: given.Licence = None,
    seed: given.Seed = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Processes that train.")
    ] = None,
    on: given.On = "local",
    address: given.Address = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a stopped training.")
    ] = False,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
) -> int:
    """Train a model on labelled posts, judge it on posts held out, and write its folder.

    Near-copies of the posts held out are taken out of those trained on. The card in the folder says what the model
    was made of and how good it is.

    \b
    mizaj train posts.parquet -o my-model/
    mizaj train a.csv b.csv --validation v.csv --label-map good=positive -o mine/
    mizaj train feels.parquet --task emotion --kind gru --set epochs=3 -o feels/
    mizaj train posts.parquet --kind cnn --on ray --workers 8 -o big/
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
    run = training.RunOptions(workers, on, address, resume=resume, overwrite=overwrite)
    return training.train_job(job, run, as_json=as_json)
