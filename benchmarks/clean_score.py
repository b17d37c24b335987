"""What cleaning and scoring millions of posts takes on one machine: time and processor time a post, peak memory.

    python benchmarks/clean_score.py [--rows N ...] [--rounds N] [--workers N]

`mizaj clean --score` as a whole process over generated posts (`near_copies_posts.py`: words of real posts, a tenth
exact copies and a twentieth near ones, whose number is known), every filter on. That every row comes out, and the
copies that were planted, is checked before a time is told. Rounds go through all sizes in turn.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import machine
import near_copies_posts
from near_copies_posts import Planted

ROWS = (1_000_000, 10_000_000)
ROUNDS, WORKERS = 3, 2
LEAST_FOUND = 0.97  # of the planted near copies, as in `near_copies.py`


@dataclass(frozen=True)
class Run:
    """One run over one size."""

    n_rows: int
    cost: machine.Cost
    rejected: dict[str, int]

    @property
    def us_a_post(self) -> float:
        return self.cost.wall_s / self.n_rows * 1e6

    @property
    def cpu_us_a_post(self) -> float:
        return self.cost.cpu_s / self.n_rows * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--folder", type=Path, help="where files are kept (the temporary folder)")
    options = parser.parse_args()
    print(machine.heading(), f"{options.workers} workers", "", sep="\n", flush=True)
    made = [near_copies_posts.generated(n, options.folder) for n in options.rows]
    runs: dict[int, list[Run]] = {n: [] for n in options.rows}
    for _ in range(options.rounds):
        for planted in made:
            runs[planted.n_rows].append(_run(planted, options.workers))
    print(*_table(runs), sep="\n")
    return 0


def _run(planted: Planted, workers: int) -> Run:
    with tempfile.TemporaryDirectory(dir=planted.path.parent) as scratch:
        out = Path(scratch) / "out"
        command = [*machine.mizaj(), "clean", str(planted.path), "-o", str(out), "--score"]
        cost = machine.measure([*command, "--quiet", "--workers", str(workers)])
        facts = json.loads((out / "manifest.json").read_text())
    _check(planted, facts)
    return Run(planted.n_rows, cost, facts["rejected"])


def _check(planted: Planted, facts: dict) -> None:
    """Leave with a message where rows or planted copies are missing."""
    found = facts["rejected"].get("duplicate_of", 0)
    # other filters take some of the posts that copies were made of, and then the copies
    others = sum(n for reason, n in facts["rejected"].items() if reason != "duplicate_of")
    wanted = planted.n_exact + LEAST_FOUND * planted.n_near - others
    if (
        facts["rows_in"] != planted.n_rows
        or facts["rows_out"] + facts["rows_rejected"] != planted.n_rows
    ):
        raise SystemExit(f"{facts['rows_in']} rows in of {planted.n_rows}, {facts['rows_out']} out")
    if not wanted <= found <= 1.02 * (planted.n_exact + planted.n_near):
        raise SystemExit(f"{found} copies found, {planted.n_exact} + {planted.n_near} planted")


def _table(runs: dict[int, list[Run]]) -> list[str]:
    lines = ["| posts | us a post | CPU us a post | posts/s | peak MB | rejected |"]
    lines.append("| ---: | ---: | ---: | ---: | ---: | --- |")
    for n, each in runs.items():
        wall = machine.Spread.of([run.us_a_post for run in each])
        cpu = machine.Spread.of([run.cpu_us_a_post for run in each])
        peak = machine.Spread.of([run.cost.peak_bytes / 2**20 for run in each])
        rejected = ", ".join(f"{reason} {count:,}" for reason, count in each[0].rejected.items())
        lines.append(
            f"| {n:,} | {wall.written('.2f')} | {cpu.written('.2f')} | {1e6 / wall.median:,.0f} | "
            f"{peak.written()} | {rejected} |"
        )
    least, most = min(runs), max(runs)
    ratios = [b.us_a_post / a.us_a_post for a, b in zip(runs[least], runs[most], strict=True)]
    lines += [
        "",
        f"time a post at {most:,} over at {least:,}: {machine.Spread.of(ratios).written('.3f')}",
    ]
    return lines


if __name__ == "__main__":
    sys.exit(main())
