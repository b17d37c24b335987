"""Where the models lie that have names: the one that ships, and the best one, which its user builds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mizaj.errors import ModelError
from mizaj.model.folder import is_model

DEFAULT, BEST = "default", "best"
SHIPPED = Path(__file__).parent / DEFAULT
PLACE = "MIZAJ_BEST"
"""The environment variable that names the folder of the best model, where it is not the usual one."""


def folder_of(name: str | Path) -> Path:
    """The folder that a model's name stands for; what is no name is a folder itself.

    Raises `ModelError` for `best` where there is none.

    >>> folder_of("my-model").name
    'my-model'
    """
    if str(name) == BEST and not is_model(best_folder()):
        msg = (
            f"model '{BEST}' is not there: looked for {best_folder()}; it is too large to ship: build it (make {BEST} "
            f"in the project's checkout), or name the folder that holds it ({PLACE}=FOLDER)"
        )
        raise ModelError(msg)
    return {DEFAULT: SHIPPED, BEST: best_folder()}.get(str(name), Path(name))


def best_folder() -> Path:
    """Where the best model lies or is to lie: `MIZAJ_BEST`, else the user's folder for the data of programs."""
    named = os.environ.get(PLACE)
    return Path(named) if named else _data_folder() / "mizaj" / BEST


def _data_folder() -> Path:
    """`XDG_DATA_HOME`, or where the platform keeps such data."""
    named = os.environ.get("XDG_DATA_HOME", "")
    if Path(named).is_absolute():
        return Path(named)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- `Path.home` fails where there is none
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    return home / ("Library/Application Support" if sys.platform == "darwin" else ".local/share")
