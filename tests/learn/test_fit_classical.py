"""The second paper's classifiers: their arrays answer as scikit-learn does, and what they are told counts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn import fit_classical
from mizaj.learn.fit_classical import SETTINGS, choose_words, fit
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.lexicon.entries import Entry
from mizaj.lexicon.pack import pack
from mizaj.model.classical import Classical, load, spread, two_sided
from mizaj.model.folder import open_folder, save
from mizaj.model.paper_features import reader

pytest.importorskip("sklearn", reason="trained by the extra 'train'")

MADE = {
    "naive-bayes": "MultinomialNB",
    "svm": "CalibratedClassifierCV",
    "decision-tree": "DecisionTreeClassifier",
    "random-tree": "DecisionTreeClassifier",
    "random-forest": "RandomForestClassifier",
    "perceptron": "MLPClassifier",
}
WORDS = (
    "accha",
    "bekar",
    "film",
    "dekha",
    "nahi",
    "bahut",
    "loved",
    "worst",
    "yaar",
    "kal",
    "ok",
    "the",
)


def posts_of(n_labels: int, n: int = 120, seed: int = 0) -> Labelled:
    """Posts of random words, whose labels follow the words with noise."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(WORDS), (n, 6))
    codes = (rows[:, 0] + (rng.random(n) < 0.2)) % n_labels
    texts = [" ".join(WORDS[i] for i in row) for row in rows]
    labels = tuple(f"label {i}" for i in range(n_labels))
    return Labelled.of(pa.array(texts), codes.astype(np.int64), labels)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The estimators that training made, by scikit-learn's own classes."""
    found: list[Any] = []

    def record(name: str) -> None:
        kind = getattr(fit_classical, name)

        def make(*args: Any, **options: Any) -> Any:
            found.append(kind(*args, **options))
            return found[-1]

        monkeypatch.setattr(fit_classical, name, make)

    for name in set(MADE.values()):
        record(name)
    return found


def train(kind: str, posts: Labelled, seed: int = 0, **change: Any) -> Classical:
    few = {"n_trees": 5} if kind == "random-forest" else {}
    return fit(posts, None, SETTINGS[kind](**few, **change), seed=seed)


@pytest.mark.parametrize("n_labels", [2, 3, 7])
@pytest.mark.parametrize("kind", MADE)
def test_the_arrays_answer_as_scikit_learn_does(kind: str, n_labels: int, made: list[Any]) -> None:
    model = train(kind, posts_of(n_labels))
    others = posts_of(n_labels, 50, seed=1).texts
    features = spread(model.reader.read(others), model.vocabulary)
    shown = two_sided(features) if kind == "naive-bayes" else features
    assert type(made[-1]).__name__ == MADE[kind]
    np.testing.assert_allclose(
        model.probabilities(others), made[-1].predict_proba(shown), atol=2e-6, rtol=0
    )


