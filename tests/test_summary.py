from __future__ import annotations

import pickle
from collections import Counter
from datetime import UTC, datetime
from functools import reduce
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj import summary as room
from mizaj.batch import CMI, CONFIDENCE, LANGUAGE, REJECTED, SCORE, SENTIMENT, TIER, TIMESTAMP
from mizaj.errors import ColumnMissing
from mizaj.summary import (
    MANY,
    SENTIMENTS,
    Counts,
    Post,
    Rejects,
    Sample,
    Summary,
    Timeline,
    counts,
    summarise,
)
from mizaj.summary.arrays import hash_texts
from mizaj.summary.copied import MOST_POSTS, Copied, copied

SCHEMA = pa.schema(
    [
        pa.field("text", pa.string()),
        TIMESTAMP,
        pa.field("source", pa.string()),
        *(SENTIMENT, SCORE, CONFIDENCE, TIER, LANGUAGE, CMI, REJECTED),
    ]
)
POST = {
    "text": "bahut accha",
    "timestamp": datetime(2024, 4, 6, 10, 59, tzinfo=UTC),
    "source": "twitter",
    "sentiment": "positive",
    "score": 0.8,
    "confidence": 0.9,
    "tier": "lexicon",
    "language": "hi-Latn",
    "cmi": 0.0,
    "rejected": None,
}


def batch_of(*rows: dict, schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([POST | row for row in rows], schema)


# A summary of a handful of rows takes milliseconds; a law is tried on this many tables.
FEWER = settings(max_examples=40)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.sampled_from(["", "accha", "बुरा", "so good 😍", "x" * 700]) | st.text(),
            "timestamp": st.none()
            | st.datetimes(datetime(2023, 12, 30), datetime(2024, 1, 3), timezones=st.just(UTC)),
            "source": st.none() | st.sampled_from(["a", "b", "c", "d"]),
            "sentiment": st.none() | st.sampled_from(SENTIMENTS),
            "score": st.none() | st.floats(-1, 1, width=32),
            "confidence": st.none() | st.floats(0, 1, width=32),
            "language": st.none() | st.sampled_from(["en", "hi", "hi-en"]),
            "cmi": st.none() | st.floats(0, 100, width=32),
            "rejected": st.none() | st.sampled_from(["empty", "duplicate_of:7", "spam: ad"]),
        }
    ),
    max_size=8,
)


@pytest.fixture(autouse=True, scope="module")
def small_limits():
    """Limits so low that generated tables meet them."""
    with (
        patch.object(room, "_MAX_NAMES", 3),
        patch.object(room, "_MAX_REASONS", 2),
        patch.object(room, "SAMPLE_SIZE", 4),
        patch.object(room, "_EXAMPLE_SIZE", 2),
        patch.object(counts, "_MAX_BUCKETS", 4),
    ):
        yield


@FEWER
@given(ROWS, ROWS)
def test_adding_is_free_of_order(one, other):
    a, b = summarise(batch_of(*one)), summarise(batch_of(*other))
    assert a + b == b + a


@FEWER
@given(ROWS, ROWS, ROWS)
def test_adding_is_associative(one, other, third):
    a, b, c = (summarise(batch_of(*rows)) for rows in (one, other, third))
    assert (a + b) + c == a + (b + c)


@FEWER
@given(ROWS)
def test_the_empty_summary_changes_nothing(rows):
    found = summarise(batch_of(*rows))
    assert found + Summary() == found == Summary() + found


@FEWER
@given(ROWS, st.integers(0, 8))
def test_splitting_a_batch_changes_nothing(rows, place):
    parts = batch_of(*rows[:place]), batch_of(*rows[place:])
    assert summarise(parts[0]) + summarise(parts[1]) == summarise(batch_of(*rows))


@FEWER
@given(ROWS, st.randoms())
def test_permuting_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert summarise(batch_of(*shuffled)) == summarise(batch_of(*rows))


