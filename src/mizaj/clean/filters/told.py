"""A filter that was asked before: its reasons come with the rows."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from mizaj.batch import REJECTED, Filter


@dataclass(frozen=True)
class Told:
    """A filter whose reasons the source brings (`copies.marked.with_duplicates`), so that no row is judged twice.

    It stands in a pipeline for the filter: what was set aside, and by which, can be told from its steps.
    """

    filter: Filter

    @property
    def reads(self) -> tuple[str, ...]:
        """What was rejected."""
        return (REJECTED.name,)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Those of the filter."""
        return self.filter.reasons

    @property
    def name(self) -> str:
        """The name of the filter."""
        return type(self.filter).__name__

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch as it is."""
        return batch
