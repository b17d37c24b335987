"""Whether workers can do the work at all: their versions, and the folders and files they must see."""

from __future__ import annotations

import platform
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mizaj.cluster.parcel import inside, unseen
from mizaj.errors import ClusterError, SinkError

_PATIENCE_S = 5.0
_LAST_PORT = 65_535
_LOOPBACK = {"127.0.0.1", "::1"}
_COMPARED = ("mizaj", "pyarrow", "numpy")


@dataclass(frozen=True)
class Probe:
    """A function for workers: raises `ClusterError` where one could not do the work.

    `tokens` are files that were just written into the folders that all must see; `versions` those of who asks; `files`
    some of the inputs, with their sizes.
    """

    folder: str
    tokens: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, int], ...] = ()

    def __call__(self, _: object = None) -> str:
        """The name of the machine that was looked at."""
        here = dict(own_versions())
        for name, wanted in self.versions:
            if here[name] != wanted:
                raise _other_version(name, wanted, here[name])
        with inside(self.folder):
            for token in self.tokens:
                if not Path(token).exists():
                    raise unseen(str(Path(token).parent))
            for path, size_bytes in self.files:
                _check_file(path, size_bytes)
        return platform.node()


def _check_file(path: str, size_bytes: int) -> None:
    """Raises `ClusterError` for a file that is not there, or is shorter: not all of it, or another of that name."""
    try:
        found = Path(path).stat().st_size
    except OSError as error:
        raise unseen(path, "file") from error
    if found < size_bytes:
        msg = (
            f"{path}: has {found:,} bytes for a worker on {platform.node()}, {size_bytes:,} for who asks; let all "
            "machines see the same files"
        )
        raise ClusterError(msg)


def refusal(place: str) -> str | None:
    """Why nobody answers at HOST:PORT; None if somebody does, or if `place` names no port.

    Asked first, since engines try for minutes, and one ends the process then.
    """
    host, _, port = place.rpartition(":")
    if not port.isdecimal():
        return None
    if int(port) > _LAST_PORT:
        return f"there is no port {port}; the last is {_LAST_PORT}"
    try:
        socket.create_connection((host, int(port)), _PATIENCE_S).close()
    except UnicodeError:
        return f"'{host}' is no name of a machine"
    except OSError as error:
        return error.strerror or str(error)
    return None


def same_place(one: str, other: str, *, here: str) -> bool:
    """Whether two HOST:PORT are the same; `here` is the number by which others know this machine.

    >>> same_place("127.0.0.1:6379", "192.0.2.7:6379", here="192.0.2.7")
    True
    """
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    return port == other_port and not _numbers(host, here).isdisjoint(_numbers(other_host, here))


def _numbers(host: str, here: str) -> set[str]:
    """What a name stands for, and itself; what leads back to this machine also under its number for others."""
    numbers = {host}
    with suppress(OSError, UnicodeError):
        numbers |= {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    return numbers | {here} if numbers & _LOOPBACK else numbers


def own_versions() -> tuple[tuple[str, str], ...]:
    """What must be equal on all machines, by name."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (("Python", python), *((name, version(name)) for name in _COMPARED))


@contextmanager
def probing(folders: Sequence[Path], files: Sequence[tuple[str, int]] = ()) -> Iterator[Probe]:
    """A probe that looks for these folders and files.

    What it writes into the folders is gone afterwards, and so is, where the block raises, a folder that had to be made.
    Raises `SinkError` for a folder that cannot be written here.
    """
    tokens = [folder.absolute() / f".mizaj-{secrets.token_hex(6)}.tmp" for folder in folders]
    made: list[Path] = []
    try:
        for token in tokens:
            made += _made(token.parent)
            _write(token)
        yield Probe(str(Path.cwd()), tuple(map(str, tokens)), own_versions(), tuple(files))
    except BaseException:
        _remove(tokens, reversed(made))
        raise
    _remove(tokens, ())


def _made(folder: Path) -> list[Path]:
    """What had to be made for a folder to be there, outermost first: nothing, itself, or folders around it too."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror}); choose another folder"
        raise SinkError(msg) from error
    return missing[::-1]


def _write(token: Path) -> None:
    try:
        token.write_bytes(b"")
    except OSError as error:
        msg = f"{token.parent}: cannot be written ({error.strerror}); give rights, or choose another folder"
        raise SinkError(msg) from error


def _remove(tokens: Iterable[Path], folders: Iterable[Path]) -> None:
    for token in tokens:
        with suppress(OSError):  # the folder may be none
            token.unlink()
    for folder in folders:
        with suppress(OSError):  # something else lies in it by now
            folder.rmdir()


def _other_version(name: str, wanted: str, found: str) -> ClusterError:
    return ClusterError(
        f"the worker on {platform.node()} has {name} {found}, who asks has {wanted}; "
        "install the same on all machines"
    )
