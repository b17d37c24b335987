"""Learn the part-of-speech tagger from icon2016-pos-hinglish, and measure it by folds that keep near-copies together.

    python benchmarks/train_tagger.py            measure by five folds
    python benchmarks/train_tagger.py --write    learn from all posts and write text/data/parts_of_speech.bin

A conditional random field: L-BFGS on the penalised likelihood. Only what our tokens call words is learnt and judged;
mentions, hashtags, links, emoji and marks are what stands between them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from mizaj.learn.folds import fold_numbers
from mizaj.learn.intervals import wilson_interval
from mizaj.text.parts_of_speech import (
    _DATA,
    MARK,
    NEAR,
    TAGS,
    Tagger,
    _chains,
    buckets,
    load_tagger,
    save_tagger,
)
from mizaj.text.tokens import HASHTAG, WORD, tokenise

# The coarse tags of the ICON-2016 contest; any other (symbols, foreign words, errors) is `other`.
NAMES = {
    "G_N": "noun",
    "G_V": "verb",
    "G_J": "adj",
    "G_R": "adv",
    "G_PRP": "pron",
    "PSP": "prep",
    "CC": "conj",
    "G_PRT": "part",
    "DT": "det",
    "$": "num",
}
RELEVANT = ("adj", "adv", "verb")
K = 14
RIDGE = 0.5
N_ITERATIONS = 120
N_FOLDS = 5


@dataclass(frozen=True)
class Tagged:
    """Posts one after the other, an empty form between them: forms, and the number of each word's tag."""

    forms: list[str]
    codes: NDArray[np.int8]


def read() -> list[tuple[list[str], list[int]]]:
    """The posts as folded words and marks, with the numbers of their tags."""
    table = pq.read_table(datasets.folder() / "icon2016-pos-hinglish" / "train.parquet")
    rows = zip(table["tokens"].to_pylist(), table["pos"].to_pylist(), strict=True)
    return [_post(tokens, tags) for tokens, tags in rows]


def _post(tokens: Sequence[str], tags: Sequence[str]) -> tuple[list[str], list[int]]:
    forms, codes = [], []
    for token, tag in zip(tokens, tags, strict=True):
        found = tokenise(token)
        is_word = len(found) == 1 and found[0].kind == WORD and not found[0].flags & HASHTAG
        forms.append(found[0].folded if is_word else mark(token))
        codes.append(TAGS.index(NAMES.get(tag, "other")) if is_word else MARK)
    return forms, codes


def mark(token: str) -> str:
    """What stands for a token that is no word: its first mark; `@` for what begins like a word (a number, a link)."""
    return "@" if token[:1].isalnum() else token[:1]


def joined(posts: Sequence[tuple[list[str], list[int]]]) -> Tagged:
    """The posts one after the other."""
    forms, codes = [""], [MARK]
    for words, tags in posts:
        forms += [*words, ""]
        codes += [*tags, MARK]
    return Tagged(forms, np.array(codes, np.int8))


