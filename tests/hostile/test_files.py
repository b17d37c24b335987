"""Files that are broken, cut off, huge or not what they claim: never a crash, never a lost row."""

from __future__ import annotations

import gzip
import json
import os
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import Pipeline
from mizaj.errors import SourceError
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run

QUIET = RunSettings(workers=2, is_progress_shown=False, is_hashed=False)


def rows_of(source):
    return [
        row
        for shard in source.shards
        for batch in source.batches(shard)
        for row in batch.to_pylist()
    ]


def read_all(source):
    """The rows that can be read, and the error after them."""
    rows, errors = [], []
    for shard in source.shards:
        try:
            for batch in source.batches(shard):
                rows.extend(batch.to_pylist())
        except SourceError as error:
            errors.append(str(error))
    return rows, errors


def opened(tmp_path, name, content, **settings):
    path = tmp_path / name
    path.write_bytes(content)
    return open_source(path, settings=ReadSettings(**settings))


def json_lines(n_rows):
    return b"".join(
        json.dumps({"text": f"post {n}", "n": n}).encode() + b"\n" for n in range(n_rows)
    )


def csv_lines(n_rows):
    return b"text,n\n" + b"".join(b'"post, %d",%d\n' % (n, n) for n in range(n_rows))


# Broken lines


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": "cut',
        b"not json",
        b"[1, 2]",
        b"{}}",
        b'{"text": "a", }',
        b"\x00\x00\x00",
        b'{"text": "a"} trailing',
        b"[" * 100_000,
    ],
)
def test_a_broken_json_line_is_a_rejected_row_with_its_raw_text(tmp_path, line):
    source = opened(tmp_path, "posts.jsonl", json_lines(100) + line + b"\n" + json_lines(100))
    rows = rows_of(source)
    assert len(rows) == 201
    assert rows[100] == {"text": line.decode(), "n": None, "rejected": "broken_line"}
    assert all(row["rejected"] is None for row in rows[:100] + rows[101:])


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (b'{"text": "a", "n": "many"}', "n"),
        (b'{"text": "a", "n": 1.5}', "n"),
        (b'{"text": "a", "n": {"x": 1}}', "n"),
        (b'{"text": "a", "n": 99999999999999999999}', "n"),
    ],
)
def test_a_json_value_of_another_type_late_in_the_file_is_a_rejected_row(tmp_path, line, column):
    source = opened(tmp_path, "posts.jsonl", json_lines(40_000) + line + b"\n" + json_lines(10))
    rows = rows_of(source)
    assert len(rows) == 40_011
    assert rows[40_000]["rejected"] == f"changed_type:{column}"
    assert rows[40_000]["text"] == line.decode()


@pytest.mark.parametrize("value", [5, 1.5, True, [1, "a"], {"a": 1}])
def test_a_json_text_that_is_no_string_is_spelled_out(tmp_path, value):
    content = json_lines(5) + json.dumps({"text": value, "n": 1}).encode() + b"\n"
    rows = rows_of(opened(tmp_path, "posts.jsonl", content))
    assert json.loads(rows[5]["text"]) == value


def test_json_fields_that_change_type_in_the_first_block_are_strings(tmp_path):
    content = b'{"text": "a", "id": 1}\n{"text": "b", "id": "x1"}\n{"text": "c", "id": [2]}\n'
    assert [row["id"] for row in rows_of(opened(tmp_path, "posts.jsonl", content))] == [
        "1",
        "x1",
        "[2]",
    ]


def test_json_strings_that_look_like_times_stay_as_they_stand(tmp_path):
    content = b'{"text": "a", "when": "2020-01-01"}\n{"text": "b", "when": "yesterday"}\n'
    rows = rows_of(opened(tmp_path, "posts.jsonl", content))
    assert [row["when"] for row in rows] == ["2020-01-01", "yesterday"]


