"""Train the model that ships with mizaj, from the public data sets to its bytes.

    python benchmarks/train_default.py [--into DIR]   the model, calibrated; by default into the package
    python benchmarks/train_default.py --judge        how right it is on what it has not seen, with intervals
    python benchmarks/train_default.py --teacher DIR  taught by the model in a folder on its way, which `joint` trained

Judged are five models, each trained without any near-copy of the posts it is judged on: the validation splits of
three sets by all five, and the sets that have none by five folds. The shipped model then learns from all
training splits. No test split is read. Sets with a non-commercial licence do not take part.

With a teacher one model is judged, on what the teacher has not seen either: the validation splits, and of IIITH one
fold. The posts that only the teacher labels hold no near-copy of these.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
from teaching import School, Teacher

from mizaj.learn.behaviour import card_of
from mizaj.learn.calibrate import fit_temperature
from mizaj.learn.distil import DistilSettings
from mizaj.learn.fit_linear import LinearSettings, fit
from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.intervals import bootstrap_intervals
from mizaj.learn.kinds import silent
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import CLASSES, Counts
from mizaj.learn.weighting import Weighting, weighted
from mizaj.model.classifier import Probabilities
from mizaj.model.folder import POLARITY, Described, save
from mizaj.model.linear import LinearModel
from mizaj.model.score import load_model
from mizaj.model.shipped import SHIPPED

SETS = {
    "sentimix-hinglish": 2.0,
    "sail2017-hinglish": 2.0,
    "iiith-codemixed": 2.0,
    "tweeteval-sentiment": 1.0,
    "tweet-sentiment-extraction": 1.0,
    "sanders-twitter": 1.0,
    "corona-tweets-2020": 1.0,
    "sst5": 1.0,
    "iitp-product-reviews-hindi": 1.0,
    "iitp-movie-reviews-hindi": 1.0,
    "uci-sentiment-sentences": 1.0,
    "customer-reviews": 1.0,
    "amazon-alexa-reviews": 1.0,
}
"""What is learnt from: how much a post of the set counts."""
NEVER_LEARNT = "vader-icwsm2014"
"""Judged on elsewhere; `customer-reviews` has posts of it."""
SETTINGS = LinearSettings(epochs=5, labels_of_source=True)
VALIDATED = ("sentimix-hinglish", "sail2017-hinglish", "tweeteval-sentiment")
IIITH = "iiith-codemixed"
FOLDED = (IIITH, "iitp-product-reviews-hindi", "iitp-movie-reviews-hindi", "sst5")
TWO_SIDED = "rt-polarity"
"""Judged only, by the folds of `sst5`, which has the same sentences with other labels; it has no neutral ones."""
N_FOLDS = 5
CLASS_POWER = 0.5


@dataclass(frozen=True)
class Judging:
    """How many models are judged, each on all validation splits and on a fold of each of these sets; told as this."""

    n_models: int
    folded: tuple[str, ...]
    told: str


ALONE = Judging(
    N_FOLDS,
    (*FOLDED, TWO_SIDED),
    "five models, each without near-copies of what it is judged on; macro-F1 with 95 % intervals",
)
TAUGHT = Judging(
    1,
    (IIITH,),
    "one model, it and its teacher without near-copies of what it is judged on; of iiith-codemixed one fold of five; "
    "macro-F1 with 95 % intervals",
)


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    school = _school(options) if options.teacher else None
    judged = judge(school)
    print(_table(judged))
    if options.judge:
        return 0
    nothing = pa.table({"text": pa.array([], pa.string())})
    model = train(nothing, school).cooled(_temperature(judged))
    card = _card(judged, school) | card_of(model, POLARITY)
    folder = save(model, options.into, Described(card=card), overwrite=True)
    size = sum(stamp["bytes"] for stamp in folder.files.values())
    print(f"{folder.path}: {size:,} bytes, hash {folder.content_hash[:16]}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--judge", action="store_true", help="only judge")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="the folder to write")
    parser.add_argument("--teacher", type=Path, help="the folder of a model to learn from")
    parser.add_argument(
        "--answers", type=Path, help="where what it says is kept; beside its folder unless named"
    )
    parser.add_argument(
        "--streams", type=int, default=300_000, help="posts without labels, at most"
    )
    plain = DistilSettings()
    parser.add_argument("--share", type=float, default=plain.share, help="of the teacher's word")
    parser.add_argument("--stream-weight", type=float, default=plain.unlabelled_weight)
    parser.add_argument(
        "--shortest", type=int, default=plain.shortest, help="words of a post it is believed about"
    )
    return parser.parse_args()


def _school(options: argparse.Namespace) -> School:
    kept = options.answers or options.teacher.with_name(f"{options.teacher.name}-answers.parquet")
    settings = DistilSettings(
        share=options.share,
        unlabelled_weight=options.stream_weight,
        shortest=options.shortest,
    )
    return School(Teacher(load_model(options.teacher), kept), options.streams, settings)


def judge(school: School | None) -> dict[str, list[tuple[Labelled, Probabilities]]]:
    """For each set, the posts it was judged on with what each of the models made of its part."""
    found: dict[str, list[tuple[Labelled, Probabilities]]] = {}
    judging = TAUGHT if school else ALONE
    for number, held in enumerate(_held_out(judging)):
        start = time.monotonic()
        model = train(pa.concat_tables([table.select(["text"]) for table in held.values()]), school)
        for name, table in held.items():
            posts = labelled(table, name)
            found.setdefault(name, []).append((posts, model.probabilities(posts.texts)))
        seconds = time.monotonic() - start
        print(f"model {number + 1} of {judging.n_models}: {seconds:.0f} s", file=sys.stderr)
    return found


def _held_out(judging: Judging) -> Iterator[dict[str, pa.Table]]:
    """What each model is judged on: all validation splits, a fold of each other set."""
    whole = {name: datasets.load(name, "validation") for name in VALIDATED}
    folded = {name: datasets.load(name, "train") for name in judging.folded}
    numbers = {name: _fold_numbers(table) for name, table in folded.items()}
    for fold in range(judging.n_models):
        parts = {name: t.filter(pa.array(numbers[name] == fold)) for name, t in folded.items()}
        yield {**whole, **parts}


def _fold_numbers(table: pa.Table) -> np.ndarray:
    return fold_numbers(table["text"].to_pylist(), table["label"].to_pylist(), n_folds=N_FOLDS)


def train(held: pa.Table, school: School | None) -> LinearModel:
    """A model that has seen no near-copy of what is held out; nor has its school, of any validation split."""
    posts = training(held)
    if school:
        validation = [datasets.load(name, "validation").select(["text"]) for name in VALIDATED]
        posts = school.taught(posts, pa.concat_tables([held, *validation, _never_learnt()]))
    return fit(posts, None, SETTINGS, seed=0, progress=silent)


def training(held: pa.Table) -> Labelled:
    """All that may be learnt from but the near-copies of what is held out, weighted."""
    parts = []
    held = pa.concat_tables([held, _never_learnt()])
    for name, worth in SETS.items():
        for table in _spellings(name):
            posts = labelled(without_copies(table, held), name)
            scale = worth / len(_spellings(name))
            balanced = weighted(posts, Weighting(class_power=CLASS_POWER))
            parts.append((posts, balanced.weights * np.float32(scale)))
    weights = np.concatenate([weights for _, weights in parts])
    return Labelled(
        pa.concat_arrays([posts.texts for posts, _ in parts]),
        np.concatenate([posts.codes for posts, _ in parts]),
        CLASSES,
        weights=(weights / weights.mean()).astype(np.float32),
        sources=pa.concat_arrays([posts.sources for posts, _ in parts]),
    )


def _never_learnt() -> pa.Table:
    return datasets.load(NEVER_LEARNT, "train").select(["text"])


def _spellings(name: str) -> list[pa.Table]:
    """The training posts as published; of SentiMix, published as tokens, also as posts come: whole."""
    tables = [datasets.load(name, "train")]
    if name.startswith("sentimix"):
        tables.append(datasets.load(name, "train", rejoin=True))
    return tables


def labelled(table: pa.Table, name: str) -> Labelled:
    texts = table["text"].combine_chunks().fill_null("").cast(pa.string())
    codes = np.array([CLASSES.index(label) for label in table["label"].to_pylist()], np.int64)
    return Labelled.of(texts, codes, CLASSES, source=name)


def _temperature(judged: dict[str, list[tuple[Labelled, Probabilities]]]) -> float:
    """Fitted on what the models made of posts that they had not seen."""
    pairs = [pair for name, found in judged.items() if name != TWO_SIDED for pair in found[:1]]
    pairs += [pair for name in FOLDED for pair in judged.get(name, [])[1:]]
    posts = Labelled.of(
        pa.concat_arrays([held.texts for held, _ in pairs]),
        np.concatenate([held.codes for held, _ in pairs]),
        CLASSES,
    )
    proba = np.concatenate([found for _, found in pairs])
    return fit_temperature(proba, posts.codes).value


def _card(
    judged: dict[str, list[tuple[Labelled, Probabilities]]], school: School | None
) -> dict[str, object]:
    command = "python benchmarks/train_default.py"
    card: dict[str, object] = {
        "trained_on": [
            {"set": name, "split": "train", "licence": datasets.licence(name), "weight": worth}
            for name, worth in SETS.items()
        ],
        "settings": {**vars(SETTINGS), "class_power": CLASS_POWER},
        "scores": _scores(judged),
        "judged": (TAUGHT if school else ALONE).told,
        "rebuild": command,
    }
    return card if school is None else card | _of_school(school, command)


def _of_school(school: School, command: str) -> dict[str, object]:
    said, teacher = school.settings, school.teacher.model.folder.path.name
    words = (
        f"--share {said.share} --stream-weight {said.unlabelled_weight} --shortest {said.shortest}"
    )
    return {
        "teacher": school.card,
        "rebuild": f"{command} --teacher {teacher} --streams {school.n_streams} {words}",
    }


def _scores(judged: dict[str, list[tuple[Labelled, Probabilities]]]) -> dict[str, dict[str, float]]:
    """By set, macro-F1 (of two sides, accuracy without neutral) with its interval, and the models' spread."""
    scores = {}
    for name, found in judged.items():
        parts = found[:1] if name in VALIDATED else found
        if name == TWO_SIDED:
            truth = np.concatenate([posts.codes for posts, _ in parts])
            proba = np.concatenate([proba for _, proba in parts])
            sides = (proba[:, 2] > proba[:, 0]).astype(np.int64) * 2
            scores[name] = {"accuracy": float((truth == sides).mean()), "rows": len(truth)}
            continue
        counts = [_counts(posts, proba) for posts, proba in parts]
        whole = sum(counts[1:], start=counts[0])
        interval = bootstrap_intervals(whole).macro_f1
        each = [_counts(posts, proba).macro_f1 for posts, proba in found]
        scores[name] = {
            "macro_f1": interval.value,
            "low": interval.low,
            "high": interval.high,
            "rows": whole.n_rows,
        }
        if name in VALIDATED:
            scores[name] |= {"mean": float(np.mean(each)), "least": min(each), "most": max(each)}
    return scores


def _counts(posts: Labelled, proba: Probabilities) -> Counts:
    return Counts.of(posts.codes, proba.argmax(axis=1).astype(np.int64), labels=CLASSES)


def _table(judged: dict[str, list[tuple[Labelled, Probabilities]]]) -> str:
    return json.dumps(_scores(judged), indent=2)


if __name__ == "__main__":
    sys.exit(main())
