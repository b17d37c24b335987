"""What counts as a copy, which columns say what came first, and how big the pieces of the work are."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from mizaj.batch import ID, TIMESTAMP
from mizaj.clean.near.sketching import Sketch
from mizaj.errors import SettingError
from mizaj.read import Shard

MOST_BUCKETS = 1024
_KEY_BYTES = 16
_ROW_BYTES = 48
_BANDS_A_POST_BUCKET = 4
# What a post takes in a file whose number of rows is not known before it is read.
_POST_BYTES = 100


@dataclass(frozen=True)
class DuplicateSettings:
    """`near` says how near copies are found, None for exact ones only.

    Of copies the first is kept: by the column `timestamp`, then by `id` (ids of figures as numbers), then by the name
    of the input and the row. A column that is not there says nothing; a row without a time comes after those with one.
    `bucket_bytes` is what one piece of the work should hold at most, some three times of which it takes in memory;
    `chunk_rows` how many rows of a shard are looked at at once.
    """

    near: Sketch | None = field(default_factory=Sketch)
    id: str = ID.name
    timestamp: str = TIMESTAMP.name
    bucket_bytes: int = 32 << 20
    chunk_rows: int = 1 << 14

    def __post_init__(self) -> None:
        for name in ("bucket_bytes", "chunk_rows"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it must be 1 or more"
                raise SettingError(msg)

    def n_buckets(self, shards: tuple[Shard, ...]) -> tuple[int, int]:
        """How many buckets the keys of bands are divided among, and how many the posts: powers of two.

        Posts take less room than the keys of their bands, and fewer buckets mean fewer small reads.
        """
        spans = [shard.span for shard in shards]
        n_rows = sum(
            span.n_bytes // _POST_BYTES if span.n_rows is None else span.n_rows for span in spans
        )
        if self.near is None:
            return 1, self._divided(n_rows * _ROW_BYTES)
        n_bands = self._divided(n_rows * _KEY_BYTES * self.near.n_bands)
        return n_bands, max(n_bands // _BANDS_A_POST_BUCKET, 1)

    def _divided(self, n_bytes: int) -> int:
        wanted = max(-(-n_bytes // self.bucket_bytes), 1)
        return min(1 << (wanted - 1).bit_length(), MOST_BUCKETS)

    def columns(self, schema: pa.Schema) -> tuple[str | None, str | None]:
        """The columns of the id and the time that are there."""
        there = schema.names
        return (
            self.id if self.id in there else None,
            self.timestamp if self.timestamp in there else None,
        )
