"""Every kind of model keeps one contract: train, save, load, answer; batches, seeds, labels, damage, bad input."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.batch import SCORED, Pipeline
from mizaj.errors import ModelError, SettingError
from mizaj.learn.kinds import TRAINERS, trainer
from mizaj.learn.labelled import Labelled
from mizaj.model.classifier import Classifier
from mizaj.model.folder import MANIFEST, Described, open_folder, save
from mizaj.model.kinds import KINDS, load_classifier
from mizaj.model.score import ModelScore

pytest.importorskip("sklearn", reason="models are trained by the extra 'train'")

_NETWORK = {
    "epochs": "8", "batch_size": "8", "learning_rate": "0.01", "embedding": "8", "threads": "1"
}  # fmt: skip
TINY: dict[str, dict[str, str]] = {
    "naive-bayes": {},
    "svm": {},
    "decision-tree": {},
    "random-tree": {},
    "random-forest": {"n_trees": "3"},
    "perceptron": {"n_hidden": "8", "epochs": "20", "learning_rate": "0.01"},
    "linear": {},
    "bag": _NETWORK | {"buckets": "64"},
    "cnn": _NETWORK | {"hidden": "8"},
    "rnn": _NETWORK | {"hidden": "8"},
    "lstm": _NETWORK | {"hidden": "8"},
    "gru": _NETWORK | {"hidden": "8"},
    "transformer": _NETWORK | {"hidden": "8", "heads": "2", "layers": "1"},
    # the fixture `kind` says which encoder
    "encoder": {
        "n_layers": "2", "max_length": "16", "epochs": "6", "batch_size": "8",
        "learning_rate": "0.01", "threads": "1",
    },
}  # fmt: skip
"""Settings with which each kind trains in a moment, as words on a command line."""

NEURAL = ("bag", "cnn", "rnn", "lstm", "gru", "transformer", "encoder")

WEIGHT_FREE = 1e-5
"""How far probabilities may differ between ways to cut batches (`model.classifier`)."""

LABELS = ("negative", "neutral", "positive")
WORDS = ("bakwas", "dekha", "accha", "kamaal", "ghatiya", "station", "shaam")
OPENINGS = ("yeh movie", "kal ka match", "mera phone", "the service", "khana", "इस फिल्म")
CLOSINGS = ("hai", "tha yaar", "nahi laga", "!!", "😡", "")
HOSTILE = [
    "",
    None,
    " ",
    "\x00",
    "‮rtl",
    "👍" * 50,
    "x" * 10_000,
    "नहीं",
    "a " * 3000,
    "😡 not good?!",
]


def posts_of(labels: tuple[str, ...], n_each: tuple[int, ...] | int = 24) -> Labelled:
    """Posts in which one word tells the label."""
    n_of = (n_each,) * len(labels) if isinstance(n_each, int) else n_each
    texts, codes = [], []
    for code, n in enumerate(n_of):
        for i in range(n):
            opening, closing = OPENINGS[i % 6], CLOSINGS[i // 6 % 6]
            texts.append(f"{opening} {WORDS[code]} {closing}".strip())
            codes.append(code)
    return Labelled.of(pa.array(texts), np.array(codes, np.int64), labels)


def train(kind: str, posts: Labelled, **options: Any) -> Classifier:
    train_kind = trainer(kind)
    return train_kind(posts, None, train_kind.settings_from(TINY.get(kind, {})), **options)


@pytest.fixture(scope="module", params=TINY)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param in NEURAL:
        pytest.importorskip("torch", reason="networks are trained by the extra 'train'")
    if request.param == "encoder":
        TINY["encoder"]["pretrained"] = str(request.getfixturevalue("pretrained_encoder"))
    return str(request.param)


@pytest.fixture(scope="module")
def model(kind: str) -> Classifier:
    return train(kind, posts_of(LABELS))


@pytest.fixture(scope="module")
def saved(model: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(model.kind) / "model"
    save(model, path)
    return path


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copied"))


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what `model.json` says, with the hash that then is right: what a hostile folder would do."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    manifest.pop("hash", None)
    spelt = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    manifest["hash"] = hashlib.sha256(spelt.encode()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def test_every_kind_is_tested() -> None:
    assert set(TINY) == set(TRAINERS)


def test_every_kind_that_can_be_trained_can_be_loaded() -> None:
    assert set(TRAINERS) <= set(KINDS)


def test_a_model_says_its_kind_and_labels(kind: str, model: Classifier) -> None:
    assert (model.kind, model.labels) == (kind, LABELS)


def test_a_model_learns_what_a_word_tells(model: Classifier) -> None:
    posts = posts_of(LABELS)
    found = model.probabilities(posts.texts).argmax(axis=1)
    chance = 1 / len(LABELS)
    assert (found == posts.codes).mean() > chance + 0.1


def test_a_saved_model_answers_as_before(model: Classifier, saved: Path) -> None:
    texts = pa.array([*posts_of(LABELS, 6).texts.to_pylist(), *HOSTILE])
    again = load_classifier(saved)
    assert (again.kind, again.labels) == (model.kind, model.labels)
    np.testing.assert_allclose(
        again.probabilities(texts), model.probabilities(texts), atol=1e-6, rtol=0
    )
    assert again.contents().files == model.contents().files


def test_rows_are_float32_and_add_to_1(model: Classifier) -> None:
    proba = model.probabilities(pa.array(HOSTILE, pa.string()))
    assert proba.dtype == np.float32
    assert proba.shape == (len(HOSTILE), len(LABELS))
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=WEIGHT_FREE)


def test_splitting_a_batch_changes_nothing(model: Classifier) -> None:
    texts = pa.array([*posts_of(LABELS, 4).texts.to_pylist(), *HOSTILE], pa.string())
    whole = model.probabilities(texts)
    parts = [model.probabilities(texts.slice(i, 3)) for i in range(0, len(texts), 3)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=WEIGHT_FREE, rtol=0)


def test_turning_rows_round_turns_answers_round(model: Classifier) -> None:
    texts = [*posts_of(LABELS, 3).texts.to_pylist(), *HOSTILE]
    forward = model.probabilities(pa.array(texts, pa.string()))
    backward = model.probabilities(pa.array(texts[::-1], pa.string()))
    np.testing.assert_allclose(backward[::-1], forward, atol=WEIGHT_FREE, rtol=0)


def test_no_rows_give_no_rows(model: Classifier) -> None:
    for texts in (
        pa.array([], pa.string()),
        pa.array(["a"]).slice(1),
        pa.array([], pa.large_string()),
    ):
        assert model.probabilities(texts).shape == (0, len(LABELS))


def test_a_null_is_an_empty_text(model: Classifier) -> None:
    null, empty = model.probabilities(pa.array([None, ""], pa.string()))
    np.testing.assert_allclose(null, empty, atol=WEIGHT_FREE)
    only_nulls = model.probabilities(pa.nulls(2, pa.string()))
    np.testing.assert_allclose(only_nulls[0], empty, atol=WEIGHT_FREE)


def test_bytes_that_are_no_utf8_are_replaced(model: Classifier) -> None:
    broken = b"bahut accha \xff\xfe hai"
    right = model.probabilities(pa.array([broken.decode("utf-8", "replace")]))
    for narrow, text in ((pa.binary(), pa.string()), (pa.large_binary(), pa.large_string())):
        found = model.probabilities(pa.array([broken], narrow).view(text))
        np.testing.assert_allclose(found, right, atol=WEIGHT_FREE)


def test_equal_seeds_give_equal_models(kind: str, model: Classifier) -> None:
    again = train(kind, posts_of(LABELS))
    assert again.contents() == model.contents()


@pytest.mark.parametrize(
    "labels",
    [("no", "yes"), ("हाँ", "नहीं", "पता नहीं"), tuple(f"label {n}: x/{n}" for n in range(7))],
    ids=["2", "3", "7"],
)
def test_labels_of_any_number_and_names(kind: str, labels: tuple[str, ...], tmp_path: Path) -> None:
    posts = posts_of(labels, 12)
    trained = train(kind, posts)
    save(trained, tmp_path / "model", Described(task="emotion"))
    again = load_classifier(tmp_path / "model")
    proba = again.probabilities(posts.texts)
    assert (again.labels, proba.shape[1]) == (labels, len(labels))
    np.testing.assert_allclose(proba, trained.probabilities(posts.texts), atol=1e-6, rtol=0)


def test_a_label_of_one_post_and_one_of_none_keep_their_places(kind: str) -> None:
    posts = posts_of(("negative", "neutral", "positive", "irrelevant"), (40, 1, 8, 0))
    proba = train(kind, posts).probabilities(posts.texts)
    assert proba.shape == (49, 4)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=WEIGHT_FREE)


def test_weights_and_a_teacher_are_taken(kind: str) -> None:
    posts = posts_of(LABELS, 8)
    n = posts.n_rows
    targets = np.full((n, 3), 0.1, np.float32)
    targets[np.arange(n), posts.codes] = 0.8
    weighed = Labelled(
        posts.texts,
        posts.codes,
        LABELS,
        weights=np.linspace(0.5, 1.5, n, dtype=np.float32),
        sources=posts.sources,
        targets=targets,
    )
    assert np.isfinite(train(kind, weighed).probabilities(posts.texts)).all()


def test_validation_posts_are_taken_and_progress_is_told(kind: str) -> None:
    train_kind = trainer(kind)
    told: list[Any] = []
    posts = posts_of(LABELS, 6)
    settings = train_kind.settings_from(TINY.get(kind, {}))
    train_kind(posts, posts_of(LABELS, 3), settings, seed=1, progress=told.append)
    assert told
    assert all("step" in each for each in told)


@pytest.mark.parametrize("n_each", [0, (9, 0, 0)], ids=["no posts", "one label"])
def test_too_little_to_train_on_is_refused(kind: str, n_each: int | tuple[int, ...]) -> None:
    with pytest.raises(SettingError, match="give posts of two labels or more"):
        train(kind, posts_of(LABELS, n_each))


def test_validation_posts_of_other_labels_are_refused(kind: str) -> None:
    with pytest.raises(SettingError, match="validation posts have the labels no, yes"):
        trainer(kind)(posts_of(LABELS, 3), posts_of(("no", "yes"), 3))


def test_settings_are_flat_frozen_values(kind: str) -> None:
    settings = trainer(kind).settings
    assert is_dataclass(settings)
    made = settings()
    assert made == settings()
    assert hash(made) == hash(settings())
    for each in fields(settings):
        assert isinstance(getattr(made, each.name), int | float | str | tuple | None), each.name
        low, high = each.metadata.get("search", (0, 1))
        assert low < high, each.name


def test_a_setting_that_is_not_there_is_named(kind: str) -> None:
    with pytest.raises(SettingError, match=f"kind '{kind}' has no setting 'colour'; it has: "):
        trainer(kind).settings_from({"colour": "blue"})


def test_the_step_adds_the_declared_columns_and_nothing_else_changes(saved: Path) -> None:
    step = ModelScore(str(saved))
    batch = pa.record_batch({"id": [str(i) for i in range(len(HOSTILE))], "text": HOSTILE})
    before = batch.to_pylist()
    out = Pipeline((step,))(batch)
    assert out.schema.equals(Pipeline((step,)).schema(batch.schema))
    assert step.adds.equals(SCORED)
    assert out.select(batch.schema.names).equals(batch)
    assert batch.to_pylist() == before
    assert step(batch.slice(0, 0)).num_rows == 0


def test_the_step_gives_the_same_however_a_batch_is_cut(saved: Path) -> None:
    step = ModelScore(str(saved))
    batch = pa.record_batch({"text": HOSTILE})
    whole = step(batch).to_pylist()
    parts = [row for i in range(batch.num_rows) for row in step(batch.slice(i, 1)).to_pylist()]
    for one, other in zip(parts, whole, strict=True):
        for name in ("score", "confidence"):
            assert one.pop(name) == pytest.approx(other.pop(name), abs=WEIGHT_FREE)
    assert parts == whole


def test_the_step_is_a_value_that_pickles_and_has_a_fingerprint(saved: Path) -> None:
    step = ModelScore(str(saved))
    assert pickle.loads(pickle.dumps(step)) == step
    one, same, other = (Pipeline((ModelScore(str(saved), text),)) for text in ("text", "text", "b"))
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_one_flipped_byte_in_any_file_is_refused(copied: Path) -> None:
    for name in open_folder(copied).files:
        content = bytearray((copied / name).read_bytes())
        content[len(content) // 2] ^= 1
        (copied / name).write_bytes(content)
        with pytest.raises(ModelError, match=f"{name} was changed since it was written"):
            load_classifier(copied)
        content[len(content) // 2] ^= 1
        (copied / name).write_bytes(content)


def test_an_edited_manifest_is_refused(copied: Path) -> None:
    spelt = (copied / MANIFEST).read_text(encoding="utf-8")
    (copied / MANIFEST).write_text(spelt.replace("neutral", "neutrel"), encoding="utf-8")
    with pytest.raises(ModelError, match="was changed since it was written"):
        load_classifier(copied)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "is of format 99; this version of mizaj reads up to 1: upgrade mizaj"),
        ({"kind": "oracle"}, "is of kind 'oracle'; known here: "),
        ({"labels": ["negative", 3]}, "labels that are not texts"),
        ({"files": {"../outside": {"bytes": 0}}}, "names a file outside itself: '../outside'"),
        ({"files": {"/etc/passwd": {"bytes": 0}}}, "names a file outside itself: '/etc/passwd'"),
        ({"files": {}}, "has no "),
    ],
    ids=["newer", "kind", "labels", "parent folder", "absolute", "no files"],
)
def test_a_manifest_that_lies_is_refused(
    copied: Path, change: dict[str, Any], message: str
) -> None:
    rewrite(copied, lambda manifest: manifest.update(change))
    with pytest.raises(ModelError, match=message):
        load_classifier(copied)


def test_other_labels_than_the_weights_have_are_refused(copied: Path) -> None:
    rewrite(copied, lambda manifest: manifest.update(labels=["no", "yes"]))
    with pytest.raises(ModelError):
        load_classifier(copied)


def test_weights_cut_short_are_refused(copied: Path) -> None:
    for name, stamp in open_folder(copied).files.items():
        whole = (copied / name).read_bytes()
        short = whole[: len(whole) // 2]
        cut = {"bytes": len(short), "sha256": hashlib.sha256(short).hexdigest()}
        (copied / name).write_bytes(short)
        rewrite(copied, lambda manifest, name=name, cut=cut: manifest["files"].update({name: cut}))
        # some files are opened when they are first needed
        with pytest.raises(ModelError):
            load_classifier(copied).probabilities(pa.array(["accha"]))
        (copied / name).write_bytes(whole)
        rewrite(copied, lambda m, name=name, stamp=stamp: m["files"].update({name: dict(stamp)}))
