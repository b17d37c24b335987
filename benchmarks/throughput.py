"""How fast `mizaj score` takes a Parquet file to a Parquet folder, against vaderSentiment in one process.

    python benchmarks/throughput.py [--rows N] [--memory] [--json]

mizaj is the whole process, from its start to its end, with two workers. vaderSentiment reads a
part of the same file, scores it and writes Parquet; only that is counted, by the post, and not its
start. Rows in, rows out and the first answers are checked before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import machine
import posts
import pyarrow as pa
import pyarrow.parquet as pq

import mizaj

ROWS = 5_000_000
MEMORY_ROWS = (1_000_000, 5_000_000, 20_000_000)
FLAT = 1.1  # peaks that are no further apart than this are called flat
RIVAL_ROWS = 30_000
RIVAL_BATCH_ROWS = 10_000
WORKERS = 2
ROUNDS = 3
CHECKED_ROWS = 500


@dataclass(frozen=True)
class Round:
    """One run of each system, one after the other."""

    mizaj: machine.Cost
    rival_wall_s: float
    rival_rows: int


def main() -> int:
    options = _options()
    if not options.memory:
        machine.require("vaderSentiment")
    if not options.json:
        print(machine.heading(), posts.describe(), sep="\n", flush=True)
    place = options.folder or posts.default_folder()
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        if options.memory:
            return _show_memory(Path(scratch), place, options)
        return _show_speed(Path(scratch), place, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS, help=f"posts in the file ({ROWS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"repeats ({ROUNDS})")
    parser.add_argument("--workers", type=int, default=WORKERS, help=f"threads ({WORKERS})")
    parser.add_argument("--model", default="lexicon", help="the model that scores (lexicon)")
    parser.add_argument("--folder", type=Path, help="where files are kept (the temporary folder)")
    sizes = ", ".join(f"{rows:,}" for rows in MEMORY_ROWS)
    parser.add_argument("--memory", action="store_true", help=f"peak memory of {sizes} rows only")
    parser.add_argument(
        "--memory-rows", type=int, nargs="+", default=MEMORY_ROWS, help="other sizes for --memory"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _show_speed(scratch: Path, place: Path, options: argparse.Namespace) -> int:
    source = posts.cached_parquet(options.rows, place)
    check(source, scratch, options)
    rounds = [_round(source, scratch, options) for _ in range(options.rounds)]
    figures = _figures(rounds, options.rows)
    if options.json:
        print(json.dumps(_as_json(figures, options), indent=2))
        return 0
    print(_file_line(source, options.rows, options.workers), "", sep="\n")
    print("| figure | median (least to most) |", "| --- | ---: |", sep="\n")
    for name, (spread, form) in figures.items():
        print(f"| {name} | {spread.written(form)} |")
    return 0


def check(source: Path, scratch: Path, options: argparse.Namespace) -> None:
    """Leaves unless every row comes out and the first answers are those of the model."""
    out = scratch / "checked"
    rows = options.rows
    machine.measure(_command(source, out, options))
    manifest = json.loads((out / "manifest.json").read_text())
    written = pq.ParquetDataset(_parts(out)).read(["text", "sentiment"])
    counts = (manifest["rows_in"], manifest["rows_out"], manifest["rows_rejected"], len(written))
    if counts != (rows, rows, 0, rows):
        raise SystemExit(f"rows in, out, rejected and written are {counts}, not {rows} each")
    first = written.slice(0, CHECKED_ROWS)
    again = mizaj.load(options.model).score(first["text"])["sentiment"]
    if first["sentiment"].to_pylist() != again.to_pylist():
        raise SystemExit(f"the first {CHECKED_ROWS} answers of the run are not those of the model")


def _round(source: Path, scratch: Path, options: argparse.Namespace) -> Round:
    ours = machine.measure(_command(source, scratch / "scored", options))
    rival_rows = min(RIVAL_ROWS, options.rows)
    return Round(ours, _score_by_rival(source, scratch / "rival.parquet", rival_rows), rival_rows)


def _command(source: Path, out: Path, options: argparse.Namespace) -> list[str]:
    settings = ["--workers", str(options.workers), "--model", options.model]
    settings += ["--overwrite", "--quiet"]
    return [*machine.mizaj(), "score", str(source), "-o", str(out), *settings]


def _parts(out: Path) -> list[str]:
    return sorted(str(path) for path in out.glob("*.parquet"))


def _score_by_rival(source: Path, out: Path, rows: int) -> float:
    """The seconds that vaderSentiment takes for the first rows, Parquet to Parquet."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    start = time.perf_counter()
    done = 0
    schema = pa.schema([*posts.SCHEMA, ("compound", pa.float32())])
    batches = pq.ParquetFile(source).iter_batches(min(rows, RIVAL_BATCH_ROWS))
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while done < rows:
            batch = next(batches)
            found = [
                analyzer.polarity_scores(text)["compound"] for text in batch["text"].to_pylist()
            ]
            column = pa.array(found, pa.float32())
            writer.write_batch(pa.record_batch([*batch.columns, column], schema=schema))
            done += len(batch)
    return (time.perf_counter() - start) * rows / done


