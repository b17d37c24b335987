"""How many posts of each public set the filters reject, as they ship, and for what.

    python benchmarks/filters_judged.py [--errors N]

A share is marked `(taught)` where the filter has learnt from that very split, and says little then. Nothing was learnt
from the others nor from near copies of their posts; those with non-commercial licences may be judged on. Of posts in
English and Hindi the filters should reject few, of others that filter many.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import datasets
import pyarrow as pa

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.filters.language import FOREIGN
from mizaj.clean.filters.spam import SHIPPED
from mizaj.clean.settings import CleanSettings
from mizaj.learn.intervals import wilson_interval
from mizaj.model.score import load_model

ORDINARY_JUDGED = (
    *(("iiith-codemixed", "train"), ("sail2017-hinglish", "validation")),
    *(("sentimix-hinglish", "validation"), ("tweeteval-sentiment", "validation")),
    *(("amazon-alexa-reviews", "train"), ("customer-reviews", "train")),
    *(("iitp-product-reviews-hindi", "train"), ("iitp-movie-reviews-hindi", "train")),
    ("us-airline-2015", "train"),
)
"""Ordinary posts and reviews, which are no spam; what advertisements there are among them is counted as false, too."""
AT_HOME_JUDGED = (
    *(("hinglid", "validation"), ("masac-emotion", "validation")),
    *(("hinglish-stance-notebandi", "train"), ("icon2016-pos-hinglish", "train")),
    *(("hasoc2021-hinglish-conversations", "train"), ("trac1-aggression-hindi", "validation")),
    *(("trac2-aggression-hindi", "validation"), ("trac1-aggression-english", "validation")),
    *(("trac2-aggression-english", "validation"), ("tweeteval-offensive", "validation")),
    *(("vader-icwsm2014", "train"), ("bhaav-hindi-emotion", "validation")),
    *(("hasoc2019-hindi", "train"), ("wildre7-magahi", "train")),
)
ABROAD_JUDGED = (
    *(("sentimix-spanglish", "validation"), ("dravidian-codemix-tamil-english", "validation")),
    ("dravidian-codemix-malayalam-english", "validation"),
    ("dravidian-codemix-kannada-english", "validation"),
    *(("mesent-marathi-english", "validation"), ("trac2-aggression-bengali", "validation")),
    ("wildre7-bangla-english-hindi", "validation"),
)
"""Many posts of these are in English alone."""

MODELS = {"language": FOREIGN, "spam": SHIPPED}
"""The models of filters, by the reason they give."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--errors", type=int, default=0, help="print so many posts of each reason")
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    for title, sets in (
        ("at home", (*ORDINARY_JUDGED, *AT_HOME_JUDGED)),
        ("abroad", ABROAD_JUDGED),
    ):
        print(f"\n| set, {title} | posts | language, % | 95 % | spam, % | 95 % | others |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name, split in sets:
            print(_row(name, split, n_errors=options.errors))
    return 0


def _row(name: str, split: str, *, n_errors: int) -> str:
    texts = datasets.texts(name, split)
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(len(texts), REJECTED.type)})
    cleaned = Pipeline(CleanSettings().steps())(batch)
    reasons = [str(reason or "").partition(":")[0] for reason in cleaned["rejected"].to_pylist()]
    counts = Counter(reasons)
    for kind in sorted(set(counts) - {""}):
        chosen = [t for t, r in zip(texts.to_pylist(), reasons, strict=True) if r == kind]
        for text in chosen[:n_errors]:
            print(f"{name} {kind}: {text!r:.180}", file=sys.stderr)
    others = ", ".join(
        f"{kind} {n}" for kind, n in sorted(counts.items()) if kind not in ("", "language", "spam")
    )
    shares = " | ".join(
        _share(counts[kind], len(texts)) + (" (taught)" if _has_taught(kind, name, split) else "")
        for kind in MODELS
    )
    return f"| {name} {split} | {len(texts):,} | {shares} | {others} |"


def _has_taught(kind: str, name: str, split: str) -> bool:
    """Whether the model of a filter has learnt from this split, by its card, where all splits are `train`."""
    card = load_model(MODELS[kind]).folder.described.card
    return split == "train" and name in {each["set"] for each in card["trained_on"]}


def _share(n: int, n_rows: int) -> str:
    found = wilson_interval(n, n_rows)
    return f"{100 * found.value:.2f} | {100 * found.low:.2f}-{100 * found.high:.2f}"


if __name__ == "__main__":
    sys.exit(main())
