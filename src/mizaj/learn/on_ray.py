"""The loop in workers of a Ray cluster that share each step by AllReduce, through Ray Train.

Ray Train starts the group, joins it by torch.distributed, and starts it again when a worker is lost; the loop then goes
on from its own checkpoint. It runs inside a task, so that who asks can listen meanwhile and end it at any moment. An
actor beside who asks hears the workers: it hands them the job, and keeps what they say.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from mizaj.cluster.ray import check, connected
from mizaj.errors import ExtraMissing, SettingError, TrainingError
from mizaj.learn.carried import (
    Answer,
    Said,
    answer_of,
    error_of,
    packed,
    shared_folders,
    trained_of,
    trouble,
    unpacked,
    with_whole_path,
)
from mizaj.learn.group import AllReduce
from mizaj.learn.job import GOING_ON, Job, Trained
from mizaj.learn.kinds import Progress
from mizaj.learn.loop import learn, own_cores, threads
from mizaj.learn.train_settings import TrainSettings

try:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError:
    ray = None

_NEEDED = ("pandas", "pydantic", "fsspec", "requests")
"""What ray.train asks for, and Ray alone does not bring."""
_POLL_S = 0.2
_PATIENCE_S = 600
"""How long a worker waits for the others in one exchange."""
_GRACE_S = 60.0
"""How long Ray Train may take to give back what it holds when it is asked to stop."""


@dataclass(frozen=True)
class Plan:
    """What of the cluster each worker takes."""

    workers: int
    cores: int
    has_gpu: bool
    restarts: int


def train_on_ray(job: Job, progress: Progress) -> Trained:
    """The job's network, trained by `settings.workers` workers of a Ray cluster; bit by bit that of as many here.

    Raises what a worker raised, `TrainingError` where workers are lost too often, `ClusterError` where the cluster
    cannot do it, `ExtraMissing` without Ray.
    """
    _check_ray_train()
    content, settings = packed(with_whole_path(job)), job.settings
    with connected(settings.address, workers=max(own_cores(), settings.workers)):
        check(shared_folders(settings))
        plan = plan_of(settings)
        ear: Any = ray.remote(num_cpus=0, **beside())(_RayEar).remote(content)
        fit: Any = ray.remote(num_cpus=0, max_retries=0, **beside())(_fit)
        running = fit.remote(ear, plan)
        try:
            _listen(ear, running, progress, plan)
            answer: Any = ray.get(ear.answered.remote())
        finally:
            _end(running)
            ray.kill(ear)
    return trained_of(job, answer)


def _check_ray_train() -> None:
    """Raises `ExtraMissing` where Ray is without what its part for training needs."""
    for name in ("ray", *_NEEDED):
        if find_spec(name) is None:
            library = name if name == "ray" else f"{name}, which ray.train needs,"
            raise ExtraMissing(library, extra="ray")


def beside() -> dict[str, Any]:
    """The options that put a task or actor on the machine of who asks."""
    node = ray.get_runtime_context().get_node_id()
    return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}


def plan_of(settings: TrainSettings) -> Plan:
    """What each worker takes of the cluster that is connected. Raises `SettingError` where they do not fit."""
    nodes = [each["Resources"] for each in ray.nodes() if each["Alive"]]
    cores = [int(each["CPU"]) for each in nodes if each.get("CPU")]
    own = settings.threads or cores_each(cores, settings.workers)
    if sum(each // own for each in cores) < settings.workers:
        msg = (
            f"workers is {settings.workers}, of {own} cores each; the cluster's machines have {cores}: "
            "give fewer workers or threads"
        )
        raise SettingError(msg)
    n_gpus = sum(int(each.get("GPU", 0)) for each in nodes)
    has_gpu = settings.device != "cpu" and n_gpus >= settings.workers
    return Plan(settings.workers, own, has_gpu, settings.restarts)


def cores_each(machines: Sequence[int], workers: int) -> int:
    """The most cores that each of so many workers can have, each on one machine; at least 1.

    >>> cores_each([8, 4], workers=2), cores_each([8, 4], workers=3), cores_each([2], workers=3)
    (4, 4, 1)
    """
    for cores in range(max(machines, default=1), 1, -1):
        if sum(each // cores for each in machines) >= workers:
            return cores
    return 1


class _RayEar:
    """Has the job for the workers, hears them, and tells what it heard once."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._heard: list[tuple[int, Said]] = []
        self._answer: Answer | None = None

    def job(self) -> bytes:
        return self._content

    def say(self, rank: int, said: Said) -> None:
        self._heard.append((rank, said))

    def answer(self, found: Answer) -> None:
        self._answer = found

    def heard(self) -> list[tuple[int, Said]]:
        heard, self._heard = self._heard, []
        return heard

    def answered(self) -> Answer | None:
        return self._answer


