"""The posts that speed is measured on: real ones where the public data sets are, else varied samples.

    python benchmarks/posts.py ROWS FILE

English tweets, Hinglish and Devanagari stand 57 : 33 : 10. There are some 80,000 different real
posts; more rows repeat them, each time in another order.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mizaj.sample import sample_path

ENGLISH, HINGLISH, DEVANAGARI = 57, 33, 10  # of 100 posts
SETS = {
    ENGLISH: (("tweeteval-sentiment", "train"),),
    HINGLISH: (
        ("sentimix-hinglish", "train"),
        ("sail2017-hinglish", "train"),
        ("iiith-codemixed", "train"),
    ),
    DEVANAGARI: (("hasoc2019-hindi", "train"), ("iitp-product-reviews-hindi", "train")),
}
N_VARIED = 50_000  # different posts made of the shipped ones where the data sets are absent
ROW_GROUP = 122_880  # DuckDB's own choice; pyarrow's is 1,048,576
SOURCES = ("twitter", "youtube", "reddit", "reviews")
START = np.datetime64("2026-01-01T00:00:00", "us")
SEED = 1
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "source": pa.string(),
        "text": pa.string(),
    }
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    write_parquet(options.file, options.rows)
    print(describe())
    return 0


def texts(n: int, seed: int = SEED) -> pa.Array:
    """`n` posts: the pool in random order, again and again."""
    return pa.concat_arrays(list(_runs(n, seed)))


def write_parquet(path: Path, n: int, seed: int = SEED) -> None:
    """A Parquet file of `n` posts: id, timestamp, source, text; its memory stays that of one row group."""
    # Repeated posts must not become a dictionary, which would make the file cheaper to read than a real one.
    unfinished = path.with_suffix(".part")
    settings = {"compression": "zstd", "use_dictionary": ["source"]}
    with pq.ParquetWriter(unfinished, SCHEMA, **settings) as writer:
        first = 0
        for column in _groups(_runs(n, seed)):
            writer.write_table(_rows(column, first), row_group_size=ROW_GROUP)
            first += len(column)
    unfinished.rename(path)


def cached_parquet(n: int, folder: Path | None = None) -> Path:
    """The file of `n` posts in the folder for benchmarks, made where it is not there yet."""
    place = folder or default_folder()
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"posts-{n}-{fingerprint()}.parquet"
    if not path.exists():
        write_parquet(path, n)
    return path


def default_folder() -> Path:
    """Where files are kept between runs, outside the checkout."""
    return Path(tempfile.gettempdir()) / "mizaj-benchmarks"


def describe() -> str:
    """What the posts are, in a line."""
    kind = "real posts of the public sets" if datasets.folder() else "varied sample posts"
    languages = f"English, Hinglish, Devanagari {ENGLISH}:{HINGLISH}:{DEVANAGARI}"
    mean = pc.mean(pc.binary_length(pool())).as_py()
    mixed = languages if datasets.folder() else "figures are not those of the results page"
    return f"posts: {len(pool()):,} different {kind}, {mean:.0f} bytes each ({mixed})"


@functools.cache
def pool() -> pa.Array:
    """The different posts."""
    return pa.array(_real() if datasets.folder() else _varied(), pa.string())


def fingerprint() -> str:
    """A short hash of the posts and their order."""
    content = hashlib.blake2b(digest_size=6)
    for buffer in pool().buffers():
        content.update(buffer or b"")
    content.update(repr((SEED, ROW_GROUP)).encode())
    return content.hexdigest()


def _real() -> list[str]:
    languages = {share: _read(share) for share in SETS}
    # as many posts as keep the shares, given the language with the fewest
    n = min(len(found) / share for share, found in languages.items())
    chosen = random.Random(SEED)
    return [
        text for share, found in languages.items() for text in chosen.sample(found, int(n * share))
    ]


def _read(share: int) -> list[str]:
    """The posts of a language, each once, as their authors wrote them."""
    folder = datasets.folder()
    found: dict[str, None] = {}
    for name, split in SETS[share]:
        if not (folder / name / f"{split}.parquet").is_file():
            raise SystemExit(f"the data set {name} is not in {folder}")
        for text in pq.read_table(folder / name / f"{split}.parquet")["text"].to_pylist():
            found[_as_written(name, text)] = None
    return list(found)


def _as_written(name: str, text: str) -> str:
    if name == "tweeteval-sentiment":
        return datasets.decoded(text)
    return datasets.rejoined(text) if name.startswith("sentimix") else text


def _varied() -> list[str]:
    """Halves of the sample posts put together anew."""
    lines = sample_path().read_text(encoding="utf-8").splitlines()
    words = [text.split() for text in (json.loads(line)["text"] for line in lines) if text]
    chosen = random.Random(SEED)
    made = []
    for _ in range(N_VARIED):
        first, second = chosen.choice(words), chosen.choice(words)
        half = (len(first) + 1) // 2
        made.append(" ".join([*first[:half], *second[len(second) // 2 :]]))
    return made


def _runs(n: int, seed: int) -> Iterator[pa.Array]:
    """The pool in one random order after the other, `n` posts in all."""
    order = np.random.default_rng(seed)
    while n > 0:
        picked = order.permutation(len(pool()))[:n]
        yield pool().take(pa.array(picked))
        n -= len(picked)


def _groups(runs: Iterator[pa.Array]) -> Iterator[pa.Array]:
    """The same posts, cut to row groups."""
    held = pa.array([], pa.string())
    for run in runs:
        held = pa.concat_arrays([held, run])
        while len(held) >= ROW_GROUP:
            yield held[:ROW_GROUP]
            held = held[ROW_GROUP:]
    if len(held):
        yield held


def _rows(column: pa.Array, first: int) -> pa.Table:
    numbers = np.arange(first, first + len(column))
    ids = pa.array([f"post-{number:09}" for number in numbers.tolist()])
    seconds = pa.array(START + numbers.astype("timedelta64[s]"), SCHEMA.field("timestamp").type)
    source = pa.array(SOURCES).take(pa.array(numbers * 7919 % len(SOURCES)))
    return pa.Table.from_arrays([ids, seconds, source, column], schema=SCHEMA)


if __name__ == "__main__":
    sys.exit(main())
