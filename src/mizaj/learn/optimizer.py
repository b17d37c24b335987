"""The one way to take a step: AdamW with rates of its own for each part of a network, after clipping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mizaj.learn.train_settings import TrainSettings

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor, nn


Rates = Sequence[tuple[str, float]]
"""Starts of parameters' names, with what multiplies their learning rate: the first that fits counts."""


def rate_of(name: str, rates: Rates) -> float:
    """What the learning rate of a parameter is multiplied by; 0 where it does not learn.

    >>> rate_of("table.weight", (("table.", 0.5), ("", 2.0))), rate_of("head.bias", ())
    (0.5, 1.0)
    """
    return next((rate for prefix, rate in rates if name.startswith(prefix)), 1.0)


def freeze(module: nn.Module, rates: Rates) -> None:
    """Have the parameters that do not learn take no gradients."""
    for name, each in module.named_parameters():
        if rate_of(name, rates) == 0.0:
            each.requires_grad = False


def optimizer_of(
    named: Iterable[tuple[str, nn.Parameter]], settings: TrainSettings, rates: Rates
) -> torch.optim.Optimizer:
    """AdamW: no decay on biases and norms, which have one dimension; parts of the network at rates of their own."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, each in named:
        decay = settings.weight_decay if each.ndim > 1 else 0.0
        rate = settings.learning_rate * rate_of(name, rates)
        groups.setdefault((rate, decay), []).append(each)
    return torch.optim.AdamW(
        [
            {"params": each, "lr": rate, "rate": rate, "weight_decay": decay}
            for (rate, decay), each in groups.items()
        ],
        fused=True,
    )


def length_of(gradients: Iterable[Tensor]) -> Tensor:
    """The length of all gradients as one vector; that of parts is the length of their lengths."""
    return torch.nn.utils.get_total_norm(gradients)


def take_step(
    optimizer: torch.optim.Optimizer, length: Tensor, *, factor: float, settings: TrainSettings
) -> None:
    """Change the parameters by their gradients, clipped by the `length` of all there are.

    `factor` multiplies the learning rates.
    """
    learnt = [each for group in optimizer.param_groups for each in group["params"]]
    torch.nn.utils.clip_grads_with_norm_(learnt, settings.clip or float("inf"), length)
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor
    optimizer.step()


def state_of(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimizer keeps of each parameter, as `NUMBER.NAME`."""
    kept = optimizer.state_dict()["state"].items()
    return {f"{number}.{name}": each for number, state in kept for name, each in state.items()}


def restore(optimizer: torch.optim.Optimizer, kept: Mapping[str, Tensor]) -> None:
    """Put back what `state_of` gave."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, each in kept.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = each
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