@FEWER
@given(ROWS)
def test_no_row_is_lost(rows):
    found = summarise(batch_of(*rows))
    assert found.n_rows == len(rows)
    assert sum(c.n for c in found.languages.values()) == found.sentiments.n
    assert found.n_rejected == sum(row["rejected"] is not None for row in rows)


@FEWER
@given(ROWS)
def test_a_summary_survives_pickling(rows):
    found = summarise(batch_of(*rows))
    assert pickle.loads(pickle.dumps(found)) == found


@FEWER
@given(ROWS)
def test_counts_equal_those_of_a_loop(rows):
    found = summarise(batch_of(*rows))
    kept = [r for r in rows if r["rejected"] is None and r["sentiment"] is not None]
    assert found.sentiments == Counts(*(sum(r["sentiment"] == s for r in kept) for s in SENTIMENTS))
    loop = Counter(r["source"] or "" for r in kept)
    expected = dict(loop) if len(loop) <= 3 else {MANY: loop.total()}
    assert {name: c.n for name, c in found.sources.items()} == expected
    scores = Counter(round(r["score"] * 20) + 20 for r in kept if r["score"] is not None)
    assert sum(c.n for c in found.scores) == scores.total()


@FEWER
@given(ROWS)
def test_the_sample_is_the_distinct_texts_of_lowest_hash(rows):
    found = summarise(batch_of(*rows))
    texts = {r["text"] for r in rows if r["rejected"] is None and r["sentiment"] is not None}
    keys = sorted(hash_texts(pa.array(sorted(texts), pa.string())).tolist())
    assert [post.key for post in found.posts.posts] == keys[:4]


SPLITMIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def slow_mix(value: int) -> int:
    mask = (1 << 64) - 1
    value = (value + SPLITMIX[0]) & mask
    value = ((value ^ (value >> 30)) * SPLITMIX[1]) & mask
    value = ((value ^ (value >> 27)) * SPLITMIX[2]) & mask
    return value ^ (value >> 31)


def slow_hash(text: str) -> int:
    data = text.encode()
    value = slow_mix(len(data))
    for place in range(0, min(len(data), 128), 8):
        word = data[place : place + 8]
        value = slow_mix(value ^ (int.from_bytes(word, "little") << 8 * (8 - len(word)) % 2**64))
    return value


@given(st.lists(st.text() | st.text(min_size=40, max_size=90)), st.integers(0, 3))
def test_hashes_equal_those_of_the_slow_twin_in_any_slice(texts, start):
    array = pa.array(texts, pa.string())[start:]
    assert hash_texts(array).tolist() == [slow_hash(text) for text in texts[start:]]


@pytest.mark.parametrize(
    ("column", "value", "histogram", "place"),
    [
        ("score", -1.0, "scores", 0),
        ("score", 0.0, "scores", 20),
        ("score", 1.0, "scores", 40),
        ("confidence", 0.0, "confidences", 0),
        ("confidence", 0.6, "confidences", 12),
        ("confidence", 0.7, "confidences", 14),
        ("confidence", 1.0, "confidences", 19),
        ("cmi", 0.0, "mixing", 0),
        ("cmi", 0.1, "mixing", 1),
        ("cmi", 5.0, "mixing", 1),
        ("cmi", 50.0, "mixing", 10),
        ("cmi", 100.0, "mixing", 20),
    ],
)
def test_a_value_falls_in_its_bin(column, value, histogram, place):
    bins = getattr(summarise(batch_of({column: value})), histogram)
    assert [number for number, found in enumerate(bins) if found.n] == [place]


@pytest.mark.parametrize("value", [None, float("nan")])
@pytest.mark.parametrize("column", ["score", "confidence", "cmi"])
def test_what_is_not_a_number_is_in_no_bin(column, value):
    found = summarise(batch_of({column: value}))
    histogram = {"score": found.scores, "confidence": found.confidences, "cmi": found.mixing}
    assert sum(c.n for c in histogram[column]) == 0
    assert found.sentiments.n == 1


