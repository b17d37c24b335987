"""The spam filter finds advertisements and leaves enthusiasts, customers and news alone."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import REJECTED
from mizaj.clean.filters.spam import LABELS, SHIPPED, THRESHOLD, Spam, has_cue, telling
from mizaj.errors import ModelError, SettingError
from mizaj.model.score import load_model

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

# Written for this test; none stands in `spam_examples.tsv`.
SPAM = [
    "WINNER! You have been chosen for a free prize of 50000, call 9000012345 to claim now",
    "Aapke number par 10 lakh ki lottery lagi hai, turant call karein 9000012345",
    "Personal loan chahiye? Bina document 5 minute me, WhatsApp karo 9000012345",
    "Ghar baithe roz 3000 kamao, koi investment nahi, join t.me/kamaipakki",
    "लोन लीजिए बिना गारंटी, सिर्फ आधार पर, कॉल करें 9000012345",
    "Subscribe my channel please and I will subscribe back",
    "Vashikaran specialist baba ji, love problem solution, call 9000012345",
]
HAM = [
    "Kya film hai yaar!!! 4 baar dekh li, sab log jaldi dekho, paisa vasool 100%",
    "BEST PHONE EVER!!! bought it for 15,000 in the sale, totally worth it, go buy it guys",
    "Free delivery, came in 1 day, 5 stars, thank you so much!!!",
    "I have been calling customer care since morning, order 4521987 not delivered, please help",
    "Mera number 9000012345 hai, ghar pahunch ke call karna",
    "RBI ne loan ke niyam badle, ab EMI par penal byaj nahi lagega https://t.co/x",
    "Lottery ke naam par thagi karne wale teen log pakde gaye",
    "OTP kisi ko mat batana, fraud calls aa rahe hain",
    "बहुत बढ़िया फोन है, 9,999 में इससे अच्छा कुछ नहीं मिलेगा",
]


def rejected(step, texts):
    batch = pa.record_batch({"text": texts, "rejected": pa.nulls(len(texts), REJECTED.type)})
    return step(batch).column("rejected").to_pylist()


@pytest.mark.parametrize("text", SPAM)
def test_an_advertisement_is_spam(text):
    assert rejected(Spam(), [text]) == ["spam"]


@pytest.mark.parametrize("text", HAM)
def test_enthusiasm_complaints_and_news_are_no_spam(text):
    assert rejected(Spam(), [text]) == [None]


def test_a_higher_threshold_rejects_no_more():
    texts = [*SPAM, *HAM]
    strict, loose = (rejected(Spam(threshold=each), texts) for each in (0.99, 0.05))
    assert {t for t, r in zip(texts, strict, strict=True) if r} <= {
        t for t, r in zip(texts, loose, strict=True) if r
    }
    assert strict != loose


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("call 09061790121 now", "call  zqphone  now"),
        ("+91 90000 12345", " zqphone "),
        ("text WIN to 87066", "text WIN to  zqcode "),
        ("won £5,000!", "won  zqmoney !"),
        ("Rs 500 only", " zqmoney  only"),
        ("mail me@shop.example", "mail  zqmail "),
        ("https://wa.me/919000012345", " zqchat "),
        ("bit.ly/win", " zqshort "),
        ("10/10 in 2024, 3.5 stars", "10/10 in 2024, 3.5 stars"),
        ("see https://a.example/?id=9000012345", "see  https://link "),
    ],
)
def test_numbers_sums_and_links_to_chats_are_spelt_out(text, told):
    assert telling(pa.array([text])).to_pylist() == [told]


def test_posts_without_a_cue_are_not_read():
    texts = ["bahut acchi lagi", "क्या बात है", "so so good!!!"]
    assert has_cue(pa.array(texts)).to_pylist() == [False] * 3
    assert rejected(Spam(threshold=1e-6), texts) == [None] * 3


def test_a_model_of_another_task_is_refused():
    with pytest.raises(ModelError, match="a model of spam has ham, spam"):
        rejected(Spam(model=str(SHIPPED.with_name("foreign"))), ["call 12345"])


@pytest.mark.parametrize("threshold", [0.0, 1.1, -1.0])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(SettingError, match="threshold is"):
        Spam(threshold=threshold)


def test_the_model_is_small_and_says_what_it_was_trained_on():
    folder = load_model(SHIPPED).folder
    assert folder.labels == LABELS
    assert folder.described.task == "spam"
    assert sum(stamp["bytes"] for stamp in folder.files.values()) < 1_000_000
    assert {"sms-spam", "youtube-spam"} <= {
        each["set"] for each in folder.described.card["trained_on"]
    }


def test_the_threshold_is_the_one_that_training_chose():
    assert load_model(SHIPPED).folder.described.card["scores"]["threshold"] == THRESHOLD


def test_the_written_examples_are_labelled_different_and_hold_no_number_of_anyone():
    path = BENCHMARKS / "spam_examples.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    texts = [row["text"] for row in rows]
    assert len(set(texts)) == len(texts) > 600
    assert {row["label"] for row in rows} == set(LABELS)
    assert not any("zqphone" in told for told in telling(pa.array(texts)).to_pylist())


def _shares(data_folder, name, split, label=None):
    table = pq.read_table(data_folder / name / f"{split}.parquet")
    if label:
        table = table.filter(pa.compute.equal(table["label"], label))
    found = rejected(Spam(), table["text"].combine_chunks().cast(pa.string()).fill_null(""))
    return sum(reason is not None for reason in found) / len(found)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("iiith-codemixed", "train"),
        ("sail2017-hinglish", "validation"),
        ("sentimix-hinglish", "validation"),
        ("tweeteval-sentiment", "validation"),
        ("amazon-alexa-reviews", "train"),
        ("customer-reviews", "train"),
        ("iitp-product-reviews-hindi", "train"),
        ("us-airline-2015", "train"),
    ],
)
def test_of_ordinary_posts_and_reviews_three_in_a_thousand_are_rejected_at_most(
    data_folder, name, split
):
    assert _shares(data_folder, name, split) < 0.003


@pytest.mark.slow
@pytest.mark.data
def test_a_model_that_has_not_seen_them_finds_the_spam_among_sms(data_folder, monkeypatch):
    """One fold of the five that the card reports: its figures are the card's within their intervals."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("train_spam", BENCHMARKS / "train_spam.py")
    bench = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "train_spam", bench)
    spec.loader.exec_module(bench)
    sets = bench.read_sets()
    model = bench.train([(posts, posts.of({0, 1, 2, 3})) for posts in sets])
    held = sets[0].of({4})
    found = bench.said(model, held.texts) >= Spam().threshold
    right = (found & held.is_spam).sum()
    assert right / found.sum() >= 0.96
    assert right / held.is_spam.sum() >= 0.80
