"""Where training stands, on disk: killed and resumed gives the weights of a run that was never killed.

A checkpoint is `checkpoint.json` and the safetensors file it names; the JSON file is put in place last, so that there
is always a whole one. Which rows a step reads and what dropout drops follow from seed and step alone, so there is no
state of random numbers to keep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mizaj.errors import ModelError, SettingError
from mizaj.model.tensors import Array, pack_tensors, unpack_tensors

_NAME = "checkpoint.json"
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """`step` steps are done; `figures` and `tensors` are what the loop needs to go on."""

    step: int
    figures: Mapping[str, Any]
    tensors: Mapping[str, Array] = field(default_factory=dict)


def write_checkpoint(folder: Path, checkpoint: Checkpoint, belongs_to: Mapping[str, str]) -> None:
    """Put the checkpoint in place of the one that was there; `belongs_to` says of which training it is."""
    folder.mkdir(parents=True, exist_ok=True)
    content = pack_tensors(checkpoint.tensors)
    name = f"step-{checkpoint.step:08d}.safetensors"
    _put(folder / name, content)
    spelt = {
        "format": _FORMAT,
        "belongs_to": dict(belongs_to),
        "step": checkpoint.step,
        "figures": dict(checkpoint.figures),
        "tensors": name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    _put(folder / _NAME, json.dumps(spelt, indent=1).encode())
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def read_checkpoint(folder: Path, belongs_to: Mapping[str, str]) -> Checkpoint | None:
    """The checkpoint in a folder; None where there is none yet.

    Raises `SettingError` for one of another training, naming what differs, and `ModelError` for a damaged one.
    """
    path = folder / _NAME
    if not path.is_file():
        return None
    spelt = _read(path)
    for name, value in belongs_to.items():
        if spelt["belongs_to"].get(name) != value:
            msg = (
                f"the checkpoint in {folder} is of another {name} ({spelt['belongs_to'].get(name)}, not {value}); "
                "give the folder of this training, or an empty one to begin anew"
            )
            raise SettingError(msg)
    weights = folder / str(spelt["tensors"])
    content = weights.read_bytes() if weights.is_file() else b""
    if hashlib.sha256(content).hexdigest() != spelt["sha256"]:
        msg = f"{weights} is missing or was changed since it was written; remove {folder} to begin anew"
        raise ModelError(msg)
    return Checkpoint(spelt["step"], spelt["figures"], unpack_tensors(content, str(weights)))


def _read(path: Path) -> dict[str, Any]:
    try:
        spelt = json.loads(path.read_text(encoding="utf-8"))
        known = spelt["format"] == _FORMAT and isinstance(spelt["belongs_to"], dict)
        missing = [name for name in ("step", "figures", "tensors", "sha256") if name not in spelt]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{path} is no checkpoint ({error}); remove its folder to begin anew"
        raise ModelError(msg) from error
    if not known or missing:
        msg = f"{path} is incomplete or of another format; remove its folder to begin anew"
        raise ModelError(msg)
    return spelt  # type: ignore[no-any-return] # a dict: it has all the names


def _put(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(content)
    draft.replace(path)
