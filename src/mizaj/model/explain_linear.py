"""Why the linear model answers as it does: what each token and each signal weighs for positive against negative."""

from __future__ import annotations

import itertools

import numpy as np

from mizaj.lexicon.explain import Explanation, explain
from mizaj.lexicon.packed import load_hand_made
from mizaj.lexicon.scorer import LexiconSettings, scorer_of
from mizaj.model import ngrams, signals
from mizaj.model.linear import LinearModel, Weights, finder
from mizaj.text.tokens import compatible, tokenise

_HALF = 0.5
_LEAST = 0.005


def explain_linear(text: str, model: LinearModel) -> Explanation:
    """What the dictionaries read in the post, and what the model weighs of it.

    `weights` add up to the difference of the two logits: of each token the word, its runs of characters, and half of
    each pair it stands in; of each signal its figure times its weight. Needs the labels `positive` and `negative`.
    """
    scorer = scorer_of(load_hand_made(), LexiconSettings())
    tree = explain(text, scorer)
    reading = scorer.read(text)
    side = _side(model)
    figures = np.array(signals.signals(reading.tokens, reading.result), np.float32)
    heard = zip(signals.NAMES, (figures * (model.signal_weights @ side)).tolist(), strict=True)
    weighed = [(f"({name})", weight) for name, weight in heard if abs(weight) >= _LEAST]
    bias = [("(at the outset)", float(model.bias @ side))]
    weights = (*_token_weights(compatible(text), model, side), *weighed, *bias)
    return Explanation(**{**vars(tree), "weights": weights})


def _side(model: LinearModel) -> Weights:
    """1 for positive, -1 for negative, 0 for what else there is."""
    signs = {"positive": 1.0, "negative": -1.0}
    return np.array([signs.get(label, 0.0) for label in model.labels], np.float32)


def _token_weights(text: str, model: LinearModel, side: Weights) -> list[tuple[str, float]]:
    tokens = tokenise(text, load_hand_made().emoticons)
    find = finder(model.slots)
    share = ngrams.share(len(tokens))

    def worth(group: int, key: int) -> float:
        steps = find(key)[: len(model.labels)].astype(np.float32)
        return float(steps @ side) * float(model.scales[group]) * share

    read = [ngrams.key_and_word(token, text) for token in tokens]
    keys = [ngrams.END, *(key for key, _ in read), ngrams.END]
    pairs = [worth(ngrams.PAIR, ngrams.pair_key(one, two)) for one, two in itertools.pairwise(keys)]
    weights = []
    for i, (token, (key, word)) in enumerate(zip(tokens, read, strict=True)):
        runs = sum(worth(ngrams.CHARS, run) for run in ngrams.run_keys(word))
        own = worth(ngrams.WORD, key) + runs
        # the ends of the post are no tokens: their pairs belong to the first and the last whole
        before = pairs[i] * (1.0 if i == 0 else _HALF)
        after = pairs[i + 1] * (1.0 if i == len(tokens) - 1 else _HALF)
        weights.append((text[token.start : token.end], own + before + after))
    return weights
