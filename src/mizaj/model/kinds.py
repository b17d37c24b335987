"""Which module holds each kind of learned model; opened only when a model of the kind is."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mizaj.errors import ModelError
from mizaj.model.folder import Folder, open_folder

if TYPE_CHECKING:
    from mizaj.model.classifier import Classifier

KINDS = {
    "lexicon": "mizaj.model.lexicon_tier",
    "linear": "mizaj.model.linear",
    "naive-bayes": "mizaj.model.classical",
    "svm": "mizaj.model.classical",
    "decision-tree": "mizaj.model.classical",
    "random-tree": "mizaj.model.classical",
    "random-forest": "mizaj.model.classical",
    "perceptron": "mizaj.model.classical",
    "bag": "mizaj.model.network",
    "cnn": "mizaj.model.network",
    "rnn": "mizaj.model.network",
    "lstm": "mizaj.model.network",
    "gru": "mizaj.model.network",
    "transformer": "mizaj.model.network",
    "encoder": "mizaj.model.encoder",
    "onnx": "mizaj.model.onnx",
    "cascade": "mizaj.model.cascade",
    "ensemble": "mizaj.model.ensemble",
}
"""Each module has `load(folder) -> Classifier`."""


def load_classifier(source: Folder | str | Path) -> Classifier:
    """The model in a folder, of whatever kind; as trained, not calibrated.

    Raises `ModelError` for a folder that holds none, is damaged, or is of a kind this version does not know.
    """
    folder = source if isinstance(source, Folder) else open_folder(source)
    if folder.kind not in KINDS:
        msg = f"{folder.path} is of kind '{folder.kind}'; known here: {', '.join(KINDS)}: upgrade mizaj"
        raise ModelError(msg)
    loaded: Classifier = import_module(KINDS[folder.kind]).load(folder)
    return loaded
