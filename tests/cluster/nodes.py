"""Nodes on one machine, each in a network namespace of its own: what crosses between them crosses a network.

Needs root and `ip` (Debian: iproute2). All that is started is ended, and nothing else is touched: processes are found
by their namespace, and namespaces, links and addresses carry a word drawn for the occasion.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent
TOYS = Path(__file__).parents[1] / "toy"


def cannot(place: str) -> str | None:
    """Why there can be no nodes of this engine here; None if there can."""
    if place == "spark" and shutil.which("java") is None:
        return "Spark needs Java"
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "nodes need root and `ip` (Debian: apt-get install iproute2)"
    probe = f"mz{secrets.token_hex(2)}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode:
        return f"this system makes no network namespaces: {made.stderr.strip()}"
    _ip("netns", "del", probe)
    return None


@dataclass
class Nodes:
    """Three nodes and the wire between them; node 1 is where clusters have their head and who asks sits."""

    room: Path
    word: str = field(default_factory=lambda: secrets.token_hex(2))
    net: str = field(
        default_factory=lambda: f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}"
    )
    numbers: tuple[int, ...] = (1, 2, 3)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Nodes:
        _ip("link", "add", f"mz{self.word}", "type", "bridge")
        _ip("link", "set", f"mz{self.word}", "up")
        for number in self.numbers:
            name, wire = self.name(number), self.wire(number)
            _ip("netns", "add", name)
            _ip("link", "add", wire, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", wire, "master", f"mz{self.word}", "up")
            _ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", "eth0")
            for link in ("eth0", "lo"):
                _ip("-n", name, "link", "set", link, "up")
        return self

    def __exit__(self, *_: object) -> None:
        for number in self.numbers:
            self.kill(number)
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", self.name(number))
        _ip("link", "del", f"mz{self.word}")
        for process in self.started:
            process.wait()

    def name(self, number: int) -> str:
        return f"mz{self.word}-{number}"

    def wire(self, number: int) -> str:
        return f"mz{self.word}v{number}"

    def address(self, number: int) -> str:
        return f"{self.net}.{number}"

    def start(self, number: int, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """A process on a node; what it says goes to a file in the room."""
        full = ["ip", "netns", "exec", self.name(number), *command]
        with (self.room / f"node-{number}.log").open("ab") as log:
            process = subprocess.Popen(
                full, env=os.environ | _ENV, stdout=log, stderr=log, cwd=self.room
            )
        self.started.append(process)
        return process

    def pids(self, number: int) -> list[int]:
        """The processes that run on a node."""
        return [int(pid) for pid in _ip("netns", "pids", self.name(number)).split()]

    def kill(self, number: int) -> None:
        """End all that runs on a node, without grace, until nothing does."""
        while pids := self.pids(number):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def cut(self, number: int) -> None:
        """Pull the wire of a node: what runs there goes on, and hears and is heard no more."""
        _ip("link", "set", self.wire(number), "down")

    def logs(self) -> str:
        """What all nodes said, for the message of a failed test."""
        return "\n".join(
            path.read_text(errors="replace")[-3000:] for path in self.room.glob("*.log")
        )


_ENV = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_worker_niceness": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYSPARK_PYTHON": sys.executable,
    "PYTHONPATH": str(TOYS),
}
_ATTEMPTS = 3
"""So often a node of Ray is started: Ray gives it 30 s, which may be too few on a loaded machine."""


def start_ray(nodes: Nodes) -> str:
    """A Ray cluster whose head has no processor; its address."""
    address = f"{nodes.address(1)}:6399"
    head = ["--head", "--num-cpus=0", "--port=6399", "--include-dashboard=false"]
    _ray(nodes, 1, *head, f"--temp-dir={nodes.room / 'ray'}")
    for number in nodes.numbers[1:]:
        _ray(nodes, number, "--num-cpus=1", f"--address={address}")
    return address


def _ray(nodes: Nodes, number: int, *options: str) -> None:
    address = f"--node-ip-address={nodes.address(number)}"
    command = [str(BIN / "ray"), "start", address, *options]
    for _ in range(_ATTEMPTS):
        if nodes.start(number, command).wait(180) == 0:
            return
        nodes.kill(number)
    raise AssertionError(nodes.logs())


def start_spark(nodes: Nodes) -> str:
    """A standalone Spark cluster, its master on node 1; its address."""
    import pyspark

    runner = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    place = "org.apache.spark.deploy"
    here = ["--host", nodes.address(1), "--port", "7077", "--webui-port", "0"]
    nodes.start(1, [runner, f"{place}.master.Master", *here])
    address = f"spark://{nodes.address(1)}:7077"
    log = nodes.room / "node-1.log"
    wait_until(lambda: "I have been elected leader" in log.read_text(), nodes)
    for number in nodes.numbers[1:]:
        work = str(nodes.room / f"work-{number}")
        there = ["--host", nodes.address(number), "--cores", "1", "--memory", "1g"]
        command = [
            runner,
            f"{place}.worker.Worker",
            *there,
            "--webui-port",
            "0",
            "--work-dir",
            work,
        ]
        nodes.start(number, [*command, address])
    # one that hears nothing for a while says it again
    comes = re.compile(r"Registering worker (\S+)")
    wait_until(lambda: len(set(comes.findall(log.read_text()))) >= len(nodes.numbers) - 1, nodes)
    return address


def wait_until(is_so: Callable[[], bool], nodes: Nodes, timeout_s: float = 240) -> None:
    """Return once something is so; fail, with what the nodes said, where it does not come to be."""
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, nodes.logs()
        time.sleep(0.1)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
