"""`mizaj distil`: a cheap model taught by a dear one, or by several together."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json


# A command's parameters are its options, so here the usual limit of five does not hold.
def distil(
    teachers: Annotated[
        list[str],
        typer.Argument(metavar="TEACHER", help="'best' or folders; several teach together."),
    ],
    data: Annotated[
        list[str],
        typer.Option("--data", metavar="FILE", help="Labelled posts to learn; repeatable."),
    ],
    kind: given.Kind,
    output: given.Output,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option("--unlabelled", metavar="FILE", help="More posts to learn; repeatable."),
    ] = None,
    validation: Annotated[
        list[str] | None,
        typer.Option("--validation", metavar="FILE", help="Labelled posts to stop and judge by."),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", metavar="T", help="Above 1: second thoughts count.")
    ] = 1.5,
    share: Annotated[
        float, typer.Option("--share", metavar="SHARE", help="The teacher's, beside the label.")
    ] = 0.5,
    shortest: Annotated[
        int,
        typer.Option("--shortest", metavar="WORDS", help="Of shorter posts, labels alone count."),
    ] = 0,
    settings: given.Settings = None,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    overwrite: given.Overwrite = False,
    seed: given.Seed = 0,
    as_json: given.AsJson = False,
) -> int:
    """Train a student on what teachers think of labelled and unlabelled posts.

    Teachers are taken as they are calibrated; the weights of several are fitted on the validation
    posts, if there are any. So is the student's temperature.

    \b
    mizaj distil encoder/ --kind linear --data train.parquet -o student/
    mizaj distil encoder/ cnn/ --kind linear --data train.parquet \\
        --unlabelled posts.parquet --validation v.parquet -o student/
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli.distilling import DistilJob, train_student
    from mizaj.cli.held_out import PostsJob
    from mizaj.learn.distil import DistilSettings

    mapped = tuple(label_map or ())
    job = DistilJob(
        tuple(teachers),
        kind,
        PostsJob(tuple(data), text, label, mapped),
        output,
        unlabelled=tuple(unlabelled or ()),
        validation=PostsJob(tuple(validation), text, label, mapped) if validation else None,
        words=tuple(settings or ()),
        settings=DistilSettings(temperature, share, shortest=shortest),
        overwrite=overwrite,
        seed=seed,
    )
    told = train_student(job)
    if as_json:
        show_json(told)
        return DONE
    show(f"wrote {output}: {kind}, taught on {told['posts']:,} posts by {', '.join(teachers)}")
    for name, macro_f1 in told["macro_f1"].items():
        show(f"  macro-F1 on the validation posts: {macro_f1:.3f} {name}")
    return DONE
