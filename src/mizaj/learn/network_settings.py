"""The settings of each kind of network trained from scratch; a kind is known by the type of its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mizaj.errors import SettingError
from mizaj.learn.train_settings import TrainSettings

_DROPOUT: dict[str, Any] = {"search": (0.0, 0.6)}
_WORD_DROPOUT: dict[str, Any] = {"search": (0.0, 0.4)}
_WIDTHS: dict[str, Any] = {"choices": (64, 96, 128, 192, 256)}


@dataclass(frozen=True)
class NetworkSettings(TrainSettings):
    """What all networks trained from scratch share, besides the loop's settings.

    `vocabulary` is how many subwords there are at most, `max_length` how many of a post are read, `embedding` the
    width of a subword's vector. `word_dropout` is the share of subwords hidden in training. `vectors` is a text file
    of word vectors to start from. `head` is `softmax`, or `ordinal` where the labels stand in an order.
    """

    vocabulary: int = field(default=8000, metadata={"choices": (4000, 8000, 12000, 20000)})
    max_length: int = 64
    embedding: int = field(default=128, metadata=_WIDTHS)
    dropout: float = field(default=0.4, metadata=_DROPOUT)
    word_dropout: float = field(default=0.15, metadata=_WORD_DROPOUT)
    head: str = "softmax"
    vectors: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("dropout", "word_dropout"):
            if not 0.0 <= getattr(self, name) < 1.0:
                msg = f"{name} is {getattr(self, name)}; allowed: from 0 to below 1"
                raise SettingError(msg)
        for name in ("embedding", "hidden", "layers", "max_length"):
            if getattr(self, name, 1) < 1:
                msg = f"{name} is {getattr(self, name)}; allowed: 1 or more"
                raise SettingError(msg)


@dataclass(frozen=True)
class BagSettings(NetworkSettings):
    """The bag: `ngrams` is how long its n-grams of subwords are at most, `buckets` how many places they share."""

    learning_rate: float = field(default=3e-3, metadata={"search": (5e-4, 2e-2), "log": True})
    embedding: int = field(default=48, metadata={"choices": (16, 32, 48, 64)})
    ngrams: int = field(default=3, metadata={"search": (1, 4)})
    buckets: int = field(default=1 << 16, metadata={"choices": (1 << 15, 1 << 16, 1 << 17)})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ngrams < 1 or self.buckets < 1:
            msg = f"ngrams is {self.ngrams} and buckets {self.buckets}; allowed: 1 or more"
            raise SettingError(msg)


@dataclass(frozen=True)
class ConvolutionSettings(NetworkSettings):
    """The convolutional network: `hidden` filters for each width in `kernels`."""

    hidden: int = field(default=96, metadata=_WIDTHS)
    kernels: tuple[int, ...] = (2, 3, 4)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kernels or min(self.kernels) < 1:
            msg = (
                f"kernels is {self.kernels}; give one width or more, each 1 or more, such as 2,3,4"
            )
            raise SettingError(msg)


@dataclass(frozen=True)
class RecurrentSettings(NetworkSettings):
    """Recurrent networks: `hidden` is the width of each of the two directions."""

    learning_rate: float = field(default=1e-3, metadata={"search": (3e-4, 5e-3), "log": True})
    dropout: float = field(default=0.5, metadata=_DROPOUT)
    word_dropout: float = field(default=0.25, metadata=_WORD_DROPOUT)
    hidden: int = field(default=96, metadata=_WIDTHS)
    layers: int = field(default=1, metadata={"search": (1, 2)})


@dataclass(frozen=True)
class RnnSettings(RecurrentSettings):
    """Plain recurrent cells."""

    learning_rate: float = field(default=5e-4, metadata={"search": (1e-4, 3e-3), "log": True})


@dataclass(frozen=True)
class LstmSettings(RecurrentSettings):
    """Cells with long short-term memory."""


@dataclass(frozen=True)
class GruSettings(RecurrentSettings):
    """Gated recurrent units."""


@dataclass(frozen=True)
class TransformerSettings(NetworkSettings):
    """The transformer: `hidden` is the width of its feed-forward layers, `window` how far attention reaches."""

    epochs: int = field(default=8, metadata={"search": (3, 15)})
    learning_rate: float = field(default=7e-4, metadata={"search": (1e-4, 3e-3), "log": True})
    dropout: float = field(default=0.2, metadata=_DROPOUT)
    hidden: int = field(default=256, metadata={"choices": (128, 256, 512)})
    layers: int = field(default=2, metadata={"search": (1, 4)})
    heads: int = field(default=4, metadata={"choices": (2, 4, 8)})
    window: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.heads < 1 or self.embedding % self.heads or self.window < 0:
            msg = (
                f"heads is {self.heads}, embedding {self.embedding} and window {self.window}; embedding must be a "
                "multiple of heads, and window 0 or more"
            )
            raise SettingError(msg)


SETTINGS: dict[str, type[NetworkSettings]] = {
    "bag": BagSettings,
    "cnn": ConvolutionSettings,
    "rnn": RnnSettings,
    "lstm": LstmSettings,
    "gru": GruSettings,
    "transformer": TransformerSettings,
}


def kind_of(settings: NetworkSettings) -> str:
    """The kind of network that these are the settings of. Raises `SettingError` for others."""
    kinds = {made: kind for kind, made in SETTINGS.items()}
    if type(settings) not in kinds:
        allowed = ", ".join(each.__name__ for each in kinds)
        msg = f"{type(settings).__name__} are no network's settings; allowed: {allowed}"
        raise SettingError(msg)
    return kinds[type(settings)]
