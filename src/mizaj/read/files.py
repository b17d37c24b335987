"""Finding input files and reading their bytes: names, globs, folders, URLs; plain, gzip and zstd."""

from __future__ import annotations

import glob
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, BinaryIO

import pyarrow as pa

from mizaj.errors import ExtraMissing, SourceError
from mizaj.read.source import FORMATS, Identity, ReadSettings

OUTPUT_MARK = ".ledger.jsonl"
"""A folder that holds this file is the output of a run; a walk through a folder leaves it out."""

STDIN = "-"

_PIECE_BYTES = 1 << 20
_SALVAGE_BYTES = 1
_SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".txt": "text",
}
_COMPRESSIONS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
# First bytes that say what a file is, whatever its name.
_MAGIC_FORMATS = {b"PAR1": "parquet", b"ARROW1": "arrow"}
_MAGIC_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class InputFile:
    """A file to read: where, in which format, packed how."""

    identity: Identity
    format: str
    compression: str | None = None

    @property
    def path(self) -> str:
        """The path or URL as it is shown."""
        return self.identity.path

    @property
    def stem(self) -> str:
        """The name without folder and known endings."""
        return stem_of(self.path)

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The bytes as they are stored, as a file that can seek."""
        with _opened(self.path) as file:
            yield file

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on, unpacked, in pieces.

        Raises `SourceError` after everything that can be read, where the file breaks off.
        """
        position = start
        with self.open() as file:
            stream = self._unpacked(file, start)
            while True:
                try:
                    piece = stream.read(_PIECE_BYTES)
                except OSError as error:
                    tail = self._salvaged(position)
                    yield tail
                    raise broken_off(self.path, position + len(tail), error) from error
                if not piece:
                    return
                position += len(piece)
                yield piece

    def _unpacked(self, file: pa.NativeFile, start: int) -> pa.NativeFile:
        if self.compression is None:
            file.seek(start)
            return file
        stream = pa.CompressedInputStream(file, self.compression)
        _skip(stream, start)
        return stream

    def _salvaged(self, position: int) -> bytes:
        """What can still be had after `position` when a larger read fails."""
        found = bytearray()
        with self.open() as file:
            try:
                stream = self._unpacked(file, position)
                while byte := stream.read(_SALVAGE_BYTES):
                    found += byte
            except OSError:
                return bytes(found)
        return bytes(found)


class Pipe:
    """Standard input: read once, though its beginning can be looked at first."""

    compression = None

    def __init__(self, stream: BinaryIO, kind: str) -> None:
        self.format = kind
        self.identity = Identity(STDIN)
        self.path = "standard input"
        self.stem = "stdin"
        self._stream = stream
        self._seen: list[bytes] = []
        self._is_looking = True

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from the beginning, those already looked at included."""
        del start
        yield from tuple(self._seen)
        while piece := self._stream.read(_PIECE_BYTES):
            if self._is_looking:
                self._seen.append(piece)
            yield piece

    def stop_looking(self) -> None:
        """From now on what is read is not kept."""
        self._is_looking = False


def broken_off(path: str, position: int, error: Exception) -> SourceError:
    """The error for a file whose bytes end or break where more should follow."""
    reason = str(error).splitlines()[0]
    msg = (
        f"{path}: broken or cut off after byte {position:,} of its unpacked content ({reason}); "
        "what stands before is kept. Fetch the file again for the rest"
    )
    return SourceError(msg)


def hash_file(path: str, is_stopped: Callable[[], bool] = lambda: False) -> str | None:
    """The SHA-256 of a local file, as `sha256sum` prints it; None for others, or when stopped.

    SHA-256 has its own processor instructions: 1.2 GB/s, where BLAKE2b made 0.5 GB/s.
    """
    if is_url(path):
        return None
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            if is_stopped():
                return None
            digest.update(piece)
    return digest.hexdigest()


def is_url(path: str) -> bool:
    """Whether a path names something outside the local file system."""
    return "://" in path


def stem_of(path: str) -> str:
    """The file name without folder, packing and format endings.

    >>> stem_of("in/posts.2020.jsonl.gz")
    'posts.2020'
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    if PurePath(name).suffix.lower() in _COMPRESSIONS:
        name = PurePath(name).stem
    return PurePath(name).stem if _is_known(name) else name


