"""One body trained on several tasks, each with a head and labels of its own; the head asked for is kept.

The loop knows nothing of it: the labels of all tasks stand side by side, the first token of a row says which task it
is of, and the network rules out the labels of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.fit_network import sizes_of, start_from
from mizaj.learn.job import Job
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.labelled import Labelled
from mizaj.learn.network_settings import NetworkSettings, kind_of
from mizaj.learn.objective import competing, wanted
from mizaj.learn.subwords import train_subwords
from mizaj.learn.train import train
from mizaj.model.network import NetworkClassifier

try:
    import torch

    from mizaj.model import networks
except ImportError:
    torch = networks = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from mizaj.model.subwords import Subwords


@dataclass(frozen=True, eq=False)
class Tasks:
    """What to learn: `kept` is the task whose head is kept, `others` help; a post of theirs counts `others_weight`."""

    kept: Labelled
    others: Sequence[Labelled]
    others_weight: float = 0.5

    def __post_init__(self) -> None:
        if not self.others or self.others_weight <= 0.0:
            msg = (
                f"{len(self.others)} other tasks of weight {self.others_weight} help nothing; give one task or more, "
                "and a weight above 0"
            )
            raise SettingError(msg)

    @property
    def all(self) -> list[Labelled]:
        """The kept task, then the others."""
        return [self.kept, *self.others]


def fit_together(
    tasks: Tasks,
    validation: Labelled | None,
    settings: NetworkSettings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> NetworkClassifier:
    """A network for the kept task, its body trained on all; `validation` is of the kept task."""
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    kind = kind_of(settings)
    texts = pa.concat_arrays([task.texts.cast(pa.large_string()) for task in tasks.all])
    subwords = train_subwords(texts, n_tokens=settings.vocabulary, max_length=settings.max_length)
    sizes = [sizes_of(settings, subwords.n_tokens, len(task.labels)) for task in tasks.all]
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        body = networks.build_body(kind, sizes[0])
        heads = [networks.build_head(body.width, each) for each in sizes]
    module = networks.SharedNetwork(body, heads, sizes)
    if settings.vectors is not None:
        start_from(module, subwords, settings)
    held_out = None if validation is None else _joined([validation], tasks, subwords, settings)
    job = Job(module, _joined(tasks.all, tasks, subwords, settings), held_out, settings, seed)
    train(job, progress)
    network = networks.Network(body.cpu(), heads[0].cpu())
    return NetworkClassifier(kind, tasks.kept.labels, network.eval(), subwords, sizes[0])


def _joined(
    parts: Sequence[Labelled], tasks: Tasks, subwords: Subwords, settings: NetworkSettings
) -> Encoded:
    """The first tasks' posts as one, in the labels of all tasks, each row begun by the mark of its task."""
    counts = [len(task.labels) for task in tasks.all]
    starts = np.cumsum([0, *counts])
    rows = [Encoded.of(part, subwords) for part in parts]
    marked = [_marked(each, subwords.n_tokens + number) for number, each in enumerate(rows)]
    lengths = np.concatenate([np.diff(offsets) for _, offsets in marked])
    n_rows = [each.n_rows for each in rows]
    targets = np.zeros((sum(n_rows), sum(counts)), np.float32)
    possible = np.zeros(targets.shape, np.bool_)
    ends = np.cumsum([0, *n_rows])
    for number, each in enumerate(rows):
        own = slice(ends[number], ends[number + 1]), slice(starts[number], starts[number + 1])
        every = np.arange(each.n_rows)
        targets[own] = wanted(each, every, settings)
        possible[own] = competing(each, every, settings)
    shares = [1.0, *([tasks.others_weight] * len(tasks.others))]
    weighted = [each.weights * share for each, share in zip(rows, shares, strict=False)]
    return Encoded(
        np.concatenate([ids for ids, _ in marked]),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate([each.codes + starts[number] for number, each in enumerate(rows)]),
        np.concatenate(weighted).astype(np.float32),
        tuple(f"{number}:{name}" for number, task in enumerate(tasks.all) for name in task.labels),
        targets=targets,
        possible=possible,
        pad_id=subwords.pad_id,
    )


def _marked(rows: Encoded, mark: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The rows' ids with the mark before each row."""
    ids = np.insert(rows.ids, rows.offsets[:-1], mark).astype(np.int32)
    return ids, rows.offsets + np.arange(rows.n_rows + 1)
