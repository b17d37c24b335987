"""AllReduce against a parameter server, by staleness: steps a second, bytes moved, macro-F1 on the same posts.

    python benchmarks/parameter_server.py [--rows 4000] [--epochs 3] [--staleness 0 1 4 16] [--servers 1] [--repeats 1]
                                          [--kind cnn] [--batch-size 64] [--slow-ms 100] [--settings embedding=64 ...]

Three times over: with workers that are alike; with one that loses `--slow-ms` at each of its pieces; with workers that
each pause now and then, for as much time in all. AllReduce waits for the slowest at every step. A server of staleness 0
does so too, and must have its losses, which is checked first; with more, the others take the pieces that a slow one
does not. Each run is timed from its step `WARM` to its last, so starting is not counted, nor the judging at its end.
Bytes are those of gradients and parameters that leave or reach a worker, over all workers. Macro-F1 is that of the last
step on SentiMix's validation part, with its 95 % interval; with repeats, of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import datasets
import machine
import numpy as np
import torch
from slow_network import Slow

from mizaj.cluster.ray import connected
from mizaj.learn.backward import Backward, Piece
from mizaj.learn.encoded import Encoded
from mizaj.learn.fit_network import sizes_of
from mizaj.learn.group import is_long, touched
from mizaj.learn.intervals import Interval, bootstrap_intervals
from mizaj.learn.job import Job
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.network_settings import SETTINGS
from mizaj.learn.subwords import train_subwords
from mizaj.learn.train import train
from mizaj.model import networks

WARM = 5
WORKERS = ("alike", "one", "pauses")
SAID = {"alike": "workers alike", "one": "one slow worker", "pauses": "pauses now and then"}
# Sums in another order, grown by the steps between.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Found:
    """What one run showed."""

    losses: tuple[float, ...]
    steps_a_second: float
    bytes_a_step: float
    behind: float
    macro_f1: Interval


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    # So that workers find `slow_network`.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    )
    job = _job(options)
    found: dict[tuple[str, str], list[Found]] = {}
    with connected(None, workers=options.workers):
        for _ in range(options.repeats):
            for who in WORKERS:
                for way, settings in _ways(options).items():
                    one = _run(
                        replace(job, settings=replace(job.settings, **settings)), who, options
                    )
                    found.setdefault((who, way), []).append(one)
    _check(found)
    if options.json:
        shown = [
            {"workers": who, "way": way, "macro_f1": [run.macro_f1.to_dict() for run in runs]}
            | {"steps_a_second": [run.steps_a_second for run in runs]}
            | {"bytes_a_step": runs[0].bytes_a_step, "behind": runs[0].behind}
            for (who, way), runs in found.items()
        ]
        print(json.dumps({"machine": machine.describe(), "runs": shown}))
        return 0
    steps = f"{job.of_steps} steps of {options.batch_size} posts, {options.workers} workers"
    print(machine.heading(), f"{options.kind}, {steps}, {options.servers} servers", sep="\n")
    print(_table(found))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kind", choices=list(SETTINGS), default="cnn")
    parser.add_argument("--settings", nargs="*", default=[], help="settings, as name=value")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=64, help="rows a step, over all workers")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--staleness", type=int, nargs="+", default=[0, 1, 4, 16])
    parser.add_argument("--slow-ms", type=float, default=100.0)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


def _ways(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    server = {"on": "ray", "exchange": "server", "servers": options.servers}
    return {
        "AllReduce": {},
        **{
            f"server, staleness {each}": {**server, "staleness": each} for each in options.staleness
        },
    }


def _job(options: argparse.Namespace) -> Job:
    """The network from scratch with SentiMix's posts, evaluated after its last step alone."""
    posts, held_out = (_posts(part, options.rows) for part in ("train", "validation"))
    given = dict(word.split("=", 1) for word in options.settings)
    settings = trainer(options.kind).settings_from({"vocabulary": "8000", **given})
    subwords = train_subwords(
        posts.texts, n_tokens=settings.vocabulary, max_length=settings.max_length
    )
    torch.manual_seed(0)
    sizes = sizes_of(settings, subwords.n_tokens, len(posts.labels))
    module = networks.build(options.kind, sizes)
    settings = replace(
        settings,
        epochs=options.epochs,
        batch_size=options.batch_size,
        evaluate_every=1 << 30,
        workers=options.workers,
        threads=1,
    )
    return Job(module, Encoded.of(posts, subwords), Encoded.of(held_out, subwords), settings)


