"""How right mizaj's lexicon is against vaderSentiment and TextBlob, on the same labelled posts.

    python benchmarks/accuracy.py [--rejoin] [--full] [--json]

The rivals answer three classes by a threshold on their score, both inclusive: positive from 0.05,
negative to -0.05. Texts are as published unless `--rejoin` joins the tokens of SentiMix, then for
all systems. What a system fits is fitted on training rows that are no copies of held-out rows.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import combinations

import datasets
import fit_lexicon
import pyarrow as pa

import mizaj
from mizaj.batch import SCORED
from mizaj.learn.compare import Comparison
from mizaj.learn.evaluate import Scorer, compare, evaluate
from mizaj.learn.evaluation import Results
from mizaj.learn.folds import folds
from mizaj.learn.intervals import bootstrap_intervals, wilson_interval
from mizaj.learn.metrics import Counts
from mizaj.lexicon import scorer as scoring
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.pack import merge, pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.paper import VARIANTS

THRESHOLD = 0.05  # VADER's own advice for its compound score; used for TextBlob's polarity too
RIVALS = ("vaderSentiment", "TextBlob")
# Table and sentence count of the code-mixed paper; II adds up to 203 sentences, IV to 51.
PAPER = (("II, as stated", 176, 200), ("II, by its rows", 176, 203), ("IV, as stated", 43, 50))


@dataclass(frozen=True)
class System:
    """What is compared; `fit` gives the scorer for a set's training rows and held-out rows, and may ignore both."""

    name: str
    fit: Callable[[pa.Table, pa.Table], Scorer]


def main() -> int:
    options = _options()
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    systems = _systems()
    results = {
        f"{name} {split}": _evaluate(systems, name, split, rejoin=options.rejoin)
        for name, split in datasets.REPORTED
    }
    if options.json:
        print(json.dumps(_as_json(results, options), indent=2))
        return 0
    print(_heading(options), _accuracy_table(results), _paired_table(results), sep="\n\n")
    print("", _paper_table(), sep="\n")
    if options.full:
        for result in results.values():
            print("", result.render(), sep="\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rejoin", action="store_true", help="join SentiMix tokens to posts")
    parser.add_argument("--full", action="store_true", help="print every table of every system")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


def _systems() -> tuple[System, ...]:
    return (_lexicon(), *(_paper(rules) for rules in VARIANTS), _vader(), _textblob())


def _lexicon() -> System:
    shipped = mizaj.load("lexicon")

    def fit(train: pa.Table, held_out: pa.Table) -> Scorer:
        # A set without folds was held out when the shipped figures were fitted.
        return _refitted(held_out) if train.num_rows else shipped.score

    return System("lexicon", fit)


def _paper(rules: str) -> System:
    model = mizaj.load("lexicon", mizaj.LexiconSettings(rules=rules))
    return System(rules, lambda _train, _held_out: model.score)


def _refitted(held_out: pa.Table) -> Scorer:
    """The lexicon tier with every figure fitted anew, without the held-out rows and their near-copies."""
    rows = pa.concat_tables([fit_lexicon.reported(), held_out.select(["text", "label"])])
    fitted = fit_lexicon.fit(rows)
    entries = merge(fit_lexicon.dictionaries(), fitted.learnt)
    lexicon = Lexicon(pack(entries, fitted.weights))
    scorer = scoring.Scorer(scoring.LexiconSettings(), lexicon, scoring.Kernel(lexicon))

    def score(texts: pa.Array) -> pa.Table:
        return pa.table(score_column(texts, scorer), schema=SCORED)

    return score


def _vader() -> System:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return _by_threshold(RIVALS[0], lambda text: analyzer.polarity_scores(text)["compound"])


def _textblob() -> System:
    from textblob import TextBlob

    return _by_threshold(RIVALS[1], lambda text: TextBlob(text).sentiment.polarity)


def _by_threshold(name: str, polarity: Callable[[str], float]) -> System:
    def score(texts: pa.Array) -> pa.Table:
        values = [polarity(text) for text in texts.to_pylist()]
        return pa.table({"sentiment": pa.array(map(_three_classes, values), pa.string())})

    return System(name, lambda _train, _held_out: score)