HOUR = int(datetime(2024, 4, 6, 10, tzinfo=UTC).timestamp()) // 3600


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([datetime(2024, 4, 6, 10, 59)], pa.timestamp("ns")), [HOUR]),
        (pa.array([HOUR * 3600], pa.int64()).cast(pa.timestamp("s", "Asia/Kolkata")), [HOUR]),
        (pa.array(["2024-04-06 10:30:00.000000Z"]), [HOUR]),
        (pa.array(["2024-04-06T16:00:00+05:30"]), [HOUR]),
        (pa.array(["2024-04-06T10:59"], pa.large_string()), [HOUR]),
        (pa.array(["yesterday"]), []),
        (pa.array([None], pa.timestamp("us", "UTC")), []),
        (pa.array([None], pa.null()), []),
        (pa.array([2**62], pa.timestamp("s")), []),
        (pa.array([-(2**62)], pa.timestamp("s")), []),
        (pa.array([1712397600]), []),
    ],
)
def test_times_of_any_type_are_counted_by_the_utc_hour_or_not_at_all(values, expected):
    batch = batch_of({})
    batch = batch.set_column(batch.schema.get_field_index("timestamp"), "timestamp", values)
    assert list(summarise(batch).timeline.counts) == expected


@pytest.mark.parametrize(
    ("hours", "level", "n_buckets"),
    [
        ([0, 1, 2, 3], "hour", 4),
        ([0, 1, 2, 3, 4], "day", 1),
        ([0, 24, 48, 72, 96], "month", 1),
        ([0, 24 * 40, 24 * 80, 24 * 120, 24 * 160], "month", 5),
    ],
)
def test_a_long_timeline_gives_way_to_coarser_buckets(hours, level, n_buckets):
    timeline = reduce(lambda t, h: t + Timeline(counts={h: Counts(1)}), hours, Timeline())
    assert (timeline.level, len(timeline.counts)) == (level, n_buckets)
    assert sum(c.n for c in timeline.counts.values()) == len(hours)


def test_of_rows_with_one_text_one_is_sampled_whatever_the_order():
    rows = [{"source": name} for name in "abc"]
    one, other = summarise(batch_of(*rows)), summarise(batch_of(*reversed(rows)))
    assert len(one.posts.posts) == 1
    assert one.posts == other.posts


def test_sampled_posts_carry_what_the_report_shows():
    (post,) = summarise(batch_of({})).posts.posts
    assert post[2:] == (
        "bahut accha",
        "positive",
        pytest.approx(0.8),
        pytest.approx(0.9),
        "twitter",
        "hi-Latn",
        HOUR,
    )


def test_long_texts_are_cut_in_the_sample():
    (post,) = summarise(batch_of({"text": "अ" * 10_000})).posts.posts
    assert len(post.text) == 600
    assert post.text.endswith("…")


def test_examples_are_kept_by_sentiment_and_confidence():
    found = summarise(
        batch_of({}, {"text": "hm", "confidence": 0.59}, {"text": "bura", "sentiment": "negative"})
    )
    assert {key: [p.text for p in sample.posts] for key, sample in found.examples.items()} == {
        ("positive", "sure"): ["bahut accha"],
        ("positive", "unsure"): ["hm"],
        ("negative", "sure"): ["bura"],
    }


def test_rejects_are_counted_by_the_reason_up_to_its_colon():
    found = summarise(
        batch_of({"rejected": "duplicate_of:1"}, {"rejected": "duplicate_of:2", "text": None}, {})
    )
    assert {reason: r.n for reason, r in found.rejects.items()} == {"duplicate_of": 2}
    assert found.sentiments.n == 1


def test_rejects_need_no_columns_of_scoring_and_may_be_broken_bytes():
    batch = pa.record_batch(
        {"text": pa.array([b"ok", b"\xff\xfe bad"]), "rejected": pa.array(["encoding"] * 2)}
    )
    found = summarise(batch)
    texts = {post.text for post in found.rejects["encoding"].examples.posts}
    assert texts == {"ok", "\ufffd\ufffd bad"}


