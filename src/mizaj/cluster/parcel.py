"""What travels to workers and back: a function as bytes, unpacked once a process; results, or what went wrong."""

from __future__ import annotations

import functools
import os
import pickle
import platform
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj.errors import ClusterError, MizajError


@dataclass(frozen=True)
class Parcel:
    """A function for workers, pickled, with the folder in which relative paths are meant."""

    content: bytes
    folder: str

    @classmethod
    def of(cls, function: Callable[[Any], Any], dumps: Callable[[Any], bytes]) -> Parcel:
        """The function, packed by the engine's own pickle, which takes what users define in scripts.

        Raises `ClusterError` for one that cannot travel.
        """
        try:
            return cls(dumps(function), str(Path.cwd()))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            msg = (
                f"the work cannot be sent to a cluster ({error}); read files instead of what lies in memory, "
                "and build steps of values that pickle"
            )
            raise ClusterError(msg) from error


@dataclass(frozen=True)
class Outcome:
    """What became of one shard: its result, or the error, with the trace of the worker for a fault of ours.

    `took_s` is how long the worker was at it.
    """

    result: Any = None
    error: Exception | None = None
    trace: str = ""
    took_s: float = 0.0

    def get(self) -> Any:  # noqa: ANN401 - whatever the function gave
        """The result. Raises the error that the worker met."""
        if self.error is None:
            return self.result
        if self.trace:
            self.error.add_note(f"in a worker:\n{self.trace}")
        raise self.error


def work(parcel: Parcel, shard: Any) -> Outcome:  # noqa: ANN401 - whatever the function takes
    """The outcome of one shard, in a worker's process. What kills the process is the engine's matter."""
    begun = time.monotonic()
    try:
        with inside(parcel.folder):
            return Outcome(unpacked(parcel)(shard), took_s=time.monotonic() - begun)
    except MizajError as error:
        return Outcome(error=error)
    except Exception as error:  # a fault in a step: it goes to whoever asked
        return Outcome(error=_portable(error), trace=traceback.format_exc())


@functools.lru_cache(maxsize=2)
def unpacked(parcel: Parcel) -> Callable[[Any], Any]:
    """The function, once a process: a source of many files is large."""
    function: Callable[[Any], Any] = pickle.loads(parcel.content)  # from the process that asked
    return function


@contextmanager
def inside(folder: str) -> Iterator[None]:
    """The folder of who asked is the worker's own while the block lasts, so that relative paths mean the same files.

    Afterwards it is where it was: its process may do other work too, such as the user's own on his session.
    Raises `ClusterError` for a folder not seen.
    """
    before = _own_folder()
    try:
        os.chdir(folder)
    except OSError as error:
        raise unseen(folder) from error
    try:
        yield
    finally:
        if before is not None:
            with suppress(OSError):  # gone by now
                os.chdir(before)


def _own_folder() -> Path | None:
    """The folder of this process; None where it is gone."""
    try:
        return Path.cwd()
    except OSError:
        return None


def unseen(path: str, what: str = "folder", *, machine: str | None = None) -> ClusterError:
    """The error for a folder or file that is not there on a worker's machine, this one where none is named."""
    return ClusterError(
        f"{path}: a worker on {machine or platform.node()} cannot see this {what}; work from a folder, read from "
        "one, and write into one, that all machines share (NFS, Lustre, a mounted bucket)"
    )


def _portable(error: Exception) -> Exception:
    """The error itself, if it pickles; else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever its class does when pickled
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
