"""How a filter sets rows aside: the first reason stays."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED


def mark(batch: pa.RecordBatch, where: pa.Array, reason: str | pa.Array) -> pa.RecordBatch:
    """The batch with a reason in `rejected` for the rows `where` is true, unless they have one already.

    `reason` is one for all, or a column of strings. Null in `where` is false.

    >>> rejected = pa.array([None, "empty", None], REJECTED.type)
    >>> batch = pa.record_batch({"text": ["a", "", "b"], "rejected": rejected})
    >>> mark(batch, pa.array([True, True, None]), "spam").column("rejected").to_pylist()
    ['spam', 'empty', None]
    """
    is_new = pc.and_(where.fill_null(fill_value=False), batch.column(REJECTED.name).is_null())
    if not pc.any(is_new).as_py():
        return batch
    old = batch.column(REJECTED.name).cast(pa.string())
    place = batch.schema.get_field_index(REJECTED.name)
    reasons = pc.if_else(is_new, reason, old).cast(REJECTED.type)
    return batch.set_column(place, REJECTED, reasons)


def is_kept(batch: pa.RecordBatch) -> pa.Array:
    """Where no reason stands yet: what filters need to look at."""
    return batch.column(REJECTED.name).is_null()