def test_plain_strings_do_for_labels():
    plain = pa.schema(
        [
            f if not pa.types.is_dictionary(f.type) else pa.field(f.name, pa.large_string())
            for f in SCHEMA
        ]
    )
    assert summarise(batch_of({}, schema=plain)) == summarise(batch_of({}))


@pytest.mark.parametrize("column", ["text", "sentiment", "score", "confidence", "cmi"])
def test_a_missing_column_is_named(column):
    batch = batch_of({}).drop_columns([column])
    with pytest.raises(ColumnMissing, match=f"column '{column}'"):
        summarise(batch)


def test_the_text_may_have_another_name():
    names = ["body" if name == "text" else name for name in SCHEMA.names]
    batch = batch_of({}).rename_columns(names)
    assert summarise(batch, text="body") == summarise(batch_of({}))


def test_absent_time_and_source_leave_their_tables_empty():
    found = summarise(batch_of({}).drop_columns(["timestamp", "source"]))
    assert not found.timeline.counts
    assert not found.sources


def test_a_row_without_a_label_is_counted_as_unscored():
    found = summarise(batch_of({"sentiment": None}, {}))
    assert (found.n_unscored, found.sentiments.n, found.n_rows) == (1, 1, 2)


def test_hostile_rows_are_summarised():
    rows = [{"text": "x" * 10_000_000}, {"text": "😍" * 50_000}, {"text": "\0\u202e"}]
    assert summarise(batch_of(*rows, {"source": "s" * 10_000})).n_rows == 4


def test_an_empty_batch_is_the_empty_summary():
    assert summarise(batch_of()) == Summary()


def test_samples_of_unequal_size_keep_the_smaller():
    posts = tuple(Post(key, 0, str(key)) for key in range(5))
    assert (Sample(5, posts) + Sample(2)).posts == posts[:2]


def test_rejects_add():
    one = Rejects(2, Sample(6, (Post(1, 0, "a"),))) + Rejects(3)
    assert (one.n, len(one.examples.posts)) == (5, 1)


def test_the_sample_is_fair_to_every_label():
    rng = np.random.default_rng(7)
    labels = rng.choice(SENTIMENTS, 5000)
    rows = [{"text": f"post {n}", "sentiment": label} for n, label in enumerate(labels)]
    with patch.object(room, "SAMPLE_SIZE", 1000):
        drawn = Counter(post.sentiment for post in summarise(batch_of(*rows)).posts.posts)
    # Four standard deviations of a binomial draw of 1,000.
    assert all(abs(n - 1000 * (labels == label).mean()) < 60 for label, n in drawn.items())


COPIED = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["", "a", "अ", "😍"])), max_size=40)


@FEWER
@given(COPIED, st.integers(1, 9))
def test_the_most_copied_posts_do_not_depend_on_how_rows_are_cut(rows, n_rows):
    schema = pa.schema([("copies", pa.int64()), ("text", pa.string())])
    made = [{"copies": n, "text": text} for n, text in rows]
    whole = copied(pa.RecordBatch.from_pylist(made, schema), text="text")
    cut = [made[start : start + n_rows] for start in range(0, len(made), n_rows)]
    parts = [copied(pa.RecordBatch.from_pylist(each, schema), text="text") for each in cut]
    assert reduce(Copied.__add__, parts, Copied()) == whole
    assert reduce(Copied.__add__, parts[::-1], Copied()) == whole
    expected = sorted((post for post in rows if post[0] > 1), key=lambda post: (-post[0], post[1]))
    assert list(whole.posts) == expected[:MOST_POSTS]


def test_a_column_of_copies_that_is_the_users_own_is_let_be():
    schema = SCHEMA.append(pa.field("copies", pa.string()))
    assert summarise(batch_of({"copies": "two"}, schema=schema)).copied == Copied()
