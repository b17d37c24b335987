"""What the linear model counts in a post, as 64-bit keys: the readable definition, which the compiled one must equal.

| group | what | key |
| --- | --- | --- |
| WORD | each token: a word in small letters, runs cut to two; emoji; other marks by kind | its hash |
| PAIR | each two tokens in a row, the post's ends counting as tokens | of both keys |
| CHARS | each run of 2 to 5 characters inside a word, its ends marked `^` and `$` | of its characters |

Keys are odd, so never 0. Words of more than `LONGEST_BYTES` bytes are counted whole and as written only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from mizaj.lexicon.layout import absorb, hash_bytes
from mizaj.text import tokens as kinds

WORD, PAIR, CHARS = range(3)
GROUPS = ("word", "pair", "chars")

SHORTEST, LONGEST = 2, 5
"""Characters in a run."""
LONGEST_BYTES = 48
"""Bytes of a word, written out, beyond which its runs are not counted."""
CUT = 2
"""Letters that stand three times or more in a row are counted as so many."""

EXTRA_TOKENS = 3
"""By how many tokens a post counts as longer than it is: one of a word or two says less of its n-grams than of the
dictionaries' figures for them, since such posts are rare in training sets."""

_PAIR_BASIS = 0x517CC1B727220A95
_CHARS_BASIS = 0x2545F4914F6CDD1D
_KIND_BASIS = 0x9FB21C651E98DF25
END = 1
"""The key of the ends of a post."""
_MOST_MARKS = 3
_HEAD, _TAIL = ord("^"), ord("$")


def features(tokens: Iterable[kinds.Token], text: str) -> Iterator[tuple[int, int]]:
    """The groups and keys of all that is counted in a post of these tokens, repeats as often as they stand there.

    >>> found = list(features(kinds.tokenise("so good", frozenset()), "so good"))
    >>> [sum(group == each for group, _ in found) for each in (WORD, PAIR, CHARS)]
    [2, 3, 20]
    """
    last = END
    for token in tokens:
        key, word = key_and_word(token, text)
        yield WORD, key
        yield PAIR, pair_key(last, key)
        yield from ((CHARS, run) for run in run_keys(word))
        last = key
    yield PAIR, pair_key(last, END)


def share(n_tokens: int) -> float:
    """By what the n-grams' part of a post of this length is multiplied: 1 over the root of its length.

    >>> share(13)
    0.25
    """
    return 1.0 / math.sqrt(n_tokens + EXTRA_TOKENS)


def pair_key(one: int, other: int) -> int:
    """The key of two tokens in a row."""
    return absorb(absorb(_PAIR_BASIS, one), other) | 1


def run_keys(word: str) -> Iterator[int]:
    """The keys of the runs of characters in a word; none for an empty word."""
    marked = [_HEAD, *map(ord, word), _TAIL] if word else []
    for start in range(len(marked)):
        state = _CHARS_BASIS
        for size, code in enumerate(marked[start : start + LONGEST], start=1):
            state = absorb(state, code)
            if size >= SHORTEST:
                yield state | 1


def key_and_word(token: kinds.Token, text: str) -> tuple[int, str]:
    """The key of a token, and the word whose runs are counted."""
    if token.kind == kinds.WORD:
        if len(text[token.start : token.end].encode("utf-8", "replace")) > LONGEST_BYTES:
            return hash_bytes(token.folded.encode("utf-8", "replace")), ""
        word = kinds.cut_runs(token.folded, CUT)
        return hash_bytes(word.encode("utf-8", "replace")), word
    if token.kind in (kinds.EMOJI, kinds.EMOTICON):
        return hash_bytes(token.folded.encode("utf-8", "replace")), ""
    written = text[token.start : token.end].encode("utf-8", "replace")
    n_marks = min(len(written), _MOST_MARKS) if token.kind in (kinds.EXCLAIM, kinds.QUESTION) else 0
    return absorb(_KIND_BASIS, 4 * token.kind + n_marks) | 1, ""
