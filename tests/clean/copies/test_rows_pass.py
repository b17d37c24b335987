"""Times as the pass over rows reads them: in their order, whatever their type."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mizaj.clean.copies.rows_pass import as_time


@pytest.mark.parametrize(
    "ascending",
    [
        pa.array([-1e9, -2.5, 0.0, 0.25, 1577836800.25, 1577836800.75, 1e300]),
        pa.array(["2019-12-31 23:59:59", "2020-01-01"], pa.string_view()),
        pa.array(["2019-12-31", "2020-01-01T00:00:01Z"]).dictionary_encode(),
        pa.array([99, 100], pa.timestamp("s", "Asia/Kolkata")),
        pa.array([17, 18], pa.date32()),
    ],
)
def test_times_of_any_type_keep_their_order(ascending):
    found = as_time(ascending).to_pylist()
    assert None not in found
    assert found == sorted(set(found))
