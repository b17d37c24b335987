"""The columns that evaluated rows are grouped by, from the data or from what models add."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.batch import CMI, LANGUAGE, SOURCE, as_text
from mizaj.errors import ColumnMissing
from mizaj.learn.metrics import Floats
from mizaj.lexicon.columns import score_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer

BY = ("dataset", SOURCE.name, LANGUAGE.name, CMI.name)
"""The columns that rows are grouped by, where they are there, when none are named."""

_NO_VALUE = "(none)"


def group_names(name: str, column: pa.Array) -> pa.Array:
    """The group of each row by a column: its value, or the band of its code-mixing."""
    if name == CMI.name:
        return pa.array(cmi_bands(column.cast(pa.float64()).to_numpy(zero_copy_only=False)))
    return column.cast(pa.string()).fill_null(_NO_VALUE)


def cmi_bands(cmi: Floats) -> NDArray[np.str_]:
    """The band of each code-mixing index; bounds belong to the upper band, 0 has its own."""
    conditions = [cmi <= 0, cmi < 20, cmi < 40, cmi >= 40]
    return np.select(conditions, ["0", "0-20", "20-40", "40+"], default=_NO_VALUE)


def column_of(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column of the data. Raises `ColumnMissing` where it is not there."""
    if name not in batch.schema.names:
        raise ColumnMissing(name, batch.schema.names, needed_by="evaluate")
    return batch.column(name)


def columns_to_group(
    batch: pa.RecordBatch,
    scored: Mapping[str, pa.Table],
    *,
    by: tuple[str, ...] | None,
    text: str,
) -> dict[str, pa.Array]:
    """The columns named in `by`, or those of `BY` that are there.

    They come from the batch, or else from the first model that adds them; language and mixing, where neither has them,
    from the lexicon. Raises `ColumnMissing`.
    """
    there = {name: batch.column(name) for name in batch.schema.names}
    for table in scored.values():
        there = {**{name: table[name].combine_chunks() for name in table.column_names}, **there}
    if not {LANGUAGE.name, CMI.name} <= there.keys():
        there = {**_spoken(batch.column(text)), **there}
    if by is None:
        return {name: there[name] for name in BY if name in there}
    for name in by:
        if name not in there:
            raise ColumnMissing(name, list(there), needed_by="evaluate (by)")
    return {name: there[name] for name in by}


def _spoken(texts: pa.Array) -> dict[str, pa.Array]:
    """The language of each text and how much it mixes."""
    language, cmi = score_column(as_text(texts), load_scorer(LexiconSettings()))[-2:]
    return {LANGUAGE.name: language, CMI.name: cmi}
