"""Word language: the tables are read safely, the arithmetic is exact, and the words that matter come out right."""

import math
import struct
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ModelError
from mizaj.text.language import (
    WordLanguage,
    fnv1a32,
    load_word_language,
    post_language,
    save_word_language,
    script,
    smooth,
    word_languages,
    word_logit,
)

WORDS = st.text(
    st.characters(categories=["Ll", "Lo", "Mn"]) | st.sampled_from("aaabeh'"), max_size=40
)
LOGITS = st.lists(st.integers(-127, 127), max_size=8)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("yeh movie accha nahi hai", "hehhh"),
        ("so good ki main so gaya", "eehhhh"),
        ("this is the main reason", "eeeee"),
        ("i want to log in to the site", "eeeeeeee"),
        ("wo log mere ghar par the yaar", "hhhhhhh"),
        ("mere bare me bat mat karo", "hhhhhh"),
        ("tell me the truth", "eeee"),
        ("is me kya hai", "hhhh"),
        ("he is a bad man", "eeeee"),
        ("do din pehle", "hhh"),
        ("don't do this", "eee"),
        ("photo share karo please", "eehe"),
        ("bahuuuut acchhha", "hh"),
        ("bahut अच्छा movie привет", "hdeo"),
    ],
)
def test_ambiguous_words_take_the_language_of_their_neighbours(text: str, languages: str) -> None:
    names = {"e": "en", "h": "hi-Latn", "d": "hi", "o": "other"}
    assert word_languages(text.split()) == [names[letter] for letter in languages]


@pytest.mark.parametrize(
    ("counts", "language"),
    [
        ((0, 0, 0, 0), "other"),
        ((4, 0, 0, 0), "en"),
        ((0, 4, 0, 0), "hi-Latn"),
        ((0, 0, 4, 0), "hi"),
        ((0, 2, 2, 0), "hi-Latn"),
        ((0, 1, 3, 0), "hi"),
        ((1, 4, 0, 0), "hi-en"),
        ((1, 5, 0, 0), "hi-Latn"),
        ((1, 0, 4, 0), "hi-en"),
        ((5, 1, 0, 0), "en"),
        ((1, 1, 0, 0), "hi-en"),
        ((1, 0, 0, 2), "other"),
        ((2, 0, 0, 2), "en"),
    ],
)
def test_the_language_of_a_post_follows_from_its_counts(
    counts: tuple[int, int, int, int], language: str
) -> None:
    assert post_language(*counts) == language


@given(WORDS)
def test_the_logit_of_any_word_is_a_signed_byte(word: str) -> None:
    assert -127 <= word_logit(word) <= 127


@given(st.text(st.sampled_from("abehz'"), max_size=30))
def test_the_character_model_equals_its_definition_in_floats_of_whole_numbers(word: str) -> None:
    weights = bytes(range(256)) * 4
    model = WordLanguage({}, weights=weights, bias=-300, shift=3, switch_cost=9)
    squeezed = model_squeeze(word)
    marked = b"^" + squeezed.encode()[:24] + b"$"
    grams = [
        marked[i : i + n] for n in (2, 3, 4) for i in range(len(marked)) if i + n <= len(marked)
    ]
    signed = struct.unpack("1024b", weights)
    total = sum(signed[fnv1a32(gram) % 1024] for gram in grams) - 300
    assert model.word_logit(word) == max(-127, min(127, math.floor(total / 8)))


def model_squeeze(word: str) -> str:
    """Runs of three or more of a-z cut to two, letter by letter."""
    out = ""
    for char in word:
        if not (char.isalpha() and out.endswith(char * 2)):
            out += char
    return out


def test_elongated_words_are_looked_up_at_two_letters_then_at_one() -> None:
    model = WordLanguage(
        {"good": -90, "bahut": 80}, weights=bytes(16), bias=0, shift=0, switch_cost=9
    )
    assert model.word_logit("goood") == -90
    assert model.word_logit("bahuuut") == 80
    assert model.word_logit("bahuut") == 0


@given(LOGITS, st.integers(0, 60))
def test_smoothing_finds_the_best_path_of_a_two_state_chain(logits: list[int], cost: int) -> None:
    def gain(path: tuple[bool, ...]) -> int:
        n_switches = sum(a != b for a, b in pairwise(path))
        return (
            sum(x for x, is_hindi in zip(logits, path, strict=True) if is_hindi) - cost * n_switches
        )

    smoothed = smooth(logits, cost)
    if (
        0 not in smoothed
    ):  # at 0 both languages are on a best path, but not any two choices together
        best = max(gain(path) for path in product((False, True), repeat=len(logits)))
        assert gain(tuple(s > 0 for s in smoothed)) == best


@given(LOGITS)
def test_neighbours_never_overturn_a_word_beyond_twice_the_switch_cost(logits: list[int]) -> None:
    for logit, smoothed in zip(logits, smooth(logits, 28), strict=True):
        assert abs(smoothed - logit) <= 56


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("naïve", "Latin"),
        ("çok", "Latin"),
        ("ḍar", "Latin"),
        ("×", "other"),
        ("ꣳ", "Devanagari"),
        ("", "other"),
    ],
)
def test_script_goes_by_the_first_letter(word: str, expected: str) -> None:
    assert script(word) == expected


def test_a_saved_model_is_the_model(tmp_path: Path) -> None:
    model = WordLanguage(
        {"nahi": 100, "b": -3}, weights=bytes(range(16)), bias=-70_000, shift=2, switch_cost=5
    )
    save_word_language(model, tmp_path)
    assert load_word_language(tmp_path) == model


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("language_ngrams.bin", b"MZ", "2 bytes"),
        ("language_ngrams.bin", b"XXXX\x01\x04\x00\x00" + bytes(20), "starts with"),
        ("language_ngrams.bin", b"MZLN\x09\x04\x00\x00" + bytes(20), "starts with"),
        ("language_ngrams.bin", b"MZLN\x01\xff\x00\x00" + bytes(20), "starts with"),
        (
            "language_ngrams.bin",
            b"MZLN\x01\x04\x00\x00" + bytes(19),
            "holds 15 weights; its header says 16",
        ),
        ("language_ngrams.bin", b"MZLN\x01\x04\x63\x00" + bytes(20), "shift is 99"),
        ("language_ngrams.bin", b"MZLN\x01\x04\x00\xff" + bytes(20), "switch cost 255"),
        ("language_words.tsv", b"", "must start with"),
        ("language_words.tsv", b"word\tlogit\nnahi\t100", "end with a line break"),
        ("language_words.tsv", b"word\tlogit\nnahi\t128\n", "line 2.*from -127 to 127"),
        ("language_words.tsv", b"word\tlogit\nnahi\t--5\n", "line 2"),
        ("language_words.tsv", b"word\tlogit\nnahi\t" + b"9" * 9000 + b"\n", "line 2"),
        ("language_words.tsv", b"word\tlogit\nok\t1\n\t5\n", "line 3"),
        ("language_words.tsv", b"word\tlogit\n\xff\t5\n", "not UTF-8"),
    ],
)
def test_a_damaged_model_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    model = WordLanguage({}, weights=bytes(16), bias=0, shift=0, switch_cost=5)
    save_word_language(model, tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        load_word_language(tmp_path)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"language_words\.tsv"):
        load_word_language(tmp_path)


def test_weights_must_be_a_power_of_two() -> None:
    with pytest.raises(ModelError, match="15 weights"):
        WordLanguage({}, weights=bytes(15), bias=0, shift=0, switch_cost=5)
