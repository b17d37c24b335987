"""How each kind of model is trained: its settings and its `fit`, found by the name of the kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mizaj.errors import SettingError

if TYPE_CHECKING:
    from mizaj.learn.labelled import Labelled
    from mizaj.model.classifier import Classifier

TRAINERS = {
    "linear": "mizaj.learn.fit_linear",
    "naive-bayes": "mizaj.learn.fit_classical",
    "svm": "mizaj.learn.fit_classical",
    "decision-tree": "mizaj.learn.fit_classical",
    "random-tree": "mizaj.learn.fit_classical",
    "random-forest": "mizaj.learn.fit_classical",
    "perceptron": "mizaj.learn.fit_classical",
    "bag": "mizaj.learn.fit_network",
    "cnn": "mizaj.learn.fit_network",
    "rnn": "mizaj.learn.fit_network",
    "lstm": "mizaj.learn.fit_network",
    "gru": "mizaj.learn.fit_network",
    "transformer": "mizaj.learn.fit_network",
    "encoder": "mizaj.learn.fit_encoder",
}
"""Each module has `SETTINGS`, a frozen dataclass by kind, and `fit(train, validation, settings, *, seed, progress)`."""

Settings = Any
"""A frozen dataclass of the kind's own type."""

Progress = Callable[[Mapping[str, Any]], None]
"""Told how training goes: `step`, `of_steps`, and figures such as `loss` and `macro_f1`, by name."""


def silent(figures: Mapping[str, Any], /) -> None:
    """A `Progress` that says nothing."""


@dataclass(frozen=True)
class Trainer:
    """A kind of model with the way to train it."""

    kind: str
    settings: type[Settings]
    fit: Callable[..., Classifier]

    def __call__(
        self,
        train: Labelled,
        validation: Labelled | None,
        settings: Settings = None,
        *,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Classifier:
        """A model trained on `train`, stopped early by `validation` where the kind can; equal for equal seeds."""
        return self.fit(
            train, validation, settings or self.settings(), seed=seed, progress=progress
        )

    def settings_from(self, words: Mapping[str, str]) -> Settings:
        """Settings from words, as on a command line: `{"epochs": "3"}`; what is not named keeps its default.

        Raises `SettingError` for a setting the kind does not have or a value of the wrong type.
        """
        known = {each.name: getattr(self.settings(), each.name) for each in fields(self.settings)}
        for name in words:
            if name not in known:
                msg = f"kind '{self.kind}' has no setting '{name}'; it has: {', '.join(known)}"
                raise SettingError(msg)
        return self.settings(
            **{name: _read(name, word, known[name]) for name, word in words.items()}
        )


def trainer(kind: str) -> Trainer:
    """How models of this kind are trained. Raises `SettingError` for a kind that is not known."""
    if kind not in TRAINERS:
        msg = f"kind '{kind}' is not known; allowed: {', '.join(TRAINERS)}"
        raise SettingError(msg)
    module = import_module(TRAINERS[kind])
    return Trainer(kind, module.SETTINGS[kind], module.fit)


def _read(name: str, word: str, default: Settings) -> Settings:
    """A word as a value of the default's type; `none` is None, a comma parts a tuple's items."""
    try:
        if word.lower() == "none":
            return None
        if isinstance(default, bool):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                word.lower()
            ]
        if isinstance(default, tuple):
            item = type(default[0]) if default else str
            return tuple(item(part) for part in word.split(",") if part)
        return word if default is None else type(default)(word)
    except (KeyError, ValueError) as error:
        msg = f"setting {name}={word} is not understood; its default is {default!r}"
        raise SettingError(msg) from error
