"""Hindi in Latin letters and back: as people type, not as scholars write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.text.phonetic import phonetic_key
from mizaj.text.romanise import COMMON, in_devanagari, romanised


@pytest.mark.parametrize(
    ("word", "spelt"),
    [
        ("क्या", "kya"),
        ("प्यार", "pyaar"),
        ("दोस्त", "dost"),
        ("लड़का", "ladka"),
        ("सरकार", "sarkar"),
        ("ज्ञान", "gyaan"),
        ("ख़ुशबू", "khushbu"),
        ("किताबें", "kitaben"),
        ("न", "na"),
        ("में", "mein"),
    ],
)
def test_a_word_is_romanised_as_people_type_it(word, spelt):
    assert romanised(word) == spelt


@pytest.mark.parametrize(
    ("spelt", "word"),
    [("dost", "दोस्त"), ("mera", "मेरा"), ("yaar", "यार"), ("film", "फिल्म"), ("zinda", "ज़िंदा")],
)
def test_a_romanised_word_is_written_in_devanagari(spelt, word):
    assert in_devanagari(spelt) == word.replace("ज़", "ज\u093c")


@pytest.mark.parametrize("spelt", ["dost", "mera", "bahut", "karna", "accha", "khush", "dil"])
def test_there_and_back_sounds_the_same(spelt):
    assert phonetic_key(romanised(in_devanagari(spelt))) == phonetic_key(spelt)


def test_common_words_sound_as_they_are_spelt_back():
    firsts = {spelt: romanised(word)[0].replace("v", "w") for spelt, word in COMMON.items()}
    assert [spelt for spelt, first in firsts.items() if spelt[0] != first] == []


@given(st.text(max_size=30))
def test_any_text_survives(text):
    assert bool(romanised(text)) == bool(text)
    assert bool(in_devanagari(text)) == bool(text)
