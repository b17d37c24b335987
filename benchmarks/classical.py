"""The second paper's classifiers against its lexicon approach, on the code-mixed sets: its Tables III to V as ours.

    python benchmarks/classical.py [--repeats 2] [--json]

Every system learns from the same posts and answers the same held-out ones. Folds keep near-copies together. The
dictionaries are those made by hand, without what the shipped lexicon has learnt from these very posts; `lexicon,
fitted` has learnt from the training posts alone, and is fitted for the 80:20 split and the validation splits only (a
fit takes long). Default settings throughout; nothing was tuned here.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import datasets
import fit_lexicon
import numpy as np
import pyarrow as pa
from scipy.stats import fisher_exact

from mizaj.learn.compare import Comparison, Paired, compare_counts
from mizaj.learn.fit_classical import SETTINGS, Run, fit_read
from mizaj.learn.folds import fold_numbers, without_copies
from mizaj.learn.intervals import bootstrap_intervals, wilson_interval
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import CLASSES, Counts, Ints
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.pack import merge, pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.scorer import Kernel, LexiconSettings, Scorer
from mizaj.model.paper_features import Posts, Reader

SETS = ("sentimix-hinglish", "sail2017-hinglish", "iiith-codemixed")
N_FOLDS = 5  # one of five is the paper's 80:20
LEXICON, FITTED, PAPER = "lexicon, by hand", "lexicon, fitted", "paper's rules"
# Right answers of the lexicon approach and of machine learning on the paper's 50 posts (Tables IV and V).
NO_ANSWER = -1
PAPER_RIGHT = {"lexicon (Table IV)": (43, 50), "machine learning (Table V)": (36, 50)}


@dataclass(frozen=True)
class Part:
    """Posts with their labels, read once by the dictionaries made by hand."""

    labelled: Labelled
    posts: Posts

    def take(self, rows: Ints) -> Part:
        return Part(self.labelled.take(rows), self.posts.take(rows))


System = Callable[[Part, Part, int], Ints]
"""Training posts, held-out posts and a seed in; the numbers of the held-out posts' answers out."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=2, help="how often the folds are drawn anew")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    began = time.process_time()
    reads = Reader(scorer(fit_lexicon.START, ()))
    answers = {name: by_folds(name, reads, options.repeats) for name in SETS}
    held_out = {name: by_validation(name, reads) for name in SETS if name != "iiith-codemixed"}
    if options.json:
        print(json.dumps({name: as_json(found) for name, found in answers.items()}, indent=2))
        return 0
    print(
        f"Python {platform.python_version()}, scikit-learn {version('scikit-learn')}; "
        f"{N_FOLDS} folds, drawn {options.repeats} times; {time.process_time() - began:.0f} s of CPU"
    )
    for table in tables(answers, held_out):
        print("", table, sep="\n")
    return 0


def scorer(weights, learnt, rules: str = "default") -> Scorer:
    """The dictionaries made by hand with these weights and fitted entries."""
    lexicon = Lexicon(pack(merge([*fit_lexicon.dictionaries(), *learnt]), weights))
    return Scorer(LexiconSettings(rules=rules), lexicon, Kernel(lexicon))


def systems(reads: Reader) -> dict[str, System]:
    """The lexicon approach in three forms, and the six classifiers."""
    by_hand = reads.scorer
    paper = Scorer(LexiconSettings(rules="paper-table"), by_hand.lexicon, by_hand.kernel)
    return {
        PAPER: lambda _train, held, _seed: answered(paper, held),
        LEXICON: lambda _train, held, _seed: answered(by_hand, held),
        FITTED: by_fitted_lexicon,
        **{kind: partial(by_classifier, kind, reads) for kind in SETTINGS},
    }


def answered(by: Scorer, held: Part) -> Ints:
    sentiment = score_column(held.labelled.texts, by)[0].cast(pa.string())
    return np.array([CLASSES.index(label) for label in sentiment.to_pylist()])


def by_fitted_lexicon(train: Part, held: Part, _seed: int) -> Ints:
    labelled = train.labelled
    posts = fit_lexicon.Posts(
        labelled.texts.to_pylist(),
        [CLASSES[code] for code in labelled.codes],
        labelled.sources.to_pylist(),
    )
    fitted = fit_lexicon.fit_lexicon(
        posts,
        fit_lexicon.dictionaries(),
        frozen=fit_lexicon.identity_words(),
        weights=fit_lexicon.START,
    )
    return answered(scorer(fitted.weights, fitted.learnt), held)