def test_a_json_field_that_first_comes_up_late_is_noted_not_lost_in_silence(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_bytes(json_lines(60_000) + b'{"text": "a", "geo": "Pune"}\n')
    manifest = run(Pipeline(()), path, tmp_path / "out", settings=QUIET)
    assert manifest.counts.rows_out == 60_001
    assert [note for note in manifest.counts.notes if "field 'geo'" in note]


@pytest.mark.parametrize("line", [b"only one", b"a,1,extra", b'"a","1","x"'])
def test_a_csv_record_with_other_fields_is_a_rejected_row_with_its_raw_text(tmp_path, line):
    rows = rows_of(opened(tmp_path, "posts.csv", csv_lines(50) + line + b"\n" + b"last,1\n"))
    assert len(rows) == 52
    [bad] = [row for row in rows if row["rejected"]]
    assert bad == {"text": line.decode(), "n": None, "rejected": "broken_line"}


def test_a_quote_that_stays_open_costs_one_line(tmp_path):
    rows = rows_of(
        opened(tmp_path, "posts.csv", csv_lines(3) + b'"never closed,1\nafter,2\nlast,3\n')
    )
    assert [row["text"] for row in rows if row["rejected"] is None][3:] == ["after", "last"]
    assert [row["text"] for row in rows if row["rejected"]] == ['"never closed,1']


# Encodings


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.txt"])
def test_broken_utf8_is_repaired_and_marked_and_its_neighbours_are_not(tmp_path, name):
    make = {
        "posts.csv": b'id,text\n1,good\n2,"bad \xff, end"\n3,acch\xc3\xa9\n',
        "posts.jsonl": b'{"text": "good"}\n{"text": "bad \xff, end"}\n{"text": "acch\xc3\xa9"}\n',
        "posts.txt": b"good\nbad \xff, end\nacch\xc3\xa9\n",
    }
    rows = rows_of(opened(tmp_path, name, make[name]))
    assert [row["text"] for row in rows] == ["good", "bad \ufffd, end", "acch\u00e9"]
    assert [row["rejected"] for row in rows] == [None, "broken_encoding", None]


def test_broken_utf8_in_any_string_column_of_a_parquet_file_is_found(tmp_path):
    def broken(values):
        return pa.array(values, pa.binary()).view(pa.string())

    columns = {"text": broken([b"ok", b"\xff", None]), "user": broken([b"\xfe", b"u", b"v"])}
    pq.write_table(pa.table(columns), tmp_path / "posts.parquet")
    rows = rows_of(open_source(tmp_path / "posts.parquet"))
    assert [row["rejected"] for row in rows] == ["broken_encoding", "broken_encoding", "null_text"]
    assert (rows[0]["user"], rows[1]["text"]) == ("\ufffd", "\ufffd")


def test_broken_utf8_inside_a_nested_column_costs_the_value_not_the_run(tmp_path):
    inner = pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())
    tags = pa.ListArray.from_arrays([0, 1, 2], inner)
    pq.write_table(pa.table({"text": ["a", "b"], "tags": tags}), tmp_path / "posts.parquet")
    rows = rows_of(open_source(tmp_path / "posts.parquet"))
    assert [(row["tags"], row["rejected"]) for row in rows] == [
        (["ok"], None),
        (None, "broken_encoding"),
    ]


def test_a_lone_surrogate_in_json_is_repaired_and_marked(tmp_path):
    rows = rows_of(opened(tmp_path, "posts.jsonl", b'{"text": "ok"}\n{"text": "a \\ud800 b"}\n'))
    assert rows[1]["rejected"] == "broken_encoding"
    assert rows[1]["text"].startswith("a \ufffd")


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.txt"])
def test_a_byte_order_mark_and_crlf_are_no_part_of_the_text(tmp_path, name):
    body = {
        "posts.csv": b"text\r\naccha\r\nbura\r\n",
        "posts.jsonl": b'{"text": "accha"}\r\n{"text": "bura"}\r\n',
        "posts.txt": b"accha\r\nbura\r\n",
    }
    rows = rows_of(opened(tmp_path, name, b"\xef\xbb\xbf" + body[name]))
    assert rows == [{"text": "accha", "rejected": None}, {"text": "bura", "rejected": None}]


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_is_named_with_the_way_to_convert_it(tmp_path, mark):
    with pytest.raises(SourceError, match=r"is UTF-16; only UTF-8 is read.*iconv"):
        opened(tmp_path, "posts.csv", mark + b"t\0e\0x\0t\0")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.csv", b'text,n\n"a\0b",1\n'),
        ("posts.jsonl", b'{"text": "a\\u0000b", "n": 1}\n'),
        ("raw.jsonl", b'{"text": "a\0b", "n": 1}\n'),
        ("posts.txt", b"a\0b\n"),
    ],
)
def test_nul_characters_stay_in_the_text(tmp_path, name, content):
    [row] = rows_of(opened(tmp_path, name, content))
    assert (row["text"], row["rejected"]) == ("a\0b", None)


