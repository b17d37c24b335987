"""Training on nodes with a network each: one with a worker is lost, and the weights are those of one machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import nodes as cluster
import numpy as np
import pytest

pytest.importorskip("torch")
pytestmark = [pytest.mark.slow, pytest.mark.nodes]

TRAIN = str(cluster.TOYS / "toy_train.py")
AT_STEP = 25
WORKERS = {"ray": (b"ray::RayTrainWorker", b"ray::Worker"), "spark": (b"/train.py",)}
"""What is in the names of processes that train, as the engines call them."""


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a training on one machine that nothing befell."""
    folder = tmp_path_factory.mktemp("calm")
    command = [sys.executable, TRAIN, "local", "", "allreduce", str(folder)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(cluster.TOYS)})
    return folder / "weights.npz"


@pytest.mark.parametrize(
    ("place", "exchange"), [("ray", "allreduce"), ("ray", "server"), ("spark", "allreduce")]
)
def test_a_training_that_lost_a_node_has_the_weights_of_one_that_did_not(
    place: str, exchange: str, calm: Path
):
    pytest.importorskip({"spark": "pyspark"}.get(place, place))
    reason = cluster.cannot(place)
    if reason:
        pytest.skip(reason)
    with (
        tempfile.TemporaryDirectory(prefix="mz-", ignore_cleanup_errors=True) as name,
        # three to work, of which two do: one can be lost
        cluster.Nodes(Path(name), numbers=(1, 2, 3, 4)) as nodes,
    ):
        start = {"ray": cluster.start_ray, "spark": cluster.start_spark}[place]
        command = [sys.executable, TRAIN, place, start(nodes), exchange, name]
        training = nodes.start(1, command)
        told = Path(name, "steps")
        cluster.wait_until(
            lambda: (
                training.poll() is not None
                or (told.exists() and told.read_text().count("\n") >= AT_STEP)
            ),
            nodes,
        )
        nodes.kill(_one_that_works(nodes, place))
        assert training.wait(300) == 0, nodes.logs()
        assert told.read_text().split() == [str(step + 1) for step in range(300)]
        with np.load(calm) as expected, np.load(Path(name, "weights.npz")) as found:
            for each in expected.files:
                np.testing.assert_array_equal(found[each], expected[each])


def _one_that_works(nodes: cluster.Nodes, place: str) -> int:
    for number in nodes.numbers[1:]:
        for pid in nodes.pids(number):
            said = b""
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                said = Path(f"/proc/{pid}/cmdline").read_bytes()
            if any(word in said for word in WORKERS[place]):
                return number
    pytest.fail(f"no node trains\n{nodes.logs()}")
