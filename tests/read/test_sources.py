"""Every kind of source gives the same rows, in batches of bounded size, with one schema."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.errors import ChangedSource, ExtraMissing, SettingError, SourceError
from mizaj.read import ReadSettings, open_source, open_texts

POSTS = [
    {"id": "1", "text": "Yeh movie accha nahi hai"},
    {"id": "2", "text": 'he said "wah, wah"\nso good'},
    {"id": "3", "text": ""},
    {"id": "4", "text": "मूवी अच्छी है 😀"},
]


def rows_of(source):
    batches = [batch for shard in source.shards for batch in source.batches(shard)]
    assert all(batch.schema.equals(source.schema) for batch in batches)
    return pa.Table.from_batches(batches, source.schema).to_pylist()


def kept(rows):
    assert all(row["rejected"] is None for row in rows)
    return [{name: value for name, value in row.items() if name != "rejected"} for row in rows]


def table():
    return pa.Table.from_pylist(POSTS)


def write_csv(path, delimiter=","):
    options = pc.WriteOptions(delimiter=delimiter)
    pc.write_csv(table(), path, options)


def write_ipc(path, opener):
    with pa.OSFile(str(path), "wb") as file, opener(file, table().schema) as writer:
        writer.write_table(table(), max_chunksize=2)


def json_lines():
    return b"".join(json.dumps(post).encode() + b"\n" for post in POSTS)


WRITERS = {
    "posts.parquet": lambda path: pq.write_table(table(), path, row_group_size=2),
    "posts.pq": lambda path: pq.write_table(table(), path),
    "posts.csv": write_csv,
    "posts.tsv": lambda path: write_csv(path, "\t"),
    "semicolons.csv": lambda path: write_csv(path, ";"),
    "posts.jsonl": lambda path: path.write_bytes(json_lines()),
    "posts.ndjson": lambda path: path.write_bytes(json_lines().replace(b"\n", b"\r\n")),
    "posts.jsonl.gz": lambda path: path.write_bytes(gzip.compress(json_lines())),
    "members.jsonl.gz": lambda path: path.write_bytes(
        gzip.compress(json_lines()[:50]) + gzip.compress(json_lines()[50:])
    ),
    "posts.jsonl.zst": lambda path: path.write_bytes(
        pa.Codec("zstd").compress(json_lines(), asbytes=True)
    ),
    "posts.arrow": lambda path: write_ipc(path, pa.ipc.new_file),
    "posts.arrows": lambda path: write_ipc(path, pa.ipc.new_stream),
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_format_gives_the_posts_back(tmp_path, name):
    WRITERS[name](tmp_path / name)
    assert kept(rows_of(open_source(tmp_path / name))) == POSTS


@pytest.mark.parametrize("name", WRITERS)
def test_a_source_of_files_pickles_and_reads_the_same(tmp_path, name):
    WRITERS[name](tmp_path / name)
    source = open_source(tmp_path / name)
    back = pickle.loads(pickle.dumps(source))
    assert back == source
    assert rows_of(back) == rows_of(source)


@pytest.mark.parametrize("name", WRITERS)
def test_no_batch_is_longer_than_was_asked_for(tmp_path, name):
    WRITERS[name](tmp_path / name)
    source = open_source(tmp_path / name, settings=ReadSettings(batch_rows=3))
    lengths = [b.num_rows for shard in source.shards for b in source.batches(shard)]
    assert sum(lengths) == len(POSTS)
    assert max(lengths) <= 3


IN_MEMORY = {
    "table": table,
    "batch": lambda: table().to_batches()[0],
    "reader": lambda: table().to_reader(),
    "list of dicts": lambda: POSTS,
    "pandas": lambda: pd.DataFrame(POSTS),
    "polars": lambda: pl.DataFrame(POSTS),
}


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_tables_in_memory_need_no_file(kind):
    assert kept(rows_of(open_source(IN_MEMORY[kind]()))) == POSTS


COLUMNS = {
    "array": lambda texts: pa.array(texts),
    "chunked array": lambda texts: pa.chunked_array([texts[:1], texts[1:]]),
    "large strings": lambda texts: pa.array(texts, pa.large_string()),
    "string views": lambda texts: pa.array(texts, pa.string_view()),
    "dictionary": lambda texts: pa.array(texts).dictionary_encode(),
    "binary": lambda texts: pa.array([t.encode() for t in texts], pa.binary()),
    "large binary": lambda texts: pa.array([t.encode() for t in texts], pa.large_binary()),
    "binary views": lambda texts: pa.array([t.encode() for t in texts], pa.binary_view()),
    "pandas series": lambda texts: pd.Series(texts),
    "polars series": lambda texts: pl.Series("body", texts),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_bare_column_is_the_text(kind):
    texts = [post["text"] for post in POSTS]
    source = open_source(COLUMNS[kind](texts))
    assert source.schema.field("text").type in (pa.string(), pa.large_string())
    assert [row["text"] for row in rows_of(source)] == texts


def test_texts_in_a_list_have_their_own_door():
    rows = rows_of(open_texts(["accha", None, ""]))
    assert [row["text"] for row in rows] == ["accha", None, ""]
    assert [row["rejected"] for row in rows] == [None, "null_text", None]


def test_a_lone_surrogate_is_repaired_and_marked():
    rows = rows_of(open_texts(["ok", "bad \ud800 end"]))
    assert rows[1]["text"].startswith("bad \ufffd")
    assert rows[1]["rejected"] == "broken_encoding"


def test_rows_of_a_list_may_have_different_keys():
    rows = rows_of(open_source([{"text": "a"}, {"text": "b", "id": 7}]))
    assert [row["id"] for row in rows] == [None, 7]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"text": 5}], "row 0 of the list is int; allowed are str and None"),
        ([{"text": "a", "n": 1}, {"text": "b", "n": "x"}], "column 'n' of the list mixes types"),
        (pa.table({"text": [1, 2]}), r"column 'text' is int64; a text column is string"),
        (pa.table({"body": ["a"]}), r"has no column 'text'; columns there: body.*--text"),
        (5, "a int is no source; allowed: paths"),
        (pa.table([["a"], ["b"]], names=["text", "text"]), "column 'text' is there twice"),
        (pa.table({"text": ["a"], "rejected": [1]}), "'rejected' must hold the reasons"),
    ],
)
def test_what_is_no_source_is_refused_with_what_is_allowed(data, message):
    with pytest.raises(SourceError, match=message):
        open_source(data)


def test_another_column_can_be_the_text():
    source = open_source(pa.table({"body": ["a"]}), settings=ReadSettings(text="body"))
    assert kept(rows_of(source)) == [{"body": "a"}]


def test_rows_that_were_set_aside_before_stay_so():
    rows = rows_of(open_source(pa.table({"rejected": ["spam", None], "text": ["a", None]})))
    assert [row["rejected"] for row in rows] == ["spam", "null_text"]


@pytest.mark.parametrize(
    ("given_settings", "message"),
    [
        ({"format": "xls"}, "format 'xls' is not known; allowed: parquet, csv"),
        ({"batch_rows": 0}, "batch_rows is 0"),
        ({"delimiter": ",,"}, "must be one ASCII character"),
    ],
)
def test_settings_are_checked_when_made(given_settings, message):
    with pytest.raises(SettingError, match=message):
        ReadSettings(**given_settings)


def test_other_columns_pass_through_untouched():
    columns = {
        "text": ["a", "b"],
        "n": pa.array([2**62, None], pa.int64()),
        "tags": [["x"], None],
        "when": pa.array([0, 1], pa.timestamp("ms", tz="Asia/Kolkata")),
        "kind": pa.array(["u", "v"]).dictionary_encode(),
        "user": [{"name": "x", "n": 1}, None],
    }
    source = open_source(pa.table(columns))
    batch = next(source.batches(source.shards[0]))
    expected = pa.record_batch(columns)
    for name in columns:
        assert batch.column(name).equals(expected.column(name))


# Names, globs, folders, URLs, stdin


def test_folders_and_globs_are_read_in_the_order_of_names(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps({"text": name}) + "\n")
    texts = [row["text"] for row in rows_of(open_source(tmp_path))]
    assert texts == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
    assert len(rows_of(open_source(str(tmp_path / "*.jsonl")))) == 2
    assert len(rows_of(open_source(str(tmp_path / "**/*.jsonl")))) == 3


@pytest.mark.parametrize("name", ["posts.parquet", "posts.csv", "posts.jsonl.gz", "posts.arrow"])
def test_folders_that_name_a_column_give_its_value(tmp_path, name):
    folders = {
        "source=twitter/day=2024-01-02": ("twitter", "2024-01-02"),
        "source=chai%20shop/day=007": ("chai shop", "007"),
        "source=__HIVE_DEFAULT_PARTITION__/day=": (None, ""),
    }
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        WRITERS[name](tmp_path / folder / name)
    source = open_source(tmp_path)
    assert pickle.loads(pickle.dumps(source)) == source
    assert source.schema.names == ["id", "text", "source", "day", "rejected"]
    expected = [
        {**post, "source": folders[folder][0], "day": folders[folder][1]}
        for folder in sorted(folders)
        for post in POSTS
    ]
    assert kept(rows_of(source)) == expected


def test_partitions_that_pyarrow_writes_are_read_back(tmp_path):
    posts = table().append_column("source", pa.array(["a", "b", None, "a/b=c"]))
    pq.write_to_dataset(posts, tmp_path, partition_cols=["source"])
    rows = kept(rows_of(open_source(tmp_path)))
    assert sorted(rows, key=lambda row: row["id"]) == posts.to_pylist()


def test_a_column_of_the_file_counts_more_than_its_folder(tmp_path):
    (tmp_path / "id=99").mkdir()
    WRITERS["posts.parquet"](tmp_path / "id=99" / "posts.parquet")
    assert kept(rows_of(open_source(tmp_path))) == POSTS


def test_a_file_beside_the_named_folders_has_null_there(tmp_path):
    (tmp_path / "source=x").mkdir()
    WRITERS["posts.jsonl"](tmp_path / "source=x" / "posts.jsonl")
    WRITERS["posts.jsonl"](tmp_path / "posts.jsonl")
    rows = rows_of(open_source(str(tmp_path / "**" / "*.jsonl")))
    assert [row["source"] for row in rows] == [None] * 4 + ["x"] * 4


def test_broken_rows_of_a_named_folder_keep_its_value(tmp_path):
    (tmp_path / "source=x").mkdir()
    (tmp_path / "source=x" / "posts.jsonl").write_bytes(b'{"text": "accha"}\n{"text": \n')
    rows = rows_of(open_source(tmp_path))
    assert [(row["source"], row["rejected"]) for row in rows] == [("x", None), ("x", "broken_line")]


def test_named_folders_behind_a_url_give_their_value():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://hive/source=x/posts.jsonl", "wb") as file:
        file.write(json_lines())
    assert {row["source"] for row in rows_of(open_source("memory://hive"))} == {"x"}


def test_a_file_named_twice_is_read_once(tmp_path):
    WRITERS["posts.jsonl"](tmp_path / "posts.jsonl")
    source = open_source([str(tmp_path / "posts.jsonl"), str(tmp_path / "*.jsonl")])
    assert len(rows_of(source)) == len(POSTS)


def test_files_with_equal_names_get_shards_with_different_ones(tmp_path):
    for name in ("x/posts.csv", "y/posts.csv", "posts.csv", "y/Posts.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        writer = write_csv if name.endswith("csv") else WRITERS["posts.jsonl"]
        writer(tmp_path / name)
    names = [shard.name for shard in open_source(tmp_path).shards]
    assert len({name.casefold() for name in names}) == 4
    assert names == [shard.name for shard in open_source(tmp_path).shards]
    assert names == ["posts-00000", "x-posts-00000", "y-Posts-00000", "y-posts.2-00000"]


def test_a_url_is_read_through_fsspec():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://in/posts.jsonl.gz", "wb") as file:
        file.write(gzip.compress(json_lines()))
    pq.write_table(table(), "in/posts.parquet", filesystem=fsspec.filesystem("memory"))
    assert kept(rows_of(open_source("memory://in/posts.jsonl.gz"))) == POSTS
    assert kept(rows_of(open_source("memory://in"))) == POSTS * 2
    assert kept(rows_of(open_source("memory://in/*.parquet"))) == POSTS


def test_a_url_that_is_not_there_is_named():
    pytest.importorskip("fsspec")
    with pytest.raises(SourceError, match=r"nowhere/x\.csv: cannot be opened"):
        open_source("memory://nowhere/x.csv")


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("fsspec", ("s3://bucket/x.csv", ReadSettings()), r"mizaj\[cloud\]"),
        ("duckdb", (None, ReadSettings(query="select 1")), r"mizaj\[duckdb\]"),
    ],
)
def test_a_missing_library_is_named_with_its_install_line(monkeypatch, module, arguments, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing, match=extra):
        open_source(arguments[0], settings=arguments[1])


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (None, json_lines()),
        ("text", b"Yeh movie accha nahi hai\r\nsecond\n\nfourth"),
        ("csv", b"id,text\n1,a\n2,b\n3,\n4,d\n"),
    ],
)
def test_standard_input_is_read_as_it_comes(kind, content):
    source = open_source("-", settings=ReadSettings(format=kind), stdin=io.BytesIO(content))
    rows = kept(rows_of(source))
    assert len(rows) == 4
    assert not source.is_repeatable


def test_plain_lines_on_standard_input_say_how_to_read_them():
    with pytest.raises(SourceError, match=r"holds no line of JSON.*--format"):
        open_source("-", stdin=io.BytesIO(b"just text\n"))


def test_standard_input_stands_alone():
    with pytest.raises(SourceError, match="give it alone"):
        open_source(["-", "x.csv"], stdin=io.BytesIO(b""))


def test_a_query_is_streamed_from_duckdb(tmp_path):
    pytest.importorskip("duckdb")
    WRITERS["posts.parquet"](tmp_path / "posts.parquet")
    query = f"select id, upper(text) as text from '{tmp_path}/posts.parquet' order by id"
    rows = kept(rows_of(open_source(None, settings=ReadSettings(query=query))))
    assert rows[0] == {"id": "1", "text": "YEH MOVIE ACCHA NAHI HAI"}


def test_a_query_can_ask_a_duckdb_file(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "posts.duckdb")) as connection:
        connection.execute("create table posts as select 'accha' as text")
    source = open_source(tmp_path / "posts.duckdb", settings=ReadSettings(query="from posts"))
    assert kept(rows_of(source)) == [{"text": "accha"}]


@pytest.mark.parametrize("query", ["select nothing from nowhere", "selec", ""])
def test_a_query_that_duckdb_refuses_is_a_source_error(query):
    pytest.importorskip("duckdb")
    with pytest.raises(SourceError, match="DuckDB refuses the query"):
        open_source(None, settings=ReadSettings(query=query))


# One schema for all files


def two_files(tmp_path, one, other):
    pq.write_table(pa.table({"text": ["a"], **one}), tmp_path / "one.parquet")
    pq.write_table(pa.table({"text": ["b"], **other}), tmp_path / "two.parquet")
    return open_source(tmp_path)


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        ([1], ["x"], ["1", "x"]),
        (pa.array([1], pa.int8()), pa.array([2**40], pa.int64()), [1, 2**40]),
        ([1], [0.5], [1.0, 0.5]),
        ([True], ["x"], ["true", "x"]),
        (pa.array(["u"]).dictionary_encode(), ["v"], ["u", "v"]),
        (pa.array(["u"], pa.large_string()), ["v"], ["u", "v"]),
        (pa.nulls(1), [3], [None, 3]),
    ],
)
def test_types_that_differ_between_files_meet_without_loss(tmp_path, one, other, values):
    rows = rows_of(two_files(tmp_path, {"n": one}, {"n": other}))
    assert [row["n"] for row in rows] == values
    assert [row["rejected"] for row in rows] == [None, None]


def test_a_column_that_some_files_lack_is_null_there(tmp_path):
    rows = rows_of(two_files(tmp_path, {"n": [1]}, {"m": [2]}))
    assert [(row["n"], row["m"]) for row in rows] == [(1, None), (None, 2)]


def test_types_that_cannot_meet_are_refused_with_both_files(tmp_path):
    with pytest.raises(SourceError, match=r"'n' is list.*one\.parquet and int64 in .*two\.parquet"):
        two_files(tmp_path, {"n": [["x"]]}, {"n": [1]})


def test_a_value_that_does_not_fit_the_common_type_is_a_rejected_row(tmp_path):
    rows = rows_of(two_files(tmp_path, {"n": [2**53 + 1]}, {"n": [0.5]}))
    assert [row["rejected"] for row in rows] == ["changed_type:n", None]
    assert rows[0]["text"] == "a"


def test_a_file_without_the_text_column_is_named(tmp_path):
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "one.parquet")
    pq.write_table(pa.table({"price": [1]}), tmp_path / "two.parquet")
    with pytest.raises(
        SourceError, match=r"two\.parquet: has no column 'text'; columns there: price"
    ):
        open_source(tmp_path)


# Laws


@settings(max_examples=60)
@given(
    texts=st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=40),
    batch_rows=st.integers(1, 50),
    shard_rows=st.integers(1, 50),
)
def test_cutting_the_input_differently_changes_nothing(texts, batch_rows, shard_rows):
    data = pa.table({"text": pa.array(texts, pa.string()), "n": range(len(texts))})
    cut = ReadSettings(batch_rows=batch_rows, shard_rows=shard_rows)
    assert rows_of(open_source(data, settings=cut)) == rows_of(open_source(data))


@settings(max_examples=60)
@given(
    lines=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufeff"), max_size=12),
        max_size=30,
    ),
    shard_bytes=st.integers(1, 60),
    has_end=st.booleans(),
)
def test_lines_are_neither_lost_nor_doubled_where_a_file_is_cut(
    tmp_path_factory, lines, shard_bytes, has_end
):
    path = tmp_path_factory.mktemp("cut") / "posts.txt"
    content = "".join(line + "\n" for line in lines)
    path.write_bytes((content if has_end else content.removesuffix("\n")).encode())
    source = open_source(path, settings=ReadSettings(shard_bytes=shard_bytes))
    texts = [row["text"] for row in rows_of(source)]
    expected = lines if has_end or not lines or lines[-1] else lines[:-1]
    assert texts == expected


@settings(max_examples=80)
@given(
    st.lists(st.lists(st.text('ab,;"\n\r é\t', max_size=8), min_size=2, max_size=2), max_size=12)
)
def test_csv_written_by_pyarrow_is_read_back_whatever_its_quotes(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "posts.csv"
    data = pa.table(
        {
            "id": pa.array([r[0] for r in rows], pa.string()),
            "text": pa.array([r[1] for r in rows], pa.string()),
        }
    )
    pc.write_csv(data, path)
    assert kept(rows_of(open_source(path))) == data.to_pylist()


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_file_that_changed_since_it_was_opened_is_named_with_its_shard(tmp_path, ending):
    path = tmp_path / f"posts.{ending}"

    def put(table):
        if ending == "parquet":
            pq.write_table(table, path)
        else:
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table)

    put(pa.table({"text": ["a"], "n": [1]}))
    source = open_source(path)
    put(pa.table({"text": ["a"], "n": ["one"]}))
    expected = r"shard posts-00000: .*column 'n' is string, but was int64 when the run began"
    with pytest.raises(ChangedSource, match=expected):
        list(source.batches(source.shards[0]))
