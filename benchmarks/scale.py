"""Past this machine: what a run of billions of posts costs those who coordinate it, and where each design breaks.

    python benchmarks/scale.py [--files N ...] [--shards N] [--tasks N] [--nodes N ...] [--no-ray] [--plan US ...]

* listing: opening a source of many small files, time and memory a file
* driver: a run of many shards in which nothing is done, by the real code (run, ledger, manifest): time of the processor
  and by the clock, which waits once a second for the disk to have the ledger (here that of `--folder`), and memory
* Ray: what one task costs the real scheduler loop on a real cluster of this machine, each task one shard
* simulation: the real scheduler loop (`cluster.ray.map_shards`, its window, its second tasks for lost nodes), ledger
  and manifest over thousands of nodes that are simulated: a clock of their own, shards that take as long as measured
  posts do, slow nodes, and nodes that are lost. That clock goes on while the driver works, by the time that its
  processor really took and by what a task costs Ray, so that a driver which cannot keep up leaves nodes idle.
* plan: from processor time a post, measured by `cluster_cost.py` and `clean_score.py`, what 10^9 and 10^12 posts take
  by number of nodes, and cost at a price an hour of one processor
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import machine
import pyarrow as pa
import pyarrow.parquet as pq

from mizaj.batch import Pipeline
from mizaj.cluster import ray as on_ray
from mizaj.cluster import ray_tasks
from mizaj.cluster.parcel import Outcome
from mizaj.read import Shard, Source, Span, open_source
from mizaj.run import Counts, Job, RunSettings, ShardResult, run_at
from mizaj.run.hold import held
from mizaj.run.places import Place
from mizaj.write import Sink

FILES = (1_000, 10_000)
SHARDS, TASKS = 100_000, 5_000
NODES = (10, 100, 1_000, 4_000)
CORES = 16
SHARD_ROWS = 262_144
POSTS_A_CORE_SECOND = 180_000.0  # the default model; `docs/results.md`
SPREAD = 0.15  # of the time of a shard, as a share of it
SLOW_NODES, SLOWNESS = 0.02, 3.0
LOSSES_A_NODE_HOUR = 0.01
LATENCY_S = 0.02  # of a task, from being asked for to its begin; measured by `--tasks`
TASK_S = 0.001  # of the driver's time, for each task, inside Ray; measured by `--tasks`
_UNDER_WAY = 64  # tasks at a time, where Ray's own cost of one is measured
SHARDS_A_CORE = 10
NOTICE_S = 65.0  # until a lost node is told of
AT_WORK = 0.8  # of nodes' time, with shards large enough; see the simulation
PRICE_H = 0.04  # dollars for an hour of one processor
SEED = 5


def main() -> int:
    options = _options()
    print(machine.heading(), "", sep="\n", flush=True)
    if options.part is not None:
        tempfile.tempdir = options.folder
        print(*_PARTS[options.part](options.number), sep="|")
        return 0
    if options.plan:
        print(*_plan(options.plan), sep="\n")
        return 0
    print("| files | s | ms a file | peak MB |", "| ---: | ---: | ---: | ---: |", sep="\n")
    for n in options.files:
        print(_row(n, _apart("listing", n)), flush=True)
    print(
        "\n| shards | CPU s | CPU us a shard | us a shard by the clock | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
        sep="\n",
    )
    print(_row(options.shards, _apart("driver", options.shards, options.folder)), flush=True)
    if not options.no_ray:
        print(
            "\n| Ray tasks | CPU s of the driver | us a task | peak MB |",
            "| ---: | ---: | ---: | ---: |",
            sep="\n",
        )
        print(_row(options.tasks, _apart("tasks", options.tasks)), flush=True)
    print("", *_HEAD, sep="\n")
    for n, rows in itertools.product(options.nodes, options.shard_rows):
        print(_simulated(n, rows, options.shards_a_core), flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--files", type=int, nargs="+", default=FILES)
    parser.add_argument("--shards", type=int, default=SHARDS)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--nodes", type=int, nargs="+", default=NODES)
    parser.add_argument("--shards-a-core", type=int, default=SHARDS_A_CORE)
    parser.add_argument("--shard-rows", type=int, nargs="+", default=(SHARD_ROWS, 8 * SHARD_ROWS))
    parser.add_argument("--no-ray", action="store_true")
    parser.add_argument("--folder", help="where the ledger of the driver lies (the temporary one)")
    parser.add_argument("--plan", type=float, nargs="+", help="CPU us a post of each kind of work")
    parser.add_argument("--part", choices=tuple(_PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--number", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _row(n: int, found: Sequence[float]) -> str:
    seconds, *each, peak = found
    shares = " | ".join(f"{share:,.2f}" for share in each)
    return f"| {n:,} | {seconds:.2f} | {shares} | {peak:,.0f} |"


def _apart(part: str, number: int, folder: str | None = None) -> list[float]:
    """A part in a process of its own, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--part", part, "--number", str(number)]
    command += ["--folder", folder] if folder else []
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(each) for each in said.splitlines()[-1].split("|")]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _listing(n: int) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as name:
        for i in range(n):
            pq.write_table(pa.table({"id": [i], "text": ["mast"]}), f"{name}/{i:06}.parquet")
        start = time.perf_counter()
        source = open_source(name)
        seconds = time.perf_counter() - start
        assert len(source.shards) == n
        return seconds, seconds / n * 1e3, _peak_mb()


