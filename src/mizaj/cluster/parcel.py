"""What travels to workers and back: a function as bytes, unpacked once a process; results, or what went wrong."""

from __future__ import annotations

import functools
import os
import pickle
import platform
import traceback
from collections.abc import Callable
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
    """What became of one shard: its result, or the error, with the trace of the worker for a fault of ours."""

    result: Any = None
    error: Exception | None = None
    trace: str = ""

    def get(self) -> Any:  # noqa: ANN401 - whatever the function gave
        """The result. Raises the error that the worker met."""
        if self.error is None:
            return self.result
        if self.trace:
            self.error.add_note(f"in a worker:\n{self.trace}")
        raise self.error


def work(parcel: Parcel, shard: Any) -> Outcome:  # noqa: ANN401 - whatever the function takes
    """The outcome of one shard, in a worker's process. What kills the process is the engine's matter."""
    try:
        return Outcome(unpacked(parcel)(shard))
    except MizajError as error:
        return Outcome(error=error)
    except Exception as error:  # a fault in a step: it goes to whoever asked
        return Outcome(error=_portable(error), trace=traceback.format_exc())


@functools.lru_cache(maxsize=2)
def unpacked(parcel: Parcel) -> Callable[[Any], Any]:
    """The function, once a process: a source of many files is large. Raises `ClusterError` for a folder not seen."""
    enter(parcel.folder)
    function: Callable[[Any], Any] = pickle.loads(parcel.content)  # from the process that asked
    return function


def enter(folder: str) -> None:
    """Makes the folder of who asked the worker's own, so that relative paths mean the same files."""
    try:
        os.chdir(folder)
    except OSError as error:
        raise unseen(folder) from error


def unseen(folder: str) -> ClusterError:
    """The error for a folder that is not there on a worker's machine."""
    return ClusterError(
        f"{folder}: a worker on {platform.node()} cannot see this folder; work from a folder, and into one, "
        "that all machines share (NFS, Lustre, a mounted bucket)"
    )


def _portable(error: Exception) -> Exception:
    """The error itself, if it pickles; else one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever its class does when pickled
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
