"""Normalisation: each option does what it says, in a fixed order, on any text, in linear time."""

import pickle
import time
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import Pipeline
from mizaj.errors import ColumnExists, ExtraMissing, SettingError
from mizaj.text import normalise as room
from mizaj.text.normalise import NormaliseSettings, emoji_words, normalise
from mizaj.text.normalise_step import Normalise

S = NormaliseSettings
TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("aaaeeoo  !!@#.'नहीं😀👍🏽‍http0123"), max_size=60
)


@pytest.mark.parametrize(
    ("settings", "text", "plain"),
    [
        (S(), "", ""),
        (S(), " Bahut\tACCHA \n hai ", "bahut accha hai"),
        (S(case="keep", whitespace="keep"), " Bahut  ACCHA", " Bahut  ACCHA"),
        (S(), "cafe\u0301", "café"),
        (S(), "ｇｏｏｄ", "ｇｏｏｄ"),
        (S(form="NFKC"), "ｇｏｏｄ 𝓰𝓸𝓸𝓭", "good good"),
        (S(elongation=0), "gooood", "gooood"),
        (S(elongation=1), "gooood soooo", "god so"),
        (S(elongation=2), "gooood soooo", "good soo"),
        (S(elongation=3), "gooooood soooooo", "goood sooo"),
        (S(elongation=1), "good", "good"),
        (S(elongation=2), "बहुुुुत", "बहुुत"),
        (S(expand_contractions=True), "I DON'T and can’t, it's", "i do not and cannot, it is"),
        (S(expand_abbreviations=True), "u r gr8 plz", "you are great please"),
        (S(expand_abbreviations=True), "kya kr rhe ho, kuch nhi", "kya kar rahe ho, kuch nahi"),
        (S(expand_abbreviations=True), "this is the main reason", "this is the main reason"),
        (S(emoji="words"), "nice😀ok", "nice grinning face ok"),
        (S(emoji="drop"), "nice 👍🏽 ok", "nice ok"),
        (
            S(mentions="mask", links="mask", numbers="mask"),
            "@Ana see https://t.co/X 4.5",
            "@user see http 0",
        ),
        (S(mentions="drop", links="drop", numbers="drop"), "@Ana see https://t.co/X 4.5", "see"),
        (S(), "@Ana https://t.co/X", "@ana https://t.co/X"),
        (S(drop_stop_words=True), "this movie is not good", "movie not good"),
        (S(drop_stop_words=True), "yeh movie accha nahi hai", "movie accha nahi"),
        (S(drop_stop_words=True), "यह फिल्म अच्छी नहीं है", "फिल्म अच्छी नहीं"),
    ],
)
def test_each_option_does_what_it_says(settings: NormaliseSettings, text: str, plain: str) -> None:
    assert normalise(text, settings) == plain


@pytest.mark.parametrize(
    "negator", ["not", "no", "never", "nahi", "na", "mat", "bina", "नहीं", "न", "मत", "बिना"]
)
def test_no_stop_word_is_a_negator(negator: str) -> None:
    assert negator in normalise(f"{negator}", S(drop_stop_words=True))


def test_spelling_is_corrected_in_unknown_english_words_alone() -> None:
    pytest.importorskip("symspellpy")
    found = normalise("this reciept is wonderfull yaar bahut khoobsurat", S(correct_spelling=True))
    assert found == "this receipt is wonderful yaar bahut khoobsurat"


def test_lemmas_and_stems_go_by_language() -> None:
    pytest.importorskip("simplemma")
    assert normalise("the movies लड़कियों", S(reduce="lemma")) == "the movie लड़की"
    pytest.importorskip("snowballstemmer")
    assert normalise("loving यह movies", S(reduce="stem")) == "love यह movi"


@pytest.mark.parametrize(
    "setting",
    [
        {"form": "NFD"},
        {"elongation": 4},
        {"elongation": True},
        {"emoji": "maybe"},
        {"reduce": "both"},
    ],
)
def test_a_setting_that_is_not_allowed_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(SettingError, match="allowed: "):
        S(**setting)  # type: ignore[arg-type]


def test_a_missing_library_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(room.importlib, "import_module", missing)
    room._library.cache_clear()
    with pytest.raises(ExtraMissing, match=r"pip install 'mizaj\[text\]'"):
        normalise("good movies", S(reduce="lemma"))


@given(TEXTS)
def test_the_default_applied_twice_is_the_default_applied_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(
    TEXTS,
    st.sampled_from(
        [S(form="NFKC"), S(emoji="words"), S(mentions="mask", links="mask", numbers="mask")]
    ),
)
def test_any_text_comes_out_in_its_unicode_form(text: str, settings: NormaliseSettings) -> None:
    plain = normalise(text, settings)
    assert unicodedata.is_normalized(settings.form, plain)
    assert plain == " ".join(plain.split())


@given(TEXTS)
def test_settings_that_keep_everything_change_nothing_but_the_form(text: str) -> None:
    kept = S(case="keep", whitespace="keep", elongation=0)
    assert normalise(text, kept) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "unit", ["a", "😀", "' ", "a'", "@", "#a", "http://", "0.", "न", "\u0301", "(", "yeh nhi "]
)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    settings = S(
        expand_contractions=True, expand_abbreviations=True, emoji="words", drop_stop_words=True
    )
    normalise("warm nhi up", settings)

    def seconds(n_units: int) -> float:
        times = []
        for _ in range(3):
            start = time.thread_time()  # of this thread alone, whoever else is at work
            normalise(unit * n_units, settings)
            times.append(time.thread_time() - start)
        return min(times)

    # quadratic work would take 256 times as long on 16 times the text
    assert seconds(64_000 // len(unit)) < 80 * max(seconds(4_000 // len(unit)), 0.001)


@pytest.mark.parametrize(
    ("emoji", "name"), [("", ""), ("\ufe0f", ""), ("🇮🇳", "regional indicator symbol letter i")]
)
def test_an_emoji_without_a_name_has_no_words(emoji: str, name: str) -> None:
    assert emoji_words(emoji).startswith(name)


def test_the_step_adds_one_column_and_keeps_nulls() -> None:
    batch = pa.RecordBatch.from_pydict({"post": ["GOOD", None, ""], "id": [1, 2, 3]})
    step = Normalise(text="post")
    out = Pipeline((step,))(batch)
    assert out.schema.names == ["post", "id", "normalised"]
    assert out.column("normalised").to_pylist() == ["good", None, ""]
    assert Pipeline((step,)).schema(batch.schema) == out.schema
    with pytest.raises(ColumnExists):
        Pipeline((step, step)).schema(batch.schema)


def test_the_step_pickles_and_its_settings_are_in_the_fingerprint() -> None:
    step = Normalise(S(elongation=1))
    assert pickle.loads(pickle.dumps(step)) == step
    assert Pipeline((step,)).fingerprint != Pipeline((Normalise(),)).fingerprint
