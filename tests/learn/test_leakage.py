"""Leakage: copies are counted once, conflicts are told, examples are short."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from mizaj.clean.near.sketching import Sketch
from mizaj.errors import ColumnMissing, SettingError, SourceError
from mizaj.learn.leakage import LeakageSettings, leakage

TRAIN = pa.table(
    {
        "text": ["Accha hai", "accha HAI!", "bura din", "@amit theek", None, "naya gaana"],
        "label": ["positive", "neutral", "negative", "neutral", "neutral", "positive"],
    }
)
HELD = pa.table(
    {
        "text": ["Accha hai", "bura din!!", "@sumit theek", "kuch aur", None, "  "],
        "label": ["positive", "positive", "neutral", "neutral", "neutral", None],
    }
)


def test_exact_and_near_copies_are_counted_each_row_once():
    found = leakage(TRAIN, HELD)
    assert (found.n_exact, found.n_near) == (1, 2)
    assert found.share == pytest.approx(3 / 6)
    assert found.n_first_copies == 4


def test_a_copy_with_another_label_is_a_conflict_even_beside_one_that_agrees():
    found = leakage(TRAIN, HELD)
    assert found.n_conflicting == 2
    assert [copy.is_conflicting for copy in found.examples] == [True, True, False]
    assert found.examples[0].first == "accha HAI!"


def test_tables_without_labels_have_no_conflicts():
    found = leakage(TRAIN.select(["text"]), HELD)
    assert found.n_conflicting == 0
    assert found.n_exact + found.n_near == 3


def test_tables_that_share_nothing_have_none():
    found = leakage(TRAIN, HELD.slice(3))
    assert (found.share, found.examples, found.n_first_copies) == (0.0, (), 0)


def test_an_empty_table_has_none():
    assert leakage(TRAIN, HELD.slice(0, 0)).share == 0.0


def test_examples_are_shortened_and_as_many_as_asked_for():
    long = pa.table({"text": ["lamba " * 40 + "x", "chhota"]})
    found = leakage(long, long, LeakageSettings(n_examples=1))
    assert len(found.examples) == 1
    assert len(found.examples[0].first) == 56
    assert found.examples[0].first.endswith("…")


def test_it_prints_and_goes_out_as_json():
    found = leakage(TRAIN, HELD, LeakageSettings(names=("train.csv", "held.csv")))
    assert found.render().splitlines()[:5] == [
        "held.csv (6 rows) against train.csv (6 rows)",
        "  exact copies               1   16.7 %",
        "  near copies                2   33.3 %",
        "  with another label         2  of 3 copies",
        "  rows of the first          4  to leave out of training",
    ]
    spelt = json.loads(json.dumps(found.to_dict()))
    assert (spelt["n_exact"], spelt["share"]) == (1, 0.5)


def test_a_table_without_texts_is_refused():
    with pytest.raises(ColumnMissing, match="column 'text', read by leakage"):
        leakage(TRAIN, pa.table({"post": ["x"]}))


LONG = (
    "kal raat stadium mein jab baarish ruki tab sab log wapas aaye aur aaj ka match bahut hi "
    "kamaal ka tha sabne mil kar dekha aur khoob maza aaya"
)


def test_copies_that_share_no_key_are_found_by_their_likeness():
    train = pa.table({"text": [f"dekho {LONG} yaaron"], "label": ["positive"]})
    held = pa.table({"text": [f"suno {LONG} doston"], "label": ["negative"]})
    assert leakage(train, held, LeakageSettings(near=None)).share == 0.0
    found = leakage(train, held)
    assert (found.n_near, found.n_conflicting, found.n_first_copies) == (1, 1, 1)


@pytest.mark.parametrize("near", [None, Sketch()])
def test_posts_of_nothing_but_marks_are_copies_only_as_they_are_written(near):
    train = pa.table({"text": ["!!!", "@amit", "www.a.example", "accha"]})
    held = pa.table({"text": ["???", "@sumit", "www.b.example", "!!!"]})
    found = leakage(train, held, LeakageSettings(near=near))
    assert (found.n_exact, found.n_near, found.n_first_copies) == (1, 0, 1)


def test_a_post_that_comes_very_often_on_both_sides_is_no_special_case():
    n = 30_000  # all with all would be 900 million pairs
    train = pa.table({"text": ["good morning"] * n, "label": ["positive"] * (n - 1) + ["neutral"]})
    held = pa.table({"text": ["Good morning"] * n, "label": ["positive"] * n})
    found = leakage(train, held, LeakageSettings(n_examples=1))
    assert (found.n_exact, found.n_near, found.n_first_copies) == (0, n, n)
    assert found.n_conflicting == n
    assert found.examples[0].first_label == "neutral"


def test_a_column_that_can_hold_no_labels_is_refused():
    lists = pa.table({"text": ["accha"], "label": [["positive"]]})
    with pytest.raises(SourceError, match=r"column 'label' is list.*labels are strings"):
        leakage(lists, HELD)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(SettingError, match="n_examples is -1"):
        LeakageSettings(n_examples=-1)
