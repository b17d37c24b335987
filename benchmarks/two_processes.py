"""What a second process brings in training: steps a second of one process and of two, at the same global batch.

    python benchmarks/two_processes.py [--kinds transformer gru] [--batch-size 128] [--steps 150] [--repeats 3]
                                       [--settings pretrained=FOLDER n_layers=6 ...]

Three ways take turns: one process on one thread, one process on two threads, two processes on one thread each. Without
dropout all must have the same losses, which is checked first. Beside them stands what the machine can do: two processes
that train two networks and exchange nothing, each on half the rows. Starting the processes is not counted: it is
seconds, whatever the length of training; each run is timed from its step `WARM` to its last. A recurrent network gains
least: it takes its tokens one after the other, however few rows a process has.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import datasets
import machine
import numpy as np
import pyarrow as pa

from mizaj.learn.kinds import Trainer, trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.network_settings import SETTINGS

WARM = 20
WAYS = {
    "1 process, 1 thread": {"workers": 1, "threads": 1},
    "1 process, 2 threads": {"workers": 1, "threads": 2},
    "2 processes, 1 thread each": {"workers": 2, "threads": 1},
}
APART = "2 processes that exchange nothing"
PLAIN, SHARED = "1 process, 1 thread", "2 processes, 1 thread each"
# Sums in another order, grown by the steps between: what one process shows against itself on other threads.
TOLERANCE = 1e-3


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    found = {kind: _measure(kind, options) for kind in options.kinds}
    if options.json:
        print(json.dumps({"machine": machine.describe(), "steps_a_second": found}))
        return 0
    print(machine.heading(), f"global batch {options.batch_size}", _table(found), sep="\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=[*SETTINGS, "encoder"],
        default=["transformer", "cnn", "gru"],
    )
    parser.add_argument("--settings", nargs="*", default=[], help="settings, as name=value")
    parser.add_argument(
        "--batch-size", type=int, default=128, help="rows a step, over all processes"
    )
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


def _measure(kind: str, options: argparse.Namespace) -> dict[str, list[float]]:
    posts = _posts(options.steps * options.batch_size)
    how = trainer(kind)
    given = dict(word.split("=", 1) for word in options.settings)
    hidden = "token_dropout" if kind == "encoder" else "word_dropout"
    settings = replace(
        how.settings_from(given),
        **{"epochs": 1, "batch_size": options.batch_size, "dropout": 0.0, hidden: 0.0},
    )
    losses: dict[str, list[float]] = {}
    speeds: dict[str, list[float]] = {way: [] for way in (*WAYS, APART)}
    for _ in range(options.repeats):
        for way, cores in WAYS.items():
            losses[way], speed = _train(how, posts, replace(settings, **cores))
            speeds[way].append(speed)
        speeds[APART].append(_apart(kind, posts, settings))
    for way, curve in losses.items():
        np.testing.assert_allclose(curve, losses[PLAIN], atol=TOLERANCE, err_msg=f"{kind}, {way}")
    return speeds


def _train(how: Trainer, posts: Labelled, settings: Any) -> tuple[list[float], float]:
    """The losses of all steps, and how many steps a second there were."""
    times, losses = [], []

    def note(figures: Mapping[str, Any]) -> None:
        times.append(time.perf_counter())
        losses.append(figures["loss"])

    how(posts, None, settings, progress=note)
    return losses, (len(times) - 1 - WARM) / (times[-1] - times[WARM])


def _apart(kind: str, posts: Labelled, settings: Any) -> float:
    """Steps a second of the slower of two processes, each with half the rows of a step and a network of its own."""
    half = replace(settings, batch_size=settings.batch_size // 2, workers=1, threads=1)
    parts = [posts.take(np.arange(first, posts.n_rows, 2)) for first in (0, 1)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(_train, trainer(kind), part, half) for part in parts]
        return min(run.result()[1] for run in runs)


def _posts(n_rows: int) -> Labelled:
    """Posts of SentiMix and TweetEval, as many as asked for or as there are."""
    table = pa.concat_tables(
        datasets.load(name, "train", rejoin=True)
        for name in ("sentimix-hinglish", "tweeteval-sentiment")
    )
    table = table.take(np.random.default_rng(0).permutation(table.num_rows)[:n_rows])
    codes = [datasets.CLASSES.index(label) for label in table["label"].to_pylist()]
    return Labelled.of(table["text"].combine_chunks(), np.array(codes), datasets.CLASSES)


def _table(found: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    ways = (*WAYS, APART)
    lines = [f"| steps a second | {' | '.join(ways)} | ratio | could be |"]
    lines.append("| --- " * (len(ways) + 3) + "|")
    for kind, speeds in found.items():
        cells = [
            f"{statistics.median(each):.1f} ({min(each):.1f}-{max(each):.1f})"
            for each in speeds.values()
        ]
        plain = statistics.median(speeds[PLAIN])
        ratio, most = (statistics.median(speeds[way]) / plain for way in (SHARED, APART))
        lines.append(f"| {kind} | {' | '.join(cells)} | {ratio:.2f}x | {most:.2f}x |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
