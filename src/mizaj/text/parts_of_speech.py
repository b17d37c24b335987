"""The part of speech of each word of a code-mixed post: a small chain model, for words whose dictionary gives none.

A conditional random field (Lafferty et al., 2001) over the words between two marks. A word's score for each tag is the
sum over features of the word itself (its form, its first and last letters, its script and digits) and of its two
neighbours (form, last letters), hashed into one table; a tag adds a score for following another. The best chain is
found by Viterbi's algorithm, for many posts at once. `benchmarks/train_tagger.py` learns the table and measures it.

Right for three words of four: the tags it learns from are noisy (`nahi` is a noun in two of three places, and so is
`bahut`). So a dictionary that knows a word's part of speech is to be asked first.
"""

from __future__ import annotations

import functools
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ModelError
from mizaj.text.language import script
from mizaj.text.tokens import cut_runs

TAGS = ("noun", "verb", "adj", "adv", "pron", "prep", "conj", "part", "det", "num", "other")
"""Parts of speech by number; `prep` holds postpositions too, `part` particles and interjections."""

MARK = -1
"""The number given to what is no word."""

NEAR = (0, -1, 1)
"""The word itself, the one before, the one after: a row of scores for each."""

LONGEST_CHAIN = 40
"""Words: a longer stretch without a mark is cut, so that a post of megabytes takes time in proportion."""

_DATA = Path(__file__).parent / "data" / "parts_of_speech.bin"
_HEADER = struct.Struct(
    "<4sBBxxf"
)  # magic, version, k, scale; then (2**k + tags + 1) x tags signed bytes
_MAGIC, _VERSION = b"MZPS", 1
_K_RANGE = range(8, 19)
_LONGEST_ENDING, _LONGEST_BEGINNING = 4, 3
_N_CACHED = 1 << 16

Scores = NDArray[np.float32]
Codes = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Tagger:
    """`table`: scores of hashed features, shape (2**k, tags); `following`: of a tag (row) before a tag (column).

    The last row of `following` is for the first word of a chain.
    """

    table: Scores
    following: Scores

    def tag(self, forms: Sequence[str]) -> Codes:
        """The number in `TAGS` of each word, `MARK` for marks; `forms` are folded words and marks in order.

        Words begin with a letter or digit. Posts follow each other with an empty form between them, and then do not
        know of each other.

        >>> [TAGS[code] for code in load_tagger().tag(["acchi", "movie", "dekhi"])]
        ['adj', 'noun', 'verb']
        """
        codes = np.full(len(forms), MARK, np.int8)
        is_word = np.array([form[:1].isalnum() for form in forms], bool)
        if is_word.any():
            scores = self._scores(forms)
            for chains in _chains(is_word):
                codes[chains] = self._best(scores[chains])
        return codes

    def _scores(self, forms: Sequence[str]) -> Scores:
        """The score of each form for each tag, by itself and its neighbours."""
        numbers: dict[str, int] = {}
        places = np.array([numbers.setdefault(form, len(numbers)) for form in forms])
        near = np.stack([self._shown(form) for form in numbers])[places]
        scores: Scores = near[:, 0].copy()
        scores[1:] += near[:-1, 1]
        scores[:-1] += near[1:, 2]
        return scores

    @functools.lru_cache(maxsize=_N_CACHED)  # noqa: B019 - a tagger lives as long as the process
    def _shown(self, form: str) -> Scores:
        """What a form says of itself, of the word after it, and of the word before it: a row for each of `NEAR`."""
        rows = [self.table[list(buckets(form, near, len(self.table)))].sum(axis=0) for near in NEAR]
        return np.stack(rows)

    def _best(self, scores: Scores) -> Codes:
        """The best chain of tags for each row of words: (chains, words, tags) to (chains, words)."""
        total = scores[:, 0] + self.following[-1]
        came_from = []
        for step in range(1, scores.shape[1]):
            ways = total[:, :, None] + self.following[:-1]
            came_from.append(ways.argmax(axis=1))
            total = ways.max(axis=1) + scores[:, step]
        path = [total.argmax(axis=1)]
        for back in reversed(came_from):
            path.append(np.take_along_axis(back, path[-1][:, None], axis=1)[:, 0])
        return np.stack(path[::-1], axis=1).astype(np.int8)


def buckets(form: str, near: int, n: int) -> Iterator[int]:
    """The rows of a table of n that a form has as the word itself (0), the one before (-1) or after it (1)."""
    form = cut_runs(form, 2)
    found = [f"={form}", *(f"<{form[-size:]}" for size in range(1, _LONGEST_ENDING + 1))]
    if near:
        found = [found[0], *found[2:4]]
    else:
        found += [f">{form[:size]}" for size in range(1, _LONGEST_BEGINNING + 1)]
        found += [f"script {script(form)}", f"digits {any(map(str.isdigit, form))}", "any"]
    return (zlib.crc32(f"{near}{each}".encode("utf-8", "replace")) % n for each in found)


def _chains(is_word: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """The places of the words between two marks, those of one length together: arrays (chains, length)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_word, [False]]).astype(np.int8)))
    starts: list[int] = []
    lengths: list[int] = []
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        cuts = range(begin, end, LONGEST_CHAIN)
        starts += cuts
        lengths += [min(LONGEST_CHAIN, end - cut) for cut in cuts]
    of_length = np.array(lengths)
    for length in np.unique(of_length):
        yield np.array(starts)[of_length == length][:, None] + np.arange(length)


def save_tagger(tagger: Tagger, path: Path = _DATA) -> None:
    """Write a tagger, a signed byte for each score."""
    both = np.concatenate([tagger.table, tagger.following])
    scale = float(np.abs(both).max()) / 127 or 1.0
    k = len(tagger.table).bit_length() - 1
    packed = np.rint(both / scale).astype(np.int8).tobytes()
    path.write_bytes(_HEADER.pack(_MAGIC, _VERSION, k, scale) + packed)


@functools.cache
def load_tagger(path: Path = _DATA) -> Tagger:
    """The tagger that ships with the package, or one in a file. Raises `ModelError` for a file that is none."""
    content = path.read_bytes()
    magic, version, k, scale = (
        _HEADER.unpack_from(content) if len(content) >= _HEADER.size else (b"", 0, 0, 0.0)
    )
    shape = ((1 << k) + len(TAGS) + 1, len(TAGS))
    is_right = (magic, version) == (_MAGIC, _VERSION) and k in _K_RANGE and np.isfinite(scale)
    if not is_right or len(content) != _HEADER.size + shape[0] * shape[1]:
        msg = f"{path} is no tagger of this version, or is cut short; install mizaj again"
        raise ModelError(msg)
    both = np.frombuffer(content, np.int8, offset=_HEADER.size).reshape(shape) * np.float32(scale)
    return Tagger(both[: 1 << k], both[1 << k :])
