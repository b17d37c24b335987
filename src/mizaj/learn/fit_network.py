"""Networks trained from scratch: subwords from the training texts, a module of its kind, the loop."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from mizaj.errors import ExtraMissing
from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job
from mizaj.learn.kinds import Progress, silent
from mizaj.learn.labelled import Labelled
from mizaj.learn.network_settings import SETTINGS, NetworkSettings, kind_of
from mizaj.learn.subwords import train_subwords
from mizaj.learn.train import train as train_loop
from mizaj.learn.word_vectors import initial_vectors
from mizaj.model.network import NetworkClassifier

try:
    import torch

    from mizaj.model import networks
except ImportError:
    torch = networks = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from torch import nn

    from mizaj.model.networks import Sizes
    from mizaj.model.subwords import Subwords

__all__ = ["SETTINGS", "fit"]


def fit(
    train: Labelled,
    validation: Labelled | None,
    settings: NetworkSettings,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> NetworkClassifier:
    """A network of the kind that `settings` belong to, with its own subwords; equal for equal seeds on one machine.

    With a validation part the weights are those with the best macro-F1 on it; without, those of the last step.
    """
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    kind = kind_of(settings)
    subwords = train_subwords(
        train.texts, n_tokens=settings.vocabulary, max_length=settings.max_length
    )
    sizes = sizes_of(settings, subwords.n_tokens, len(train.labels))
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        module = networks.build(kind, sizes)
    if settings.vectors is not None:
        start_from(module, subwords, settings)
    held_out = None if validation is None else Encoded.of(validation, subwords)
    job = Job(module, Encoded.of(train, subwords), held_out, settings, seed)
    trained = train_loop(job, progress)
    return NetworkClassifier(kind, train.labels, trained.module.cpu(), subwords, sizes)


def sizes_of(settings: NetworkSettings, n_tokens: int, n_labels: int) -> Sizes:
    """The sizes that settings ask for; what a kind does not set keeps its default."""
    given = {each.name: getattr(settings, each.name) for each in fields(settings)}
    known = {each.name for each in fields(networks.Sizes)}
    return networks.Sizes(
        n_tokens=n_tokens,
        n_labels=n_labels,
        **{name: value for name, value in given.items() if name in known},
    )


def start_from(module: nn.Module, subwords: Subwords, settings: NetworkSettings) -> None:
    """Put the vectors of the words in the file `settings.vectors` in place of drawn ones."""
    ids, vectors = initial_vectors(
        str(settings.vectors), subwords.vocabulary, width=settings.embedding
    )
    table = next(each for each in module.modules() if isinstance(each, torch.nn.Embedding))
    with torch.no_grad():
        table.weight[torch.from_numpy(ids)] = torch.from_numpy(vectors)
