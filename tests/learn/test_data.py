"""Labelled tables: read in any format, mapped, counted; every row is learnt from or counted as left out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ColumnMissing, SettingError, SourceError
from mizaj.learn.data import (
    TableSettings,
    check_trainable,
    dataset_name,
    read_tables,
    with_labels,
    without_unused_labels,
)
from mizaj.learn.labelled import Labelled

ROWS = pa.table(
    {
        "text": ["accha", "bura", None, "  ", "theek", "mila jula", "so so"],
        "label": ["positive", "negative", "positive", "neutral", "neutral", "mixed", None],
    }
)
POLARITY = TableSettings(labels=("negative", "neutral", "positive"))


def write(table: pa.Table, path) -> str:
    path.parent.mkdir(exist_ok=True)
    if path.name.endswith("parquet"):
        pyarrow.parquet.write_table(table, path)
    elif path.name.endswith("csv"):
        pyarrow.csv.write_csv(table, path)
    else:
        path.write_text("\n".join(json.dumps(row) for row in table.to_pylist()))
    return str(path)


@pytest.mark.parametrize("name", ["set/train.parquet", "set/train.csv", "set/train.jsonl"])
def test_any_format_gives_the_same_posts(tmp_path, name):
    found = read_tables([write(ROWS, tmp_path / name)], POLARITY)
    assert found.labelled.texts.to_pylist() == ["accha", "bura", "theek"]
    assert found.labelled.codes.tolist() == [2, 0, 1]
    assert found.labelled.sources.to_pylist() == ["set/train"] * 3
    assert found.labelled.weights.tolist() == [1, 1, 1]


def test_rows_left_out_are_counted_by_reason_and_said():
    found = read_tables([ROWS], POLARITY)
    assert found.left_out == {
        "null_text": 1,
        "blank text": 1,
        "label=mixed": 1,
        "label missing": 1,
    }
    assert found.n_rows == ROWS.num_rows
    assert found.remarks[0].startswith("4 rows were left out: ")


def test_labels_are_found_by_the_alphabet_when_none_are_given():
    assert read_tables([ROWS]).labelled.labels == ("mixed", "negative", "neutral", "positive")


def test_several_files_come_in_order_each_with_its_domain_rows_and_hash(tmp_path):
    first = write(ROWS, tmp_path / "one.parquet")
    second = write(
        pa.table({"text": ["a b", "c d"], "label": ["positive"] * 2, "source": ["shop", None]}),
        tmp_path / "two.jsonl",
    )
    found = read_tables([first, second], POLARITY)
    stem = tmp_path.name
    assert found.labelled.sources.to_pylist() == [f"{stem}/one"] * 3 + ["shop", f"{stem}/two"]
    assert [(file.n_rows, file.n_kept) for file in found.files] == [(7, 3), (2, 2)]
    hashes = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (first, second)]
    assert [file.sha256 for file in found.files] == hashes


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (pa.array([1, 0, 1]), ("0", "1")),
        (pa.array([True, False, True]), ("false", "true")),
        (pa.array(["b", " a ", "b"]).dictionary_encode(), ("a", "b")),
    ],
)
def test_labels_of_any_simple_type_are_read(labels, names):
    found = read_tables([pa.table({"text": ["x", "y", "z"], "label": labels})])
    assert found.labelled.labels == names
    assert found.labelled.codes.tolist() == [1, 0, 1]


def test_a_label_map_renames_before_labels_are_chosen():
    settings = TableSettings(
        label_map={"mixed": "neutral", "goood": "positive"}, labels=("neutral",)
    )
    found = read_tables([ROWS], settings)
    assert found.labelled.texts.to_pylist() == ["theek", "mila jula"]
    assert found.remarks[-1] == "the label map names labels that no row has: goood"


def test_a_column_of_too_many_labels_is_refused():
    table = pa.table({"text": ["x"] * 201, "label": [f"post {n}" for n in range(201)]})
    with pytest.raises(SettingError, match=r"more than 200 different labels.*--label COLUMN"):
        read_tables([table], POLARITY)


def test_data_without_the_label_column_is_refused():
    with pytest.raises(ColumnMissing, match=r"column 'mood', read by --label"):
        read_tables([ROWS], TableSettings(label="mood"))


def test_labels_that_are_lists_are_refused():
    with pytest.raises(SourceError, match=r"labels are strings, numbers or booleans"):
        read_tables([pa.table({"text": ["x"], "label": [["a"]]})])


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (pa.table({"text": ["x"], "label": ["good"]}), "left out: label=good 1; labels wanted"),
        (ROWS.slice(0, 0), "there are no rows"),
    ],
)
def test_data_of_which_nothing_is_left_is_refused(table, found):
    with pytest.raises(SettingError, match=f"no row can be learnt from: {found}"):
        read_tables([table], POLARITY)


def test_validation_is_counted_in_the_labels_of_training():
    validation = read_tables([pa.table({"text": ["x", "y"], "label": ["b", "c"]})]).labelled
    assert with_labels(validation, ("a", "b", "c")).codes.tolist() == [1, 2]


def test_a_label_that_training_never_saw_is_refused():
    validation = read_tables([pa.table({"text": ["x", "y"], "label": ["b", "z"]})]).labelled
    with pytest.raises(SettingError, match=r"never seen in training: 'z' \(1\); training has a, b"):
        with_labels(validation, ("a", "b"))


def test_labels_without_posts_go():
    posts = Labelled.of(pa.array(["x", "y"]), np.array([2, 0]), ("a", "b", "c"))
    kept = without_unused_labels(posts)
    assert (kept.labels, kept.codes.tolist()) == (("a", "c"), [1, 0])


@pytest.mark.parametrize(
    ("codes", "message"),
    [([], "no row to train on"), ([1, 1], "all 2 rows to train on have the label 'b'")],
)
def test_what_no_model_can_learn_from_is_refused(codes, message):
    posts = Labelled.of(pa.array(["x"] * len(codes), pa.string()), np.array(codes), ("a", "b"))
    with pytest.raises(SettingError, match=message):
        check_trainable(posts)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/sentimix/train.parquet", "sentimix/train"),
        ("/posts.csv.gz", "posts"),
        ("./posts.csv", "posts"),
        ("<table>", "<table>"),
    ],
)
def test_a_data_set_is_named_by_its_folder_and_file(path, name):
    assert dataset_name(path) == name


cells = st.one_of(st.none(), st.sampled_from(["", " ", "a", "b", "accha 😀"]))


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=30))
def test_no_row_is_lost(rows):
    table = pa.table(
        {
            "text": pa.array([t for t, _ in rows], pa.string()),
            "label": pa.array([c for _, c in rows], pa.string()),
        }
    )
    good = [(t, c) for t, c in rows if (t or "").strip() and (c or "").strip()]
    if good:
        found = read_tables([table])
        assert found.labelled.texts.to_pylist() == [text for text, _ in good]
        assert found.n_rows == len(rows)
    else:
        with pytest.raises(SettingError, match="no row can be learnt from"):
            read_tables([table])
