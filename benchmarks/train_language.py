"""Learn the word-language model that ships in `src/mizaj/text/data` from the TRAIN splits of public data sets.

    python benchmarks/train_language.py [--to FOLDER]

needs numpy, scipy, pyarrow, symspellpy and the data sets (`MIZAJ_DATA`, else `../shared/data` beside the checkout).

What is learnt, in this order:

* a character model: logistic regression on hashed byte n-grams of word types, tags as targets;
* how likely each word is to be Hindi: its tags, those of the two hand-checked sets in full, of the two noisy sets at
  a discount and capped, over a prior from a small regression (known English word? as frequent in English posts as in
  mixed ones? the character model);
* the logit: log P(word | Hindi) - log P(word | English), where the English side also counts English-only posts;
* the table: the words whose logit differs usefully from the character model's.

The switch cost was chosen on a quarter of the train rows held out (`SWITCH_COST`). No validation split is read.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from mizaj.text.language import (
    LOGIT_LIMIT,
    LOGITS_PER_NAT,
    MAX_WORD_BYTES,
    NGRAM_SIZES,
    WordLanguage,
    fnv1a32,
    save_word_language,
    squeeze,
)

HAND_CHECKED = ("icon2016-pos-hinglish", "hinglish-sarcasm")
# (data set, weight of one tag, most tags of one word that count): tags made by tools, wrong at every tenth word or so
NOISY = (("sail2017-hinglish", 0.5, 24), ("sentimix-hinglish", 0.15, 24))
MIXED_TEXT = (
    "iiith-codemixed/train",
    "hinglish-hate/train",
    "hinglish-stance-notebandi/train",
    "heot-hinglish-offensive/train",
    "hasoc2021-hinglish-conversations/train",
    "masac-emotion/train",
    "hinglish-comedy-tweets/unlabelled",
    "youtube-tech-hinglish-stream/unlabelled",
    "hinglish-top/train",
    "youtube-cookery-hinglish/train",
)
ENGLISH_TEXT = (
    "tweeteval-sentiment/train",
    "tweet-sentiment-extraction/train",
    "sentiment140-sample/train",
    "sst5/train",
    "tweeteval-hate/train",
    "tweeteval-emotion/train",
    "tweeteval-offensive/train",
    "corona-tweets-2020/train",
    "amazon-alexa-reviews/train",
    "customer-reviews/train",
    "sms-spam/train",
    "uci-sentiment-sentences/train",
)
HINDI_TAGS = frozenset({"HI", "Hin", "hi"})
ENGLISH_TAGS = frozenset({"EN", "Eng", "en"})

K = 14
SHIFT = 2
SWITCH_COST = 28  # flat from 24 to 32 on the held-out quarter
RIDGE = 1.5
PRIOR_TAGS = 2.0  # the prior is worth this many hand-checked tags
ENGLISH_SHARE = 0.5  # English-only posts count as this share of the English words of mixed ones
DICTIONARY_COUNT = 1.0  # being in the English word list is worth this many English tokens
MAX_ROWS = 36_000
CERTAIN = 96  # a logit beyond three quarters of the range is as good as any other beyond it
MIN_COUNT = 3  # rarer words that no word list has are left to the character model: many are names of accounts

# Laughter and the like belongs to both languages; at 0 it takes the language of its neighbours.
NEUTRAL = [
    "ha",
    "haha",
    "hahaha",
    "hahahaha",
    "hehe",
    "hehehe",
    "hihi",
    "lol",
    "lmao",
    "rofl",
    "hm",
    "hmm",
    "hmmm",
    "oh",
    "ohh",
    "ooh",
    "wow",
    "uff",
    "ahh",
    "aah",
    "ok",
    "okay",
]
# English words that are spelt like a common Hindi one. Neighbours that agree on both sides may
# overturn them whatever the counts say, as in `main so gaya` and `the main reason`.
HOMOGRAPHS = [
    "to",
    "main",
    "me",
    "the",
    "hi",
    "are",
    "is",
    "us",
    "do",
    "so",
    "in",
    "bat",
    "log",
    "par",
    "use",
    "he",
    "bad",
    "man",
    "per",
    "pal",
    "sun",
    "bus",
    "tab",
    "hum",
    "ham",
    "mere",
    "bare",
    "pure",
    "tune",
    "hue",
    "dam",
    "jam",
    "gum",
    "tan",
    "mat",
    "mar",
    "dale",
    "ate",
    "sale",
    "age",
    "band",
    "bin",
    "chain",
    "door",
    "ghat",
    "han",
    "hay",
    "lag",
    "lie",
    "pet",
    "ram",
    "rang",
    "rat",
    "sang",
    "teen",
    "made",
    "male",
    "mile",
    "kale",
    "lo",
    "ho",
    "ha",
    "ya",
    "or",
    "din",
    "ban",
    "bar",
    "top",
    "mast",
    "hare",
    "tale",
    "sari",
    "see",
]
HOMOGRAPH_LIMIT = 2 * SWITCH_COST - 4

_WORD = re.compile(r"(?=.*[a-zÀ-ɏ])[a-zÀ-ɏ\u0300-\u036f']+")
_IN_TEXT = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_NOT_WORDS = re.compile(r"@\s?\w+|https?\S+|#\w+|\\u[0-9a-f]{4}")
_LINK_PIECES = frozenset({"//", "://", "/", ":", "t", ".", "co", "tco", "www"})

TaggedRows = list[list[tuple[str, bool | None]]]
"""Posts as (folded word, is it Hindi); None where the tag is neither English nor Hindi."""


@dataclass(frozen=True)
class Corpus:
    """All that the model is learnt from."""

    tagged: Mapping[str, TaggedRows]
    mixed: Counter[str]
    english: Counter[str]
    dictionary: Mapping[str, int]


def data_folder() -> Path:
    """Where the public data sets lie."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("MIZAJ_DATA", beside))