def test_csv_values_may_hold_line_ends_quotes_and_stray_quotes(tmp_path):
    content = b'text,n\n"two\nlines, ""quoted""",1\n5" pipe,2\r\n"",3\n,4\n"tail" x,5'
    rows = rows_of(opened(tmp_path, "posts.csv", content))
    assert [row["text"] for row in rows] == ['two\nlines, "quoted"', '5" pipe', "", "", "tail x"]
    assert [row["n"] for row in rows] == list("12345")


# Cut off


@pytest.mark.parametrize(("packing", "ending"), [("gzip", "gz"), ("zstd", "zst")])
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_packed_file_that_is_cut_gives_every_whole_row_before_the_cut(
    tmp_path, packing, ending, kind, share
):
    content = {"jsonl": json_lines, "csv": csv_lines}[kind](60_000)
    packed = (
        gzip.compress(content, 1)
        if packing == "gzip"
        else pa.Codec(packing).compress(content, asbytes=True)
    )
    source = opened(tmp_path, f"posts.{kind}.{ending}", packed[: int(len(packed) * share)])
    rows, [error] = read_all(source)
    assert 5_000 < len(rows) < 60_000
    assert [int(row["n"]) for row in rows] == list(range(len(rows)))
    assert all(row["rejected"] is None for row in rows)
    assert f"posts.{kind}.{ending}: broken or cut off after byte" in error


def test_a_json_file_cut_inside_its_last_line_gives_that_line_as_a_rejected_row(tmp_path):
    rows, errors = read_all(opened(tmp_path, "posts.jsonl", json_lines(100)[:-5]))
    assert [row["rejected"] for row in rows] == [None] * 99 + ["broken_line"]
    assert errors == []


def parquet_bytes(tmp_path, n_groups=5, group_rows=1000):
    path = tmp_path / "whole.bin"
    data = pa.table({"text": [f"post {n} {n * 7919}" for n in range(n_groups * group_rows)]})
    pq.write_table(data, path, row_group_size=group_rows, use_dictionary=False, compression="zstd")
    return path.read_bytes(), pq.read_metadata(path)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_parquet_file_that_is_cut_is_named_with_its_size(tmp_path, share):
    content, _ = parquet_bytes(tmp_path)
    with pytest.raises(SourceError, match=r"posts\.parquet: no whole Parquet file.*bytes"):
        opened(tmp_path, "posts.parquet", content[: int(len(content) * share)])


def test_a_broken_row_group_costs_only_itself(tmp_path):
    content, metadata = parquet_bytes(tmp_path)
    place = metadata.row_group(2).column(0).data_page_offset
    broken = content[: place + 40] + os.urandom(400) + content[place + 440 :]
    rows, [error] = read_all(opened(tmp_path, "posts.parquet", broken))
    assert [row["text"] for row in rows[:2000]] == [f"post {n} {n * 7919}" for n in range(2000)]
    assert rows[-1]["text"].startswith("post 4999 ")
    assert len(rows) >= 4000
    assert f"row group 2, from byte {place:,}, is broken" in error


