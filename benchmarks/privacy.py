"""How much personal data is found in made-up cases and in real posts, how it is replaced, and at what cost.

    python benchmarks/privacy.py [--cases N] [--show KIND [--sample N]]

Prints the recall of each kind on made-up cases (`personal_cases.py`), how many harmless texts are masked, how many
finds of each kind there are in 1,000 posts of the real sets, and CPU time a post. `--show` prints finds of a kind in
real posts with what stands around them, to be judged by reading; such a sample is kept nowhere.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import datasets
import personal_cases
import posts
import pyarrow as pa
import pyarrow.compute as pc
from machine import heading

from mizaj.clean.personal import KINDS, WAYS, MaskPersonal
from mizaj.clean.personal.finder import Finder

KEY = "benchmark key, of no one's data"
N_SPEED = 65_536
REPEATS = 5
AROUND = 40


def main() -> None:
    """Print the figures, or a sample."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--cases", type=int, default=4_000, help="made-up cases of each kind")
    parser.add_argument("--show", choices=KINDS, help="print finds of this kind in real posts")
    parser.add_argument("--sample", type=int, default=100, help="how many of them")
    options = parser.parse_args()
    if options.show:
        show(options.show, options.sample)
        return
    print(heading())
    print_recall(options.cases)
    print_real()
    print_speed()


def print_recall(n: int) -> None:
    """Recall by kind, and what is wrongly found in harmless texts."""
    finder = Finder()
    print(f"{n:,} made-up cases of each kind: masked whole, and taken for what they are")
    for kind in KINDS:
        found = [judged(case, finder(case.text)) for case in personal_cases.cases(kind, n)]
        whole, named = (sum(column) / n for column in zip(*found, strict=True))
        print(f"  {kind:8} {whole:.4f}  {named:.4f}")
    harmless = personal_cases.harmless(n)
    wrong = sum(bool(finder(text)) for text in harmless)
    print(f"  of {n:,} harmless texts {wrong} are masked")


def judged(case: personal_cases.Case, found: list) -> tuple[bool, bool]:
    """Whether nothing of the value is left, and whether its kind is right."""
    left = set(range(case.start, case.end))
    near = [each for each in found if each.start < case.end and each.end > case.start]
    left.difference_update(*(range(each.start, each.end) for each in near))
    return not left, case.kind in {each.kind for each in near}


def real_posts() -> Iterator[tuple[str, pa.Array]]:
    """The texts of every public set, by name; test splits are not read."""
    folder = datasets.folder()
    for path in sorted(folder.glob("*/*.parquet")) if folder else ():
        if path.stem != "test":
            yield path.parent.name, datasets.texts(path.parent.name, path.stem)


def print_real() -> None:
    """Finds of each kind in 1,000 real posts."""
    if datasets.absent():
        print(datasets.absent())
        return
    step, finds, n_posts = MaskPersonal(), Counter(), 0
    for _, texts in real_posts():
        masked = step(pa.record_batch({"text": texts})).column("masked")
        finds.update(masked.flatten().to_pylist())
        n_posts += len(texts)
    print(f"{n_posts:,} real posts: finds, and finds in 1,000 posts")
    for kind in KINDS:
        print(f"  {kind:8} {finds[kind]:>8,}  {1_000 * finds[kind] / n_posts:.3f}")


def show(kind: str, n: int) -> None:
    """Finds of a kind with what stands around them, drawn by chance."""
    finder, shown = Finder(), []
    for name, texts in real_posts():
        masked = MaskPersonal(kinds=KINDS)(pa.record_batch({"text": texts})).column("masked")
        for text, kinds in zip(texts.to_pylist(), masked.to_pylist(), strict=True):
            if kind in kinds:
                shown += [(name, text, each) for each in finder(text) if each.kind == kind]
    print(f"{len(shown):,} finds")
    for name, text, found in random.Random(1).sample(shown, min(n, len(shown))):
        before, after = text[max(0, found.start - AROUND) : found.start], text[found.end :][:AROUND]
        line = f"{before}⟦{text[found.start : found.end]}⟧{after}"
        print(f"{name:34} {' '.join(line.split())}")


def print_speed() -> None:
    """CPU time a post, for each way, with and without handles in the posts."""
    texts = posts.texts(N_SPEED)
    without = texts.filter(pc.invert(pc.match_substring(texts, "@")))
    print(posts.describe())
    for name, column in (("all posts", texts), ("without an at sign", without)):
        batch = pa.record_batch({"text": column})
        cost = {
            how: spent(MaskPersonal(how=how, key=KEY if how == "hash" else ""), batch)
            for how in WAYS
        }
        figures = ", ".join(
            f"{how} {1e6 * cost_s / len(column):.2f}" for how, cost_s in cost.items()
        )
        print(f"  {name} ({len(column):,}), µs of CPU a post, best of {REPEATS}: {figures}")


def spent(step: MaskPersonal, batch: pa.RecordBatch) -> float:
    """CPU seconds of the quickest of some passes."""
    passes = []
    for _ in range(REPEATS):
        start = time.process_time()
        step(batch)
        passes.append(time.process_time() - start)
    return min(passes)


if __name__ == "__main__":
    main()
