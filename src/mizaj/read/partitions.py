"""Folders that hold a value of a column in their name, as Hive, Spark and DuckDB write them: `source=twitter/`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa

from mizaj.read.source import Note, Origin, Part, Span

_NULL = "__HIVE_DEFAULT_PARTITION__"
_NAMED = re.compile(r"([^/\\=]+)=([^/\\]*)[/\\]")


@dataclass(frozen=True)
class PartitionedPart:
    """A part with a column of strings for each folder in its path that names one, unless its file has that column."""

    part: Part
    values: tuple[tuple[str, str | None], ...]

    @property
    def origin(self) -> Origin:
        """The file."""
        return self.part.origin

    @property
    def schema(self) -> pa.Schema:
        """The columns of the file, then those of the folders."""
        return pa.schema(
            [*self.part.schema, *(pa.field(name, pa.string()) for name, _ in self.values)]
        )

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those of the file."""
        return self.part.spans

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the file, with the values of the folders."""
        named = dict(self.values)
        target = pa.schema([field for field in target if field.name not in named])
        for batch in self.part.batches(span, target, note):
            added = {name: value for name, value in named.items() if name not in batch.schema.names}
            columns = [
                pa.repeat(pa.scalar(value, pa.string()), batch.num_rows) for value in added.values()
            ]
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, *columns], names=[*batch.schema.names, *added]
            )


def with_partitions(part: Part, path: str) -> Part:
    """The part with the columns that folders in `path` name; the part itself where none does."""
    values = {
        name: value
        for name, value in partition_values(path).items()
        if name not in part.schema.names
    }
    return PartitionedPart(part, tuple(values.items())) if values else part


def partition_values(path: str) -> dict[str, str | None]:
    """What the folders in a path say, by column; None where they say null.

    >>> partition_values("s3://bucket/city=New%20Delhi/lang=__HIVE_DEFAULT_PARTITION__/a=b.csv")
    {'city': 'New Delhi', 'lang': None}
    """
    return {
        unquote(name): None if value == _NULL else unquote(value)
        for name, value in _NAMED.findall(path)
    }
