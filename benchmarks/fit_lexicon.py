"""Fit the shipped figures: writes `learnt.tsv` and `weights.json` beside the dictionaries.

Learns from the training splits of the public sets, after every near-copy of a reported post has been taken out;
`iiith-codemixed`, which has no split, is learnt from whole (its reported figure comes from refits without the fold:
`accuracy.py`). What was found is then read by a person; `identity_words.txt` lists what must stay at zero.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))
import datasets

from mizaj.learn.fit_lexicon import FitSettings, Fitted, Posts, fit_lexicon
from mizaj.learn.folds import without_copies
from mizaj.lexicon.entries import Entry, write_entries
from mizaj.lexicon.pack import DATA, LEARNT, pack_default, read_entries
from mizaj.lexicon.weights import Weights

# Emoticon-labelled tweets have no neutral class and no human label.
LEFT_OUT = ("sentiment140-sample",)
IDENTITY = Path(__file__).with_name("identity_words.txt")
# Not fitted with the words but chosen on held-out fifths of the training posts: to deny something bad praises
# nothing, it mostly speaks of it (`murder nahi hai`).
START = Weights(negation_of_negative=0.1)


def training(held_out: pa.Table) -> Posts:
    """The training posts of all sets, without near-copies of the posts held out."""
    texts: list[str] = []
    labels: list[str] = []
    domains: list[str] = []
    for name in datasets.TRAINING:
        # SentiMix is published as tokens; posts come whole, so it is learnt from in both forms.
        for rejoin in (False, True) if name.startswith("sentimix") else (False,):
            if name in LEFT_OUT:
                continue
            table = datasets.load(name, "train", rejoin=rejoin).select(["text", "label"])
            table = without_copies(table, held_out)
            texts += table["text"].to_pylist()
            labels += table["label"].to_pylist()
            domains += [f"{name} {rejoin}"] * table.num_rows
    return Posts(texts, labels, domains)


def reported() -> pa.Table:
    """Every post on which accuracy is reported and which is no one's training split."""
    tables = [
        datasets.load(name, split, rejoin=name.startswith("sentimix"))
        for name, split in datasets.REPORTED
        if name not in datasets.CROSS_VALIDATED
    ]
    return pa.concat_tables([table.select(["text", "label"]) for table in tables])


def dictionaries() -> list[Entry]:
    """The hand-made entries, without what earlier fits learnt."""
    return [
        e for path in sorted(DATA.glob("*.tsv")) if path.stem != LEARNT for e in read_entries(path)
    ]


def identity_words() -> frozenset[str]:
    """The words whose figures no fit may move."""
    lines = IDENTITY.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def fit(held_out: pa.Table, settings: FitSettings | None = None) -> Fitted:
    """The fit on everything but the near-copies of `held_out`."""
    return fit_lexicon(
        training(held_out),
        dictionaries(),
        frozen=identity_words(),
        weights=START,
        settings=settings,
    )


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--into", type=Path, default=DATA, help="folder for learnt.tsv, weights.json"
    )
    into = parser.parse_args().into
    fitted = fit(reported())
    write_entries(into / f"{LEARNT}.tsv", sorted(fitted.learnt, key=lambda e: (e.language, e.word)))
    weights = {name: round(value, 4) for name, value in fitted.weights._asdict().items()}
    (into / "weights.json").write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    if into == DATA:
        pack_default()
    sys.stdout.write(f"{len(fitted.learnt)} entries learnt, written to {into}\n")


if __name__ == "__main__":
    main()
