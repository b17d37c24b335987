"""Fit the lexicon tier on labelled posts: words' polarity and neutrality, and the weights that add them up.

The rules fix how strongly and with what sign each word of a post counts (`factor`); given the factors, the logits of
the three classes are linear in the words' figures. So the figures are fitted as a multinomial regression: each word
starts from what its dictionary says and is drawn back to it by a ridge penalty; spellings of one head word move
together. Words that no dictionary lists start from zero. Factors depend on which words have an opinion, so fitting and
reading take turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing, SettingError
from mizaj.lexicon.entries import LABELS, POLARITY_LIMIT, Entry
from mizaj.lexicon.pack import merge, pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.weights import Weights
from mizaj.text.language import word_logit
from mizaj.text.tokens import EMOJI, WORD, compatible, tokenise

try:
    from scipy import optimize, sparse
except ImportError:
    optimize = sparse = None

try:
    from mizaj.lexicon._kernel import Kernel
except ImportError:
    Kernel = None  # type: ignore[assignment, misc]

Vector = NDArray[np.float64]

_FITTED = ("bias_positive", "bias_negative", "idle_negation", "neutral_opinion", "neutral_bias",
           "neutral_question", "neutral_url", "neutral_mention", "neutral_number", "neutral_length")  # fmt: skip
_N_COUNTS = 7
_NAME_SHARE = 0.5
_MAY_LEAN = ("", "interjection", "letdown", "noise", "question", "emphasis")
"""Roles whose words may gain polarity: `tu` and `aap` say something of the mood, operators act on others."""
_STRONG = 1.5
"""From this polarity on, what a dictionary says of a word is no matter of doubt."""
_FREEDOM: Mapping[str, tuple[float, float]] = {
    "operator": (0.0, 0.5),
    "symbol": (0.35, 0.3),
    "plain Hindi": (0.35, 0.3),
    "opinion": (0.6, 0.6),
    "noise": (0.3, 0.3),
    "silent": (0.75, 0.6),
}
"""How freely the polarity and the neutrality of each kind of entry move; chosen on a fifth of the training posts.

