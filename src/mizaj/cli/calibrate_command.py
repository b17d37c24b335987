"""`mizaj calibrate`: probabilities that mean what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json

if TYPE_CHECKING:
    from mizaj.learn.calibrate import Calibrated


def calibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="'best' or the folder of a model.")],
    data: Annotated[
        list[str], typer.Argument(metavar="DATA", help="Labelled posts it has not learnt from.")
    ],
    method: Annotated[
        Literal["auto", "temperature", "isotonic", "none"],
        typer.Option("--method", help="How; 'auto' tries all, 'none' removes it."),
    ] = "auto",
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    html: given.Html = None,
    seed: given.Seed = 0,
    as_json: given.AsJson = False,
) -> int:
    """Fit a model's confidence to how often it is right, on held-out posts.

    The calibration is written into the model's folder; its weights stay as they are. What it is
    worth is measured by folds, on posts that it was not fitted on.

    \b
    mizaj calibrate my-model/ validation.parquet
    mizaj calibrate my-model/ held.parquet --method temperature --html page.html
    """
    # Opened here: it brings numpy and pyarrow.
    from dataclasses import replace
    from pathlib import Path

    from mizaj.cli.held_out import PostsJob, read_labelled
    from mizaj.learn.calibrate import CalibrateSettings
    from mizaj.learn.calibrate import calibrate as fit
    from mizaj.learn.evaluation_page import write_page
    from mizaj.model.folder import describe
    from mizaj.model.score import load_model
    from mizaj.model.shipped import folder_of

    settings = CalibrateSettings(method, seed=seed)
    loaded = load_model(folder_of(model))
    posts = read_labelled(
        PostsJob(tuple(data), text, label, tuple(label_map or ())), loaded.classifier.labels
    )
    found = fit(loaded.classifier.probabilities(posts.texts), posts, settings)
    described = loaded.folder.described
    told = _told(found)
    describe(
        loaded.folder,
        replace(
            described,
            calibration=found.calibration.to_dict(),
            card={**described.card, "calibration": {**told, "posts": posts.n_rows}},
        ),
    )
    if html is not None:
        write_page([found.before, found.after], Path(html), title=f"Calibration of {model}")
    if as_json:
        show_json({"model": model, "rows": posts.n_rows, **told, **_evaluations(found)})
    else:
        show(_table(found, posts.n_rows))
    return DONE


def _told(found: Calibrated) -> dict[str, Any]:
    return {
        "method": found.method,
        "log_loss": dict(found.log_losses),
        "calibration_error": {
            each.name: each.calibration.error for each in (found.before, found.after)
        },
    }


def _evaluations(found: Calibrated) -> dict[str, Any]:
    return {each.name: each.to_dict() for each in (found.before, found.after)}


def _table(found: Calibrated, n_rows: int) -> str:
    lines = [f"{found.method}, fitted on {n_rows:,} posts; measured by folds:"]
    lines += [f"{'':<20}{'before':>8}{'after':>8}"]
    both = (found.before, found.after)
    rows = {
        "calibration error": [each.calibration.error for each in both],
        "log-loss": [found.log_losses["none"], found.log_losses[found.method]],
        "accuracy": [each.counts.accuracy for each in both],
        "macro-F1": [each.counts.macro_f1 for each in both],
    }
    lines += [f"{name:<20}{a:>8.3f}{b:>8.3f}" for name, (a, b) in rows.items()]
    tried = ", ".join(f"{name} {loss:.3f}" for name, loss in found.log_losses.items())
    return "\n".join([*lines, f"log-loss of what was tried: {tried}"])
