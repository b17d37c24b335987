"""How many near copies are found, how fast, what marking them in a stream gets wrong, what millions of posts take.

    python benchmarks/near_copies.py [--posts N] [--rounds N] [--rows N ...] [--workers N]

First the near copies among real posts, a tenth of them planted, are counted by brute force; those found must be among
them. Then one core takes the same posts in turns by mizaj (plain forms, signatures, bands, candidates and comparison,
from an Arrow column to pairs) and by its rivals, which take the first 2,000, get the shingles of the plain forms
ready-made, and compare nothing: they only tell candidates. `--rows` searches generated posts in files, whose planted
copies are known, as a process of its own, and takes its time and peak memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import datasets
import machine
import near_copies_posts
import near_copies_recent
import pyarrow as pa

from mizaj.clean.copies.recent import RecentSettings
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.near.pairs import near_pairs
from mizaj.clean.near.sketching import Sketch

POSTS, RIVAL_POSTS, ROUNDS = 20_000, 2_000, 7
ROWS = (1_000_000,)
WORKERS = 2
LEAST_RECALL, LEAST_PRECISION = 0.95, 0.99
# Of planted near copies, each of which is at least so alike, as many must be found as bands promise, and a little less.
LEAST_PLANTED = 0.97
SKETCH = Sketch()


def main() -> int:
    options = _options()
    if options.child:
        return _child(options)
    machine.require("datasketch")
    print(
        machine.heading(),
        f"settings: {SKETCH}, {SKETCH.n_bands} bands of {SKETCH.n_rows}",
        sep="\n",
    )
    if datasets.absent():
        print(f"skipped: {datasets.absent()}", file=sys.stderr)
        return 0
    texts = near_copies_posts.real(options.posts)
    print("", *_quality(texts), "", sep="\n", flush=True)
    print(*near_copies_recent.errors(texts, RecentSettings()), "", sep="\n", flush=True)
    print(*near_copies_recent.when_full(RecentSettings()), "", sep="\n", flush=True)
    if options.rows:
        print(*_sizes(options), "", sep="\n", flush=True)
    print(f"one thread, {machine.pin()}", "", *_speeds(texts, options), sep="\n", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--posts", type=int, default=POSTS, help=f"real posts ({POSTS:,})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"repeats ({ROUNDS})")
    parser.add_argument(
        "--rows", type=int, nargs="*", default=ROWS, help="posts in files (1,000,000)"
    )
    parser.add_argument(
        "--workers", type=int, default=WORKERS, help=f"threads for files ({WORKERS})"
    )
    parser.add_argument("--folder", type=Path, help="where files are kept (the temporary folder)")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _quality(texts: list[str]) -> list[str]:
    """Recall and precision against brute force; leaves where they are not what is promised."""
    forms = plain_forms(pa.array(texts))
    plain = list(dict.fromkeys(forms.texts.to_pylist()))
    start = time.perf_counter()
    truth = near_copies_posts.alike(plain, SKETCH.threshold, SKETCH.shingle)
    taken = time.perf_counter() - start
    pairs = near_pairs(plain_forms(pa.array(plain)), SKETCH)
    found = set(zip(pairs.rows.tolist(), pairs.others.tolist(), strict=True))
    recall, precision = len(found & truth) / len(truth), len(found & truth) / len(found)
    if recall < LEAST_RECALL or precision < LEAST_PRECISION:
        raise SystemExit(f"recall {recall:.4f}, precision {precision:.4f}: less than is promised")
    return [
        f"{len(texts):,} real posts, {len(plain):,} plain forms; brute force took {taken:.0f} s",
        "",
        "| near copies by brute force | found | recall | precision | compared |",
        "| ---: | ---: | ---: | ---: | ---: |",
        f"| {len(truth):,} | {len(found):,} | {recall:.4f} | {precision:.4f} | {pairs.n_compared:,} |",
    ]


def _speeds(texts: list[str], options: argparse.Namespace) -> list[str]:
    column = pa.array(texts)
    some = plain_forms(column).texts.to_pylist()[:RIVAL_POSTS]
    shingles = [_shingles(text) for text in some]
    systems: dict[str, tuple[int, Callable[[], object]]] = {
        "mizaj": (len(texts), lambda: near_pairs(plain_forms(column), SKETCH)),
        "datasketch": (len(some), lambda: _datasketch(shingles)),
        "datasketch, its fastest settings": (
            len(some),
            lambda: _datasketch(shingles, scheme="affine32", hashfunc=zlib.crc32),
        ),
    }
    if rensa := _rensa():
        systems["rensa"] = (len(some), lambda: rensa(shingles))
    taken: dict[str, list[float]] = {name: [] for name in systems}
    for _, search in systems.values():
        search()
    for _ in range(options.rounds):
        for name, (n, search) in systems.items():
            start = time.process_time()
            search()
            taken[name].append((time.process_time() - start) / n)
    lines = [
        "| system | microseconds of processor a post | times as long as mizaj |",
        "| --- | ---: | ---: |",
    ]
    for name, each in taken.items():
        ratios = [theirs / ours for theirs, ours in zip(each, taken["mizaj"], strict=True)]
        spread = f"{statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"
        lines.append(f"| {name} | {statistics.median(each) * 1e6:,.1f} | {spread} |")
    return lines


def _shingles(text: str) -> list[bytes]:
    length = SKETCH.shingle
    return sorted({text[at : at + length].encode() for at in range(len(text) - length + 1)})


def _datasketch(posts: list[list[bytes]], **settings: object) -> int:
    """Inserts all posts and asks for the candidates of each, at the same threshold and number of permutations."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=SKETCH.threshold, num_perm=SKETCH.n_permutations)
    hashed = MinHash.bulk(posts, num_perm=SKETCH.n_permutations, **settings)
    for place, each in enumerate(hashed):
        index.insert(place, each, check_duplication=False)
    return sum(len(index.query(each)) for each in hashed)


