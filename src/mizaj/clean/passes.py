"""The files between passes: whole or absent, their rows in buckets that are read one by one, a receipt beside each.

A file holds record batches, `n_buckets` for each chunk of the work that wrote it: batch `chunk * n_buckets + bucket`.
So a later piece of work reads its bucket from every file, and no engine has to move rows between machines.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.clean.near.sketching import Hashes
from mizaj.cluster import Spread
from mizaj.errors import ClusterError, SinkError

HASH_BITS = 64


@dataclass(frozen=True)
class Receipt:
    """What a piece of work did: its name, how many chunks it wrote, what it counted, the biggest clusters it saw."""

    name: str
    n_chunks: int = 1
    counts: dict[str, int] = field(default_factory=dict)
    largest: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Work:
    """Where files between passes lie, and in how many buckets their rows are."""

    folder: Path
    n_buckets: int

    @property
    def buckets(self) -> range:
        """The numbers of the buckets."""
        return range(self.n_buckets)

    @property
    def names(self) -> list[str]:
        """The names of the files that pieces of work on buckets write."""
        return [str(bucket) for bucket in self.buckets]

    def bucket_of(self, hashes: Hashes) -> NDArray[np.uint16]:
        """The bucket of each hash: its upper bits."""
        shift = np.uint64(HASH_BITS - (self.n_buckets - 1).bit_length())
        # A shift by all 64 bits is not defined.
        numbers = hashes >> shift if self.n_buckets > 1 else np.zeros(len(hashes))
        return numbers.astype(np.uint16)

    def split(self, batch: pa.RecordBatch, by: str) -> list[pa.RecordBatch]:
        """The rows by the bucket of a column of hashes; a bucket without rows is an empty batch."""
        numbers = self.bucket_of(batch.column(by).to_numpy())
        order = np.argsort(numbers, kind="stable")
        bounds = np.searchsorted(numbers[order], np.arange(self.n_buckets + 1))
        moved = batch.take(pa.array(order))
        return [moved.slice(a, b - a) for a, b in itertools.pairwise(bounds)]

    def read(
        self, kind: str, names: Sequence[str], bucket: int, columns: Sequence[int] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The batches of a bucket in the files of a kind, in the order of the names; of some columns where given."""
        for name in names:
            for _, batch in self.read_file(kind, name, bucket, columns):
                yield batch

    def read_file(
        self, kind: str, name: str, bucket: int, columns: Sequence[int] | None = None
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The number of each chunk of a file, and its batch of that bucket."""
        with opened(self.path(kind, name), columns) as file:
            for chunk in range(len(file) // self.n_buckets):
                yield chunk, file[chunk * self.n_buckets + bucket]

    def size_bytes(self, kind: str, names: Sequence[str]) -> int:
        """What the files of a kind take together."""
        total = 0
        for name in names:
            path = self.path(kind, name)
            try:
                total += path.stat().st_size
            except OSError as error:
                raise _unseen(path, error) from error
        return total

    def path(self, kind: str, name: str) -> Path:
        """Where a file lies."""
        return self.folder / kind / f"{name}.arrow"

    def receipt(self, work: str, name: str) -> Receipt | None:
        """What a piece of work did; None while it is not done."""
        path = self.folder / work / f"{name}.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        found["largest"] = tuple((n, name) for n, name in found["largest"])
        return Receipt(**found)

    def enter(self, work: str, receipt: Receipt) -> Receipt:
        """Writes the receipt, which says that all files of the work are there."""
        path = self.folder / work / f"{receipt.name}.json"
        content = json.dumps(asdict(receipt), ensure_ascii=False).encode()
        with _in_place(path) as temporary:
            temporary.write_bytes(content)
        return receipt

    def drop(self, *kinds: str) -> None:
        """Removes files that no later pass reads; their receipts stay."""
        for kind in kinds:
            shutil.rmtree(self.folder / kind, ignore_errors=True)

    @contextmanager
    def writing(
        self, name: str, schemas: Mapping[str, pa.Schema]
    ) -> Iterator[Mapping[str, Writer]]:
        """Writers of one file of each kind; the files are in place when the block has ended well."""
        with ExitStack() as stack:
            writers: dict[str, Writer] = {}
            for kind, schema in schemas.items():
                temporary = stack.enter_context(_in_place(self.path(kind, name)))
                file = stack.enter_context(pa.OSFile(str(temporary), "wb"))
                writers[kind] = stack.enter_context(pa.ipc.new_file(file, schema))
            yield writers


class Writer(Protocol):
    """Takes record batches."""

    def write_batch(self, batch: pa.RecordBatch, /) -> None:
        """Appends one."""


Item = TypeVar("Item")
Given = TypeVar("Given", contravariant=True)


class Pass(Protocol[Given]):
    """What is done with each shard or bucket: anywhere, perhaps twice, with the same files and receipt each time."""

    @property
    def work(self) -> Work:
        """Where its files lie."""

    @property
    def title(self) -> str:
        """The name under which its receipts lie."""

    def __call__(self, item: Given, /) -> Receipt:
        """What was done."""


def do_pass(
    function: Pass[Item], items: Sequence[Item], *, name_of: Callable[[Item], str], spread: Spread
) -> list[Receipt]:
    """The receipts of all pieces, in the order of the items; those that are there already are not done again.

    Raises `ClusterError` where a piece was neither done nor failed: later passes would leave its rows out.
    """
    function.work.folder.mkdir(parents=True, exist_ok=True)
    found = {name_of(item): function.work.receipt(function.title, name_of(item)) for item in items}
    todo = [item for item in items if found[name_of(item)] is None]
    if todo:
        found.update((receipt.name, receipt) for receipt in spread(function, todo))
    missing = [name for name, receipt in found.items() if receipt is None]
    if missing:
        msg = (
            f"of {len(items):,} pieces of the pass '{function.title}', {len(missing):,} came back from no worker, "
            f"'{missing[0]}' among them; run the same again: what is done is kept"
        )
        raise ClusterError(msg)
    return [receipt for receipt in found.values() if receipt is not None]


@dataclass(frozen=True)
class Batches:
    """The record batches of a file, each read when it is asked for."""

    path: Path
    reader: pa.RecordBatchFileReader

    def __len__(self) -> int:
        return int(self.reader.num_record_batches)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> pa.RecordBatch:
        """One of them. Raises `SinkError` where it is damaged."""
        try:
            return self.reader.get_batch(number)
        except (OSError, pa.ArrowException) as error:
            raise _unseen(self.path, error) from error


@contextmanager
def opened(path: Path, columns: Sequence[int] | None = None) -> Iterator[Batches]:
    """A file whose batches are read one by one; it is not mapped, so that its pages are not the process's."""
    options = pa.ipc.IpcReadOptions(included_fields=list(columns)) if columns else None
    try:
        file = pa.OSFile(str(path))
    except OSError as error:
        raise _unseen(path, error) from error
    with file, _reader(path, file, options) as reader:
        yield Batches(path, reader)


def _reader(
    path: Path, file: pa.NativeFile, options: pa.ipc.IpcReadOptions | None
) -> pa.RecordBatchFileReader:
    try:
        return pa.ipc.open_file(file, options=options)
    except (OSError, pa.ArrowException) as error:
        raise _unseen(path, error) from error


def _unseen(path: Path, error: Exception) -> SinkError:
    # Not the error of an input: of those, a run does without.
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return SinkError(
        f"{path}: cannot be read ({reason}), though an earlier pass wrote it; on a "
        "cluster, give a folder that all workers share"
    )


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    """A temporary path whose file is durable and renamed when the block has ended well, and gone when not."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        # not its parents: where they are gone, so is the run that asked
        path.parent.mkdir(exist_ok=True)
        yield temporary
        _make_durable(temporary)
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        msg = (
            f"{path}: cannot be written ({reason}); make room or give rights, then run the same again: "
            "`mizaj clean` goes on where it stopped"
        )
        raise SinkError(msg) from error
    finally:
        temporary.unlink(missing_ok=True)


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
