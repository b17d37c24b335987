"""What a multilingual encoder makes of romanised Hindi as it is written, and of the same posts with it in Devanagari.

    python benchmarks/native_script.py --pretrained FOLDER [--posts 4000]

The encoder is not tuned: a post is the mean of its token vectors, and a logistic regression over these learns the
labels of one set's training posts and answers its validation posts. So the difference is what the encoder knew before.
`docs/guide/encoders.md` says how to get a pretrained encoder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import joint
import machine
import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from mizaj.learn.compare import Paired, compare_counts
from mizaj.learn.fit_encoder import EncoderSettings, network_of, prepared, reader_of
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.model.forward import logits_of
from mizaj.model.subwords import NATIVE, WRITTEN

SETS = ("sentimix-hinglish", "sail2017-hinglish")
STRENGTH = 0.003  # of the regression: the inverse of its L2 penalty
TIMES = 1_000


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    print(machine.heading())
    print("| macro-F1 | as written | in Devanagari | difference |", "| --- " * 4 + "|", sep="\n")
    for name in SETS:
        print(_row(name, options), flush=True)
    return 0


def _row(name: str, options: argparse.Namespace) -> str:
    table = datasets.load(name, "train", rejoin=True)
    some = np.random.default_rng(0).permutation(table.num_rows)[: options.posts]
    train = joint.labelled(table.take(pa.array(some)), name)
    held = joint.labelled(datasets.load(name, "validation", rejoin=True), name)
    said = {script: _answers(train, held, script, options) for script in (WRITTEN, NATIVE)}
    scores = (bootstrap_intervals(Counts.of(held.codes, each)).macro_f1 for each in said.values())
    paired = Paired.of(held.codes, said[NATIVE], said[WRITTEN])
    difference = compare_counts(paired, names=(NATIVE, WRITTEN)).difference
    cells = [f"{each.value:.3f} [{each.low:.3f}, {each.high:.3f}]" for each in scores]
    gained = f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    return f"| {name} | {' | '.join(cells)} | {gained} |"


def _answers(train: Labelled, held: Labelled, script: str, options: argparse.Namespace) -> Ints:
    vectors = _reader(options.pretrained, script)
    learnt: Pipeline = make_pipeline(
        StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=TIMES)
    )
    learnt.fit(vectors(train.texts), train.codes)
    answers: Ints = learnt.predict(vectors(held.texts)).astype(np.int64)
    return answers


def _reader(pretrained: Path, script: str) -> Callable[[pa.Array], np.ndarray]:
    """Texts to mean vectors, by an encoder as it was published."""
    import torch

    settings = EncoderSettings(pretrained=str(pretrained), script=script, min_count=0, dropout=0.0)
    nothing = Labelled.of(pa.array([], pa.string()), np.zeros(0, np.int64), datasets.CLASSES)
    start = prepared(nothing, settings)
    module, read = network_of(start, 1, settings), reader_of(start, settings)
    module.head = torch.nn.Identity()  # type: ignore[assignment] # what would go in comes out

    def vectors(texts: pa.Array) -> np.ndarray:
        return logits_of(module, *read(texts), pad_id=read.pad_id)

    return vectors


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pretrained", required=True, type=Path, help="the folder of an encoder")
    parser.add_argument("--posts", type=int, default=4_000, help="posts of each set to learn from")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