def find(sources: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that names, globs, folders and URLs stand for, each once; and those left out.

    Files of a folder or glob are sorted by name. Left out are files of a folder whose endings no
    format has. Raises `SourceError` where nothing is found.
    """
    found: dict[str, None] = {}
    skipped: dict[str, None] = {}
    for source in sources:
        paths, foreign = _expand(source)
        if not paths:
            msg = f"{source}: no file found; give a file, a folder, a glob such as 'in/*.csv' or a URL"
            if foreign:
                msg = f"{source}: holds no file that can be read; allowed endings: {_endings()}"
            raise SourceError(msg)
        found.update(dict.fromkeys(paths))
        skipped.update(dict.fromkeys(foreign))
    return tuple(found), tuple(skipped)


def describe(path: str, settings: ReadSettings) -> InputFile:
    """The file with its size, format and packing; its first bytes count more than its name.

    Raises `SourceError` when it cannot be opened or its format is not known.
    """
    with _opened(path) as file:
        head = file.read(8)
    identity = _identify(path)
    packing = next((c for mark, c in _MAGIC_COMPRESSIONS.items() if head.startswith(mark)), None)
    seen = next((f for mark, f in _MAGIC_FORMATS.items() if head.startswith(mark)), None)
    kind = settings.format or seen or _SUFFIXES.get(_ending(path))
    if kind is None:
        msg = f"{path}: format not known by its ending; name it with --format {'|'.join(FORMATS)}"
        raise SourceError(msg)
    if (
        head.startswith(_UTF16_MARKS)
        and packing is None
        and kind in ("csv", "tsv", "jsonl", "text")
    ):
        msg = f"{path}: is UTF-16; only UTF-8 is read. Convert it: iconv -f UTF-16 -t UTF-8"
        raise SourceError(msg)
    return InputFile(identity, kind, packing)


def _endings() -> str:
    return " ".join(_SUFFIXES) + " (also with .gz or .zst)"


def _expand(source: str) -> tuple[list[str], list[str]]:
    if is_url(source):
        return _expand_url(source)
    path = Path(source)
    if path.is_dir():
        return _walk(path)
    if path.exists():
        return [source], []
    # Path.glob takes no absolute pattern.
    names = sorted(glob.glob(source, recursive=True))  # noqa: PTH207
    return [name for name in names if Path(name).is_file()], []


def _walk(root: Path) -> tuple[list[str], list[str]]:
    paths: list[str] = []
    foreign: list[str] = []
    for folder, inner, names in os.walk(root):
        here = Path(folder)
        if here != root and OUTPUT_MARK in names:
            inner.clear()
            continue
        is_output = OUTPUT_MARK in names
        inner[:] = [
            n for n in inner if not n.startswith((".", "_")) and not (is_output and n == "rejects")
        ]
        for name in names:
            if name.startswith((".", "_")) or name == "manifest.json":
                continue
            (paths if _is_known(name) else foreign).append(str(here / name))
    return sorted(paths), sorted(foreign)


def _expand_url(source: str) -> tuple[list[str], list[str]]:
    fs, path = _remote(source)
    if fs.isdir(path):
        names = sorted(fs.find(path))
        known = [n for n in names if _is_known(n.rsplit("/", 1)[-1])]
        foreign = [n for n in names if n not in set(known)]
    else:
        known, foreign = sorted(fs.glob(path)) if "*" in path else [path], []
    return [fs.unstrip_protocol(n) for n in known], [fs.unstrip_protocol(n) for n in foreign]


def _is_known(name: str) -> bool:
    return _ending(name) in _SUFFIXES and not name.startswith((".", "_"))


def _ending(name: str) -> str:
    """The ending that tells the format, in lower case, without that of the packing."""
    path = PurePath(name.lower())
    return PurePath(path.stem).suffix if path.suffix in _COMPRESSIONS else path.suffix


def _remote(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        library = "fsspec"
        raise ExtraMissing(library, extra="cloud") from error
    try:
        fs, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        msg = f"{url}: cannot be reached ({error}); check the address and its fsspec plug-in"
        raise SourceError(msg) from error
    return fs, path


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    try:
        file = _remote_file(path) if is_url(path) else pa.OSFile(path)
    except OSError as error:
        msg = f"{path}: cannot be opened ({error.strerror or error}); check that it exists and may be read"
        raise SourceError(msg) from error
    with file:
        yield file


def _remote_file(url: str) -> IO[bytes]:
    fs, path = _remote(url)
    return io.BufferedReader(fs.open(path, "rb"), _PIECE_BYTES)


def _identify(path: str) -> Identity:
    if not is_url(path):
        status = Path(path).stat()
        return Identity(path, status.st_size, str(status.st_mtime_ns))
    fs, inner = _remote(path)
    info = fs.info(inner)
    known = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
    stamp = next((str(info[key]) for key in known if info.get(key) is not None), "unknown")
    return Identity(path, info.get("size"), stamp)


def _skip(stream: pa.NativeFile, n_bytes: int) -> None:
    while n_bytes > 0:
        piece = stream.read(min(n_bytes, _PIECE_BYTES))
        if not piece:
            return
        n_bytes -= len(piece)
