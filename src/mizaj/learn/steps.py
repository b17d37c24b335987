"""A network in training: the step, the evaluation and the checkpoint that the loop in `train` is made of."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import TrainingError
from mizaj.learn.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from mizaj.learn.encoded import Encoded
from mizaj.learn.group import Group, add_gradients
from mizaj.learn.job import Job, Trained
from mizaj.learn.metrics import macro_f1_of
from mizaj.learn.objective import competing, wanted, weighted_loss
from mizaj.learn.train_settings import TrainSettings, epoch_batches, rate_factor
from mizaj.model.forward import rectangle
from mizaj.model.padding import length_batches

try:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor

_SHOWN_ROWS = 5
_NO_NUMBER = (
    "the loss is {} (gradient {}) at {}; lower learning_rate (now {.learning_rate}), "
    "or look at the weights and targets of these rows"
)


@dataclass
class _Standing:
    """Where a run stands: what a checkpoint keeps besides weights and the optimizer's state."""

    step: int = 0
    best: float = -1.0
    n_worse: int = 0
    loss_sum: float = 0.0
    n_losses: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """A network in training with its optimizer: the state that each step changes."""

    def __init__(self, job: Job, group: Group) -> None:
        self.job, self.group, self.settings = job, group, job.settings
        self.device = device_of(job.settings, group.rank)
        self.module = job.module.to(self.device)
        self.module.train()
        self.optimizer = _optimizer(job)
        self.identity = job.identity() if job.settings.checkpoint else {}
        self.standing = _Standing()
        self.best: dict[str, Tensor] | None = None
        self.batches: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def advance(self) -> float:
        """Read one batch and take one step; the loss of the batch."""
        step = self.standing.step
        epoch, place = divmod(step, self.job.steps_per_epoch)
        rows = self._batch(epoch, place)
        torch.manual_seed(_number(self.job.seed, step, self.group.rank))
        self.optimizer.zero_grad(set_to_none=True)
        try:
            loss = self._gradients(rows)
        except (MemoryError, RuntimeError) as error:
            _raise_if_out_of_memory(error, self.settings)
            raise
        norm = torch.nn.utils.clip_grad_norm_(
            self.module.parameters(), self.settings.clip or float("inf")
        )
        if not (np.isfinite(loss) and bool(torch.isfinite(norm))):
            shown = ", ".join(map(str, np.sort(rows)[:_SHOWN_ROWS].tolist()))
            where = f"step {step + 1}, batch {place + 1} of epoch {epoch + 1} (rows {shown}, ...)"
            raise TrainingError(_NO_NUMBER.format(loss, float(norm), where, self.settings))
        factor = rate_factor(step, self.job.of_steps, self.settings)
        for each in self.optimizer.param_groups:
            each["lr"] = each["rate"] * factor
        self.optimizer.step()
        self.standing.step += 1
        self.standing.loss_sum += loss
        self.standing.n_losses += 1
        return loss

    def _batch(self, epoch: int, place: int) -> NDArray[np.int64]:
        if self.batches[0] != epoch:
            made = epoch_batches(
                self.job.train.offsets, self.settings.batch_size, seed=self.job.seed, epoch=epoch
            )
            self.batches = (epoch, made)
        return self.batches[1][place]

    def _gradients(self, rows: NDArray[np.int64]) -> float:
        """Leave in the parameters the gradients of the whole group's batch; the loss of it."""
        data = self.job.train
        total = float(data.weights[rows].sum()) or 1.0  # rows of no weight teach nothing
        own = rows[self.group.rank :: self.group.size]
        loss = torch.zeros(1, device=self.device)
        for piece in np.array_split(own, self.settings.accumulate):
            if not len(piece):
                continue
            tokens, mask = rectangle(
                data.ids, data.offsets, piece, pad_id=data.pad_id, device=self.device
            )
            target = torch.from_numpy(wanted(data, piece, self.settings)).to(self.device)
            weights = torch.from_numpy(data.weights[piece]).to(self.device)
            with _precision(self.settings, self.device), _attention(self.device):
                logits = self.module(tokens, mask)
            competes = torch.from_numpy(competing(data, piece, self.settings)).to(self.device)
            part = weighted_loss(logits, target, competes, weights=weights, total_weight=total)
            part.backward()  # type: ignore[no-untyped-call] # torch leaves it so
            loss += part.detach()
        parameters = [each for each in self.module.parameters() if each.requires_grad]
        if self.group.size > 1:
            for each in parameters:
                each.grad = torch.zeros_like(each) if each.grad is None else each.grad
        found = [each.grad for each in parameters if each.grad is not None]
        add_gradients([*found, loss], self.group)
        return float(loss)

    @property
    def is_evaluation_due(self) -> bool:
        """Whether the step done was the last of an epoch, or of a run of `evaluate_every`, or of all."""
        step = self.standing.step
        every = self.settings.evaluate_every or self.job.steps_per_epoch
        return step % every == 0 or step == self.job.of_steps

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether the run is to be kept now."""
        if self.settings.checkpoint is None or self.group.rank:
            return False
        every = self.settings.checkpoint_every
        return self.standing.step % every == 0 if every else self.is_evaluation_due

    @property
    def is_over(self) -> bool:
        """Whether too many evaluations in a row were no better: all processes count alike, so all agree."""
        return self.standing.n_worse >= self.settings.patience

    def evaluate(self, figures: dict[str, Any]) -> dict[str, Any]:
        """The figures with the mean loss since the last evaluation and macro-F1; the best weights are kept."""
        standing = self.standing
        figures = {**figures, "train_loss": standing.loss_sum / max(1, standing.n_losses)}
        standing.loss_sum, standing.n_losses = 0.0, 0
        if self.job.validation is not None and self.job.validation.n_rows:
            found = self._macro_f1(self.job.validation)
            figures["macro_f1"] = found
            if found > standing.best:
                standing.best, standing.n_worse = found, 0
                self.best = copy.deepcopy(self.module.state_dict())
            else:
                standing.n_worse += 1
        standing.history.append(figures)
        return figures

    def _macro_f1(self, data: Encoded) -> float:
        """Macro-F1 on rows that the processes share out, over the labels that these rows have."""
        n_labels = len(data.labels)
        matrix = torch.zeros(n_labels * n_labels, dtype=torch.int64, device=self.device)
        self.module.eval()
        with torch.inference_mode():
            for number, rows in enumerate(length_batches(data.offsets)):
                if number % self.group.size != self.group.rank:
                    continue
                tokens, mask = rectangle(
                    data.ids, data.offsets, rows, pad_id=data.pad_id, device=self.device
                )
                answers = self.module(tokens, mask).argmax(dim=-1)
                truth = torch.from_numpy(data.codes[rows]).to(self.device)
                matrix += torch.bincount(truth * n_labels + answers, minlength=n_labels**2)
        self.module.train()
        self.group.add(matrix)
        counts = matrix.cpu().numpy().reshape(n_labels, n_labels)
        seen = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
        return float(macro_f1_of(counts[np.ix_(seen, seen)]))

    def keep(self) -> None:
        """Write the checkpoint."""
        standing = self.standing
        tensors = {f"module.{name}": each for name, each in self.module.state_dict().items()}
        tensors |= {f"best.{name}": each for name, each in (self.best or {}).items()}
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": each for name, each in state.items()}
        arrays = {name: each.detach().cpu().numpy() for name, each in tensors.items()}
        figures = {each.name: getattr(standing, each.name) for each in fields(standing)}
        folder = Path(str(self.settings.checkpoint))
        write_checkpoint(folder, Checkpoint(standing.step, figures, arrays), self.identity)

    def resume(self) -> None:
        """Go on from the checkpoint where there is one."""
        if self.settings.checkpoint is None:
            return
        found = read_checkpoint(Path(self.settings.checkpoint), self.identity)
        if found is None:
            return
        tensors = {name: torch.from_numpy(each.copy()) for name, each in found.tensors.items()}
        self.module.load_state_dict(_under("module.", tensors))
        self.best = _under("best.", tensors) or None
        state: dict[int, dict[str, Tensor]] = {}
        for name, each in _under("optimizer.", tensors).items():
            number, key = name.split(".", 1)
            state.setdefault(int(number), {})[key] = each
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.standing = _Standing(**found.figures)

    def finish(self) -> Trained:
        """The network with its best weights, ready to answer."""
        if self.best is not None:
            self.module.load_state_dict(self.best)
        self.module.eval()
        best = self.standing.best if self.best is not None else None
        return Trained(self.module, best, self.standing.step, tuple(self.standing.history))


def _optimizer(job: Job) -> torch.optim.Optimizer:
    """AdamW: no decay on biases and norms, which have one dimension; parts of the network at rates of their own."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, each in job.module.named_parameters():
        factor = next((rate for prefix, rate in job.rates if name.startswith(prefix)), 1.0)
        if factor == 0.0:
            each.requires_grad = False
        if each.requires_grad:
            decay = job.settings.weight_decay if each.ndim > 1 else 0.0
            groups.setdefault((job.settings.learning_rate * factor, decay), []).append(each)
    return torch.optim.AdamW(
        [
            {"params": each, "lr": rate, "rate": rate, "weight_decay": decay}
            for (rate, decay), each in groups.items()
        ],
        fused=True,
    )


