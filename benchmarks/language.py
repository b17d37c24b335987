"""How often the language of a word is right, on the word-tagged data sets, against rivals.

    python benchmarks/language.py [--folds] [--errors N]

Counted are words in Latin letters that the data set tags as English or Hindi. Left out: other tags (names, acronyms,
universal, mixed, emoticons), punctuation, numbers, emoji, mentions, hashtags, links and `RT`. Intervals are Wilson's,
95 %.

Validation splits are never trained on. The icon2016 figure, and with `--folds` a second one for hinglid, are of five
folds: the model is trained without the fold that is measured, for hinglid with its other four folds added.
Needs what `train_language.py` needs; py3langid and lingua-language-detector are compared where they are installed.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import math
import platform
from collections import Counter
from collections.abc import Callable, Sequence

from train_language import Corpus, TaggedRows, read_corpus, tagged_rows, train

from mizaj.text.language import HI_LATN, WordLanguage, load_word_language

VALIDATION = ("hinglid", "sentimix-hinglish", "sail2017-hinglish")
N_FOLDS = 5
Z = 1.959964

Tagger = Callable[[Sequence[str]], Sequence[bool]]
"""The words of a post -> whether each is Hindi."""


@dataclasses.dataclass(frozen=True)
class Count:
    """Words counted and words right; adds with `+`."""

    n: int = 0
    right: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.n + other.n, self.right + other.right)

    def __str__(self) -> str:
        if not self.n:
            return "-"
        p, zz = self.right / self.n, Z * Z / self.n
        middle = (p + zz / 2) / (1 + zz)
        half = Z * math.sqrt(p * (1 - p) / self.n + zz / (4 * self.n)) / (1 + zz)
        return f"{p:.4f} ({middle - half:.4f}-{middle + half:.4f})"


def measure(rows: TaggedRows, tag: Tagger, *, shortest: int = 1) -> Count:
    """How many counted words of at least `shortest` letters a tagger gets right."""
    n = right = 0
    for row in rows:
        for (word, truth), guess in zip(row, tag([word for word, _ in row]), strict=True):
            if truth is not None and len(word) >= shortest:
                n += 1
                right += guess is truth
    return Count(n, right)


def in_context(model: WordLanguage) -> Tagger:
    return lambda words: [language == HI_LATN for language in model.word_languages(words)]


def alone(model: WordLanguage) -> Tagger:
    return lambda words: [model.word_logit(word) > 0 for word in words]


def all_hindi(words: Sequence[str]) -> list[bool]:
    return [True] * len(words)


def rivals() -> dict[str, Tagger]:
    """Public word taggers that are installed. Neither knows romanised Hindi, so what is not English counts as Hindi."""
    found: dict[str, Tagger] = {}
    if importlib.util.find_spec("py3langid"):
        import py3langid

        def by_langid(words: Sequence[str]) -> list[bool]:
            return [py3langid.classify(word)[0] != "en" for word in words]

        found["py3langid, a word at a time"] = by_langid
    if importlib.util.find_spec("lingua"):
        from lingua import Language, LanguageDetectorBuilder

        detector = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()

        def by_lingua(words: Sequence[str]) -> list[bool]:
            return [detector.detect_language_of(word) != Language.ENGLISH for word in words]

        found["lingua, a word at a time"] = by_lingua
    return found


def fold_count(name: str, rows: TaggedRows, corpus: Corpus) -> Count:
    """The five-fold figure of a data set whose other folds are in the training data as hand-checked."""
    total = Count()
    for fold in range(N_FOLDS):
        kept = [row for i, row in enumerate(rows) if i % N_FOLDS != fold]
        held_out = [row for i, row in enumerate(rows) if i % N_FOLDS == fold]
        model = train(dataclasses.replace(corpus, tagged={**corpus.tagged, name: kept}))
        total += measure(held_out, in_context(model))
    return total


def print_errors(rows: TaggedRows, tag: Tagger, n: int) -> None:
    errors: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for (word, truth), guess in zip(row, tag([word for word, _ in row]), strict=True):
            if truth is not None and guess is not truth:
                errors[word, "hi" if truth else "en"] += 1
    for (word, truth), count in errors.most_common(n):
        print(f"{count:6} {word} (tagged {truth})")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure word-level language identification.")
    parser.add_argument("--folds", action="store_true", help="train on folds as well (minutes)")
    parser.add_argument("--errors", type=int, default=0, help="list this many errors on hinglid")
    options = parser.parse_args()
    model = load_word_language()
    print(
        f"Python {platform.python_version()}, {platform.machine()}; {len(model.known):,} known words"
    )
    taggers = {
        "mizaj": in_context(model),
        "mizaj, without context": alone(model),
        "all Hindi": all_hindi,
        **rivals(),
    }
    for name in VALIDATION:
        rows = tagged_rows(name, "validation")
        n_words = measure(rows, all_hindi).n
        print(f"\n{name} validation: {len(rows):,} posts, {n_words:,} words")
        for title, tag in taggers.items():
            some = rows if title.startswith("mizaj") or title == "all Hindi" else rows[:500]
            note = "" if some is rows else " (first 500 posts)"
            print(f"  {title + note:45} {measure(some, tag)}")
        long = measure(rows, in_context(model), shortest=4)
        print(f"  {f'mizaj, {long.n:,} words of four letters or more':45} {long}")
        if name == "hinglid":
            print_errors(rows, in_context(model), options.errors)
    if options.folds:
        corpus = read_corpus()
        for name, split in (("icon2016-pos-hinglish", "train"), ("hinglid", "validation")):
            print(f"\n{name}, five folds: {fold_count(name, tagged_rows(name, split), corpus)}")


if __name__ == "__main__":
    main()
