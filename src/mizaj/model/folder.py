"""A model as a folder: `model.json` and the files it names, each with its size and hash; never pickle.

```
my-model/
  model.json            format, kind, task, labels, settings, calibration, card, parent, files, hash
  weights.safetensors   or any other file that the kind writes
  1-linear/             a whole model inside this one (of a cascade or an ensemble), as a folder of its own
```
The hash in `model.json` is of everything else in it, the hashes of the files among them: it names the
content of the whole folder, and a model trained on from another names that one's as its `parent`.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mizaj.errors import ModelError, SinkError

if TYPE_CHECKING:
    from mizaj.model.classifier import Classifier
    from mizaj.model.tensors import Array

FORMAT = 1
MANIFEST = "model.json"
WEIGHTS = "weights.safetensors"
POLARITY = "polarity"
"""The task of models whose labels are negative, neutral and positive."""
POLARITIES = ("negative", "neutral", "positive")

_MOST_MANIFEST_BYTES = 50_000_000
_MOST_PARTS = 4  # of a file's name: a file of a model in an ensemble in a cascade has three
_REQUIRED = ("format", "kind", "task", "labels", "settings", "files", "hash")
_KINDS_OF_VALUE = {"kind": str, "task": str, "settings": dict, "files": dict}


@dataclass(frozen=True)
class Described:
    """What a folder says of a model besides its weights.

    `calibration` is what `calibrate` fitted, or None; `card` what it was trained on and how good it is.
    """

    task: str = POLARITY
    calibration: Mapping[str, Any] | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True)
class Folder:
    """A model's folder, opened: `model.json` was read and every file has the size and hash that stand in it."""

    path: Path
    kind: str
    labels: tuple[str, ...]
    settings: Mapping[str, Any]
    files: Mapping[str, Mapping[str, Any]]
    content_hash: str
    described: Described = Described()

    def file(self, name: str) -> Path:
        """The path of a file of the model. Raises `ModelError` if the model has none of this name."""
        if name not in self.files:
            msg = f"{self.path} has no {name}; its files: {', '.join(self.files) or 'none'}"
            raise ModelError(msg)
        return self.path / name

    def member(self, name: str) -> Folder:
        """A model inside this one; its files were checked with this one's and are not read again."""
        self.file(f"{name}/{MANIFEST}")
        manifest = _read_manifest(self.path / name / MANIFEST)
        _check_manifest(self.path / name, manifest)
        for file, stamp in manifest["files"].items():
            if self.files.get(f"{name}/{file}") != stamp:
                msg = f"{self.path / name} and {self.path} differ on {file}; copy or train the model again"
                raise ModelError(msg)
        return _folder(self.path / name, manifest)

    def view(self, name: str) -> memoryview:
        """The bytes of a file, memory-mapped."""
        path = self.file(name)
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def tensors(self, name: str = WEIGHTS) -> dict[str, Array]:
        """The arrays in a safetensors file, read-only."""
        from mizaj.model.tensors import unpack_tensors  # brings numpy: not for one text

        return unpack_tensors(self.view(name), str(self.path / name))


