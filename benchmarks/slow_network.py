"""A network that is slower in some processes, for `parameter_server.py`; a module of its own, for workers to find."""

from __future__ import annotations

import itertools
import os
import random
import time
from pathlib import Path

import torch

PAUSE = 10
"""A pause is so many times the delay of a slow worker, and comes as seldom: the same time lost in all."""


class Slow(torch.nn.Module):
    """Answers as `inner` does. In training, each step costs `delay_s` more: in the one process that marks `mark` first
    (`who` is `one`), or in all of them now and then (`pauses`), in each run at the same of its calls."""

    def __init__(self, inner: torch.nn.Module, mark: Path, who: str, delay_s: float) -> None:
        super().__init__()
        self.inner, self.mark, self.who, self.delay_s = inner, str(mark), who, delay_s
        self.number: int | None = None

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.training and self.who != "alike":
            self._lose_time()
        return self.inner(ids, mask)

    def _lose_time(self) -> None:
        if self.number is None:
            self.number = _number(self.mark)
            self.draw = random.Random(self.number)
        if self.who == "one":
            time.sleep(self.delay_s * (self.number == 0))
        else:
            # as much in all as one slow process of two
            time.sleep(self.delay_s * PAUSE * (self.draw.random() < 0.5 / PAUSE))


def _number(mark: str) -> int:
    """How many processes asked before this one."""
    return next(number for number in itertools.count() if _is_first(f"{mark}-{number}"))


def _is_first(mark: str) -> bool:
    """Whether this process is the first to make the file."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
