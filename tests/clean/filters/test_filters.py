"""Filters that look at the form of a post: empty, too short or long, broken, without words."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.filters.broken import Broken
from mizaj.clean.filters.empty import Empty, NoWords
from mizaj.clean.filters.length import LONGEST, Length
from mizaj.clean.kept import kept_texts
from mizaj.clean.settings import CleanSettings
from mizaj.errors import SettingError, SourceError


def rejected(step, texts, reasons=None):
    """What a filter writes for texts that have these reasons already."""
    column = pa.array(reasons or [None] * len(texts), REJECTED.type)
    batch = pa.record_batch({"text": pa.array(texts, pa.string()), "rejected": column})
    return step(batch).column("rejected").to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\t\n\r",
        "\u200b\u200d\ufeff",
        "\u00ad\u2060",
        "\u3164",
        "\u2800",
        "\ufe0f",
        "\x00\x07",
    ],
)
def test_what_cannot_be_seen_is_empty(text):
    assert rejected(Empty(), [text]) == ["empty"]


@pytest.mark.parametrize("text", [".", "👍", "क", "0", " a ", "\u200bहाँ\u200b", "❤️", "\ufffd"])
def test_what_can_be_seen_is_not_empty(text):
    assert rejected(Empty(), [text]) == [None]


@given(st.text(st.characters(categories=["Zs", "Zl", "Zp", "Cc", "Cf"])))
def test_any_run_of_spaces_controls_and_format_characters_is_empty(text):
    assert rejected(Empty(), [text]) == ["empty"]
    assert rejected(Empty(), [f"{text}a{text}"]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "https://t.co/abc",
        "@amit",
        "@amit @neha_1 https://t.co/x",
        "RT @amit: http://t.co/x",
        "“@amit: ... http://t.co/x”",
        ".@amit www.example.com/a?b=c",
        "RT @ amit @ neha",
        "...",
        "?? ???",
        "<https://youtu.be/x>",
    ],
)
def test_links_mentions_and_marks_say_nothing(text):
    assert rejected(NoWords(), [text]) == ["no_words"]
    assert rejected(NoWords(emoji=False), [text]) == ["no_words"]


@pytest.mark.parametrize(
    "text",
    [
        "😡",
        "@amit ❤️❤️",
        "RT @amit: 😂 https://t.co/x",
        ":)",
        "@a :-(",
        "^_^",
        "_/\\_",
        "¯\\_(ツ)_/¯ ;)",
    ],
)
def test_emoji_and_emoticons_speak_unless_they_may_not(text):
    assert rejected(NoWords(), [text]) == [None]


@pytest.mark.parametrize("text", ["😡", "@amit ❤️❤️", ":)"])
def test_emoji_do_not_speak_where_words_are_asked_for(text):
    assert rejected(NoWords(emoji=False), [text]) == ["no_words"]


@pytest.mark.parametrize(
    "text",
    ["ok", "@amit haan", "#mast", "10/10", "नहीं https://t.co/x", "RT mast", "a@b", "httpster"],
)
def test_words_numbers_and_hashtags_speak(text):
    assert rejected(NoWords(), [text]) == [None]


def test_length_is_counted_in_characters_and_words_not_bytes():
    texts = ["हाँ", "bahut accha hai", "👍🏽", "क्या बात है भाई"]
    assert rejected(Length(least_characters=3), texts) == [None, None, "too_short", None]
    assert rejected(Length(most_characters=3), texts) == [None, "too_long", None, "too_long"]
    assert rejected(Length(least_words=2), texts) == ["too_short", None, "too_short", None]
    assert rejected(Length(most_words=3), texts) == [None, None, None, "too_long"]


def test_only_documents_are_too_long_by_default():
    assert rejected(Length(), ["a" * LONGEST, "a" * (LONGEST + 1), ""]) == [None, "too_long", None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\ufffd\ufffd\ufffd ok", "broken"),
        ("ye movie \ufffd acchi hai", None),
        ("\x01\x02\x03 hello", "broken"),
        ("line one\nline two\tand a tab", None),
        ("ðŸ˜ðŸ˜ðŸ˜", "broken"),
        ("naïve café, señor — “quoted” …", None),
        ("क़िस्मत और ज़िंदगी", None),
        ("👨‍👩‍👧‍👦 🏳️‍🌈", None),
        ("", None),
    ],
)
def test_posts_of_debris_are_broken_and_others_are_not(text, reason):
    assert rejected(Broken(), [text]) == [reason]


def test_without_mojibake_only_characters_that_stand_for_nothing_count():
    assert rejected(Broken(mojibake=False), ["ðŸ˜ðŸ˜ðŸ˜", "\ufffd\ufffd"]) == [None, "broken"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Length(least_words=-1), "words are limited to -1"),
        (lambda: Length(least_characters=9, most_characters=3), "characters are limited to 9 to 3"),
        (lambda: Broken(most=0.0), "most is 0.0"),
        (lambda: CleanSettings(least_words=-1), "words are limited"),
        (lambda: CleanSettings(languages=("fr",)), "languages to keep: fr"),
        (lambda: CleanSettings(spam=1.5), "threshold is 1.5"),
        (lambda: CleanSettings(about=("!",)), "no word of a topic"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(make, said):
    with pytest.raises(SettingError, match=said):
        make()


def test_a_column_that_holds_no_text_is_refused():
    batch = pa.record_batch({"text": [1, 2], "rejected": pa.nulls(2, REJECTED.type)})
    with pytest.raises(SourceError, match="column 'text' is int64"):
        kept_texts(batch, "text")


def test_filters_look_only_at_rows_that_are_kept_and_have_a_text():
    batch = pa.record_batch(
        {
            "text": ["a", None, "b", "c"],
            "rejected": pa.array([None, None, "empty", None], REJECTED.type),
        }
    )
    kept = kept_texts(batch, "text")
    assert kept.texts.to_pylist() == ["a", "c"]
    chosen = kept.where(pa.array([False, True]))
    out = chosen.reject(pa.array([True]), pa.array(["why"]))
    assert out.column("rejected").to_pylist() == [None, None, "empty", "why"]


def test_settings_that_want_nothing_come_to_what_costs_nothing():
    plain = CleanSettings(repair=False, keep_links=True, languages=(), spam=None)
    assert [type(step).__name__ for step in plain.steps()] == ["Empty", "Length", "Broken"]
    assert not plain.filters()[-1].mojibake


def test_all_filters_name_the_column_they_are_told():
    settings = CleanSettings(text="body", about=("film",), bots=("a",), author="user")
    for step in settings.steps():
        assert "body" in step.reads


def test_settings_have_a_fingerprint_that_tells_them_apart():
    prints = {
        Pipeline(settings.steps()).fingerprint
        for settings in (
            CleanSettings(),
            CleanSettings(spam=0.5),
            CleanSettings(languages=("en",)),
            CleanSettings(about=("film",)),
            CleanSettings(bots=("a",)),
        )
    }
    assert len(prints) == 5


def test_the_whole_chain_gives_the_first_reason_that_fits():
    texts = [
        r"don\u2019t worry, bahut acchi movie hai",
        " \u200b",
        "@a https://t.co/x",
        "வணக்கம் நண்பர்களே",
        "Badhai ho! 25 lakh ki lottery lagi hai, claim karne ke liye call kare 9000000000",
        "a" * (LONGEST + 1),
        None,
    ]
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(len(texts), REJECTED.type)})
    out = Pipeline(CleanSettings().steps())(batch)
    assert out.column("text")[0].as_py() == "don’t worry, bahut acchi movie hai"
    assert out.column("rejected").to_pylist() == [
        None, "empty", "no_words", "language:other", "spam", "too_long", None,
    ]  # fmt: skip