def fold(text: str) -> str:
    """Text in the form that words are looked up in."""
    return unicodedata.normalize("NFC", text.lower()).replace("\u2019", "'").replace("\u2018", "'")


def tagged_rows(name: str, split: str) -> TaggedRows:
    """The words of a tagged set: Latin letters only; mentions, hashtags, links and `RT` left out."""
    table = pq.read_table(data_folder() / name / f"{split}.parquet", columns=["tokens", "langs"])
    rows = zip(table["tokens"].to_pylist(), table["langs"].to_pylist(), strict=True)
    return [row for tokens, tags in rows if (row := _tagged_words(tokens, tags))]


def _tagged_words(tokens: list[str], tags: list[str]) -> list[tuple[str, bool | None]]:
    words = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if (skip := _n_skipped(tokens, i)) > 0:
            i += skip
            continue
        word = fold(token).strip("'")
        if word and _WORD.fullmatch(word) and token not in {"RT", "rt"}:
            known = tags[i] in HINDI_TAGS or tags[i] in ENGLISH_TAGS
            words.append((word, tags[i] in HINDI_TAGS if known else None))
        i += 1
    return words


def _n_skipped(tokens: list[str], start: int) -> int:
    """How many tokens from `start` on are a mention, a hashtag or a link that the source cut into pieces."""
    token, end = tokens[start], start + 1
    if token in {"@", "@_"}:
        end += 1
        while end < len(tokens) and set(tokens[end]) == {"_"}:
            end += 2
    elif token == "#":
        end += 1
    elif token.lower() in {"http", "https"}:
        while end < len(tokens) and tokens[end] in _LINK_PIECES:
            end += 1
        end += 1
    elif not token.startswith("@"):
        return 0
    return end - start


def count_words(names: Iterable[str]) -> Counter[str]:
    """How often each word occurs in the texts of some splits."""
    counts: Counter[str] = Counter()
    for name in names:
        for text in pq.read_table(data_folder() / f"{name}.parquet", columns=["text"])["text"]:
            words = _IN_TEXT.findall(_NOT_WORDS.sub(" ", fold(text.as_py())))
            counts.update(word for word in words if _WORD.fullmatch(word))
    return counts


def read_dictionary() -> dict[str, int]:
    """English words and their frequencies from the list that symspellpy brings (MIT)."""
    path = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return {word: int(count) for word, count in map(str.split, lines)}


def read_corpus() -> Corpus:
    """Everything the model is learnt from; train splits only."""
    names = (*HAND_CHECKED, *(name for name, _, _ in NOISY))
    return Corpus(
        tagged={name: tagged_rows(name, "train") for name in names},
        mixed=count_words(MIXED_TEXT),
        english=count_words(ENGLISH_TEXT),
        dictionary=read_dictionary(),
    )


