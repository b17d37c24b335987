from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mizaj.errors import ModelError, SettingError, TrainingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job, Trained
from mizaj.learn.train import train
from mizaj.learn.train_settings import TrainSettings, epoch_batches, rate_factor

torch = pytest.importorskip("torch")

LABELS = ("negative", "neutral", "positive")
SETTINGS = TrainSettings(epochs=2, batch_size=8, learning_rate=0.02, label_smoothing=0.0)


class Bag(torch.nn.Module):
    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(30, 8)
        self.dropout = torch.nn.Dropout(dropout)
        self.norm = torch.nn.LayerNorm(8)
        self.head = torch.nn.Linear(8, len(LABELS))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        weights = mask.unsqueeze(-1) / mask.sum(dim=1).clamp(min=1)[:, None, None]
        found = (self.table(ids) * weights).sum(dim=1)
        return self.head(self.norm(self.dropout(found)))


def rows(n_rows: int = 60, seed: int = 0) -> Encoded:
    """Rows whose label is the remainder of their first id by three."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 9, n_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    codes = random.integers(0, 3, n_rows)
    ids = np.repeat(codes, lengths) + 3 * random.integers(1, 9, offsets[-1])
    ones = np.ones(n_rows, np.float32)
    return Encoded(ids.astype(np.int32), offsets, codes, ones, LABELS)


def module(seed: int = 0, dropout: float = 0.1) -> Bag:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Bag(dropout)


def job(**changes: Any) -> Job:
    settings = replace(SETTINGS, **changes)
    return Job(module(), rows(), rows(30, seed=1), settings)


def weights(trained: Trained) -> dict[str, np.ndarray]:
    return {name: each.numpy() for name, each in trained.module.state_dict().items()}


def assert_equal(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


class Killed(Exception):
    pass


def killed_at(step: int) -> Any:
    def progress(figures: Mapping[str, Any]) -> None:
        if figures["step"] == step:
            raise Killed

    return progress


def test_what_can_be_learnt_is_learnt():
    told: list[Mapping[str, Any]] = []
    trained = train(job(epochs=12, patience=12), told.append)
    assert trained.macro_f1 is not None
    assert trained.macro_f1 > 0.9
    assert told[0].keys() == {"step", "of_steps", "loss"}
    assert told[-1]["macro_f1"] <= trained.macro_f1
    assert not trained.module.training


def test_bfloat16_learns_too_and_not_the_same_weights():
    plain, halved = train(job()), train(job(epochs=12, patience=12, precision="bfloat16"))
    assert halved.macro_f1 is not None
    assert halved.macro_f1 > 0.9
    assert any((weights(plain)[name] != each).any() for name, each in weights(halved).items())


def test_equal_seeds_give_equal_weights_and_leave_torch_s_own_numbers_alone():
    before = torch.random.get_rng_state()
    one, other = train(job()), train(job())
    assert_equal(weights(one), weights(other))
    assert torch.equal(before, torch.random.get_rng_state())
    third = train(replace(job(), seed=1))
    assert not np.array_equal(weights(one)["head.weight"], weights(third)["head.weight"])


@pytest.mark.parametrize("at", [3, 8, 11])
def test_killed_and_resumed_is_the_unkilled_run_bit_by_bit(tmp_path: Path, at: int):
    unkilled = train(job())
    kept = {"checkpoint": str(tmp_path / "kept"), "checkpoint_every": 2}
    with pytest.raises(Killed):
        train(job(**kept), killed_at(at))
    seen: list[int] = []
    resumed = train(job(**kept), lambda figures: seen.append(figures["step"]))
    assert seen[0] == (at - 1) // 2 * 2 + 1
    assert_equal(weights(unkilled), weights(resumed))
    assert unkilled.history == resumed.history
    again = train(job(**kept))
    assert_equal(weights(unkilled), weights(again))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda one: replace(one, seed=3), "another seed"),
        (lambda one: replace(one, train=rows(61)), "another data"),
        (
            lambda one: replace(one, settings=replace(one.settings, warmup=0.3)),
            r"another setting warmup \(0\.1, not 0\.3\)",
        ),
        (lambda one: replace(one, module=torch.nn.Linear(2, 2)), "another kind"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path, changed: Any, message: str):
    one = job(checkpoint=str(tmp_path))
    train(one)
    with pytest.raises(SettingError, match=message):
        train(changed(replace(one, module=module())))


def test_a_damaged_checkpoint_is_refused(tmp_path: Path):
    train(job(checkpoint=str(tmp_path)))
    next(tmp_path.glob("*.safetensors")).write_bytes(b"")
    with pytest.raises(ModelError, match="begin anew"):
        train(job(checkpoint=str(tmp_path)))
    (tmp_path / "checkpoint.json").write_text("[]")
    with pytest.raises(ModelError, match="no checkpoint"):
        train(job(checkpoint=str(tmp_path)))


def test_accumulating_gives_the_gradients_of_the_whole_batch():
    whole = train(replace(job(), module=module(dropout=0.0)))
    pieces = train(replace(job(accumulate=3), module=module(dropout=0.0)))
    for name, each in weights(whole).items():
        np.testing.assert_allclose(each, weights(pieces)[name], atol=1e-5)


def test_training_stops_when_patience_is_used_up_and_the_best_weights_are_kept():
    trained = train(job(epochs=40, patience=2))
    assert trained.steps < 40 * 8
    scores = [each["macro_f1"] for each in trained.history]
    assert trained.macro_f1 == max(scores)
    assert max(scores[-2:]) <= max(scores[:-2])


def test_weights_say_how_much_a_row_counts():
    data = rows()
    doubled = Encoded(
        np.concatenate([data.ids, data.ids]),
        np.concatenate([data.offsets, data.offsets[1:] + data.offsets[-1]]),
        np.concatenate([data.codes, (data.codes + 1) % 3]),
        np.concatenate([data.weights, 0.0 * data.weights]),
        LABELS,
    )
    trained = train(Job(module(), doubled, rows(30, seed=1), replace(SETTINGS, epochs=12)))
    assert trained.macro_f1 is not None
    assert trained.macro_f1 > 0.9


def test_targets_are_learnt_in_place_of_the_labels():
    data = rows()
    opinion = np.eye(3, dtype=np.float32)[(data.codes + 1) % 3]
    taught = replace(data, targets=opinion)
    trained = train(
        Job(module(), taught, rows(30, seed=1), replace(SETTINGS, epochs=12, patience=12))
    )
    assert trained.history[-1]["macro_f1"] < 0.1


def test_a_loss_that_is_no_number_names_step_and_batch():
    targets = np.full((60, 3), np.nan, np.float32)
    broken = replace(job(), train=replace(rows(), targets=targets))
    with pytest.raises(TrainingError, match=r"step 1, batch 1 of epoch 1.*learning_rate"):
        train(broken)


def test_out_of_memory_says_what_to_lower():
    class Greedy(Bag):
        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            torch.empty(1 << 60)
            return super().forward(ids, mask)

    with pytest.raises(TrainingError, match="batch_size=8"):
        train(replace(job(), module=Greedy()))


def test_parts_of_a_network_have_rates_of_their_own():
    before = weights(Trained(module(), None, 0, ()))
    after = weights(train(replace(job(), rates=(("table.", 0.0), ("norm.", 0.1)))))
    np.testing.assert_array_equal(before["table.weight"], after["table.weight"])
    assert not np.array_equal(before["head.weight"], after["head.weight"])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda one: replace(one, train=rows(0)), "no rows"),
        (lambda one: replace(one, train=replace(rows(), codes=0 * rows().codes)), "'negative'"),
        (
            lambda one: replace(one, validation=replace(rows(), labels=("a", "b", "c"))),
            "the same",
        ),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(changed: Any, message: str):
    with pytest.raises(SettingError, match=message):
        changed(job())


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"warmup": 1.5}, {"schedule": "sine"}, {"precision": "int8"}, {"threads": 0}],
)
def test_settings_are_checked_when_made(wrong: dict[str, Any]):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        TrainSettings(**wrong)


def test_an_epoch_reads_every_row_once_among_rows_of_like_length():
    offsets = np.concatenate([[0], np.cumsum(np.random.default_rng(0).integers(1, 50, 1000))])
    batches = epoch_batches(offsets, 32, seed=0, epoch=0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    lengths = np.diff(offsets)
    padding = sum(len(rows) * lengths[rows].max() for rows in batches) / lengths.sum() - 1.0
    assert padding < 0.05
    again = epoch_batches(offsets, 32, seed=0, epoch=0)
    assert all(np.array_equal(one, other) for one, other in zip(batches, again, strict=True))
    assert not np.array_equal(batches[0], epoch_batches(offsets, 32, seed=0, epoch=1)[0])


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_the_rate_rises_to_the_whole_and_falls_by_its_schedule(schedule: str):
    settings = TrainSettings(schedule=schedule, warmup=0.1)
    factors = [rate_factor(step, 100, settings) for step in range(100)]
    assert max(factors) == factors[9] == 1.0
    assert all(0.0 < each <= 1.0 for each in factors)
    assert factors[-1] == 1.0 if schedule == "constant" else factors[-1] < 0.02


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_figures_go_to_mlflow_when_asked(tmp_path: Path):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    address = f"sqlite:///{tmp_path}/runs.db"
    trained = train(job(mlflow=address))
    client = mlflow.MlflowClient(tracking_uri=address)
    (run,) = client.search_runs([client.get_experiment_by_name("mizaj").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["batch_size"] == "8"
    told = [each.value for each in client.get_metric_history(run.info.run_id, "macro_f1")]
    assert told == [each["macro_f1"] for each in trained.history]
    assert len(client.get_metric_history(run.info.run_id, "loss")) == trained.steps
    with pytest.raises(TrainingError, match="sqlite:///mlflow"):
        train(job(mlflow=str(tmp_path / "folder")))
