"""The linear model: compiled and plain Python agree, the table finds what was put in, training learns and repeats."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.learn.fit_linear import LinearSettings
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.lexicon import twin
from mizaj.lexicon.layout import hash_bytes
from mizaj.lexicon.packed import load_hand_made
from mizaj.model import linear, ngrams, signals
from mizaj.model.classifier import softmax
from mizaj.model.explain_linear import explain_linear
from mizaj.model.linear_one import lexicon_kernel
from mizaj.text.tokens import compatible, tokenise

compiled = pytest.importorskip(
    "mizaj.model._linear", reason="the compiled kernel is not built; the twin runs alone"
)

pytestmark = pytest.mark.usefixtures("python_rules")

PRAISE = [
    "bahut accha phone hai",
    "mast movie yaar 😍",
    "great job!",
    "I love it :)",
    "शानदार फिल्म",
]
BLAME = ["bakwas phone hai", "bekar movie yaar 😡", "terrible job!", "I hate it :(", "घटिया फिल्म"]
POSTS = [
    *PRAISE,
    *BLAME,
    "gooooood " * 3 + "x" * 60 + " " + "o" * 70,
    "क़िस्मत बढ़िया, éÉ @a!!! ???? http://x.y 👍🏽 :))) 12,3 #bahutAccha",
    "ｇｏｏｄ 𝓰𝓸𝓸𝓭",
    "",
]


def labelled() -> Labelled:
    texts = [f"{text} {i}" for i in range(4) for text in (*PRAISE, *BLAME)]
    codes = np.array([1] * 5 + [0] * 5, np.int64)
    return Labelled.of(pa.array(texts), np.tile(codes, 4), ("negative", "positive"))


@pytest.fixture(scope="module")
def model() -> linear.LinearModel:
    fitted = trainer("linear")(labelled(), None, LinearSettings(least_count_chars=2))
    assert isinstance(fitted, linear.LinearModel)
    return fitted


def assert_read_alike(text: str, model: linear.LinearModel) -> None:
    fast = model.read(pa.array([text]))
    logits, result = linear.read_plainly(text, model, load_hand_made())
    slow = softmax(np.array([logits], np.float32))[0]
    np.testing.assert_allclose(fast["proba"], slow, atol=1e-5)
    assert result.n_words >= 0


@pytest.mark.parametrize("text", POSTS)
def test_compiled_and_plain_python_give_the_same_probabilities(
    text: str, model: linear.LinearModel
) -> None:
    assert_read_alike(text, model)


@settings(max_examples=100)
@given(text=st.text(max_size=60))
def test_they_agree_on_any_text(text: str, model: linear.LinearModel) -> None:
    assert_read_alike(text.encode("utf-8", "replace").decode(), model)


@pytest.mark.parametrize("text", POSTS)
def test_what_is_counted_is_what_the_definition_says(text: str) -> None:
    lexicon = load_hand_made()
    plain = compatible(text)
    column = pa.array([plain])
    _, offsets, data = column.buffers()
    view = memoryview(data or b"").cast("B")
    places, groups, keys, figures = compiled.read_features(
        lexicon_kernel(), view, memoryview(offsets).cast("B"), 0, 1, is_large=False
    )
    assert list(places) == [0, len(keys)]
    wanted = ngrams.features(tokenise(plain, lexicon.emoticons), plain)
    assert Counter(zip(groups, keys, strict=True)) == Counter(wanted)
    np.testing.assert_allclose(
        figures, signals.signals(*twin.score_text(plain, lexicon)), atol=1e-5
    )


def test_it_learns_what_it_is_shown(model: linear.LinearModel) -> None:
    proba = model.probabilities(pa.array([*PRAISE, *BLAME]))
    assert proba.argmax(axis=1).tolist() == [1] * 5 + [0] * 5


def test_huge_posts_and_words_are_read(model: linear.LinearModel) -> None:
    texts = pa.array(["accha " * 200_000, "a" * 2_000_000, "😀" * 300_000])
    assert np.isfinite(model.probabilities(texts)).all()


@settings(max_examples=50)
@given(keys=st.sets(st.integers(0, 2**63 - 1), max_size=300), n_labels=st.integers(1, 9))
def test_the_table_finds_every_key_and_no_other(keys: set[int], n_labels: int) -> None:
    # hashes, as real keys are: of those 32 bits and the place tell two apart
    odd = np.array(sorted({hash_bytes(str(key).encode()) for key in keys}), np.uint64)
    steps = np.random.default_rng(0).integers(-127, 128, (len(odd), n_labels)).astype(np.int8)
    find = linear.finder(linear.build_table(odd, steps))
    for key, row in zip(odd.tolist(), steps, strict=True):
        assert find(key)[:n_labels].tolist() == row.tolist()
    assert not find(hash_bytes(b"another")).any()


def test_soft_targets_pull_away_from_the_labels() -> None:
    posts = labelled()
    turned = np.eye(2, dtype=np.float32)[1 - posts.codes]
    taught = Labelled(
        posts.texts, posts.codes, posts.labels, posts.weights, posts.sources, targets=turned
    )
    model = trainer("linear")(taught, None, LinearSettings())
    answers = model.probabilities(posts.texts).argmax(axis=1)
    assert (answers == 1 - posts.codes).mean() > 0.9


def test_an_explanation_adds_up_to_the_models_answer(model: linear.LinearModel) -> None:
    text = "bahut accha phone hai, lekin bakwas :("
    weights = explain_linear(text, model).weights
    logits, _ = linear.read_plainly(text, model, load_hand_made())
    assert sum(weight for _, weight in weights) == pytest.approx(logits[1] - logits[0], abs=0.1)
    assert dict(weights)["bakwas"] < 0


def test_a_set_without_neutral_posts_teaches_that_nothing_is_neutral_unless_told_otherwise() -> (
    None
):
    labels = ("negative", "neutral", "positive")
    news, reviews = ["the train leaves at nine", "the shop opens today"], [*PRAISE, *BLAME]
    texts = [*news * 5, *PRAISE, *BLAME, *(f"{text} the train" for text in reviews * 5)]
    codes = np.array([1] * 10 + ([2] * 5 + [0] * 5) * 6)
    sources = pa.array(["news"] * 20 + ["reviews"] * 50)
    posts = Labelled(pa.array(texts), codes, labels, np.ones(70, np.float32), sources)
    unsure = pa.array(["the train", "the shop"])
    neutral = {
        is_told: trainer("linear")(posts, None, LinearSettings(labels_of_source=is_told))
        .probabilities(unsure)[:, 1]
        .tolist()
        for is_told in (False, True)
    }
    assert all(
        of_all < of_source for of_all, of_source in zip(neutral[False], neutral[True], strict=True)
    )


def test_a_teacher_is_heard_on_the_labels_of_the_source_only() -> None:
    posts = labelled()
    three = Labelled(
        posts.texts,
        posts.codes * 2,
        ("no", "so", "yes"),
        posts.weights,
        posts.sources,
        targets=np.tile(np.array([0.0, 0.9, 0.1], np.float32), (posts.n_rows, 1)),
    )
    settings = LinearSettings(labels_of_source=True)
    proba = trainer("linear")(three, None, settings).probabilities(posts.texts)
    assert proba.argmax(axis=1).tolist() == [2] * posts.n_rows
