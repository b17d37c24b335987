"""What each filter of the default chain costs a post, on one core, after checking that splitting changes nothing.

    python benchmarks/filters_speed.py [--posts N]

The steps run one after another over the same batches, each a few times; the median counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

import datasets
import machine
import pyarrow as pa

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.settings import CleanSettings

MIX = (
    ("sentimix-hinglish", "train"),
    ("sail2017-hinglish", "train"),
    ("tweeteval-sentiment", "train"),
    ("sentiment140-sample", "train"),
    ("hasoc2019-hindi", "train"),
    ("youtube-tech-hinglish-stream", "unlabelled"),
)
BATCH_ROWS = 16_384
REPEATS = 7


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--posts", type=int, default=98_304)
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    pa.set_cpu_count(1)
    batches = _posts(options.posts)
    steps = CleanSettings().steps()
    _check(batches[0], Pipeline(steps))
    n = sum(batch.num_rows for batch in batches)
    figures = {}
    for step in steps:
        seconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            after = [step(batch) for batch in batches]
            seconds.append(time.perf_counter() - start)
        batches = after
        each = [1e6 * second / n for second in seconds]
        figures[type(step).__name__] = {
            "us_a_post": round(statistics.median(each), 3),
            "least": round(min(each), 3),
            "most": round(max(each), 3),
        }
    total = sum(figure["us_a_post"] for figure in figures.values())
    told = {"machine": machine.describe(), "posts": n, "steps": figures, "total": round(total, 3)}
    print(json.dumps(told, indent=2, default=str))
    return 0


def _posts(most: int) -> list[pa.RecordBatch]:
    """Posts of all sets in turns, so that every batch holds some of each."""
    sets = [datasets.texts(name, split).to_pylist() for name, split in MIX]
    texts = [text for row in zip(*sets, strict=False) for text in row]
    texts = (texts * (most // max(1, len(texts)) + 1))[:most]
    parts = [texts[start : start + BATCH_ROWS] for start in range(0, most, BATCH_ROWS)]
    return [
        pa.record_batch({"text": part, "rejected": pa.nulls(len(part), REJECTED.type)})
        for part in parts
    ]


def _check(batch: pa.RecordBatch, pipeline: Pipeline) -> None:
    whole = pipeline(batch).to_pylist()
    halves = [batch.slice(0, batch.num_rows // 2), batch.slice(batch.num_rows // 2)]
    if [row for half in halves for row in pipeline(half).to_pylist()] != whole:
        raise SystemExit("splitting a batch changes what is rejected")


if __name__ == "__main__":
    sys.exit(main())
