"""What marking copies as they come gets wrong, against the exact answer, and what it takes."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import posts
import pyarrow as pa

from mizaj.clean.copies.recent import RecentPosts, RecentSettings
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.near.pairs import near_pairs
from mizaj.clean.near.sketching import Sketch

BATCH_ROWS = 8192
FULL_CAPACITY = 100_000
FULL_POSTS = 300_000


def errors(texts: list[str], settings: RecentSettings) -> list[str]:
    """Of real posts that all fit, which copies of earlier posts are marked, and which others."""
    is_exact, is_near = _earlier(texts, settings.near or Sketch())
    marks = _marked(pa.array(texts), RecentPosts(settings))
    is_copy = is_exact | is_near
    n_false = int((marks & ~is_copy).sum())
    close = _alike_by(texts, np.flatnonzero(marks & ~is_copy), settings.near or Sketch())
    return [
        "| of real posts | rows | marked | share |",
        "| --- | ---: | ---: | ---: |",
        _share("exact copies of an earlier post", is_exact, marks),
        _share("near copies only", is_near & ~is_exact, marks),
        _share("neither", ~is_copy, marks),
        "",
        f"of {n_false} marked wrongly, by the likeness of the most alike earlier post: {close}",
    ]


def when_full(settings: RecentSettings) -> list[str]:
    """Of different posts beyond what is remembered, how many are marked, and what each takes."""
    texts = _different(FULL_POSTS)
    small = replace(settings, capacity=FULL_CAPACITY)
    lines = [
        "| filters | different posts | marked wrongly | stated | microseconds of processor a post | MB |"
    ]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, each in (("exact", replace(small, near=None)), ("exact and near", small)):
        start = time.process_time()
        marks = _marked(texts, RecentPosts(each))
        taken = (time.process_time() - start) / len(texts)
        share = marks[FULL_CAPACITY:].mean()
        lines.append(
            f"| {name}, {each.capacity:,} posts | {len(texts):,} | {share:.5%} | {each.error:.3%} | "
            f"{taken * 1e6:.2f} | {each.size_bytes / 1e6:.1f} |"
        )
    return lines


def _share(name: str, where: np.ndarray, marks: np.ndarray) -> str:
    n, n_marked = int(where.sum()), int((where & marks).sum())
    return f"| {name} | {n:,} | {n_marked:,} | {n_marked / max(n, 1):.2%} |"


def _marked(texts: pa.Array, recent: RecentPosts) -> np.ndarray:
    starts = range(0, len(texts), BATCH_ROWS)
    batches = [texts.slice(start, BATCH_ROWS) for start in starts]
    return np.concatenate([recent.see(each, np.ones(len(each), np.bool_)) for each in batches])


def _earlier(texts: list[str], sketch: Sketch) -> tuple[np.ndarray, np.ndarray]:
    """Where an earlier post has the same content, and where one is a near copy."""
    forms = plain_forms(pa.array(texts))
    _, first, groups = np.unique(forms.hashes, return_index=True, return_inverse=True)
    is_exact = first[groups] != np.arange(len(texts))
    pairs = near_pairs(forms, sketch)
    is_near = np.zeros(len(texts), np.bool_)
    # pairs name the first row of each content, so the later of two first rows is a near copy, and all its copies
    is_near[pairs.others] = True
    return is_exact, is_near[first[groups]]


def _alike_by(texts: list[str], rows: np.ndarray, sketch: Sketch) -> dict[str, int]:
    """Wrongly marked rows by the likeness of the most alike earlier post, in tenths."""
    pairs = near_pairs(plain_forms(pa.array(texts)), Sketch(threshold=0.5, shingle=sketch.shingle))
    most: dict[int, float] = {}
    for row, alike in zip(pairs.others.tolist(), pairs.similarity.tolist(), strict=True):
        most[row] = max(most.get(row, 0.0), alike)
    tenths = (int(most.get(row, 0.0) * 10) for row in rows.tolist())
    counted = Counter("below 0.5" if n < 5 else f"0.{n} to 0.{n + 1}" for n in tenths)
    return dict(sorted(counted.items(), reverse=True))


def _different(n: int) -> pa.Array:
    """Posts of random real words, no two alike."""
    words = np.array([word for text in posts.pool().to_pylist() for word in text.split()], object)
    drawn = np.random.default_rng(11)
    picked = words[drawn.integers(0, len(words), (n, 16))]
    return pa.array([" ".join(row) for row in picked])
