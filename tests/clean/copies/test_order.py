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


@pytest.mark.parametrize(
    "spelt",
    [
        "2020-01-01 05:30:00+05:30",
        "2020-01-01T05:30:00.25+0530",
        "2020-01-01T05:30:00,5 +05:30",
        "2020-01-01 05:00:00+05",
        " 2019-12-31T16:00:00-08\n",
        "2020-01-01T00:00:00Z",
        "2020-01-01",
        "Wed Jan 01 05:30:00 +0530 2020",
        "Tue Dec 31 16:00:00 -0800 2019",
    ],
)
def test_one_moment_in_many_spellings(spelt):
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        assert as_time(pa.array([None, spelt], kind)).to_pylist() == [None, 1577836800_000000]


def test_what_only_looks_like_a_time_is_none():
    spelt = [
        "31-01-2020",
        "2020-13-01",
        "Foo Bar 10 20:19:24 +0000 2018",
        "12:30 +05:30",
        "kal 12:30",
        "Jan 01 05:30:01 2020",
        "2020-01-01T05:30:01+05:30[Asia/Kolkata]",
        "2020-01-01 05:30:01 +5",
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
