"""What a run of the loop depends on, and what it leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.train_settings import TrainSettings

if TYPE_CHECKING:
    from torch import nn

CHANGES_NOTHING = ("checkpoint", "checkpoint_every", "mlflow", "on", "address", "restarts")
"""Settings that do not change what is learnt: a checkpoint goes on under others."""

GOING_ON = (
    "go on with --resume and the same settings; if memory ran out, give workers more of it, or begin anew with a lower "
    "batch_size or fewer workers"
)
"""What to do when workers were lost too often: a checkpoint goes on under the settings that it was begun with."""


@dataclass(frozen=True, eq=False)
class Job:
    """What a run of the loop depends on, all of it.

    `rates` multiply the learning rate of the parameters whose names begin so, the first that fits; 0 leaves them as
    they are. `module` is trained where it stands.
    """

    module: nn.Module
    train: Encoded
    validation: Encoded | None
    settings: TrainSettings
    seed: int = 0
    rates: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not self.train.n_rows:
            msg = "there are no rows to train on; give a training part that is not empty"
            raise SettingError(msg)
        if len(np.unique(self.train.codes)) < 2:
            only = self.train.labels[int(self.train.codes[0])]
            msg = f"all rows to train on are '{only}'; give rows of two labels or more"
            raise SettingError(msg)
        if self.validation is not None and self.validation.labels != self.train.labels:
            msg = (
                f"the validation part has the labels {', '.join(self.validation.labels)}, "
                f"the training part {', '.join(self.train.labels)}; give both the same"
            )
            raise SettingError(msg)

    @property
    def steps_per_epoch(self) -> int:
        """How many steps it takes to read all rows once."""
        return -(-self.train.n_rows // self.settings.batch_size)

    @property
    def of_steps(self) -> int:
        """How many steps there are if nothing stops early."""
        return self.steps_per_epoch * self.settings.epochs

    def identity(self) -> dict[str, str]:
        """What a checkpoint must share with this run, by the word for it in a message."""
        shapes = {name: tuple(each.shape) for name, each in self.module.named_parameters()}
        held_out = self.validation.fingerprint if self.validation else "none"
        return {
            "kind": f"{type(self.module).__name__} {_short((shapes, self.rates))}",
            "seed": str(self.seed),
            "data": _short((self.train.fingerprint, held_out)),
            **{
                f"setting {each.name}": str(getattr(self.settings, each.name))
                for each in fields(self.settings)
                if each.name not in CHANGES_NOTHING
            },
        }


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, with its best weights where there was a validation part, and how it came about.

    `history` has the figures that `progress` was told at each evaluation; `macro_f1` is the best of them, None where
    there was no validation part.
    """

    module: nn.Module
    macro_f1: float | None
    steps: int
    history: tuple[Mapping[str, Any], ...]


def _short(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12]
