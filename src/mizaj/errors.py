"""The errors mizaj raises: one tree, drawn here, so that a caller can catch as much or as little as he means.

* MizajError
  + UsageError             what the user gave cannot be done; the message says what is allowed and what to do
    - ColumnMissing        a step or option names a column that the data does not have
    - ColumnExists         a step would add a column that is already there
    - SourceError          an input cannot be found, read or understood
      . ChangedSource      an input is not what it was when it was opened: another schema, another file
    - SinkError            an output cannot be written or worked with, or is already there
    - SettingError         a setting has a value that is not allowed
    - LexiconError         a dictionary file breaks the format
    - ModelError           a model folder is missing, damaged or too new
    - TrainingError        training cannot go on; the message says which setting to change
    - ClusterError         a cluster cannot be reached, or its workers cannot do the work
  + ExtraMissing           an optional library is not installed; the message gives the install line
  + Interrupted            the user stopped a run; the message says how to resume it
"""

from __future__ import annotations

from collections.abc import Sequence


class MizajError(Exception):
    """Any error that mizaj raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """The message and what else it carries, whatever its class takes when made: errors travel between processes."""
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[MizajError], args: tuple[object, ...], state: dict[str, object]
) -> MizajError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class UsageError(MizajError):
    """What the user gave cannot be done; the command line prints it as one line and exits with 2."""


class ColumnMissing(UsageError):
    """A column that is read is not in the data."""

    def __init__(self, column: str, available: Sequence[str], *, needed_by: str) -> None:
        there = ", ".join(available) or "none"
        # Where the option that names it is said already, no other is advised.
        option = "" if "--" in needed_by else " (--text COLUMN for the text)"
        super().__init__(
            f"column '{column}', read by {needed_by}, is not in the data; columns there: {there}. "
            f"Name the right one{option}."
        )
        self.column = column
        self.available = tuple(available)


class ColumnExists(UsageError):
    """A column that would be added is already in the data."""

    def __init__(self, column: str, *, added_by: str) -> None:
        super().__init__(
            f"column '{column}', added by {added_by}, is already in the data; "
            "rename or drop it first (was this file scored before?)."
        )
        self.column = column


class SourceError(UsageError):
    """An input cannot be found, read or understood; the message names the file and the place in it."""


class ChangedSource(SourceError):
    """An input is not what it was when it was opened."""


class SinkError(UsageError):
    """An output cannot be written or is already there, or what a run keeps beside it cannot be read again."""


class SettingError(UsageError):
    """A setting has a value that is not allowed; the message lists those that are."""


class LexiconError(UsageError):
    """A dictionary file breaks the format; the message names the file and the line."""


class ModelError(UsageError):
    """A model folder is missing, damaged or written by a newer version."""


class TrainingError(UsageError):
    """Training cannot go on: the loss is no number, memory ran out, or a worker failed."""


class ClusterError(UsageError):
    """A cluster cannot be reached, or its workers cannot do the work: other versions, a folder they cannot see."""


class ExtraMissing(MizajError):
    """An optional library is not installed."""

    def __init__(self, library: str, *, extra: str) -> None:
        super().__init__(
            f"{library} is not installed; install it with: pip install 'mizaj[{extra}]'"
        )
        self.library = library
        self.extra = extra


class Interrupted(MizajError):
    """The user stopped a run before its end."""