def fit(tagged: Tagged) -> Tagger:
    """The tagger under which the tags are most likely, with a ridge penalty."""
    problem = _Problem.of(tagged)
    n = (1 << K) * len(TAGS)
    solution = minimize(
        problem.loss,
        np.zeros(n + (len(TAGS) + 1) * len(TAGS)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": N_ITERATIONS},
    )
    table, following = solution.x[:n], solution.x[n:]
    return Tagger(
        table.reshape(-1, len(TAGS)).astype(np.float32),
        following.reshape(-1, len(TAGS)).astype(np.float32),
    )


@dataclass(frozen=True)
class _Problem:
    features: csr_matrix
    codes: NDArray[np.int8]
    chains: list[NDArray[np.int64]]

    @classmethod
    def of(cls, tagged: Tagged) -> _Problem:
        rows, columns = [], []
        forms = tagged.forms
        for place in np.flatnonzero(tagged.codes != MARK).tolist():
            for near in NEAR:
                found = list(buckets(forms[place + near], near, 1 << K))
                rows += [place] * len(found)
                columns += found
        shape = (len(forms), 1 << K)
        features = csr_matrix((np.ones(len(rows)), (rows, columns)), shape)
        return cls(features, tagged.codes, list(_chains(tagged.codes != MARK)))

    def loss(self, x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """The penalised negative log-likelihood and its gradient."""
        n = self.features.shape[1] * len(TAGS)
        table, following = x[:n].reshape(-1, len(TAGS)), x[n:].reshape(-1, len(TAGS))
        scores = self.features @ table
        pull = np.zeros_like(scores)
        pull_following = np.zeros_like(following)
        value = 0.0
        for chains in self.chains:
            value += _chain_loss(
                scores[chains], following, self.codes[chains], pull_following, pull, chains
            )
        gradient = np.concatenate([(self.features.T @ pull).ravel(), pull_following.ravel()])
        return value + RIDGE / 2 * (x @ x), gradient + RIDGE * x


def _chain_loss(scores, following, codes, pull_following, pull, chains) -> float:
    """The loss of chains of one length; what pulls at the scores is added to `pull` and `pull_following`."""
    n, length, _ = scores.shape
    step = following[:-1]
    forward = np.empty_like(scores)
    backward = np.zeros_like(scores)
    forward[:, 0] = scores[:, 0] + following[-1]
    for t in range(1, length):
        forward[:, t] = _log_sum(forward[:, t - 1, :, None] + step, axis=1) + scores[:, t]
    for t in range(length - 2, -1, -1):
        backward[:, t] = _log_sum(step + (scores[:, t + 1] + backward[:, t + 1])[:, None], axis=2)
    total = _log_sum(forward[:, -1], axis=1)
    share = np.exp(forward + backward - total[:, None, None])
    every = np.arange(n)
    value = total.sum() - following[-1][codes[:, 0]].sum()
    pull_following[-1] += share[:, 0].sum(axis=0) - np.bincount(codes[:, 0], minlength=len(TAGS))
    for t in range(length):
        value -= scores[every, t, codes[:, t]].sum()
        share[every, t, codes[:, t]] -= 1.0
    for t in range(1, length):
        pairs = forward[:, t - 1, :, None] + step + (scores[:, t] + backward[:, t])[:, None]
        pull_following[:-1] += np.exp(pairs - total[:, None, None]).sum(axis=0)
        np.add.at(pull_following, (codes[:, t - 1], codes[:, t]), -1.0)
        value -= following[codes[:, t - 1], codes[:, t]].sum()
    pull[chains] = share
    return float(value)


def _log_sum(values, axis: int):
    most = values.max(axis=axis, keepdims=True)
    return np.log(np.exp(values - most).sum(axis=axis)) + most.squeeze(axis)


def as_shipped(tagger: Tagger) -> Tagger:
    """The tagger as it comes out of its file: a byte for each score."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tagger.bin"
        save_tagger(tagger, path)
        return load_tagger(path)


def by_folds(posts: Sequence[tuple[list[str], list[int]]]) -> tuple[NDArray, NDArray, list[float]]:
    """True and found tags of all words, each held out once, and the accuracy of each fold."""
    texts = [" ".join(words) for words, _ in posts]
    folds = fold_numbers(texts, [""] * len(posts), n_folds=N_FOLDS)
    truth, found, scores = [], [], []
    for fold in range(N_FOLDS):
        tagger = fit(joined([post for post, at in zip(posts, folds, strict=True) if at != fold]))
        held = joined([post for post, at in zip(posts, folds, strict=True) if at == fold])
        is_word = held.codes != MARK
        truth.append(held.codes[is_word])
        found.append(as_shipped(tagger).tag(held.forms)[is_word])
        scores.append(float((truth[-1] == found[-1]).mean()))
    return np.concatenate(truth), np.concatenate(found), scores


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--write", action="store_true", help="learn from all posts and write")
    posts = read()
    if parser.parse_args().write:
        save_tagger(fit(joined(posts)))
        print(f"{_DATA}: {_DATA.stat().st_size:,} bytes")
        return
    truth, found, scores = by_folds(posts)
    right = wilson_interval(int((truth == found).sum()), len(truth))
    print(f"{len(posts):,} posts, {len(truth):,} words, {N_FOLDS} folds")
    print(f"accuracy {right.value:.3f} [{right.low:.3f}, {right.high:.3f}]", scores)
    codes = [TAGS.index(name) for name in RELEVANT]
    same = np.isin(truth, codes) == np.isin(found, codes)
    print(f"relevant (adjective, adverb, verb) or not: {same.mean():.3f}")
    most_common = Counter(truth.tolist()).most_common(1)[0][0]
    print(f"always {TAGS[most_common]}: {(truth == most_common).mean():.3f}")
    for code, name in enumerate(TAGS):
        hit = ((truth == code) & (found == code)).sum()
        n_true, n_found = (truth == code).sum(), (found == code).sum()
        print(f"| {name} | {n_true:,} | {hit / max(n_found, 1):.3f} | {hit / max(n_true, 1):.3f} |")


if __name__ == "__main__":
    main()
