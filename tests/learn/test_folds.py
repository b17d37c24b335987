"""Folds part the rows, keep copies together and labels even; copies of held-out posts are found."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.errors import ColumnMissing, SettingError
from mizaj.learn.folds import (
    fold_numbers,
    folds,
    near_copy_groups,
    near_copy_keys,
    without_copies,
)

LONG = "Yeh film dekh ke dil khush ho gaya, sab log zaroor dekhna"
words = st.sampled_from(["accha", "bura", "film", "dil", "khush", "naya", "log", "hai", "nahi"])
texts = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=12),
        st.lists(words, min_size=1, max_size=12).map(" ".join),
    ),
    max_size=40,
)


def are_copies(one: str, other: str) -> bool:
    first, second = near_copy_keys([one, other])
    return not set(first).isdisjoint(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bahut accha!!!", "bahut ACCHA"),
        ("goooood film", "goood  film :)"),
        ("@amit accha hai", "@sumit accha hai"),
        ("@ amit _ k accha hai", "@amit_k accha hai"),
        ("dekho http://t.co/abc yaar", "dekho https // t . co / xyz yaar"),
        ("won by 5 runs", "won by 12 runs"),
        ("RT @amit: mast gaana", "mast gaana"),
        ("ﬁlm ｇｏｏｄ", "film good"),
        (LONG, "RT @amit: " + LONG[:45] + "… https://t.co/1"),
        (LONG, "Sach me!! " + LONG),
        (LONG, LONG + " #bollywood"),
        ("यह फ़िल्म अच्छी है।", "यह फ़िल्म अच्छी है!!"),
        ("", None),
    ],
)
def test_a_copy_is_found(one, other):
    assert are_copies(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("accha hai", "accha nahi hai"),
        ("nice", "nice pic"),
        ("अच्छा", "अच्छी"),
        (LONG, LONG[:20]),
        ("👍", "👎"),
        ("", "accha"),
    ],
)
def test_another_post_is_no_copy(one, other):
    assert not are_copies(one, other)


def test_copies_of_copies_are_one_group():
    start, end = LONG[:38], LONG[22:]
    chain = [LONG, start + " aur kuch nahi chahiye", "ek dum alag shuruaat thi " + end, "alag"]
    assert near_copy_groups(chain).tolist() == [0, 0, 0, 1]


@given(texts)
def test_a_group_holds_all_that_share_a_key(some):
    groups, keys = near_copy_groups(some), near_copy_keys(some)
    owners = {}
    for group, each in zip(groups.tolist(), keys, strict=True):
        for key in each:
            assert owners.setdefault(key, group) == group


@given(texts, texts)
def test_what_is_left_for_training_shares_no_key_with_what_is_held_out(train, held_out):
    tables = [pa.table({"text": pa.array(part, pa.string())}) for part in (train, held_out)]
    kept = without_copies(*tables)["text"].to_pylist()
    held = {key for keys in near_copy_keys(held_out) for key in keys}
    assert all(held.isdisjoint(keys) for keys in near_copy_keys(kept))
    removed = Counter(train) - Counter(kept)
    assert all(not held.isdisjoint(near_copy_keys([text])[0]) for text in removed)


def test_training_rows_keep_their_order_and_columns():
    train = pa.table({"text": ["a", "b", "c"], "label": ["x", "y", "z"]})
    left = without_copies(train, pa.table({"text": ["B!"]}))
    assert left.to_pydict() == {"text": ["a", "c"], "label": ["x", "z"]}


many = st.lists(
    st.tuples(st.lists(words, min_size=1, max_size=9).map(" ".join), st.sampled_from("npu")),
    min_size=20,
    max_size=120,
)


@given(many, st.integers(2, 6), st.integers(0, 9))
@settings(max_examples=60)
def test_folds_part_the_rows_and_no_key_is_on_both_sides(posts, n_folds, seed):
    table = pa.table({"text": [text for text, _ in posts], "label": [label for _, label in posts]})
    n_folds = min(n_folds, len(set(near_copy_groups(table["text"].to_pylist()).tolist())))
    if n_folds < 2:
        return
    held_out = []
    for train, test in folds(table, n_folds=n_folds, seed=seed):
        assert len(test) > 0
        assert len(train) + len(test) == len(table)
        assert without_copies(train, test) == train
        held_out += test.to_pylist()
    assert Counter(map(str, held_out)) == Counter(map(str, table.to_pylist()))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 4)), min_size=30), st.integers(2, 5))
@settings(max_examples=60)
def test_each_label_is_spread_to_within_the_largest_group(groups, n_folds):
    """Copies share a label here, so a label's folds differ at most by one group of copies."""
    numbered = [
        (f"post {chr(0x905 + name)}", "npu"[name % 3]) for name, n in groups for _ in range(n)
    ]
    posts, labels = [text for text, _ in numbered], [label for _, label in numbered]
    if len(set(posts)) < n_folds:
        return
    numbers = fold_numbers(posts, labels, n_folds=n_folds).tolist()
    largest = max(Counter(posts).values())
    for label in set(labels):
        held = Counter(n for n, each in zip(numbers, labels, strict=True) if each == label)
        counts = [held[fold] for fold in range(n_folds)]
        assert max(counts) - min(counts) <= largest


def test_labels_are_even_when_posts_are_all_different():
    posts = [f"post {chr(0x905 + n % 40)}{chr(0x4E00 + n)}" for n in range(600)]
    labels = ["negative"] * 100 + ["neutral"] * 300 + ["positive"] * 200
    numbers = fold_numbers(posts, labels, seed=3)
    held = Counter(zip(numbers.tolist(), labels, strict=True))
    assert {held[fold, "negative"] for fold in range(5)} == {20}
    assert {held[fold, "neutral"] for fold in range(5)} == {60}
    assert {held[fold, "positive"] for fold in range(5)} == {40}


def test_equal_seeds_give_equal_folds_and_others_do_not():
    posts, labels = [chr(0x4E00 + n) for n in range(100)], ["neutral"] * 100
    first = fold_numbers(posts, labels, seed=1)
    assert (first == fold_numbers(posts, labels, seed=1)).all()
    assert (first != fold_numbers(posts, labels, seed=2)).any()


@pytest.mark.parametrize("n_folds", [0, 1, 4])
def test_a_number_of_folds_that_cannot_be_is_refused(n_folds):
    with pytest.raises(SettingError, match=rf"n_folds is {n_folds}; it must be from 2 to 3"):
        fold_numbers(["a", "b", "c", "A"], ["neutral"] * 4, n_folds=n_folds)


def test_a_missing_column_is_named():
    table = pa.table({"post": ["a"]})
    with pytest.raises(ColumnMissing, match="column 'text', read by folds"):
        without_copies(table, table)