def train(corpus: Corpus) -> WordLanguage:
    """The word-language model learnt from a corpus; the same corpus gives the same model."""
    tags, tokens = _weigh_tags(corpus)
    characters = _fit_characters(tags, corpus)
    seen = tokens + corpus.mixed
    hindi = _hindi_shares(tags, seen, characters=characters, corpus=corpus)
    logits = _logits(hindi, seen, characters=characters, corpus=corpus)
    known = _choose_rows(logits, seen, characters=characters, corpus=corpus)
    return WordLanguage(
        known,
        weights=characters.weights,
        bias=characters.bias,
        shift=SHIFT,
        switch_cost=SWITCH_COST,
    )


def _weigh_tags(corpus: Corpus) -> tuple[dict[str, tuple[float, float, float]], Counter[str]]:
    """For each tagged word its weighted Hindi and English tags and how many are hand-checked; and its tokens."""
    weights = dict.fromkeys(corpus.tagged, (1.0, math.inf)) | {
        name: (weight, cap) for name, weight, cap in NOISY
    }
    tags: dict[str, tuple[float, float, float]] = {}
    tokens: Counter[str] = Counter()
    for name, rows in corpus.tagged.items():
        weight, cap = weights[name]
        counts = {
            hindi: Counter(word for row in rows for word, tag in row if tag is hindi)
            for hindi in (True, False)
        }
        total = counts[True] + counts[False]
        tokens += total
        for word, n in total.items():
            share = weight * min(1.0, cap / n)
            h, e, gold = tags.get(word, (0.0, 0.0, 0.0))
            gold += n if weight == 1.0 else 0
            tags[word] = (h + share * counts[True][word], e + share * counts[False][word], gold)
    return tags, tokens


def _fit_characters(tags: Mapping[str, tuple[float, float, float]], corpus: Corpus) -> WordLanguage:
    """A model without known words. Rare words weigh most, because the words it will meet are rare."""
    targets: dict[str, tuple[float, float]] = {}
    for word, (h, e, _) in tags.items():
        if len(word) > 1:
            share = min(1.0, 6 / (h + e))
            targets[squeeze(word, 2)] = (share * h, share * e)
    for word in {*corpus.dictionary, *(w for w, n in corpus.english.items() if n > 3)}:
        h, e = targets.get(word, (0.0, 0.0))
        bonus = 0.3 * min(math.log2(corpus.english[word] + 1), 3) + 0.15 * (
            word in corpus.dictionary
        )
        targets[word] = (h, e + bonus)
    words = sorted(targets)
    ngrams = [_ngrams(word) for word in words]
    starts = np.cumsum([0, *map(len, ngrams)])
    columns = np.concatenate([np.asarray(row) for row in ngrams])
    matrix = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(words), 1 << K))
    with_bias = hstack([matrix, np.ones((len(words), 1))], format="csr")
    found = _regress(with_bias, np.array([targets[word] for word in words]), ridge=RIDGE)
    scaled = np.round(found * LOGITS_PER_NAT * (1 << SHIFT))
    weights = np.clip(scaled[:-1], -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.int8).tobytes()
    return WordLanguage(
        {}, weights=weights, bias=int(scaled[-1]), shift=SHIFT, switch_cost=SWITCH_COST
    )


def _ngrams(word: str) -> list[int]:
    marked = b"^" + squeeze(word, 2).encode()[:MAX_WORD_BYTES] + b"$"
    return [
        fnv1a32(marked[start : start + size]) & ((1 << K) - 1)
        for size in NGRAM_SIZES
        for start in range(len(marked) - size + 1)
    ]


def _regress(features: Any, targets: np.ndarray, *, ridge: float) -> np.ndarray:
    """Logistic regression on weighted counts (of yes, of no); the last feature, the constant, is not shrunk."""
    yes, total = targets[:, 0], targets.sum(axis=1)
    shrink = np.full(features.shape[1], ridge)
    shrink[-1] = 0.0

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        z = features @ beta
        value = (total * np.logaddexp(0, z) - yes * z).sum() + 0.5 * (shrink * beta**2).sum()
        return value, features.T @ (total / (1 + np.exp(-z)) - yes) + shrink * beta

    start = np.zeros(features.shape[1])
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150}).x


