"""Models inside another one: how they lie in its folder, and that their answers fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pyarrow as pa

from mizaj.errors import ModelError
from mizaj.model.calibrate import Calibration, calibration_from
from mizaj.model.classifier import Classifier, Probabilities
from mizaj.model.folder import Described, Folder, packed
from mizaj.model.kinds import load_classifier

_FEWEST, _MOST = 2, 100
MEMBERS = "members"
"""The setting of an outer model that names its members in order; each lies in a folder of its name."""


@dataclass(frozen=True)
class Member:
    """A model inside another: how it is called there, the model, and what its folder says of it."""

    name: str
    classifier: Classifier
    described: Described = field(default_factory=Described)

    @property
    def calibration(self) -> Calibration:
        """What makes its probabilities mean what they say."""
        return calibration_from(self.described.calibration)

    def probabilities(self, texts: pa.Array, labels: tuple[str, ...]) -> Probabilities:
        """Its calibrated probabilities, with the columns in the order of `labels`."""
        proba = self.calibration(self.classifier.probabilities(texts))
        if labels == self.classifier.labels:
            return proba
        return np.ascontiguousarray(proba[:, [self.classifier.labels.index(x) for x in labels]])


def name_members(models: Sequence[tuple[Classifier, Described]]) -> tuple[Member, ...]:
    """The models as members, named after their kinds: `linear`, `encoder`, `encoder-2`.

    Raises `ModelError` for fewer than two, and for models of several tasks or with other labels.
    """
    members: list[Member] = []
    for classifier, described in models:
        taken = {member.name for member in members}
        names = (classifier.kind if i == 1 else f"{classifier.kind}-{i}" for i in count(1))
        name = next(name for name in names if name not in taken)
        members.append(Member(name, classifier, described))
    check_members(members)
    return tuple(members)


def check_members(members: Sequence[Member]) -> None:
    """Raise `ModelError` unless there are two or more models, of one task and with the same labels."""
    if not _FEWEST <= len(members) <= _MOST:
        msg = f"{len(members)} models were given; give {_FEWEST} to {_MOST}"
        raise ModelError(msg)
    first = members[0]
    for other in members[1:]:
        if set(other.classifier.labels) != set(first.classifier.labels):
            msg = (
                f"{first.name} answers {', '.join(first.classifier.labels)}, {other.name} answers "
                f"{', '.join(other.classifier.labels)}; join models with the same labels"
            )
            raise ModelError(msg)
        if other.described.task != first.described.task:
            msg = (
                f"{first.name} is for {first.described.task}, {other.name} for "
                f"{other.described.task}; join models of one task"
            )
            raise ModelError(msg)


def pack_members(members: Sequence[Member]) -> dict[str, bytes]:
    """The files of all members' folders, by their names in the outer folder."""
    return {
        f"{member.name}/{file}": content
        for member in members
        for file, content in packed(member.classifier, member.described).items()
    }


def load_members(folder: Folder) -> tuple[Member, ...]:
    """The models in the folder of an outer one. Raises `ModelError` where one is missing or does not fit."""
    names = folder.settings.get(MEMBERS)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        msg = f"{folder.path} does not name its {MEMBERS}; copy it or make it again"
        raise ModelError(msg)
    opened = ((name, folder.member(name)) for name in names)
    members = [Member(name, load_classifier(each), each.described) for name, each in opened]
    check_members(members)
    return tuple(members)
