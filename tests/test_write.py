"""A shard is whole or absent, in every format, and rows that were set aside lie beside it."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.batch import REJECTED, SENTIMENT, TEXT
from mizaj.errors import SettingError, SinkError
from mizaj.write import ShardWriter, Sink, WriteSettings
from mizaj.write.folders import remove_folder
from mizaj.write.spelled import json_lines

SCHEMA = pa.schema([TEXT, REJECTED, SENTIMENT])
ROWS = [
    {"text": "so good", "rejected": None, "sentiment": "positive"},
    {"text": "buy now", "rejected": "spam", "sentiment": "neutral"},
    {"text": "so good", "rejected": "duplicate_of:1", "sentiment": "positive"},
    {"text": 'wah, "wah"\nbura', "rejected": None, "sentiment": "negative"},
]


def batch_of(rows, schema=SCHEMA):
    return pa.RecordBatch.from_pylist(rows, schema)


def written(folder, kind="parquet", rows=ROWS, schema=SCHEMA):
    with ShardWriter(Sink(folder, WriteSettings(format=kind)), "posts-00000", schema) as writer:
        writer.write(batch_of(rows, schema))
    return writer.receipt


READERS = {
    "parquet": lambda path: pq.read_table(path, partitioning=None).to_pylist(),
    "jsonl": lambda path: [json.loads(line) for line in path.read_bytes().splitlines()],
    "csv": lambda path: pc.read_csv(
        path, parse_options=pc.ParseOptions(newlines_in_values=True)
    ).to_pylist(),
}


@pytest.mark.parametrize("kind", READERS)
def test_kept_rows_and_rejects_can_be_read_back(tmp_path, kind):
    written(tmp_path, kind)
    kept = READERS[kind](tmp_path / f"posts-00000.{kind}")
    rejects = READERS[kind](tmp_path / "rejects" / f"posts-00000.{kind}")
    assert kept == [
        {"text": r["text"], "sentiment": r["sentiment"]} for r in ROWS if not r["rejected"]
    ]
    assert rejects == [row for row in ROWS if row["rejected"]]


@pytest.mark.parametrize("kind", READERS)
def test_a_shard_without_rows_is_a_file_without_rows(tmp_path, kind):
    receipt = written(tmp_path, kind, rows=[])
    assert READERS[kind](tmp_path / f"posts-00000.{kind}") == []
    assert (receipt.rows_in, receipt.rows_out, receipt.rejected) == (0, 0, {})
    assert not (tmp_path / "rejects").exists()


def test_the_receipt_counts_rows_and_reasons_without_their_detail(tmp_path):
    receipt = written(tmp_path)
    assert (receipt.rows_in, receipt.rows_out) == (4, 2)
    assert receipt.rejected == {"duplicate_of": 1, "spam": 1}
    assert receipt.files == {
        name: (tmp_path / name).stat().st_size
        for name in ("posts-00000.parquet", "rejects/posts-00000.parquet")
    }


def test_row_groups_do_not_depend_on_how_the_rows_come(tmp_path):
    rows = [{"text": str(n), "rejected": None, "sentiment": "neutral"} for n in range(100)]
    contents = []
    for step in (1, 7, 100):
        sink = Sink(tmp_path / str(step), WriteSettings(row_group_rows=30))
        with ShardWriter(sink, "p", SCHEMA) as writer:
            for start in range(0, 100, step):
                writer.write(batch_of(rows[start : start + step]))
        metadata = pq.read_metadata(tmp_path / str(step) / "p.parquet")
        contents.append([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)])
    assert contents == [[30, 30, 30, 10]] * 3


def test_a_block_that_raises_leaves_nothing_behind(tmp_path):
    def fail():
        with ShardWriter(Sink(tmp_path), "posts-00000", SCHEMA) as writer:
            writer.write(batch_of(ROWS))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_nothing_has_its_final_name_before_the_end(tmp_path):
    with ShardWriter(Sink(tmp_path), "posts-00000", SCHEMA) as writer:
        writer.write(batch_of(ROWS))
        assert all(p.name.startswith(".") for p in tmp_path.rglob("*") if p.is_file())


def test_a_full_disk_is_a_sink_error_and_leaves_nothing(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SinkError, match=r"cannot be written \(No space left on device\)"):
        written(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("kind", READERS)
def test_a_device_that_is_full_is_a_sink_error(tmp_path, kind):
    sink = Sink(tmp_path, WriteSettings(format=kind))
    rows = [{"text": os.urandom(200).hex(), "rejected": None, "sentiment": "neutral"}] * 50_000
    writer = ShardWriter(sink, "posts", SCHEMA)
    temporary = writer._temporary("kept")
    temporary.symlink_to("/dev/full")
    with pytest.raises(SinkError, match="cannot be written"), writer:
        writer.write(batch_of(rows))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings_given", "message"),
    [
        ({"format": "xml"}, "output format 'xml' is not known; allowed: parquet, jsonl, csv"),
        ({"overwrite": True, "resume": True}, "exclude each other"),
        ({"row_group_rows": 0}, "row_group_rows is 0"),
    ],
)
def test_settings_are_checked_when_made(settings_given, message):
    with pytest.raises(SettingError, match=message):
        WriteSettings(**settings_given)


def test_a_file_or_a_url_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(SinkError, match="is a file; the output needs a folder"):
        Sink(tmp_path / "x")
    with pytest.raises(SinkError, match="output goes to a local folder"):
        Sink("s3://bucket/out")


def test_a_column_that_the_format_cannot_hold_is_named(tmp_path):
    schema = pa.schema([TEXT, pa.field("gap", pa.month_day_nano_interval())])
    with pytest.raises(SinkError, match="column 'gap' of type month_day_nano_interval"):
        Sink(tmp_path).check(schema)
    Sink(tmp_path, WriteSettings(format="jsonl")).check(schema)


VALUES = {
    "yes": (True, True),
    "whole": (2**62, 2**62),
    "real": (0.25, 0.25),
    "nan": (math.nan, None),
    "day": (date(2020, 2, 1), "2020-02-01"),
    "when": (datetime(2020, 2, 1, 3, 4, tzinfo=UTC), "2020-02-01T03:04:00.000000Z"),
    "price": (Decimal("1.50"), "1.50"),
    "tags": (["a", "é"], ["a", "é"]),
    "user": ({"name": "x"}, {"name": "x"}),
    "raw": (b"\xff", "\ufffd"),
    "missing": (None, None),
}


@pytest.mark.parametrize("kind", VALUES)
def test_json_has_a_value_of_every_type(kind):
    given_value, expected = VALUES[kind]
    line = json_lines(pa.RecordBatch.from_pylist([{kind: given_value}]))[0].as_py()
    assert json.loads(line) == {kind: expected}


def test_csv_writes_nested_values_as_json(tmp_path):
    schema = pa.schema([TEXT, pa.field("tags", pa.list_(pa.string()))])
    written(tmp_path, "csv", [{"text": "a", "tags": ["x"]}, {"text": "b", "tags": None}], schema)
    lines = (tmp_path / "posts-00000.csv").read_text().splitlines()
    assert lines == ['"text","tags"', '"a","[""x""]"', '"b",']


@settings(max_examples=100)
@given(st.lists(st.one_of(st.none(), st.text(max_size=20))), st.integers(0, 5))
def test_any_text_survives_json_also_from_a_sliced_column(texts, start):
    batch = pa.record_batch({'t"e\\x': pa.array(texts, pa.string())}).slice(start)
    back = [json.loads(line) for line in json_lines(batch).to_pylist()]
    assert back == [{'t"e\\x': text} for text in texts[start:]]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([None, "spam", "empty", "duplicate_of:7"]), max_size=50))
def test_rows_in_are_rows_out_and_rejected(tmp_path_factory, reasons):
    rows = [{"text": "a", "rejected": reason, "sentiment": "neutral"} for reason in reasons]
    receipt = written(tmp_path_factory.mktemp("out"), rows=rows)
    assert receipt.rows_in == len(reasons) == receipt.rows_out + sum(receipt.rejected.values())


def test_files_of_a_shard_are_put_in_place_together_or_not_at_all(tmp_path):
    (tmp_path / "rejects").touch()
    with pytest.raises(SinkError, match=r"rejects.posts-00000\.parquet: cannot be written"):
        written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rejects"]


def test_a_folder_is_removed_although_somebody_adds_to_it(tmp_path, monkeypatch):
    folder = tmp_path / "busy"
    folder.mkdir()
    remove, added = shutil.rmtree, []

    def meanwhile(path):
        remove(path)
        if len(added) < 3:
            path.mkdir()
            added.append(path / str(len(added)))
            added[-1].touch()
            raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr("mizaj.write.folders.shutil.rmtree", meanwhile)
    remove_folder(folder)
    assert (len(added), folder.exists()) == (3, False)
    remove_folder(folder)


def test_a_folder_that_stays_is_told(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("mizaj.write.folders._PATIENCE_S", 0.0)
    monkeypatch.setattr("mizaj.write.folders.shutil.rmtree", refuse)
    with pytest.raises(SinkError, match=r"cannot be removed \(Device or resource busy\)"):
        remove_folder(tmp_path)
