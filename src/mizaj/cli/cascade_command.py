"""`mizaj cascade`: models in order of cost, of which each post is read by no more than it needs."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json


# A command's parameters are its options, so here the usual limit of five does not hold.
def cascade(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL", help="Names or folders of models, the cheapest first."),
    ],
    data: given.HeldOut,
    output: given.Output,
    accuracy_loss: Annotated[
        float | None,
        typer.Option("--accuracy-loss", metavar="SHARE", help="At most so much lost: 0.005."),
    ] = None,
    posts_per_second: Annotated[
        float | None,
        typer.Option("--posts-per-second", metavar="N", help="At least so fast, here."),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="SHARE", help="How sure the bounds are.")
    ] = 0.9,
    loss: Annotated[
        Literal["accuracy", "harm", "disagreement", "macro-f1"],
        typer.Option("--loss", help="What --accuracy-loss is of."),
    ] = "accuracy",
    caution: Annotated[
        float, typer.Option("--caution", metavar="SHARE", help="How much less sure of irony.")
    ] = 0.0,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    html: given.Html = None,
    overwrite: given.Overwrite = False,
    seed: given.Seed = 0,
    as_json: given.AsJson = False,
) -> int:
    """Join models into a cascade: what one is not sure of goes to the next.

    Thresholds are chosen on held-out posts, so that with the stated confidence no more is lost
    against the last model than was allowed. A quarter of the posts tells where the cheaper
    models lose, and calibrates those that are not yet; the others choose the thresholds.
    Without --accuracy-loss or --posts-per-second, half a point of accuracy.

    \b
    mizaj cascade default best --data validation.parquet -o cascade/
    mizaj cascade lexicon linear/ encoder/ --data v.csv -o cascade/
    mizaj cascade linear/ encoder/ --data v.csv -o cascade/ --accuracy-loss 0.01
    mizaj cascade linear/ gru/ --data v.csv -o cascade/ --posts-per-second 5000
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli.cascading import CascadeJob, build
    from mizaj.cli.held_out import PostsJob
    from mizaj.learn.cascade import CascadeSettings
    from mizaj.model.cascade import Mode

    job = CascadeJob(
        tuple(models),
        PostsJob(tuple(data), text, label, tuple(label_map or ())),
        output,
        mode=Mode(accuracy_loss, posts_per_second, loss=loss),
        settings=CascadeSettings(confidence=confidence, caution=caution, seed=seed),
        html=html,
        overwrite=overwrite,
    )
    built = build(job)
    if as_json:
        show_json(built.to_dict())
    else:
        show(built.render())
    return DONE
