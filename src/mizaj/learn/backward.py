"""A part of a step's rows in, its gradients out: what each process of a group does, however the sums are made."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mizaj.errors import TrainingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job
from mizaj.learn.metrics import macro_f1_of
from mizaj.learn.objective import competing, wanted, weighted_loss
from mizaj.learn.train_settings import TrainSettings, epoch_batches
from mizaj.model.forward import rectangle
from mizaj.model.padding import length_batches

try:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHOWN_ROWS = 5
_NO_NUMBER = (
    "the loss is {} (gradient {}) at {}; lower learning_rate (now {.learning_rate}), "
    "or look at the weights and targets of these rows"
)


class Part(Protocol):
    """Part `rank` of `size` parts of the rows."""

    @property
    def rank(self) -> int:
        """The number of this part, from 0."""

    @property
    def size(self) -> int:
        """How many parts there are."""


@dataclass(frozen=True)
class Piece:
    """A part that no group stands behind."""

    rank: int
    size: int


class Batches:
    """Which rows each step of a job reads; those of one epoch are held."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._made: tuple[int, list[NDArray[np.int64]]] = (-1, [])

    def rows(self, step: int) -> NDArray[np.int64]:
        """The rows of all parts of a step."""
        epoch, place = divmod(step, self.job.steps_per_epoch)
        if self._made[0] != epoch:
            data, size = self.job.train, self.job.settings.batch_size
            self._made = (
                epoch,
                epoch_batches(data.offsets, size, seed=self.job.seed, epoch=epoch),
            )
        return self._made[1][place]

    def check(self, step: int, loss: float, norm: float) -> None:
        """Nothing, where loss and length of the gradient are numbers. Raises `TrainingError`, naming the rows."""
        if np.isfinite(loss) and np.isfinite(norm):
            return
        epoch, place = divmod(step, self.job.steps_per_epoch)
        shown = ", ".join(map(str, np.sort(self.rows(step))[:_SHOWN_ROWS].tolist()))
        where = f"step {step + 1}, batch {place + 1} of epoch {epoch + 1} (rows {shown}, ...)"
        raise TrainingError(_NO_NUMBER.format(loss, norm, where, self.job.settings))


class Backward:
    """A network with the rows it learns from: gradients of parts of steps, and answers to parts of other rows."""

    def __init__(self, job: Job, device: str) -> None:
        self.job, self.device = job, device
        self.module = job.module.to(device)
        self.module.train()
        self.batches = Batches(job)

    def learnt(self) -> list[tuple[str, nn.Parameter]]:
        """The parameters that learn, by name, in the order of the network."""
        named = self.module.named_parameters()
        return [(name, each) for name, each in named if each.requires_grad]

    def gradients(self, step: int, part: Part) -> Tensor:
        """Leave in the parameters what a part adds to the gradients of a step; what it adds to the loss.

        All parts together make the gradients of the whole batch. Seed, step and part decide what dropout drops.
        """
        torch.manual_seed(_number(self.job.seed, step, part.rank))
        for _, each in self.learnt():
            each.grad = None
        try:
            loss = self._backward(self.batches.rows(step), part)
        except (MemoryError, RuntimeError) as error:
            _raise_if_out_of_memory(error, self.job.settings)
            raise
        if part.size > 1:  # a part without rows adds zeros
            for _, each in self.learnt():
                each.grad = torch.zeros_like(each) if each.grad is None else each.grad
        return loss

    def _backward(self, rows: NDArray[np.int64], part: Part) -> Tensor:
        data, settings = self.job.train, self.job.settings
        total = float(data.weights[rows].sum()) or 1.0  # rows of no weight teach nothing
        loss = torch.zeros(1, device=self.device)
        for piece in np.array_split(rows[part.rank :: part.size], settings.accumulate):
            if not len(piece):
                continue
            tokens, mask = rectangle(
                data.ids, data.offsets, piece, pad_id=data.pad_id, device=self.device
            )
            target = torch.from_numpy(wanted(data, piece, settings)).to(self.device)
            weights = torch.from_numpy(data.weights[piece]).to(self.device)
            with _precision(settings, self.device), _attention(self.device):
                logits = self.module(tokens, mask)
            competes = torch.from_numpy(competing(data, piece, settings)).to(self.device)
            own = weighted_loss(logits, target, competes, weights=weights, total_weight=total)
            own.backward()  # type: ignore[no-untyped-call] # torch leaves it so
            loss += own.detach()
        return loss

    def confusion(self, data: Encoded, part: Part) -> Tensor:
        """How often each label of a part of the rows got each answer, labels times labels in a row."""
        n_labels = len(data.labels)
        matrix = torch.zeros(n_labels * n_labels, dtype=torch.int64, device=self.device)
        self.module.eval()
        with torch.inference_mode():
            for number, rows in enumerate(length_batches(data.offsets)):
                if number % part.size != part.rank:
                    continue
                tokens, mask = rectangle(
                    data.ids, data.offsets, rows, pad_id=data.pad_id, device=self.device
                )
                answers = self.module(tokens, mask).argmax(dim=-1)
                truth = torch.from_numpy(data.codes[rows]).to(self.device)
                matrix += torch.bincount(truth * n_labels + answers, minlength=n_labels**2)
        self.module.train()
        return matrix


def macro_f1_in(matrix: NDArray[np.int64], n_labels: int) -> float:
    """Macro-F1 of what `confusion` counted, over the labels that the rows or answers have."""
    counts = matrix.reshape(n_labels, n_labels)
    seen = (counts.sum(axis=0) + counts.sum(axis=1)) > 0
    return float(macro_f1_of(counts[np.ix_(seen, seen)]))


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


def _number(*numbers: int) -> int:
    """One number for the generator from several, unlike for unlike ones."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def device_of(settings: TrainSettings, gpu: int = 0) -> str:
    """The device that a process trains on: `auto` takes a GPU where there is one."""
    if settings.device != "auto":
        return settings.device
    return f"cuda:{gpu}" if torch.cuda.is_available() else "cpu"