@pytest.mark.parametrize("opener", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_an_arrow_file_that_is_cut_gives_every_whole_batch(tmp_path, opener, share):
    data = pa.table({"text": [f"post {n}" for n in range(10_000)]})
    with pa.OSFile(str(tmp_path / "whole"), "wb") as file, opener(file, data.schema) as writer:
        writer.write_table(data, max_chunksize=100)
    content = (tmp_path / "whole").read_bytes()
    rows, [error] = read_all(opened(tmp_path, "posts.arrow", content[: int(len(content) * share)]))
    assert 4000 < len(rows) < 10_000
    assert len(rows) % 100 == 0
    assert rows[-1]["text"] == f"post {len(rows) - 1}"
    assert "broken or cut off" in error


def test_a_run_goes_on_past_a_bad_file_and_names_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jsonl").write_bytes(json_lines(10))
    (tmp_path / "in/b.jsonl.gz").write_bytes(gzip.compress(json_lines(50_000))[:-1000])
    (tmp_path / "in/c.parquet").write_bytes(b"PAR1")
    manifest = run(Pipeline(()), tmp_path / "in", tmp_path / "out", settings=QUIET)
    assert manifest.counts.rows_in > 40_000
    assert [bad.path.rsplit("/", 1)[1] for bad in manifest.bad_inputs] == [
        "c.parquet",
        "b.jsonl.gz",
    ]
    assert not manifest.is_clean


def test_a_run_in_which_no_row_can_be_read_fails_in_the_end(tmp_path):
    path = tmp_path / "posts.parquet"
    content, metadata = parquet_bytes(tmp_path, n_groups=1)
    place = metadata.row_group(0).column(0).data_page_offset
    path.write_bytes(content[:place] + os.urandom(64) + content[place + 64 :])
    with pytest.raises(SourceError, match="row group 0, from byte"):
        run(Pipeline(()), path, tmp_path / "out", settings=QUIET)


# Not what they claim


def test_what_a_file_is_counts_more_than_its_name(tmp_path):
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "posts.csv")
    assert rows_of(open_source(tmp_path / "posts.csv"))[0]["text"] == "a"
    assert len(rows_of(opened(tmp_path, "packed.jsonl", gzip.compress(json_lines(7))))) == 7
    assert len(rows_of(opened(tmp_path, "plain.jsonl.gz", json_lines(7)))) == 7


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("posts.parquet", b"text,n\na,1\n", r"no whole Parquet file.*--format"),
        ("posts.jsonl", b"text,n\na,1\n", "holds no line of JSON \\(it starts with 't'\\)"),
        ("posts.jsonl", b'[\n{"text": "a"}]\n', "one object a line"),
        ("posts.csv", b'{"text": "a"}\n', "looks like JSON Lines"),
        ("posts.csv", b"", "is empty: a CSV file begins with a line of column names"),
        ("posts.csv", b"MZ\0\0\x03\0binary", "is no CSV text"),
        ("posts.arrow", b"text,n\na,1\n", "broken or cut off after byte 0"),
        ("posts.arrow", b"", "broken or cut off after byte 0"),
        (
            "posts.xyz",
            b"text\na\n",
            "format not known by its ending; name it with --format parquet",
        ),
        ("posts.csv", b"text,text\na,b\n", "column 'text' is there twice"),
        ("posts.csv", b"body\na\n", "has no column 'text'; columns there: body"),
    ],
)
def test_a_file_that_is_not_what_it_claims_is_named(tmp_path, name, content, message):
    with pytest.raises(SourceError, match=message):
        opened(tmp_path, name, content)


@pytest.mark.parametrize("content", [b'[{"text": "a"}, {"text": "b"}]\n', b'[{"text": "a"}]'])
def test_a_json_array_in_one_line_is_named_with_the_way_to_convert_it(tmp_path, content):
    with pytest.raises(SourceError, match=r"holds no line of JSON.*jq -c"):
        opened(tmp_path, "posts.json", content)


