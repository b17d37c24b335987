"""How much faster a cascade is than its last tier alone, and what it loses on posts that chose nothing.

    python benchmarks/cascade_speed.py MODEL... [--allowed 0.005] [--loss macro-f1] [--rounds 3] [--highest] [--json]

MODEL is `lexicon` or a model's folder, cheapest first. The posts are all that are reported on and no tier has learnt
from: the validation splits, a fold of IIITH, and VADER's sets. They are parted in five, near-copies together: in turn,
four parts make the cascade (calibration, sureness, thresholds), and on the fifth its loss and its speed are measured.
Rounds go through cascade and last tier in turn, by the clock, on all cores, from texts to probabilities; ratios are
taken within a round. The loss over all is that of the five parts' answers together. `--highest` is for comparison: how
sure a tier is is not learnt.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import datasets
import joint
import machine
import numpy as np
import pyarrow as pa
from cascade import opened

from mizaj.learn.cascade import Seen, fit_cascade, look, prepare_seen
from mizaj.learn.folds import fold_numbers
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.learn.risk import macro_f1_loss, three_way
from mizaj.model.cascade import LOSSES, MACRO_F1, Cascade, Mode
from mizaj.model.members import Member, name_members

ROUNDS, N_PARTS = 3, 5
VADER = "vader-icwsm2014"
ALLOWED = 0.005
WARM_UP = 64  # posts: what is opened at the first call is no pace


@dataclass(frozen=True)
class Part:
    """A cascade made on the other parts of the posts, on this one."""

    posts: int
    threshold: float
    shares: dict[str, float]
    cells: list[list[list[int]]]
    ratios: list[float]
    rates: list[float]
    last_rates: list[float]


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    members = name_members([opened(model) for model in options.models])
    posts = reported()
    seen = look(members, posts)
    parts = [measured(options, members, (posts, seen), held) for held in _parts(posts)]
    if options.json:
        print(json.dumps([vars(each) for each in parts], indent=2))
        return 0
    print(machine.heading())
    print(f"{' -> '.join(options.models)}; {options.loss} lost: at most {options.allowed} allowed")
    for each in parts:
        print(_line(each))
    print(_together(parts, seen))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL", help="folders, or lexicon")
    parser.add_argument("--allowed", type=float, default=ALLOWED, help="what may be lost (0.005)")
    parser.add_argument("--loss", choices=LOSSES, default=MACRO_F1)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds a part ({ROUNDS})")
    parser.add_argument(
        "--highest", action="store_true", help="tiers as sure as their highest probability"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def reported() -> Labelled:
    """The posts that are reported on, with their sets as sources."""
    vader = joint.labelled(datasets.load(VADER, "train"), VADER)
    return joint.joined([*(joint.judged(name) for name in joint.JUDGED), vader])


def _parts(posts: Labelled) -> list[Ints]:
    """The places of the posts of each part; sets and labels are in all of them alike."""
    names = [f"{s} {c}" for s, c in zip(posts.sources.to_pylist(), posts.codes, strict=True)]
    numbers = fold_numbers(posts.texts.to_pylist(), names, n_folds=N_PARTS)
    return [np.flatnonzero(numbers == part) for part in range(N_PARTS)]


def measured(
    options: argparse.Namespace,
    members: Sequence[Member],
    known: tuple[Labelled, Seen],
    held: Ints,
) -> Part:
    """The cascade made on all posts but those at `held`, measured on these."""
    posts, seen = known
    rest = np.setdiff1d(np.arange(posts.n_rows), held)
    mode = Mode(accuracy_loss=options.allowed, loss=options.loss)
    ready = prepare_seen(members, posts.take(rest), seen.take(rest), mode.loss)
    sureness = () if options.highest else ready.seen.sureness
    cascade = fit_cascade(ready.members, replace(ready.seen, sureness=sureness), mode)
    texts = posts.texts.take(pa.array(held))
    found = cascade.answers(texts)
    shares = np.bincount(found.tiers, minlength=len(members)) / len(held)
    answers = found.probabilities.argmax(axis=1).astype(np.int64)
    cells = three_way(seen.truth[held], answers, seen.last[held], len(seen.labels))
    rates, last_rates = _rates(cascade, texts, options.rounds)
    return Part(
        posts=len(held),
        threshold=cascade.thresholds[0],
        shares=dict(zip(cascade.tiers, shares.tolist(), strict=True)),
        cells=cells.tolist(),
        ratios=[one / other for one, other in zip(rates, last_rates, strict=True)],
        rates=rates,
        last_rates=last_rates,
    )


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


def _line(part: Part) -> str:
    rates = [machine.Spread.of(each).written() for each in (part.rates, part.last_rates)]
    lost = float(macro_f1_loss(np.array(part.cells)))
    return (
        f"{part.posts:,} posts, threshold {part.threshold:.3f}: answered by {_spelt(part.shares)}; macro-F1 lost "
        f"{lost:+.4f}; {rates[0]} posts a second against {rates[1]}"
    )


def _together(parts: Sequence[Part], seen: Seen) -> str:
    """The loss and gain in speed over all parts."""
    ratios = machine.Spread.of([ratio for each in parts for ratio in each.ratios])
    cells = np.sum([each.cells for each in parts], axis=0)
    by_cascade, by_last = (
        Counts.from_array(cells.sum(axis=axis), labels=seen.labels).macro_f1 for axis in (2, 1)
    )
    shares = {
        name: float(np.average([p.shares[name] for p in parts], weights=[p.posts for p in parts]))
        for name in parts[0].shares
    }
    return (
        f"all {cells.sum():,} posts: answered by {_spelt(shares)}; macro-F1 {by_cascade:.4f} against {by_last:.4f} "
        f"(lost {by_last - by_cascade:+.4f})\n"
        f"cascade over last tier alone: {ratios.written('.1f')} times the posts a second"
    )


def _spelt(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())


if __name__ == "__main__":
    raise SystemExit(main())
