"""What can be tuned of a kind of model: the values its settings may take, as their fields say.

A field of a settings dataclass that is worth tuning carries `metadata={"search": (low, high)}`, with `"log": True`
where it is a scale, or `metadata={"choices": (...)}`. What it does not carry keeps its value.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Any

from mizaj.errors import SettingError

if TYPE_CHECKING:
    from optuna.trial import Trial

Setting = Any
"""A value of a setting: int, float, str, bool, None or a tuple of them."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where both are whole."""

    low: float
    high: float
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def suggest(self, name: str, trial: Trial) -> Setting:
        """The trial's value."""
        if self.is_whole:
            return trial.suggest_int(name, int(self.low), int(self.high), log=self.is_log)
        return trial.suggest_float(name, self.low, self.high, log=self.is_log)

    def spelt(self, value: Setting) -> dict[str, Setting]:
        """The value as the study keeps it, under `value`; nothing for one beyond the range."""
        is_inside = isinstance(value, int | float) and self.low <= value <= self.high
        return {"value": value} if is_inside else {}


@dataclass(frozen=True)
class Choices:
    """One of some values, kept in the study by their words: a study takes no tuples."""

    values: tuple[Setting, ...]

    def suggest(self, name: str, trial: Trial) -> Setting:
        """The trial's value."""
        return self._by_word()[trial.suggest_categorical(name, list(self._by_word()))]

    def spelt(self, value: Setting) -> dict[str, Setting]:
        """The value as the study keeps it, under `value`; nothing for one that is no choice."""
        return {"value": _word(value)} if _word(value) in self._by_word() else {}

    def _by_word(self) -> dict[str, Setting]:
        return {_word(value): value for value in self.values}


Dimension = Range | Choices


def search_space(settings: type[Setting], fixed: Collection[str] = ()) -> dict[str, Dimension]:
    """What may vary of the settings of a kind, by name; those in `fixed` may not.

    Raises `SettingError` when nothing is left.
    """
    found = {
        each.name: _dimension(each)
        for each in fields(settings)
        if each.name not in fixed and each.metadata.keys() & {"search", "choices"}
    }
    if not found:
        message = (
            f"{settings.__name__} has nothing to tune besides what was set "
            f"({', '.join(fixed) or 'nothing'}); set less, or train once with `mizaj train`"
        )
        raise SettingError(message)
    return found


def usual(space: Mapping[str, Dimension], settings: Setting) -> dict[str, Setting]:
    """The values that `settings` have now, as a study keeps them: what to try first."""
    spelt = {name: each.spelt(getattr(settings, name)) for name, each in space.items()}
    return {name: value["value"] for name, value in spelt.items() if value}


def _dimension(of: Field[Setting]) -> Dimension:
    if "choices" in of.metadata:
        return Choices(tuple(of.metadata["choices"]))
    low, high = of.metadata["search"]
    return Range(low, high, is_log=bool(of.metadata.get("log")))


def _word(value: Setting) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
