"""Fine-tune a pretrained encoder: its first layers, the tokens that the training posts use, whole or in part."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mizaj.errors import ExtraMissing, SettingError
from mizaj.learn.encoded import Encoded
from mizaj.learn.job import Job
from mizaj.learn.kinds import Progress
from mizaj.learn.labelled import Labelled
from mizaj.learn.plain import with_plain_posts
from mizaj.learn.pretrained import Pretrained, open_pretrained, pruned, truncated
from mizaj.learn.train import train as run
from mizaj.learn.train_settings import TrainSettings
from mizaj.model.encoder import KIND, EncoderClassifier
from mizaj.model.subwords import SCRIPTS, WRITTEN, Subwords

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from mizaj.model.bert import EncoderNetwork

TUNED = ("all", "top", "adapters")


@dataclass(frozen=True)
class EncoderSettings(TrainSettings):
    """Settings of fine-tuning, besides those of the loop. Checked when made: `SettingError`.

    `pretrained` is a folder in the layout of Hugging Face. Of its layers the first `n_layers` are kept, 0 for all;
    of its tokens those that occur `min_count` times in the training posts, 0 for all; posts are cut to `max_length`.
    `script` is `written`, or `native`: with romanised Hindi put into Devanagari, which such an encoder knows better.
    `tuned` says what is learnt: `all`; `top`, the last `top_layers` layers; `adapters`, products of rank `rank` beside
    each matrix. Each layer learns at `layer_decay` times the rate of the one above it, the answering layer at
    `head_rate` times the learning rate. `dropout` is that of vectors, `token_dropout` hides whole tokens.
    """

    pretrained: str = ""
    n_layers: int = 0
    max_length: int = 48
    min_count: int = 1
    script: str = WRITTEN
    tuned: str = "all"
    top_layers: int = 2
    rank: int = 8
    layer_decay: float = field(default=0.95, metadata={"search": (0.8, 1.0)})
    head_rate: float = 5.0
    dropout: float = field(default=0.1, metadata={"search": (0.0, 0.3)})
    token_dropout: float = field(default=0.05, metadata={"search": (0.0, 0.2)})
    epochs: int = field(default=3, metadata={"search": (1, 5)})
    learning_rate: float = field(default=1e-4, metadata={"search": (2e-5, 3e-4), "log": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("max_length", "top_layers", "rank"):
            _check(name, getattr(self, name), "1 or more", is_allowed=getattr(self, name) >= 1)
        for name in ("dropout", "token_dropout"):
            share = getattr(self, name)
            _check(name, share, "from 0 to less than 1", is_allowed=0.0 <= share < 1.0)
        for name in ("n_layers", "min_count"):
            _check(name, getattr(self, name), "0 or more", is_allowed=getattr(self, name) >= 0)
        _check(
            "layer_decay",
            self.layer_decay,
            "more than 0, at most 1",
            is_allowed=0.0 < self.layer_decay <= 1.0,
        )
        _check("head_rate", self.head_rate, "more than 0", is_allowed=self.head_rate > 0.0)
        _check("tuned", self.tuned, ", ".join(TUNED), is_allowed=self.tuned in TUNED)
        _check("script", self.script, ", ".join(SCRIPTS), is_allowed=self.script in SCRIPTS)


SETTINGS = {KIND: EncoderSettings}


def fit(
    train: Labelled,
    validation: Labelled | None,
    settings: EncoderSettings,
    *,
    seed: int,
    progress: Progress,
) -> EncoderClassifier:
    """The encoder, fine-tuned on the posts; of its evaluations on `validation` the best is kept."""
    if torch is None:
        raise ExtraMissing(library="torch", extra="train")
    start = prepared(train, settings)
    subwords = reader_of(start, settings)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        module = network_of(start, len(train.labels), settings)
        if settings.tuned == "adapters":
            from mizaj.learn.lora import add_adapters  # needs torch

            add_adapters(module.encoder, settings.rank)
    job = Job(
        module,
        Encoded.of(train, subwords),
        Encoded.of(validation, subwords) if validation is not None else None,
        settings,
        seed=seed,
        rates=rates_of(module, settings),
    )
    run(job, progress)
    if settings.tuned == "adapters":
        from mizaj.learn.lora import merge_adapters  # needs torch

        merge_adapters(module.encoder)
    return EncoderClassifier(train.labels, subwords, module.cpu().eval())


def prepared(train: Labelled, settings: EncoderSettings) -> Pretrained:
    """The pretrained encoder, cut to the layers, tokens and lengths that the settings and posts ask for."""
    if not settings.pretrained:
        msg = "an encoder starts from a pretrained one; give its folder: pretrained=FOLDER (docs/guide/encoders.md)"
        raise SettingError(msg)
    found = open_pretrained(settings.pretrained)
    found = truncated(found, settings.n_layers or found.n_layers, settings.max_length)
    found = found.with_tokeniser(with_plain_posts(found.tokeniser, settings.max_length))
    if not settings.min_count:
        return found
    texts = reader_of(found, settings).read(train.texts)
    return pruned(found, texts, min_count=settings.min_count)


def reader_of(start: Pretrained, settings: EncoderSettings) -> Subwords:
    """How posts are read by the encoder."""
    return Subwords(json.dumps(start.tokeniser, ensure_ascii=False), settings.script)


def network_of(start: Pretrained, n_labels: int, settings: EncoderSettings) -> EncoderNetwork:
    """The network with the pretrained weights and a fresh answering layer."""
    from mizaj.model.bert import Encoder, EncoderNetwork, Shape  # needs torch

    encoder = Encoder(Shape(**start.shape()), dropout=settings.dropout)
    encoder.load_state_dict(
        {name: torch.from_numpy(array.copy()) for name, array in start.weights.items()}
    )
    return EncoderNetwork(
        encoder,
        n_labels,
        dropout=settings.dropout,
        token_dropout=settings.token_dropout,
        unknown=start.unknown_id,
    )


def rates_of(module: EncoderNetwork, settings: EncoderSettings) -> tuple[tuple[str, float], ...]:
    """What the learning rate of each parameter is multiplied by: less the further it is from the answer."""
    n_layers = module.encoder.shape.n_layers
    return tuple((name, _rate(name, n_layers, settings)) for name, _ in module.named_parameters())


def _rate(name: str, n_layers: int, settings: EncoderSettings) -> float:
    parts = name.split(".")
    if parts[0] == "head":
        return settings.head_rate
    if settings.tuned == "adapters":
        return 1.0 if parts[-1] in ("down", "up") else 0.0
    depth = int(parts[2]) + 1 if parts[1] == "layers" else 0  # 0 is what stands below the layers
    if settings.tuned == "top" and depth <= n_layers - settings.top_layers:
        return 0.0
    return float(settings.layer_decay ** (n_layers - depth))


def _check(name: str, value: object, allowed: str, *, is_allowed: bool) -> None:
    if not is_allowed:
        msg = f"{name} is {value}; allowed: {allowed}"
        raise SettingError(msg)
