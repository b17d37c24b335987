"""One schema for all inputs, and rows that break it marked rather than lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT_TYPES, as_text, text_type
from mizaj.errors import SourceError

NULL_TEXT = "null_text"
BROKEN_ENCODING = "broken_encoding"
BROKEN_LINE = "broken_line"
CHANGED_TYPE = "changed_type"

_is = pa.types


def unify(named: Sequence[tuple[str, pa.Schema]], *, text: str) -> pa.Schema:
    """The common schema of inputs, each given with its name, where no value loses anything.

    Columns keep the order in which they first appear. Raises `SourceError` that names the input
    without a text column, or the two inputs whose types cannot meet.
    """
    fields: dict[str, pa.Field] = {}
    owner: dict[str, str] = {}
    for name, schema in named:
        _check_text(name, schema, text)
        for field in schema:
            if field.name == text:
                kind = text_type(field.type)
                fresh = pa.field(text, kind)
            else:
                fresh = pa.field(field.name, field.type)
            old = fields.get(field.name, fresh)
            merged = _merge(old, fresh)
            if merged is None:
                msg = (
                    f"column '{field.name}' is {old.type} in {owner[field.name]} and {fresh.type} "
                    f"in {name}; give both files one type, or read them in two runs"
                )
                raise SourceError(msg)
            fields[field.name] = merged
            owner.setdefault(field.name, name)
    return pa.schema(list(fields.values()))


def conform(batch: pa.RecordBatch, schema: pa.Schema, *, text: str) -> pa.RecordBatch:
    """The batch with exactly `schema`; rows that do not fit are marked in `rejected`.

    Columns that the batch lacks are null. A string that is not UTF-8 is repaired with U+FFFD and
    its row marked `broken_encoding`; a value that does not fit the type becomes null and its row
    `changed_type:<column>`; a null text `null_text`. The first reason stays.
    """
    reasons = _old_reasons(batch)
    columns = []
    for field in schema:
        if field.name == REJECTED.name:
            continue
        column = _column(batch, field, is_text=field.name == text)
        column, misfits = _fitted(column, field.type)
        reasons = _mark(reasons, misfits, f"{CHANGED_TYPE}:{field.name}")
        column, broken = _decodable(column)
        reasons = _mark(reasons, broken, BROKEN_ENCODING)
        columns.append(column)
        if field.name == text and column.null_count:
            reasons = _mark(reasons, column.is_null(), NULL_TEXT)
    return pa.RecordBatch.from_arrays([*columns, _as_rejected(reasons, batch)], schema=schema)


def _check_text(name: str, schema: pa.Schema, text: str) -> None:
    doubled = sorted({column for column in schema.names if schema.names.count(column) > 1})
    if doubled:
        msg = f"{name}: column '{doubled[0]}' is there twice; rename one of them"
        raise SourceError(msg)
    there = ", ".join(schema.names) or "none"
    if text not in schema.names:
        msg = (
            f"{name}: has no column '{text}'; columns there: {there}. "
            "Name the right one with --text COLUMN"
        )
        raise SourceError(msg)
    if text_type(schema.field(text).type) is None:
        msg = (
            f"{name}: column '{text}' is {schema.field(text).type}; a text column is {TEXT_TYPES}. "
            f"Columns there: {there}"
        )
        raise SourceError(msg)


def _merge(old: pa.Field, new: pa.Field) -> pa.Field | None:
    if old.type.equals(new.type):
        return old
    options = {"promote_options": "permissive"}
    try:
        return pa.unify_schemas([pa.schema([old]), pa.schema([new])], **options).field(0)
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        is_lossless = _spells(old.type) and _spells(new.type)
        return pa.field(old.name, pa.string()) if is_lossless else None


def _spells(column: pa.DataType) -> bool:
    """Whether every value of the type can be written as a string and read back."""
    if _is.is_dictionary(column):
        return _spells(column.value_type)
    checks = (_is.is_integer, _is.is_floating, _is.is_boolean, _is.is_string, _is.is_large_string)
    return any(check(column) for check in (*checks, _is.is_string_view, _is.is_null))


def _column(batch: pa.RecordBatch, field: pa.Field, *, is_text: bool) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    return as_text(column) if is_text else column


def _fitted(column: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """The column cast to a type, and where values do not fit it (None: all do)."""
    if column.type.equals(kind):
        return column, None
    try:
        return column.cast(kind), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _each_fitted(column, lambda value: value.cast(kind), kind)


def _decodable(column: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """The column with broken UTF-8 repaired, and where it was (None: nowhere)."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        if _is.is_string(column.type) or _is.is_large_string(column.type):
            return _repaired(column)
        return _each_fitted(column, _validated, column.type)
    return column, None


def _repaired(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    is_large = _is.is_large_string(column.type)
    raw = column.view(pa.large_binary() if is_large else pa.binary()).to_pylist()
    # Broken text is rare, so a loop over the rows of this one batch costs nothing.
    fixed = [None if value is None else value.decode(errors="replace") for value in raw]
    broken = [b is not None and b != (s or "").encode() for b, s in zip(raw, fixed, strict=True)]
    return pa.array(fixed, column.type), pa.array(broken)


def _validated(value: pa.Array) -> pa.Array:
    value.validate(full=True)
    return value


def _each_fitted(
    column: pa.Array, fit: Callable[[pa.Array], pa.Array], kind: pa.DataType
) -> tuple[pa.Array, pa.Array]:
    """Row by row: the value where it fits, else null; a loop, as this is the rare broken batch."""
    pieces = []
    misfits = np.zeros(len(column), dtype=bool)
    for row in range(len(column)):
        try:
            pieces.append(fit(column.take([row])))
        except pa.ArrowInvalid:
            misfits[row] = True
            pieces.append(pa.nulls(1, kind))
    return pa.concat_arrays(pieces), pa.array(misfits)


def _old_reasons(batch: pa.RecordBatch) -> pa.Array | None:
    if REJECTED.name not in batch.schema.names:
        return None
    return batch.column(REJECTED.name).cast(pa.string())


def _mark(reasons: pa.Array | None, where: pa.Array | None, reason: str) -> pa.Array | None:
    if where is None:
        return reasons
    fresh = pc.if_else(where, reason, pa.scalar(None, pa.string()))
    return fresh if reasons is None else pc.coalesce(reasons, fresh)


def _as_rejected(reasons: pa.Array | None, batch: pa.RecordBatch) -> pa.Array:
    if reasons is None:
        return pa.nulls(batch.num_rows, REJECTED.type)
    return reasons.dictionary_encode()