def save(
    model: Classifier,
    path: str | Path,
    described: Described | None = None,
    *,
    overwrite: bool = False,
) -> Folder:
    """Write a model into a folder of its own, whole or not at all, and give it back opened.

    Raises `SinkError` where something stands at `path` that is no model, or a model and not `overwrite`.
    """
    path = Path(path)
    check_free(path, overwrite=overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        for name, content in packed(model, described).items():
            (room / name).parent.mkdir(parents=True, exist_ok=True)
            (room / name).write_bytes(content)
        _put(room, path)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return open_folder(path)


def packed(model: Classifier, described: Described | None = None) -> dict[str, bytes]:
    """The files of the model's folder by their names, `model.json` among them."""
    described = described or Described()
    contents = model.contents()
    manifest = {
        "format": FORMAT,
        "kind": model.kind,
        "task": described.task,
        "labels": list(model.labels),
        "settings": dict(contents.settings),
        "calibration": described.calibration,
        "card": dict(described.card),
        "parent": described.parent,
        "files": {name: _stamp(content) for name, content in contents.files.items()},
    }
    return {**contents.files, MANIFEST: _spelt(manifest)}


def describe(folder: Folder, described: Described) -> Folder:
    """The folder with another calibration and card, its weights untouched."""
    manifest = _read_manifest(folder.path / MANIFEST)
    manifest.update(
        calibration=described.calibration, card=dict(described.card), task=described.task
    )
    _write_manifest(folder.path, manifest)
    return open_folder(folder.path)


def is_model(path: str | Path) -> bool:
    """Whether a model lies in the folder `path`."""
    return (Path(path) / MANIFEST).is_file()


def open_folder(path: str | Path) -> Folder:
    """The model's folder, checked: its format, its files' sizes and hashes.

    Raises `ModelError` for a folder that is missing, incomplete, changed, or written by a newer version.
    """
    path = Path(path)
    if not is_model(path):
        msg = f"{path} holds no model: it has no {MANIFEST}; give the folder that `mizaj train -o` wrote"
        raise ModelError(msg)
    manifest = _read_manifest(path / MANIFEST)
    _check_manifest(path, manifest)
    for name, stamp in manifest["files"].items():
        _check_file(path, name, stamp)
    return _folder(path, manifest)


def _folder(path: Path, manifest: Mapping[str, Any]) -> Folder:
    return Folder(
        path,
        kind=manifest["kind"],
        labels=tuple(manifest["labels"]),
        settings=manifest["settings"],
        files=manifest["files"],
        content_hash=manifest["hash"],
        described=Described(
            manifest["task"],
            manifest.get("calibration"),
            manifest.get("card") or {},
            manifest.get("parent"),
        ),
    )


def check_free(path: str | Path, *, overwrite: bool) -> None:
    """Raise `SinkError` where something stands at `path` that is no model, or a model and not `overwrite`."""
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not is_model(path):
        msg = f"{path} is there already and holds no model; choose another folder for the model"
        raise SinkError(msg)
    if not overwrite:
        msg = f"{path} holds a model already; choose another folder, or replace it with --overwrite"
        raise SinkError(msg)


def _put(room: Path, path: Path) -> None:
    """The finished folder at its place; an older model steps aside first, so that there is always one."""
    if path.exists():
        aside = room.with_name(room.name + "-old")
        path.rename(aside)
        room.rename(path)
        shutil.rmtree(aside)
    else:
        room.rename(path)
    path.chmod(0o755)  # a temporary folder is closed to others


def _stamp(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _hash(manifest: Mapping[str, Any]) -> str:
    said = {name: value for name, value in manifest.items() if name != "hash"}
    spelt = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(spelt.encode()).hexdigest()


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    draft = folder / f".{MANIFEST}"
    draft.write_bytes(_spelt(manifest))
    draft.replace(folder / MANIFEST)


def _spelt(manifest: Mapping[str, Any]) -> bytes:
    hashed = {**manifest, "hash": _hash(manifest)}
    return (json.dumps(hashed, ensure_ascii=False, indent=2) + "\n").encode()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_MANIFEST_BYTES:
            msg = f"{path} has more than {_MOST_MANIFEST_BYTES:,} bytes; it is no description of a model"
            raise ModelError(msg)
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        msg = f"{path} cannot be read as JSON ({error}); copy or train the model again"
        raise ModelError(msg) from error
    missing = [name for name in _REQUIRED if not isinstance(manifest, dict) or name not in manifest]
    if missing:
        msg = f"{path} lacks {', '.join(missing)}; copy or train the model again"
        raise ModelError(msg)
    return manifest  # type: ignore[no-any-return] # a dict: it has all the names


def _check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    given = manifest["format"]
    if not isinstance(given, int) or given > FORMAT:
        msg = f"{path} is of format {given}; this version of mizaj reads up to {FORMAT}: upgrade mizaj"
        raise ModelError(msg)
    labels = manifest["labels"]
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        msg = f"{path} names labels that are not texts; copy or train the model again"
        raise ModelError(msg)
    if not labels or len(set(labels)) < len(labels):
        msg = f"{path} names no labels, or one twice ({labels}); copy or train the model again"
        raise ModelError(msg)
    for name, wanted in _KINDS_OF_VALUE.items():
        if not isinstance(manifest.get(name), wanted):
            msg = f"{path} has a {name} that is no {wanted.__name__}; copy or train the model again"
            raise ModelError(msg)
    if not all(isinstance(stamp, dict) for stamp in manifest["files"].values()):
        msg = f"{path} gives no size and hash of its files; copy or train the model again"
        raise ModelError(msg)
    if _hash(manifest) != manifest["hash"]:
        msg = f"{path / MANIFEST} was changed since it was written (its hash differs); copy or train the model again"
        raise ModelError(msg)


def _check_file(folder: Path, name: str, stamp: Mapping[str, Any]) -> None:
    if not _is_inside(name) or name == MANIFEST:
        msg = f"{folder} names a file outside itself: {name!r}; do not use this model"
        raise ModelError(msg)
    path = folder / name
    if not path.is_file():
        msg = f"{folder} lacks its file {name}; copy or train the model again"
        raise ModelError(msg)
    if path.stat().st_size != stamp.get("bytes") or _sha256(path) != stamp.get("sha256"):
        msg = f"{path} was changed since it was written (its hash differs); copy or train the model again"
        raise ModelError(msg)


def _is_inside(name: str) -> bool:
    """Whether a name is of a file in the folder or in a few folders inside it, spelt in one way on every system."""
    parts = PurePosixPath(name).parts
    is_plain = all(part not in ("", ".", "..") and not set(part) & set("/\\:") for part in parts)
    return 0 < len(parts) <= _MOST_PARTS and is_plain and "/".join(parts) == name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