@pytest.mark.parametrize("kind", MADE)
def test_a_post_of_weight_0_is_as_no_post(kind: str) -> None:
    if kind in ("svm", "perceptron", "random-forest"):
        pytest.skip("draws folds, batches or samples among all rows, whatever they weigh")
    posts = posts_of(2)
    weights = np.ones(posts.n_rows, np.float32)
    weights[::3] = 0
    kept = posts.take(np.flatnonzero(weights))
    weighed = train(kind, replace(posts, weights=weights), n_words=0, min_count=1)
    np.testing.assert_allclose(
        weighed.probabilities(posts.texts),
        train(kind, kept, n_words=0, min_count=1).probabilities(posts.texts),
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", MADE)
def test_weights_change_what_is_learnt(kind: str) -> None:
    posts = posts_of(2)
    heavy = np.where(posts.codes == 1, 5, 0.2).astype(np.float32)
    plain, weighed = train(kind, posts), train(kind, replace(posts, weights=heavy))
    sure = [model.probabilities(posts.texts)[:, 1].mean() for model in (plain, weighed)]
    assert sure[1] > sure[0]


@pytest.mark.parametrize(
    "kind", ["naive-bayes", "svm", "decision-tree", "random-forest", "perceptron"]
)
def test_balance_helps_the_rare_label(kind: str) -> None:
    posts = posts_of(2, 400)
    rare = np.flatnonzero((posts.codes == 0) | (np.arange(400) % 8 == 0))
    posts = posts.take(rare)
    shares = [
        train(kind, posts, class_balance=balance).probabilities(posts.texts)[:, 1].mean()
        for balance in (0.0, 1.0)
    ]
    assert shares[1] > shares[0]


@pytest.mark.parametrize("kind", MADE)
def test_a_teacher_is_heard(kind: str) -> None:
    posts = posts_of(2)
    other = np.zeros((posts.n_rows, 2), np.float32)
    other[np.arange(posts.n_rows), 1 - posts.codes] = 1.0
    taught = train(kind, replace(posts, targets=other)).probabilities(posts.texts)
    turned = train(kind, replace(posts, codes=1 - posts.codes)).probabilities(posts.texts)
    np.testing.assert_allclose(taught, turned, atol=1e-6)


@pytest.mark.parametrize("kind", ["random-tree", "random-forest", "perceptron"])
def test_another_seed_gives_another_model(kind: str) -> None:
    posts = posts_of(3)
    assert train(kind, posts).contents() != train(kind, posts, seed=1).contents()


def test_the_perceptron_keeps_its_best_epoch_and_stops() -> None:
    told: list[Any] = []
    posts = posts_of(2)
    settings = SETTINGS["perceptron"](epochs=60, patience=2, learning_rate=0.05)
    model = fit(posts, posts_of(2, 60, seed=1), settings, seed=0, progress=told.append)
    scores = [each["macro_f1"] for each in told]
    assert len(told) < 60
    assert len(told) == int(np.argmax(scores)) + 1 + 2
    kept = fit(posts, None, replace(settings, epochs=len(told) - 2), seed=0)
    assert kept.contents().files == model.contents().files


def test_words_of_most_posts_are_features() -> None:
    posts = reader().read(pa.array(["kal kal kal dekha", "film dekha", "film dekha yaar"]))
    settings = SETTINGS["svm"](n_words=2, min_count=1)
    assert choose_words(posts, settings) == ("dekhna", "film")
    assert choose_words(posts, replace(settings, min_count=4)) == ()


def test_without_words_the_counts_are_left() -> None:
    posts = Labelled.of(pa.array(["accha", "bekar"] * 10), np.array([1, 0] * 10), ("no", "yes"))
    model = train("svm", posts, n_words=0)
    assert model.probabilities(pa.array(["badhiya", "ghatiya"])).argmax(axis=1).tolist() == [1, 0]


def test_a_dictionary_of_ones_own_travels_with_the_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.lex"
    path.write_bytes(pack([Entry("qqgood", "en", 3.0), Entry("qqbad", "en", -3.0)]))
    posts = Labelled.of(pa.array(["qqgood", "qqbad"] * 10), np.array([1, 0] * 10), ("no", "yes"))
    model = train("svm", posts, n_words=0, lexicon=str(path))
    saved = save(model, tmp_path / "model")
    assert str(tmp_path) not in json.dumps(saved.settings)
    path.unlink()
    found = load(saved).probabilities(posts.texts)
    np.testing.assert_array_equal(found, model.probabilities(posts.texts))
    assert found[:2].argmax(axis=1).tolist() == [1, 0]


def test_a_model_trained_with_other_dictionaries_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(train("naive-bayes", posts_of(2)), tmp_path / "model")
    monkeypatch.setattr("mizaj.model.paper_features.Reader.content_hash", "another")
    with pytest.warns(RuntimeWarning, match="was trained with other dictionaries"):
        load(open_folder(tmp_path / "model"))


@pytest.mark.parametrize(
    ("kind", "words", "message"),
    [
        ("svm", {"cost": "0"}, "setting cost is 0.0; allowed: 1e-09 or more"),
        ("svm", {"class_balance": "1.5"}, "setting class_balance is 1.5; allowed: 0 to 1"),
        ("naive-bayes", {"min_count": "0"}, "setting min_count is 0; allowed: 1 or more"),
        ("decision-tree", {"max_depth": "0"}, "setting max_depth is 0; allowed: 1 or more"),
        ("random-tree", {"min_leaf": "0"}, "setting min_leaf is 0"),
        ("random-forest", {"n_trees": "0"}, "setting n_trees is 0"),
        ("perceptron", {"n_hidden": "0"}, "setting n_hidden is 0"),
        ("perceptron", {"learning_rate": "7"}, "setting learning_rate is 7.0"),
        ("perceptron", {"decay": "-1"}, "setting decay is -1.0"),
    ],
)
def test_a_setting_out_of_range_is_refused(kind: str, words: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        trainer(kind).settings_from(words)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_classical, "sparse", None)
    with pytest.raises(ExtraMissing, match=r"scikit-learn is not installed.*mizaj\[train\]"):
        train("svm", posts_of(2))
