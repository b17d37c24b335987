"""How many posts a second of one processor the lexicon tier scores, against vaderSentiment.

    python benchmarks/kernel_speed.py [--rows N] [--textblob] [--json]

First it is checked that the compiled kernel answers as its plain-Python twin does; how right the
answers are is compared in `accuracy.py`. Then rounds alternate between the systems, on the same
posts; ratios are taken within a round, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import machine
import posts
import pyarrow as pa

import mizaj
from mizaj.lexicon import twin
from mizaj.lexicon.columns import LexiconScore
from mizaj.lexicon.packed import load_lexicon
from mizaj.lexicon.scorer import LexiconSettings, Scorer

ROWS = 163_840  # ten batches
BATCH_ROWS = 16_384
ROUNDS = 7
RIVAL_ROWS = 4_000  # of a rival in each round, other ones each time
CHECKED_ROWS = 500
COLUMNS = ("sentiment", "score", "confidence", "tier", "language", "cmi")


def main() -> int:
    options = _options()
    machine.require("mizaj.lexicon._kernel", "vaderSentiment")
    pinned = machine.pin()
    texts = posts.texts(options.rows)
    step = mizaj.load("lexicon").step()
    check_against_twin(step, texts[:CHECKED_ROWS])
    rates = measure(step, texts, _rivals(options), options.rounds)
    if options.json:
        print(json.dumps(_as_json(rates, pinned), indent=2))
    else:
        print(machine.heading(), posts.describe(), f"one thread, {pinned}", sep="\n")
        print(f"kernel equals its plain-Python twin on {CHECKED_ROWS} of these posts")
        print("macro-F1 of the same systems: benchmarks/accuracy.py", "", sep="\n")
        print(_table(rates))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS, help=f"posts a round ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds ({ROUNDS})")
    parser.add_argument("--textblob", action="store_true", help="measure TextBlob as well")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def check_against_twin(step: LexiconScore, texts: pa.Array) -> None:
    """Leaves with the first post on which the kernel and plain Python differ in any column."""
    scorer = Scorer(LexiconSettings(), load_lexicon(), None)
    scored = step(pa.record_batch({"text": texts})).to_pylist()
    with _rules_in_python():
        for row in scored:
            answer = scorer.answer(row["text"])
            slow = {name: _as_column(getattr(answer, name)) for name in COLUMNS}
            if slow != {name: row[name] for name in COLUMNS}:
                raise SystemExit(f"kernel and twin differ on {row['text']!r}: {row}, {slow}")


def measure(
    step: LexiconScore, texts: pa.Array, rivals: dict[str, Callable[[str], object]], n_rounds: int
) -> dict[str, list[float]]:
    """Posts a CPU-second of each system, round by round."""
    batches = pa.table({"text": texts}).to_batches(max_chunksize=BATCH_ROWS)
    rates: dict[str, list[float]] = {name: [] for name in ("mizaj", *rivals)}
    for number in range(n_rounds):
        rates["mizaj"].append(_rate(step, batches, len(texts)))
        first = number * RIVAL_ROWS % max(1, len(texts) - RIVAL_ROWS)
        some = texts[first : first + RIVAL_ROWS].to_pylist()
        for name, score in rivals.items():
            rates[name].append(_rate(score, some, len(some)))
    return rates


def _rivals(options: argparse.Namespace) -> dict[str, Callable[[str], object]]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    rivals = {"vaderSentiment": SentimentIntensityAnalyzer().polarity_scores}
    if options.textblob:
        machine.require("textblob")
        from textblob import TextBlob

        rivals["TextBlob"] = lambda text: TextBlob(text).sentiment
    for score in rivals.values():
        score("warm")  # what a rival loads on first use is not counted
    return rivals


def _rate(score: Callable[..., object], items: Sequence[object], n_posts: int) -> float:
    start = time.process_time()
    for item in items:
        score(item)
    return n_posts / (time.process_time() - start)


def _table(rates: dict[str, list[float]]) -> str:
    rows = [
        "| system | posts per CPU-second, median (least to most) | mizaj is faster |",
        "| --- | ---: | ---: |",
    ]
    for name, found in rates.items():
        ratio = machine.Spread.of(_ratios(rates, name)).written(".1f")
        times = "" if name == "mizaj" else f"{ratio} times"
        rows.append(f"| {name} | {machine.Spread.of(found).written()} | {times} |")
    first = rates["mizaj"][0]
    note = f"The first round of mizaj, with words not seen before: {first:,.0f} posts a second."
    return "\n".join([*rows, "", note])


def _ratios(rates: dict[str, list[float]], rival: str) -> list[float]:
    return [ours / theirs for ours, theirs in zip(rates["mizaj"], rates[rival], strict=True)]


def _as_json(rates: dict[str, list[float]], pinned: str) -> dict[str, object]:
    rivals = [name for name in rates if name != "mizaj"]
    return {
        "machine": machine.describe(),
        "posts": posts.describe(),
        "pinned": pinned,
        "rounds": rates,
        "posts_per_cpu_second": {n: vars(machine.Spread.of(r)) for n, r in rates.items()},
        "ratio": {name: vars(machine.Spread.of(_ratios(rates, name))) for name in rivals},
    }


def _as_column(value: object) -> object:
    """The value as its column holds it: figures in 32 bits."""
    return pa.scalar(value, pa.float32()).as_py() if isinstance(value, float) else value


@contextmanager
def _rules_in_python() -> Iterator[None]:
    """The twin with `rules.py` as Python, which its compiled form shadows."""
    compiled = twin.rules
    twin.rules = _plain_rules()
    try:
        yield
    finally:
        twin.rules = compiled


def _plain_rules() -> ModuleType:
    path = Path(twin.__file__).with_name("rules.py")
    loader = importlib.machinery.SourceFileLoader("mizaj.lexicon.rules_in_python", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
