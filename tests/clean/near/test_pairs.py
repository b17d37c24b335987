"""Candidates: every two of a small group, a few of a big one, whatever the order of the records."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.clean.near import pairs as near
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.near.sets import counted, distinct, distinct_pairs, find, first_places
from mizaj.clean.near.sketching import Sketch

# Few numbers, some of which are equal in their lower halves: groups, and halves that meet.
NUMBERS = st.sampled_from([n + (high << 32) for n in range(5) for high in range(4)])


def array(values) -> np.ndarray:
    return np.array(values, np.uint64)


@given(records=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=60), seed=st.integers(0, 9))
def test_candidates_are_all_pairs_of_nodes_that_share_a_key(records, seed):
    groups = defaultdict(set)
    for key, node in records:
        groups[key].add(node)
    wanted = {
        pair for group in groups.values() for pair in itertools.combinations(sorted(group), 2)
    }
    shuffled = random.Random(seed).sample(records, len(records))
    ones, others = near.candidate_pairs(
        array([key for key, _ in shuffled]), array([node for _, node in shuffled])
    )
    assert list(zip(ones.tolist(), others.tolist(), strict=True)) == sorted(wanted)


@pytest.mark.parametrize(("n", "most"), [(32, 31 / 2), (33, 8), (4096, 8), (4097, 2)])
def test_big_groups_bring_few_pairs_and_stay_connected(n: int, most: float):
    nodes = np.random.default_rng(1).integers(0, 1 << 63, n).astype(np.uint64)
    ones, others = near.candidate_pairs(np.full(n, 7, np.uint64), nodes)
    assert len(ones) <= n * most
    assert len(distinct(ones, others)) == n
    again = near.candidate_pairs(np.full(n, 7, np.uint64), nodes[::-1])
    assert np.array_equal(again[0], ones)
    other_band = near.candidate_pairs(np.full(n, 9, np.uint64), nodes)
    assert n <= 32 or not np.array_equal(other_band[1], others)


def test_near_pairs_do_not_depend_on_the_order_of_posts():
    chosen = random.Random(3)
    words = [f"shabd{n}" for n in range(40)]
    texts = [" ".join(chosen.choices(words, k=12)) for _ in range(200)]
    texts += [text + " ji" for text in texts[:50]]
    found = near.near_pairs(plain_forms(pa.array(texts)), Sketch())
    assert set(zip(found.rows.tolist(), found.others.tolist(), strict=True)) >= {
        (row, 200 + row) for row in range(50)
    }
    order = chosen.sample(range(len(texts)), len(texts))
    again = near.near_pairs(plain_forms(pa.array([texts[place] for place in order])), Sketch())
    back = [
        tuple(sorted((order[one], order[other])))
        for one, other in zip(again.rows.tolist(), again.others.tolist(), strict=True)
    ]
    assert sorted(back) == sorted(zip(found.rows.tolist(), found.others.tolist(), strict=True))


VALUES = st.lists(NUMBERS, max_size=30)


@given(values=VALUES, more=VALUES)
def test_sets_are_those_of_numpy(values, more):
    assert distinct(array(values), array(more)).tolist() == sorted({*values, *more})
    found, counts = counted(array(values))
    assert list(zip(found.tolist(), counts.tolist(), strict=True)) == [
        (value, values.count(value)) for value in sorted(set(values))
    ]
    found, places = first_places(array(values))
    assert [values.index(value) for value in found.tolist()] == places.tolist()
    _, is_there = find(array(more), distinct(array(values)))
    assert is_there.tolist() == [value in values for value in more]
    pairs = list(zip(values, more, strict=False))
    ones, others = distinct_pairs(array([p[0] for p in pairs]), array([p[1] for p in pairs]))
    assert list(zip(ones.tolist(), others.tolist(), strict=True)) == sorted(set(pairs))
