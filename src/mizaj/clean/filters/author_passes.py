"""Bots found in a source of any size: each shard is counted once, then each bucket of authors is judged on its own.

Memory is bounded by a chunk of a shard and by a bucket; the outcome does not depend on how the source is cut.
"""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mizaj import __version__
from mizaj.batch import Pipeline
from mizaj.clean.filters.authors import (
    COUNTS,
    JUDGED,
    SEARCH,
    AuthorCounts,
    AuthorSettings,
    author_names,
)
from mizaj.clean.passes import Receipt, Work, do_pass, opened
from mizaj.clean.rereading import check_rereadable, readable_batches
from mizaj.cluster import Spread
from mizaj.errors import ColumnMissing
from mizaj.read import Shard, Source

_COUNTED, _FOUND = "author_counts", "bots"
_KEY = pa.field("key", pa.uint64())
_CHUNK_PAIRS = 1 << 18
"""Pairs of author and template that a shard holds before they are written."""
_BUCKET_PAIRS = 1 << 18
_MOST_BUCKETS = 1024
# What a post takes in a file whose number of rows is not known before it is read.
_POST_BYTES = 100
_NOTHING = Pipeline(())


@dataclass(frozen=True)
class CountAuthors:
    """The pass over shards: what `filters` keep is counted by author and template, and laid down in buckets."""

    source: Source
    filters: Pipeline
    settings: AuthorSettings
    work: Work
    title: str = "count_authors"

    def __call__(self, shard: Shard, /) -> Receipt:
        """Writes the counts of a shard."""
        n_chunks = 0
        with self.work.writing(shard.name, {_COUNTED: COUNTS.append(_KEY)}) as writers:
            for counts in self._chunks(shard):
                (keyed,) = _keyed(counts.table).to_batches()
                for bucket in self.work.split(keyed, _KEY.name):
                    writers[_COUNTED].write_batch(bucket)
                n_chunks += 1
        return self.work.enter(self.title, Receipt(shard.name, n_chunks))

    def _chunks(self, shard: Shard) -> Iterator[AuthorCounts]:
        counts = AuthorCounts()
        for batch in readable_batches(self.source, shard):
            counts += AuthorCounts.of(self.filters(batch), self.settings)
            if counts.table.num_rows >= _CHUNK_PAIRS:
                yield counts
                counts = AuthorCounts()
        if counts.table.num_rows:
            yield counts


@dataclass(frozen=True)
class JudgeAuthors:
    """The pass over buckets: who of its authors is taken for a bot."""

    names: tuple[str, ...]
    settings: AuthorSettings
    work: Work
    title: str = "judge_authors"

    def __call__(self, bucket: int, /) -> Receipt:
        """Writes the bots of a bucket."""
        read = self.work.read(_COUNTED, self.names, bucket)
        batches = [batch.select(COUNTS.names) for batch in read]
        # summed once: to add file by file would group and sort all that came before again for each
        counts = AuthorCounts() + AuthorCounts(pa.Table.from_batches(batches, COUNTS))
        bots = counts.bots(self.settings)
        with self.work.writing(str(bucket), {_FOUND: JUDGED}) as writers:
            for batch in bots.combine_chunks().to_batches():
                writers[_FOUND].write_batch(batch)
        return self.work.enter(self.title, Receipt(str(bucket), counts={"bots": bots.num_rows}))


def find_bots(
    source: Source,
    folder: Path,
    *,
    settings: AuthorSettings | None = None,
    spread: Spread = map,
    filters: Pipeline = _NOTHING,
) -> pa.Table:
    """Who is taken for a bot, with posts and templates: `JUDGED`, by author. Rows that `filters` reject do not count.

    `folder`, which all workers must see, holds files between the passes; what a killed run left there for the same
    input and settings is gone on with. An input that breaks off is counted as far as it can be read. Raises
    `ColumnMissing` where the source has no column of that author, `SourceError` where that column names nobody, or
    where the source can be read only once.

    >>> import tempfile
    >>> from mizaj.read import open_source
    >>> source = open_source(pa.table({"author": ["a"] * 20, "text": [f"Deal {n}!" for n in range(20)]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     find_bots(source, Path(folder)).to_pylist()
    [{'author': 'a', 'n_posts': 20, 'n_templates': 1}]
    """
    settings = settings or AuthorSettings()
    if settings.author not in source.schema.names:
        raise ColumnMissing(settings.author, source.schema.names, needed_by=SEARCH)
    author_names(pa.nulls(0, source.schema.field(settings.author).type), settings.author)
    check_rereadable(source, sought="the search for bots")
    place = folder / _identity(source, settings, filters)
    if not source.is_repeatable:
        shutil.rmtree(place, ignore_errors=True)
    work = Work(place, n_buckets(source.shards))
    count = CountAuthors(source, filters, settings, work)
    names = tuple(shard.name for shard in source.shards)
    do_pass(count, source.shards, name_of=lambda shard: shard.name, spread=spread)
    do_pass(JudgeAuthors(names, settings, work), work.buckets, name_of=str, spread=spread)
    work.drop(_COUNTED)
    return pa.concat_tables([_read(work, name) for name in work.names]).sort_by("author")


def n_buckets(shards: Sequence[Shard]) -> int:
    """Buckets that authors are divided among, so that one of them takes a bounded memory: a power of two."""
    spans = [shard.span for shard in shards]
    n_rows = sum(
        span.n_bytes // _POST_BYTES if span.n_rows is None else span.n_rows for span in spans
    )
    wanted = max(n_rows // _BUCKET_PAIRS, 1)
    return min(1 << (wanted - 1).bit_length(), _MOST_BUCKETS)


def _read(work: Work, name: str) -> pa.Table:
    with opened(work.path(_FOUND, name)) as file:
        return pa.Table.from_batches(list(file), JUDGED)


def _identity(source: Source, settings: AuthorSettings, filters: Pipeline) -> str:
    """A hash of all that the outcome depends on."""
    shards = [(shard.name, shard.span) for shard in source.shards]
    asked = (__version__, settings, filters.fingerprint)
    given = (source.settings, source.inputs, source.marks, shards)
    facts = repr((asked, given))
    return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def _keyed(counts: pa.Table) -> pa.Table:
    """The counts with a key that spreads authors evenly over buckets."""
    encoded = counts["author"].combine_chunks().dictionary_encode()
    # one author at a time: Arrow has no hash of strings that is the same in every process
    hashes = [zlib.crc32(author.encode()) for author in encoded.dictionary.to_pylist()]
    keys = np.array(hashes, np.uint64)[encoded.indices.to_numpy()] << np.uint64(32)
    return counts.append_column(_KEY, pa.array(keys)).combine_chunks()
