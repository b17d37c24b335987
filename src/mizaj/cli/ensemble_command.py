"""`mizaj ensemble`: several models that answer together."""

from __future__ import annotations

from typing import Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE
from mizaj.cli.show import show, show_json


def ensemble(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL", help="'default', 'lexicon', 'best' or folders."),
    ],
    data: given.HeldOut,
    output: given.Output,
    text: given.Text = "text",
    label: given.Label = "label",
    label_map: given.LabelMap = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
) -> int:
    """Join models into one that asks them all, with the weights that fit held-out posts best.

    A model that adds nothing is left out. Calibrate the models first: what counts is how sure
    each one is.

    \b
    mizaj ensemble linear/ encoder/ --data validation.parquet -o both/
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.cli.cascading import open_model
    from mizaj.cli.held_out import PostsJob, read_labelled
    from mizaj.learn.fit_ensemble import fit_ensemble, macro_f1s
    from mizaj.model.folder import check_free, save
    from mizaj.model.members import name_members

    check_free(output, overwrite=overwrite)
    members = name_members([open_model(name) for name in models])
    job = PostsJob(tuple(data), text, label, tuple(label_map or ()))
    posts = read_labelled(job, members[-1].classifier.labels)
    joined, described = fit_ensemble(members, posts)
    save(joined, output, described, overwrite=overwrite)
    weights = dict(zip([member.name for member in joined.members], joined.weights, strict=True))
    told = macro_f1s(members, joined, posts)
    if as_json:
        show_json({"model": output, "rows": posts.n_rows, "weights": weights, "macro_f1": told})
        return DONE
    show(f"wrote {output}: weights fitted on {posts.n_rows:,} posts, and on the same posts:")
    show(f"{'':<20}{'weight':>8}{'macro-F1':>10}")
    for name, macro_f1 in told.items():
        weight = f"{weights[name]:.2f}" if name in weights else "-"
        show(f"{name:<20}{weight:>8}{macro_f1:>10.3f}")
    return DONE
