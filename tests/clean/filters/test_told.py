"""A filter that was asked before stands for itself in a pipeline and does nothing."""

from __future__ import annotations

import pickle

import pyarrow as pa

from mizaj.batch import REJECTED, Pipeline
from mizaj.clean.filters.empty import Empty
from mizaj.clean.filters.length import Length
from mizaj.clean.filters.told import Told


def test_it_has_the_reasons_of_its_filter_and_changes_nothing() -> None:
    batch = pa.record_batch({"text": ["", "a"], "rejected": pa.nulls(2, REJECTED.type)})
    told = Told(Length())
    assert told.reasons == ("too_short", "too_long")
    assert Told(Empty())(batch) is batch
    assert Empty()(batch).column("rejected").to_pylist() == ["empty", None]


def test_it_is_a_value_that_tells_filters_and_their_settings_apart() -> None:
    one, same, other = Told(Length()), Told(Length()), Told(Length(least_words=3))
    assert pickle.loads(pickle.dumps(one)) == same
    assert hash(one) == hash(same)
    prints = [Pipeline((step,)).fingerprint for step in (one, same, other, Length())]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
