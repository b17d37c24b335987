"""What a word may be that stands in no dictionary as it is written."""

from __future__ import annotations

import pytest

from mizaj.lexicon.entries import Entry
from mizaj.lexicon.pack import pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.resolve import resolve

LEXICON = Lexicon(
    pack(
        [
            Entry("bad", "en", -2.0),
            Entry("baad", "hi-Latn", 0.0),
            Entry("good", "en", 2.0),
            Entry("loot", "en", 0.0),
            Entry("zabardast", "hi-Latn", 2.5),
        ]
    )
)


@pytest.mark.parametrize(
    ("word", "entry"),
    [
        ("good", "good"),
        ("goooood", "good"),
        # cut to two letters it is a word without an opinion, cut to one it is `bad`
        ("baaaad", "bad"),
        # only words without an opinion: the first of them
        ("looooot", "loot"),
        ("zabardasttt", "zabardast"),
    ],
)
def test_a_stretched_word_is_the_nearest_one_that_tells_something(word: str, entry: str) -> None:
    found, _ = resolve(word, LEXICON)
    assert found is not None
    assert found.entry.word == entry


def test_a_word_that_nothing_is_known_of_is_not_found() -> None:
    assert resolve("qwrtzpsdf", LEXICON)[0] is None


def test_a_long_word_is_not_tried() -> None:
    assert resolve("good" + "o" * 60, LEXICON) == (None, 0)
