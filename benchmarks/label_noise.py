"""How often near-copies of one post were given the same label: a measure of how right any model can be.

    python benchmarks/label_noise.py [--json]

Near-copies are posts that differ in handles, links, case and marks only. Two of them are two looks of annotators at one
text; how often they agree says what a set's labels are worth. Posts that come often are of a kind (greetings, slogans,
advertisements), so this is no bound for the others. Pairs are taken within each group, each group counting once.
"""

from __future__ import annotations

import argparse
import json
import sys

import datasets
import joint
import machine
import numpy as np
import pyarrow as pa

from mizaj.learn.folds import near_copy_groups


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    found = {name: agreement(name) for name in joint.JUDGED}
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    print(machine.heading())
    for name, each in found.items():
        print(
            f"{name}: {each['groups']:,.0f} posts come more than once; two of their copies have the same label in "
            f"{each['agree']:.1%}, two posts of the set by chance in {each['by_chance']:.1%}"
        )
    return 0


def agreement(name: str) -> dict[str, float]:
    """Over the groups of near-copies in a set, the mean share of pairs with one label; the same by chance."""
    splits = ["train"] if name == joint.WITHOUT_SPLIT else ["train", "validation"]
    table = pa.concat_tables(
        [datasets.load(name, split).select(["text", "label"]) for split in splits]
    )
    codes = np.array([datasets.CLASSES.index(label) for label in table["label"].to_pylist()])
    groups = np.unique(near_copy_groups(table["text"].to_pylist()), return_inverse=True)[1]
    counts = np.zeros((groups.max() + 1, len(datasets.CLASSES)))
    np.add.at(counts, (groups, codes), 1)
    sizes = counts.sum(axis=1)
    several = sizes > 1
    pairs = (counts * (counts - 1)).sum(axis=1)[several] / (sizes * (sizes - 1))[several]
    shares = counts.sum(axis=0) / sizes.sum()
    return {
        "groups": int(several.sum()),
        "agree": float(pairs.mean()),
        "by_chance": float((shares**2).sum()),
    }


if __name__ == "__main__":
    raise SystemExit(main())
