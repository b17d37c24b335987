"""How much faster a cascade is than its last tier alone, and what it loses on posts that chose nothing.

    python benchmarks/cascade_speed.py MODEL... [--allowed 0.005] [--loss macro-f1] [--rounds 5] [--json]

MODEL is `lexicon` or a model's folder, cheapest first. The judged posts and those for choosing (see `joint`) are parted
in two, near-copies together: thresholds are chosen on one half, and speed and loss measured on the other; then the
other way round. Rounds go through cascade and last tier in turn, by the clock, on all cores, from texts to
probabilities; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import datasets
import joint
import machine
import numpy as np
import pyarrow as pa
from cascade import opened

from mizaj.learn.cascade import build_cascade
from mizaj.learn.folds import fold_numbers
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.model.cascade import LOSSES, MACRO_F1, Cascade, Mode
from mizaj.model.classifier import Probabilities
from mizaj.model.members import name_members

ROUNDS = 5
ALLOWED = 0.005
WARM_UP = 64  # posts: what is opened at the first call is no pace


@dataclass(frozen=True)
class Half:
    """A cascade with thresholds from one half of the posts, on the other."""

    posts: int
    threshold: float
    shares: dict[str, float]
    cascade_f1: float
    last_f1: float
    ratios: list[float]
    rates: list[float]
    last_rates: list[float]

    @property
    def lost(self) -> float:
        """Macro-F1 of the last tier minus that of the cascade."""
        return self.last_f1 - self.cascade_f1


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    one, other = halves()
    found = [measured(options, *pair) for pair in ((one, other), (other, one))]
    if options.json:
        print(json.dumps([vars(each) for each in found], indent=2))
        return 0
    print(machine.heading())
    print(f"{' -> '.join(options.models)}; {options.loss} lost: at most {options.allowed} allowed")
    for each in found:
        print(_line(each))
    ratios = machine.Spread.of([ratio for each in found for ratio in each.ratios])
    print(f"cascade over last tier alone: {ratios.written('.1f')} times the posts a second")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL", help="folders, or lexicon")
    parser.add_argument("--allowed", type=float, default=ALLOWED, help="what may be lost (0.005)")
    parser.add_argument("--loss", choices=LOSSES, default=MACRO_F1)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds a half ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def halves() -> tuple[Labelled, Labelled]:
    """All posts that no model here has learnt from, in two parts without near-copies of each other."""
    posts = joint.joined([*(joint.judged(name) for name in joint.JUDGED), joint.choosing()])
    names = [f"{s} {c}" for s, c in zip(posts.sources.to_pylist(), posts.codes, strict=True)]
    is_first = fold_numbers(posts.texts.to_pylist(), names, n_folds=2) == 0
    return posts.take(np.flatnonzero(is_first)), posts.take(np.flatnonzero(~is_first))


def measured(options: argparse.Namespace, choosing: Labelled, judged: Labelled) -> Half:
    """The cascade set on the one half and measured on the other."""
    members = name_members([opened(model) for model in options.models])
    mode = Mode(accuracy_loss=options.allowed, loss=options.loss)
    cascade = build_cascade(members, choosing, mode)
    last = cascade.members[-1]
    found = cascade.answers(judged.texts)
    shares = np.bincount(found.tiers, minlength=len(members)) / judged.n_rows
    rates, last_rates = _rates(cascade, judged.texts, options.rounds)
    return Half(
        posts=judged.n_rows,
        threshold=cascade.thresholds[0],
        shares=dict(zip(cascade.tiers, shares.tolist(), strict=True)),
        cascade_f1=_macro_f1(judged, found.probabilities),
        last_f1=_macro_f1(judged, last.probabilities(judged.texts, cascade.labels)),
        ratios=[one / other for one, other in zip(rates, last_rates, strict=True)],
        rates=rates,
        last_rates=last_rates,
    )


def _macro_f1(posts: Labelled, proba: Probabilities) -> float:
    answers = proba.argmax(axis=1).astype(np.int64)
    return Counts.of(posts.codes, answers, labels=posts.labels).macro_f1


def _rates(cascade: Cascade, texts: pa.Array, rounds: int) -> tuple[list[float], list[float]]:
    """Posts a second of the cascade and of its last tier alone, in turn."""
    last = cascade.members[-1]
    ways: list[Callable[[pa.Array], object]] = [
        cascade.answers,
        lambda part: last.answers(part, cascade.labels),
    ]
    for way in ways:
        way(texts.slice(0, WARM_UP))
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for way, into in zip(ways, rates, strict=True):
            start = time.perf_counter()
            way(texts)
            into.append(len(texts) / (time.perf_counter() - start))
    return rates


def _line(half: Half) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in half.shares.items())
    rates = [machine.Spread.of(each).written() for each in (half.rates, half.last_rates)]
    return (
        f"{half.posts:,} posts, threshold {half.threshold:.2f}: answered by {shares}; macro-F1 {half.cascade_f1:.3f} "
        f"against {half.last_f1:.3f} (lost {half.lost:+.4f}); {rates[0]} posts a second against {rates[1]}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
