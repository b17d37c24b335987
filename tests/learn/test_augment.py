"""Noise: what it changes, what it leaves, and that a seed decides it."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.learn.augment import NOISES, AugmentSettings, augmented, noisy
from mizaj.learn.labelled import Labelled
from mizaj.text.phonetic import phonetic_key

POST = "Yeh movie bahut acchi thi yaar @amit_k https://t.co/Abc #MastFilm फिल्म अच्छी 😂"
KEPT = ("@amit_k", "https://t.co/Abc", "#MastFilm")


def noise_of(name: str, text: str, *, seed: int = 0, strength: float = 1.0) -> str:
    return NOISES[name](text, np.random.default_rng(seed), strength=strength)


@pytest.mark.parametrize("name", NOISES)
def test_a_noise_changes_a_post_and_leaves_handles_links_and_hashtags(name):
    changed = [noise_of(name, POST, seed=seed) for seed in range(5)]
    assert all(text != POST for text in changed)
    assert all(part in text for text in changed for part in KEPT)


@pytest.mark.parametrize("name", NOISES)
def test_no_strength_changes_nothing(name):
    assert noise_of(name, POST, strength=0) == POST


@pytest.mark.parametrize("name", NOISES)
@settings(max_examples=30)
@given(text=st.text(max_size=60))
def test_any_text_survives_and_a_seed_decides(name, text):
    once = noise_of(name, text, seed=3)
    assert once == noise_of(name, text, seed=3)
    assert bool(once.strip()) == bool(text.strip())


@pytest.mark.parametrize("name", NOISES)
def test_more_strength_changes_more_words(name):
    post = " ".join(["bahut accha gaana 😂"] * 40)
    words = post.split(" ")
    weak, strong = (noise_of(name, post, strength=s).split(" ") for s in (0.2, 1.0))
    changed = [sum(a != b for a, b in zip(words, each, strict=True)) for each in (weak, strong)]
    assert changed[0] < changed[1]


@pytest.mark.parametrize("name", NOISES)
def test_the_noise_of_a_row_does_not_depend_on_the_texts_of_others(name):
    alone = noisy(pa.array(["x", POST]), name, seed=7)
    beside = noisy(pa.array(["Something else", POST, None]), name, seed=7)
    assert beside[1] == alone[1]
    assert beside.to_pylist()[2] is None


@pytest.mark.parametrize("word", ["bahut", "zindagi", "accha", "kyun", "pyaar", "khush", "wafa"])
def test_another_spelling_sounds_the_same(word):
    spelt = {noise_of("spelling", f"yaar {word} hai", seed=seed).split()[1] for seed in range(20)}
    assert spelt != {word}
    assert {phonetic_key(each) for each in spelt} == {phonetic_key(word)}


def test_spelling_leaves_english_words():
    assert noise_of("spelling", "what a wonderful movie this was") == (
        "what a wonderful movie this was"
    )


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("नहीं यार बकवास फ़िल्म है", "nahi yaar bakvas film hai"),
        ("yeh film bahut acchi hai yaar", "यह film बहुत अच्छी है यार"),
        ("I loved this movie", "I loved this movie"),
    ],
)
def test_transliteration_writes_hindi_in_the_other_script(text, other):
    assert noise_of("transliteration", text) == other


def test_dropped_vowels_keep_the_ends_of_words():
    changed = noise_of("vowels", "bahut zabardast")
    assert re.fullmatch(r"b\w*t z\w*t", changed)
    assert len(changed) < len("bahut zabardast")


def test_a_post_of_emoji_alone_keeps_them():
    assert noise_of("emoji_removed", "😂❤️") == "😂❤️"
    assert noise_of("emoji_removed", "accha 😂❤️👍🏽") == "accha "


def test_emoji_are_repeated_or_a_plain_one_is_added():
    assert "😂😂" in noise_of("emoji_added", "accha 😂")
    assert noise_of("emoji_added", "accha") != "accha"


def test_a_noise_that_is_not_known_is_refused():
    with pytest.raises(
        SettingError, match=r"noise 'static' is not known; allowed: spelling, typos"
    ):
        noisy(pa.array(["x"]), "static")


def test_a_strength_beyond_one_is_refused():
    with pytest.raises(SettingError, match=r"strength of a noise is 2; allowed: from 0 to 1"):
        noisy(pa.array(["x"]), "typos", strength=2)


POSTS = Labelled(
    pa.array(["bahut accha gaana", "12", "ekdum bakwas film"]),
    np.array([1, 0, 0]),
    ("no", "yes"),
    weights=np.array([2, 0.5, 0.5], np.float32),
    sources=pa.array(["a", "b", "c"]),
    targets=np.eye(3, 2, dtype=np.float32),
)


def test_noisy_copies_follow_the_posts_with_their_labels_and_all_else():
    found = augmented(POSTS, AugmentSettings(("elongation",), strength=1))
    assert found.texts.to_pylist()[:3] == POSTS.texts.to_pylist()
    assert found.n_rows == 5  # a number cannot be stretched: its copy would teach nothing
    assert found.codes.tolist() == [1, 0, 0, 1, 0]
    assert found.sources.to_pylist() == ["a", "b", "c", "a", "c"]
    assert found.targets.tolist() == POSTS.targets[[0, 1, 2, 0, 2]].tolist()


@pytest.mark.parametrize("weight", [0.25, 1.0, 3.0])
def test_copies_weigh_what_they_are_told_and_the_mean_stays_one(weight):
    found = augmented(POSTS, AugmentSettings(("elongation",), strength=1, weight=weight))
    assert found.weights.mean() == pytest.approx(1)
    assert found.weights[3] / found.weights[0] == pytest.approx(weight)


def test_a_seed_decides_the_copies():
    several = AugmentSettings(copies=3, strength=1)
    first, again, other = (augmented(POSTS, several, seed=seed).texts for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_augmenting_no_posts_gives_none():
    none = POSTS.take(np.zeros(0, np.int64))
    assert augmented(none).n_rows == 0


@pytest.mark.parametrize("given", [{"noises": ()}, {"copies": 0}, {"weight": 0.0}])
def test_augmenting_by_nothing_is_refused(given):
    with pytest.raises(SettingError, match="name at least one noise, one copy"):
        AugmentSettings(**given)
