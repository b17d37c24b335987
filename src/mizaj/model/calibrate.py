"""Probabilities that mean what they say: what calibration does to a model's answers.

It is fitted on held-out posts by `learn.calibrate` and stands in the model's folder as a few numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import ModelError
from mizaj.model.classifier import Probabilities

_LEAST = np.float32(1e-7)  # below this, a logarithm tells more than the model knows


class Calibration(Protocol):
    """Probabilities in, better ones out: float32, shape (rows, labels), each row adding to 1."""

    def __call__(self, proba: Probabilities, /) -> Probabilities:
        """The probabilities, corrected."""

    def to_dict(self) -> dict[str, Any]:
        """The calibration for `model.json`; `calibration_from` reads it back."""


@dataclass(frozen=True)
class Uncalibrated:
    """The probabilities as the model gave them."""

    def __call__(self, proba: Probabilities, /) -> Probabilities:
        """The same probabilities."""
        return proba

    def to_dict(self) -> dict[str, Any]:
        """No numbers."""
        return {"method": "none"}


@dataclass(frozen=True)
class Temperature:
    """Logits divided by one number (Guo et al., 2017): the answer stays, only how sure it is changes.

    >>> Temperature(2.0)(np.array([[0.9, 0.1]], np.float32)).round(2).tolist()
    [[0.75, 0.25]]
    """

    value: float

    def __post_init__(self) -> None:
        if not 0.0 < self.value < math.inf:
            msg = f"a temperature is {self.value}; allowed: above 0; calibrate the model again"
            raise ModelError(msg)

    def __call__(self, proba: Probabilities, /) -> Probabilities:
        """The probabilities of the cooler (above 1) or hotter model."""
        logits = np.log(np.maximum(proba, _LEAST).astype(np.float64)) / self.value
        # the likeliest at 0: however hot, it does not vanish
        return _normalised(np.exp(logits - logits.max(axis=1, keepdims=True)))

    def to_dict(self) -> dict[str, Any]:
        """Its one number."""
        return {"method": "temperature", **asdict(self)}


@dataclass(frozen=True)
class Isotonic:
    """Each label's probability through a rising line of its own, then made to add to 1 (Zadrozny and Elkan, 2002).

    `places[k]` are probabilities of label k in rising order, `values[k]` what they become; straight lines between.
    """

    places: tuple[tuple[float, ...], ...]
    values: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if [len(x) for x in self.places] != [len(y) for y in self.values] or not all(
            map(_is_line, self.places, self.values)
        ):
            msg = "the lines of an isotonic calibration do not rise from 0 to 1; calibrate the model again"
            raise ModelError(msg)

    def __call__(self, proba: Probabilities, /) -> Probabilities:
        """The probabilities that were seen where the model said these."""
        lines = zip(proba.T, self.places, self.values, strict=True)
        columns = [np.interp(column, x, y) for column, x, y in lines]
        return _normalised(np.maximum(np.stack(columns, axis=1), _LEAST))

    def to_dict(self) -> dict[str, Any]:
        """The lines' corners."""
        return {"method": "isotonic", **asdict(self)}


def calibration_from(spelt: Mapping[str, Any] | None) -> Calibration:
    """The calibration that stands in a `model.json`. Raises `ModelError` for one that is not known or incomplete."""
    method = (spelt or {}).get("method", "none")
    try:
        if spelt is None or method == "none":
            return Uncalibrated()
        if method == "temperature":
            return Temperature(float(spelt["value"]))
        if method == "isotonic":
            return Isotonic(_tuples(spelt["places"]), _tuples(spelt["values"]))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"calibration '{method}' is incomplete ({error}); calibrate the model again"
        raise ModelError(msg) from error
    msg = (
        f"calibration '{method}' is not known; allowed: none, temperature, isotonic: upgrade mizaj"
    )
    raise ModelError(msg)


def _tuples(rows: Iterable[Iterable[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in rows)


def _is_line(places: tuple[float, ...], values: tuple[float, ...]) -> bool:
    """Whether the corners stand in rising order, and all numbers are shares."""
    is_rising = all(list(each) == sorted(each) for each in (places, values))
    return bool(places) and is_rising and all(0.0 <= n <= 1.0 for n in (*places, *values))


def _normalised(proba: NDArray[Any]) -> Probabilities:
    total = proba.sum(axis=1, keepdims=True)
    scaled: Probabilities = (proba / total).astype(np.float32)
    return scaled
