"""How long one answer takes as a whole process: `mizaj score "one text"`, against bare Python.

    python benchmarks/start_up.py [--as-is] [--installed] [--json]

Byte code is kept in a throwaway folder, as pip keeps it beside an installed package; `--as-is`
takes the environment as it stands. `--installed` installs the checkout into a throwaway
environment first (needs the network), which is what a user has.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import machine

REPEATS = 15
TEXT = "Yeh movie accha nahi hai"
SENTIMENT = "negative"
NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"
CACHE = "PYTHONPYCACHEPREFIX"
NOT_COPIED = (".*", "build", "dist", "demo", "site", "*.so", "*.lex", "*.egg-info", "__pycache__")


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        python = _install(Path(scratch)) if options.installed else Path(sys.executable)
        env = _environment(Path(scratch), options)
        commands = _commands(python)
        check(commands["mizaj score"], env)
        times = measure(commands, env, options.repeats)
    if options.json:
        print(json.dumps(_as_json(times, env, options), indent=2))
        return 0
    print(machine.heading(), _byte_code_line(env, options), "", sep="\n")
    print(_table(times))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"runs of each ({REPEATS})")
    parser.add_argument("--as-is", action="store_true", help="take byte code as it stands")
    parser.add_argument("--installed", action="store_true", help="install into a throwaway venv")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


def check(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Leaves unless the process prints the answer that it should."""
    made = subprocess.run([*command, "--json"], env=env, capture_output=True, text=True)
    if made.returncode or json.loads(made.stdout)["sentiment"] != SENTIMENT:
        raise SystemExit(f"'{TEXT}' should be {SENTIMENT}; got {made.stdout}{made.stderr}")


def measure(
    commands: Mapping[str, Sequence[str]], env: Mapping[str, str], repeats: int
) -> dict[str, list[float]]:
    """Milliseconds of each command, run by run, the commands in turn; a first turn is not counted."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            cost = machine.measure(command, env)
            if turn:
                times[name].append(cost.wall_s * 1000)
    return times


def _commands(python: Path) -> dict[str, list[str]]:
    script = python.with_name("mizaj")
    command = [str(script)] if script.exists() else [str(python), "-m", "mizaj"]
    return {
        "bare python": [str(python), "-c", "pass"],
        "import mizaj": [str(python), "-c", "import mizaj"],
        "mizaj score": [*command, "score", TEXT],
    }


def _environment(scratch: Path, options: argparse.Namespace) -> dict[str, str]:
    env = dict(os.environ)
    if options.installed:
        env.pop("PYTHONPATH", None)  # the installed package, not the checkout
    if not (options.as_is or options.installed):
        env.pop(NO_BYTE_CODE, None)
        env[CACHE] = str(scratch / "byte-code")
    return env


def _install(scratch: Path) -> Path:
    """The Python of a new environment that holds the checkout, installed as a user would."""
    # from a copy, as a build leaves its traces where it runs
    copy = scratch / "checkout"
    shutil.copytree(machine.ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    subprocess.run([sys.executable, "-m", "venv", str(scratch / "venv")], check=True)
    python = scratch / "venv" / "bin" / "python"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    install = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*install, str(copy)], check=True, env=env)
    return python


def _table(times: dict[str, list[float]]) -> str:
    bare = times["bare python"]
    rows = [
        "| process | milliseconds, median (least to most) | more than bare python |",
        "| --- | ---: | ---: |",
    ]
    for name, found in times.items():
        more = [one - other for one, other in zip(found, bare, strict=True)]
        extra = "" if found is bare else machine.Spread.of(more).written(".0f")
        rows.append(f"| {name} | {machine.Spread.of(found).written('.0f')} | {extra} |")
    return "\n".join(rows)


def _byte_code_line(env: Mapping[str, str], options: argparse.Namespace) -> str:
    if options.installed:
        return "byte code: as pip left it in a new environment"
    if CACHE in env and not options.as_is:
        return (
            "byte code: cached in a throwaway folder; a first run, which writes it, is not counted"
        )
    state = "is not" if env.get(NO_BYTE_CODE) else "is"
    return f"byte code: as it stands; {NO_BYTE_CODE} {'' if state == 'is not' else 'not '}set, so it {state} written"


def _as_json(
    times: dict[str, list[float]], env: Mapping[str, str], options: argparse.Namespace
) -> dict[str, object]:
    return {
        "machine": machine.describe(),
        "byte_code": _byte_code_line(env, options),
        "milliseconds": times,
        "median": {name: machine.Spread.of(found).median for name, found in times.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
