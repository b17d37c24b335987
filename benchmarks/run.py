"""Every benchmark in turn, each as a process of its own, and what came of it.

    python benchmarks/run.py [--full] [--only NAME]

Short sizes unless `--full`. What lacks the public data sets, a rival or the compiled kernel is
skipped and said so; the exit status is 1 where a benchmark failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import datasets
import machine

HERE = Path(__file__).parent


def _lacks(*modules: str) -> str | None:
    missing = [name for name in modules if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: pip install '.[bench]'" if missing else None


def _lacks_kernel() -> str | None:
    if find_spec("mizaj.lexicon._kernel"):
        return None
    return "the compiled kernel is not built: install gcc, then mizaj again"


def _lacks_rival() -> str | None:
    return _lacks("vaderSentiment")


def _lacks_rivals() -> str | None:
    return _lacks("vaderSentiment", "textblob")


def _lacks_datasketch() -> str | None:
    return _lacks("datasketch")


def _lacks_clusters() -> str | None:
    """What runs on clusters are measured with."""
    missing = [name for name in ("ray", "pyspark") if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: pip install '.[ray,spark]'" if missing else None


def _lacks_training() -> str | None:
    """What the language benchmark trains with."""
    missing = [name for name in ("scipy", "sklearn") if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: pip install '.[train]'" if missing else None


@dataclass(frozen=True)
class Claim:
    """A script, what it is given when time is short and when it is not, and what it may lack."""

    name: str
    quick: tuple[str, ...]
    full: tuple[str, ...]
    lacks: tuple[Callable[[], str | None], ...]

    @property
    def reason_to_skip(self) -> str | None:
        return next((reason for lack in self.lacks if (reason := lack())), None)


CLAIMS = (
    Claim(
        "kernel_speed", ("--rows", "32768"), ("--textblob",), (_lacks_kernel, _lacks_rivals)
    ),
    Claim(
        "throughput", ("--rows", "500000", "--rounds", "2"), (), (_lacks_kernel, _lacks_rival)
    ),
    Claim(
        "throughput", ("--memory", "--memory-rows", "250000", "1000000"), ("--memory",), (_lacks_kernel,)
    ),
    Claim("start_up", ("--repeats", "5"), (), ()),
    Claim("hostile", ("--size", "2000000"), (), (_lacks_kernel,)),
    Claim(
        "near_copies", ("--posts", "5000", "--rounds", "3"), ("--rows", "1000000", "10000000"),
        (_lacks_kernel, datasets.absent, _lacks_datasketch),
    ),
    Claim("clean_score", ("--rows", "100000", "200000", "--rounds", "1"), (), (_lacks_kernel,)),
    Claim("cluster_cost", ("--rows", "300000", "--rounds", "1"), (), (_lacks_kernel, _lacks_clusters)),
    Claim(
        "cluster_cost", ("--scaling", "--rows", "300000", "--rounds", "1"), ("--scaling",),
        (_lacks_kernel, _lacks_clusters),
    ),
    Claim(
        "scale", ("--files", "1000", "--shards", "20000", "--tasks", "1000", "--nodes", "10", "100"),
        (), (_lacks_clusters,),
    ),
    Claim("accuracy", (), (), (datasets.absent, _lacks_rivals)),
    Claim("language", (), ("--folds",), (datasets.absent, _lacks_training)),
)  # fmt: skip


def main() -> int:
    options = _options()
    print(machine.heading(), flush=True)
    outcomes = []
    for claim in CLAIMS:
        if options.only and claim.name not in options.only:
            continue
        arguments = claim.full if options.full else claim.quick
        outcomes.append((" ".join((claim.name, *arguments)), _run(claim, arguments)))
    print("\n| benchmark | outcome |", "| --- | --- |", sep="\n")
    for name, outcome in outcomes:
        print(f"| {name} | {outcome} |")
    return int(any(outcome.startswith("failed") for _, outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--full", action="store_true", help="the sizes of the results page")
    parser.add_argument("--quick", action="store_true", help="short sizes; this is the default")
    names = sorted({claim.name for claim in CLAIMS})
    parser.add_argument("--only", action="append", choices=names, help="this one; repeatable")
    return parser.parse_args()


def _run(claim: Claim, arguments: tuple[str, ...]) -> str:
    """What came of a script; its own output goes straight to the screen."""
    print(f"\n## {claim.name} {' '.join(arguments)}\n", flush=True)
    reason = claim.reason_to_skip
    if reason:
        print(f"skipped: {reason}", flush=True)
        return f"skipped: {reason}"
    start = time.perf_counter()
    status = subprocess.run([sys.executable, str(HERE / f"{claim.name}.py"), *arguments]).returncode
    taken = f"{time.perf_counter() - start:.0f} s"
    return f"failed with status {status} after {taken}" if status else f"done in {taken}"


if __name__ == "__main__":
    sys.exit(main())
