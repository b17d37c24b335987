"""Whether other tasks help polarity: a network on Hinglish polarity alone, and with emotion, hate and sarcasm.

    python benchmarks/multitask.py [--kind gru] [--seeds 3] [--others-weight 0.5]
                                   [--settings epochs=4 ...] [--json]

Both learn the same Hinglish posts of `joint` for as many epochs and are judged on the same posts; the other tasks' sets
come on top, without near-copies of what is judged. Printed are mean and ends over seeds, and the paired differences.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

import datasets
import joint
import machine
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mizaj.learn.folds import without_copies
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts
from mizaj.learn.multitask import Tasks, fit_together
from mizaj.learn.network_settings import SETTINGS

OTHERS = ("masac-emotion", "hinglish-hate", "hinglish-sarcasm")
HINGLISH = ("sentimix-hinglish", "sail2017-hinglish", joint.WITHOUT_SPLIT)


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    how = trainer(options.kind)
    settings = how.settings_from(dict(word.split("=", 1) for word in options.settings))
    judged = {name: joint.judged(name) for name in HINGLISH}
    polarity, others = _polarity(), _others(judged)
    chosen = joint.choosing()
    alone, together = [], []
    for seed in range(options.seeds):
        alone.append(_scores(how(polarity, chosen, settings, seed=seed), judged))
        tasks = Tasks(polarity, others, options.others_weight)
        together.append(_scores(fit_together(tasks, chosen, settings, seed=seed), judged))
        print(f"seed {seed}: {alone[-1]} alone, {together[-1]} together", file=sys.stderr)
    if options.json:
        print(json.dumps({"alone": alone, "together": together}, indent=2))
        return 0
    print(machine.heading())
    print(f"{options.kind}, {polarity.n_rows:,} posts of polarity an epoch", end="; beside them ")
    print(", ".join(f"{name} {part.n_rows:,}" for name, part in zip(OTHERS, others, strict=True)))
    for name in judged:
        print(_line(name, [each[name] for each in alone], [each[name] for each in together]))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kind", choices=list(SETTINGS), default="gru")
    parser.add_argument("--seeds", type=int, default=3, help="how many seeds, from 0")
    parser.add_argument("--others-weight", type=float, default=0.5, help="of another task's post")
    parser.add_argument("--settings", nargs="*", default=[], help="settings, as name=value")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _polarity() -> Labelled:
    """The Hinglish posts of the joint training sets."""
    posts = joint.training()
    sources = np.array(posts.sources.to_pylist())
    return posts.take(np.flatnonzero(np.isin(sources, HINGLISH)))


def _others(judged: Mapping[str, Labelled]) -> list[Labelled]:
    """The other tasks' posts, none a near-copy of a judged one."""
    place = datasets.folder()
    assert place is not None  # asked before
    held = pa.table({"text": pa.concat_arrays([posts.texts for posts in judged.values()])})
    found = []
    for name in OTHERS:
        table = pq.read_table(place / name / "train.parquet", columns=["text", "label"])
        table = without_copies(table.filter(table["text"].is_valid()), held)
        labels = tuple(sorted(set(table["label"].to_pylist())))
        codes = np.array([labels.index(label) for label in table["label"].to_pylist()])
        texts = table["text"].combine_chunks().cast(pa.string())
        found.append(Labelled.of(texts, codes, labels, source=name))
    return found


def _scores(model: object, judged: Mapping[str, Labelled]) -> dict[str, float]:
    return {
        name: Counts.of(
            posts.codes, model.probabilities(posts.texts).argmax(axis=1), labels=posts.labels
        ).macro_f1
        for name, posts in judged.items()
    }


def _line(name: str, alone: Sequence[float], together: Sequence[float]) -> str:
    gains = [other - one for one, other in zip(alone, together, strict=True)]
    spreads = [machine.Spread.of(each).written(".3f") for each in (alone, together)]
    gained = machine.Spread.of(gains).written("+.3f")
    return f"{name}: macro-F1 {spreads[0]} alone, {spreads[1]} together; gained {gained}"


if __name__ == "__main__":
    raise SystemExit(main())
