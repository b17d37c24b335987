"""Repair undoes damage and nothing else."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.clean import repair as room
from mizaj.clean.repair import Repair, repair
from mizaj.errors import ExtraMissing, SourceError

FINE = [
    "क़िस्मत, ज़िंदगी और पढ़ाई — बढ़िया!",
    "र्‍क ज़ोर से\u200d हँसा, ॐ नमः शिवाय।",
    "👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ 👍🏽 🇮🇳 1️⃣",
    "“fine” ‘quotes’ … – — ™ © naïve café über señor",
    "ﬁne ligatures, ｆｕｌｌ width, ½ ² ™",
    "Tom & Jerry, R&B, a&b; AT&T",
    "C:\\users\\name \\n \\t \\u12 \\xz",
    "привет, வணக்கம், ಕನ್ನಡ, مرحبا",
    "100% accha 😂😂 #mast @you https://t.co/a?b=1&c=2",
    "\r\n two \u2028 lines\t",
]
DAMAGED = [
    (r"don\u2019t \ud83d\ude00", "don’t 😀"),
    (r"caf\xc3\xa9 \xf0\x9f\x98\x82", "café 😂"),
    ("Tom &amp; Jerry &lt;3 &quot;hi&quot; &#39;s &#128514;", 'Tom & Jerry <3 "hi" \'s 😂'),
    ("it&amp;#39;s", "it's"),
    ("itâ€™s â€œfineâ€\x9d â€¦", "it’s “fine” …"),
    ("à¤¹à¤¾à¤\x81", "हाँ"),
    ("Happy Holi ðŸ˜ƒ", "Happy Holi 😃"),
    ("cafÃ©", "café"),
    ("that\x92s \x96 ok", "that’s – ok"),
    ("ok &#55357;&#56832; &#xD83D;&#xDE02;!", "ok 😀 😂!"),
]
LEFT = [
    r"half a pair \ud83d here",
    r"a bell \u0007",
    r"\x41\x42 bytes",
    r"not UTF-8 \xff\xfe",
    "half a pair &#55357; there, &#56832;&#55357; the wrong way round",
    "a bell &#7;, nothing &#0;, no character &#9999999;",
    "no entity &#00000039;",
]


@pytest.mark.parametrize("text", FINE)
def test_a_text_that_is_fine_stays_as_it_is(text):
    assert repair(text) == text


@pytest.mark.parametrize("text", LEFT)
def test_an_escape_that_stands_for_no_text_stays_written_out(text):
    assert repair(text) == text


@pytest.mark.parametrize(("text", "repaired"), DAMAGED)
def test_damage_is_undone(text, repaired):
    assert repair(text) == repaired


def test_the_step_finds_all_that_the_function_repairs():
    texts = [text for text, _ in DAMAGED] + FINE + LEFT
    out = Repair()(pa.record_batch({"text": texts}))
    assert out.column("text").to_pylist() == [repair(text) for text in texts]


PIECES = [
    *("&amp;", "&", "lt;", "#39;", "&#55357;", "&#56832;", "a"),
    *(r"\u0026", r"\u2019", r"\xe2\x80\x99"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text())
def test_repairing_again_changes_nothing(text):
    text = text.encode("utf-8", "replace").decode()
    assert repair(repair(text)) == repair(text)


def test_four_layers_of_damage_are_undone_and_a_hostile_text_of_more_comes_to_an_end():
    assert repair("&" + "amp;" * 3 + "lt;") == "<"
    assert repair("&" + "amp;" * 10_000 + "lt;") == "&" + "amp;" * 9_996 + "lt;"


@given(
    st.text(
        st.characters(min_codepoint=0x900, max_codepoint=0x97F)
        | st.sampled_from("😂❤👍\ufe0f\u200d🏽 a.")
    )
)
def test_hindi_and_emoji_are_never_changed(text):
    assert Repair()(pa.record_batch({"text": [text]})).column("text").to_pylist() == [text]


@given(st.text(st.characters(min_codepoint=0x900, max_codepoint=0x97F), min_size=3))
def test_hindi_that_was_read_as_another_encoding_comes_back(text):
    misread = text.encode().decode("latin-1")
    assert repair(misread) == text


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.binary(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
)
def test_the_type_of_the_column_stays(kind):
    texts = pa.array(["a &amp; b", None, "c"]).cast(kind)
    out = Repair()(pa.record_batch({"text": texts})).column("text")
    assert out.type == kind
    assert out.cast(pa.string()).to_pylist() == ["a & b", None, "c"]


def test_a_batch_without_damage_is_the_same_batch():
    batch = pa.record_batch({"text": [*FINE, None]})
    assert Repair()(batch) is batch


def test_a_column_that_holds_no_text_is_refused():
    with pytest.raises(SourceError, match="column 'text' is int64"):
        Repair()(pa.record_batch({"text": [1]}))


def test_without_ftfy_the_install_line_is_named(monkeypatch):
    monkeypatch.setattr(room, "fix_encoding", None)
    with pytest.raises(ExtraMissing, match=r"mizaj\[clean\]"):
        Repair()(pa.record_batch({"text": ["a"]}))


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "sentimix-hinglish/train",
        "hasoc2019-hindi/train",
        "bhaav-hindi-emotion/train",
        "hinglid/validation",
    ],
)
def test_no_sound_post_of_real_hindi_or_hinglish_is_changed(data_folder, name):
    """These sets have no mojibake by their description, and no entities."""
    texts = pq.read_table(data_folder / f"{name}.parquet")["text"].combine_chunks()
    out = Repair()(pa.record_batch({"text": texts})).column("text")
    assert out.equals(texts)