def _rensa() -> Callable[[list[list[bytes]]], int] | None:
    try:
        import rensa
    except ImportError:
        return None

    def search(posts: list[list[bytes]]) -> int:
        index = rensa.RMinHashLSH(SKETCH.threshold, SKETCH.n_permutations, 16)
        matrix = rensa.RMinHash.digest_matrix_from_token_byte_sets(posts, SKETCH.n_permutations, 1)
        return sum(index.insert_matrix_and_query_duplicate_flags(matrix))

    return search


def _sizes(options: argparse.Namespace) -> list[str]:
    """A search in files for each number of rows: what it found is checked, then what it took is told."""
    lines = [
        f"generated posts in Parquet, {options.workers} threads, the whole process",
        "",
        "| posts | exact copies | near copies of those planted | seconds | CPU microseconds a post | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        for n in options.rows:
            planted = near_copies_posts.generated(n, options.folder)
            result = Path(scratch, "result.json")
            command = [sys.executable, __file__, "--workers", str(options.workers)]
            cost = machine.measure([*command, "--child", str(planted.path), str(result)])
            found = json.loads(result.read_text())
            share = found["n_near"] / max(planted.n_near, 1)
            is_right = (
                found["n_exact"] == planted.n_exact and found["n_marked"] == found["n_duplicates"]
            )
            if found["n_rows"] != n or not is_right or not LEAST_PLANTED <= share <= 1:
                raise SystemExit(f"{planted} was planted, {found} found")
            lines.append(
                f"| {n:,} | {found['n_exact']:,} | {found['n_near']:,} of {planted.n_near:,} | {cost.wall_s:.1f} | "
                f"{cost.cpu_s / n * 1e6:.2f} | {cost.peak_bytes / 1e6:.0f} |"
            )
    return lines


def _child(options: argparse.Namespace) -> int:
    """Finds the copies in a file, reads it again with them marked, and writes what was found."""
    from concurrent.futures import ThreadPoolExecutor

    from mizaj.batch import REJECTED
    from mizaj.clean.copies.duplicates import find_duplicates
    from mizaj.clean.copies.marked import with_duplicates
    from mizaj.read import open_source

    path, result = options.child
    source = open_source(path)
    with (
        tempfile.TemporaryDirectory(dir=result.parent) as folder,
        ThreadPoolExecutor(options.workers) as pool,
    ):
        found = find_duplicates(source, Path(folder, "work"), spread=pool.map)
        marked = with_duplicates(source, found)
        batches = (batch for shard in marked.shards for batch in marked.batches(shard))
        n_marked = sum(len(b) - b.column(REJECTED.name).null_count for b in batches)
    facts = {name: getattr(found, name) for name in ("n_rows", "n_exact", "n_near", "n_duplicates")}
    result.write_text(json.dumps({**facts, "n_marked": n_marked}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
