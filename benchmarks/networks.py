"""How right each kind of network is that is trained from scratch: macro-F1 by set, mean and ends over seeds.

    python benchmarks/networks.py [--kinds cnn gru] [--seeds 3] [--english] [--settings epochs=4 ...] [--json]

Trained together on the training splits of SentiMix, SAIL and four fifths of IIITH (`--english`: TweetEval too), without
copies of what is reported: the validation splits and the last fifth of IIITH. Training stops by a tenth of the training
rows held out for that, so nothing reported is used in training.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import machine
import numpy as np
import pyarrow as pa

from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.network_settings import SETTINGS

HINGLISH = ("sentimix-hinglish", "sail2017-hinglish")
ENGLISH = "tweeteval-sentiment"
FOLDED = "iiith-codemixed"  # no split of its own: a fifth is held out
REPORTED_FOLDS, STOPPING_FOLDS = 5, 10


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    train, reported = _parts(is_english=options.english)
    rows = []
    for kind in options.kinds:
        runs = [
            _run(kind, seed, options.settings, train, reported) for seed in range(options.seeds)
        ]
        rows.append({"kind": kind, "runs": runs})
        print(_line(kind, runs), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"machine": machine.describe(), "rows": train.num_rows, "kinds": rows}))
        return 0
    print(machine.heading(), f"trained on {train.num_rows:,} posts", sep="\n")
    print(_table(rows, list(reported)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0")
    parser.add_argument("--english", action="store_true", help="train on TweetEval as well")
    parser.add_argument("--settings", nargs="*", default=[], help="settings, as name=value")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


def _parts(*, is_english: bool) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The rows to train on, and the reported ones by the name of their set."""
    folded = datasets.load(FOLDED, "train")
    fold = fold_numbers(
        folded["text"].to_pylist(), folded["label"].to_pylist(), n_folds=REPORTED_FOLDS
    )
    names = (*HINGLISH, ENGLISH)
    reported = {name: datasets.load(name, "validation", rejoin=True) for name in names}
    reported[FOLDED] = folded.filter(pa.array(fold == 0))
    learnt = (*HINGLISH, ENGLISH) if is_english else HINGLISH
    parts = [datasets.load(name, "train", rejoin=True) for name in learnt]
    train = pa.concat_tables([*parts, folded.filter(pa.array(fold != 0))])
    for table in reported.values():
        train = without_copies(train, table)
    return train, reported


def _run(
    kind: str, seed: int, words: Sequence[str], train: pa.Table, reported: Mapping[str, pa.Table]
) -> dict[str, Any]:
    texts, labels = train["text"].to_pylist(), train["label"].to_pylist()
    fold = fold_numbers(texts, labels, n_folds=STOPPING_FOLDS, seed=seed)
    posts = _labelled(train)
    how = trainer(kind)
    settings = how.settings_from(dict(word.split("=", 1) for word in words))
    told: list[Mapping[str, Any]] = []
    start, start_cpu = time.perf_counter(), time.process_time()
    model = how(
        posts.take(np.flatnonzero(fold != 0)),
        posts.take(np.flatnonzero(fold == 0)),
        settings,
        seed=seed,
        progress=told.append,
    )
    used = {"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - start_cpu}
    scores = {}
    for name, table in reported.items():
        held = _labelled(table)
        answers = model.probabilities(held.texts).argmax(axis=1)
        scores[name] = Counts.of(held.codes, answers, labels=datasets.CLASSES).macro_f1
    return {"seed": seed, "macro_f1": scores, "steps": told[-1]["step"], **used}


def _labelled(table: pa.Table) -> Labelled:
    codes = [datasets.CLASSES.index(label) for label in table["label"].to_pylist()]
    return Labelled.of(table["text"].combine_chunks(), np.array(codes), datasets.CLASSES)


def _line(kind: str, runs: Sequence[Mapping[str, Any]]) -> str:
    figures = [
        f"{name} {_spread([run['macro_f1'][name] for run in runs])}" for name in runs[0]["macro_f1"]
    ]
    return (
        f"{kind}: {'; '.join(figures)}; {statistics.mean(run['cpu_s'] for run in runs):,.0f} CPU-s"
    )


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    lines = [
        f"| kind | {' | '.join(names)} | steps | CPU-s |",
        "| --- " * (len(names) + 3) + "|",
    ]
    for row in rows:
        runs = row["runs"]
        scores = [_spread([run["macro_f1"][name] for run in runs]) for name in names]
        steps = statistics.mean(run["steps"] for run in runs)
        cpu_s = statistics.mean(run["cpu_s"] for run in runs)
        lines.append(f"| {row['kind']} | {' | '.join(scores)} | {steps:,.0f} | {cpu_s:,.0f} |")
    return "\n".join(lines)


def _spread(scores: Sequence[float]) -> str:
    """The mean, and in brackets the least and the most."""
    mean = f"{statistics.mean(scores):.3f}"
    return mean if len(scores) == 1 else f"{mean} ({min(scores):.3f}-{max(scores):.3f})"


if __name__ == "__main__":
    sys.exit(main())
