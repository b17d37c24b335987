"""One shard from source to sink: what every engine does, wherever it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from mizaj.batch import Pipeline
from mizaj.errors import SourceError
from mizaj.read import BadInput, Shard, Source
from mizaj.write import Receipt, ShardWriter, Sink


class Each(Protocol):
    """A way to apply a function to batches, in order: `map`, or one that looks ahead."""

    def __call__(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        batches: Iterable[pa.RecordBatch],
        /,
    ) -> Iterator[pa.RecordBatch]:
        """The results, in the order of the batches."""


Tick = Callable[[int], Any]
"""Takes the number of rows that were just done."""


class ShardFunction(Protocol):
    """Does one shard."""

    def __call__(self, shard: Shard, /, *, each: Each = ..., tick: Tick = ...) -> ShardResult:
        """What became of it."""


class Engine(Protocol):
    """What applies the function of a run to shards, wherever."""

    def __call__(
        self, function: ShardFunction, shards: Sequence[Shard], /, *, tick: Tick
    ) -> Iterator[ShardResult]:
        """The results, in the order in which they come."""


@dataclass(frozen=True)
class Counts:
    """Rows by fate, remarks about the input by how often they came up, masked personal data by kind. Adds with `+`.

    >>> (Counts(3, 2, {"spam": 1}) + Counts(1, 0, {"spam": 1})).rejected
    {'spam': 2}
    """

    rows_in: int = 0
    rows_out: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.rows_in + other.rows_in,
            self.rows_out + other.rows_out,
            _sum(self.rejected, other.rejected),
            _sum(self.notes, other.notes),
            _sum(self.masked, other.masked),
        )

    @property
    def rows_rejected(self) -> int:
        """The rows that were set aside, for whatever reason."""
        return sum(self.rejected.values())


@dataclass(frozen=True)
class ShardResult:
    """What became of one shard: counts, files with sizes, and the input that broke off, if one did."""

    shard: str
    counts: Counts
    files: dict[str, int]
    bad: tuple[BadInput, ...] = ()


@dataclass(frozen=True)
class Job:
    """A pipeline between a source and a sink: a value that pickles, called with one shard.

    It knows nothing of threads, processes or clusters: those give it `each` and `tick`.
    """

    pipeline: Pipeline
    source: Source
    sink: Sink

    @property
    def schema(self) -> pa.Schema:
        """The columns that come out, `rejected` among them; raises when the steps do not fit."""
        return self.pipeline.schema(self.source.schema)

    def __call__(
        self,
        shard: Shard,
        /,
        *,
        each: Each = map,
        tick: Tick = lambda _: None,
    ) -> ShardResult:
        """Reads, transforms and writes a shard; `tick` gets the rows of each batch when it is done.

        When the input breaks off, the rows before that are written and the result says so.
        """
        notes: Counter[str] = Counter()
        bad: list[BadInput] = []
        batches = self._readable(shard, notes, bad)
        with ShardWriter(self.sink, shard.name, self.schema) as writer:
            for batch in each(self.pipeline, batches):
                writer.write(batch)
                tick(batch.num_rows)
        return _result(shard, writer.receipt, notes, bad)

    def _readable(
        self, shard: Shard, notes: Counter[str], bad: list[BadInput]
    ) -> Iterator[pa.RecordBatch]:
        def note(remark: str) -> None:
            notes[remark] += 1

        try:
            yield from self.source.batches(shard, note=note)
        except SourceError as error:
            bad.append(BadInput(self.source.inputs[shard.part].path, str(error)))


def _result(
    shard: Shard, receipt: Receipt, notes: Counter[str], bad: list[BadInput]
) -> ShardResult:
    counts = Counts(
        receipt.rows_in,
        receipt.rows_out,
        receipt.rejected,
        dict(sorted(notes.items())),
        receipt.masked,
    )
    return ShardResult(shard.name, counts, receipt.files, tuple(bad))


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    if not (one and other):
        return one or other
    return dict(sorted((Counter(one) + Counter(other)).items()))
