"""Whether a cascade keeps its promise: how often it loses more than it was allowed, and what it saves.

    python benchmarks/cascade.py MODEL... [--draws 200] [--posts 3000] [--json]

MODEL is `lexicon` or a model's folder, cheapest first; the posts are validation splits. They are taken for the whole
world: posts to make a cascade on are drawn from them with replacement, a quarter for calibration and sureness and the
others for thresholds, and its true loss is that on all of them. The share of draws whose true loss is above what was
allowed must be at most one minus the confidence. Beside it stands the same for the boldest threshold whose loss on the
draw was allowed, without a bound.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import datasets
import numpy as np
import pyarrow as pa
from machine import heading

from mizaj.learn.cascade import (
    CascadeSettings,
    Seen,
    bounded_points,
    fit_members,
    look,
    point_at,
)
from mizaj.learn.labelled import Labelled
from mizaj.model.cascade import ACCURACY, DISAGREEMENT, HARM, MACRO_F1, NEVER, Point
from mizaj.model.folder import Described
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import Member, name_members
from mizaj.model.score import load_model

SETS = ("sentimix-hinglish", "sail2017-hinglish", "tweeteval-sentiment")
ALLOWED = (
    (ACCURACY, 0.005),
    (ACCURACY, 0.01),
    (MACRO_F1, 0.005),
    (HARM, 0.01),
    (DISAGREEMENT, 0.01),
)
CONFIDENCE = 0.9
STEP = 0.02


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL", help="folders, or lexicon")
    parser.add_argument("--draws", type=int, default=200, help="how often thresholds are chosen")
    parser.add_argument("--posts", type=int, default=3000, help="posts in a draw")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    if datasets.absent():
        print(datasets.absent())
        return
    members = name_members([opened(model) for model in options.models])
    seen = look(members, posts())
    rows = [
        promise(members, seen, wish, n=options.posts, n_draws=options.draws) for wish in ALLOWED
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(heading())
    print(
        f"{' -> '.join(options.models)}: {len(seen.truth):,} posts, {options.draws} draws of {options.posts:,}"
    )
    print(table(rows))


def opened(model: str) -> tuple[object, Described]:
    """A model with what its folder says of it."""
    if model == "lexicon":
        return lexicon_tier(), Described()
    loaded = load_model(Path(model))
    return loaded.classifier, loaded.folder.described


def posts() -> Labelled:
    """The validation splits, one behind the other."""
    rows = pa.concat_tables([datasets.load(name, "validation", rejoin=True) for name in SETS])
    codes = np.array([datasets.CLASSES.index(label) for label in rows["label"].to_pylist()])
    return Labelled.of(rows["text"].combine_chunks(), codes, datasets.CLASSES)


def promise(
    members: Sequence[Member], seen: Seen, wish: tuple[str, float], *, n: int, n_draws: int
) -> dict[str, object]:
    """How often more than is allowed is lost, with the bound and without."""
    loss, allowed = wish
    settings = CascadeSettings(confidence=CONFIDENCE, step=STEP, losses=(loss,))
    draws = np.random.default_rng(0)
    n_fitting = n // settings.fitting_parts
    kept, naive = [], []
    for _ in range(n_draws):
        drawn = draws.integers(0, len(seen.truth), n)
        fitted = fit_members(members, seen.take(drawn[:n_fitting]), loss)
        points = bounded_points(fitted(seen.take(drawn[n_fitting:])), settings)
        world = fitted(seen)
        kept.append(point_at(world, boldest(points, loss, allowed), settings))
        fitting = [point for point in points if point.losses[loss] <= allowed]
        naive.append(point_at(world, fitting[-1].thresholds, settings))
    return {
        "loss": loss,
        "allowed": allowed,
        "broken": share_above(kept, loss, allowed),
        "broken_without_bound": share_above(naive, loss, allowed),
        "mean_loss": float(np.mean([point.losses[loss] for point in kept])),
        "shares": np.mean([point.shares for point in kept], axis=0).tolist(),
    }


def boldest(points: list[Point], loss: str, allowed: float) -> tuple[float, ...]:
    """The thresholds that `tuned` takes."""
    chosen = (NEVER,) * len(points[0].thresholds)
    for point in points:
        if point.bounds[loss] > allowed:
            break
        chosen = point.thresholds
    return chosen


def share_above(points: list[Point], loss: str, allowed: float) -> float:
    """The share of the points that truly lose more than is allowed."""
    return float(np.mean([point.losses[loss] > allowed for point in points]))


def table(rows: list[dict[str, object]]) -> str:
    """The rows as text."""
    return "\n".join(_lines(rows))


def _lines(rows: list[dict[str, object]]) -> Iterator[str]:
    yield f"{'loss':<13} allowed  broken  without bound  mean loss  answered by each tier"
    for row in rows:
        shares = " ".join(f"{share:.0%}" for share in row["shares"])
        yield (
            f"{row['loss']:<13} {row['allowed']:>7.3f}  {row['broken']:>6.1%}"
            f"  {row['broken_without_bound']:>13.1%}  {row['mean_loss']:>+9.4f}  {shares}"
        )


if __name__ == "__main__":
    main()
