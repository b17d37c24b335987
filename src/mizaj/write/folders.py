"""A folder removed although others may be writing in it."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path

from mizaj.errors import SinkError

_PATIENCE_S = 30.0
_PAUSE_S = 0.1
_PASSING = {errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.ENOENT}


def remove_folder(folder: Path) -> None:
    """Removes a folder; it is gone when this returns.

    Workers of a run that was killed may be adding files for a while, and a file that is open elsewhere may keep its
    place on a network share: it is tried again for half a minute. Raises `SinkError` where the folder is still there.
    """
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            if not folder.exists():
                return
            if error.errno not in _PASSING or time.monotonic() > end:
                msg = (
                    f"{folder}: cannot be removed ({error.strerror}); let workers of a run that was killed end and run "
                    "again, or remove it yourself"
                )
                raise SinkError(msg) from error
        else:
            return
        time.sleep(_PAUSE_S)