def test_a_folder_may_hold_other_files(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(json_lines(3))
    (tmp_path / "readme.md").write_text("hello")
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / "_SUCCESS").write_text("")
    source = open_source(tmp_path)
    assert len(rows_of(source)) == 3
    assert source.skipped == (str(tmp_path / "readme.md"),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nothing/*.csv", "no file found"),
        ("nothing.csv", "no file found"),
        (".", r"holds no file that can be read; allowed endings: \.parquet"),
    ],
)
def test_a_source_that_matches_nothing_is_named(tmp_path, monkeypatch, given, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readme.md").write_text("hello")
    with pytest.raises(SourceError, match=message):
        open_source(given)


def test_a_file_that_may_not_be_read_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    (tmp_path / "posts.csv").write_text("text\na\n")
    (tmp_path / "posts.csv").chmod(0)
    with pytest.raises(SourceError, match=r"posts\.csv: cannot be opened"):
        open_source(tmp_path / "posts.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.csv", b"text,n\n"),
        ("posts.jsonl", b""),
        ("posts.txt", b""),
        ("posts.jsonl.gz", gzip.compress(b"")),
    ],
)
def test_a_file_without_rows_is_a_run_without_rows(tmp_path, name, content):
    source = opened(tmp_path, name, content)
    manifest = run(Pipeline(()), source, tmp_path / "out", settings=QUIET)
    assert (manifest.counts.rows_in, manifest.is_clean) == (0, True)


def test_a_parquet_file_without_rows_or_row_groups_is_a_run_without_rows(tmp_path):
    pq.ParquetWriter(tmp_path / "none.parquet", pa.schema([("text", pa.string())])).close()
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "zero.parquet")
    manifest = run(Pipeline(()), tmp_path, tmp_path / "out", settings=QUIET)
    assert manifest.counts.rows_in == 0
    assert pq.read_table(tmp_path / "out/none-00000.parquet").schema.names == ["text"]


# Size


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "posts.txt", "posts.parquet"])
def test_a_row_of_ten_megabytes_passes_through(tmp_path, name):
    long = "accha " * (10 << 20 >> 2) + "\u0939"
    data = pa.table({"text": ["a", long, "b"]})
    contents = {
        "posts.csv": lambda: f'text\na\n"{long}"\nb\n'.encode(),
        "posts.jsonl": lambda: b"".join(
            json.dumps(row).encode() + b"\n" for row in data.to_pylist()
        ),
        "posts.txt": lambda: f"a\n{long}\nb\n".encode(),
    }
    if name in contents:
        (tmp_path / name).write_bytes(contents[name]())
    else:
        pq.write_table(data, tmp_path / name)
    assert [row["text"] for row in rows_of(open_source(tmp_path / name))] == ["a", long, "b"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["posts.csv", "posts.txt", "posts.jsonl", "posts.parquet"])
def test_a_million_empty_rows_are_a_million_rows(tmp_path, name):
    n_rows = 1_000_000
    contents = {
        "posts.csv": lambda: b"text\n" + b"\n" * n_rows,
        "posts.txt": lambda: b"\n" * n_rows,
        "posts.jsonl": lambda: b'{"text": ""}\n' * n_rows,
    }
    if name in contents:
        (tmp_path / name).write_bytes(contents[name]())
    else:
        pq.write_table(pa.table({"text": [""] * n_rows}), tmp_path / name)
    manifest = run(Pipeline(()), tmp_path / name, tmp_path / "out", settings=QUIET)
    assert (manifest.counts.rows_in, manifest.counts.rows_out) == (n_rows, n_rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl"])
def test_time_grows_with_the_length_of_a_broken_file_not_its_square(tmp_path, name):
    """Each line of the file is broken: the slow road, from which a crawl would be seen."""
    head = csv_lines(1) if name == "posts.csv" else json_lines(1)
    times = []
    for n_rows in (20_000, 80_000):
        source = opened(tmp_path, name, head + b'bad \xff "line\n' * n_rows)
        start = time.process_time()
        assert len(rows_of(source)) == n_rows + 1
        times.append(time.process_time() - start)
    assert times[1] < 10 * times[0]
