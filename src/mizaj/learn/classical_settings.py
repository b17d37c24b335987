"""What can be set of the second paper's classifiers, checked when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mizaj.errors import SettingError


@dataclass(frozen=True)
class FeatureSettings:
    """What all the paper's classifiers share.

    The `n_words` words of most posts are features, of those in `min_count` posts or more. `class_balance`: how far (0
    to 1) labels weigh alike whatever their number of posts. `lexicon`: a dictionary file to read posts by, merged with
    the shipped one if TSV; it becomes part of the model.
    """

    n_words: int = field(default=2000, metadata={"search": (200, 10_000), "log": True})
    min_count: int = field(default=2, metadata={"search": (1, 10)})
    class_balance: float = field(default=0.0, metadata={"search": (0.0, 1.0)})
    lexicon: str | None = None

    def __post_init__(self) -> None:
        _check(self, n_words=(0, math.inf), min_count=(1, math.inf), class_balance=(0, 1))


@dataclass(frozen=True)
class NaiveBayesSettings(FeatureSettings):
    """`smoothing` is added to each count."""

    smoothing: float = field(default=1.0, metadata={"search": (0.01, 10.0), "log": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, smoothing=(1e-9, math.inf))


@dataclass(frozen=True)
class SvmSettings(FeatureSettings):
    """`cost` is what a post on the wrong side costs against a wide margin."""

    cost: float = field(default=0.1, metadata={"search": (0.001, 10.0), "log": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, cost=(1e-9, math.inf))


@dataclass(frozen=True)
class TreeSettings(FeatureSettings):
    """`max_depth` is the most questions asked, None for no limit; a leaf holds `min_leaf` posts or more."""

    max_depth: int | None = field(default=30, metadata={"search": (5, 100)})
    min_leaf: int = field(default=2, metadata={"search": (1, 20)})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, max_depth=(1, math.inf), min_leaf=(1, math.inf))


@dataclass(frozen=True)
class RandomTreeSettings(FeatureSettings):
    """As `TreeSettings`; Weka's random tree has neither limit."""

    max_depth: int | None = field(default=None, metadata={"search": (5, 100)})
    min_leaf: int = field(default=1, metadata={"search": (1, 20)})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, max_depth=(1, math.inf), min_leaf=(1, math.inf))


@dataclass(frozen=True)
class ForestSettings(FeatureSettings):
    """`n_trees` random trees, each on a bootstrap sample."""

    n_trees: int = field(default=50, metadata={"search": (20, 300)})
    max_depth: int | None = field(default=None, metadata={"search": (5, 200)})
    min_leaf: int = field(default=2, metadata={"search": (1, 10)})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, n_trees=(1, math.inf), max_depth=(1, math.inf), min_leaf=(1, math.inf))


@dataclass(frozen=True)
class PerceptronSettings(FeatureSettings):
    """One hidden layer of `n_hidden` units, `epochs` passes over the posts; `decay` draws weights to zero.

    With validation posts the epoch of best macro-F1 is kept, and training ends `patience` epochs after it.
    """

    n_hidden: int = field(default=64, metadata={"search": (8, 256), "log": True})
    epochs: int = field(default=8, metadata={"search": (2, 30)})
    patience: int = 3
    learning_rate: float = field(default=1e-3, metadata={"search": (1e-4, 1e-2), "log": True})
    decay: float = field(default=1e-3, metadata={"search": (1e-5, 1.0), "log": True})

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self, n_hidden=(1, math.inf), epochs=(1, math.inf), patience=(1, math.inf))
        _check(self, learning_rate=(1e-9, 1.0), decay=(0.0, math.inf))


SETTINGS = {
    "naive-bayes": NaiveBayesSettings,
    "svm": SvmSettings,
    "decision-tree": TreeSettings,
    "random-tree": RandomTreeSettings,
    "random-forest": ForestSettings,
    "perceptron": PerceptronSettings,
}


def _check(settings: FeatureSettings, **allowed: tuple[float, float]) -> None:
    for name, (low, high) in allowed.items():
        value = getattr(settings, name)
        if value is None and name == "max_depth":
            continue
        if not isinstance(value, int | float) or not low <= value <= high:
            words = f"{low} or more" if high == math.inf else f"{low} to {high}"
            msg = f"setting {name} is {value!r}; allowed: {words}"
            raise SettingError(msg)
