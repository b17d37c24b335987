"""Romanised Hindi in Devanagari, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.lexicon.kept import open_lexicon
from mizaj.lexicon.native_script import NativeScript, native_script
from mizaj.text.language import load_word_language


@pytest.mark.parametrize(
    ("typed", "native"),
    [
        ("yeh film bakwas hai", "यह film बकवास है"),
        ("Mujhe yeh phone BAHUT pasand aaya", "मुझे यह phone बहुत पसंद आया"),
        ("kya zabardast acting thi!!", "क्या जबरदस्त acting थी!!"),
        ("nhi yr, bht bura laga :(", "नहीं यार, बहुत बुरा लगा :("),
    ],
)
def test_hindi_words_are_written_in_devanagari(typed, native):
    assert native_script()(typed) == native


@pytest.mark.parametrize(
    "text",
    [
        "the best movie I have seen this year",
        "are you the main speaker? to me it is so bad",
        "अच्छा नहीं है",
        "12:30 😀 :) #1 !!!",
        "привет",
        "",
    ],
)
def test_what_is_not_romanised_hindi_stays(text):
    assert native_script()(text) == text


@pytest.mark.parametrize("other", ["nahi", "nhi", "nahin", "nai", "nehi"])
def test_one_word_has_one_spelling(other):
    assert native_script().word(other) == "नहीं"


def test_a_word_that_no_dictionary_has_is_written_letter_by_letter():
    assert native_script().word("ghumakkadpana") == "घुमक्कदपना"


@pytest.mark.parametrize("word", ["cm", "mr", "xqzk"])
def test_a_word_without_vowels_that_nobody_lists_stays(word):
    assert native_script().word(word) == word


@given(st.text(max_size=60))
def test_other_characters_stay_in_their_order(text):
    def others(of):
        return [each for each in of if not each.isalpha() and not "\u0900" <= each <= "\u097f"]

    kept = others(native_script()(text))
    assert [each for each in kept if each != "'"] == [each for each in others(text) if each != "'"]


@given(st.text(max_size=60))
def test_written_once_it_is_written(text):
    once = native_script()(text)
    assert native_script()(once) == once


def test_other_dictionaries_have_another_hash():
    ours = native_script()
    language = load_word_language()
    other = NativeScript(open_lexicon(), replace(language, switch_cost=language.switch_cost + 1))
    assert ours.content_hash == NativeScript(open_lexicon(), language).content_hash
    assert ours.content_hash != other.content_hash
