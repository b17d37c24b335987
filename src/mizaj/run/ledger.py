"""Which shards of a run are done: a file beside the output that survives a kill at any moment.

A shard is entered after its files are in place and on disk. A run that is resumed does again every
shard that is not entered, and gets the same files, since a shard's output depends on nothing else.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj import __version__
from mizaj.errors import SettingError, SinkError
from mizaj.read import BadInput
from mizaj.read.files import OUTPUT_MARK
from mizaj.run.hold import remove_drafts
from mizaj.run.shard import Counts, Job, ShardResult
from mizaj.write import REJECTS, write_whole

MANIFEST = "manifest.json"
WORK = ".work"
"""The folder, inside the output, of what is worked out before a run and looked at while it lasts."""

_SYNC_S = 1.0
_LEFT = re.compile(rf"\.(mizaj-|{re.escape(OUTPUT_MARK)}\.|{re.escape(MANIFEST)}\.)[0-9a-f]+\.tmp")
"""What a run that was killed at its very beginning or end leaves: a probe for workers, half a ledger or manifest."""
_FIXED = ("mizaj version", "read settings", "output format", "inputs")
"""What is known of a job before cleaning has looked at its source."""


@dataclass(frozen=True)
class Ledger:
    """The entries of a run: first what it is and which files it may write, then a line for each shard done."""

    path: Path
    identity: dict[str, Any]

    @contextmanager
    def entering(self) -> Iterator[Callable[[ShardResult], None]]:
        """What enters a shard, while the block lasts.

        No kill loses an entry. They are flushed to the disk once a second, when one is entered, and at the end: a power
        cut may lose the last ones, whose shards are then done again. Raises `SinkError` where they cannot be written.
        """
        with _told(self.path):
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        synced_at = time.monotonic()

        def enter(result: ShardResult) -> None:
            nonlocal synced_at
            with _told(self.path):
                _write(handle, _line(result))
                if time.monotonic() - synced_at > _SYNC_S:  # each time would hold up a cluster
                    os.fsync(handle)
                    synced_at = time.monotonic()

        try:
            yield enter
        finally:
            try:
                with _told(self.path):
                    os.fsync(handle)
            finally:
                os.close(handle)

    def results(self) -> list[ShardResult]:
        """The shards that are done: their input was read to its end, and their files are there in full size.

        An input that broke off may have done so for want of a network alone; its shard is read again.
        """
        folder = self.path.parent
        shards = (entry for entry in _entries(self.path) if "shard" in entry)
        entered = {result.shard: result for result in map(_result, shards)}
        return [
            result
            for result in entered.values()
            if not result.bad and all(_is_there(folder, file) for file in result.files.items())
        ]


def begin(job: Job) -> Ledger:
    """The ledger of a run, new or resumed, in a folder that is there and held; what can be wrong is checked first.

    Raises `SinkError` when the output folder is in use, `SettingError` when a run that is to be
    resumed was another one.
    """
    check_use(job)
    sink, identity = job.sink, identity_of(job)
    path = sink.folder / OUTPUT_MARK
    # Workers of a killed run may still be at it: once its drafts are gone, they put nothing in place.
    remove_drafts(sink.folder)
    for each in sink.folder.iterdir():
        if _LEFT.fullmatch(each.name):
            each.unlink(missing_ok=True)
    if _is_used(sink.folder):
        if sink.settings.resume:
            _drop_torn_line(path)
            return Ledger(path, identity)
        _clear(sink.folder)
    files = [sink.file_name(shard.name) for shard in job.source.shards]
    first = json.dumps({"run": identity, "files": files}, ensure_ascii=False) + "\n"
    write_whole(path, first.encode())
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


def check_use(job: Job, *, is_prepared: bool = True) -> None:
    """Raises `SinkError` for an output folder that is in use, unless by a run that is to be resumed or replaced.

    And `SettingError` where the run that is to be resumed was another one, as far as that is known of a job for which
    cleaning has not looked at the source yet (`is_prepared` False).
    """
    sink = job.sink
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
    if settings.resume:
        identity = identity_of(job)
        _check_same(path, {name: identity[name] for name in (identity if is_prepared else _FIXED)})


def _is_used(folder: Path) -> bool:
    """Whether something lies in the folder besides what is worked out, and left by a kill, before a run begins."""
    return folder.is_dir() and any(
        each.name != WORK and not _LEFT.fullmatch(each.name) for each in folder.iterdir()
    )


def _check_same(path: Path, identity: Mapping[str, Any]) -> None:
    """Raises `SettingError` where the run of a ledger differs from this one, and says in what."""
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
    for name in _names(_entries(folder / OUTPUT_MARK)):
        if not (Path(name).is_absolute() or ".." in Path(name).parts):  # of a ledger of ours
            (folder / name).unlink(missing_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)


def _names(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    """The files of a run: of shards that a worker had put in place, but that were not entered before a kill, too."""
    names: set[str] = set()
    for entry in entries:
        planned = entry.get("files", ())
        names.update(planned, (f"{REJECTS}/{name}" for name in planned))
        names.update(entry.get("shard", {}).get("files", ()))
    return names


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raises `SinkError` where the system refuses."""
    try:
        yield
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}); make room, then --resume"
        raise SinkError(msg) from error


def _write(handle: int, content: bytes) -> None:
    while content:  # a disk that is nearly full takes a part, and says no the next time
        content = content[os.write(handle, content) :]


def _line(result: ShardResult) -> bytes:
    # not by `asdict`, which copies everything: one process writes the lines of a whole cluster
    return (json.dumps({"shard": result}, ensure_ascii=False, default=vars) + "\n").encode()


def _entries(path: Path) -> list[dict[str, Any]]:
    """The whole lines; a kill or a full disk may have torn one."""
    return list(_whole_lines(path.read_bytes().splitlines(keepends=True)))


def _whole_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if line.endswith(b"\n") and isinstance(entry, dict):
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
