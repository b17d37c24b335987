"""Plain forms, hashes, band keys and similarities: compiled and by definition they agree; they mean what they say."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mizaj.clean.near import columns, plain_text, sketching
from mizaj.clean.near.sketching import Sketch
from mizaj.errors import SettingError

compiled = pytest.mark.skipif(
    columns._kernel is None, reason="nothing is compiled; the definition runs alone"
)

# What posts are made of, so that generated ones hold links, handles and smileys, whole and broken.
PIECES = st.sampled_from(
    [
        *[
            "http",
            "https",
            "://",
            "www",
            ".",
            "pic",
            "twitter.com/",
            "t.co/",
            "@",
            "RT",
            "rt",
            ":",
            ";",
            "=",
            "-",
            "'",
            ")",
            "(",
            "]",
            "[",
            "a",
            "Z",
            "9",
            "_",
            "!",
            "é",
            "É",
        ],
        *["क", "ि", "क़", "़", "😀", "👍🏽", "…", "ﷺ", "ｆ", "𝓰"],
        *(" ", "  ", "rt ", "\n", "\0", "\u200d", "\ufe0f", "\U0002f800"),
    ]
)
TEXT = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join))


@pytest.fixture
def definition(monkeypatch: pytest.MonkeyPatch):
    """Runs a function of `columns` as where nothing is compiled."""

    def run(function, *args, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(columns, "_kernel", None)
            patch.setattr(columns, "_plain", None)
            return function(*args, **kwargs)

    return run


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("RT @amit: Accha HAI", "accha hai"),
        ("RT   @a RT @b: accha", "accha"),
        ("art @amit", "art"),
        ("mail me@example.com", "mail me example com"),
        ("seehttp://t.co/x1 now", "see now"),
        ("haipic.twitter.com/ab dekho", "hai dekho"),
        ("HTTPS://T.CO/AB😀", "😀"),
        ("@http://x", "x"),
        ("wow:)great :-( ;] =[", "wow ☺ great ☹ ☺ ☹"),
        ("don't DON’T", "dont dont"),
        ("10/10 aur 1/10", "10 10 aur 1 10"),
        ("Café ｍａｓｔ 𝓰𝓸𝓸𝓭", "cafe mast good"),
        ("क़िस्मत क़िस्मत", "क़िस्मत क़िस्मत"),
        ("कि की", "कि की"),
        ("❤️ ❤", "❤ ❤"),
        ("#बहुत_अच्छा!!!", "बहुत अच्छा"),
        (" \n\t\u3000", ""),
    ],
)
def test_the_plain_form_keeps_what_is_said_and_drops_what_copies_change(text: str, plain: str):
    assert columns.plain_forms(pa.array([text])).texts.to_pylist() == [plain]
    assert plain_text.plain_form(text) == plain


@pytest.mark.parametrize(
    ("one", "other"),
    [("mast 😀", "mast 😡"), ("mast :)", "mast :("), ("2 star", "5 star"), ("की", "कि")],
)
def test_what_changes_the_meaning_tells_posts_apart(one: str, other: str):
    first, second = columns.plain_forms(pa.array([one, other])).hashes
    assert first != second


@compiled
@settings(max_examples=300)
@given(text=TEXT)
@example(text="https" * 3 + "://x")
@example(text="RT RT @x @rt @y")
@example(text="ﷺ" * 50)
def test_compiled_and_definition_write_the_same_plain_form(text: str):
    text = text.encode("utf-8", "replace").decode()
    found = columns.plain_forms(pa.array([text]))
    plain = plain_text.plain_form(text)
    assert found.texts.to_pylist() == [plain]
    assert found.hashes.tolist() == [sketching.content_hash(plain, text)]


@compiled
@settings(max_examples=60)
@given(
    text=TEXT, threshold=st.sampled_from([0.5, 0.7, 0.8, 1.0]), shingle=st.sampled_from([2, 5, 9])
)
def test_compiled_and_definition_give_the_same_band_keys(text, threshold, shingle):
    sketch = Sketch(threshold, shingle)
    plain = plain_text.plain_form(text.encode("utf-8", "replace").decode())
    keys, is_long = columns.band_keys(pa.array([plain], pa.large_string()), sketch)
    wanted = sketching.band_keys(plain, sketch)
    assert is_long.tolist() == [bool(wanted)]
    assert keys[0].tolist() == (wanted or [0] * sketch.n_bands)


@compiled
@settings(max_examples=60)
@given(texts=st.lists(TEXT, min_size=1, max_size=6), seed=st.integers(0, 99))
def test_compiled_and_definition_see_the_same_likeness(texts, seed):
    order = random.Random(seed)
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    texts += [text[: order.randrange(len(text) + 1)] + "x" for text in texts]
    rows = np.array([order.randrange(len(texts)) for _ in range(20)])
    others = np.array([order.randrange(len(texts)) for _ in range(20)])
    column = pa.array(texts)
    found = columns.similarities(column, column.cast(pa.large_string()), (rows, others), length=5)
    wanted = [
        sketching.similarity(texts[one], texts[other], 5)
        for one, other in zip(rows.tolist(), others.tolist(), strict=True)
    ]
    assert found.tolist() == wanted


@settings(max_examples=40)
@given(texts=st.lists(st.one_of(st.none(), TEXT), max_size=12), cut=st.integers(0, 12))
def test_slices_types_and_nulls_change_nothing(texts, cut):
    texts = [text and text.encode("utf-8", "replace").decode() for text in texts]
    whole = columns.plain_forms(pa.array(texts, pa.string()))
    parts = [
        columns.plain_forms(part)
        for part in (pa.array(texts, pa.large_string())[:cut], pa.array(texts, pa.string())[cut:])
    ]
    assert [form for part in parts for form in part.texts.to_pylist()] == whole.texts.to_pylist()
    assert np.concatenate([part.hashes for part in parts]).tolist() == whole.hashes.tolist()
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    assert columns.plain_forms(encoded).hashes.tolist() == whole.hashes.tolist()
    emptied = columns.plain_forms(pa.array([text or "" for text in texts], pa.string()))
    assert emptied.hashes.tolist() == whole.hashes.tolist()


@settings(max_examples=100)
@given(raw=st.lists(st.binary(max_size=20), min_size=1, max_size=5))
@example(raw=[b"accha \xff\xfe hai", b"\xe0\xa4", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok"])
def test_bytes_that_are_no_utf_8_are_read_as_replaced(raw):
    found = columns.plain_forms(pa.array(raw, pa.binary()).view(pa.string()))
    texts = [each.decode("utf-8", "replace") for each in raw]
    assert found.texts.to_pylist() == [plain_text.plain_form(text) for text in texts]
    assert found.hashes.tolist() == columns.plain_forms(pa.array(texts)).hashes.tolist()


def test_every_character_that_is_looked_up_has_room():
    codes = (code for code in range(plain_text.TABLE_END) if not 0xD800 <= code < 0xE000)
    sizes = {
        chr(code): len(form.encode())
        for code in codes
        if (form := plain_text.plain_character(code)) != chr(code)
    }
    assert max(sizes.values()) < 64
    assert all(n <= plain_text.MOST_GROWTH * len(each.encode()) for each, n in sizes.items())
    assert sum(sizes.values()) < 1 << 18


@pytest.mark.slow
def test_a_row_of_10_mb_is_one_post_like_others():
    text = "Bahut accha 😀 film! " * 400_000
    found = columns.plain_forms(pa.array([text, "accha", text.upper()]))
    assert found.hashes[0] == found.hashes[2]
    keys, is_long = columns.band_keys(found.texts, Sketch())
    assert is_long.all()
    assert (keys[0] == keys[2]).all()
    rows = (np.array([0]), np.array([2]))
    assert columns.similarities(found.texts, found.texts, rows, length=5).tolist() == [1.0]


def test_every_character_of_a_column_can_grow(definition):
    texts = pa.array(["ﷺ" * 30_000, "a", "ﷺ" * 70_000])
    assert columns.plain_forms(texts).texts.equals(definition(columns.plain_forms, texts).texts)


def test_posts_where_nothing_stands_are_told_apart_as_they_are_written():
    hashes = columns.plain_forms(pa.array(["!!!", "???", "!!!", "@a", ""])).hashes.tolist()
    assert hashes[0] == hashes[2]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize("alike", [0.6, 0.8, 0.9])
def test_places_of_signatures_agree_as_often_as_posts_are_alike(alike: float):
    chosen = random.Random(5)
    factors, n = Sketch().factors, 200
    agreed = []
    for _ in range(60):
        shared = [chosen.getrandbits(64) for _ in range(round(n * alike))]
        rest = [[chosen.getrandbits(64) for _ in range((n - len(shared)) // 2)] for _ in range(2)]
        one, other = (sketching.signature(shared + each, factors) for each in rest)
        agreed.append(np.mean(np.array(one) == np.array(other)))
    assert np.mean(agreed) == pytest.approx(alike, abs=0.02)


@pytest.mark.parametrize(
    ("threshold", "bands"), [(0.5, (42, 3)), (0.8, (18, 7)), (0.9, (11, 11)), (1.0, (1, 128))]
)
def test_bands_are_as_long_as_the_threshold_allows(threshold, bands):
    sketch = Sketch(threshold)
    assert (sketch.n_bands, sketch.n_rows) == bands
    assert sketch.chance(threshold) >= sketching.LEAST_RECALL


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0.4}, {"threshold": 1.1}, {"shingle": 1}, {"n_permutations": 2000}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        Sketch(**wrong)


def test_joined_sets_have_their_least_place_as_root():
    parents = np.arange(6)
    columns.join(parents, np.array([5, 3, 4]), np.array([3, 1, 4]))
    roots = [sketching.root(parents, place) for place in range(6)]
    assert roots == [0, 1, 2, 1, 4, 1]
