"""The training sets as one, for the models that learn from all of them, and the parts they are chosen and judged on.

Nothing learnt from is a near-copy of a post that is judged or chosen on. Of IIITH, which has no split, four folds of
five are learnt and one is judged on. Sets with a non-commercial licence do not take part.
"""

from __future__ import annotations

import datasets
import numpy as np
import pyarrow as pa

from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.labelled import Labelled

TIMES_READ = {
    "sentimix-hinglish": 1.5,
    "sail2017-hinglish": 1.5,
    "iiith-codemixed": 2.0,
    "tweeteval-sentiment": 1.0,
    "tweet-sentiment-extraction": 0.4,
    "sentiment140-sample": 0.3,
    "sanders-twitter": 0.5,
    "corona-tweets-2020": 0.5,
    "sst5": 0.5,
    "uci-sentiment-sentences": 0.5,
    "customer-reviews": 0.5,
    "amazon-alexa-reviews": 0.5,
    "iitp-product-reviews-hindi": 1.0,
    "iitp-movie-reviews-hindi": 1.0,
}
"""How often the posts of a set are read in one epoch; a fraction takes that part of them."""
HINGLISH_FIRST = {
    "sentimix-hinglish": 1.5,
    "sail2017-hinglish": 1.5,
    "iiith-codemixed": 2.0,
    "tweeteval-sentiment": 0.35,
    "tweet-sentiment-extraction": 0.1,
}
"""The same for a model that shall know code-mixing best: English only as much as it lends to it."""
READS = {"all": TIMES_READ, "hinglish": HINGLISH_FIRST}
WITHOUT_SPLIT = "iiith-codemixed"
JUDGED = ("sentimix-hinglish", "sail2017-hinglish", WITHOUT_SPLIT, "tweeteval-sentiment")
CHOSEN_PARTS = 20
"""One of so many parts of each judged set's training posts is left for choosing: weights of an ensemble, thresholds."""
_COLUMNS = ["text", "label"]


def training(reads: str = "all", *, seed: int = 0) -> Labelled:
    """The posts to learn from, each as often as `READS[reads]` says, with the set as source."""
    random = np.random.default_rng(seed)
    held = pa.concat_tables([*_held_out(), *(_chosen(name) for name in JUDGED)])
    parts = []
    for name, times in READS[reads].items():
        spellings = [without_copies(each, held) for each in _spellings(name)]
        for table in spellings:
            share = times / len(spellings)
            some = random.permutation(table.num_rows)[: round(share % 1 * table.num_rows)]
            rows = np.concatenate([np.tile(np.arange(table.num_rows), int(share)), some])
            print(f"{name}: {table.num_rows:,} posts, {len(rows):,} read an epoch", flush=True)
            parts.append(labelled(table.take(pa.array(rows)), name))
    return joined(parts)


def choosing() -> Labelled:
    """The posts to choose on: a part of each judged set's training posts, none a near-copy of a judged one."""
    return joined([labelled(_chosen(name), name) for name in JUDGED])


def judged(name: str) -> Labelled:
    """The posts of a set to judge on, as published."""
    return labelled(_judged(name), name)


def labelled(table: pa.Table, name: str) -> Labelled:
    """The table as a trainer takes it."""
    codes = np.array([datasets.CLASSES.index(label) for label in table["label"].to_pylist()])
    texts = table["text"].combine_chunks().cast(pa.string())
    return Labelled.of(texts, codes, datasets.CLASSES, source=name)


def joined(parts: list[Labelled]) -> Labelled:
    """Several as one, all posts of one weight."""
    return Labelled(
        pa.concat_arrays([part.texts for part in parts]),
        np.concatenate([part.codes for part in parts]),
        datasets.CLASSES,
        weights=np.concatenate([part.weights for part in parts]),
        sources=pa.concat_arrays([part.sources for part in parts]),
    )


def sets(reads: str = "all") -> list[dict[str, object]]:
    """The sets that are learnt from, for a model's card."""
    return [
        {"set": name, "split": "train", "licence": datasets.licence(name), "times_read": times}
        for name, times in READS[reads].items()
    ]


def _judged(name: str) -> pa.Table:
    if name == WITHOUT_SPLIT:
        return _iiith_parts()[1]
    return datasets.load(name, "validation")


def _chosen(name: str) -> pa.Table:
    table = without_copies(_learnable(name), pa.concat_tables(_held_out()))
    return _parted(table, CHOSEN_PARTS)[1].select(_COLUMNS)


def _held_out() -> list[pa.Table]:
    """All that is reported on, in every spelling."""
    tables = [_iiith_parts()[1]]
    for name, split in datasets.REPORTED:
        if name != WITHOUT_SPLIT:
            tables += [datasets.load(name, split, rejoin=each) for each in (False, True)]
    return [table.select(_COLUMNS) for table in tables]


def _spellings(name: str) -> list[pa.Table]:
    """The training posts as published; of SentiMix, published as tokens, also as posts come: whole."""
    tables = [_learnable(name)]
    if name.startswith("sentimix"):
        tables.append(datasets.load(name, "train", rejoin=True))
    return [table.select(_COLUMNS) for table in tables]


def _learnable(name: str) -> pa.Table:
    return _iiith_parts()[0] if name == WITHOUT_SPLIT else datasets.load(name, "train")


def _iiith_parts() -> tuple[pa.Table, pa.Table]:
    """Four folds to learn and one to judge on."""
    return _parted(datasets.load(WITHOUT_SPLIT, "train"), 5)


def _parted(table: pa.Table, n_parts: int) -> tuple[pa.Table, pa.Table]:
    """All parts but the first, and the first; near-copies stay together."""
    texts, labels = table["text"].to_pylist(), table["label"].to_pylist()
    is_first = fold_numbers(texts, labels, n_folds=n_parts) == 0
    return table.filter(pa.array(~is_first)), table.filter(pa.array(is_first))
