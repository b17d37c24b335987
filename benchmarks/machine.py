"""What the machine is, which versions and commit run on it, and what a whole process costs there.

    python benchmarks/machine.py

Standard library only, so that every benchmark can begin with it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PACKAGES = ("mizaj", "numpy", "pyarrow", "vaderSentiment", "textblob")
# Processes that run besides the benchmark; above it, figures are not to be trusted.
QUIET_LOAD = 0.5

# A process inherits the peak memory of the one that starts it (Linux keeps it over `exec`), so a
# benchmark that holds a corpus would report its own peak. This launcher holds nothing.
_LAUNCHER = """
import json, os, sys, time
report = int(sys.argv[1])
os.set_inheritable(report, False)
start = time.perf_counter()
process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
wall_s = time.perf_counter() - start
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
found = [os.waitstatus_to_exitcode(status), wall_s, used.ru_utime + used.ru_stime, peak]
os.write(report, json.dumps(found).encode())
"""


@dataclass(frozen=True)
class Cost:
    """What one whole process took. `peak_bytes` is its own resident memory, mapped files included."""

    status: int
    wall_s: float
    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True)
class Spread:
    """Repeats of one figure: their median and their ends."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))

    def written(self, form: str = ",.0f") -> str:
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


def main() -> int:
    print(heading())
    return 0


def heading() -> str:
    """The lines that every benchmark prints first."""
    facts = describe()
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    lines = [
        f"machine: {facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, "
        f"{facts['system']}",
        f"versions: Python {facts['python']}, {versions}",
        f"commit: {facts['commit']}",
    ]
    if facts["load"] > QUIET_LOAD:
        lines.append(f"note: the machine is not quiet, load {facts['load']:.1f} before the start")
    return "\n".join(lines)


def describe() -> dict[str, object]:
    """The same facts, for `--json`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
        "load": round(os.getloadavg()[0], 2),
    }


def pin() -> str:
    """Keeps this process on one core where the system can; says what was done."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned to a core: this system has no way"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def require(*modules: str) -> None:
    """Leaves with a message where a rival or the compiled kernel is not installed."""
    for module in modules:
        if find_spec(module) is None:
            raise SystemExit(f"{module} is not installed; pip install '.[bench]' in the checkout")


def measure(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """The cost of a command, run to its end as a process of its own; its output is thrown away."""
    ours, theirs = os.pipe()
    full = [sys.executable, "-S", "-E", "-c", _LAUNCHER, str(theirs), *command]
    finished = subprocess.run(
        full, env=env, pass_fds=(theirs,), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    os.close(theirs)
    with os.fdopen(ours) as report:
        found = report.read()
    if not found:
        raise SystemExit(f"{command[0]} did not start: {finished.stderr.decode()}")
    cost = Cost(*json.loads(found))
    if cost.status:
        message = f"{' '.join(command)} ended with {cost.status}"
        raise SystemExit(f"{message}: {finished.stderr.decode()}")
    return cost


def mizaj() -> list[str]:
    """The installed command beside this Python, else the module."""
    command = Path(sys.executable).with_name("mizaj")
    return [str(command)] if command.exists() else [sys.executable, "-m", "mizaj"]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    try:
        name = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name} with changes" if changed else name


def _git(*words: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(ROOT), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
