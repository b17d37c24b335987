"""A network in training: the step, the evaluation and the checkpoint that the loop in `train` is made of."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mizaj.errors import TrainingError
from mizaj.learn.backward import Backward, device_of, macro_f1_in
from mizaj.learn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from mizaj.learn.group import Group, add_gradients
from mizaj.learn.job import Job, Trained
from mizaj.learn.optimizer import (
    freeze,
    length_of,
    optimizer_of,
    restore,
    state_of,
    take_step,
)
from mizaj.learn.standing import Standing, is_checkpoint_due, is_evaluation_due, is_over
from mizaj.learn.train_settings import rate_factor

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor


class Run:
    """A network in training with its optimizer: the state that each step changes."""

    def __init__(self, job: Job, group: Group) -> None:
        self.job, self.group, self.settings = job, group, job.settings
        freeze(job.module, job.rates)
        self.backward = Backward(job, device_of(job.settings, group.gpu))
        self.module = self.backward.module
        self.optimizer = optimizer_of(self.backward.learnt(), job.settings, job.rates)
        self.identity = job.identity() if job.settings.checkpoint else {}
        self.standing = Standing()
        self.best: dict[str, Tensor] | None = None

    def advance(self) -> float:
        """Read one batch and take one step; the loss of the batch."""
        step = self.standing.step
        summed = self.backward.gradients(step, self.group)
        found = [each.grad for _, each in self.backward.learnt() if each.grad is not None]
        add_gradients([*found, summed], self.group)
        loss, length = float(summed), length_of(found)
        self.backward.batches.check(step, loss, float(length))
        factor = rate_factor(step, self.job.of_steps, self.settings)
        take_step(self.optimizer, length, factor=factor, settings=self.settings)
        self.standing.advance(loss)
        return loss

    @property
    def is_evaluation_due(self) -> bool:
        """Whether the step done is one to evaluate after."""
        return is_evaluation_due(self.job, self.standing.step)

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether the run is to be kept now, by this process."""
        return not self.group.rank and is_checkpoint_due(self.job, self.standing.step)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to learn: all processes count alike, so all agree."""
        return is_over(self.job, self.standing)

    def evaluate(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The figures with the mean loss since the last evaluation and macro-F1; the best weights are kept."""
        found = dict(figures)
        if self.standing.judge(found, self._macro_f1()):
            self.best = copy.deepcopy(self.module.state_dict())
        return found

    def _macro_f1(self) -> float | None:
        """Macro-F1 on the validation rows, which the processes share out; None where there are none."""
        data = self.job.validation
        if data is None or not data.n_rows:
            return None
        matrix = self.backward.confusion(data, self.group)
        self.group.add(matrix)
        return macro_f1_in(matrix.cpu().numpy(), len(data.labels))

    def keep(self) -> None:
        """Write the checkpoint."""
        tensors = {f"module.{name}": each for name, each in self.module.state_dict().items()}
        tensors |= {f"best.{name}": each for name, each in (self.best or {}).items()}
        tensors |= {f"optimizer.{name}": each for name, each in state_of(self.optimizer).items()}
        arrays = {name: each.detach().cpu().numpy() for name, each in tensors.items()}
        folder = Path(str(self.settings.checkpoint))
        kept = Checkpoint(self.standing.step, self.standing.figures(), arrays)
        write_checkpoint(folder, kept, self.identity)

    def resume(self) -> None:
        """Go on from the checkpoint where there is one. Raises `TrainingError` where processes find different ones."""
        if self.settings.checkpoint is None:
            return
        self._restore(Path(self.settings.checkpoint))
        self._check_agreed()

    def _check_agreed(self) -> None:
        """A shared folder may show one machine later than another what is in it."""
        step = self.standing.step
        total = torch.tensor([step], device=next(self.module.parameters()).device)
        self.group.add(total)
        if int(total) != step * self.group.size:
            msg = (
                f"worker {self.group.rank} would go on from step {step} and others from another: not all see the same "
                f"checkpoint in {self.settings.checkpoint}; go on with --resume once they do"
            )
            raise TrainingError(msg)

    def _restore(self, folder: Path) -> None:
        found = read_checkpoint(folder, self.identity)
        if found is None:
            return
        tensors = {name: torch.from_numpy(each.copy()) for name, each in found.tensors.items()}
        self.module.load_state_dict(under("module.", tensors))
        self.best = under("best.", tensors) or None
        restore(self.optimizer, under("optimizer.", tensors))
        self.standing = Standing(**found.figures)

    def finish(self) -> Trained:
        """The network with its best weights, ready to answer."""
        if self.best is not None:
            self.module.load_state_dict(self.best)
        self.module.eval()
        best = self.standing.best if self.best is not None else None
        return Trained(self.module, best, self.standing.step, tuple(self.standing.history))


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }
