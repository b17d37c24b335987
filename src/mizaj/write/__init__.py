"""Batches -> files: a shard is whole or absent, and rows that were set aside lie beside it."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import MASKED, REJECTED
from mizaj.errors import SettingError, SinkError
from mizaj.write.files import OUTPUTS, OutputFile, check_column

__all__ = ["Receipt", "ShardWriter", "Sink", "WriteSettings", "write_whole"]

REJECTS = "rejects"
"""The folder, inside the output, of the rows that were set aside."""


@dataclass(frozen=True)
class WriteSettings:
    """How the output is written; `overwrite` and `resume` say what to do when it is there."""

    format: str = "parquet"
    overwrite: bool = False
    resume: bool = False
    row_group_rows: int = 131_072

    def __post_init__(self) -> None:
        if self.format not in OUTPUTS:
            msg = f"output format '{self.format}' is not known; allowed: {', '.join(OUTPUTS)}"
            raise SettingError(msg)
        if self.overwrite and self.resume:
            msg = "--overwrite and --resume exclude each other; give one of them"
            raise SettingError(msg)
        if self.row_group_rows < 1:
            msg = f"row_group_rows is {self.row_group_rows}; it must be 1 or more"
            raise SettingError(msg)


@dataclass(frozen=True)
class Sink:
    """A folder that takes the output of a run.

    `draft` is the folder of files that are not whole yet, inside it; a run makes one of its own, and what writes in it
    can put nothing in place once it is gone. Without one, such files lie, hidden, beside the whole ones. Raises
    `SinkError` for what is no local folder.
    """

    folder: Path
    settings: WriteSettings = field(default_factory=WriteSettings)
    draft: Path | None = None

    def __post_init__(self) -> None:
        # Path("s3://bucket") is "s3:/bucket".
        if ":/" in str(self.folder):
            msg = f"{self.folder}: output goes to a local folder; copy it up afterwards"
            raise SinkError(msg)
        if self.folder.exists() and not self.folder.is_dir():
            msg = f"{self.folder}: is a file; the output needs a folder"
            raise SinkError(msg)

    def file_name(self, shard: str) -> str:
        """The name of the output file of a shard."""
        return f"{shard}.{self.settings.format}"

    def check(self, schema: pa.Schema) -> None:
        """Raises `SinkError` when a column has a type that the format cannot hold."""
        for column in schema:
            try:
                check_column(self.settings.format, column)
            except (pa.ArrowException, NotImplementedError) as error:
                msg = (
                    f"column '{column.name}' of type {column.type} cannot be written as "
                    f"{self.settings.format}; drop or convert it, or write jsonl"
                )
                raise SinkError(msg) from error


@dataclass(frozen=True)
class Receipt:
    """What a shard brought: rows by fate, and the files with their sizes, relative to the output.

    `masked` says how much personal data was masked, by kind, in rows of either fate.
    """

    rows_in: int
    rows_out: int
    rejected: dict[str, int]
    masked: dict[str, int]
    files: dict[str, int]


class ShardWriter:
    """Writes one shard to hidden temporary files and moves them into place at the end.

    A `with` block that raises leaves nothing behind. Rows with a reason in `rejected` go to the
    folder `rejects` with all columns, the others, without that column, to the output itself.
    """

    def __init__(self, sink: Sink, shard: str, schema: pa.Schema) -> None:
        name = sink.file_name(shard)
        self._sink = sink
        self._schema = schema
        self._kept_schema = pa.schema([f for f in schema if f.name != REJECTED.name])
        self._targets = {"kept": Path(name), REJECTS: Path(REJECTS, name)}
        self._files: dict[str, OutputFile] = {}
        self._rows: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._masked: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        # On a cluster several attempts at one shard may run at a time, on machines whose processes have equal numbers.
        self._attempt = secrets.token_hex(6)

    def __enter__(self) -> Self:
        self._open("kept", self._kept_schema)
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Appends the rows; raises `SinkError` when the disk refuses."""
        self._rows["in"] += batch.num_rows
        if MASKED.name in batch.schema.names:
            self._masked.update(_counted(pc.list_flatten(batch.column(MASKED.name))))
        if REJECTED.name not in batch.schema.names:
            self._append("kept", batch)
            return
        reasons = batch.column(REJECTED.name)
        if reasons.null_count == batch.num_rows:
            self._append("kept", batch.drop_columns([REJECTED.name]))
            return
        is_kept = reasons.is_null()
        self._append("kept", batch.filter(is_kept).drop_columns([REJECTED.name]))
        self._append(REJECTS, batch.filter(pc.invert(is_kept)))
        self._reasons.update(_kinds(reasons))

    @property
    def receipt(self) -> Receipt:
        """The counts; the files once the shard is in place."""
        reasons, masked = (dict(sorted(each.items())) for each in (self._reasons, self._masked))
        return Receipt(self._rows["in"], self._rows["kept"], reasons, masked, self._sizes)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            self._discard()

    def _open(self, part: str, schema: pa.Schema) -> None:
        path = self._temporary(part)
        opened = OUTPUTS[self._sink.settings.format]
        try:
            if self._sink.draft is None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._files[part] = opened(path, schema, self._sink.settings.row_group_rows)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise self._refused(self._target(part), error) from error

    def _append(self, part: str, batch: pa.RecordBatch) -> None:
        if part not in self._files:
            self._open(part, self._schema)
        try:
            self._files[part].write(batch)
        except OSError as error:
            raise self._refused(self._target(part), error) from error
        self._rows[part] += batch.num_rows

    def _commit(self) -> None:
        """Makes all files of the shard durable first, so that no failure parts them."""
        for step in (self._finish, self._make_room, self._move):
            for part in self._files:
                try:
                    step(part)
                except OSError as error:
                    raise self._refused(self._target(part), error) from error
        self._files.clear()

    def _finish(self, part: str) -> None:
        self._files[part].close()
        _make_durable(self._temporary(part))

    def _make_room(self, part: str) -> None:
        self._target(part).parent.mkdir(exist_ok=True)

    def _move(self, part: str) -> None:
        target = self._target(part)
        self._temporary(part).replace(target)
        self._sizes[self._targets[part].as_posix()] = target.stat().st_size

    def _refused(self, path: Path, error: OSError) -> SinkError:
        draft = self._sink.draft
        if draft is None or draft.is_dir():
            return _refused(path, error)
        return SinkError(
            f"{self._sink.folder}: another run has taken over this folder while this one was at work; let only one "
            "run write there"
        )

    def _discard(self) -> None:
        for part, file in self._files.items():
            with suppress(OSError, pa.ArrowException):
                file.close()
            self._temporary(part).unlink(missing_ok=True)

    def _target(self, part: str) -> Path:
        return self._sink.folder / self._targets[part]

    def _temporary(self, part: str) -> Path:
        folder, name = self._sink.draft or self._sink.folder, self._targets[part].name
        return folder / f".{part}-{name}.{self._attempt}.tmp"


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file so that it is there whole, on disk, or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        temporary.write_bytes(content)
        _make_durable(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _refused(path, error) from error


def _kinds(reasons: pa.Array) -> Counter[str]:
    """How many rows for each reason, what follows a colon left out (`duplicate_of:17`)."""
    kinds: Counter[str] = Counter()
    for reason, n in _counted(reasons.drop_null().cast(pa.string())).items():
        kinds[reason.partition(":")[0]] += n
    return kinds


def _counted(values: pa.Array) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(values).to_pylist()}


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> SinkError:
    reason = error.strerror or str(error).splitlines()[0]
    return SinkError(
        f"{path}: cannot be written ({reason}); make room or give rights, then run with --resume"
    )
