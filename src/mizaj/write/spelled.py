"""Columns written out as text, for JSON Lines and CSV, a whole column at a time."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_is = pa.types
_NULL = "null"
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def json_lines(batch: pa.RecordBatch) -> pa.Array:
    r"""One line of JSON for each row, keys in the order of the columns.

    A number that JSON does not know (NaN, infinity) is null.

    >>> json_lines(pa.record_batch({"text": ["accha", None], "score": [0.5, -1]})).to_pylist()
    ['{"text": "accha", "score": 0.5}\n', '{"text": null, "score": -1}\n']
    """
    parts: list[Any] = []
    for number, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        mark = "{" if number == 0 else ", "
        parts.append(_scalar(f"{mark}{json.dumps(name, ensure_ascii=False)}: "))
        parts.append(json_values(column))
    ending = "}\n" if parts else "{}\n"
    return pc.binary_join_element_wise(*parts, _scalar(ending), _scalar(""))


def json_values(column: pa.Array) -> pa.Array:
    """Each value as JSON; null is `null`."""
    if _is.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if _is_text(column.type):
        return _quoted(column)
    if _is.is_integer(column.type) or _is.is_boolean(column.type):
        return _or_null(column)
    if _is.is_floating(column.type):
        return _or_null(pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type)))
    if _is.is_temporal(column.type) and not _is.is_duration(column.type):
        return _quoted(_iso(column))
    return _each_dumped(column)


def csv_column(column: pa.Array) -> pa.Array:
    """A column that CSV can hold: nested and binary values are written as JSON."""
    if _is.is_dictionary(column.type):
        return csv_column(column.cast(column.type.value_type))
    is_plain = _is.is_integer(column.type) or _is.is_boolean(column.type)
    if _is_text(column.type):
        return column.cast(pa.large_string())
    if is_plain or _is.is_floating(column.type):
        return column
    if _is.is_temporal(column.type) and not _is.is_duration(column.type):
        return _iso(column)
    dumped = _each_dumped(column)
    return pc.if_else(column.is_valid(), dumped, pa.scalar(None, dumped.type))


def _is_text(kind: pa.DataType) -> bool:
    return bool(_is.is_string(kind) or _is.is_large_string(kind) or _is.is_string_view(kind))


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _or_null(column: pa.Array) -> pa.Array:
    return column.cast(pa.large_string()).fill_null(_NULL)


def _iso(column: pa.Array) -> pa.Array:
    """Times as ISO 8601, with `Z` where the column has a time zone."""
    spelled = column.cast(pa.large_string())
    return pc.replace_substring(spelled, " ", "T") if _is.is_timestamp(column.type) else spelled


def _quoted(column: pa.Array) -> pa.Array:
    escaped = _escaped(column.cast(pa.large_string()))
    quote = _scalar('"')
    return pc.binary_join_element_wise(quote, escaped, quote, _scalar("")).fill_null(_NULL)


def _escaped(column: pa.Array) -> pa.Array:
    """The texts with what JSON forbids in strings escaped; most columns have little of it."""
    values = column.buffers()[2]
    # Looking at the bytes first is ten times faster than replacing what is not there.
    seen = np.frombuffer(values, np.uint8) if values is not None else np.empty(0, np.uint8)
    for mark in ("\\", '"'):
        if (seen == ord(mark)).any():
            column = pc.replace_substring(column, mark, "\\" + mark)
    for code in np.unique(seen[seen < 0x20]).tolist():
        escape = _SHORT_ESCAPES.get(chr(code), f"\\u{code:04x}")
        column = pc.replace_substring(column, chr(code), escape)
    return column


def _each_dumped(column: pa.Array) -> pa.Array:
    """Lists, structs, decimals and the like, value by value: there is no kernel for these."""
    dumped = [json.dumps(v, ensure_ascii=False, default=_plain) for v in column.to_pylist()]
    return pa.array(dumped, pa.large_string())


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
