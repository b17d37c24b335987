from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.group import Alone
from mizaj.learn.job import Job
from mizaj.learn.train import train
from mizaj.learn.train_settings import TrainSettings

torch = pytest.importorskip("torch")
steps = pytest.importorskip("mizaj.learn.steps")
networks = pytest.importorskip("mizaj.model.networks")

SETTINGS = TrainSettings(epochs=3, batch_size=16, learning_rate=0.01, threads=1)
# Long enough that only touched rows of the table are exchanged.
SIZES = networks.Sizes(
    n_tokens=5000, n_labels=3, embedding=8, hidden=8, dropout=0.0, word_dropout=0.0
)


def rows(n_rows: int = 65, seed: int = 0) -> Encoded:
    """Rows for batches of 16: the last holds one row, so one of two workers has none."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 9, n_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    codes = random.integers(0, 3, n_rows)
    ids = np.repeat(codes, lengths) + 3 * random.integers(1, 1600, offsets[-1])
    weights = random.uniform(0.5, 1.5, n_rows).astype(np.float32)
    return Encoded(ids.astype(np.int32), offsets, codes, weights, ("a", "b", "c"))


def job(workers: int, **changes: Any) -> Job:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = networks.build("gru", SIZES)
    settings = replace(SETTINGS, workers=workers, **changes)
    return Job(module, rows(), rows(40, seed=1), settings)


def curve(one: Job) -> tuple[list[float], Any]:
    told: list[Mapping[str, Any]] = []
    trained = train(one, told.append)
    return [each["loss"] for each in told], trained


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one_at_equal_global_batch():
    alone, by_one = curve(job(1))
    together, by_two = curve(job(2))
    assert len(alone) == len(together) == 15
    np.testing.assert_allclose(together, alone, atol=1e-4)
    for one, two in zip(by_one.history, by_two.history, strict=True):
        assert two["macro_f1"] == pytest.approx(one["macro_f1"], abs=0.02)
    for name, each in by_one.module.state_dict().items():
        np.testing.assert_allclose(by_two.module.state_dict()[name], each, atol=1e-3)


@pytest.mark.slow
def test_all_processes_agree_to_stop_and_resume_where_they_stood(tmp_path: Path):
    changes = {"patience": 1, "epochs": 30, "accumulate": 2}
    _, whole = curve(job(2, **changes))
    assert whole.steps < 150
    kept = {**changes, "checkpoint": str(tmp_path), "checkpoint_every": 3}

    def stop(figures: Mapping[str, Any]) -> None:
        if figures["step"] == 7:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(job(2, **kept), stop)
    losses, resumed = curve(job(2, **kept))
    assert len(losses) <= whole.steps - 6
    assert resumed.steps == whole.steps
    for name, each in whole.module.state_dict().items():
        np.testing.assert_array_equal(resumed.module.state_dict()[name], each)


@pytest.mark.slow
def test_an_error_in_the_workers_comes_back_as_one_that_says_what_to_do():
    targets = np.full((65, 3), np.nan, np.float32)
    with pytest.raises(TrainingError, match=r"step 1, batch 1.*learning_rate") as raised:
        train(replace(job(2), train=replace(rows(), targets=targets)))
    assert "in worker" in raised.value.__notes__[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("raise KeyError('lost')", "worker 1 failed: KeyError: 'lost'"),
        ("os.kill(os.getpid(), 9)", "worker 1 was ended by SIGKILL"),
    ],
)
def test_one_worker_that_fails_ends_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, message: str
):
    (tmp_path / "failing_network.py").write_text(
        "import os, torch\n"
        "class Failing(torch.nn.Linear):\n"
        "    def forward(self, ids, mask):\n"
        f"        if torch.distributed.get_rank() == 1:\n            {ending}\n"
        "        return super().forward(mask[:, :1].float())\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    failing = pytest.importorskip("failing_network")
    with pytest.raises(TrainingError, match=message):
        train(replace(job(2), module=failing.Failing(1, 3)))


def test_a_network_that_cannot_be_sent_is_refused():
    class Inner(torch.nn.Linear):
        pass

    with pytest.raises(SettingError, match="workers=1"):
        train(replace(job(2), module=Inner(1, 3)))


class Others(Alone):
    """A second process, which goes on from another step."""

    def add(self, tensor: Any) -> None:
        tensor += self.step

    def __init__(self, step: int) -> None:
        super().__init__(size=2)
        object.__setattr__(self, "step", step)


def test_processes_that_find_different_checkpoints_do_not_go_on(tmp_path: Path):
    kept = {"checkpoint": str(tmp_path / "kept")}
    curve(job(1, **kept))
    last = steps.Run(job(1, **kept), Alone())
    last.resume()
    step = last.standing.step
    assert step > 0
    steps.Run(job(1, **kept), Others(step)).resume()
    with pytest.raises(TrainingError, match=f"from step {step} and others from another.*--resume"):
        steps.Run(job(1, **kept), Others(0)).resume()