def _driver(n: int) -> tuple[float, float, float, float]:
    source = source_of(n)

    def do_jobs(function: object, shards: Sequence[Shard], /, *, tick: Any) -> Any:
        return (_result(shard) for shard in shards)

    with tempfile.TemporaryDirectory() as name:
        start, begun = time.process_time(), time.perf_counter()
        found = _run(source, Path(name) / "out", Place(do_jobs, map))
        seconds, waited = time.process_time() - start, time.perf_counter() - begun
    assert found.counts.rows_in == n * SHARD_ROWS
    return seconds, seconds / n * 1e6, waited / n * 1e6, _peak_mb()


def _tasks(n: int) -> tuple[float, float, float]:
    with on_ray.connected(None, workers=2):
        list(on_ray.map_shards(_nothing, range(100)))
        start = time.process_time()
        with patch.object(on_ray.Portions, "_lasting", lambda self, seconds: 1):
            done = on_ray.map_shards(_nothing, range(n), workers=_UNDER_WAY)
            assert sum(1 for _ in done) == n
        seconds = time.process_time() - start
    return seconds, seconds / n * 1e6, _peak_mb()


def _nothing(_: int) -> None:
    return None


_PARTS = {"listing": _listing, "driver": _driver, "tasks": _tasks}


def source_of(n: int, shard_rows: int = SHARD_ROWS) -> Source:
    """A source of `n` shards that names one file, as a cluster's run would know it."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "posts.parquet"
        pq.write_table(pa.table({"text": ["mast"]}), path)
        opened = open_source(path)
    spans = (Span(i, i + 1, shard_rows, shard_rows * 70) for i in range(n))
    shards = tuple(Shard(f"posts-{i:07}", 0, span) for i, span in enumerate(spans))
    return Source(opened.parts, opened.schema, shards, opened.settings)


def _result(shard: Shard) -> ShardResult:
    n_rows = shard.span.n_rows or 0
    return ShardResult(shard.name, Counts(n_rows, n_rows), {f"{shard.name}.parquet": n_rows * 60})


def _run(source: Source, out: Path, place: Place) -> Any:
    job = Job(Pipeline(()), source, Sink(out))
    settings = RunSettings(
        is_progress_shown=False, is_hashed=False, now=lambda: datetime(2030, 1, 1, tzinfo=UTC)
    )
    with held(out):
        return run_at(place, job, settings)


def _plan(us_a_post: Sequence[float]) -> list[str]:
    """Time by number of nodes at the share of their time that the simulation found at work, and the price of it."""
    heads = " | ".join(f"{n:,} nodes" for n in NODES)
    lines = [
        f"| posts | CPU us a post | {heads} | price |",
        "| ---: | ---: |" + " ---: |" * (len(NODES) + 1),
    ]
    for n_posts, us in itertools.product((10**9, 10**12), us_a_post):
        core_h = n_posts * us / 1e6 / 3600
        times = [_spelt(core_h / (n * CORES * AT_WORK)) for n in NODES]
        lines.append(
            f"| 10^{len(str(n_posts)) - 1} | {us:g} | {' | '.join(times)} | ${core_h / AT_WORK * PRICE_H:,.2f} |"
        )
    return lines


def _spelt(hours: float) -> str:
    for size, unit in ((24 * 365, "years"), (24, "days"), (1, "h"), (1 / 60, "min")):
        if hours >= size:
            return f"{hours / size:,.1f} {unit}"
    return f"{hours * 3600:.0f} s"


@dataclass(order=True)
class _Event:
    at_s: float
    number: int
    what: str = field(compare=False)
    node: int = field(compare=False, default=-1)
    task: Any = field(compare=False, default=None)


@dataclass(eq=False)
class SimulatedRay:
    """What `cluster.ray` asks of Ray, over nodes that are simulated, by a clock of their own.

    A task goes to a free processor, the nodes in turn; what a lost node was doing is never heard of again.
    """

    n_nodes: int
    seed: int = SEED

    def __post_init__(self) -> None:
        self.chosen = random.Random(self.seed)
        self.now_s = 0.0
        self.worked_s = 0.0
        self.n_lost = 0
        self.free = [(i // self.n_nodes, i % self.n_nodes) for i in range(self.n_nodes * CORES)]
        heapq.heapify(self.free)
        self.queue: deque[Any] = deque()
        self.heard_s = time.process_time()
        self.done: dict[Any, Any] = {}
        self.cancelled: set[int] = set()
        self.numbers = itertools.count()
        self.events: list[_Event] = []
        self.lost: dict[int, float] = {}
        self.slow = {i for i in range(self.n_nodes) if self.chosen.random() < SLOW_NODES}
        self.exceptions = SimpleNamespace(RayError=RuntimeError, RayTaskError=RuntimeError)
        self._plan_loss()

    # What the scheduler loop calls

    def is_initialized(self) -> bool:
        return True

    def put(self, value: object) -> str:
        return "parcel"

    def nodes(self) -> list[dict[str, Any]]:
        told = {node for node, at in self.lost.items() if at + NOTICE_S <= self.now_s}
        return [
            {"NodeID": str(i), "Alive": i not in told, "Resources": {"CPU": CORES}}
            for i in range(self.n_nodes)
        ]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": self.n_nodes * CORES}

    def options(self, **_: object) -> SimulatedRay:
        return self

    def remote(self, asked: tuple[object, Sequence[Shard], float]) -> int:
        _, portion, most_s = asked
        task = next(self.numbers)
        self.queue.append((task, portion, most_s))
        self.now_s += TASK_S
        self._begin()
        return task

    def wait(self, tasks: list[int], *, num_returns: int, timeout: float) -> tuple[list[int], list]:
        self._go_on()
        end_s = self.now_s + timeout
        while timeout and not self.done:
            if not self.events or self.events[0].at_s > end_s:
                self.now_s = end_s
                break
            self._happen()
        self.heard_s = time.process_time()
        return list(itertools.islice(self.done, num_returns)), []

    def get(self, task: int) -> list[Outcome]:
        return self.done.pop(task)

    def cancel(self, task: int, *, force: bool) -> None:
        if self.done.pop(task, None) is None:
            self.cancelled.add(task)  # it waits or runs, and its answer must not lie there for ever

    # What happens

    def _go_on(self) -> None:
        """All that happened while the driver was at work."""
        until_s = self.now_s + time.process_time() - self.heard_s
        while self.events and self.events[0].at_s <= until_s:
            self._happen()
        self.now_s = max(self.now_s, until_s)

    def _begin(self) -> None:
        while self.queue and self.free:
            turn, node = heapq.heappop(self.free)
            if node in self.lost:
                continue
            task, portion, most_s = self.queue.popleft()
            if task in self.cancelled:
                heapq.heappush(self.free, (turn, node))
                continue
            each: list[float] = []
            for shard in portion:
                each.append(self._takes_s(node, shard))
                if sum(each) > most_s:
                    break
            at_s = self.now_s + LATENCY_S + sum(each)
            event = _Event(at_s, next(self.numbers), "end", node, (task, portion, turn, each))
            heapq.heappush(self.events, event)

    def _takes_s(self, node: int, shard: Shard) -> float:
        usual = (shard.span.n_rows or 0) / POSTS_A_CORE_SECOND
        varied = usual * max(self.chosen.gauss(1.0, SPREAD), 0.3)
        return varied * (SLOWNESS if node in self.slow else 1.0)

    def _plan_loss(self) -> None:
        rate = self.n_nodes * LOSSES_A_NODE_HOUR / 3600
        at_s = self.now_s + self.chosen.expovariate(rate)
        heapq.heappush(self.events, _Event(at_s, next(self.numbers), "loss"))

    def _happen(self) -> None:
        event = heapq.heappop(self.events)
        self.now_s = max(self.now_s, event.at_s)
        if event.what == "loss":
            self.lost.setdefault(self.chosen.randrange(self.n_nodes), self.now_s)
            self.n_lost = len(self.lost)
            self._plan_loss()
            return
        task, portion, turn, each = event.task
        if self.lost.get(event.node, float("inf")) <= self.now_s:
            return
        self.worked_s += sum(each)
        if task not in self.cancelled:
            self.done[task] = [
                Outcome(_result(shard), took_s=took_s)
                for shard, took_s in zip(portion, each, strict=False)
            ]
        heapq.heappush(self.free, (turn, event.node))
        self._begin()


_HEAD = (
    f"Simulated: nodes of {CORES} processors, {SLOW_NODES:.0%} of them {SLOWNESS:g} times as slow, "
    f"{LOSSES_A_NODE_HOUR:g} losses a node and hour; {TASK_S * 1e6:g} us of the driver a task inside Ray.",
    "",
    "| nodes | posts a shard | 10^9 posts | time by their clock | at work | lost | driver CPU s | us a shard |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def _simulated(n_nodes: int, shard_rows: int, shards_a_core: int) -> str:
    n = n_nodes * CORES * shards_a_core
    source = source_of(n, shard_rows)
    simulated: Any = SimulatedRay(n_nodes)
    before = on_ray.ray, ray_tasks.ray, ray_tasks._task
    on_ray.ray = ray_tasks.ray = ray_tasks._task = simulated
    start = time.process_time()
    try:
        with tempfile.TemporaryDirectory() as name:
            place = Place(lambda f, s, /, *, tick: on_ray.map_shards(f, s), map)
            found = _run(source, Path(name) / "out", place)
    finally:
        on_ray.ray, ray_tasks.ray, ray_tasks._task = before
    seconds = time.process_time() - start
    assert found.counts.rows_in == n * shard_rows, "a row was lost or done twice"
    at_work = simulated.worked_s / (simulated.now_s * n_nodes * CORES)
    return (
        f"| {n_nodes:,} | {shard_rows:,} | {n * shard_rows / 1e9:,.1f} | {simulated.now_s:,.0f} s | {at_work:.0%} | "
        f"{simulated.n_lost} | {seconds:.1f} | {seconds / n * 1e6:,.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
