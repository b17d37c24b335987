"""Train the model that finds third languages in Latin letters, which ships with mizaj, for its language filter.

    python benchmarks/train_foreign.py [--into DIR]   the model, with the threshold that it asks for

Learnt from: posts of Spanish, Tamil, Malayalam, Kannada and Sinhala speakers that are in Latin letters and that the
dictionaries do not read as English, and from English and Hindi posts in Latin letters. A fifth of these, near copies
of one set kept together, chooses the threshold. `filters_judged.py` judges it on other splits and sets; near copies of
their posts are taken out of what teaches, unless they are of a split that teaches itself, which is marked there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filters_judged import ABROAD_JUDGED, AT_HOME_JUDGED, ORDINARY_JUDGED

from mizaj.clean.filters.language import (
    FOREIGN,
    FOREIGN_LABELS,
    FOREIGN_TASK,
    has_home_word,
    read_languages,
)
from mizaj.learn.fit_linear import LinearSettings, fit
from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.kinds import silent
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import Described, save
from mizaj.model.linear import LinearModel

ABROAD = (
    "sentimix-spanglish",
    "dravidian-codemix-tamil-english",
    "dravidian-codemix-malayalam-english",
    "dravidian-codemix-kannada-english",
    "singlish-sinhala-english",
)
AT_HOME = (
    *("sentimix-hinglish", "sail2017-hinglish", "hinglish-hate", "hinglish-sarcasm"),
    *("heot-hinglish-offensive", "youtube-cookery-hinglish", "masac-emotion", "hinglish-top"),
    *("tweeteval-sentiment", "tweet-sentiment-extraction", "sentiment140-sample", "sms-spam"),
    *("corona-tweets-2020", "sst5", "customer-reviews", "amazon-alexa-reviews"),
)
STREAMS = (
    *("reddit-india-stream", "india-politics-2014-stream"),
    *("youtube-tech-hinglish-stream", "hinglish-comedy-tweets"),
)
TAUGHT_BY = (
    *((name, "train") for name in (*ABROAD, *AT_HOME)),
    *((name, "unlabelled") for name in STREAMS),
)
JUDGED = (*ORDINARY_JUDGED, *AT_HOME_JUDGED, *ABROAD_JUDGED)
MOST_POSTS = 9000
SETTINGS = LinearSettings(epochs=4, most_keys=24_000, least_count=4, least_count_chars=6)
MOST_FALSE = 0.001
"""What the chosen threshold may reject of the fifth of the home posts that chooses it."""
N_FOLDS = 5
_LATIN_ONLY = r"^[\P{L}\p{Latin}]*$"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--into", type=Path, default=FOREIGN, help="the folder to write")
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    threshold = choose()
    names = (*ABROAD, *AT_HOME, *STREAMS)
    card = {
        "trained_on": [{"set": name, "licence": datasets.licence(name)} for name in names],
        "settings": vars(SETTINGS),
        "threshold": threshold,
        "judged": "python benchmarks/filters_judged.py",
        "rebuild": "python benchmarks/train_foreign.py",
    }
    described = Described(task=FOREIGN_TASK, card=card)
    folder = save(train(read_posts(None)), options.into, described, overwrite=True)
    size = sum(stamp["bytes"] for stamp in folder.files.values())
    print(f"{folder.path}: {size:,} bytes; threshold {threshold}")
    return 0


def read_posts(part: str | None) -> list[tuple[pa.Array, bool]]:
    """Posts in Latin letters and whether they are from abroad: all, or those that `teach`, or those that `choose`."""
    posts = []
    held = datasets.joined_texts(each for each in JUDGED if each not in TAUGHT_BY)
    for name, split in TAUGHT_BY:
        table = without_copies(pa.table({"text": datasets.texts(name, split)}), held)
        texts = table["text"].combine_chunks()
        texts = texts.filter(pc.match_substring_regex(texts, _LATIN_ONLY))
        is_abroad = name in ABROAD
        if is_abroad:
            texts = texts.filter(pc.not_equal(read_languages(texts), "en"))
        rows = np.sort(np.random.default_rng(0).permutation(len(texts))[:MOST_POSTS])
        texts = texts.take(pa.array(rows))
        if part is not None:
            folds = fold_numbers(texts.to_pylist(), [""] * len(texts), n_folds=N_FOLDS)
            texts = texts.filter(pa.array((folds == 0) == (part == "choose")))
        posts.append((texts, is_abroad))
    return posts


def train(posts: list[tuple[pa.Array, bool]]) -> LinearModel:
    texts = pa.concat_arrays([texts for texts, _ in posts])
    codes = np.concatenate([np.full(len(texts), int(is_abroad)) for texts, is_abroad in posts])
    return fit(Labelled.of(texts, codes, FOREIGN_LABELS), None, SETTINGS, seed=0, progress=silent)


def choose() -> float:
    """The lowest threshold that rejects few enough home posts that did not teach."""
    model = train(read_posts("teach"))
    said = []
    for texts, is_abroad in read_posts("choose"):
        proba = model.probabilities(texts)[:, 1]
        proba[np.array(has_home_word(texts).to_pylist(), np.bool_)] = 0.0
        if not is_abroad:
            said.append(proba)
    grid = [round(0.5 + 0.01 * step, 2) for step in range(50)]
    proba = np.concatenate(said)
    fitting = [each for each in grid if float((proba >= each).mean()) <= MOST_FALSE]
    if not fitting:
        raise SystemExit(f"no threshold up to {grid[-1]} rejects at most {MOST_FALSE} at home")
    return fitting[0]


if __name__ == "__main__":
    sys.exit(main())
