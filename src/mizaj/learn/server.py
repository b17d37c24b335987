"""What a parameter server is made of: a shard that holds parameters and steps them, a learner that makes gradients."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mizaj.learn.backward import Backward, Piece, device_of
from mizaj.learn.group import is_long, touched
from mizaj.learn.job import Job
from mizaj.learn.optimizer import (
    Rates,
    freeze,
    length_of,
    optimizer_of,
    restore,
    state_of,
    take_step,
)
from mizaj.learn.schedule import Ticket
from mizaj.learn.sharding import Share
from mizaj.learn.train_settings import TrainSettings

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """The rows of a table that are not zero, by their numbers."""

    places: NDArray[np.int64]
    values: Array


Sent = Array | Rows
"""A gradient, or the rows that a batch touched of a long table's."""


def spelt(gradient: Tensor, *, is_table: bool) -> Sent:
    """A gradient as it is sent: of a table, the rows that are not zero."""
    if not is_table:
        return _array(gradient)
    places = touched(gradient).nonzero().flatten()
    return Rows(places.cpu().numpy(), _array(gradient[places]))


def n_bytes(sent: Sequence[Sent] | Sequence[Array]) -> int:
    """How many bytes these are, without the words around them."""
    return sum(
        each.places.nbytes + each.values.nbytes if isinstance(each, Rows) else each.nbytes
        for each in sent
    )


def _array(tensor: Tensor) -> Array:
    found: Array = tensor.detach().cpu().numpy()
    return found


class Shard:
    """A part of the parameters with their optimizer: takes gradients of pieces, makes updates of whole steps."""

    def __init__(
        self,
        shares: Sequence[Share],
        arrays: Sequence[Array],
        settings: TrainSettings,
        rates: Rates,
    ) -> None:
        self._keys = [share.key for share in shares]
        self._parameters = [torch.nn.Parameter(torch.from_numpy(np.array(each))) for each in arrays]
        named = zip((share.name for share in shares), self._parameters, strict=True)
        self._settings = settings
        self._optimizer = optimizer_of(named, settings, rates)
        self._pushed: dict[int, dict[int, Sequence[Sent]]] = {}
        self._best: list[Tensor] | None = None
        self._version = 0

    def pull(self, known: int = -1) -> tuple[int, list[Array] | None]:
        """The version of the parameters, and they, unless the version is `known`."""
        if known == self._version:
            return known, None
        return self._version, [_array(each) for each in self._parameters]

    def push(self, step: int, piece: int, gradients: Sequence[Sent]) -> None:
        """Take the gradients of a piece; one that comes again counts once, one whose step was made not at all."""
        if step >= self._version:
            self._pushed.setdefault(step, {})[piece] = gradients

    def add(self, step: int) -> float:
        """Make the gradient of a step of its pieces, in their order, and tell how long it is."""
        pieces = self._pushed.pop(step)
        for place, parameter in enumerate(self._parameters):
            parameter.grad = torch.zeros_like(parameter)
            for piece in sorted(pieces):
                sent = pieces[piece][place]
                if isinstance(sent, Rows):
                    parameter.grad[torch.from_numpy(sent.places)] += torch.from_numpy(sent.values)
                else:
                    parameter.grad += torch.from_numpy(sent)
        grads = [each.grad for each in self._parameters if each.grad is not None]
        return float(length_of(grads))

    def update(self, length: float, factor: float) -> None:
        """Step by the gradient that was added up; `length` is that of all shards' together."""
        take_step(self._optimizer, torch.tensor(length), factor=factor, settings=self._settings)
        self._version += 1

    def remember(self) -> None:
        """Keep the parameters as the best so far."""
        self._best = copy.deepcopy([each.detach() for each in self._parameters])

    def best(self) -> list[Array]:
        """The parameters that were remembered; where none were, those of now."""
        return [_array(each) for each in self._best or self._parameters]

    def state(self) -> dict[str, Array]:
        """All that a checkpoint needs, by name."""
        kept: dict[str, Tensor] = {
            f"now.{key}": each for key, each in zip(self._keys, self._parameters, strict=True)
        }
        kept |= {
            f"best.{key}": each for key, each in zip(self._keys, self._best or [], strict=False)
        }
        kept |= {f"optimizer.{name}": each for name, each in state_of(self._optimizer).items()}
        return {name: _array(each) for name, each in kept.items()}

    def restore(self, kept: Mapping[str, Array], version: int) -> None:
        """Put back what `state` gave."""
        tensors = {name: torch.from_numpy(np.array(each)) for name, each in kept.items()}
        with torch.no_grad():
            for key, parameter in zip(self._keys, self._parameters, strict=True):
                parameter.copy_(tensors[f"now.{key}"])
        best = [tensors[f"best.{key}"] for key in self._keys if f"best.{key}" in tensors]
        self._best = best or None
        start = "optimizer."
        restore(
            self._optimizer,
            {name[len(start) :]: each for name, each in tensors.items() if name.startswith(start)},
        )
        self._version = version


@dataclass(frozen=True)
class Report:
    """What came of a ticket: a loss, or what was counted, at which version of the parameters, and bytes moved."""

    loss: float = 0.0
    counted: NDArray[np.int64] | None = None
    version: int = 0
    n_bytes: int = 0


class Learner:
    """A network that is given parameters and makes gradients of pieces of steps."""

    def __init__(self, job: Job, held: Sequence[Sequence[Share]], n_pieces: int) -> None:
        freeze(job.module, job.rates)
        self._backward = Backward(job, device_of(job.settings))
        self._held, self._n_pieces = held, n_pieces
        self._learnt = dict(self._backward.learnt())

    def take(self, server: int, arrays: Sequence[Array]) -> None:
        """Put the parameters of one server into the network."""
        with torch.no_grad():
            for share, array in zip(self._held[server], arrays, strict=True):
                # What comes from a shared store cannot be written, which copying does not need.
                share.of(self._learnt[share.name]).copy_(torch.from_numpy(np.array(array)))

    def gradients(self, ticket: Ticket) -> tuple[float, list[list[Sent]]]:
        """The loss of a piece, and its gradients for each server."""
        loss = self._backward.gradients(ticket.step, Piece(ticket.piece, self._n_pieces))
        found = {
            name: torch.zeros_like(each) if each.grad is None else each.grad
            for name, each in self._learnt.items()
        }
        sent = [[self._sent(found[each.name], each) for each in held] for held in self._held]
        return float(loss), sent

    def _sent(self, gradient: Tensor, share: Share) -> Sent:
        return spelt(share.of(gradient), is_table=is_long(gradient))

    def judge(self, ticket: Ticket) -> NDArray[np.int64]:
        """What is counted on a piece of the validation rows."""
        data = self._backward.job.validation
        if data is None:
            return np.zeros(0, np.int64)
        matrix = self._backward.confusion(data, Piece(ticket.piece, self._n_pieces))
        counted: NDArray[np.int64] = matrix.cpu().numpy()
        return counted
