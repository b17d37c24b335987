"""A split spreads labels and sources evenly and lets no copy cross; copies are taken out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.learn.folds import near_copy_keys
from mizaj.learn.labelled import Labelled
from mizaj.learn.split import remove_copies, split

words = st.sampled_from(["accha", "bura", "film", "dil", "khush", "naya", "log", "hai", "nahi"])
texts = st.lists(st.lists(words, min_size=1, max_size=5).map(" ".join), min_size=12, max_size=60)


def labelled(posts: list[str], *, sources: list[str] | None = None) -> Labelled:
    n = len(posts)
    return Labelled(
        pa.array(posts, pa.string()),
        np.arange(n) % 3,
        ("a", "b", "c"),
        weights=np.arange(n, dtype=np.float32),
        sources=pa.array(sources or ["s"] * n, pa.string()),
    )


def keys_of(posts: Labelled) -> set[str]:
    return {key for keys in near_copy_keys(posts.texts.to_pylist()) for key in keys}


@settings(max_examples=50)
@given(texts, st.integers(0, 5))
def test_every_post_is_on_one_side_and_no_copy_crosses(posts, seed):
    try:
        train, held_out = split(labelled(posts), 0.3, seed=seed)
    except SettingError:
        return  # all of them copies of each other
    places = [*train.weights.astype(int).tolist(), *held_out.weights.astype(int).tolist()]
    assert sorted(places) == list(range(len(posts)))
    assert keys_of(train).isdisjoint(keys_of(held_out))


def test_labels_and_sources_are_spread_evenly():
    posts = labelled([f"post {chr(97 + n % 26)} {chr(97 + n // 26)} x" for n in range(600)],
                     sources=["big"] * 480 + ["small"] * 120)  # fmt: skip
    _, held_out = split(posts, 0.2, seed=1)
    small = held_out.take(
        np.flatnonzero(held_out.sources.to_numpy(zero_copy_only=False) == "small")
    )
    assert held_out.n_by_label.tolist() == [40, 40, 40]
    assert all(7 <= n <= 9 for n in small.n_by_label.tolist())


def test_a_rare_label_of_many_sources_is_held_out_too():
    posts = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60)]
    sources = [f"s{n}" for n in range(60)]
    _, held_out = split(labelled(posts, sources=sources), 0.2)
    assert held_out.n_by_label.tolist() == [4, 4, 4]


def test_a_seed_decides_the_split():
    posts = labelled([f"word{chr(97 + n)}" for n in range(26)])
    first, again, other = (split(posts, 0.3, seed=seed)[1].texts for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("share", [0, 1, -0.5, 3])
def test_a_share_beyond_0_to_1_is_refused(share):
    with pytest.raises(SettingError, match=r"must be between 0 and 1, such as 0\.2"):
        split(labelled(["a", "b"]), share)


@pytest.mark.parametrize(("share", "empty"), [(0.2, "validation"), (0.9, "training")])
def test_a_part_that_would_be_empty_is_refused(share, empty):
    with pytest.raises(SettingError, match=f"leaves none for {empty}"):
        split(labelled(["same post", "Same post!", "SAME post"]), share)


def test_copies_of_held_out_posts_are_taken_out_in_order():
    train = labelled(["Bahut accha!!", "theek", "bura", "RT @x: theek"])
    kept = remove_copies(train, labelled(["bahut ACCHA", "theek..."]))
    assert kept.texts.to_pylist() == ["bura"]
