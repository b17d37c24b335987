"""Where a run of the loop stands: how far it is, how good it was, and what is due next."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from mizaj.learn.job import Job


@dataclass
class Standing:
    """What a checkpoint keeps besides weights and the optimizer's state; equal in all processes of a group."""

    step: int = 0
    best: float = -1.0
    n_worse: int = 0
    loss_sum: float = 0.0
    n_losses: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    def advance(self, loss: float) -> None:
        """Count a step that is done."""
        self.step += 1
        self.loss_sum += loss
        self.n_losses += 1

    def judge(self, figures: dict[str, Any], macro_f1: float | None) -> bool:
        """Enter an evaluation into `figures` and the history; whether it is the best so far.

        `macro_f1` is None where there is nothing to judge by.
        """
        figures["train_loss"] = self.loss_sum / max(1, self.n_losses)
        self.loss_sum, self.n_losses = 0.0, 0
        is_best = False
        if macro_f1 is not None:
            figures["macro_f1"] = macro_f1
            is_best = macro_f1 > self.best
            if is_best:
                self.best, self.n_worse = macro_f1, 0
            else:
                self.n_worse += 1
        self.history.append(figures)
        return is_best

    def figures(self) -> dict[str, Any]:
        """All of it by name, as `Standing(**figures)` takes it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def is_evaluation_due(job: Job, step: int) -> bool:
    """Whether a step was the last of an epoch, or of a run of `evaluate_every`, or of all."""
    every = job.settings.evaluate_every or job.steps_per_epoch
    return step % every == 0 or step == job.of_steps


def is_checkpoint_due(job: Job, step: int) -> bool:
    """Whether the run is to be kept after a step."""
    if job.settings.checkpoint is None:
        return False
    every = job.settings.checkpoint_every
    return step % every == 0 if every else is_evaluation_due(job, step)


def is_over(job: Job, standing: Standing) -> bool:
    """Whether all steps are done, or too many evaluations in a row were no better."""
    return standing.step >= job.of_steps or standing.n_worse >= job.settings.patience
