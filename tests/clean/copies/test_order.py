"""Times are read in their order, whatever their type and spelling; ids one by one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mizaj.clean.copies.order import as_id, as_time


@pytest.mark.parametrize(
    "ascending",
    [
        pa.array([-1e9, -2.5, 0.0, 0.25, 1577836800.25, 1577836800.75, 1e300]),
        pa.array(["2019-12-31 23:59:59", "2020-01-01"], pa.string_view()),
        pa.array(["2019-12-31", "2020-01-01T00:00:01Z"]).dictionary_encode(),
        pa.array([99, 100], pa.timestamp("s", "Asia/Kolkata")),
        pa.array(
            ["2020-01-01T05:00:00+05:30", "2020-01-01 00:00:00Z", "2020-01-01T00:00:01.5-0000"]
        ),
        pa.array(["2019-12-31", "2019-12-31T23:59:59-00:30", "2020-01-01 00:30:00"]),
        pa.array(
            [
                "Tue Dec 31 23:59:59 +0000 2019",
                "Wed Jan 01 05:30:01 +0530 2020",
                "2020-01-01 00:00:02",
            ],
            pa.large_string(),
        ),
        pa.array([17, 18], pa.date32()),
    ],
)
def test_times_of_any_type_keep_their_order(ascending):
    found = as_time(ascending).to_pylist()
    assert None not in found
    assert found == sorted(set(found))


def test_what_only_looks_like_a_time_is_none():
    spelt = [
        "31-01-2020",
        "2020-13-01",
        "Foo Bar 10 20:19:24 +0000 2018",
        "12:30 +05:30",
        "kal 12:30",
        "१२",
    ]
    assert as_time(pa.array(spelt)).null_count == len(spelt)


def test_an_id_that_is_damaged_costs_no_other_its_own():
    assert as_id(pa.array([b"1", b"\xff", None, b""], pa.binary())).to_pylist() == [
        "1",
        None,
        None,
        None,
    ]
    assert as_id(pa.array([[1], None])).to_pylist() == [None, None]
    assert as_id(pa.array([7, None])).to_pylist() == ["7", None]