What people are sure of moves least: emoji, shared by all languages; opinion words of Hindi, whose training posts are
few and noisily labelled (freer, `accha` lost half of its praise to the posts that say `accha, ...` for `well, ...`).
Function words move little, or they would learn how a data set was gathered. Operators get no polarity, but
denying, asking or joining may say that a post is neutral.
"""
_LONGEST_WORD = 30


@dataclass(frozen=True)
class FitSettings:
    """`polarity_ridge` and `neutrality_ridge` draw figures to the dictionary's; `min_count` posts must hold a new word.

    Classes weigh alike inside a domain as far as `class_balance` (0 to 1) says; a domain of n posts weighs n to the
    power `domain_power`.
    """

    polarity_ridge: float = 40.0
    neutrality_ridge: float = 24.0
    min_count: int = 5
    class_balance: float = 0.8
    domain_power: float = 0.6
    n_rounds: int = 2
    n_iterations: int = 120
    smallest: float = 0.1


@dataclass(frozen=True)
class Posts:
    """Labelled posts: texts, labels of `entries.LABELS`, the domain (data set) and weight of each domain."""

    texts: Sequence[str]
    labels: Sequence[str]
    domains: Sequence[str]


@dataclass(frozen=True)
class Fitted:
    """Entries with fitted figures (only those that changed) and the fitted weights."""

    learnt: tuple[Entry, ...]
    weights: Weights


@dataclass(frozen=True)
class _Design:
    """Posts as the regression sees them: matrices posts x entries, counts, and what the regression may move."""

    factors: sparse.csr_matrix
    presence: sparse.csr_matrix
    counts: Vector
    idle: Vector
    calm: Vector


def fit_lexicon(
    posts: Posts,
    entries: Collection[Entry],
    *,
    frozen: Collection[str] = (),
    weights: Weights | None = None,
    settings: FitSettings | None = None,
) -> Fitted:
    """The figures of `entries`, and of frequent words that they lack, fitted on `posts`.

    `frozen` words (names, topics: what posts are about, not what they feel) keep what they have. Raises `SettingError`
    where a label is not one of the three, `ExtraMissing` without SciPy.
    """
    if optimize is None or Kernel is None:
        msg = "SciPy (and the compiled kernel)"
        raise ExtraMissing(msg, extra="train")
    settings = settings or FitSettings()
    weights = weights or Weights()
    new = new_words(posts.texts, entries, settings.min_count)
    listed = merge([*entries, *new])
    labels = _label_numbers(posts.labels)
    sample_weights = _sample_weights(labels, posts.domains, settings)
    known = listed
    for _ in range(settings.n_rounds):
        lexicon = Lexicon(pack(known, weights))
        fit = _Fit.of(lexicon, listed, weights, settings, frozenset(frozen))
        design = _design(lexicon, posts.texts)
        learnt, weights = fit.run(design, labels, sample_weights)
        known = merge(listed, learnt)
    return Fitted(tuple(learnt), weights)


def new_words(texts: Sequence[str], entries: Collection[Entry], min_count: int) -> list[Entry]:
    """Entries without figures for words and emoji in `min_count` texts or more that `entries` lack.

    Words that most texts write with a capital inside the post are names: what a post is about, left out.
    """
    known = {entry.word for entry in entries}
    counts: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for text in texts:
        tokens = [t for t in tokenise(compatible(text)) if t.kind in (WORD, EMOJI)]
        counts.update({t.folded for t in tokens})
        names.update({t.folded for t in tokens[1:] if text[t.start : t.start + 1].isupper()})
    return [
        Entry(word, _guess_language(word), source="learnt")
        for word, count in counts.items()
        if count >= min_count
        and word not in known
        and _is_word(word)
        and names[word] < _NAME_SHARE * count
    ]


def _is_word(word: str) -> bool:
    return len(word) <= _LONGEST_WORD and not word.isdigit() and "*" not in word


def _guess_language(word: str) -> str:
    if "\u0900" <= word[0] < "\u0980":
        return "hi"
    if not word[0].isalnum():
        return "symbol"
    if not word.isascii():
        return "other"
    return "hi-Latn" if word_logit(word) > 0 else "en"


def _label_numbers(labels: Sequence[str]) -> NDArray[np.int64]:
    wrong = set(labels) - set(LABELS)
    if wrong:
        msg = f"labels are {', '.join(sorted(wrong))}; allowed: {', '.join(LABELS)}"
        raise SettingError(msg)
    return np.array([LABELS.index(label) for label in labels])


def _sample_weights(
    labels: NDArray[np.int64], domains: Sequence[str], settings: FitSettings
) -> Vector:
    weights = np.zeros(len(labels))
    names = np.array(domains)
    for domain in sorted(set(domains)):
        rows = names == domain
        counts = np.bincount(labels[rows], minlength=len(LABELS))
        even = rows.sum() / max((counts > 0).sum(), 1)
        share = np.array([(even / n) ** settings.class_balance if n else 0.0 for n in counts])
        weights[rows] = share[labels[rows]] * rows.sum() ** (settings.domain_power - 1.0)
    even_out: Vector = weights * (len(labels) / weights.sum())
    return even_out


def _design(lexicon: Lexicon, texts: Sequence[str]) -> _Design:
    read = Kernel(lexicon).shares([compatible(text).encode("utf-8", "replace") for text in texts])
    places, entries, factors, flat = (np.array(part) for part in read)
    counts = flat.reshape(-1, _N_COUNTS).astype(float)
    shape = (len(texts), len(lexicon))
    columns = np.column_stack([np.ones(len(texts)), counts[:, 1:5], np.sqrt(counts[:, 5])])
    return _Design(
        factors=sparse.csr_matrix((factors, entries.astype(np.int64), places), shape),
        presence=sparse.csr_matrix(
            (np.ones(len(entries)), entries.astype(np.int64), places), shape
        ),
        counts=columns,
        idle=counts[:, 0],
        calm=1.0 / (1.0 + lexicon.weights.doubt * counts[:, 6]),
    )


@dataclass(frozen=True)
class _Fit:
    """The regression for one lexicon: where figures start, which move together, and how far they may go.

    `together` carries the moves of head words to the polarity of their spellings, `leaning` to the neutrality.
    """

    entries: tuple[Entry, ...]
    start: Vector
    together: sparse.csr_matrix
    leaning: sparse.csr_matrix
    weights: Weights
    settings: FitSettings

    @classmethod
    def of(
        cls,
        lexicon: Lexicon,
        listed: Sequence[Entry],
        weights: Weights,
        settings: FitSettings,
        frozen: frozenset[str],
    ) -> _Fit:
        told = {entry.word: entry.polarity for entry in listed}
        known = [lexicon.known(number) for number in range(len(lexicon))]
        entries = tuple(k.entry for k in known)
        # a spelling without a figure of its own has taken its head word's
        start = np.array([told.get(e.word) or told.get(e.form_of, 0.0) for e in entries])
        free = np.array([_freedom(e, p, frozen) for e, p in zip(entries, start, strict=True)])
        heads = np.array([k.head for k in known])
        together, leaning = (
            sparse.csr_matrix((column, (np.arange(len(known)), heads))) for column in free.T
        )
        return cls(entries, start * weights.gain, together, leaning, weights, settings)

    def run(
        self, design: _Design, labels: NDArray[np.int64], sample_weights: Vector
    ) -> tuple[list[Entry], Weights]:
        """The fitted entries that differ, and the weights."""
        n = self.together.shape[1]
        first = np.array([getattr(self.weights, name) for name in _FITTED])
        first[_FITTED.index("idle_negation")] *= self.weights.gain
        problem = _Problem(self, design, labels, sample_weights)
        solution = optimize.minimize(
            problem.loss,
            np.concatenate([np.zeros(2 * n), first]),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": self.settings.n_iterations, "maxcor": 15},
        )
        moved, neutral, rest = np.split(solution.x, [n, 2 * n])
        seen = np.asarray(design.presence.sum(axis=0)).ravel() > 0
        fitted = dict(zip(_FITTED, (float(x) for x in rest), strict=True))
        fitted["idle_negation"] /= self.weights.gain
        return self._learnt(moved, neutral, seen), self.weights._replace(**fitted)

    def _learnt(self, moved: Vector, neutral: Vector, seen: NDArray[np.bool_]) -> list[Entry]:
        shift = self.together @ moved / self.weights.gain
        leaning = self.leaning @ neutral
        limit = self.settings.smallest
        learnt = []
        for number in np.flatnonzero(seen & ((abs(shift) >= limit) | (abs(leaning) >= limit))):
            entry = self.entries[number]
            polarity = float(self.start[number] / self.weights.gain + shift[number])
            polarity = max(-POLARITY_LIMIT, min(POLARITY_LIMIT, polarity))
            learnt.append(
                replace(
                    entry,
                    polarity=round(polarity, 2) if abs(polarity) >= limit / 2 else 0.0,
                    neutrality=round(float(leaning[number]), 2),
                )
            )
        return learnt


def _freedom(entry: Entry, polarity: float, frozen: Collection[str]) -> tuple[float, float]:
    """How freely the polarity and the neutrality of an entry move from what its dictionary says (`polarity`)."""
    if entry.word in frozen:
        return 0.0, 0.0
    if entry.role not in _MAY_LEAN:
        return _FREEDOM["operator"]
    if entry.language == "symbol":
        return _FREEDOM["symbol"]
    if abs(polarity) >= _STRONG and entry.language != "en":
        return _FREEDOM["plain Hindi"]
    if polarity:
        return _FREEDOM["opinion"]
    return _FREEDOM["noise" if entry.role == "noise" else "silent"]


@dataclass(frozen=True)
class _Problem:
    """The penalised loss and its gradient."""

    fit: _Fit
    design: _Design
    labels: NDArray[np.int64]
    sample_weights: Vector

    def loss(self, x: Vector) -> tuple[float, Vector]:
        """Weighted cross-entropy plus ridge penalties, and the gradient, at polarity moves, neutralities, weights."""
        n = self.fit.together.shape[1]
        moved, neutral, rest = np.split(x, [n, 2 * n])
        figures = self.fit.start + self.fit.together @ moved
        signs = np.sign(figures)
        design, gain = self.design, self.fit.weights.gain
        root = design.factors @ figures + rest[2] * design.idle
        opinion = abs(design.factors) @ abs(figures) / gain
        bow = np.sqrt(1.0 + opinion)
        middle = design.counts @ rest[4:] + design.presence @ (self.fit.leaning @ neutral)
        middle += rest[3] * (bow - 1.0)
        logits = np.stack([rest[1] - root, middle, rest[0] + root], axis=1) * design.calm[:, None]
        logits -= logits.max(axis=1, keepdims=True)
        proba = np.exp(logits)
        proba /= proba.sum(axis=1, keepdims=True)
        rows = np.arange(len(self.labels))
        loss = -(self.sample_weights * np.log(proba[rows, self.labels] + 1e-12)).sum()
        proba[rows, self.labels] -= 1.0
        pull = proba * (self.sample_weights * design.calm)[:, None]
        d_root, d_middle = pull[:, 2] - pull[:, 0], pull[:, 1]
        d_opinion = abs(design.factors).T @ (d_middle * rest[3] / (2.0 * gain * bow)) * signs
        settings = self.fit.settings
        d_moved = self.fit.together.T @ (design.factors.T @ d_root + d_opinion)
        d_neutral = self.fit.leaning.T @ (design.presence.T @ d_middle)
        d_rest = np.concatenate(
            [
                [pull[:, 2].sum(), pull[:, 0].sum(), d_root @ design.idle],
                [d_middle @ (bow - 1.0)],
                design.counts.T @ d_middle,
            ]
        )
        loss += settings.polarity_ridge / 2 * (moved @ moved)
        loss += settings.neutrality_ridge / 2 * (neutral @ neutral)
        return loss, np.concatenate(
            [
                d_moved + settings.polarity_ridge * moved,
                d_neutral + settings.neutrality_ridge * neutral,
                d_rest,
            ]
        )
