"""What each rule is worth: macro-F1 on the reported sets with one rule off at a time.

    python benchmarks/ablation.py [--json]

The shipped figures stay as they are (nothing is fitted again), so a rule's worth is what it adds to them. The row
`dictionaries alone` has no learnt figures; `no rules` sums polarities. `iiith-codemixed` is in sample here (its honest
figure, by folds, is in `accuracy.py`); compare its rows with each other only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import datasets
import fit_lexicon
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.learn.metrics import Counts
from mizaj.lexicon import scorer as scoring
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.entries import LABELS, Entry
from mizaj.lexicon.pack import DATA, merge, pack, read_folder, read_weights
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.weights import Weights

OFF: Mapping[str, Mapping[str, float]] = {
    "negation": {
        "negation_of_positive": 1.0,
        "negation_of_negative": 1.0,
        "negation_pull": 0.0,
        "idle_negation": 0.0,
    },
    "negation pull": {"negation_pull": 0.0},
    "idle negation": {"idle_negation": 0.0},
    "intensity": {"intensity": 0.0},
    "capitals, elongation, exclamation": {"caps": 0.0, "elongation": 0.0, "exclaim": 0.0},
    "repetition": {"repeat": 1.0},
    "questions": {"question": 1.0, "neutral_question": 0.0},
    "conditionals and wishes": {"conditional": 1.0, "wish": 1.0},
    "contrast and concession": {
        "before_contrast": 1.0,
        "after_contrast": 1.0,
        "concession": 1.0,
    },
    "irony": {"irony": 1.0, "hollow": 1.0, "mocked": 1.0, "doubt": 0.0},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    if datasets.absent():
        sys.stderr.write(f"skipped: {datasets.absent()}\n")
        return
    rows = {name: _row(lexicon) for name, lexicon in _variants()}
    if options.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    names = [name for name, _ in datasets.REPORTED]
    sys.stdout.write(f"| | {' | '.join(names)} |\n| --- |{' ---: |' * len(names)}\n")
    for name, figures in rows.items():
        cells = " | ".join(f"{figures[each]:.3f}" for each in names)
        sys.stdout.write(f"| {name} | {cells} |\n")


def _variants() -> Iterable[tuple[str, Lexicon]]:
    weights = read_weights(DATA / "weights.json")
    shipped = read_folder(DATA)
    packed = pack(shipped, weights)
    yield "all rules", Lexicon(packed)
    for name, off in OFF.items():
        yield f"without {name}", _weighted(packed, weights._replace(**off))
    everything = {name: value for off in OFF.values() for name, value in off.items()}
    yield "no rules", _weighted(packed, weights._replace(**everything))
    yield "without phrases", _of([e for e in shipped if " " not in e.word], weights)
    spelled = [e for e in shipped if not e.form_of]
    yield "without listed spellings", _of(spelled, weights)
    yield "dictionaries alone", _of(fit_lexicon.dictionaries(), weights)


def _of(entries: Iterable[Entry], weights: Weights) -> Lexicon:
    return Lexicon(pack(merge(entries), weights))


def _weighted(packed: bytes, weights: Weights) -> Lexicon:
    lexicon = Lexicon(packed)
    lexicon.weights = weights
    return lexicon


def _row(lexicon: Lexicon) -> dict[str, float]:
    scorer = scoring.Scorer(scoring.LexiconSettings(), lexicon, scoring.Kernel(lexicon))
    figures = {}
    for name, split in datasets.REPORTED:
        table = datasets.load(name, split)
        texts = table["text"].combine_chunks()
        answers = score_column(texts, scorer)[0].indices.to_numpy()
        truth = pc.index_in(table["label"], pa.array(LABELS)).to_numpy()
        figures[name] = Counts.of(truth, answers, labels=LABELS).macro_f1
    return figures


if __name__ == "__main__":
    main()