def _precision(settings: TrainSettings, device: str) -> Any:  # noqa: ANN401 -- torch's or Python's own
    """bfloat16 where asked for; it needs no scaling of the loss, unlike float16. Not tested on a GPU: we have none."""
    kind = device.partition(":")[0]
    is_known = kind == "cuda" and torch.cuda.is_bf16_supported()
    if settings.precision == "bfloat16" or (settings.precision == "auto" and is_known):
        return torch.autocast(kind, dtype=torch.bfloat16)
    return nullcontext()


def _attention(device: str) -> Any:  # noqa: ANN401 -- torch's or Python's own
    """On a processor, attention by plain products: the way back through the fused one takes a quarter of a step."""
    if device == "cpu":
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()


def _raise_if_out_of_memory(error: Exception, settings: TrainSettings) -> None:
    """Turn PyTorch's several ways to say that memory ran out into one that names the settings to lower."""
    words = str(error)
    is_it = isinstance(error, MemoryError | torch.OutOfMemoryError)
    if is_it or "allocate memory" in words or "not enough memory" in words:
        msg = (
            f"out of memory at batch_size={settings.batch_size}, accumulate={settings.accumulate}: raise accumulate "
            "(the same result in less memory), or lower batch_size, max_length or the width of the network"
        )
        raise TrainingError(msg) from error


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): each for name, each in tensors.items() if name.startswith(prefix)
    }


def _number(*numbers: int) -> int:
    """One number for the generator from several, unlike for unlike ones."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def device_of(settings: TrainSettings, rank: int = 0) -> str:
    """The device that a process trains on: `auto` takes a GPU where there is one."""
    if settings.device != "auto":
        return settings.device
    return f"cuda:{rank}" if torch.cuda.is_available() else "cpu"
