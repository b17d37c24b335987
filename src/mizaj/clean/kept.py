"""The texts that no filter has rejected yet: what the next filter reads, and how it rejects some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT_TYPES, as_text, text_type
from mizaj.clean.marking import is_kept, mark
from mizaj.errors import SourceError


@dataclass(frozen=True, eq=False)
class KeptTexts:
    """Some rows of a batch with their texts: string or large_string, no nulls.

    `rows` are places in the batch; None stands for all of them.
    """

    batch: pa.RecordBatch
    rows: pa.Array | None
    texts: pa.Array

    def where(self, chosen: pa.Array) -> KeptTexts:
        """Those of the rows for which `chosen` is true."""
        places = pc.indices_nonzero(chosen)
        rows = places if self.rows is None else self.rows.take(places)
        return KeptTexts(self.batch, rows, self.texts.take(places))

    def reject(self, found: pa.Array, reason: str | pa.Array) -> pa.RecordBatch:
        """The batch with a reason for those of the rows for which `found` is true.

        `reason` is one for all, or a string for each of the rows.
        """
        if not pc.any(found, min_count=0).as_py():
            return self.batch
        if self.rows is None:
            return mark(self.batch, found, reason)
        n = self.batch.num_rows
        is_found = np.zeros(n, np.bool_)
        places = self.rows.to_numpy(zero_copy_only=False)
        is_found[places] = found.to_numpy(zero_copy_only=False)
        if isinstance(reason, pa.Array):
            at = np.zeros(n, np.int64)
            at[places] = np.arange(len(places))
            reason = reason.take(pa.array(at))
        return mark(self.batch, pa.array(is_found), reason)


def kept_texts(batch: pa.RecordBatch, text: str) -> KeptTexts:
    """The rows of a batch that are still kept and have a text. Raises `SourceError` for a column that holds none.

    >>> rejected = pa.array([None, "empty", None], REJECTED.type)
    >>> kept_texts(pa.record_batch({"text": ["a", "", None], "rejected": rejected}), "text").rows.to_pylist()
    [0]
    """
    column = batch.column(text)
    if text_type(column.type) is None:
        msg = f"column '{text}' is {column.type}; the texts to clean are a column of {TEXT_TYPES}"
        raise SourceError(msg)
    texts = as_text(column)
    if not texts.null_count and batch.column(REJECTED.name).null_count == batch.num_rows:
        return KeptTexts(batch, None, texts)
    rows = pc.indices_nonzero(pc.and_(is_kept(batch), texts.is_valid()))
    return KeptTexts(batch, rows, texts.take(rows))


def plain_texts(texts: pa.Array) -> list[str]:
    """The texts as Python strings, for the few that a loop must look at; what is no UTF-8 becomes U+FFFD."""
    return [bytes(text.as_buffer()).decode("utf-8", "replace") for text in texts]
