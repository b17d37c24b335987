"""Whether time grows with the length of a hostile row and not faster, and whether every row comes out.

    python benchmarks/hostile.py [--size BYTES] [--kind NAME] [--json]

Each kind of row is scored at a quarter, a half and the full size (10 MB), after smaller ones that
tell whether it would ever end. The exponent is that of time over length over these three: 1 is
linear, 2 is quadratic. Then a file of all full rows, and one of a million empty rows, go through
`mizaj score`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import hostile_rows
import machine
import pyarrow as pa
import pyarrow.parquet as pq

import mizaj
from mizaj.lexicon.columns import LexiconScore

LIMIT = 1.5  # of both exponents; caches that overflow cost some, a second loop over the row costs 1
REPEATS = 3
PARTS = (256, 128, 64, 32, 16, 4, 2, 1)  # the full size is cut into so many
PATIENCE_S = 2.0  # a size that takes longer and grows too fast is the last one
EMPTY_ROWS = 1_000_000
SHORTEST_S = 0.002  # at the full size; below it nothing is said of an exponent
WARM = "Yeh movie accha nahi hai"


@dataclass(frozen=True)
class Growth:
    """Seconds of a kind of row at the last three sizes that were tried, each larger than the one before."""

    kind: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        return _exponent(self.sizes[-3], self.sizes[-1], self.seconds[-3:])

    @property
    def last_exponent(self) -> float:
        return _exponent(self.sizes[-2], self.sizes[-1], self.seconds[-2:])

    @property
    def is_linear(self) -> bool:
        return min(self.exponent, self.last_exponent) < LIMIT or self.seconds[-1] < SHORTEST_S


def main() -> int:
    options = _options()
    step = mizaj.load().step()
    step(_column([WARM.encode()]))
    if not options.json:
        print(machine.heading(), "", sep="\n", flush=True)
    grown = [_measure(step, kind, options.size) for kind in options.kind or hostile_rows.KINDS]
    runs = _runs(options.size, [each.kind for each in grown if each.is_linear])
    if options.json:
        print(json.dumps(_as_json(grown, runs, options.size), indent=2))
    else:
        print(_table(grown), "", *runs.values(), sep="\n")
    slow = [each.kind for each in grown if not each.is_linear]
    if slow:
        print(f"grows faster than its length: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    size = hostile_rows.FULL
    parser.add_argument("--size", type=int, default=size, help=f"bytes of a full row ({size:,})")
    parser.add_argument(
        "--kind", action="append", choices=hostile_rows.KINDS, help="this kind only; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def _measure(step: LexiconScore, kind: str, full: int) -> Growth:
    sizes: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()
    for size in (full // parts for parts in PARTS):
        sizes = (*sizes, size)[-3:]
        seconds = (*seconds, _seconds(step, hostile_rows.row(kind, size)))[-3:]
        growth = Growth(kind, sizes, seconds)
        if len(sizes) == 3 and seconds[-1] > PATIENCE_S and not growth.is_linear:
            break
    return growth


def _exponent(small: int, large: int, seconds: tuple[float, ...]) -> float:
    return math.log(seconds[-1] / seconds[0]) / math.log(large / small)


def _seconds(step: LexiconScore, row: bytes) -> float:
    """Seconds of processor for one row: the least of a few, as other work only adds."""
    batch = _column([row])
    taken: list[float] = []
    while len(taken) < REPEATS and sum(taken) < PATIENCE_S:
        start = time.process_time()
        scored = step(batch)
        taken.append(time.process_time() - start)
        if scored.num_rows != 1:
            raise SystemExit(f"one row went in, {scored.num_rows} came out")
    return min(taken)


def _column(rows: list[bytes]) -> pa.RecordBatch:
    """A batch whose texts are these bytes, valid UTF-8 or not."""
    return pa.record_batch({"text": pa.array(rows, pa.large_binary()).view(pa.large_string())})


def _runs(size: int, kinds: list[str]) -> dict[str, str]:
    """What whole runs over rows of these kinds and over empty rows say, each in a line."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        walls, empty = place / "walls.parquet", place / "empty.parquet"
        _write_walls(walls, size, kinds)
        pq.write_table(pa.table({"text": pa.array([""] * EMPTY_ROWS)}), empty)
        n_broken = sum(not hostile_rows.is_utf8(kind) for kind in kinds)
        return {
            "walls": _run(walls, rows=len(kinds), rejected=n_broken),
            "empty": _run(empty, rows=EMPTY_ROWS, rejected=0),
        }


def _write_walls(path: Path, size: int, kinds: list[str]) -> None:
    schema = pa.schema({"text": pa.string()})
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for kind in kinds:
            column = pa.array([hostile_rows.row(kind, size)], pa.binary()).view(pa.string())
            writer.write_batch(pa.record_batch([column], schema=schema))


def _run(source: Path, *, rows: int, rejected: int) -> str:
    out = source.with_suffix("")
    cost = machine.measure([*machine.mizaj(), "score", str(source), "-o", str(out), "--quiet"])
    manifest = json.loads((out / "manifest.json").read_text())
    found = tuple(manifest[name] for name in ("rows_in", "rows_out", "rows_rejected"))
    if found != (rows, rows - rejected, rejected):
        raise SystemExit(f"{source.stem}: {rows} rows; in, out and rejected are {found}")
    return (
        f"mizaj score, {source.stem}: {rows:,} rows in, {rows - rejected:,} scored, {rejected:,} "
        f"rejected for their encoding; {cost.wall_s:.1f} s, peak memory {cost.peak_bytes / 1e6:.0f} MB"
    )


def _table(grown: list[Growth]) -> str:
    rows = [
        "| kind of row | bytes | seconds at the last three sizes | MB/s | exponent | of the last step |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for each in grown:
        times = ", ".join(f"{seconds:.4f}" for seconds in each.seconds)
        speed = each.sizes[-1] / 1e6 / each.seconds[-1]
        rows.append(
            f"| {each.kind} | {each.sizes[-1]:,} | {times} | {speed:.1f} "
            f"| {each.exponent:.2f} | {each.last_exponent:.2f} |"
        )
    return "\n".join(rows)


def _as_json(grown: list[Growth], runs: dict[str, str], size: int) -> dict[str, object]:
    return {
        "machine": machine.describe(),
        "size_bytes": size,
        "kinds": {
            each.kind: {"sizes": each.sizes, "seconds": each.seconds, "exponent": each.exponent}
            for each in grown
        },
        "runs": runs,
    }


if __name__ == "__main__":
    sys.exit(main())
