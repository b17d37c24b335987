"""A model's folder: whole or absent, its own, and refused when anything in it is not as it was written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError, SinkError
from mizaj.model import folder as room
from mizaj.model.classifier import Contents, Probabilities
from mizaj.model.folder import MANIFEST, WEIGHTS, Described, describe, is_model, open_folder, save
from mizaj.model.tensors import pack_tensors

BIAS = np.array([1.0, 2.0], np.float32)


@dataclass(frozen=True)
class Fixed:
    """A model that says the same of every text."""

    files: dict[str, bytes] = field(default_factory=lambda: {WEIGHTS: pack_tensors({"b": BIAS})})
    kind: str = "fixed"
    labels: tuple[str, ...] = ("no", "yes")

    def probabilities(self, texts: pa.Array) -> Probabilities:
        return np.full((len(texts), 2), 0.5, np.float32)

    def contents(self) -> Contents:
        return Contents({"depth": 3}, self.files)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_opened(tmp_path: Path) -> None:
    described = Described("emotion", {"method": "none"}, {"data": ["हिन्दी"]}, parent="abc")
    saved = save(Fixed(), tmp_path / "deep" / "model", described)
    assert saved == open_folder(tmp_path / "deep" / "model")
    assert (saved.kind, saved.labels, saved.settings) == ("fixed", ("no", "yes"), {"depth": 3})
    assert saved.described == described
    assert saved.tensors()["b"].tolist() == BIAS.tolist()


def test_equal_models_have_equal_hashes_and_others_not(tmp_path: Path) -> None:
    one, same, other = (
        save(model, tmp_path / str(n))
        for n, model in enumerate((Fixed(), Fixed(), Fixed({"a.json": b"{}"})))
    )
    assert one.content_hash == same.content_hash != other.content_hash


def test_the_folder_is_open_to_others_and_nothing_else_is_left(tmp_path: Path) -> None:
    saved = save(Fixed(), tmp_path / "model")
    assert names(tmp_path) == ["model"]
    assert saved.path.stat().st_mode & 0o777 == 0o755
    assert names(saved.path) == [MANIFEST, WEIGHTS]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert is_model(save(Fixed(), tmp_path / "model").path)


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_model_is_never_replaced(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("1")
    (tmp_path / "file").write_text("1")
    for name in ("thesis", "file"):
        with pytest.raises(SinkError, match="is there already and holds no model"):
            save(Fixed(), tmp_path / name, overwrite=overwrite)
    assert (tmp_path / "thesis" / "chapter").read_text() == "1"


def test_a_model_is_replaced_only_when_asked(tmp_path: Path) -> None:
    first = save(Fixed(), tmp_path / "model")
    with pytest.raises(SinkError, match=r"holds a model already; .* --overwrite"):
        save(Fixed({}), tmp_path / "model")
    assert open_folder(first.path) == first
    assert save(Fixed({}), tmp_path / "model", overwrite=True).files == {}
    assert names(tmp_path) == ["model"]


def test_a_save_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save(Fixed(), tmp_path / "model")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(room, "_put", fail)
    with pytest.raises(OSError, match="disk full"):
        save(Fixed({}), tmp_path / "model", overwrite=True)
    assert open_folder(first.path) == first
    assert names(tmp_path) == ["model"]


def test_describing_changes_the_hash_and_no_weights(tmp_path: Path) -> None:
    first = save(Fixed(), tmp_path / "model")
    second = describe(first, Described(calibration={"method": "temperature", "value": 2.0}))
    assert second.content_hash != first.content_hash
    assert second.files == first.files
    assert open_folder(first.path).described.calibration == {"method": "temperature", "value": 2.0}


def test_a_file_that_the_model_has_not_is_named_with_those_it_has(tmp_path: Path) -> None:
    saved = save(Fixed(), tmp_path / "model")
    with pytest.raises(ModelError, match=rf"has no words.json; its files: {WEIGHTS}"):
        saved.view("words.json")


def test_an_empty_file_is_kept(tmp_path: Path) -> None:
    assert bytes(save(Fixed({"empty": b""}), tmp_path / "model").view("empty")) == b""


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=r"holds no model: it has no model.json"):
            open_folder(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    saved = save(Fixed(), tmp_path / "model")
    (saved.path / WEIGHTS).unlink()
    with pytest.raises(ModelError, match=f"lacks its file {WEIGHTS}"):
        open_folder(saved.path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as JSON"),
        (b"\xff\xfe", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[]", "lacks format, kind, task, labels, settings, files, hash"),
        (b'{"format": 1}', "lacks kind, task, labels, settings, files, hash"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    saved = save(Fixed(), tmp_path / "model")
    (saved.path / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        open_folder(saved.path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", 2, "upgrade mizaj"),
        ("format", "1", "upgrade mizaj"),
        ("kind", ["svm"], "a kind that is no str"),
        ("task", None, "a task that is no str"),
        ("labels", "no yes", "labels that are not texts"),
        ("labels", [], "names no labels, or one twice"),
        ("labels", ["no", "no"], "names no labels, or one twice"),
        ("settings", [], "a settings that is no dict"),
        ("files", [WEIGHTS], "a files that is no dict"),
        ("files", {WEIGHTS: "all"}, "gives no size and hash of its files"),
        ("files", {WEIGHTS: {}}, "was changed since it was written"),
        ("files", {"": {}}, "names a file outside itself"),
        ("files", {"..": {}}, "names a file outside itself"),
        ("files", {"../model.json": {}}, "names a file outside itself"),
        ("files", {"/etc/hostname": {}}, "names a file outside itself"),
        ("files", {MANIFEST: {}}, "names a file outside itself"),
        ("files", {"nul\0": {}}, "lacks its file"),
    ],
)
def test_a_manifest_that_lies_with_the_right_hash_is_refused(
    tmp_path: Path, name: str, value: Any, message: str
) -> None:
    saved = save(Fixed(), tmp_path / "model")
    manifest = json.loads((saved.path / MANIFEST).read_text())
    room._write_manifest(saved.path, manifest | {name: value})
    with pytest.raises(ModelError, match=message):
        open_folder(saved.path)


def test_a_file_changed_without_its_length_is_refused(tmp_path: Path) -> None:
    saved = save(Fixed(), tmp_path / "model")
    content = (saved.path / WEIGHTS).read_bytes()
    (saved.path / WEIGHTS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=f"{WEIGHTS} was changed since it was written"):
        open_folder(saved.path)
