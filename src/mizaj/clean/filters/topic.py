"""Posts about a given topic kept, others set aside: by words in all their spellings, or also by the company they keep.

A word of the topic is found as people write it: in capitals, in a hashtag, in the plural, with Hindi endings
(`filmon`, `filmein`), respelt (`philm`), in Devanagari (फिल्म). A phrase is found as it is spelt, its words apart or
joined (`world cup`, `World-Cup`, `#worldcup`). A post without any may still be about the topic: where `company` was
learnt from a corpus (`topic_company`), a post stays whose words keep company with the topic's as much as in a usual
post about it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.filters.topic_spelling import is_devanagari, matches
from mizaj.clean.kept import kept_texts, plain_texts
from mizaj.errors import SettingError
from mizaj.text.characters import NUKTA_LETTERS
from mizaj.text.romanise import romanised
from mizaj.text.tokens import fold

WORDS, SIMILAR = "words", "similar"
MODES = (WORDS, SIMILAR)

_NUKTA = "\u093c"
_DOTTED = {letters[0]: chr(code) for code, letters in NUKTA_LETTERS.items()}
"""By their plain form, the letters that have a nukta of their own."""
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

    `about` are words, hashtags or phrases of the topic, in either script; none keeps all posts. In the mode `words` one
    of them must stand in the post; in the mode `similar` enough of the words in `company` will do, too, which
    `learn_company` must have found before posts are filtered.

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

    A word of a hashtag begins with `#`, unless capitals part it from others. `plain` are the texts without links and
    handles.
    """

    texts: pa.Array
    plain: pa.Array
    vocabulary: pa.Array
    codes: np.ndarray
    places: np.ndarray

    @classmethod
    def of(cls, texts: pa.Array, *, is_parted: bool = True) -> Words:
        """The words of a column of string or large_string; what is no UTF-8 is read as U+FFFD.

        With `is_parted` a word that has capitals inside is as many words: `#NewFilm`.
        """
        texts = _decodable(texts.cast(pa.large_string()))
        plain = pc.replace_substring_regex(texts, _REFERENCE, " ")
        written = pc.replace_substring_regex(plain, _CAMEL, r"\1 \2") if is_parted else plain
        lists = pc.utf8_split_whitespace(_spaced(written))
        encoded = lists.flatten().dictionary_encode()
        lengths = pc.list_value_length(lists).to_numpy()
        places = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        codes = encoded.indices.to_numpy()
        return cls(texts, plain, vocabulary=encoded.dictionary, codes=codes, places=places)

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
        return replace(self, codes=pairs[1], places=places)


def is_about(posts: Words, about: tuple[str, ...]) -> np.ndarray:
    """Which texts hold one of these words or phrases."""
    singles = single_words(about)
    found = _holds_word(posts, singles)
    # capitals part the words of a hashtag, but also a name that is one word: YouTube, iPhone
    rows = np.flatnonzero(~found & _is_match(posts.plain, _CAMEL))
    whole = Words.of(posts.plain.take(pa.array(rows)), is_parted=False)
    found[rows] = _holds_word(whole, singles)
    for words in words_of(about):
        if len(words) > 1:
            found |= _holds_phrase(posts.plain, words)
    return found


def single_words(about: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a topic that are no phrases, folded."""
    return tuple(words[0] for words in words_of(about) if len(words) == 1)


@functools.cache
def words_of(about: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The words of each word, hashtag or phrase of a topic, folded, parted where those of posts are.

    >>> words_of(("#Film", "world cup", "Covid-19"))
    (('film',), ('world', 'cup'), ('covid', '19'))
    """
    spaced = _spaced(pa.array(about, pa.large_string())).to_pylist()
    read = ([fold(word).lstrip("#").strip("'") for word in each.split()] for each in spaced)
    return tuple(tuple(filter(None, words)) for words in read)


def company_of(posts: Words, company: Company) -> np.ndarray:
    """How much of a topic's company each text holds, a word counting once."""
    if not company.words or not len(posts.vocabulary):
        return np.zeros(posts.n_texts)
    words, told = zip(*company.words, strict=True)
    places = pc.index_in(posts.vocabulary, pa.array(words, posts.vocabulary.type))
    weights = pc.fill_null(pa.array(told, pa.float64()).take(places), 0.0).to_numpy()
    return posts.once().total(weights)


def _decodable(texts: pa.Array) -> pa.Array:
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array(plain_texts(texts), texts.type)
    return texts


def _spaced(texts: pa.Array) -> pa.Array:
    """The texts in small letters, with a blank for all that is in no word.

    To split at blanks takes a tenth of what splitting at a pattern does.
    """
    return pc.replace_substring_regex(pc.utf8_lower(texts), _NOT_WORDS, " ")


def _holds_word(posts: Words, singles: tuple[str, ...]) -> np.ndarray:
    """Which texts hold one of these words."""
    chosen = np.zeros(len(posts.vocabulary), np.float64)
    if singles:
        begins_alike = pc.match_substring_regex(posts.vocabulary, _beginnings(singles))
        places = pc.indices_nonzero(begins_alike).to_numpy()
        # one word at a time, but few of them, each once a batch, and those seen before from memory
        words = posts.vocabulary.take(pa.array(places)).to_pylist()
        chosen[places] = [matches(word, singles) for word in words]
    found: np.ndarray = posts.total(chosen) > 0
    return found


def _holds_phrase(texts: pa.Array, words: tuple[str, ...]) -> np.ndarray:
    """Which texts hold these words one after the other, with no other word between."""
    between = r"[^\pL\pM\pN]*"
    spelt = between.join("".join(map(_spelt, word)) for word in words)
    return _is_match(texts, rf"(?i)(?:^|[^\pL\pM\pN]){spelt}(?:$|[^\pL\pM\pN])")


def _spelt(letter: str) -> str:
    """A pattern for a letter of a phrase: with or without a nukta or an apostrophe, which many leave out."""
    if letter in _DOTTED:
        return f"(?:{letter}{_NUKTA}?|{_DOTTED[letter]})"
    return {_NUKTA: "", "'": "['’]?"}.get(letter, re.escape(letter))


def _is_match(texts: pa.Array, pattern: str) -> np.ndarray:
    found: np.ndarray = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


@functools.cache
def _beginnings(singles: tuple[str, ...]) -> str:
    """A pattern for words that begin with the sound of one of these, in either script, and for hashtags."""
    latin = {(romanised(word) if is_devanagari(word) else word)[:1] for word in singles}
    alike = {letter for first in latin for letter in (first, *_ALIKE.get(first, ""))}
    written = [letter for letter in _LETTERS if romanised(letter)[:1] in alike]
    others = {word[:1] for word in singles}
    return (
        "^['’]*[#" + "".join(re.escape(each) for each in sorted({*alike, *written, *others})) + "]"
    )