def _three_classes(polarity: float) -> str:
    if polarity >= THRESHOLD:
        return "positive"
    return "negative" if polarity <= -THRESHOLD else "neutral"


def _evaluate(systems: tuple[System, ...], name: str, split: str, *, rejoin: bool) -> Results:
    """All systems on one set; where it is cut into folds, on the answers of all folds together."""
    table = datasets.load(name, split, rejoin=rejoin)
    parts = list(folds(table)) if name in datasets.CROSS_VALIDATED else [(table.slice(0, 0), table)]
    rows = pa.concat_tables([held_out for _, held_out in parts])
    answers = {each.name: _answers(each, parts) for each in systems}
    return Results(
        tuple(
            evaluate(given, rows["label"], by={"source": rows["source"]}).named(system)
            for system, given in answers.items()
        ),
        tuple(
            compare(answers[first], answers[second], rows["label"], names=(first, second))
            for first, second in combinations(answers, 2)
            if "lexicon" in (first, second)
        ),
    )


def _answers(system: System, parts: list[tuple[pa.Table, pa.Table]]) -> pa.ChunkedArray:
    """The answers for the held-out rows of all parts, one part after the other."""
    chunks = []
    for train, held_out in parts:
        texts = held_out["text"].combine_chunks()
        scored = system.fit(train, held_out)(texts)
        chunks.append(scored["sentiment"].combine_chunks().cast(pa.string()))
    return pa.chunked_array(chunks, pa.string())


def _heading(options: argparse.Namespace) -> str:
    versions = ", ".join(f"{rival} {version(rival)}" for rival in RIVALS)
    texts = "SentiMix tokens joined to posts" if options.rejoin else "texts as published"
    return (
        f"Macro-F1 with 95 % bootstrap intervals; {texts}; {versions}, thresholds "
        f"+-{THRESHOLD} inclusive; Python {platform.python_version()}."
    )


def _accuracy_table(results: dict[str, Results]) -> str:
    names = [each.name for each in next(iter(results.values())).evaluations]
    lines = [
        f"| data set | rows | {' | '.join(names)} |",
        f"| --- | ---: |{' --- |' * len(names)}",
    ]
    for name, result in results.items():
        cells = [_cell(each.counts) for each in result.evaluations]
        n_rows = result.evaluations[0].counts.n_rows
        lines.append(f"| {name} | {n_rows:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(counts: Counts) -> str:
    found = bootstrap_intervals(counts)
    macro_f1 = found.macro_f1
    return (
        f"**{macro_f1.value:.3f}** [{macro_f1.low:.3f}, {macro_f1.high:.3f}], "
        f"accuracy {found.accuracy.value:.3f}"
    )


def _paired_table(results: dict[str, Results]) -> str:
    lines = [
        "| data set | first - second | macro-F1 difference | differs | right alone | McNemar p |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        _paired_row(name, pair) for name, each in results.items() for pair in each.comparisons
    ]
    return "\n".join(lines)


def _paired_row(name: str, pair: Comparison) -> str:
    gap = pair.difference
    return (
        f"| {name} | {pair.first} - {pair.second} "
        f"| {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] "
        f"| {'yes' if pair.is_real else 'no'} "
        f"| {pair.only_first:,} - {pair.only_second:,} | {pair.p_value:.2g} |"
    )


def _paper_table() -> str:
    """What the code-mixed paper's accuracies say, given how few sentences they stand on."""
    lines = [
        "| table of the paper | right | accuracy | 95 % interval (Wilson) |",
        "| --- | --- | --- | --- |",
    ]
    for table, correct, total in PAPER:
        found = wilson_interval(correct, total)
        lines.append(
            f"| {table} | {correct} of {total} | {found.value:.3f} "
            f"| {found.low:.3f} to {found.high:.3f} |"
        )
    return "\n".join(lines)


def _as_json(results: dict[str, Results], options: argparse.Namespace) -> dict[str, object]:
    return {
        "rejoined": options.rejoin,
        "threshold": THRESHOLD,
        "versions": {rival: version(rival) for rival in RIVALS},
        "results": {name: result.to_dict() for name, result in results.items()},
        "paper": {
            table: wilson_interval(correct, total).to_dict() for table, correct, total in PAPER
        },
    }


if __name__ == "__main__":
    sys.exit(main())