def _posts(part: str, n_rows: int) -> Labelled:
    table = datasets.load("sentimix-hinglish", part, rejoin=True)
    table = table.take(np.random.default_rng(0).permutation(table.num_rows)[:n_rows])
    codes = [datasets.CLASSES.index(label) for label in table["label"].to_pylist()]
    return Labelled.of(table["text"].combine_chunks(), np.array(codes), datasets.CLASSES)


def _run(job: Job, who: str, options: argparse.Namespace) -> Found:
    times: list[float] = []
    told: list[Mapping[str, Any]] = []

    def note(figures: Mapping[str, Any]) -> None:
        times.append(time.perf_counter())
        told.append(figures)

    before = {name: each.clone() for name, each in job.module.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        slow = Slow(job.module, Path(folder, "slow"), who, options.slow_ms / 1000)
        train(replace(job, module=slow), note)
    # The last step is told after it was judged.
    speed = (len(times) - 2 - WARM) / (times[-2] - times[WARM])
    macro_f1 = _macro_f1(job)
    job.module.load_state_dict(before)  # the next run begins where this one did
    moved = told[-2].get("moved_bytes")
    bytes_a_step = _allreduced(job) if moved is None else moved / told[-2]["step"]
    behind = statistics.mean(each.get("behind", 0) for each in told)
    return Found(tuple(each["loss"] for each in told), speed, bytes_a_step, behind, macro_f1)


def _macro_f1(job: Job) -> Interval:
    held_out = job.validation
    assert held_out is not None
    matrix = Backward(job, "cpu").confusion(held_out, Piece(0, 1)).numpy()
    n_labels = len(held_out.labels)
    counts = Counts.from_array(matrix.reshape(n_labels, n_labels), labels=held_out.labels)
    return bootstrap_intervals(counts).macro_f1


def _allreduced(job: Job, n_steps: int = 10) -> float:
    """Bytes that all workers send and receive in a step by AllReduce: each 2 (n - 1) / n of the sum, both ways."""
    workers, backward, total = job.settings.workers, Backward(job, "cpu"), 0.0
    for step in range(n_steps):
        rows: dict[str, torch.Tensor] = {}
        for rank in range(workers):
            backward.gradients(step, Piece(rank, workers))
            for name, each in backward.learnt():
                if each.grad is not None and is_long(each):
                    rows[name] = rows.get(name, 0) | touched(each.grad)
        for name, each in backward.learnt():
            if name in rows:  # which rows, then these
                total += rows[name].numel() + int(rows[name].sum()) * each[0].nbytes
            else:
                total += each.nbytes
    return 2 * 2 * (workers - 1) * total / n_steps


def _check(found: Mapping[tuple[str, str], Sequence[Found]]) -> None:
    """A server that lets nothing be stale learns what AllReduce does, however slow its workers."""
    for (who, way), runs in found.items():
        if way == "AllReduce" or way.endswith("staleness 0"):
            plain = found["alike", "AllReduce"][0].losses
            np.testing.assert_allclose(
                runs[0].losses, plain, atol=TOLERANCE, err_msg=f"{way}, {SAID[who]}"
            )


def _table(found: Mapping[tuple[str, str], Sequence[Found]]) -> str:
    lines = ["| | | steps a second | against AllReduce | MB a step | updates behind | macro-F1 |"]
    lines.append("| --- " * 7 + "|")
    for (who, way), runs in found.items():
        speeds = [run.steps_a_second for run in runs]
        plain = statistics.median(run.steps_a_second for run in found[who, "AllReduce"])
        f1 = runs[0].macro_f1
        cells = [
            SAID[who],
            way,
            f"{statistics.median(speeds):.1f} ({min(speeds):.1f}-{max(speeds):.1f})",
            f"{statistics.median(speeds) / plain:.2f}x",
            f"{runs[0].bytes_a_step / 1e6:.2f}",
            f"{runs[0].behind:.1f}",
            f"{f1.value:.3f} ({f1.low:.3f}-{f1.high:.3f})",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
