"""What the first of several copies is told by: times and ids, of whatever type, as values that can be compared."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_TWITTER = r"^[A-Za-z]{3} (\w{3} \d\d \d\d:\d\d:\d\d) [+-]\d{4} (\d{4})$"
_TWITTER_PLAIN = "%b %d %H:%M:%S %Y"
_OFFSET = r":\d\d(?:[.,]\d+)? ?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>(?:\d\d)?)(?: \d{4})?$"
"""That from UTC, behind a time; a date alone, 2020-01-31, ends alike."""
_OTHER_OFFSET = r":\d\d(?:[.,]\d+)? ?[+-]"
"""One that cannot be read: better no time than one that is hours off."""
_MINUTE_US = 60_000_000
_FIGURES = "^[0-9]{1,18}$"
"""No more of them than are sure to fit 64 bits."""
_is = pa.types


def as_time(column: pa.Array) -> pa.Array:
    """Whole numbers in the order of the times: microseconds, or what stands for them; null where no time can be read.

    Of strings, figures count as numbers; dates and times are read as far as the second, as ISO 8601 or Twitter writes
    them; those without an offset from UTC are taken for UTC.

    >>> as_time(pa.array(["1970-01-01 00:00:01", "1970-01-01T00:00:02.5Z", "gestern", None])).to_pylist()
    [1000000, 2000000, None, None]
    >>> as_time(pa.array(["1970-01-02", "1577836800", ""])).to_pylist()
    [86400000000, 1577836800, None]
    >>> as_time(pa.array(["1970-01-01T05:30:01+05:30", "Thu Jan 01 00:00:01 +0000 1970"])).to_pylist()
    [1000000, 1000000]
    """
    kind = column.type
    if _is.is_dictionary(kind):
        return as_time(column.cast(kind.value_type))
    if _is.is_timestamp(kind) or _is.is_date(kind):
        return column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(
            pa.int64()
        )
    if _is.is_integer(kind):
        return column.cast(pa.int64(), safe=False)
    if _is.is_floating(kind):
        return _in_order(column)
    if _is.is_string(kind) or _is.is_large_string(kind):
        return _read_times(column)
    if _is.is_string_view(kind):
        return _read_times(column.cast(pa.string()))
    return pa.nulls(len(column), pa.int64())


def _in_order(column: pa.Array) -> pa.Array:
    """Whole numbers in the order of floats, which may be seconds with a fraction; null for what is no number.

    The bits of a float, read as a whole number, are in its order; those of negative ones are in the opposite order.
    """
    # minus zero becomes zero
    values = column.cast(pa.float64()).to_numpy(zero_copy_only=False) + 0.0
    bits = values.view(np.int64)
    ordered = np.where(bits < 0, bits ^ np.iinfo(np.int64).max, bits)
    return pa.array(ordered, mask=np.isnan(values))


def _read_times(spelt: pa.Array) -> pa.Array:
    spelt = pc.utf8_trim_whitespace(spelt)
    cut = pc.replace_substring(pc.utf8_slice_codeunits(spelt, 0, 19), "T", " ")
    is_twitter = pc.match_substring_regex(spelt, _TWITTER)
    plain = pc.replace_substring_regex(spelt, _TWITTER, r"\1 \2")
    times = [
        *(_parsed(cut, each) for each in _ISO),
        _parsed(_where(is_twitter, plain), _TWITTER_PLAIN),
    ]
    figures = _where(pc.match_substring_regex(spelt, _FIGURES), spelt).cast(pa.int64())
    return pc.coalesce(pc.subtract(pc.coalesce(*times), _ahead_us(spelt)), figures)


def _parsed(spelt: pa.Array, form: str) -> pa.Array:
    return pc.strptime(spelt, format=form, unit="us", error_is_null=True).cast(pa.int64())


def _where(is_meant: pa.Array, values: pa.Array) -> pa.Array:
    """The values that are meant, null for others."""
    return pc.if_else(is_meant, values, pa.scalar(None, values.type))


def _ahead_us(spelt: pa.Array) -> pa.Array:
    """How far each time is ahead of UTC; 0 where it does not say, null where that cannot be read."""
    found = pc.extract_regex(spelt, _OFFSET)
    sign, hours, minutes = (pc.struct_field(found, each) for each in ("sign", "hours", "minutes"))
    minutes = pc.if_else(pc.equal(minutes, ""), "0", minutes)
    ahead = pc.add(pc.multiply(hours.cast(pa.int64()), 60), minutes.cast(pa.int64()))
    ahead = pc.multiply(pc.if_else(pc.equal(sign, "-"), pc.negate(ahead), ahead), _MINUTE_US)
    is_unread = pc.match_substring_regex(spelt, _OTHER_OFFSET)
    return pc.coalesce(ahead, pc.if_else(is_unread, pa.scalar(None, pa.int64()), 0))


def as_id(column: pa.Array) -> pa.Array:
    r"""Strings; null for what has none, such as a list, for the empty one, and for bytes that are no UTF-8.

    >>> as_id(pa.array([b"17", b"\xff", b""])).to_pylist()
    ['17', None, None]
    """
    try:
        spelt = column.cast(pa.string())
    except pa.ArrowNotImplementedError:
        return pa.nulls(len(column), pa.string())
    except pa.ArrowInvalid:
        spelt = pa.array([_decoded(each) for each in column.to_pylist()], pa.string())
    return pc.if_else(pc.equal(spelt, ""), pa.scalar(None, pa.string()), spelt)


def _decoded(value: object) -> str | None:
    """What bytes spell; None where they spell nothing."""
    try:
        return value.decode() if isinstance(value, bytes) else None
    except UnicodeDecodeError:
        return None
