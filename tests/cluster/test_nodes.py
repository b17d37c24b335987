"""Runs on three nodes, each in a network of its own: a node is lost, a wire is cut, who asked is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nodes as cluster
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.run.ledger import OUTPUT_MARK

pytestmark = [pytest.mark.slow, pytest.mark.nodes]

STARTERS: dict[str, Callable[[cluster.Nodes], str]] = {
    "ray": cluster.start_ray,
    "spark": cluster.start_spark,
}
N_ROWS, SHARD_ROWS = 2000, 50
PACE_S = "0.3"
RUN = str(cluster.TOYS / "toy_run.py")


class Running:
    """A cluster of three nodes and how to run something on it."""

    def __init__(self, nodes: cluster.Nodes, place: str) -> None:
        self.nodes = nodes
        self.place = place
        self.address = STARTERS[place](nodes)

    def run(self, source: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, RUN, str(source), str(out), self.place, self.address, PACE_S]
        return self.nodes.start(1, [*command, *more])

    def until_shards(self, out: Path, n_shards: int) -> None:
        """Return when so many shards are done, and not all."""
        ledger = out / OUTPUT_MARK
        cluster.wait_until(
            lambda: ledger.exists() and ledger.read_text().count("\n") > n_shards, self.nodes
        )

    def end(self, process: subprocess.Popen[bytes]) -> int:
        return process.wait(300)


@pytest.fixture(params=STARTERS)
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    pytest.importorskip({"spark": "pyspark"}.get(request.param, request.param))
    reason = cluster.cannot(request.param)
    if reason:
        pytest.skip(reason)
    # sockets have names of 107 bytes at most, and Ray puts its own below this folder
    with (
        tempfile.TemporaryDirectory(prefix="mz-", ignore_cleanup_errors=True) as room,
        cluster.Nodes(Path(room)) as nodes,
    ):
        yield Running(nodes, request.param)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = ("accha nahi hai", "so good", "bura", "train 6 baje", "mast")
    texts = [f"{words[i % 5]} {i}" for i in range(N_ROWS)]
    path = tmp_path_factory.mktemp("posts") / "posts.parquet"
    table = pa.table({"id": range(N_ROWS), "text": texts})
    pq.write_table(table, path, row_group_size=SHARD_ROWS)
    return path


@pytest.fixture(scope="module")
def calm(posts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one machine that nothing befell."""
    out = tmp_path_factory.mktemp("calm") / "out"
    command = [sys.executable, RUN, str(posts), str(out), "local", "", "0.0"]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(cluster.TOYS)})
    return out


def same(out: Path, calm: Path) -> bool:
    """Whether both hold the same files, byte for byte, and the same counts."""
    assert _files(out) == _files(calm)
    left, right = (json.loads((each / "manifest.json").read_text()) for each in (out, calm))
    differing = {"created", "pipeline"}  # the pace is part of the pipeline
    assert {k: v for k, v in left.items() if k not in differing} == {
        k: v for k, v in right.items() if k not in differing
    }
    return len(_files(out)) == N_ROWS // SHARD_ROWS


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (OUTPUT_MARK, "manifest.json")
    }


def test_what_nodes_lose_and_who_asks_forgets_is_done_again(
    running: Running, posts: Path, calm: Path, tmp_path: Path
) -> None:
    """Three runs on one cluster, for starting one takes longest: calm, its driver killed, a node killed."""
    undisturbed = tmp_path / "undisturbed"
    assert running.end(running.run(posts, undisturbed)) == 0, running.nodes.logs()
    assert same(undisturbed, calm)

    abandoned = tmp_path / "abandoned"
    driver = running.run(posts, abandoned)
    running.until_shards(abandoned, 5)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert not (abandoned / "manifest.json").exists()
    assert running.end(running.run(posts, abandoned, "--resume")) == 0, running.nodes.logs()
    assert same(abandoned, calm)

    bereft = tmp_path / "bereft"
    driver = running.run(posts, bereft)
    running.until_shards(bereft, 5)
    running.nodes.kill(3)
    assert not (bereft / "manifest.json").exists()
    assert running.end(driver) == 0, running.nodes.logs()
    assert same(bereft, calm)


@pytest.mark.parametrize("running", ["ray"], indirect=True)
def test_a_node_that_goes_on_behind_a_cut_wire_doubles_nothing(
    running: Running, posts: Path, calm: Path, tmp_path: Path
) -> None:
    """It still writes into the shared folder what is done again elsewhere."""
    out = tmp_path / "out"
    driver = running.run(posts, out)
    running.until_shards(out, 5)
    running.nodes.cut(3)
    assert running.end(driver) == 0, running.nodes.logs()
    assert same(out, calm)


def test_a_cluster_that_is_not_there_is_said_in_one_line(posts: Path, tmp_path: Path) -> None:
    """In a process of its own: one that is connected already says that instead."""
    port = cluster.free_port()
    for place, address in (("ray", f"127.0.0.1:{port}"), ("spark", f"spark://127.0.0.1:{port}")):
        words = ["score", posts, "-o", tmp_path / "x", "--on", place, "--address", address]
        ended = subprocess.run(
            [sys.executable, "-m", "mizaj", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2
        assert "Connection refused" in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
        assert not (tmp_path / "x").exists()
