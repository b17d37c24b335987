"""What the second paper's classifiers see of a post, case by case (section III.B.2)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from mizaj.lexicon.entries import Entry
from mizaj.lexicon.pack import pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.scorer import LexiconSettings, Scorer
from mizaj.model.paper_features import (
    COUNTS,
    LONGEST_POST,
    Reader,
    plain_texts,
    reader,
    reader_of,
    rows_of,
)

ENTRIES = [
    Entry("accha", "hi-Latn", 1.9, "adj"),
    Entry("acha", "hi-Latn", form_of="accha"),
    Entry("dekho", "hi-Latn", 1.0, "verb"),
    Entry("umeed", "hi-Latn", 1.5, "noun"),
    Entry("bura", "hi-Latn", -2.0, "adj"),
    Entry("dukh", "hi-Latn", -2.0, "noun"),
    Entry("kabhi", "hi-Latn", 0.3, "adv"),
    Entry("nahi", "hi-Latn", role="negator"),
    Entry("mat", "hi-Latn", role="prohibition"),
    Entry("paisa vasool", "hi-Latn", 2.5, "adj"),
    Entry("paisa", "hi-Latn"),
    Entry("vasool", "hi-Latn"),
    Entry("loved", "en", 2.0),
    Entry("pizza", "en", 2.0),
    Entry("😀", "symbol", 2.0),
]
BY_HAND = reader_of(Lexicon(pack(ENTRIES)))


def counts(text: str, reads: Reader = BY_HAND) -> list[float]:
    found: list[float] = reads.read(pa.array([text])).counts[0].tolist()
    return found


@pytest.mark.parametrize(
    ("text", "positive", "negative", "negation"),
    [
        ("", 0, 0, 0),
        ("accha acha achaaa", 3, 0, 0),
        ("accha bura dukh", 1, 2, 0),
        ("accha nahi", 1, 0, 1),
        ("mat dekho nahi", 1, 0, 2),
        ("kabhi", 0, 0, 0),
        ("paisa vasool", 1, 0, 0),
        ("😀 :) http://accha.com @accha", 0, 0, 0),
        ("#AcchaBura", 1, 1, 0),
    ],
)
def test_words_are_counted(text: str, positive: int, negative: int, negation: int) -> None:
    assert counts(text)[:3] == [positive, negative, negation]


@pytest.mark.parametrize(
    ("text", "special", "relevant"),
    [
        ("film", 0, 0),
        ("accha", 1, 1),
        ("umeed", 1, 0),
        ("umeed accha", 1, 1),
        ("dukh", -1, 0),
        ("dukh bura", -1, 1),
        ("accha dukh", 1, 1),
        ("umeed bura", -1, 1),
        ("accha bura", 0, 0),
        ("umeed dukh", 0, 0),
        ("nahi", 0, 0),
    ],
)
def test_the_special_word_is_chosen_by_its_part_of_speech(
    text: str, special: int, relevant: int
) -> None:
    assert counts(text)[3:] == [special, relevant]


def test_the_tagger_is_asked_where_the_lexicon_has_no_part_of_speech() -> None:
    assert counts("i really loved the film")[4] == 1
    assert counts("the pizza of rome")[4] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ACHA qwzzzzz dekhooo", ["accha", "qwzz", "dekho"]),
        ("paisa vasool film", ["paisa vasool", "film"]),
        ("film, film! 50 😀", ["film", "film"]),
        ("x" * 10_000, ["xx"]),
    ],
)
def test_words_are_what_the_lexicon_takes_them_for(text: str, words: list[str]) -> None:
    assert BY_HAND.read(pa.array([text])).words == words


def test_of_a_post_without_end_the_beginning_is_read() -> None:
    assert counts("accha " * 2_000_000) == counts(("accha " * 20_000)[:LONGEST_POST])


def test_each_post_keeps_its_own_words() -> None:
    posts = BY_HAND.read(pa.array(["accha film", None, "", "bura"], pa.string()))
    assert posts.counts.shape == (4, len(COUNTS))
    assert posts.starts.tolist() == [0, 2, 2, 2, 3]
    taken = posts.take(np.array([3, 0]))
    assert taken.words == ["bura", "accha", "film"]
    assert taken.starts.tolist() == [0, 1, 3]
    np.testing.assert_array_equal(taken.counts, posts.counts[[3, 0]])


def test_words_of_the_vocabulary_are_found_once_a_post() -> None:
    posts = BY_HAND.read(pa.array(["film accha film", "kya", "accha"]))
    rows, words = rows_of(posts, {"film": 0, "accha": 1})
    assert list(zip(rows.tolist(), words.tolist(), strict=True)) == [(0, 0), (0, 1), (2, 1)]
    assert [len(each) for each in rows_of(posts, {})] == [0, 0]


def test_without_the_kernel_posts_are_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    # the rules change nothing of what is read here, and their compiled form is not for Python
    monkeypatch.setattr("mizaj.lexicon.twin.rules", SimpleNamespace(score_post=lambda *_: None))
    texts = ["Yeh movie ACHHI nahi hai 😡 #BahutBura", "नहीं ｇｏｏｄ", "", "loved it!", "a😀b"]
    whole = reader()
    twin = Reader(Scorer(LexiconSettings(), whole.scorer.lexicon, None))
    one, other = (reads.read(pa.array(texts)) for reads in (whole, twin))
    assert one.words == other.words
    np.testing.assert_array_equal(one.counts, other.counts)


def test_a_packed_dictionary_of_ones_own_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "mine.lex"
    path.write_bytes(BY_HAND.scorer.lexicon.content)
    assert reader(path).content_hash == BY_HAND.content_hash != reader().content_hash
    assert counts("umeed", reader(path)) == counts("umeed")


def test_broken_bytes_and_nulls_are_texts() -> None:
    broken = pa.array([b"a\xff", None, b""], pa.large_binary()).view(pa.large_string())
    assert plain_texts(broken) == ["a\ufffd", "", ""]
    assert plain_texts(broken.slice(1)) == ["", ""]
