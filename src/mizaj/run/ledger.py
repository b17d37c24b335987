"""Which shards of a run are done: a file beside the output that survives a kill at any moment.

A shard is entered after its files are in place and on disk. A run that is resumed does again every
shard that is not entered, and gets the same files, since a shard's output depends on nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mizaj import __version__
from mizaj.errors import SettingError, SinkError
from mizaj.read import BadInput
from mizaj.read.files import OUTPUT_MARK
from mizaj.run.shard import Counts, Job, ShardResult
from mizaj.write import Sink, remove_temporary, write_whole

MANIFEST = "manifest.json"
WORK = ".work"
"""The folder, inside the output, of what is worked out before a run and looked at while it lasts."""


@dataclass(frozen=True)
class Ledger:
    """The entries of a run: its identity in the first line, then one line for each shard done."""

    path: Path
    identity: dict[str, Any]

    def add(self, result: ShardResult) -> None:
        """Enters a shard; on disk when this returns."""
        line = json.dumps({"shard": asdict(result)}, ensure_ascii=False) + "\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        except OSError as error:
            msg = f"{self.path}: cannot be written ({error.strerror}); make room, then --resume"
            raise SinkError(msg) from error
        finally:
            os.close(handle)

    def results(self) -> list[ShardResult]:
        """The shards that are done and whose files are there in full size."""
        folder = self.path.parent
        entered = {r.shard: r for r in map(_result, _entries(self.path)[1:])}
        return [r for r in entered.values() if all(_is_there(folder, f) for f in r.files.items())]


def begin(job: Job) -> Ledger:
    """The ledger of a run, new or resumed; all that can be wrong is checked before a file is touched.

    Raises `SinkError` when the output folder is in use, `SettingError` when a run that is to be
    resumed was another one.
    """
    sink, identity = job.sink, identity_of(job)
    path = sink.folder / OUTPUT_MARK
    is_used = _is_used(sink.folder)
    check_use(sink)
    if is_used:
        if sink.settings.resume:
            return _resumed(path, identity)
        _clear(sink.folder)
    _make_folder(sink.folder)
    write_whole(path, (json.dumps({"run": identity}, ensure_ascii=False) + "\n").encode())
    return Ledger(path, identity)


def identity_of(job: Job) -> dict[str, Any]:
    """What must be equal for two runs to write the same files."""
    settings = job.sink.settings
    return {
        "mizaj version": __version__,
        "pipeline": job.pipeline.fingerprint,
        "read settings": repr(job.source.settings),
        "marks on rows": job.source.marks,
        "output format": f"{settings.format}, row groups of {settings.row_group_rows}",
        "columns": {column.name: str(column.type) for column in job.schema},
        "inputs": [[i.path, i.size_bytes, i.stamp] for i in job.source.inputs],
    }


def check_use(sink: Sink) -> None:
    """Raises `SinkError` for an output folder that is in use, unless by a run that is to be resumed or replaced."""
    path, settings = sink.folder / OUTPUT_MARK, sink.settings
    if not _is_used(sink.folder):
        return
    if not (settings.resume or settings.overwrite):
        msg = (
            f"{sink.folder}: exists and is not empty; --resume goes on with an unfinished run, "
            "--overwrite replaces its output"
        )
        raise SinkError(msg)
    if not path.exists():
        msg = (
            f"{sink.folder}: is not empty and holds no mizaj run ({OUTPUT_MARK} is not there); "
            "give a new or empty folder"
        )
        raise SinkError(msg)


def _is_used(folder: Path) -> bool:
    """Whether something lies in the folder besides what is worked out before a run begins."""
    return folder.is_dir() and any(each.name != WORK for each in folder.iterdir())


def _resumed(path: Path, identity: Mapping[str, Any]) -> Ledger:
    entries = _entries(path)
    before = entries[0].get("run", {}) if entries else {}
    if any(stamp is None for _, _, stamp in identity["inputs"]):
        msg = "only a run over files can be resumed; run again with --overwrite"
        raise SettingError(msg)
    for name, value in identity.items():
        if before.get(name) != value:
            difference = _difference(name, before.get(name), value)
            msg = f"cannot resume: {difference}. Use the same as before, or --overwrite"
            raise SettingError(msg)
    _drop_torn_line(path)
    remove_temporary(path.parent)
    return Ledger(path, dict(identity))


def _difference(name: str, before: Any, now: Any) -> str:  # noqa: ANN401 - parsed JSON
    if name == "inputs" and before is not None:
        old = {entry[0]: entry for entry in before}
        new = {entry[0]: entry for entry in now}
        for path in [*old, *new]:
            if old.get(path) != new.get(path):
                fate = "is new" if path not in old else "is gone" if path not in new else "changed"
                return f"the input {path} {fate} since"
        return "the inputs come in another order"
    return f"the {name} differ: {before} before, {now} now"


def _clear(folder: Path) -> None:
    """Removes what earlier runs wrote, and nothing else; the ledger last, as it knows what that is."""
    for entry in _entries(folder / OUTPUT_MARK)[1:]:
        for name in entry["shard"]["files"]:
            (folder / name).unlink(missing_ok=True)
    remove_temporary(folder)
    (folder / MANIFEST).unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror}); choose another folder"
        raise SinkError(msg) from error


def _entries(path: Path) -> list[dict[str, Any]]:
    """The whole lines; a kill may have torn the last one."""
    return list(_whole_lines(path.read_bytes().splitlines(keepends=True)))


def _whole_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if line.endswith(b"\n"):
            yield entry


def _drop_torn_line(path: Path) -> None:
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.truncate(path, end)


def _is_there(folder: Path, file: tuple[str, int]) -> bool:
    path = folder / file[0]
    return path.exists() and path.stat().st_size == file[1]


def _result(entry: dict[str, Any]) -> ShardResult:
    shard = entry["shard"]
    bad = tuple(BadInput(**each) for each in shard["bad"])
    return ShardResult(shard["shard"], Counts(**shard["counts"]), shard["files"], bad)
