"""Posts about a given topic kept, others set aside: by words in all their spellings, or also by the company they keep.

A word of the topic is found as people write it: in capitals, in a hashtag, in the plural, with Hindi endings
(`filmon`, `filmein`), respelt (`philm`), in Devanagari (फिल्म). A post without any may still be about the topic: where
`company` was learnt from a corpus (`topic_company`), a post stays whose words keep company with the topic's as much as
in a usual post about it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import kept_texts
from mizaj.errors import SettingError
from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import romanised
from mizaj.text.tokens import cut_runs, fold

WORDS, SIMILAR = "words", "similar"
MODES = (WORDS, SIMILAR)

# Of a word in Latin letters; the shortest stem they may leave is that of a topic's word anyway.
_ENDINGS = (
    *("s", "es", "'s", "ies", "y", "i", "wala", "wale", "wali", "baaz", "baazi"),
    *("on", "o", "en", "ein", "e", "a", "iyan", "iyon", "iya"),
)
_SHORTEST_STEM = 3
_SHORTEST_IN_TAG = 4
"""Letters of a topic's word that is looked for inside a hashtag of small letters; shorter ones stand in many words."""
_SHORTEST_KEY = 3
_SHORTEST_SKELETON = 4
_DOUBLED = re.compile(r"(.)\1+")
_SKELETON: dict[int, str | None] = {
    **{ord(letter): None for letter in "aeiouhy"},
    **{
        ord(one): other for one, other in zip("fzwqxc", ("p", "j", "v", "k", "k", "k"), strict=True)
    },
}
_MOST_LETTERS_APART = 2
"""By how many letters two spellings with one phonetic key may differ."""
_DEVANAGARI = ("\u0900", "\u0980")
_LETTERS = [chr(code) for code in (*range(0x904, 0x93A), *range(0x958, 0x962))]
# First letters of spellings that have one phonetic key.
_ALIKE = {"f": "p", "p": "f", "z": "j", "j": "z", "w": "v", "v": "w", "q": "k", "k": "qc", "c": "ks", "s": "c",
          "x": "k", "i": "ey", "e": "i", "u": "o", "o": "u", "y": "i"}  # fmt: skip

_CAMEL = r"(\p{Ll})(\p{Lu})"
_NOT_WORDS = r"[^\pL\pM\pN#'’\x{200C}\x{200D}]+"
_REFERENCE = r"(?i)https?:\S*|www\.\S+|@\w+"


@dataclass(frozen=True)
class Company:
    """Words that keep company with a topic, each with how much it tells, and how much of them a post needs."""

    words: tuple[tuple[str, float], ...]
    least: float


