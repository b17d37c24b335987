"""The folder of a run, held for as long as the run lasts: no other may write there, and none of its workers later."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from mizaj.errors import SinkError
from mizaj.write import Sink
from mizaj.write.folders import remove_folder

if sys.platform != "win32":
    import fcntl

_DRAFT = ".draft-"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """No other run holds the folder while the block lasts, on this machine; the system lets go of it at a kill.

    A folder that was not there is made, and removed where nothing came into it. Where folders cannot be locked, as on
    some network shares, nothing is held. Raises `SinkError` where another run holds it, or it cannot be made.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder}: cannot be made ({error.strerror}); choose another folder"
        raise SinkError(msg) from error
    handle = _locked(folder)
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):  # something came into it
                folder.rmdir()
        if handle is not None:
            os.close(handle)


def _locked(folder: Path) -> int | None:
    """What holds the lock while it is open; None where there are no locks."""
    if sys.platform == "win32":
        return None
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        msg = f"{folder}: another run is writing here; wait until it has ended, or give another folder"
        raise SinkError(msg) from error
    except OSError:  # a share that locks no folders
        os.close(handle)
        return None
    return handle


@contextmanager
def drafting(sink: Sink) -> Iterator[Sink]:
    """The sink, with a folder for files that are not whole yet, which is gone when the block has ended well.

    Workers of a run that was killed may be at work for a while. They can put nothing in place once the next run has
    removed the folder of the one before, as their files went with it, and no worker makes another. Raises `SinkError`
    where the folder cannot be made or removed.
    """
    draft = sink.folder / f"{_DRAFT}{secrets.token_hex(6)}"
    try:
        draft.mkdir()
    except OSError as error:
        msg = f"{draft}: cannot be made ({error.strerror}); make room or give rights, then run with --resume"
        raise SinkError(msg) from error
    try:
        yield replace(sink, draft=draft)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)  # what is left of it, the next run removes
        raise
    remove_folder(draft)


def remove_drafts(folder: Path) -> None:
    """Removes what earlier runs had not finished when they were killed. Raises `SinkError` where that cannot be."""
    for draft in folder.glob(f"{_DRAFT}*"):
        remove_folder(draft)
