"""Networks that disturb a training, or last until it is disturbed; a module of its own, for workers to find."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import torch
from torch import distributed


class Mortal(torch.nn.Module):
    """Answers as `inner` does; its process dies at the call `at` of a training, unless `grave` is there already."""

    def __init__(self, inner: torch.nn.Module, grave: Path, at: int = 4) -> None:
        super().__init__()
        self.inner, self.grave, self.at, self.n_calls = inner, str(grave), at, 0

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        self.n_calls += self.training
        is_last = not distributed.is_initialized() or distributed.get_rank() == 1
        if self.training and self.n_calls == self.at and is_last and _dig(self.grave):
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner(ids, mask)


class Paced(torch.nn.Module):
    """Answers as `inner` does, in its own time: a training is not over before it is disturbed, on any machine."""

    def __init__(self, inner: torch.nn.Module, seconds: float) -> None:
        super().__init__()
        self.inner, self.seconds = inner, seconds

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        time.sleep(self.seconds)
        return self.inner(ids, mask)


class Failing(torch.nn.Linear):
    """Raises an error that nobody knows."""

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        raise KeyError("lost")


def _dig(grave: str) -> bool:
    """Whether the grave was not there."""
    try:
        os.close(os.open(grave, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