def _fit(ear: Any, plan: Plan) -> None:  # noqa: ANN401 - Ray's handles have no type
    """Train until a group came to its end; in a task."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig  # takes seconds
    from ray.train.torch import TorchTrainer

    from mizaj.learn.ray_group import Joined

    each: dict[str, float] = {"CPU": plan.cores}
    if plan.has_gpu:
        each["GPU"] = 1
    with tempfile.TemporaryDirectory(prefix="mizaj-ray-") as folder:
        TorchTrainer(
            _work,
            train_loop_config={"ear": ear, "cores": plan.cores},
            torch_config=Joined("nccl" if plan.has_gpu else "gloo", timeout_s=_PATIENCE_S),
            scaling_config=ScalingConfig(
                num_workers=plan.workers, use_gpu=plan.has_gpu, resources_per_worker=each
            ),
            run_config=RunConfig(
                storage_path=folder, failure_config=FailureConfig(max_failures=plan.restarts)
            ),
        ).fit()


def _work(place: Mapping[str, Any]) -> None:
    """Be one worker of the group that Ray Train has joined."""
    from ray.train import get_context  # takes seconds

    ear, rank, size = place["ear"], get_context().get_world_rank(), get_context().get_world_size()
    try:
        job = unpacked(ray.get(ear.job.remote()))
        with threads(job.settings, place["cores"]):
            # Of GPUs, a worker sees its own alone.
            trained = learn(job, AllReduce(rank, size), lambda said: ear.say.remote(rank, said))
        if rank == 0:
            ray.get(ear.answer.remote(answer_of(trained)))
    except Exception as error:  # all of them go to the process that asked
        ray.get(ear.say.remote(rank, trouble(error)))
        raise


def _listen(ear: Any, running: Any, progress: Progress, plan: Plan) -> None:  # noqa: ANN401 - as above
    """Pass on what the workers say, each step once, until all have ended. Raises what one of them raised."""
    last = 0
    while True:
        done, _ = ray.wait([running], timeout=_POLL_S)
        for rank, said in ray.get(ear.heard.remote()):
            if "error" in said and not said["is_exchange"]:
                raise error_of(rank, said)
            if said.get("step", 0) > last:
                last = said["step"]
                progress(said)
        if done:
            break
    try:
        ray.get(running)
    except ray.exceptions.RayError as error:
        reason = next(iter(str(error).strip().splitlines()[-1:]), type(error).__name__)
        msg = f"the group lost workers {plan.restarts + 1} times, the last one after step {last} ({reason}); {GOING_ON}"
        raise TrainingError(msg) from error


def _end(running: Any) -> None:  # noqa: ANN401 - as above
    """Have Ray Train end its group and give back its place; ended by force, it would keep it."""
    done, _ = ray.wait([running], timeout=0)
    if done:
        return
    ray.cancel(running)
    done, _ = ray.wait([running], timeout=_GRACE_S)
    if not done:
        with suppress(ray.exceptions.RayError):
            ray.cancel(running, force=True)
