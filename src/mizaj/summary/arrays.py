"""Columns of a scored batch as numpy arrays, whatever Arrow type each came in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import TIMESTAMP

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Mask: TypeAlias = npt.NDArray[np.bool_]

UNDATED = -(2**31)
"""The hour of a post that has no usable time."""

_NAME_LETTERS = 80
# Years that a post can honestly bear; what lies outside is a broken clock and counts as undated.
_FIRST_HOUR, _END_HOUR = (
    int(np.datetime64(year, "h").astype(np.int64)) for year in ("1900", "2200")
)
_HASHED_BYTES = 128


def plain(values: pa.Array) -> pa.Array:
    """A column of labels or text as strings; in bytes that are not UTF-8, faults are replaced."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        # Row by row, for only rejects are ever bytes, and they are rare.
        decoded = [None if v is None else v.decode("utf-8", "replace") for v in values.to_pylist()]
        return pa.array(decoded, pa.large_string())
    return values if values.type == pa.string() else values.cast(pa.large_string())


def coded(values: pa.Array) -> tuple[list[str], Ints]:
    """The distinct names, shortened, nulls as `""`, and for each row which of them it has."""
    short = pc.utf8_slice_codeunits(plain(values).fill_null(""), 0, _NAME_LETTERS)
    encoded = short.dictionary_encode()
    names: list[str] = encoded.dictionary.to_pylist()
    return names, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def floats(batch: pa.RecordBatch, name: str) -> Floats:
    """A column of numbers, nulls as NaN."""
    values = batch.column(name).cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float32)


def hours(batch: pa.RecordBatch) -> Ints:
    """Hours since 1970 UTC, `UNDATED` without a usable time; a time without a zone is in UTC."""
    if TIMESTAMP.name not in batch.schema.names:
        return np.full(batch.num_rows, UNDATED, np.int64)
    values = batch.column(TIMESTAMP.name)
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        found = _stamped_hours(values)
    elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        # Arrow's parser refuses a whole column for one bad row; few files have times as strings.
        found = np.array([_parsed_hour(value) for value in values.to_pylist()], np.int64)
    else:
        found = np.full(batch.num_rows, UNDATED, np.int64)
    return np.where((found >= _FIRST_HOUR) & (found < _END_HOUR), found, UNDATED)


def _stamped_hours(values: pa.Array) -> Ints:
    zone = getattr(values.type, "tz", None)
    # To seconds, not hours at once: a cast to microseconds may overflow, a cut to seconds may not.
    seconds = values.cast(pa.timestamp("s", zone), safe=False).cast(pa.int64())
    known = seconds.fill_null(UNDATED * 3600).to_numpy(zero_copy_only=False)
    return np.asarray(known // 3600, np.int64)


def _parsed_hour(value: str | None) -> int:
    try:
        moment = datetime.fromisoformat(value or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp() // 3600)
    except (ValueError, OverflowError):
        return UNDATED


def hash_texts(texts: pa.Array) -> Hashes:
    """A 64-bit hash of each string, equal on every machine: its first 128 bytes and its length.

    Null is hashed as the empty string.

    >>> one, two = pa.array(["accha"]), pa.array(["bura", "accha"])
    >>> bool(hash_texts(one)[0] == hash_texts(two)[1])
    True
    """
    texts = texts.cast(pa.large_string())
    _, offset_buffer, data_buffer = texts.buffers()
    if not len(texts) or data_buffer is None:
        return mixed(np.zeros(len(texts), np.uint64))
    offsets = np.frombuffer(offset_buffer, np.int64)[texts.offset :][: len(texts) + 1]
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    data = np.frombuffer(data_buffer, np.uint8)[offsets[0] : offsets[-1]]
    return _hash_rows(np.concatenate([data, np.zeros(8, np.uint8)]), starts, lengths)


def _hash_rows(padded: npt.NDArray[np.uint8], starts: Ints, lengths: Ints) -> Hashes:
    # Every run of eight bytes seen as one number, so that all rows are hashed a word at a time.
    words: Hashes = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))
    hashes = mixed(lengths.astype(np.uint64))
    for place in range(0, min(_HASHED_BYTES, int(lengths.max())), 8):
        rows = np.flatnonzero(lengths > place)
        n_spare_bits = np.maximum(8 - (lengths[rows] - place), 0).astype(np.uint64) * np.uint64(8)
        hashes[rows] = mixed(hashes[rows] ^ (words[starts[rows] + place] << n_spare_bits))
    return hashes


def mixed(values: Hashes) -> Hashes:
    """The last stage of splitmix64 (Steele, Lea and Flood 2014): one to one, every bit moves."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
