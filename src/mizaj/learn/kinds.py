"""How each kind of model is trained: its settings and its `fit`, found by the name of the kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

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


_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


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
        """A model trained on `train`, stopped early by `validation` where the kind can; equal for equal seeds.

        Raises `SettingError` for no posts, for posts of one label only, and for validation posts of other labels.
        """
        _check_posts(train, validation)
        return self.fit(
            train, validation, settings or self.settings(), seed=seed, progress=progress
        )

    def settings_from(self, words: Mapping[str, str]) -> Settings:
        """Settings from words, as on a command line: `{"epochs": "3"}`; what is not named keeps its default.

        Raises `SettingError` for a setting the kind does not have or a value of the wrong type.
        """
        types = get_type_hints(self.settings)
        known = [each.name for each in fields(self.settings)]
        for name in words:
            if name not in known:
                msg = f"kind '{self.kind}' has no setting '{name}'; it has: {', '.join(known)}"
                raise SettingError(msg)
        return self.settings(
            **{name: _read(name, word, types[name]) for name, word in words.items()}
        )


def trainer(kind: str) -> Trainer:
    """How models of this kind are trained. Raises `SettingError` for a kind that is not known."""
    if kind not in TRAINERS:
        msg = f"kind '{kind}' is not known; allowed: {', '.join(TRAINERS)}"
        raise SettingError(msg)
    module = import_module(TRAINERS[kind])
    return Trainer(kind, module.SETTINGS[kind], module.fit)


def _check_posts(train: Labelled, validation: Labelled | None) -> None:
    n_labels = int((train.n_by_label > 0).sum())
    if n_labels < 2:
        found = f"{train.n_rows} posts of {n_labels} label{'s' if n_labels != 1 else ''}"
        msg = f"there are {found} to train on; give posts of two labels or more"
        raise SettingError(msg)
    if validation is not None and validation.labels != train.labels:
        msg = (
            f"validation posts have the labels {', '.join(validation.labels)}, training posts "
            f"{', '.join(train.labels)}; give both the same, in the same order"
        )
        raise SettingError(msg)


def _read(name: str, word: str, wanted: object) -> Settings:
    """A word as a value of the type wanted; `none` is None, a comma parts a tuple's items."""
    allowed = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    (kind,) = (each for each in allowed if each is not type(None))
    if type(None) in allowed and word.lower() == "none":
        return None
    try:
        if get_origin(kind) is tuple:
            return tuple(get_args(kind)[0](part) for part in word.split(",") if part)
        return _TRUTHS[word.lower()] if kind is bool else kind(word)
    except (KeyError, ValueError) as error:
        names = " or ".join("none" if each is type(None) else each.__name__ for each in allowed)
        msg = f"setting {name}={word} is not understood; give a value of type {names}"
        raise SettingError(msg) from error
