"""Train the model of spam that ships with mizaj, from public sets and written examples to its bytes, and judge it.

    python benchmarks/train_spam.py [--into DIR]   the model, with the threshold that it asks for; by default into the
                                                   package
    python benchmarks/train_spam.py --judge        how right it is on what it has not seen, with intervals

Learnt from: `sms-spam`, `youtube-spam`, the examples written for mizaj (`spam_examples.tsv`) and, as what is no spam, a
sample of ordinary posts. Judged by five folds, near copies in one fold: three teach, one chooses the threshold, one is
reported. No post of the sets in `ORDINARY_JUDGED` is learnt from.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filters_judged import ORDINARY_JUDGED

from mizaj.clean.filters.spam import LABELS, SHIPPED, TASK, has_cue, telling
from mizaj.learn.fit_linear import LinearSettings, fit
from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.intervals import wilson_interval
from mizaj.learn.kinds import silent
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import Described, save
from mizaj.model.linear import LinearModel

EXAMPLES = Path(__file__).parent / "spam_examples.tsv"
SMS, YOUTUBE, WRITTEN = "sms-spam", "youtube-spam", "written examples"
ORDINARY = {
    "sentimix-hinglish": 8000,
    "sail2017-hinglish": 6000,
    "tweeteval-sentiment": 12000,
    "tweet-sentiment-extraction": 6000,
    "sanders-twitter": 3000,
    "corona-tweets-2020": 2000,
    "sst5": 2000,
    "uci-sentiment-sentences": 2000,
    "hasoc2019-hindi": 3000,
    "bhaav-hindi-emotion": 4000,
}
"""What is taken for no spam, and how many posts of it."""
STREAMS = {
    "reddit-india-stream": 4000,
    "youtube-tech-hinglish-stream": 1500,
    "india-politics-2014-stream": 8000,
}
WEIGHTS = {SMS: 2.0, YOUTUBE: 6.0, WRITTEN: 6.0}
SETTINGS = LinearSettings(epochs=8, least_count=2, least_count_chars=4, most_keys=24_000)
N_FOLDS = 5
LEAST_PRECISION = 0.99
MOST_FALSE = 0.001
"""What the chosen threshold keeps to on the fold that chooses it: of the SMS, and of ordinary posts."""
GRID = tuple(round(0.05 + 0.01 * step, 2) for step in range(95))


@dataclass(frozen=True)
class Posts:
    """Posts of spam or not, with the fold of each."""

    name: str
    texts: pa.Array
    is_spam: np.ndarray
    folds: np.ndarray

    def of(self, folds: set[int]) -> Posts:
        chosen = np.isin(self.folds, sorted(folds))
        texts = self.texts.filter(pa.array(chosen))
        return Posts(self.name, texts, self.is_spam[chosen], self.folds[chosen])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--judge", action="store_true", help="only judge")
    parser.add_argument("--errors", type=int, default=0, help="print so many errors of each set")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="the folder to write")
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    sets = read_sets()
    judged = judge(sets, n_errors=options.errors)
    print(json.dumps(judged, indent=2))
    if options.judge:
        return 0
    model = train([(posts, posts) for posts in sets])
    folder = save(model, options.into, Described(task=TASK, card=_card(judged)), overwrite=True)
    size = sum(stamp["bytes"] for stamp in folder.files.values())
    print(f"{folder.path}: {size:,} bytes; threshold {judged['threshold']}")
    return 0


def read_sets() -> list[Posts]:
    """All that is learnt from, in folds."""
    sets = [_labelled_set(SMS), _labelled_set(YOUTUBE), _folded(WRITTEN, *read_examples(seed=0))]
    held = datasets.joined_texts(ORDINARY_JUDGED)
    rng = np.random.default_rng(0)
    for name, most in (ORDINARY | STREAMS).items():
        split = "unlabelled" if name in STREAMS else "train"
        table = without_copies(pa.table({"text": datasets.texts(name, split)}), held)
        chosen = rng.permutation(table.num_rows)[:most]
        texts = table["text"].take(pa.array(np.sort(chosen))).to_pylist()
        sets.append(_folded(name, texts, [LABELS[0]] * len(texts)))
    return sets


def read_examples(*, seed: int) -> tuple[list[str], list[str]]:
    """The written examples and their labels, `{phone}` and the like filled in with made-up ones."""
    rng = random.Random(seed)
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    texts = [re.sub(r"\{(\w+)\}", lambda slot: _made_up(slot[1], rng), row["text"]) for row in rows]
    return texts, [row["label"] for row in rows]


def _made_up(slot: str, rng: random.Random) -> str:
    """A phone number, code, sum or link by chance: somebody may have it, but models see it spelt out as a word."""
    digits = "".join(rng.choice(string.digits) for _ in range(9))
    word = "".join(rng.choice(string.ascii_lowercase) for _ in range(6))
    forms = {
        "phone": (f"9{digits}", f"+91 9{digits[:4]} {digits[4:]}", f"09{digits}", f"7{digits[:4]}-{digits[4:]}"),
        "code": (digits[:5], digits[:6]),
        "money": (f"Rs {digits[:4]}", f"₹{digits[:5]}", f"${digits[:4]}", f"{digits[0]},000 rupees"),
        "link": (f"https://{word}.example/{word}", f"http://www.{word}.example", f"www.{word}.example"),
        "short": (f"https://bit.ly/{word}", f"bit.ly/{word}", f"tinyurl.com/{word}"),
        "wa": (f"https://wa.me/9{digits}", f"wa.me/9{digits}"),
        "tg": (f"https://t.me/{word}", f"t.me/{word}"),
        "yt": (f"https://youtu.be/{word}", f"https://www.youtube.com/watch?v={word}"),
        "email": (f"{word}@mail.example",),
    }  # fmt: skip
    return rng.choice(forms[slot])


def _labelled_set(name: str) -> Posts:
    table = pq.read_table((datasets.folder() or Path()) / name / "train.parquet")
    return _folded(name, table["text"].to_pylist(), table["label"].to_pylist())


def _folded(name: str, texts: list[str], labels: list[str]) -> Posts:
    folds = fold_numbers(texts, labels, n_folds=N_FOLDS)
    return Posts(name, pa.array(texts, pa.string()), np.array(labels) == LABELS[1], folds)


def judge(sets: list[Posts], *, n_errors: int) -> dict[str, object]:
    """Figures on the folds that neither taught nor chose, and the threshold that all of them together ask for."""
    ordinary = [(name, datasets.texts(name, split)) for name, split in ORDINARY_JUDGED]
    proba = {posts.name: np.zeros(len(posts.texts), np.float32) for posts in sets}
    found = {posts.name: np.zeros(len(posts.texts), np.bool_) for posts in sets}
    false = {name: np.zeros((N_FOLDS, len(texts)), np.bool_) for name, texts in ordinary}
    chosen = []
    for fold in range(N_FOLDS):
        chooses = (fold + 1) % N_FOLDS
        teach = set(range(N_FOLDS)) - {fold, chooses}
        model = train([(posts, posts.of(teach)) for posts in sets])
        held = [posts.of({chooses}) for posts in sets]
        threshold = choose([(posts, said(model, posts.texts)) for posts in held])
        chosen.append(threshold)
        for posts in sets:
            rows = posts.folds == fold
            proba[posts.name][rows] = said(model, posts.of({fold}).texts)
            found[posts.name][rows] = proba[posts.name][rows] >= threshold
        for name, texts in ordinary:
            false[name][fold] = said(model, texts) >= threshold
    for posts in sets:
        _print_errors(posts.name, posts.texts, found[posts.name] != posts.is_spam, n_errors)
    for name, texts in ordinary:
        _print_errors(name, texts, false[name].any(axis=0), n_errors)
    return {
        "threshold": choose([(posts, proba[posts.name]) for posts in sets]),
        "thresholds of the folds": chosen,
        "share of spam with a cue": {
            p.name: float(_has_cue(p.texts)[p.is_spam].mean()) for p in sets if p.is_spam.any()
        },
        "share of ordinary posts with a cue": {
            name: float(_has_cue(texts).mean()) for name, texts in ordinary
        },
        **{p.name: _figures(p.is_spam, found[p.name]) for p in sets if p.is_spam.any()},
        "false among those learnt from": {
            p.name: _share(found[p.name]) for p in sets if not p.is_spam.any()
        },
        "false among others": {
            name: _share(rows[0]) | {"of five models": [float(each.mean()) for each in rows]}
            for name, rows in false.items()
        },
    }


def train(sets: list[tuple[Posts, Posts]]) -> LinearModel:
    """A model of these posts: of each set, the part that teaches."""
    parts = [part for _, part in sets]
    texts = pa.concat_arrays([part.texts for part in parts])
    is_spam = np.concatenate([part.is_spam for part in parts])
    weights = np.concatenate(
        [np.full(len(part.texts), WEIGHTS.get(part.name, 1.0), np.float32) for part in parts]
    )
    looked_at = _has_cue(texts)
    # posts without a cue never reach the model: a few teach it what words are usual
    looked_at |= np.random.default_rng(0).random(len(texts)) < 0.3
    rows = np.flatnonzero(looked_at)
    return fit(
        Labelled(
            telling(texts.take(pa.array(rows))),
            is_spam[rows].astype(np.int64),
            LABELS,
            weights=(weights[rows] / weights[rows].mean()).astype(np.float32),
            sources=pa.array([""] * len(rows), pa.string()),
        ),
        None,
        SETTINGS,
        seed=0,
        progress=silent,
    )


def said(model: LinearModel, texts: pa.Array) -> np.ndarray:
    """The probability of spam as the filter takes it: none for a post without a cue."""
    proba = model.probabilities(telling(texts))[:, 1]
    return np.where(_has_cue(texts), proba, 0.0)


def _has_cue(texts: pa.Array) -> np.ndarray:
    return np.array(has_cue(texts).to_pylist(), np.bool_)


def choose(judged: list[tuple[Posts, np.ndarray]]) -> float:
    """The lowest threshold at which the SMS and the ordinary posts are as clean as asked for."""
    for threshold in GRID:
        is_clean = True
        for posts, proba in judged:
            found = proba >= threshold
            if posts.name == SMS:
                right = int((found & posts.is_spam).sum())
                is_clean &= right >= LEAST_PRECISION * max(1, int(found.sum()))
        others = [proba >= threshold for posts, proba in judged if not posts.is_spam.any()]
        is_clean &= float(np.concatenate(others).mean()) <= MOST_FALSE
        if is_clean:
            return threshold
    raise SystemExit(
        f"no threshold up to {GRID[-1]} is as clean as asked for: precision {LEAST_PRECISION} among "
        f"{SMS}, at most {MOST_FALSE} of ordinary posts rejected"
    )


def _figures(truth: np.ndarray, found: np.ndarray) -> dict[str, object]:
    right = int((truth & found).sum())
    return {
        "precision": wilson_interval(right, max(1, int(found.sum()))).to_dict(),
        "recall": wilson_interval(right, int(truth.sum())).to_dict(),
        "spam": int(truth.sum()),
        "rows": len(truth),
    }


def _share(found: np.ndarray) -> dict[str, object]:
    return {
        "share": wilson_interval(int(found.sum()), len(found)).to_dict(),
        "rejected": int(found.sum()),
        "rows": len(found),
    }


def _print_errors(name: str, texts: pa.Array, wrong: np.ndarray, most: int) -> None:
    for row in np.flatnonzero(wrong)[:most].tolist():
        print(f"{name}: {texts[row].as_py()!r:.200}", file=sys.stderr)


def _card(judged: dict[str, object]) -> dict[str, object]:
    names: Iterator[str] = iter((SMS, YOUTUBE, *ORDINARY, *STREAMS))
    return {
        "trained_on": [
            *({"set": name, "licence": datasets.licence(name)} for name in names),
            {"set": WRITTEN, "licence": "Apache-2.0"},
        ],
        "settings": vars(SETTINGS),
        "scores": judged,
        "judged": "five folds, near copies in one; the threshold chosen on a fold neither taught nor reported",
        "rebuild": "python benchmarks/train_spam.py",
    }


if __name__ == "__main__":
    sys.exit(main())
