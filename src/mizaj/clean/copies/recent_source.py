"""A source whose copies are marked as they come, in one pass: for standard input and other streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from mizaj.batch import Pipeline
from mizaj.clean.copies.recent import REASON, RecentPosts
from mizaj.clean.marking import is_kept, mark
from mizaj.errors import SettingError
from mizaj.read import Part, Source, Span
from mizaj.read.columns import conform
from mizaj.read.source import Note, Origin


@dataclass(frozen=True, eq=False)
class RecentPart:
    """A part whose batches carry `duplicate` in `rejected` for copies of posts of late."""

    part: Part
    recent: RecentPosts
    filters: Pipeline
    text: str

    @property
    def origin(self) -> Origin:
        """The file, or what stands for one."""
        return self.part.origin

    @property
    def schema(self) -> pa.Schema:
        """The columns of the part."""
        return self.part.schema

    @property
    def spans(self) -> tuple[Span, ...]:
        """Those of the part."""
        return self.part.spans

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        """The rows of the part with `target`; what the filters would set aside is no copy, and not remembered."""
        for raw in self.part.batches(span, target, note):
            batch = conform(raw, target, text=self.text)
            filtered = self.filters(batch)
            is_open = is_kept(filtered).to_numpy(zero_copy_only=False)
            is_copy = self.recent.see(filtered.column(self.text), is_open)
            yield mark(batch, pa.array(is_copy), REASON)


def check_stream(source: Source) -> None:
    """Raises `SettingError` for a source of several shards, which may be read at a time: it has no order."""
    if len(source.shards) != 1:
        msg = (
            f"the source has {len(source.shards)} shards, which have no order, and copies are marked as they come in a "
            "stream only; look for near or exact copies (--copies near), which find all of them"
        )
        raise SettingError(msg)


def with_recent(source: Source, recent: RecentPosts, *, filters: Pipeline | None = None) -> Source:
    """The same source with copies of earlier rows set aside as `duplicate`, in the order in which rows are read.

    Raises `SettingError` for a source of several shards: those are for `find_duplicates`.
    """
    check_stream(source)
    pipeline = filters or Pipeline(())
    parts = tuple(RecentPart(part, recent, pipeline, source.settings.text) for part in source.parts)
    return replace(source, parts=parts, marks=f"{recent.settings} {pipeline.fingerprint}")