def by_classifier(kind: str, reads: Reader, train: Part, held: Part, seed: int) -> Ints:
    model = fit_read(train.posts, train.labelled, SETTINGS[kind](), reads, Run(seed))
    return model.answer_read(held.posts).argmax(axis=1)


def part_of(table: pa.Table, name: str, reads: Reader) -> Part:
    texts = table["text"].combine_chunks()
    codes = np.array([CLASSES.index(label) for label in table["label"].to_pylist()])
    return Part(Labelled.of(texts, codes, CLASSES, source=name), reads.read(texts))


@dataclass(frozen=True)
class Answers:
    """True labels and what each system answered, post by post, once for each time the folds were drawn.

    `first` are the rows of the first fold of the first drawing: the paper's 80:20.
    """

    truth: Ints
    of_system: dict[str, list[Ints]]
    first: Ints

    def counts(self, system: str, time: int = 0, rows: Ints | slice = slice(None)) -> Counts:
        return Counts.of(self.truth[rows], self.of_system[system][time][rows])

    def macro_f1(self, system: str) -> list[float]:
        return [self.counts(system, time).macro_f1 for time in range(len(self.of_system[system]))]

    def accuracy(self, system: str) -> list[float]:
        return [self.counts(system, time).accuracy for time in range(len(self.of_system[system]))]

    def compare(self, one: str, other: str, rows: Ints | slice = slice(None)) -> Comparison:
        first, second = (self.of_system[name][0][rows] for name in (one, other))
        return compare_counts(Paired.of(self.truth[rows], first, second), names=(one, other))


def by_folds(name: str, reads: Reader, repeats: int) -> Answers:
    """Every post of the training split answered by systems that have not seen it nor a near-copy."""
    table = datasets.load(name, "train")
    whole = part_of(table, name, reads)
    texts, labels = (table[column].to_pylist() for column in ("text", "label"))
    known = systems(reads)
    found: dict[str, list[Ints]] = {system: [] for system in known}
    first = np.zeros(0, np.int64)
    for seed in range(repeats):
        folds = fold_numbers(texts, labels, n_folds=N_FOLDS, seed=seed)
        first = first if seed else np.flatnonzero(folds == 0)
        for system, answer in known.items():
            if system == FITTED and seed:
                continue
            found[system].append(np.full(len(texts), NO_ANSWER))
            for fold in range(1 if system == FITTED else N_FOLDS):
                held = np.flatnonzero(folds == fold)
                train = whole.take(np.flatnonzero(folds != fold))
                found[system][-1][held] = answer(train, whole.take(held), seed)
            print(f"{name} {seed} {system}", file=sys.stderr)
    return Answers(whole.labelled.codes, found, first)


def by_validation(name: str, reads: Reader) -> Answers:
    """The validation split answered by systems that have learnt from the training split."""
    held_out = datasets.load(name, "validation")
    train = part_of(without_copies(datasets.load(name, "train"), held_out), name, reads)
    held = part_of(held_out, name, reads)
    found = {system: [answer(train, held, 0)] for system, answer in systems(reads).items()}
    return Answers(held.labelled.codes, found, np.arange(held_out.num_rows))


def tables(answers: dict[str, Answers], held_out: dict[str, Answers]) -> Iterator[str]:
    yield "### By repeated folds\n\n" + folds_table(answers)
    yield "### On the validation splits\n\n" + folds_table(held_out)
    yield "### Table III: 80:20\n\n" + third_table(answers)
    yield "### Lexicon against learning\n\n" + paired_table(answers)
    for name, found in answers.items():
        yield f"### Tables IV and V: {name}, 80:20\n\n" + class_tables(found)
    yield "### The paper's 50 posts\n\n" + paper_table()


def folds_table(answers: dict[str, Answers]) -> str:
    names = list(next(iter(answers.values())).of_system)
    sizes = [f"{name} ({len(found.truth):,})" for name, found in answers.items()]
    lines = [f"| system | {' | '.join(sizes)} |", "| --- |" + " --- |" * len(sizes)]
    lines += [
        f"| {system} | {' | '.join(_figures(found, system) for found in answers.values())} |"
        for system in names
    ]
    return "\n".join(lines)


def _is_whole(found: Answers, system: str) -> bool:
    return bool((found.of_system[system][0] != NO_ANSWER).all())


