"""Bots are found whatever the partitioning, and only those who repeat themselves."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.filters import author_passes
from mizaj.clean.filters.author_passes import find_bots
from mizaj.clean.filters.authors import (
    JUDGED,
    AuthorCounts,
    AuthorSettings,
    Bots,
    author_column,
    author_names,
    templates,
)
from mizaj.clean.filters.empty import Empty
from mizaj.errors import ColumnMissing, SettingError, SourceError
from mizaj.read import ReadSettings, Shard, Span, open_source

SETTINGS = AuthorSettings(least_posts=4, most_distinct=0.5)
POSTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["buy 1", "Buy 22!", "accha", "bura", ""])),
    max_size=40,
)


def batch_of(posts, reasons=None):
    authors, texts = zip(*posts, strict=True) if posts else ((), ())
    return pa.record_batch(
        {
            "author": pa.array(authors, pa.string()),
            "text": pa.array(texts, pa.string()),
            "rejected": pa.array(reasons or [None] * len(texts), REJECTED.type),
        }
    )


@pytest.mark.parametrize(
    "other",
    [
        "SCORE: 45/2 live",
        "score 1/10 LIVE https://a.example/x",
        "@you score: 7/7 live!!",
        "Score ７/７ live",
    ],
)
def test_posts_that_differ_in_numbers_links_handles_and_marks_have_one_template(other):
    one, two = templates(pa.array(["Score 3/4 live", other]))
    assert one == two


def test_other_words_are_another_template():
    assert len(set(templates(pa.array(["score live", "score dead", "स्कोर", "😂"])))) == 4


@given(POSTS, POSTS, POSTS)
def test_counts_add_in_any_order_and_grouping(one, two, three):
    a, b, c = (AuthorCounts.of(batch_of(posts), SETTINGS) for posts in (one, two, three))
    assert (a + b) + c == a + (b + c) == c + b + a
    assert a + AuthorCounts() == a
    assert a + b == AuthorCounts.of(batch_of([*one, *two]), SETTINGS)


def test_who_posts_much_of_little_is_a_bot_and_who_posts_little_or_different_is_not():
    posts = [("bot", f"buy {n}") for n in range(4)]
    posts += [("news", f"item {word}") for word in ("a1", "b2", "c3", "d4", "e5")]
    posts += [("shy", "buy 1")] * 3
    found = AuthorCounts.of(batch_of(posts), SETTINGS).bots(SETTINGS)
    assert found.to_pylist() == [{"author": "bot", "n_posts": 4, "n_templates": 1}]


def test_rejected_rows_and_rows_without_author_or_text_do_not_count():
    posts = [("a", "x"), (None, "x"), ("a", None), ("a", "x"), ("b", "y")]
    counts = AuthorCounts.of(batch_of(posts, [None, None, None, "spam", None]), SETTINGS)
    assert counts.judge().to_pylist() == [
        {"author": "a", "n_posts": 1, "n_templates": 1},
        {"author": "b", "n_posts": 1, "n_templates": 1},
    ]


def test_an_empty_name_is_nobody_and_no_bot():
    batch = batch_of([("", "same"), ("", "same"), ("a", "same"), (None, "same")])
    counts = AuthorCounts.of(batch, SETTINGS)
    assert counts.judge()["author"].to_pylist() == ["a"]
    assert Bots(("", "a"))(batch).column("rejected").to_pylist() == [None, None, "bot", None]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["7", None, "8"]),
        pa.array(["7", None, "8"], pa.large_string()),
        pa.array([b"7", None, b"8"]),
        pa.array([7, None, 8]),
        pa.array(["7", None, "8"]).dictionary_encode(),
        pa.array([7, None, 8]).dictionary_encode(),
        pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), pa.array(["7", None, "8"])),
    ],
    ids=lambda column: str(column.type),
)
def test_authors_are_read_from_any_column_of_single_values(column):
    assert author_names(column, "user").to_pylist() == ["7", None, "8"]


@pytest.mark.parametrize("column", [pa.array([{"id": 1}]), pa.array([["a"]]), pa.array([b"\xff"])])
def test_a_column_that_names_nobody_is_refused_with_its_type_and_the_option(column):
    with pytest.raises(SourceError, match=r"column 'user' \(.*--author COLUMN"):
        author_names(column, "user")


def test_a_struct_named_like_an_author_is_passed_over():
    user = pa.field("user", pa.struct([("id", pa.int64())]))
    assert author_column(pa.schema([user, ("user_id", pa.int64())])) == "user_id"
    with pytest.raises(ColumnMissing, match=r"--author COLUMN.*Name the right one\.$"):
        author_column(pa.schema([user]))


def test_authors_may_be_numbers():
    batch = pa.record_batch(
        {"author": [7, 7, 8], "text": ["x"] * 3, "rejected": pa.nulls(3, REJECTED.type)}
    )
    assert AuthorCounts.of(batch, SETTINGS).judge()["author"].to_pylist() == ["7", "8"]
    assert Bots(("7",))(batch).column("rejected").to_pylist() == ["bot", "bot", None]


def test_all_posts_of_a_bot_are_rejected_but_those_that_have_a_reason():
    batch = batch_of([("a", "x"), ("b", "y"), ("a", "z"), (None, "w")], [None, None, "empty", None])
    assert Bots(("a",))(batch).column("rejected").to_pylist() == ["bot", None, "empty", None]
    assert Bots()(batch) is batch


@pytest.mark.parametrize(
    ("names", "found"),
    [(("text", "author"), "author"), (("user_id", "username"), "username"), (("user",), "user")],
)
def test_the_column_of_the_author_is_found_by_its_usual_names(names, found):
    assert author_column(pa.schema([(name, pa.string()) for name in names])) == found


def test_a_table_without_authors_says_so():
    with pytest.raises(ColumnMissing, match="the search for bots"):
        author_column(pa.schema([("text", pa.string())]))


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"least_posts": 1}, "least_posts is 1"), ({"most_distinct": 1.0}, "most_distinct is 1.0")],
)
def test_settings_that_make_no_sense_are_refused(settings, said):
    with pytest.raises(SettingError, match=said):
        AuthorSettings(**settings)


def _many_posts():
    rng = random.Random(0)
    posts = [(f"bot{n % 5}", f"Offer {n} for you @x{n}") for n in range(150)]
    words = ["accha", "bura", "film", "gaana", "khel", "mausam", "chai", "ghar", "dost", "raat"]
    posts += [
        (f"user{n % 9}", f"{rng.choice(words)} {rng.choice(words)} {rng.choice(words)}")
        for n in range(400)
    ]
    rng.shuffle(posts)
    return posts


def _backwards(function, shards):
    return iter([function(shard) for shard in reversed(shards)])


@pytest.mark.parametrize(
    ("n_files", "n_buckets", "chunk", "spread"),
    [(1, 1, 1 << 18, map), (1, 2, 1, map), (3, 4, 10, map), (7, 8, 1, _backwards)],
)
def test_the_same_bots_are_found_however_the_posts_are_cut(
    tmp_path, monkeypatch, n_files, n_buckets, chunk, spread
):
    monkeypatch.setattr(author_passes, "n_buckets", lambda _: n_buckets)
    monkeypatch.setattr(author_passes, "_CHUNK_PAIRS", chunk)
    source = _source(tmp_path / "posts", n_files)
    found = find_bots(source, tmp_path / "work", spread=spread)
    assert found.schema == JUDGED
    assert found.to_pylist() == [
        {"author": f"bot{n}", "n_posts": 30, "n_templates": 1} for n in range(5)
    ]


def _source(folder, n_files):
    folder.mkdir()
    posts = _many_posts()
    for number in range(n_files):
        part = batch_of(posts[number::n_files]).select(["author", "text"])
        pq.write_table(pa.Table.from_batches([part]), folder / f"part{number}.parquet")
    return open_source(sorted(folder.glob("*.parquet")), settings=ReadSettings(batch_rows=32))


@pytest.mark.parametrize(
    ("n_rows", "n_bytes", "n_buckets"),
    [(0, 10**9, 1), (1000, 0, 1), (10**6, 0, 4), (None, 10**8, 4), (10**12, 0, 1024)],
)
def test_more_posts_are_divided_among_more_buckets(n_rows, n_bytes, n_buckets):
    shard = Shard("posts-00000", 0, Span(0, 1, n_rows, n_bytes))
    assert author_passes.n_buckets([shard]) == n_buckets


def test_what_is_done_is_not_done_again_for_the_same_settings_only(tmp_path):
    source = _source(tmp_path / "posts", 2)
    found = find_bots(source, tmp_path / "work")
    again = find_bots(source, tmp_path / "work", spread=lambda *_: pytest.fail("done already"))
    assert again.equals(found)
    lenient = AuthorSettings(least_posts=31)
    assert find_bots(source, tmp_path / "work", settings=lenient).num_rows == 0


def test_a_killed_search_goes_on_where_it_was_and_does_no_shard_again(tmp_path):
    source = _source(tmp_path / "posts", 4)
    done = []

    def dying(function, shards):
        for shard in shards:
            done.append(shard)
            if len(done) == 3:
                raise KeyboardInterrupt
            yield function(shard)

    asked = []

    def counting(function, items):
        asked.append(list(items))
        return map(function, items)

    with pytest.raises(KeyboardInterrupt):
        find_bots(source, tmp_path / "work", spread=dying)
    assert find_bots(source, tmp_path / "work", spread=counting).num_rows == 5
    assert asked[0] == list(source.shards[2:])


def test_rows_that_filters_reject_do_not_make_a_bot(tmp_path):
    source = open_source(pa.table({"author": ["a"] * 30, "text": ["  "] * 30}))
    assert find_bots(source, tmp_path).num_rows == 1
    assert find_bots(source, tmp_path, filters=Pipeline((Empty(),))).num_rows == 0


def test_a_source_without_that_column_is_refused(tmp_path):
    source = open_source(pa.table({"text": ["a"]}))
    with pytest.raises(ColumnMissing, match="column 'author'"):
        find_bots(source, tmp_path)


def test_a_column_of_structs_is_refused_before_a_row_is_read(tmp_path):
    source = open_source(pa.table({"text": ["a"], "author": [{"id": 1}]}))
    with pytest.raises(SourceError, match="column 'author'"):
        find_bots(source, tmp_path, spread=lambda *_: pytest.fail("read"))
