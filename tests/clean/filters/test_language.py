"""The language filter keeps English and Hindi in all their forms, and lets go of what is surely another language."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import REJECTED
from mizaj.clean.filters.language import FOREIGN, FOREIGN_LABELS, FOREIGN_TASK, THRESHOLD, Language
from mizaj.errors import SettingError
from mizaj.model.score import load_model


def rejected(step, texts):
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(len(texts), REJECTED.type)})
    return step(batch).column("rejected").to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "yeh movie bahut acchi hai",
        "what a film, loved it",
        "क्या बात है भाई",
        "so good ki main so gaya",
        "lol",
        "haha nice",
        "👍👍👍",
        "@someone https://t.co/x",
        "10/10",
        "Modi ji வணக்கம் bolte hain sabko yahan par",
        "super duper hit",
        "",
    ],
)
def test_posts_at_home_and_posts_of_few_words_are_kept(text):
    assert rejected(Language(), [text]) == [None]


@pytest.mark.parametrize(
    "text",
    [
        "வணக்கம்",
        "ভাই তুমি সেরা",
        "привет как дела",
        "مرحبا كيف حالك",
        "ನಮಸ್ಕಾರ ಹೇಗಿದ್ದೀರಾ",
        "@vijay @fan தலைவா மாஸ் https://t.co/x",
    ],
)
def test_a_post_in_another_script_is_rejected(text):
    assert rejected(Language(), [text]) == ["language:other"]


@pytest.mark.parametrize(
    "text",
    [
        "me gusta mucho esta cancion, muy buena y divertida",
        "padam vera level thalaiva semma mass, first day paakanum",
        "adipoli padam aayirikkum, kidilan trailer, kaathirikkunnu ikka",
    ],
)
def test_a_third_language_in_latin_letters_is_rejected(text):
    assert rejected(Language(), [text]) == ["language:other"]
    assert rejected(Language(languages=("en", "hi", "hi-Latn", "hi-en", "other")), [text]) == [None]


def test_forms_that_are_not_wanted_are_named():
    texts = [
        "yeh movie bahut acchi hai yaar",
        "what a lovely film this is",
        "यह फिल्म बहुत अच्छी है",
        "🙂",
    ]
    assert rejected(Language(languages=("en",)), texts) == [
        "language:hi-Latn",
        None,
        "language:hi",
        None,
    ]
    assert rejected(Language(languages=("hi",)), texts)[:2] == ["language:hi-Latn", "language:en"]


def test_so_few_words_do_not_tell_a_form():
    assert rejected(Language(languages=("en",)), ["bahut accha"]) == [None]
    assert rejected(Language(languages=("en",), least_words=2), ["bahut accha"]) == [
        "language:hi-Latn"
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"languages": ("fr",)}, "languages to keep: fr; allowed"),
        ({"languages": ()}, "languages to keep: none; allowed"),
        ({"threshold": 0.0}, "threshold is 0.0"),
        ({"least_words": 0}, "least_words is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, said):
    with pytest.raises(SettingError, match=said):
        Language(**settings)


def test_the_model_of_foreign_posts_is_small():
    files = load_model(FOREIGN).folder.files
    assert sum(stamp["bytes"] for stamp in files.values()) < 1_000_000


def test_the_threshold_is_the_one_that_training_chose():
    folder = load_model(FOREIGN).folder
    assert (folder.labels, folder.described.task) == (FOREIGN_LABELS, FOREIGN_TASK)
    assert folder.described.card["threshold"] == THRESHOLD


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("sentimix-hinglish", 0.0, 0.01),
        ("sail2017-hinglish", 0.0, 0.01),
        ("hinglid", 0.0, 0.01),
        ("tweeteval-sentiment", 0.0, 0.01),
        ("bhaav-hindi-emotion", 0.0, 0.01),
        ("dravidian-codemix-tamil-english", 0.6, 1.0),
        ("dravidian-codemix-malayalam-english", 0.7, 1.0),
    ],
)
def test_few_posts_at_home_and_most_abroad_are_rejected(data_folder, name, least, most):
    table = pq.read_table(data_folder / name / "validation.parquet")
    texts = table["text"].combine_chunks().cast(pa.string())
    found = [reason is not None for reason in rejected(Language(), texts)]
    assert least <= sum(found) / len(found) <= most


def test_where_other_languages_are_wanted_they_are_kept_and_home_is_not():
    texts = ["me gusta mucho esta cancion, muy buena y divertida", "what a film, loved it"]
    assert rejected(Language(languages=("other",)), texts) == [None, "language:en"]
    assert rejected(Language(), texts) == ["language:other", None]
