"""Copies as they come: nothing seen is missed, errors stay within what is stated, what is old is forgotten."""

from __future__ import annotations

import io
import pickle
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.copies import bloom, recent
from mizaj.clean.copies.recent import RecentPosts, RecentSettings
from mizaj.clean.copies.recent_source import with_recent
from mizaj.clean.marking import mark
from mizaj.clean.near.sketching import Sketch
from mizaj.errors import SettingError
from mizaj.read import open_source

WORDS = [f"shabd{number}" for number in range(300)]
EXACT = RecentSettings(capacity=1000, near=None)


def made(n: int, seed: int = 0) -> list[str]:
    chosen = random.Random(seed)
    return [" ".join(chosen.choices(WORDS, k=14)) for _ in range(n)]


def marked(posts: RecentPosts, texts: list[str | None], size: int | None = None) -> list[bool]:
    found: list[bool] = []
    step = size or max(len(texts), 1)
    for start in range(0, len(texts), step):
        some = pa.array(texts[start : start + step], pa.string())
        found += posts.see(some, np.ones(len(some), np.bool_)).tolist()
    return found


@pytest.mark.parametrize("chosen", [EXACT, RecentSettings(capacity=1000)])
def test_copies_in_one_batch_and_across_batches_are_marked(chosen):
    texts = ["Accha hai", "bura", "ACCHA hai!", "RT @a: bura", "theek"]
    assert marked(RecentPosts(chosen), texts) == [False, False, True, True, False]
    assert marked(RecentPosts(chosen), texts, size=1) == [False, False, True, True, False]


def test_near_copies_are_marked_and_others_are_not():
    first = made(500)
    near = [text + " ji" for text in first]
    posts = RecentPosts(RecentSettings(capacity=5000))
    assert not any(marked(posts, first))
    assert np.mean(marked(posts, near)) > 0.98
    assert not any(marked(posts, made(500, seed=1)))


@settings(max_examples=25)
@given(
    texts=st.lists(
        st.sampled_from([*made(12), *(t + " ji" for t in made(12)), "a", "b"]), max_size=60
    ),
    capacity=st.integers(1, 9),
    size=st.integers(1, 7),
)
def test_cutting_batches_otherwise_changes_nothing(texts, capacity, size):
    chosen = RecentSettings(capacity=capacity)
    assert marked(RecentPosts(chosen), texts, size) == marked(RecentPosts(chosen), texts)


@pytest.mark.skipif(recent._recent is None, reason="nothing is compiled; the definition runs alone")
@settings(max_examples=20)
@given(
    texts=st.lists(
        st.sampled_from([*made(9), *(t + " ji" for t in made(9)), "a", "b"]), max_size=40
    ),
    capacity=st.integers(1, 20),
    error=st.sampled_from([0.5, 0.01, 1e-6]),
    near=st.sampled_from([None, Sketch(), Sketch(threshold=0.6)]),
)
def test_compiled_and_definition_mark_and_remember_the_same(texts, capacity, error, near):
    chosen = RecentSettings(capacity, error, near=near)
    fast, slow = RecentPosts(chosen), RecentPosts(chosen)
    found = marked(fast, texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "_recent", None)
        assert marked(slow, texts) == found
    for one, other in zip((*fast._young, *fast._old), (*slow._young, *slow._old), strict=True):
        assert np.array_equal(one, other)


def test_the_last_posts_are_known_and_earlier_ones_forgotten():
    posts = RecentPosts(RecentSettings(capacity=100, near=None, error=1e-6))
    texts = made(350)
    assert not any(marked(posts, texts))
    assert all(marked(posts, texts[-100:]))
    assert not any(marked(posts, texts[:100]))


def test_a_campaign_that_goes_on_stays_known():
    posts = RecentPosts(RecentSettings(capacity=50, near=None, error=1e-6))
    fresh = iter(made(1000))
    stream = [next(fresh) if place % 10 else "hamara offer dekho" for place in range(600)]
    found = marked(posts, stream)
    assert [place for place in range(0, 600, 10) if not found[place]] == [0]


@pytest.mark.parametrize("error", [0.05, 0.01])
def test_full_filters_err_no_more_often_than_is_stated(error):
    posts = RecentPosts(RecentSettings(capacity=3000, error=error, near=None))
    marked(posts, [f"post {number}" for number in range(5999)])
    (young, bands), old, n_young = posts._young, posts._old, posts._n_young
    assert n_young > 2500
    n_false = 0
    for number in range(3000):
        # each time against the same full filters
        posts._young, posts._old, posts._n_young = (young.copy(), bands), old, n_young
        n_false += marked(posts, [f"aur post {number}"])[0]
    assert 0 < n_false / 3000 <= error * 1.3 + 0.003


@pytest.mark.parametrize(("capacity", "share"), [(1000, 0.01), (20_000, 0.001), (5, 0.1)])
def test_a_filter_is_wrong_as_often_as_its_size_says(capacity: int, share: float):
    size = bloom.size_for(capacity, share)
    words = size.empty()[0]
    chosen = random.Random(4)
    for _ in range(capacity):
        bloom.put(words, chosen.getrandbits(64), size.n_probes)
    wrong = sum(bloom.holds(words, chosen.getrandbits(64), size.n_probes) for _ in range(20_000))
    assert wrong / 20_000 <= share * 1.3 + 0.001
    assert bloom.false_answers(capacity / size.n_blocks, size.n_probes) <= share


def test_memory_is_what_is_stated():
    chosen = RecentSettings(capacity=10_000)
    posts = RecentPosts(chosen)
    taken = sum(each.nbytes for each in (*posts._young, *posts._old))
    assert taken == chosen.size_bytes
    assert RecentSettings(capacity=10_000, near=None).size_bytes < taken / 10


class NoSpam:
    reads = ("text", REJECTED.name)
    adds = pa.schema([])

    def __call__(self, batch):
        return mark(batch, pa.compute.match_substring(batch.column("text"), "spam"), "spam")


def test_standard_input_is_marked_in_one_pass():
    lines = ["Accha hai", "spam", "spam", "accha hai", "", "accha hai!"]
    source = open_source(
        "-", stdin=io.BytesIO("".join(f'{{"text": "{t}"}}\n' for t in lines).encode())
    )
    stream = with_recent(source, RecentPosts(), filters=Pipeline((NoSpam(),)))
    rows = [row for batch in stream.batches(stream.shards[0]) for row in batch.to_pylist()]
    assert [row["rejected"] for row in rows] == [None, None, None, "duplicate", None, "duplicate"]


def test_rows_with_a_reason_are_neither_marked_nor_remembered():
    rejected = pa.array(["empty", None, "spam"], REJECTED.type)
    batch = pa.record_batch({"text": ["accha", "accha", "accha"], "rejected": rejected})
    found = RecentPosts().mark(batch)
    assert found.column("rejected").to_pylist() == ["empty", None, "spam"]


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"error": 0.0}, {"error": 1.0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        RecentSettings(**wrong)


def test_an_error_that_is_too_small_is_refused():
    with pytest.raises(SettingError, match="allow a larger one"):
        RecentSettings(error=1e-60)


def test_several_shards_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("accha\n")
    with pytest.raises(SettingError, match="2 shards"):
        with_recent(open_source(str(tmp_path)), RecentPosts())


def test_what_one_process_has_seen_is_not_sent_to_others():
    with pytest.raises(SettingError, match="--on local"):
        pickle.dumps(RecentPosts())