def _figures(rounds: list[Round], rows: int) -> dict[str, tuple[machine.Spread, str]]:
    """The lines of the table: a spread over the rounds and how it is written."""
    ours = [each.mizaj for each in rounds]
    speeds = [rows / cost.wall_s for cost in ours]
    rivals = [each.rival_rows / each.rival_wall_s for each in rounds]
    ratios = [speed / rival for speed, rival in zip(speeds, rivals, strict=True)]
    spread = machine.Spread.of
    return {
        "mizaj, posts a second": (spread(speeds), ",.0f"),
        "mizaj, seconds": (spread([cost.wall_s for cost in ours]), ".2f"),
        "mizaj, seconds of processor": (spread([cost.cpu_s for cost in ours]), ".2f"),
        "mizaj, peak memory in MB": (spread([cost.peak_bytes / 1e6 for cost in ours]), ".0f"),
        f"vaderSentiment, posts a second (of {rounds[0].rival_rows:,})": (spread(rivals), ",.0f"),
        "times as fast as vaderSentiment": (spread(ratios), ".1f"),
    }


def _show_memory(scratch: Path, place: Path, options: argparse.Namespace) -> int:
    peaks = {}
    for rows in options.memory_rows:
        source = posts.cached_parquet(rows, place)
        out = scratch / "scored"
        cost = machine.measure(_command(source, out, options))
        manifest = json.loads((out / "manifest.json").read_text())
        if manifest["rows_out"] != rows:
            raise SystemExit(f"{rows:,} rows went in, {manifest['rows_out']:,} came out")
        peaks[rows] = cost.peak_bytes / 1e6
    growth = max(peaks.values()) / peaks[min(peaks)]
    if options.json:
        found = {"peak_mb": peaks, "growth": growth, "machine": machine.describe()}
        print(json.dumps(found, indent=2))
        return 0
    print("| rows | peak memory |", "| ---: | ---: |", sep="\n")
    for rows, peak in peaks.items():
        print(f"| {rows:,} | {peak:.0f} MB |")
    verdict = "flat" if growth <= FLAT else "not flat"
    print(f"\n{verdict}: the highest peak is {growth:.2f} times that of the fewest rows")
    return 0


def _file_line(source: Path, rows: int, workers: int) -> str:
    size_mb = source.stat().st_size / 1e6
    return (
        f"{rows:,} rows, {size_mb:,.0f} MB of Parquet (zstd, row groups of {posts.ROW_GROUP:,}), "
        f"{workers} workers; rows in = rows out, first answers checked"
    )


def _as_json(
    figures: dict[str, tuple[machine.Spread, str]], options: argparse.Namespace
) -> dict[str, object]:
    return {
        "machine": machine.describe(),
        "posts": posts.describe(),
        "rows": options.rows,
        "workers": options.workers,
        "figures": {name: vars(spread) for name, (spread, _) in figures.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
