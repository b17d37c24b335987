"""Leakage of files too big for memory: what the passes find is what the tables hold."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.errors import SourceError
from mizaj.learn.leakage import LeakageSettings, leakage
from mizaj.learn.leakage_passes import large_leakage
from mizaj.read import ReadSettings, open_source

LABELS = ["positive", "negative", None]


def sides(seed: int) -> tuple[pa.Table, pa.Table]:
    """Two tables that share posts, changed in ways that leave the plain form or most of it."""
    chosen = random.Random(seed)
    words = ["".join(chosen.sample("abcdefghijklmnopqrst", 6)) for _ in range(300)]
    base = [" ".join(chosen.choices(words, k=14)) for _ in range(120)]
    tables = []
    for _ in range(2):
        changes = [str, str.upper, lambda text: text + " ji", lambda text: f"RT @a: {text}"]
        texts = [chosen.choice(changes)(text) for text in chosen.sample(base, 70)]
        texts += [" ".join(chosen.choices(words, k=14)) for _ in range(50)]
        texts += ["", None, "  "]
        labels = [chosen.choice(LABELS) for _ in texts]
        tables.append(
            pa.table({"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.string())})
        )
    return tables[0], tables[1]


@pytest.mark.parametrize("seed", range(3))
def test_passes_find_what_tables_in_memory_hold(tmp_path, seed):
    first, second = sides(seed)
    settings = LeakageSettings(names=("a", "b"))
    paths = [tmp_path / "train-1.parquet", tmp_path / "held.parquet"]
    for path, table in zip(paths, (first, second), strict=True):
        pq.write_table(table, path, row_group_size=25)
    read = ReadSettings(shard_rows=25)
    sources = [open_source(str(path), settings=read) for path in paths]
    found = large_leakage(*sources, tmp_path / "work", settings)
    wanted = leakage(first, second, settings)
    for name in ("names", "n_rows", "n_exact", "n_near", "n_conflicting", "n_first_copies"):
        assert getattr(found, name) == getattr(wanted, name), name
    ranks = [[(c.is_conflicting, c.kind) for c in each.examples] for each in (found, wanted)]
    assert ranks[0] == ranks[1]


def test_columns_may_have_other_names_and_labels_may_be_missing(tmp_path):
    first = open_source(
        pa.table({"post": ["Bahut accha", "bura"], "id": [7, 1]}),
        settings=ReadSettings(text="post"),
    )
    second = open_source(pa.table({"text": ["bahut ACCHA!", "theek"], "label": ["x", "y"]}))
    found = large_leakage(first, second, tmp_path)
    assert (found.n_rows, found.n_exact, found.n_near, found.n_first_copies) == ((2, 2), 0, 1, 1)
    assert found.examples[0].first == "Bahut accha"


def test_a_column_that_can_hold_no_labels_is_refused_before_anything_is_read(tmp_path):
    lists = open_source(pa.table({"text": ["accha"], "label": [["positive"]]}))
    with pytest.raises(SourceError, match=r"column 'label' is list.*labels are strings"):
        large_leakage(lists, lists, tmp_path / "work")
    assert not (tmp_path / "work").exists()
