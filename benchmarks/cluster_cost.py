"""What a cluster costs beside one machine, and what a second worker brings, on the processors of this machine.

    python benchmarks/cluster_cost.py [--rows N] [--rounds N] [--scaling] [--encoder] [--places local ray spark]

Without `--scaling`: processor seconds for a million posts with the model that ships, on Ray and on Spark, over those of
the local run. They are read from the system's own count of busy processors, so that all that a cluster runs beside the
work is in it; the machine must do nothing else. Clusters are started, and warm, before they are measured; what starting
takes is told apart. With `--scaling`: posts a second with two workers over those with one; `--encoder` by an encoder in
8 bits with random weights, of a size that `--layers` tells, as fast as a trained one.

Outputs are compared byte for byte with those of the first run (local) before a figure is told. Rounds go through all
places in turn; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import machine
import posts
import pyarrow.parquet as pq

from mizaj.batch import Pipeline
from mizaj.model.predict import load
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run

ROWS, ENCODER_ROWS, ROUNDS = 5_000_000, 4_000, 3
WARM_ROWS = 300_000
N_SHARDS = 16
LAYERS = 6
PLACES = ("local", "ray", "spark")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What a run took by the clock and of all processors."""

    wall_s: float
    cpu_s: float


def main() -> int:
    options = _options()
    print(machine.heading(), flush=True)
    folder = posts.default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, ExitStack() as open_places:
        started = {name: _started(name, open_places) for name in options.places}
        for name, spent in started.items():
            print(f"{name}: started in {spent.wall_s:.1f} s, {spent.cpu_s:.1f} CPU s", flush=True)
        measured = _scaling if options.scaling else _overhead
        measured(options, Path(scratch), folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--encoder", action="store_true")
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--places", nargs="+", choices=PLACES, default=PLACES)
    options = parser.parse_args()
    if not options.scaling and "local" not in options.places:
        parser.error(
            "costs are told over those of local; give --places local as well, or --scaling"
        )
    options.rows = options.rows or (ENCODER_ROWS if options.encoder else ROWS)
    return options


def _started(name: str, places: ExitStack) -> Spent:
    """What it took to open a place, which stays open."""
    with _spending() as spent:
        if name == "ray":
            from mizaj.cluster import ray

            places.enter_context(ray.connected(None, workers=2))
        if name == "spark":
            from mizaj.cluster import spark

            places.enter_context(spark.session(None, workers=2))
    return spent[0]


def _overhead(options: argparse.Namespace, scratch: Path, folder: Path) -> None:
    source = posts.cached_parquet(options.rows, folder)
    warm = posts.cached_parquet(WARM_ROWS, folder)
    pipeline = Pipeline((load().step(),))
    for name in options.places:
        _run(name, pipeline, warm, scratch, workers=2)
    rounds = [
        {name: _run(name, pipeline, source, scratch, workers=2) for name in options.places}
        for _ in range(options.rounds)
    ]
    print(f"{options.rows:,} posts, 2 workers, {options.rounds} rounds; outputs equal", "")
    print("| place | CPU s a million posts | over local | posts/s |")
    print("| --- | ---: | ---: | ---: |")
    for name in options.places:
        cpu = machine.Spread.of([each[name].cpu_s / options.rows * 1e6 for each in rounds])
        over = machine.Spread.of([each[name].cpu_s / each["local"].cpu_s for each in rounds])
        rate = machine.Spread.of([options.rows / each[name].wall_s for each in rounds])
        print(f"| {name} | {cpu.written('.2f')} | {over.written('.2f')} | {rate.written()} |")


def _scaling(options: argparse.Namespace, scratch: Path, folder: Path) -> None:
    pipeline = _work(options, scratch)
    source = _cut(posts.cached_parquet(options.rows, folder), scratch)
    settings = ReadSettings(shard_rows=max(options.rows // N_SHARDS, 1))
    for name in options.places:
        _run(name, pipeline, source, scratch, workers=2, settings=settings)
    rounds = [
        {
            (name, workers): _run(
                name, pipeline, source, scratch, workers=workers, settings=settings
            )
            for name in options.places
            for workers in (1, 2)
        }
        for _ in range(options.rounds)
    ]
    what = f"an encoder of {options.layers} layers, 8 bits" if options.encoder else "default model"
    print(f"{what}, {options.rows:,} posts, {options.rounds} rounds; outputs equal", "")
    print("| place | posts/s, 1 worker | posts/s, 2 workers | 2 over 1 |")
    print("| --- | ---: | ---: | ---: |")
    for name in options.places:
        rates = [
            machine.Spread.of([options.rows / each[name, workers].wall_s for each in rounds])
            for workers in (1, 2)
        ]
        over = machine.Spread.of([each[name, 1].wall_s / each[name, 2].wall_s for each in rounds])
        one, two = (rate.written() for rate in rates)
        print(f"| {name} | {one} | {two} | {over.written('.2f')} |")


def _work(options: argparse.Namespace, scratch: Path) -> Pipeline:
    if not options.encoder:
        return Pipeline((load().step(),))
    folder = scratch / "encoder"
    _make_encoder(folder, options.layers)
    return Pipeline((load(folder).step(),))


def _cut(source: Path, scratch: Path) -> Path:
    """The same posts in so many row groups as there are to be shards."""
    table = pq.read_table(source)
    pq.write_table(table, scratch / source.name, row_group_size=max(len(table) // N_SHARDS, 1))
    return scratch / source.name


def _make_encoder(folder: Path, n_layers: int) -> None:
    import encoder_speed

    from mizaj.learn.export import export
    from mizaj.model.folder import save

    encoder_speed.LAYERS = n_layers
    save(export(encoder_speed.made_up(), int8=True).model, folder)


_first: dict[tuple[Path, str], dict[str, bytes]] = {}


def _run(
    name: str,
    pipeline: Pipeline,
    source: Path,
    scratch: Path,
    *,
    workers: int,
    settings: ReadSettings | None = None,
) -> Spent:
    out = scratch / "out"
    shutil.rmtree(out, ignore_errors=True)
    opened = open_source(source, settings=settings)
    asked = RunSettings(workers=workers, is_progress_shown=False, is_hashed=False)
    with _as_wide(name, workers), _spending() as spent:
        run(pipeline, opened, out, on=name, settings=asked)
    found = {path.name: path.read_bytes() for path in out.glob("*.parquet")}
    known = _first.setdefault((source, pipeline.fingerprint), found)
    if found != known:
        raise SystemExit(f"the output of {name} is not that of the first run")
    return spent[0]


@contextmanager
def _as_wide(name: str, workers: int) -> Iterator[None]:
    """A Spark session has as many processors as it was opened with, so that of one worker is another session."""
    if name != "spark":
        yield
        return
    from pyspark.sql import SparkSession

    from mizaj.cluster import spark

    active = SparkSession.getActiveSession()
    if active is not None and active.sparkContext.defaultParallelism != workers:
        active.stop()
    with spark.session(None, workers=workers) as session:
        session.sparkContext.parallelize(range(workers)).count()  # its workers are there
        yield


@contextmanager
def _spending() -> Iterator[list[Spent]]:
    """What the machine spends while the block lasts; its one element is there at the end."""
    spent: list[Spent] = []
    busy, start = _busy_s(), time.perf_counter()
    yield spent
    spent.append(Spent(time.perf_counter() - start, _busy_s() - busy))


def _busy_s() -> float:
    """Seconds that all processors have been at work since the machine started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _, _, irq, soft, *_ = map(int, fields)
    return (user + nice + system + irq + soft) / _TICKS


if __name__ == "__main__":
    sys.exit(main())
