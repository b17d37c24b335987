"""Posts to look for copies in: real ones with planted near copies, and generated ones whose copies are counted."""

from __future__ import annotations

import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import datasets
import numpy as np
import posts
import pyarrow as pa
import pyarrow.parquet as pq

SETS = {
    "sms-spam": "train",
    "youtube-spam": "train",
    "heot-hinglish-offensive": "train",
    "sentimix-hinglish": "train",
    "reddit-india-stream": "unlabelled",
    "india-politics-2014-stream": "unlabelled",
    "hinglish-comedy-tweets": "unlabelled",
    "trac1-aggression-hindi": "train",
}
PLANTED_SHARE = 0.1
SEED = 7
EXACT_EVERY, NEAR_EVERY = 10, 20
WORDS_AT_LEAST, WORDS_AT_MOST = 10, 26


def _appended(text: str, chosen: random.Random) -> str:
    return f"{text} {chosen.choice(['yaar', 'lol', 'must read', 'via app', 'please share'])}"


def _cut(text: str, chosen: random.Random) -> str:
    return text[: int(len(text) * chosen.uniform(0.8, 0.95))] + "…"


def _without_a_word(text: str, chosen: random.Random) -> str:
    words = text.split()
    del words[chosen.randrange(len(words))]
    return " ".join(words)


def _other_spelling(text: str, chosen: random.Random) -> str:
    words = text.split()
    place = chosen.randrange(len(words))
    words[place] += words[place][-1] * 2
    return " ".join(words)


def _other_number(text: str, chosen: random.Random) -> str:
    return f"{text} code {chosen.randrange(10_000)}"


def _quoted(text: str, chosen: random.Random) -> str:
    return f"{chosen.choice(['so true', 'haha', 'wah'])} RT @user{chosen.randrange(99)}: {text}"


PLANTS: tuple[Callable[[str, random.Random], str], ...] = (
    _appended,
    _cut,
    _without_a_word,
    _other_spelling,
    _other_number,
    _quoted,
)


def real(n: int) -> list[str]:
    """`n` posts of the public sets, a tenth of them planted near copies of others, in random order."""
    chosen = random.Random(SEED)
    found: list[str] = []
    for name, split in SETS.items():
        path = datasets.folder() / name / f"{split}.parquet"
        texts = [text for text in pq.read_table(path)["text"].to_pylist() if text and text.split()]
        found += chosen.sample(texts, min(len(texts), n // 5))
    n_planted = int(n * PLANTED_SHARE)
    kept = chosen.sample(found, n - n_planted)
    planted = [chosen.choice(PLANTS)(chosen.choice(kept), chosen) for _ in range(n_planted)]
    return chosen.sample(kept + planted, n)


def alike(plain: Sequence[str], threshold: float, length: int) -> set[tuple[int, int]]:
    """Each two different plain forms whose sets of shingles are so alike: sets and counts in plain Python."""
    holders: dict[str, list[int]] = defaultdict(list)
    sizes: list[int] = []
    found = set()
    for place, text in enumerate(plain):
        shingles = {text[start : start + length] for start in range(len(text) - length + 1)}
        shared = Counter(other for shingle in shingles for other in holders[shingle])
        for other, n_shared in shared.items():
            if n_shared / (len(shingles) + sizes[other] - n_shared) >= threshold:
                found.add((other, place))
        sizes.append(len(shingles))
        for shingle in shingles:
            holders[shingle].append(place)
    return found


@dataclass(frozen=True)
class Planted:
    """A file of generated posts and how many copies were planted in it."""

    path: Path
    n_rows: int
    n_exact: int
    n_near: int


def generated(n: int, folder: Path | None = None) -> Planted:
    """A Parquet file of `n` posts of random real words; a tenth are retweets of earlier ones, a twentieth near copies.

    Copies stand a row group behind what they copy, so they are never in the same shard.
    """
    place = folder or Path(tempfile.gettempdir()) / "mizaj-benchmarks"
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"copies-{n}-{posts.fingerprint()}.parquet"
    rows = np.arange(n)
    is_copy = rows >= posts.ROW_GROUP
    n_exact = int((is_copy & (rows % EXACT_EVERY == 0)).sum())
    n_near = int((is_copy & (rows % NEAR_EVERY == 5)).sum())
    if not path.exists():
        _write(path, n)
    return Planted(path, n, n_exact, n_near)


def _write(path: Path, n: int) -> None:
    found = (word for text in posts.pool().to_pylist() for word in text.split())
    # In capitals and back, a Turkish dotless i has a dot.
    words = np.array([word for word in found if word.upper().casefold() == word.casefold()], object)
    drawn = np.random.default_rng(SEED)
    unfinished = path.with_suffix(".part")
    before: list[str] = []
    with pq.ParquetWriter(
        unfinished, posts.SCHEMA, compression="zstd", use_dictionary=["source"]
    ) as writer:
        for first in range(0, n, posts.ROW_GROUP):
            texts = _varied(words, min(posts.ROW_GROUP, n - first), drawn)
            if before:
                _plant(texts, before, first)
            writer.write_table(posts._rows(pa.array(texts), first))
            before = texts
    unfinished.rename(path)


def _varied(words: np.ndarray, n: int, drawn: np.random.Generator) -> list[str]:
    sizes = drawn.integers(WORDS_AT_LEAST, WORDS_AT_MOST, n)
    ends = np.cumsum(sizes)
    picked = words[drawn.integers(0, len(words), ends[-1])]
    return [" ".join(picked[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _plant(texts: list[str], before: list[str], first: int) -> None:
    """Each copy is of another post of the group before, one that is no copy itself."""
    for place in range(len(texts)):
        row = first + place
        source = place - place % 10 + (3 if row % EXACT_EVERY == 0 else 7)
        if row % EXACT_EVERY == 0:
            texts[place] = f"RT @user{row % 997}: {before[source].upper()}!! https://t.co/{row}"
        elif row % NEAR_EVERY == 5:
            texts[place] = f"{before[source]} yaar"
