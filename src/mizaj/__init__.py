"""Sentiment analysis at very high volume, at home in Hindi-English code-mixed social text.

>>> import mizaj
>>> model = mizaj.load()
>>> model("Yeh movie accha nahi hai").sentiment
'negative'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mizaj.batch import Pipeline, Step
    from mizaj.errors import (
        ClusterError,
        ColumnExists,
        ColumnMissing,
        ExtraMissing,
        Interrupted,
        LexiconError,
        MizajError,
        ModelError,
        SettingError,
        SinkError,
        SourceError,
        TrainingError,
        UsageError,
    )
    from mizaj.learn.evaluate import evaluate
    from mizaj.lexicon.scorer import LexiconSettings
    from mizaj.model.predict import load
    from mizaj.read import ReadSettings, open_source
    from mizaj.report import write_report
    from mizaj.run import RunSettings, run
    from mizaj.sample import sample_path
    from mizaj.write import Sink, WriteSettings

__version__ = "0.1.0.dev0"

__all__ = [
    "ClusterError",
    "ColumnExists",
    "ColumnMissing",
    "ExtraMissing",
    "Interrupted",
    "LexiconError",
    "LexiconSettings",
    "MizajError",
    "ModelError",
    "Pipeline",
    "ReadSettings",
    "RunSettings",
    "SettingError",
    "Sink",
    "SinkError",
    "SourceError",
    "Step",
    "TrainingError",
    "UsageError",
    "WriteSettings",
    "evaluate",
    "load",
    "open_source",
    "run",
    "sample_path",
    "write_report",
]

# Where each public name lives. Rooms are opened on first use, so that `import mizaj` costs nothing
# and scoring one text never loads numpy or pyarrow.
_ROOMS = {
    "mizaj.batch": ("Pipeline", "Step"),
    "mizaj.errors": (
        "ClusterError",
        "ColumnExists",
        "ColumnMissing",
        "ExtraMissing",
        "Interrupted",
        "LexiconError",
        "MizajError",
        "ModelError",
        "SettingError",
        "SinkError",
        "SourceError",
        "TrainingError",
        "UsageError",
    ),
    "mizaj.learn.evaluate": ("evaluate",),
    "mizaj.lexicon.scorer": ("LexiconSettings",),
    "mizaj.model.predict": ("load",),
    "mizaj.read": ("ReadSettings", "open_source"),
    "mizaj.report": ("write_report",),
    "mizaj.run": ("RunSettings", "run"),
    "mizaj.sample": ("sample_path",),
    "mizaj.write": ("Sink", "WriteSettings"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    """The public name, from the room where it lives."""
    if name not in _ROOM_OF:
        message = f"module 'mizaj' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(_ROOM_OF[name]), name)


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted([*globals(), *__all__])
