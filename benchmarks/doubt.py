"""Whether posts that the lexicon reads with doubt (irony, emoji against words) should go on to the next tier first.

    python benchmarks/doubt.py FIRST LAST [--json]

FIRST and LAST are `lexicon` or a model's folder. The confidence of FIRST is lowered by a caution where there is doubt,
the least sure posts are answered by LAST, the same share with every caution, and macro-F1 is compared. The lexicon has
lowered its own confidence already (the weight `doubt`); the row `undone` takes that back.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import datasets
import numpy as np
from cascade import opened, posts
from machine import heading

from mizaj.learn.cascade import Seen, look
from mizaj.learn.metrics import Counts, Ints
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.members import name_members

CAUTIONS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
SHARES = (0.1, 0.2, 0.3, 0.5)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("first", metavar="FIRST", help="a folder, or lexicon")
    parser.add_argument("last", metavar="LAST", help="a folder, or lexicon")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    if datasets.absent():
        print(datasets.absent())
        return
    held_out = posts()
    seen = look(name_members([opened(options.first), opened(options.last)]), held_out)
    doubts = read_doubts(held_out.texts.to_pylist())
    found = figures(seen, doubts)
    if options.first == "lexicon":
        found["undone"] = macro_f1s(undone(seen, doubts), doubts, 0.0)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(heading())
    print(
        f"{options.first} -> {options.last}: {(doubts > 0).mean():.1%} of {len(doubts):,} posts are in doubt"
    )
    print("caution  " + "  ".join(f"{share:>6.0%} on" for share in SHARES))
    for caution, row in found.items():
        print(f"{caution:>7}  " + "  ".join(f"{macro_f1:>9.4f}" for macro_f1 in row))


def read_doubts(texts: list[str]) -> Ints:
    """How many doubts the lexicon has of each text."""
    scorer = load_scorer(LexiconSettings())
    return np.array([scorer.read(text).result.doubt for text in texts])


def figures(seen: Seen, doubts: Ints) -> dict[str, list[float]]:
    """Macro-F1 for each share answered by the last tier, by caution."""
    return {str(caution): macro_f1s(seen, doubts, caution) for caution in CAUTIONS}


def macro_f1s(seen: Seen, doubts: Ints, caution: float) -> list[float]:
    """Macro-F1 for each share answered by the last tier."""
    order = np.argsort(seen.surest[0] - caution * (doubts > 0), kind="stable")
    found = []
    for share in SHARES:
        answers = seen.said[0].copy()
        passed = order[: round(share * len(order))]
        answers[passed] = seen.last[passed]
        found.append(Counts.of(seen.truth, answers, labels=seen.labels).macro_f1)
    return found


def undone(seen: Seen, doubts: Ints) -> Seen:
    """The lexicon's probabilities as they were without doubt."""
    weight = load_scorer(LexiconSettings()).lexicon.weights.doubt
    powers = seen.probabilities[0] ** (1.0 + weight * doubts)[:, None]
    plain = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return Seen(seen.labels, (plain, *seen.probabilities[1:]), seen.truth, seen.doubt)


if __name__ == "__main__":
    main()
