"""The packed trie finds what was put in, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import LexiconError
from mizaj.lexicon.trie import build_trie

words = st.dictionaries(st.text(min_size=1, max_size=8), st.integers(0, 2**31 - 2), max_size=40)


@given(words, st.text(max_size=8))
def test_trie_equals_a_dict(known: dict[str, int], asked: str) -> None:
    trie = build_trie(known)
    assert {word: trie.find(word) for word in known} == known
    assert trie.find(asked) == known.get(asked)


@given(words, st.text(max_size=12))
def test_prefixes_are_the_listed_words_that_begin_the_word(
    known: dict[str, int], word: str
) -> None:
    listed = sorted(
        (len(other.encode()), value)
        for other, value in known.items()
        if word.encode().startswith(other.encode())
    )
    assert list(build_trie(known).prefixes(word)) == listed


def test_the_empty_word_is_refused() -> None:
    with pytest.raises(LexiconError, match="empty word"):
        build_trie({"": 1})


def test_a_trie_without_words_finds_nothing() -> None:
    assert build_trie({}).find("accha") is None
    assert list(build_trie({}).prefixes("accha")) == []
