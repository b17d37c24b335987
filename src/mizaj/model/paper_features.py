"""What the second paper's classifiers see of a post (section III.B), made from the lexicon's reading of it.

| feature | the paper | here |
| --- | --- | --- |
| words | III.B.1: no links; repeated letters become two, slang its meaning | the head word of the lexicon's entry [1] |
| `n_positive`, `n_negative` | III.B.2: counts of words on two lists | entries at least `FLOOR` strong [2] |
| `n_negation` | III.B.2: "presence of negation" | the number of negators and prohibitions |
| `special` | III.B.2: the special word's weight: 1, -1, or 0 | see below |
| `is_relevant` | III.B.2: 1 for an adjective, adverb or verb, else 0 | the part of speech of the special word |
| unigrams | III.B.2 | presence of each word of the vocabulary |

[1] Of a word that the lexicon does not know, its folded form, long runs of a letter cut to two. [2] As in
`lexicon.paper`; a phrase of the lexicon counts as one word.

**The special word.** Where all opinion words are of one sign, one of relevant part of speech is taken, else any "at
random": its weight is that sign whichever it is, so that nothing is left to chance. Where both signs occur, one of
relevant part of speech is taken if only one sign has any; if both have, "none of them is chosen". If neither has, the
paper says nothing: none.

**Part of speech** is what the lexicon says of the entry or its head word, else what `text.parts_of_speech` says.

Emoji and emoticons are left out, as noise (section IV). Negation does not turn the words it denies: the paper counts
words, and leaves it to the classifier to see both.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.lexicon.kept import open_lexicon
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.paper import FLOOR
from mizaj.lexicon.scorer import LexiconSettings, Scorer, load_scorer
from mizaj.text.parts_of_speech import TAGS, load_tagger
from mizaj.text.tokens import WORD, compatible, cut_runs, fold

try:
    from mizaj.lexicon._kernel import Kernel
except ImportError:
    Kernel = None  # type: ignore[assignment, misc]

COUNTS = ("n_positive", "n_negative", "n_negation", "special", "is_relevant")
"""The features that are numbers, in the order of the columns."""

LONGEST_POST = 1 << 16
"""Characters: of a longer post the rest is not read. A token takes a kilobyte while it is."""

RELEVANT = ("adj", "adv", "verb")
_NEGATIONS = ("negator", "prohibition")
_LONGEST_WORD = 48
"""Characters: what is longer is no word that two posts share."""
_RELEVANT_TAGS = np.array([tag in RELEVANT for tag in TAGS])


class Meaning(NamedTuple):
    """What the lexicon says of an entry: its head word, its sign, and whether its part of speech is relevant.

    `is_relevant` is None where the lexicon does not know the part of speech.
    """

    word: str
    sign: int
    is_negation: bool
    is_relevant: bool | None


@dataclass(frozen=True)
class Posts:
    """Posts as they are read: `counts` float32 (posts, 5); the words of post i are `words[starts[i]:starts[i + 1]]`."""

    counts: NDArray[np.float32]
    words: list[str]
    starts: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> Posts:
        """The posts at these places, in this order."""
        spans = [self.words[self.starts[row] : self.starts[row + 1]] for row in rows.tolist()]
        starts = np.cumsum([0, *map(len, spans)])
        return Posts(self.counts[rows], [word for span in spans for word in span], starts)


class Reader:
    """Posts in, features out, by one lexicon; what each entry means is found once and kept."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._meanings: dict[int, Meaning] = {}

    @property
    def content_hash(self) -> str:
        """The hash of the lexicon."""
        return self.scorer.lexicon.content_hash

    def read(self, texts: pa.Array) -> Posts:
        """The features of each text; a null is an empty text, bytes that are no UTF-8 are U+FFFD."""
        forms: list[str] = [""]
        meanings: list[Meaning | None] = [None]
        ends = []
        for text in plain_texts(texts):
            for form, meaning in self._tokens(text[:LONGEST_POST]):
                forms.append(form)
                meanings.append(meaning)
            forms.append("")
            meanings.append(None)
            ends.append(len(forms))
        return _gather(forms, meanings, np.array([1, *ends]))

    def _tokens(self, text: str) -> Iterable[tuple[str, Meaning | None]]:
        """Each token as the tagger takes it, and what it means; None for what is no word."""
        if self.scorer.kernel is None:
            reading = self.scorer.read(text)
            for token in reading.tokens:
                written = reading.text[token.start : token.end]
                yield self._token(token.kind, token.entry, written)
            return
        encoded = compatible(text).encode("utf-8", "replace")
        for fields in self.scorer.kernel.read(encoded)[0]:
            written = encoded[fields["start"] : fields["end"]].decode("utf-8", "replace")
            yield self._token(fields["kind"], fields["entry"], written)

    def _token(self, kind: int, entry: int, written: str) -> tuple[str, Meaning | None]:
        if kind != WORD:
            return ("@" if written[:1].isalnum() else written[:1]), None
        form = _form(written)
        if entry < 0:
            return form, Meaning(form[:_LONGEST_WORD], 0, is_negation=False, is_relevant=None)
        return form, self._meaning(entry)

    def _meaning(self, number: int) -> Meaning:
        if number not in self._meanings:
            lexicon = self.scorer.lexicon
            known = lexicon.known(number)
            entry, head = known.entry, lexicon.known(known.head).entry
            pos = entry.pos or head.pos
            self._meanings[number] = Meaning(
                head.word,
                (entry.polarity >= FLOOR) - (entry.polarity <= -FLOOR),
                entry.role in _NEGATIONS,
                pos in RELEVANT if pos else None,
            )
        return self._meanings[number]