def _hindi_shares(
    tags: Mapping[str, tuple[float, float, float]],
    seen: Counter[str],
    *,
    characters: WordLanguage,
    corpus: Corpus,
) -> dict[str, float]:
    """For each word of mixed text, the share of its occurrences that are Hindi."""
    words = sorted(word for word in seen if word in tags or seen[word] > 1)
    n_seen, n_english = seen.total(), corpus.english.total()
    n_dictionary = sum(corpus.dictionary.values())

    def features(word: str) -> tuple[float, ...]:
        mixed = math.log((seen[word] + 1) / n_seen)
        against_posts = mixed - math.log((corpus.english[word] + 1) / n_english)
        listed = corpus.dictionary.get(word, 0)
        against_books = mixed - math.log(listed / n_dictionary) if listed else 0.0
        known = float(listed > 0)
        nats = characters.word_logit(word) / LOGITS_PER_NAT
        return against_posts, against_posts * known, known, against_books, nats, 1.0

    matrix = np.array([features(word) for word in words])
    checked = np.array([tags.get(word, (0.0, 0.0, 0.0))[2] > 0 for word in words])
    pairs = np.array([tags.get(word, (0.0, 0.0, 0.0))[:2] for word in words])
    capped = pairs * np.minimum(1, 10 / np.maximum(pairs.sum(axis=1, keepdims=True), 1e-9))
    beta = _regress(matrix[checked], capped[checked], ridge=0.1)
    prior = 1 / (1 + np.exp(-(matrix @ beta)))
    shares = (pairs[:, 0] + PRIOR_TAGS * prior) / (pairs.sum(axis=1) + PRIOR_TAGS)
    return dict(zip(words, shares.tolist(), strict=True))


def _logits(
    shares: Mapping[str, float],
    seen: Counter[str],
    *,
    characters: WordLanguage,
    corpus: Corpus,
) -> dict[str, int]:
    """log P(word | Hindi) - log P(word | English) of every word there is any count of."""
    n_hindi = sum(seen[word] * share for word, share in shares.items())
    n_mixed_english = sum(seen[word] * (1 - share) for word, share in shares.items())
    n_english = n_mixed_english * (1 + ENGLISH_SHARE)
    per_post = ENGLISH_SHARE * n_mixed_english / corpus.english.total()
    logits = {}
    for word in sorted({*shares, *corpus.dictionary, *corpus.english}):
        share = shares.get(word)
        spelt = 1 / (1 + math.exp(-characters.word_logit(word) / LOGITS_PER_NAT))
        guess = spelt if share is None else (spelt + share) / 2
        n = seen[word] if share is not None else 0
        hindi = n * (share or 0.0)
        english = n - hindi + per_post * corpus.english[word]
        english += DICTIONARY_COUNT * (word in corpus.dictionary)
        nats = math.log((hindi + 2 * guess) / n_hindi)
        nats -= math.log((english + 2 * (1 - guess)) / n_english)
        logits[word] = max(-LOGIT_LIMIT, min(LOGIT_LIMIT, round(LOGITS_PER_NAT * nats)))
    return logits


def _choose_rows(
    logits: Mapping[str, int],
    seen: Counter[str],
    *,
    characters: WordLanguage,
    corpus: Corpus,
) -> dict[str, int]:
    """The words worth a row: where the character model is wrong, or far off for a word that is often met."""
    worth = {}
    for word, logit in logits.items():
        n = seen[word] + 0.3 * corpus.english[word]
        if word not in corpus.dictionary and n < MIN_COUNT and len(word) > 1:
            continue
        guess = characters.word_logit(word)
        is_wrong = (logit > 0) != (guess > 0)
        off = abs(logit - guess)
        if is_wrong or (off >= 12 and min(abs(logit), abs(guess)) < CERTAIN):
            worth[word] = (n + 0.2) * off * (3 if is_wrong else 1)
    best = sorted(worth, key=lambda word: (-worth[word], word))[:MAX_ROWS]
    known = {word: logits[word] for word in best}
    for word in HOMOGRAPHS:
        known[word] = max(-HOMOGRAPH_LIMIT, min(HOMOGRAPH_LIMIT, logits[word]))
    return known | dict.fromkeys(NEUTRAL, 0)


def main() -> None:
    """Train on everything and write the two files."""
    package = Path(__file__).resolve().parents[1] / "src" / "mizaj" / "text" / "data"
    parser = argparse.ArgumentParser(description="Learn the word-language model.")
    parser.add_argument("--to", type=Path, default=package, help="folder to write to")
    folder = parser.parse_args().to
    model = train(read_corpus())
    save_word_language(model, folder)
    for path in sorted(folder.glob("language_*")):
        print(f"{path}: {path.stat().st_size:,} bytes")
    print(f"{len(model.known):,} known words")


if __name__ == "__main__":
    main()
