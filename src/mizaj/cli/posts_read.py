"""Labelled posts as a command names them: files and columns, read, with what was left out said aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mizaj.cli.show import warn
from mizaj.cli.words import resolve_sources
from mizaj.errors import SettingError
from mizaj.learn.data import TableSettings, read_tables, without_unused_labels
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import POLARITIES, POLARITY


@dataclass(frozen=True)
class PostsAsked:
    """Which columns of labelled tables are read, and which labels are to be learnt.

    Where no labels are named, a model of polarity learns negative, neutral and positive, one of another task all that
    the tables have.
    """

    text: str
    label: str
    label_map: tuple[str, ...]
    labels: tuple[str, ...]
    source: str
    task: str

    @property
    def settings(self) -> TableSettings:
        """How tables are read. Raises `SettingError` for a label map that is not `A=B`."""
        wanted = self.labels or (POLARITIES if self.task == POLARITY else None)
        mapped = pairs(self.label_map, example="good=positive")
        return TableSettings(self.text, self.label, self.source, mapped, wanted)

    def read(self, data: Sequence[str]) -> Labelled:
        """The posts of some files, with only the labels that some post has."""
        found = read_tables(resolve_sources(data), self.settings)
        for remark in found.remarks:
            warn(remark)
        return without_unused_labels(found.labelled)


def pairs(words: Sequence[str], *, example: str) -> dict[str, str]:
    """Words such as `epochs=3` as names and values.

    >>> pairs(["epochs=3", "sizes=1,2"], example="epochs=3")
    {'epochs': '3', 'sizes': '1,2'}
    """
    for word in words:
        if "=" not in word:
            message = f"'{word}' has no '='; write it as {example}"
            raise SettingError(message)
    return dict(word.split("=", 1) for word in words)
