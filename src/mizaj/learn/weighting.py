"""How much each post counts in training: rare labels more, large sources less, a named source as told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Floats, Ints


@dataclass(frozen=True)
class Weighting:
    """The weight of a post by the label and the source it has.

    A label (source) with n of the weight counts as n ** (1 - power) in all: with power 0 nothing changes, with 1 all
    labels (sources) count the same; a temperature T is the power 1 - 1/T. `by_source` then multiplies the weight of
    the sources it names. Raises `SettingError` for a power beyond 0 to 1 or a negative weight.

    >>> Weighting(class_power=2)
    Traceback (most recent call last):
    ...
    mizaj.errors.SettingError: class_power is 2; allowed: from 0 (as they are) to 1 (all count the same)
    """

    class_power: float = 0.0
    source_power: float = 0.0
    by_source: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("class_power", "source_power"):
            if not 0 <= getattr(self, name) <= 1:
                msg = f"{name} is {getattr(self, name)}; allowed: from 0 (as they are) to 1 (all count the same)"
                raise SettingError(msg)
        for source, weight in self.by_source.items():
            if not weight >= 0:
                msg = f"the weight of source '{source}' is {weight}; it must be 0 or more"
                raise SettingError(msg)


BALANCED = Weighting(class_power=1.0)
"""All labels count the same."""


def weighted(labelled: Labelled, weighting: Weighting) -> Labelled:
    """The posts with their weights multiplied by what their label and source are worth; the mean stays 1.

    Sources come first, so that with `class_power` 1 the labels end up equal. Raises `SettingError` for a named source
    that no post has, and where all weights are 0.

    >>> import pyarrow as pa
    >>> posts = Labelled.of(pa.array(["a", "b", "c", "d"]), np.array([0, 0, 0, 1]), ("no", "yes"))
    >>> [round(weight, 2) for weight in weighted(posts, BALANCED).weights.tolist()]
    [0.67, 0.67, 0.67, 2.0]
    """
    if not labelled.n_rows:
        return labelled
    names, sources = np.unique(
        labelled.sources.to_numpy(zero_copy_only=False).astype(str), return_inverse=True
    )
    _check_named(weighting, names.tolist())
    weights = labelled.weights.astype(np.float64)
    weights *= _factors(sources, weights, weighting.source_power)
    weights *= np.array([weighting.by_source.get(name, 1.0) for name in names.tolist()])[sources]
    weights *= _factors(labelled.codes, weights, weighting.class_power)
    if not weights.sum():
        msg = "all posts have weight 0; give some source a weight above 0"
        raise SettingError(msg)
    return replace(labelled, weights=(weights / weights.mean()).astype(np.float32))


def _factors(groups: Ints, weights: Floats, power: float) -> Floats:
    totals = np.bincount(groups, weights=weights)
    shares = np.where(totals > 0, totals / max(totals.sum(), 1e-300), 1.0)
    factors: Floats = (shares**-power)[groups]
    return factors


def _check_named(weighting: Weighting, there: list[str]) -> None:
    for source in weighting.by_source:
        if source not in there:
            msg = f"no post is of source '{source}'; sources there: {', '.join(there[:20])}"
            raise SettingError(msg)
