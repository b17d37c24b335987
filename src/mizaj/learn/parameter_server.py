"""Training by a parameter server on a Ray cluster: workers need not wait for one another at every step.

Servers hold the parameters, each a part. Workers pull them, make the gradients of a piece of a step and push them; when
all pieces of a step are there, the servers make its update. Who asks hands out the pieces (`schedule`). So a worker
that is lost costs the piece that it held, and is replaced; after the loss of a server, all begins again from the last
checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mizaj.cluster.ray import check, connected, n_processors
from mizaj.errors import TrainingError
from mizaj.learn.backward import Batches, macro_f1_in
from mizaj.learn.carried import error_of, packed
from mizaj.learn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from mizaj.learn.crew import LOST, Crew, Handle, ServerLost
from mizaj.learn.job import GOING_ON, Job, Trained
from mizaj.learn.kinds import Progress
from mizaj.learn.loop import own_cores
from mizaj.learn.on_ray import plan_of
from mizaj.learn.optimizer import freeze
from mizaj.learn.schedule import Schedule, Ticket
from mizaj.learn.server import Report
from mizaj.learn.standing import Standing, is_checkpoint_due, is_evaluation_due, is_over
from mizaj.learn.train_settings import rate_factor

try:
    import ray
    import torch
except ImportError:
    ray = torch = None  # type: ignore[assignment]


_PLACE_S = 300.0
"""How long all workers may wait for a place in the cluster, or for their data."""


def train_with_server(job: Job, progress: Progress) -> Trained:
    """The job's network, trained by `settings.workers` workers and `settings.servers` servers of a Ray cluster.

    With `staleness` 0 equal to AllReduce, up to the order of sums. Raises as `train_on_ray` does.
    """
    settings = job.settings
    freeze(job.module, job.rates)
    content = packed(job)
    with connected(settings.address, workers=max(own_cores(), settings.workers)):
        check([])
        plan, told = plan_of(settings), _Once(progress)
        for _ in range(settings.restarts + 1):
            try:
                with Crew.hired(job, content, plan) as crew:
                    return _Training(job, crew, told).run()
            except ServerLost:
                continue
    msg = (
        f"a parameter server was lost {settings.restarts + 1} times, the last one after step {told.step}; go on with "
        "--resume and the same settings; if memory ran out, begin anew with more servers"
    )
    raise TrainingError(msg)


@dataclass
class _Once:
    """Tells each step once, also one that is done again."""

    progress: Progress
    step: int = 0

    def __call__(self, figures: Mapping[str, Any]) -> None:
        if figures["step"] > self.step:
            self.step = figures["step"]
            self.progress(figures)


class _Training:
    """One attempt: the schedule, who works on what, and what has come back."""

    def __init__(self, job: Job, crew: Crew, tell: Progress) -> None:
        self.job, self.crew, self.tell = job, crew, tell
        self.batches = Batches(job)
        self.identity = job.identity() if job.settings.checkpoint else {}
        self.standing = self._resumed()
        self.schedule = Schedule(
            self.standing.step,
            n_pieces=job.settings.workers,
            staleness=job.settings.staleness,
            is_halt=lambda step: is_evaluation_due(job, step) or is_checkpoint_due(job, step),
        )
        self.losses: dict[int, dict[int, float]] = {}
        self.behind: dict[int, int] = {}
        self.counted: list[Any] = []
        self.is_judging = False
        self.figures: dict[str, Any] = {}
        self.n_bytes = 0
        self.running: dict[Handle, tuple[Handle, Ticket | None]] = {}
        self.idle: list[Handle] = []

    def run(self) -> Trained:
        """Work until the end; the network with its best parameters."""
        for _ in range(self.job.settings.workers):
            self._open(self.crew.hire())
        while self.is_judging or not is_over(self.job, self.standing):
            self._hand_out()
            ended, _ = ray.wait(list(self.running), num_returns=1, timeout=_PLACE_S)
            for done in ended:
                self._take_back(done, *self.running.pop(done))
            if not ended:
                self._check_placed()
        return self._finished()

    def _check_placed(self) -> None:
        """Raises `TrainingError` where all workers still wait for a place: the nodes that had one are gone."""
        if self.idle or any(ticket for _, ticket in self.running.values()):
            return
        msg = (
            f"no worker found a place for {_PLACE_S:g} s: each wants {self.crew.plan.cores} processors, and the "
            f"cluster has {n_processors()} in all; bring nodes back, and {GOING_ON}"
        )
        raise TrainingError(msg)

    def _open(self, worker: Handle) -> None:
        self.running[worker.open.remote()] = (worker, None)

    def _hand_out(self) -> None:
        while self.idle and (ticket := self.schedule.take()):
            worker = self.idle.pop()
            self.running[worker.work.remote(ticket)] = (worker, ticket)

    def _take_back(self, done: Handle, worker: Handle, ticket: Ticket | None) -> None:
        try:
            found: Any = ray.get(done)
        except LOST as error:
            if ticket is not None:
                self.schedule.put(ticket)
            self._open(self.crew.replace(worker, error))
            return
        if isinstance(found, dict):
            raise error_of(self.crew.workers.index(worker), found)
        self.idle.append(worker)
        if ticket is None:
            return
        if found is None:
            raise ServerLost
        self.n_bytes += found.n_bytes
        if ticket.is_judging:
            self._judged(found)
        else:
            self._learnt(ticket, found)

    def _learnt(self, ticket: Ticket, report: Report) -> None:
        """A piece is in; all updates that have their pieces are made."""
        self.losses.setdefault(ticket.step, {})[ticket.piece] = report.loss
        behind = self.behind.get(ticket.step, 0)
        self.behind[ticket.step] = max(behind, ticket.step - report.version)
        self.schedule.done(ticket)
        while self.schedule.is_complete:
            self._update()

    def _update(self) -> None:
        step, settings = self.schedule.step, self.job.settings
        losses = self.losses.pop(step)
        loss = float(np.sum([losses[piece] for piece in sorted(losses)], dtype=np.float32))
        lengths = self.crew.ask("add", step)
        length = float(np.float32(np.linalg.norm(lengths))) if len(lengths) > 1 else lengths[0]
        self.batches.check(step, loss, length)
        self.crew.ask("update", length, rate_factor(step, self.job.of_steps, settings))
        self.schedule.update()
        self.standing.advance(loss)
        self.figures = {"step": step + 1, "of_steps": self.job.of_steps, "loss": loss}
        self.figures |= {"behind": self.behind.pop(step), "moved_bytes": self.n_bytes}
        if not is_evaluation_due(self.job, step + 1):
            self._go_on()
        elif self.job.validation is None or not self.job.validation.n_rows:
            self.standing.judge(self.figures, None)
            self._go_on()
        else:
            self.is_judging = True
            for piece in range(settings.workers):
                self.schedule.put(Ticket(step, piece, is_judging=True))

    def _judged(self, report: Report) -> None:
        """A piece of the rows to judge by is counted; with the last one, training goes on."""
        self.counted.append(report.counted)
        if len(self.counted) < self.job.settings.workers:
            return
        macro_f1 = macro_f1_in(np.sum(self.counted, axis=0), len(self.job.train.labels))
        self.counted, self.is_judging = [], False
        if self.standing.judge(self.figures, macro_f1):
            self.crew.ask("remember")
        self._go_on()

    def _go_on(self) -> None:
        """Tell the step, keep it where that is due, and leave the halt, if it was one."""
        self.tell(self.figures)
        if is_checkpoint_due(self.job, self.standing.step):
            self._keep()
        self.schedule.go_on()

    def _keep(self) -> None:
        states = self.crew.ask("state")
        tensors = {
            f"{server}.{name}": each
            for server, state in enumerate(states)
            for name, each in state.items()
        }
        kept = Checkpoint(self.standing.step, self.standing.figures(), tensors)
        write_checkpoint(Path(str(self.job.settings.checkpoint)), kept, self.identity)

    def _resumed(self) -> Standing:
        """Where the checkpoint stands, with its parameters in the servers; the beginning where there is none."""
        folder = self.job.settings.checkpoint
        found = read_checkpoint(Path(folder), self.identity) if folder else None
        if found is None:
            return Standing()
        parts: list[dict[str, Any]] = [{} for _ in self.crew.servers]
        for name, each in found.tensors.items():
            server, _, key = name.partition(".")
            parts[int(server)][key] = np.array(each)
        pairs = zip(self.crew.servers, parts, strict=True)
        try:
            ray.get([server.restore.remote(part, found.step) for server, part in pairs])
        except LOST as error:
            raise ServerLost from error
        return Standing(**found.figures)

    def _finished(self) -> Trained:
        module, standing = self.job.module, self.standing
        learnt = dict(module.named_parameters())
        with torch.no_grad():
            for held, arrays in zip(self.crew.held, self.crew.ask("best"), strict=True):
                for share, array in zip(held, arrays, strict=True):
                    share.of(learnt[share.name]).copy_(torch.from_numpy(np.array(array)))
        module.eval()
        best = standing.best if standing.best >= 0 else None
        return Trained(module, best, standing.step, tuple(standing.history))
