"""The actors of a parameter server on a Ray cluster: servers that hold parameters, workers that make gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mizaj.errors import TrainingError
from mizaj.learn.carried import trouble, unpacked
from mizaj.learn.job import GOING_ON, Job
from mizaj.learn.on_ray import Plan
from mizaj.learn.schedule import Ticket
from mizaj.learn.server import Learner, Report, Shard, n_bytes
from mizaj.learn.sharding import Share, shares

try:
    import ray
    import torch
except ImportError:
    ray = torch = None  # type: ignore[assignment]

Handle = Any
"""Of an actor or of a result that is awaited: Ray's own have no type."""

LOST: tuple[type[Exception], ...] = (
    ()
    if ray is None
    else (
        ray.exceptions.RayActorError,
        ray.exceptions.OutOfMemoryError,
        ray.exceptions.ObjectLostError,
    )
)
"""What Ray raises for an actor that is gone, that was ended for want of memory, or whose answer went with its node."""


class ServerLost(Exception):
    """A server is gone, with what it held."""


class Worker:
    """An actor that makes gradients. What goes wrong in it is an answer, so that its death is the only error."""

    def __init__(
        self, content: bytes, held: Sequence[Sequence[Share]], servers: Sequence[Handle], plan: Plan
    ) -> None:
        self._content, self._held, self._servers, self._plan = content, held, servers, plan
        self._known = [-1] * len(servers)

    def open(self) -> dict[str, Any] | None:
        """Be ready to learn; the trouble, if there was one."""
        try:
            torch.set_num_threads(self._plan.cores)
            self._learner = Learner(unpacked(self._content), self._held, self._plan.workers)
        except Exception as error:  # all of them go to the process that asked
            return trouble(error)
        return None

    def work(self, ticket: Ticket) -> Report | dict[str, Any] | None:
        """What comes of a ticket, or the trouble; None where a server is gone."""
        try:
            version, moved = self._pull()
            if ticket.is_judging:
                return Report(counted=self._learner.judge(ticket), version=version, n_bytes=moved)
            loss, sent = self._learner.gradients(ticket)
            pairs = zip(self._servers, sent, strict=True)
            ray.get([each.push.remote(ticket.step, ticket.piece, part) for each, part in pairs])
            return Report(loss, version=version, n_bytes=moved + sum(map(n_bytes, sent)))
        except LOST:
            return None
        except Exception as error:  # as above
            return trouble(error)

    def _pull(self) -> tuple[int, int]:
        """Take the newest parameters; their version, the oldest of all servers', and the bytes that came."""
        pairs = zip(self._servers, self._known, strict=True)
        pulled = ray.get([each.pull.remote(known) for each, known in pairs])
        moved = 0
        for server, (version, arrays) in enumerate(pulled):
            self._known[server] = version
            if arrays is not None:
                self._learner.take(server, arrays)
                moved += n_bytes(arrays)
        return min(self._known, default=0), moved


@dataclass
class Crew:
    """The actors of one attempt, and what is needed to replace a worker."""

    servers: list[Handle]
    held: list[list[Share]]
    content: Handle
    plan: Plan
    workers: list[Handle]
    n_replaced: int = 0

    @classmethod
    @contextmanager
    def hired(cls, job: Job, content: bytes, plan: Plan) -> Iterator[Crew]:
        """Servers with the parameters that the job has now, and no workers yet; all gone when the block ends."""
        learnt = {name: each for name, each in job.module.named_parameters() if each.requires_grad}
        shapes = {name: tuple(each.shape) for name, each in learnt.items()}
        crew = cls([], shares(shapes, job.settings.servers), ray.put(content), plan, [])
        actor = ray.remote(num_cpus=0, scheduling_strategy="SPREAD")(Shard)
        try:
            for each in crew.held:
                arrays = [share.of(learnt[share.name]).detach().cpu().numpy() for share in each]
                crew.servers.append(actor.remote(each, arrays, job.settings, job.rates))
            yield crew
        finally:
            for one in (*crew.workers, *crew.servers):
                ray.kill(one)

    def hire(self) -> Handle:
        """A new worker, which may yet have to find a place."""
        actor = ray.remote(num_cpus=self.plan.cores, num_gpus=int(self.plan.has_gpu))(Worker)
        worker = actor.remote(self.content, self.held, self.servers, self.plan)
        self.workers.append(worker)
        return worker

    def replace(self, worker: Handle, error: Exception) -> Handle:
        """A new worker for one that is gone, as `error` says. Raises `TrainingError` when too many went."""
        self.workers.remove(worker)
        ray.kill(worker)  # one that could only not be reached would keep the place of the new one
        self.n_replaced += 1
        if self.n_replaced > self.plan.restarts:
            reason = str(error).strip().partition("\n")[0]
            msg = f"{self.n_replaced} workers were lost (of the last one: {reason}); {GOING_ON}"
            raise TrainingError(msg) from error
        return self.hire()

    def ask(self, name: str, *words: Any) -> list[Any]:  # noqa: ANN401 - whatever servers take and give
        """What all servers answer. Raises `ServerLost` where one does not."""
        try:
            answers: list[Any] = ray.get(
                [getattr(server, name).remote(*words) for server in self.servers]
            )
        except LOST as error:
            raise ServerLost from error
        return answers
