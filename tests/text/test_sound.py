"""The compiled phonetic key equals its plain definition, word by word."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mizaj.lexicon
from mizaj.text.phonetic import ALIASES, LONGEST_WORD, phonetic_key

_sound = pytest.importorskip(
    "mizaj.text._sound",
    reason="the compiled phonetic key is not built (setup.py build_ext --inplace)",
)

DICTIONARIES = sorted((Path(mizaj.lexicon.__file__).parent / "data").glob("**/*.tsv"))
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# the rules turn on vowels and the letters around them: draw those more often
BIASED = LETTERS + "aeiou" * 4 + "hynvw" * 4 + "crsfxz"

SOUNDS = [
    ("bahut", "bht"),
    ("bhut", "bht"),
    ("khoobsurat", "khubsurt"),
    ("zabardast", "jbrdst"),
    ("mera", "mera"),
    ("meri", "meri"),
    ("nai", "nhi"),
    ("ni", "nhi"),
    ("gr8", ""),
]
# Each word bends another rule, or two of them together; what comes out is for the definition to say.
EDGES = """
a e i o u h y n v w c f x hh yy cc ff xx yh hy ch sh cch chh chhh ssh shh scsh phf fph xks kx
aa ee oo eee aee aoo ieeo aaee ai gai gae gao gau aei aein karein kareiin yeh yehh woh toh ayh
hain hoon haan nahin nhin nhain nhhin kyun kyon kyoon kiyo yoo yoon logon karen bhen en on ben
rahey raheyy bohey ey gayi gayii gyi gayie yi yii yyi gayy ay by bya byo ayay myth
bihar bohot behad kehna rhega lhasa nhata yhan vhan hhan khana bhai shai hahaha
kiya keya kayi liye leyo huwa huva huwaa huw huo dua duaa suaar iaa piaao niaz
sunder sundar ser er tera sundeer kher rher mehr ia ua ui uo iu io ie ue kia kua
""".strip().split("\n")
NO_KEY = ["", "नहीं", "don't", "gr8", "Bahut", "naïve", "a b", "ab\0cd", "`a", "a{"]


def _sound_of(word: str) -> str:
    return str(_sound.sound(word.encode()).decode())


@pytest.mark.parametrize(("word", "key"), SOUNDS)
def test_hand_examples_sound_as_they_should(word: str, key: str) -> None:
    assert (_sound_of(word), phonetic_key(word)) == (key, key)


@pytest.mark.parametrize("line", EDGES, ids=[line.split()[0] for line in EDGES])
def test_each_rule_is_compiled_as_it_is_defined(line: str) -> None:
    words = line.split()
    assert {word: _sound_of(word) for word in words} == {word: phonetic_key(word) for word in words}


@pytest.mark.parametrize(("word", "key"), ALIASES.items())
def test_a_key_with_an_alias_is_sent_to_it(word: str, key: str) -> None:
    assert _sound_of(word) == phonetic_key(word)
    assert _sound_of(key) == phonetic_key(key)


@pytest.mark.parametrize("word", NO_KEY)
def test_a_word_of_other_bytes_than_a_to_z_has_no_key(word: str) -> None:
    assert _sound_of(word) == phonetic_key(word) == ""


@pytest.mark.parametrize("letter", ["b", "x", "f", "i"])
def test_the_longest_word_has_a_key_and_a_longer_one_none(letter: str) -> None:
    other = "k" if letter != "i" else "u"
    longest = ((letter + other) * LONGEST_WORD)[:LONGEST_WORD]
    assert _sound_of(longest) == phonetic_key(longest) != ""
    assert _sound_of(longest + letter) == phonetic_key(longest + letter) == ""


@settings(max_examples=3000)
@given(st.text(st.sampled_from(BIASED), max_size=40))
@example("x" + "fx" * 15)
def test_the_compiled_key_equals_its_definition(word: str) -> None:
    assert _sound_of(word) == phonetic_key(word)


@settings(max_examples=2000)
@given(st.text(st.sampled_from("aeiouhynvwrmc"), max_size=9))
def test_the_compiled_key_equals_its_definition_on_short_words(word: str) -> None:
    assert _sound_of(word) == phonetic_key(word)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_word_have_no_key(content: bytes) -> None:
    is_word = content.isalpha() and content.islower() and len(content) <= LONGEST_WORD
    assert _sound.sound(content) == (phonetic_key(content.decode()).encode() if is_word else b"")


@pytest.mark.parametrize("path", DICTIONARIES, ids=lambda path: path.stem)
def test_every_word_of_the_dictionaries_sounds_alike(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        words = {part for row in rows for part in row[0].split()}
    assert words
    assert {word: _sound_of(word) for word in words} == {word: phonetic_key(word) for word in words}


def test_the_dictionaries_are_found() -> None:
    assert len(DICTIONARIES) >= 10
