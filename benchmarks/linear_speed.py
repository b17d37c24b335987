"""How many posts a second of one processor the linear model scores, against fastText on the same n-grams.

    python benchmarks/linear_speed.py [--rows N] [--rounds N]

Both learn from the posts that the shipped model learns from, without near-copies of the validation splits they are
judged on first; fastText reads words, pairs of words and runs of two to five characters, as the linear model does. Then
rounds alternate between the two on the same posts, whole columns and whole lists; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import datasets
import machine
import numpy as np
import posts
import pyarrow as pa
import train_default

from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import CLASSES, Counts
from mizaj.lexicon.columns import LexiconScore
from mizaj.model.linear import LinearModel

ROWS = 81_920
RIVAL_ROWS = 8_192
ROUNDS = 7
# its own settings but for the n-grams, the size of its vectors and table, and the rate; not tuned
RIVAL = {
    "wordNgrams": 2,
    "minn": 2,
    "maxn": 5,
    "dim": 16,
    "bucket": 1 << 20,
    "epoch": 5,
    "lr": 0.25,
}


def main() -> int:
    options = _options()
    machine.require("fasttext")
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    held = {name: datasets.load(name, "validation") for name in train_default.VALIDATED}
    texts = pa.concat_tables([table.select(["text"]) for table in held.values()])
    training, model = train_default.training(texts), train_default.train(texts, None)
    rival = _train_rival(training)
    print(machine.heading(), posts.describe(), f"one thread, {machine.pin()}", "", sep="\n")
    print("| macro-F1 | linear | fastText |", "| --- | ---: | ---: |", sep="\n")
    for name, table in held.items():
        judged = train_default.labelled(table, name)
        ours = _macro_f1(judged, model.probabilities(judged.texts).argmax(axis=1))
        theirs = _macro_f1(judged, np.array(rival(judged.texts.to_pylist())))
        print(f"| {name} validation | {ours:.3f} | {theirs:.3f} |")
    print("", *_speeds(model, rival, options), sep="\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS, help=f"posts a round ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"repeats ({ROUNDS})")
    return parser.parse_args()


def _train_rival(training: Labelled) -> Callable[[list[str]], list[int]]:
    """fastText trained on the posts; it gives the place of each text's label."""
    import fasttext

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.txt")
        lines = zip(training.texts.to_pylist(), training.codes.tolist(), strict=True)
        path.write_text(
            "\n".join(f"__label__{CLASSES[code]} {_line(text)}" for text, code in lines),
            encoding="utf-8",
        )
        model = fasttext.train_supervised(str(path), thread=1, verbose=0, **RIVAL)
    places = {f"__label__{label}": place for place, label in enumerate(CLASSES)}

    def answer(texts: list[str]) -> list[int]:
        # its compiled method: the public one fails with numpy 2 and is slower
        labels, _ = model.f.multilinePredict([_line(text) for text in texts], 1, 0.0, "strict")
        return [places[label[0]] for label in labels]

    return answer


def _line(text: str) -> str:
    return " ".join(text.lower().split()) + "\n"


def _macro_f1(judged: Labelled, answers: np.ndarray) -> float:
    return Counts.of(judged.codes, answers.astype(np.int64), labels=CLASSES).macro_f1


def _speeds(
    model: LinearModel, rival: Callable[[list[str]], list[int]], options: argparse.Namespace
) -> list[str]:
    texts = posts.texts(options.rows)
    some = texts[:RIVAL_ROWS].to_pylist()
    lexicon = LexiconScore()
    batch = pa.record_batch({"text": texts})
    systems = {
        "linear model": lambda: model.read(texts),
        "lexicon": lambda: lexicon(batch),
        "fastText": lambda: rival(some),
    }
    n_posts = {"linear model": len(texts), "lexicon": len(texts), "fastText": len(some)}
    rates: dict[str, list[float]] = {name: [] for name in systems}
    for score in systems.values():
        score()
    for _ in range(options.rounds):
        for name, score in systems.items():
            start = time.process_time()
            score()
            rates[name].append(n_posts[name] / (time.process_time() - start))
    lines = ["| system | posts a CPU-second | over fastText |", "| --- | ---: | ---: |"]
    for name, each in rates.items():
        ratios = [ours / theirs for ours, theirs in zip(each, rates["fastText"], strict=True)]
        spread = f"{statistics.median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f})"
        lines.append(f"| {name} | {statistics.median(each):,.0f} | {spread} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
