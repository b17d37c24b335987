"""Whether workers can do the work at all: their versions, and the folders they must see."""

from __future__ import annotations

import platform
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from mizaj.cluster.parcel import enter, unseen
from mizaj.errors import ClusterError, SinkError

_PATIENCE_S = 5.0
_COMPARED = ("mizaj", "pyarrow", "numpy")


@dataclass(frozen=True)
class Probe:
    """A function for workers: raises `ClusterError` where one could not do the work.

    `tokens` are files that were just written into the folders that all must see; `versions` those of who asks.
    """

    folder: str
    tokens: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    def __call__(self, _: object = None) -> str:
        """The name of the machine that was looked at."""
        here = dict(own_versions())
        for name, wanted in self.versions:
            if here[name] != wanted:
                raise _other_version(name, wanted, here[name])
        enter(self.folder)
        for token in self.tokens:
            if not Path(token).exists():
                raise unseen(str(Path(token).parent))
        return platform.node()


def refusal(place: str) -> str | None:
    """Why nobody answers at HOST:PORT; None if somebody does, or if `place` names no port.

    Asked first, since engines try for minutes, and one ends the process then.
    """
    host, _, port = place.rpartition(":")
    if not port.isdigit():
        return None
    try:
        socket.create_connection((host, int(port)), _PATIENCE_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def own_versions() -> tuple[tuple[str, str], ...]:
    """What must be equal on all machines, by name."""
    python = ".".join(platform.python_version_tuple()[:2])
    return (("Python", python), *((name, version(name)) for name in _COMPARED))


@contextmanager
def probing(folders: Sequence[Path]) -> Iterator[Probe]:
    """A probe that looks for these folders; what it writes into them is gone afterwards.

    Raises `SinkError` for a folder that cannot be written here.
    """
    made = [folder for folder in folders if _is_made(folder)]
    tokens = [folder.absolute() / f".mizaj-{secrets.token_hex(6)}.tmp" for folder in folders]
    try:
        for token in tokens:
            _write(token)
        yield Probe(str(Path.cwd()), tuple(map(str, tokens)), own_versions())
    except BaseException:
        _remove(tokens, made)
        raise
    _remove(tokens, ())


def _is_made(folder: Path) -> bool:
    """Whether the folder had to be made."""
    if folder.is_dir():
        return False
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror}); choose another folder"
        raise SinkError(msg) from error
    return True


def _write(token: Path) -> None:
    try:
        token.write_bytes(b"")
    except OSError as error:
        msg = f"{token.parent}: cannot be written ({error.strerror}); give rights, or choose another folder"
        raise SinkError(msg) from error


def _remove(tokens: Iterable[Path], folders: Iterable[Path]) -> None:
    for token in tokens:
        token.unlink(missing_ok=True)
    for folder in folders:
        with suppress(OSError):  # something else lies in it by now
            folder.rmdir()


def _other_version(name: str, wanted: str, found: str) -> ClusterError:
    return ClusterError(
        f"the worker on {platform.node()} has {name} {found}, who asks has {wanted}; "
        "install the same on all machines"
    )
