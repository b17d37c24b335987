"""How many posts a second an encoder is trained on, one thread: in bfloat16 against float32, on this processor.

    python benchmarks/training_precision.py --pretrained FOLDER [--rounds 3] [--steps 20] [n_layers=6 ...]

Rounds take turns, each timed from its step `WARM` to its last. Whether the processor multiplies in bfloat16 by itself
is printed: where it does not, bfloat16 is slower.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import datasets
import joint
import machine
import numpy as np
import torch

from mizaj.learn.kinds import Trainer, trainer
from mizaj.learn.labelled import Labelled

WARM = 5
PRECISIONS = ("float32", "bfloat16")


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    how = trainer("encoder")
    words = {"n_layers": "6", "batch_size": "64", "epochs": "1", "threads": "1"}
    words |= {"pretrained": options.pretrained}
    settings = how.settings_from(words | dict(word.split("=", 1) for word in options.settings))
    posts = joint.judged("tweeteval-sentiment")
    posts = posts.take(np.arange(min(posts.n_rows, options.steps * settings.batch_size)))
    rates: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for _ in range(options.rounds):
        for precision in PRECISIONS:
            rates[precision].append(_rate(how, posts, replace(settings, precision=precision)))
    ratios = [one / other for other, one in zip(*rates.values(), strict=True)]
    print(machine.heading())
    print(f"bfloat16 by the processor itself: {torch.cpu._is_avx512_bf16_supported()}")
    for precision, each in rates.items():
        print(f"{precision}: {machine.Spread.of(each).written('.1f')} posts a second")
    print(f"ratio: {machine.Spread.of(ratios).written('.2f')}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--pretrained", required=True, help="the encoder's folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("settings", nargs="*", metavar="name=value")
    return parser.parse_args()


def _rate(how: Trainer, posts: Labelled, settings: Any) -> float:
    times: list[float] = []

    def note(_: Mapping[str, Any]) -> None:
        times.append(time.perf_counter())

    how(posts, None, settings, progress=note)
    return settings.batch_size * (len(times) - 1 - WARM) / (times[-1] - times[WARM])


if __name__ == "__main__":
    raise SystemExit(main())
