"""How right models are on tasks other than polarity: emotion, sarcasm, irony, hate, and aggression by degree.

    python benchmarks/tasks.py [--kinds linear gru] [--settings epochs=4 ...] [--json]

Judged on a set's validation split, else by five folds, without near-copies of what is judged in training; beside each
figure what it is to answer the commonest label always. Aggression has degrees: `gru, ordinal` minds their order, and
the distance is by how many degrees answers are off on average.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import datasets
import machine
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mizaj.learn.folds import folds, without_copies
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts

ORDINAL = "gru, ordinal"


@dataclass(frozen=True)
class Task:
    """A set with another task; `degrees` are its labels in order, where they have one."""

    name: str
    data: str
    degrees: tuple[str, ...] = ()


TASKS = (
    Task("emotion", "masac-emotion"),
    Task("emotion", "tweeteval-emotion"),
    Task("sarcasm", "hinglish-sarcasm"),
    Task("irony", "tweeteval-irony"),
    Task("hate", "hinglish-hate"),
    Task("hate", "hasoc2021-hinglish-conversations"),
    Task(
        "aggression",
        "trac1-aggression-english",
        ("not_aggressive", "covertly_aggressive", "overtly_aggressive"),
    ),
)


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    rows = []
    for task in TASKS:
        kinds = [*options.kinds, *([ORDINAL] if task.degrees and "gru" in options.kinds else [])]
        rows += [_row(task, kind, options.settings) for kind in kinds]
        print(_line(rows[-1]), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"machine": machine.describe(), "rows": rows}, indent=2))
        return 0
    print(machine.heading())
    print(
        "| task | data set (posts) | kind | macro-F1 | 95 % interval | commonest label | distance |"
    )
    print("| --- | --- | --- | ---: | --- | ---: | ---: |")
    for row in rows:
        print(_line(row))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--kinds", nargs="+", default=["linear", "gru"])
    parser.add_argument(
        "--settings", nargs="*", default=[], help="settings of networks: name=value"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _row(task: Task, kind: str, words: Sequence[str]) -> dict[str, object]:
    """What the kind reaches on the set, over all posts judged."""
    counts, distances = [], []
    for train, judged in _parts(task):
        answers = _answers(kind, words, train, judged)
        counts.append(Counts.of(judged.codes, answers, labels=judged.labels))
        distances.append(np.abs(judged.codes - answers))
    whole = sum(counts[1:], start=counts[0])
    interval = bootstrap_intervals(whole).macro_f1
    common = max(whole.array.sum(axis=1)) / whole.n_rows  # its recall is 1, its precision this
    return {
        "task": task.name,
        "data": task.data,
        "posts": whole.n_rows,
        "kind": kind,
        "macro_f1": interval.value,
        "low": interval.low,
        "high": interval.high,
        "commonest": 2 * common / (1 + common) / len(whole.labels),
        "distance": float(np.concatenate(distances).mean()) if task.degrees else None,
    }


def _answers(kind: str, words: Sequence[str], train: Labelled, judged: Labelled) -> np.ndarray:
    is_ordinal = kind == ORDINAL
    how = trainer("gru" if is_ordinal else kind)
    given = dict(word.split("=", 1) for word in words) if kind != "linear" else {}
    settings = how.settings_from(given | ({"head": "ordinal"} if is_ordinal else {}))
    model = how(train, None, settings)
    return model.probabilities(judged.texts).argmax(axis=1).astype(np.int64)


def _parts(task: Task) -> Iterator[tuple[Labelled, Labelled]]:
    """What to learn and what to judge on: a split, or five folds."""
    place = datasets.folder()
    assert place is not None  # asked before
    train = _read(place / task.data / "train.parquet")
    labels = task.degrees or tuple(sorted(set(train["label"].to_pylist())))
    held = place / task.data / "validation.parquet"
    pairs = [(train, _read(held))] if held.is_file() else folds(train)
    for learnt, judged in pairs:
        yield _labelled(without_copies(learnt, judged), labels), _labelled(judged, labels)


def _read(path: object) -> pa.Table:
    table = pq.read_table(path, columns=["text", "label"])
    return pa.table(
        {"text": table["text"].cast(pa.string()), "label": table["label"].cast(pa.string())}
    )


def _labelled(table: pa.Table, labels: tuple[str, ...]) -> Labelled:
    codes = np.array([labels.index(label) for label in table["label"].to_pylist()])
    return Labelled.of(table["text"].combine_chunks().fill_null(""), codes, labels)


def _line(row: dict[str, object]) -> str:
    distance = "" if row["distance"] is None else f"{row['distance']:.3f}"
    return (
        f"| {row['task']} | {row['data']} ({row['posts']:,}) | {row['kind']} | {row['macro_f1']:.3f} "
        f"| {row['low']:.3f} to {row['high']:.3f} | {row['commonest']:.3f} | {distance} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
