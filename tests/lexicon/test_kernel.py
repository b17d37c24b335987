"""The compiled kernel equals its plain-Python twin, on real-looking, generated and hostile posts."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mizaj.lexicon import rules, twin
from mizaj.lexicon.columns import read_column
from mizaj.lexicon.packed import load_lexicon
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.lexicon.weights import Weights
from mizaj.sample import sample_path
from mizaj.text.tokens import compatible, is_emoticon

kernel_module = pytest.importorskip(
    "mizaj.lexicon._kernel", reason="the compiled kernel is not built; the twin runs alone"
)

FIELDS = (
    "kind",
    "flags",
    "role",
    "language",
    "polarity",
    "neutrality",
    "weight",
    "n_words",
    "entry",
)
RULED = ("factor", "fired", "clause", "group")


pytestmark = pytest.mark.usefixtures("python_rules")


def assert_equal(text: str) -> None:
    lexicon = load_lexicon()
    kernel = kernel_module.Kernel(lexicon)
    plain = compatible(text)
    encoded = plain.encode("utf-8", "replace")
    fast, fast_result, fast_counts = kernel.read(encoded)
    slow, slow_result = twin.score_text(encoded.decode("utf-8"), lexicon)
    written = [encoded[t["start"] : t["end"]].decode() for t in fast]
    assert written == [encoded.decode()[t.start : t.end] for t in slow]
    for one, other, word in zip(fast, slow, written, strict=True):
        for name in (*FIELDS, *(RULED if other.place or other.factor != 1.0 else ())):
            assert one[name] == getattr(other, name), (word, name)
    assert fast_counts == slow_result.n_by_language
    for name in ("root", "positive", "neutral", "negative", "label", "doubt", "n_words", "n_quiet"):
        assert fast_result[name] == getattr(slow_result, name), name


WORDS = [
    "accha", "achhhha", "nahi", "NAHI", "nahin", "movie", "bahut", "bahuuut", "good", "not", "bad", "so",
    "ki", "main", "gaya", "lekin", "but", "very", "thoda", "agar", "kaash", "wish", "paisa", "vasool", "अच्छी",
    "नहीं", "बहुत", "फिल्म", "don't", "don’t", "f**k", "gr8", "4.5stars", "10/10", "50%", "#bahutAccha",
    "#NDTVNews_2day", "@mizaj", "https://t.co/x", "www.a.b", "😍", "😍😍", "👍🏽", "👨‍👩‍👧", "🇮🇳", "1️⃣", ":)", ":)))",
    "<333", ":-(", "T_T", "x.x", "!", "?!", "...", "…", "।", ",", "&amp;", "𝓰𝓸𝓸𝓭", "ｇｏｏｄ", "é", "É", "Привет",
    "f***", "b**tard", "#f***", "#b**tard", "****",
    "தமிழ்", "a\u0301", "\u200d", "\u200b", "क़", "ज़बरदस्त", "zabardasttt", "lagtiii", "khoobsurat", "boht", "hai", "na",
    "1", "0", "star", "stars", "baaaad", "baad", "don't", "AREN'T", "12,", "100.", "7", "12345678", "abcdefgh",
    "ABCDEFGHIJKL", "internationalll", "x" * 15, "y" * 16, "z" * 17, "😍❤️", "😍🏽", "@someone_else", "http://a.b/c",
]  # fmt: skip
posts = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.text(max_size=8),
        st.sampled_from(["", "\n", "-", "'", "*", "#", "@", "_"]),
    ),
    max_size=14,
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))


@settings(max_examples=1500)
@given(posts)
@example("so good ki main so gaya")
@example("Great, phir se train late")
@example("#" + "aB" * 40)
@example("x" * 300)
@example("\x00\x01 accha")
@example("f*** you b**tard #f*** #sh*t **")
@example("f***ing" + "*" * 70 + "k")
@example("🏽‍🏽 🏽")
def test_kernel_equals_twin_on_generated_posts(text: str) -> None:
    assert_equal(text)


@settings(max_examples=500)
@given(st.text(max_size=60))
def test_kernel_equals_twin_on_any_text(text: str) -> None:
    assert_equal(text)


def test_kernel_equals_twin_on_the_sample_posts() -> None:
    lines = sample_path().read_text(encoding="utf-8").splitlines()
    assert len(lines) > 300
    for line in lines:
        assert_equal(json.loads(line)["text"] or "")


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_broken_utf8_is_read_as_if_it_were_repaired(raw: bytes) -> None:
    lexicon = load_lexicon()
    kernel = kernel_module.Kernel(lexicon)
    repaired = raw.decode("utf-8", "replace").encode()
    assert kernel.read(raw)[1] == kernel.read(repaired)[1]


def test_compiled_rules_and_python_rules_have_the_same_weights() -> None:
    assert len(set(Weights._fields)) == len(Weights._fields)
    assert rules.RULE_NAMES == twin.rules.RULE_NAMES  # type: ignore[attr-defined]


def test_every_shipped_emoticon_can_be_scanned() -> None:
    emoticons = load_lexicon().emoticons
    assert len(emoticons) > 100
    assert all(is_emoticon(e) for e in emoticons)


def test_a_column_of_doubts_is_the_twins() -> None:
    posts = [json.loads(line)["text"] for line in sample_path().read_text("utf-8").splitlines()]
    odd = ["so good ki main so gaya", "ｓｏ ｇｏｏｄ ki main so gaya", "great movie 😡", "", None]
    texts = pa.array([*posts[:60], *odd])
    scorer = load_scorer(LexiconSettings())
    found = read_column(texts, scorer).doubt
    assert found.tolist() == read_column(texts, replace(scorer, kernel=None)).doubt.tolist()
    assert found[-5:].tolist() == [1, 1, 1, 0, 0]