@dataclass(frozen=True)
class Topic:
    """The filter that keeps posts about a topic: reason `off_topic`.

    `about` are words or phrases of the topic, in either script; none keeps all posts. In the mode `words` one of them
    must stand in the post; in the mode `similar` enough of the words in `company` will do, too, which `learn_company`
    must have found before posts are filtered.

    >>> texts = ["Filmein dekho", "#NewMovieAlert", "फ़िल्म अच्छी है", "mausam accha hai"]
    >>> batch = pa.record_batch({"text": texts, "rejected": pa.nulls(4, REJECTED.type)})
    >>> Topic(about=("film", "movie"))(batch).column("rejected").to_pylist()
    [None, None, None, 'off_topic']
    """

    text: str = TEXT.name
    about: tuple[str, ...] = ()
    mode: str = WORDS
    company: Company | None = None

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            msg = f"mode is '{self.mode}'; allowed: {', '.join(MODES)}"
            raise SettingError(msg)
        for wanted in self.about:
            if not any(character.isalnum() for character in wanted):
                msg = f"'{wanted}' is no word of a topic; give words such as film,movie,cinema"
                raise SettingError(msg)

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column and what was rejected before."""
        return (self.text, REJECTED.name)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The one reason."""
        return ("off_topic",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with posts that are not about the topic rejected. Raises `SettingError` for company not learnt."""
        if not self.about:
            return batch
        if self.mode == SIMILAR and self.company is None:
            msg = "mode 'similar' needs the company of the topic's words: give what `learn_company` finds in a sample"
            raise SettingError(msg)
        kept = kept_texts(batch, self.text)
        posts = Words.of(kept.texts)
        is_off = ~is_about(posts, self.about)
        if self.mode == SIMILAR and self.company is not None:
            is_off &= company_of(posts, self.company) < self.company.least
        return kept.reject(pa.array(is_off), self.reasons[0])


@dataclass(frozen=True, eq=False)
class Words:
    """The words of texts in small letters: `vocabulary[codes]`, those of text i at `places[i]` to `places[i + 1]`.

    A word of a hashtag begins with `#`, unless capitals part it from others.
    """

    texts: pa.Array
    vocabulary: pa.Array
    codes: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, texts: pa.Array) -> Words:
        """The words of a column of string or large_string."""
        plain = pc.replace_substring_regex(texts.cast(pa.large_string()), _REFERENCE, " ")
        parted = pc.replace_substring_regex(plain, _CAMEL, r"\1 \2")
        # blanks first: to split at them takes a tenth of what splitting at a pattern does
        spaced = pc.replace_substring_regex(pc.utf8_lower(parted), _NOT_WORDS, " ")
        lists = pc.utf8_split_whitespace(spaced)
        encoded = lists.flatten().dictionary_encode()
        lengths = pc.list_value_length(lists).to_numpy()
        places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(texts, encoded.dictionary, encoded.indices.to_numpy(), places)

    @property
    def n_texts(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    @property
    def owners(self) -> np.ndarray:
        """The text of each word."""
        return np.repeat(np.arange(self.n_texts), np.diff(self.places))

    def total(self, weights: np.ndarray) -> np.ndarray:
        """The sum of the weights of the words of each text; `weights` has one for each of the vocabulary."""
        return np.bincount(self.owners, weights[self.codes], minlength=self.n_texts)

    def once(self) -> Words:
        """The same with every word once a text."""
        pairs = np.unique(np.stack([self.owners, self.codes]), axis=1)
        counts = np.bincount(pairs[0], minlength=self.n_texts)
        places = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Words(self.texts, self.vocabulary, pairs[1], places)


def is_about(posts: Words, about: tuple[str, ...]) -> np.ndarray:
    """Which texts hold one of these words or phrases."""
    singles = single_words(about)
    chosen = np.zeros(len(posts.vocabulary), np.float64)
    if singles:
        begins_alike = pc.match_substring_regex(posts.vocabulary, _beginnings(singles))
        places = pc.indices_nonzero(begins_alike).to_numpy()
        # one word at a time, but few of them, each once a batch, and those seen before from memory
        words = posts.vocabulary.take(pa.array(places)).to_pylist()
        chosen[places] = [matches(word, singles) for word in words]
    found = posts.total(chosen) > 0
    for wanted in set(about) - {each for each in about if " " not in each.strip()}:
        found |= _holds_phrase(posts.texts, fold(wanted.strip()))
    return found


def single_words(about: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a topic that are no phrases, folded."""
    return tuple(fold(wanted.strip()) for wanted in about if " " not in wanted.strip())


def company_of(posts: Words, company: Company) -> np.ndarray:
    """How much of a topic's company each text holds, a word counting once."""
    if not company.words or not len(posts.vocabulary):
        return np.zeros(posts.n_texts)
    words, told = zip(*company.words, strict=True)
    places = pc.index_in(posts.vocabulary, pa.array(words, posts.vocabulary.type))
    weights = pc.fill_null(pa.array(told, pa.float64()).take(places), 0.0).to_numpy()
    return posts.once().total(weights)


def _holds_phrase(texts: pa.Array, phrase: str) -> np.ndarray:
    between = r"[^\pL\pM\pN]*"
    words = between.join(pc.utf8_lower(pa.scalar(word)).as_py() for word in phrase.split())
    pattern = rf"(?i)(?:^|[^\pL\pM\pN]){words}(?:$|[^\pL\pM\pN])"
    found: np.ndarray = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


@functools.cache
def _beginnings(singles: tuple[str, ...]) -> str:
    """A pattern for words that begin with the sound of one of these, in either script, and for hashtags."""
    latin = {(romanised(word) if _is_devanagari(word) else word)[:1] for word in singles}
    alike = {letter for first in latin for letter in (first, *_ALIKE.get(first, ""))}
    written = [letter for letter in _LETTERS if romanised(letter)[:1] in alike]
    others = {word[:1] for word in singles}
    return (
        "^['’]*[#" + "".join(re.escape(each) for each in sorted({*alike, *written, *others})) + "]"
    )


@functools.lru_cache(maxsize=1 << 18)
def matches(word: str, about: tuple[str, ...]) -> bool:
    """Whether a word in small letters is one of the topic's, inflected, respelt, in the other script, or in a hashtag.

    >>> words = ("filmon", "फिल्में", "moviez", "#bestmovieever", "सिनेमा", "filter")
    >>> [matches(word, ("film", "movie", "cinema")) for word in words]
    [True, True, True, True, True, False]
    """
    folded = fold(word)
    plain = folded.removeprefix("#").strip("'")
    if folded.startswith("#") and any(
        len(seed) >= _SHORTEST_IN_TAG and seed in plain for seed in about
    ):
        return True
    is_loan = _is_devanagari(plain)
    for form in {cut_runs(plain, longest) for longest in (2, 1)}:
        stems = _stems(romanised(form) if is_loan else form)
        if any(_is_form(stems, spelling, is_loan=is_loan) for spelling in _spellings(about)):
            return True
    return False


@functools.cache
def _spellings(about: tuple[str, ...]) -> tuple[Spelling, ...]:
    """The topic's words in Latin letters; with a soft `c` as `s` too, as Devanagari has it."""
    latin = [romanised(word) if _is_devanagari(word) else word for word in about]
    soft = [re.sub(r"c(?=[eiy])", "s", word) for word in latin]
    return tuple(
        Spelling(word, phonetic_key(word), _skeleton(word))
        for word in dict.fromkeys([*latin, *soft])
    )


class Spelling(NamedTuple):
    """A word of the topic in Latin letters, with its phonetic key and its consonants."""

    word: str
    key: str
    skeleton: str


def _is_form(stems: list[str], wanted: Spelling, *, is_loan: bool) -> bool:
    """Whether one of what a word may be stems of is a spelling of this; a loan word's vowels tell nothing."""
    if not _skeleton(stems[0]).startswith(wanted.skeleton.removesuffix("n")):
        return wanted.word in stems
    if is_loan and len(wanted.skeleton) >= _SHORTEST_SKELETON:
        return any(_skeleton(stem) == wanted.skeleton for stem in stems)
    return any(_is_spelling(stem, wanted) for stem in stems)


def _is_spelling(stem: str, wanted: Spelling) -> bool:
    if stem == wanted.word:
        return True
    if len(wanted.word) <= _SHORTEST_STEM or len(wanted.key) < _SHORTEST_KEY:
        return False
    if abs(len(stem) - len(wanted.word)) > _MOST_LETTERS_APART:
        return False
    return phonetic_key(stem) == wanted.key


def _skeleton(word: str) -> str:
    """The consonants that spellings with one phonetic key share."""
    return _DOUBLED.sub(r"\1", word.translate(_SKELETON))


def _stems(word: str) -> list[str]:
    """The word, and what may be its stem before an ending."""
    stems = [word, word.removesuffix("z")] if word.endswith("z") else [word]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if len(stem) >= _SHORTEST_STEM and stem != word:
            stems.append(f"{stem}y" if ending == "ies" else stem)
    return stems


def _is_devanagari(word: str) -> bool:
    return any(_DEVANAGARI[0] <= character < _DEVANAGARI[1] for character in word)