def _figures(found: Answers, system: str) -> str:
    if not _is_whole(found, system):
        return ""
    interval = bootstrap_intervals(found.counts(system)).macro_f1
    f1s, accuracies = found.macro_f1(system), found.accuracy(system)
    return (
        f"**{np.mean(f1s):.3f}** [{interval.low:.3f}, {interval.high:.3f}], "
        f"accuracy {np.mean(accuracies):.3f}"
    )


def third_table(answers: dict[str, Answers]) -> str:
    """Precision and recall weighted by the classes' sizes, as Weka prints them."""
    lines = [
        "| classifier | " + " | ".join(f"{name}: precision | recall" for name in answers) + " |",
        "| --- |" + " ---: | ---: |" * len(answers),
    ]
    for system in next(iter(answers.values())).of_system:
        cells = []
        for found in answers.values():
            counts = found.counts(system, rows=found.first)
            total = sum(counts.support.values())
            precision = sum(counts.precision[c] * counts.support[c] for c in CLASSES) / total
            cells.append(f"{precision:.3f} | {counts.accuracy:.3f}")
        lines.append(f"| {system} | {' | '.join(cells)} |")
    return "\n".join(lines)


def best_classifier(found: Answers) -> str:
    return max(SETTINGS, key=lambda kind: float(np.mean(found.macro_f1(kind))))


def paired_table(answers: dict[str, Answers]) -> str:
    lines = [
        "| data set (posts) | first - second | macro-F1 difference | differs | right alone | McNemar p |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in answers.items():
        best = best_classifier(found)
        pairs = [(kind, LEXICON) for kind in SETTINGS]
        pairs += [(best, PAPER), (best, FITTED), (FITTED, LEXICON)]
        for one, other in pairs:
            pair = found.compare(one, other, found.first if FITTED in (one, other) else slice(None))
            gap = pair.difference
            lines.append(
                f"| {name} ({pair.n_rows:,}) | {one} - {other} | {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] "
                f"| {'yes' if pair.is_real else 'no'} "
                f"| {pair.only_first:,} - {pair.only_second:,} | {pair.p_value:.2g} |"
            )
    return "\n".join(lines)


def class_tables(found: Answers) -> str:
    best = best_classifier(found)
    chosen = (LEXICON, FITTED, best)
    lines = [
        "| class | " + " | ".join(f"{name}: correct | incorrect" for name in chosen) + " | total |",
        "| --- |" + " ---: | ---: |" * len(chosen) + " ---: |",
    ]
    all_counts = [found.counts(name, rows=found.first) for name in chosen]
    for label in CLASSES:
        total = all_counts[0].support[label]
        cells = [f"{c.correct[label]:,} | {total - c.correct[label]:,}" for c in all_counts]
        lines.append(f"| {label} | {' | '.join(cells)} | {total:,} |")
    n_rows = all_counts[0].n_rows
    right = [sum(counts.correct.values()) for counts in all_counts]
    cells = [f"{n:,} | {n_rows - n:,}" for n in right]
    lines.append(f"| all | {' | '.join(cells)} | {n_rows:,} |")
    accuracies = []
    for n in right:
        share = wilson_interval(n, n_rows)
        accuracies.append(f"{share.value:.3f} | [{share.low:.3f}, {share.high:.3f}]")
    lines.append(f"| accuracy | {' | '.join(accuracies)} | |")
    return "\n".join(lines)


def paper_table() -> str:
    lines = [
        "| approach | right | accuracy | 95 % interval (Wilson) |",
        "| --- | --- | --- | --- |",
    ]
    for name, (right, total) in PAPER_RIGHT.items():
        share = wilson_interval(right, total)
        lines.append(
            f"| {name} | {right} of {total} | {share.value:.2f} | {share.low:.3f} to {share.high:.3f} |"
        )
    cells = [[right, total - right] for right, total in PAPER_RIGHT.values()]
    return (
        "\n".join(lines) + f"\n\nFisher's exact test of the two: p = {fisher_exact(cells)[1]:.2f}"
    )


def as_json(found: Answers) -> dict[str, object]:
    return {
        system: {}
        if not _is_whole(found, system)
        else {
            "macro_f1": found.macro_f1(system),
            "accuracy": found.accuracy(system),
            "interval": bootstrap_intervals(found.counts(system)).macro_f1.to_dict(),
            "matrix_80_20": found.counts(system, rows=found.first).matrix,
        }
        for system in found.of_system
    }


if __name__ == "__main__":
    raise SystemExit(main())
