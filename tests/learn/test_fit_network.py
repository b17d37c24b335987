from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError, SettingError, SourceError
from mizaj.learn.fit_network import SETTINGS, fit
from mizaj.learn.labelled import Labelled
from mizaj.learn.network_settings import NetworkSettings, kind_of
from mizaj.learn.train_settings import TrainSettings
from mizaj.model.folder import open_folder, save
from mizaj.model.kinds import load_classifier
from mizaj.model.tensors import pack_tensors

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

WORDS = {"good": ("accha", "mast", "badhiya"), "bad": ("bura", "ganda", "bekar"), "so": ("theek",)}
SMALL: dict[str, Any] = {
    "vocabulary": 100, "embedding": 16, "max_length": 12, "epochs": 4, "batch_size": 8,
    "learning_rate": 0.01, "dropout": 0.1, "word_dropout": 0.0, "hidden": 16, "buckets": 64,
}  # fmt: skip


def settings(kind: str, **changes: Any) -> NetworkSettings:
    made = SETTINGS[kind]
    known = {name: value for name, value in SMALL.items() if name in made.__dataclass_fields__}
    return made(**{**known, **changes})


def posts(n_rows: int = 120, seed: int = 0) -> Labelled:
    random = np.random.default_rng(seed)
    codes = random.integers(0, 3, n_rows)
    names = tuple(WORDS)
    texts = [
        f"yeh film {random.choice(WORDS[names[code]])} hai {random.choice(['yaar', 'bhai', ''])}"
        for code in codes
    ]
    return Labelled.of(pa.array(texts), codes, names)


@pytest.mark.parametrize("kind", SETTINGS)
def test_each_kind_learns_is_saved_and_answers_as_before(kind: str, tmp_path: Path):
    model = fit(posts(), posts(40, seed=1), settings(kind), seed=1)
    texts = pa.array(["yeh film accha hai", "Film GANDA hai bhai!!!", None, "", "😀" * 50, "theek"])
    proba = model.probabilities(texts)
    assert proba.shape == (6, 3)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, atol=1e-5)
    assert [model.labels[code] for code in proba.argmax(axis=1)[[0, 1, 5]]] == ["good", "bad", "so"]
    np.testing.assert_array_equal(proba[2], proba[3])
    save(model, tmp_path / kind)
    loaded = load_classifier(tmp_path / kind)
    assert loaded.kind == model.kind == kind
    np.testing.assert_array_equal(loaded.probabilities(texts), proba)
    pieces = [loaded.probabilities(texts[at : at + 1]) for at in range(6)]
    np.testing.assert_allclose(np.concatenate(pieces), proba, atol=1e-5)
    assert loaded.probabilities(texts[:0]).shape == (0, 3)


def test_equal_seeds_give_equal_bytes():
    one, other = (fit(posts(), None, settings("gru", epochs=1), seed=5) for _ in range(2))
    assert one.contents() == other.contents()


def test_large_strings_and_bytes_that_are_not_utf_8_are_read():
    model = fit(posts(), None, settings("bag", epochs=1))
    raw = pa.array([b"accha \xff\xfe", b"bura"], pa.binary()).view(pa.string())
    assert model.probabilities(raw).shape == (2, 3)
    texts = pa.array(["accha", "bura"])
    np.testing.assert_array_equal(
        model.probabilities(texts), model.probabilities(texts.cast(pa.large_string()))
    )


def test_an_ordinal_head_is_trained_and_loaded(tmp_path: Path):
    ordered = replace(posts(), labels=("low", "middle", "high"))
    model = fit(ordered, None, settings("cnn", head="ordinal"))
    save(model, tmp_path / "model")
    texts = pa.array(["accha", "bura"])
    loaded = load_classifier(tmp_path / "model")
    np.testing.assert_array_equal(loaded.probabilities(texts), model.probabilities(texts))


def test_networks_start_from_word_vectors_in_a_file(tmp_path: Path):
    path = tmp_path / "vectors.txt"
    figures = " ".join(["0.5"] * 15 + ["-0.5"])
    path.write_text(f"2 16\naccha {figures}\nnowhere {figures}\n", encoding="utf-8")
    drawn, given = (
        fit(posts(), None, settings("cnn", epochs=1, learning_rate=1e-9, vectors=vectors))
        for vectors in (None, str(path))
    )
    number = given.subwords.vocabulary["▁accha"]
    row = given.module.body.embedded.table.weight[number].detach().numpy()
    assert row[0] > 0 > row[15]
    other = given.subwords.vocabulary["▁film"]
    np.testing.assert_allclose(
        given.module.body.embedded.table.weight[other].detach().numpy(),
        drawn.module.body.embedded.table.weight[other].detach().numpy(),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("accha 1 2 3\n", SettingError, "embedding=3"),
        ("nowhere " + "1 " * 16, SettingError, "no word"),
        ("accha " + "x " * 16, SourceError, "no number"),
        (None, SourceError, "cannot be read"),
    ],
)
def test_word_vectors_that_do_not_fit_are_refused(
    tmp_path: Path, content: str | None, error: type[Exception], message: str
):
    path = tmp_path / "vectors.txt"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(error, match=message):
        fit(posts(), None, settings("cnn", vectors=str(path)))


def test_weights_that_do_not_fit_the_sizes_are_refused(tmp_path: Path):
    model = fit(posts(), None, settings("cnn", epochs=1))
    contents = model.contents()
    wrong = {**contents.files, "weights.safetensors": pack_tensors({"x": np.zeros(1, np.float32)})}

    class Wrong:
        kind, labels = model.kind, model.labels

        def contents(self) -> Any:
            return replace(contents, files=wrong)

    save(Wrong(), tmp_path / "wrong")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="do not fit"):
        load_classifier(open_folder(tmp_path / "wrong"))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("cnn", {"kernels": ()}),
        ("gru", {"dropout": 1.0}),
        ("bag", {"ngrams": 0}),
        ("transformer", {"heads": 5}),
        ("lstm", {"hidden": 0}),
    ],
)
def test_settings_are_checked_when_made(kind: str, wrong: dict[str, Any]):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        SETTINGS[kind](**wrong)


def test_settings_of_no_network_are_refused():
    with pytest.raises(SettingError, match="TrainSettings"):
        kind_of(TrainSettings())  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [{"n_labels": 2}, {"n_tokens": 70}, {"max_length": 3}])
def test_a_folder_whose_parts_do_not_fit_each_other_is_refused(
    tmp_path: Path, changed: dict[str, int]
):
    model = fit(posts(), None, settings("transformer", epochs=1))
    other = replace(model.sizes, **changed)
    save(replace(model, sizes=other), tmp_path / "model")
    with pytest.raises(ModelError, match="train the model again"):
        load_classifier(tmp_path / "model")