def reader(dictionary: Path | None = None) -> Reader:
    """The reader by the shipped lexicon, or by that and a user's dictionary (TSV), or by a packed lexicon."""
    if dictionary is None:
        return Reader(load_scorer(LexiconSettings()))
    return reader_of(open_lexicon((dictionary,)))


def reader_of(lexicon: Lexicon) -> Reader:
    """The reader by this lexicon."""
    return Reader(
        Scorer(LexiconSettings(), lexicon, Kernel(lexicon) if Kernel is not None else None)
    )


def plain_texts(texts: pa.Array) -> list[str]:
    """The texts as str: a null is an empty one, bytes that are no UTF-8 are U+FFFD."""
    is_large = pa.types.is_large_string(texts.type)
    content = texts.view(pa.large_binary() if is_large else pa.binary()).to_pylist()
    return [(each or b"").decode("utf-8", "replace") for each in content]


def rows_of(
    posts: Posts, vocabulary: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(post, word) of each word of the vocabulary in each post, by their numbers, in order and each pair once."""
    numbers = np.array([vocabulary.get(word, -1) for word in posts.words], np.int64)
    rows = np.repeat(np.arange(len(posts.counts)), np.diff(posts.starts))
    pairs = np.unique((rows * len(vocabulary) + numbers)[numbers >= 0])
    return np.divmod(pairs, max(len(vocabulary), 1))


@functools.lru_cache(maxsize=1 << 16)
def _form(written: str) -> str:
    return cut_runs(fold(written), 2)


def _gather(forms: list[str], meanings: list[Meaning | None], bounds: NDArray[np.int64]) -> Posts:
    """The counts and words of posts whose tokens stand between `bounds`, a mark after each post."""
    n = len(bounds) - 1
    post_of = np.repeat(np.arange(n), np.diff(bounds))
    told = [(place, each) for place, each in enumerate(meanings) if each is not None]
    places = np.array([place for place, _ in told], np.int64)
    rows = post_of[places - 1]
    signs = np.array([each.sign for _, each in told], np.int64)
    negations = np.array([each.is_negation for _, each in told], bool)
    relevant = _relevant(forms, told)
    counts = np.zeros((n, len(COUNTS)), np.float32)
    of_sign = {}
    for column, sign in ((0, 1), (1, -1)):
        counts[:, column] = np.bincount(rows[signs == sign], minlength=n)
        of_sign[sign] = np.bincount(rows[(signs == sign) & relevant], minlength=n) > 0
    counts[:, 2] = np.bincount(rows[negations], minlength=n)
    counts[:, 3], counts[:, 4] = _special(counts[:, 0] > 0, counts[:, 1] > 0, of_sign)
    starts = np.searchsorted(rows, np.arange(n + 1))
    return Posts(counts, [each.word for _, each in told], starts)


def _relevant(forms: list[str], told: list[tuple[int, Meaning]]) -> NDArray[np.bool_]:
    """Whether the part of speech of each opinion word is relevant; False for other words."""
    relevant = np.array([bool(each.sign and each.is_relevant) for _, each in told], bool)
    unsure = [i for i, (_, each) in enumerate(told) if each.sign and each.is_relevant is None]
    if unsure:
        codes = load_tagger().tag(forms)
        relevant[unsure] = _RELEVANT_TAGS[codes[[told[i][0] for i in unsure]]]
    return relevant


def _special(
    positive: NDArray[np.bool_],
    negative: NDArray[np.bool_],
    relevant: Mapping[int, NDArray[np.bool_]],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The special word's weight in each post, and whether its part of speech is relevant."""
    is_mixed = positive & negative
    signs = np.where(
        is_mixed,
        relevant[1].astype(np.int64) - relevant[-1],
        positive.astype(np.int64) - negative,
    )
    return signs, ((signs > 0) & relevant[1]) | ((signs < 0) & relevant[-1])
