"""Kinds by name, settings from words, and what is refused before any training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.kinds import Trainer, trainer
from mizaj.learn.labelled import Labelled


@dataclass(frozen=True)
class Settings:
    """One setting of each type."""

    epochs: int = 3
    rate: float = 1
    is_deep: bool = False
    name: str = "plain"
    path: str | None = None
    limit: int | None = 5
    widths: tuple[int, ...] = ()


def fit(*args: Any, **options: Any) -> Any:
    return args, options


TRAINER = Trainer("made-up", Settings, fit)
POSTS = Labelled.of(pa.array(["accha", "bura"]), np.array([1, 0]), ("no", "yes"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, Settings()),
        ({"epochs": "7"}, Settings(epochs=7)),
        ({"rate": "0.5"}, Settings(rate=0.5)),
        ({"rate": "1e-3"}, Settings(rate=0.001)),
        ({"is_deep": "Yes"}, Settings(is_deep=True)),
        ({"is_deep": "0"}, Settings(is_deep=False)),
        ({"name": "none"}, Settings(name="none")),
        ({"path": "a/b"}, Settings(path="a/b")),
        ({"path": "None"}, Settings(path=None)),
        ({"limit": "8"}, Settings(limit=8)),
        ({"limit": "none"}, Settings(limit=None)),
        ({"widths": "2,3,4"}, Settings(widths=(2, 3, 4))),
        ({"widths": ""}, Settings(widths=())),
    ],
)
def test_words_become_settings_of_the_declared_type(
    words: dict[str, str], expected: Settings
) -> None:
    found = TRAINER.settings_from(words)
    assert found == expected
    for name in words:
        assert type(getattr(found, name)) is type(getattr(expected, name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"colour": "red"}, "kind 'made-up' has no setting 'colour'; it has: epochs, rate, "),
        ({"epochs": "many"}, "setting epochs=many is not understood; give a value of type int"),
        ({"epochs": "3.5"}, "setting epochs=3.5 is not understood"),
        ({"epochs": "none"}, "setting epochs=none is not understood"),
        ({"is_deep": "perhaps"}, "setting is_deep=perhaps is not understood"),
        ({"limit": "few"}, "limit=few is not understood; give a value of type int or none"),
        ({"widths": "2,x"}, "setting widths=2,x is not understood"),
    ],
)
def test_words_that_cannot_be_are_refused(words: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        TRAINER.settings_from(words)


def test_a_trainer_passes_all_on_with_default_settings() -> None:
    args, options = TRAINER(POSTS, None, seed=7)  # type: ignore[misc]
    assert args == (POSTS, None, Settings())
    assert options["seed"] == 7
    options["progress"]({"step": 1})


@pytest.mark.parametrize(
    ("rows", "found"),
    [([], "0 posts of 0 labels"), ([0], "1 posts of 1 label"), ([0, 0], "2 posts of 1 label")],
)
def test_posts_that_teach_nothing_are_refused(rows: list[int], found: str) -> None:
    with pytest.raises(SettingError, match=f"there are {found} to train on"):
        TRAINER(POSTS.take(np.array(rows, np.int64)), None)


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(SettingError, match="kind 'oracle' is not known; allowed: linear, naive-"):
        trainer("oracle")
