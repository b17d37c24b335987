"""What each stage set aside adds up, from reading to copies."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.clean.settings import CleanSettings
from mizaj.lexicon.columns import LexiconScore
from mizaj.run.stages import DUPLICATES, READ, stages_of

STEPS = (*CleanSettings().steps(), LexiconScore())
REASONS = [reason for step in STEPS for reason in getattr(step, "reasons", ())]
REJECTED = st.dictionaries(
    st.sampled_from([*REASONS, "null_text", "duplicate_of", "of an earlier run"]), st.integers(1, 9)
)


@given(REJECTED, st.integers(0, 99))
def test_every_rejected_row_stands_in_one_stage_and_every_stage_gets_what_the_last_kept(
    rejected: dict[str, int], n_kept: int
) -> None:
    rows_in = n_kept + sum(rejected.values())
    stages = stages_of(STEPS, rows_in, rejected)
    assert sum((Counter(stage.rejected) for stage in stages), Counter()) == Counter(rejected)
    given_rows = rows_in
    for stage in stages:
        assert stage.rows_in == given_rows
        assert stage.kept == given_rows - sum(stage.rejected.values())
        given_rows = stage.kept
    assert stages[-1].kept == n_kept


@given(REJECTED, REJECTED)
def test_stages_of_a_sum_are_the_sums_of_stages(one: dict[str, int], two: dict[str, int]) -> None:
    both = dict(Counter(one) + Counter(two))
    n_one, n_two = sum(one.values()), sum(two.values())
    whole = {s.name: s for s in stages_of(STEPS, n_one + n_two, both)}
    parts = [
        {s.name: s for s in stages_of(STEPS, n, each)} for n, each in ((n_one, one), (n_two, two))
    ]
    for name, stage in whole.items():
        found = [part[name] for part in parts if name in part]
        assert stage.rejected == dict(sum((Counter(s.rejected) for s in found), Counter()))


@pytest.mark.parametrize(
    ("reason", "stage"),
    [
        ("null_text", READ),
        ("whatever an earlier run said", READ),
        ("empty", "empty"),
        ("spam", "spam"),
        ("language", "language"),
        ("duplicate_of", DUPLICATES),
        ("duplicate", DUPLICATES),
    ],
)
def test_a_reason_belongs_to_the_stage_that_gives_it(reason: str, stage: str) -> None:
    found = stages_of(STEPS, 5, {reason: 2})
    assert [each.name for each in found if each.rejected] == [stage]


def test_of_two_filters_of_one_name_both_are_stages() -> None:
    twice = (*CleanSettings().filters(), *CleanSettings().filters())
    found = [stage for stage in stages_of(twice, 5, {"spam": 2}) if stage.name == "spam"]
    assert [(stage.rows_in, stage.kept) for stage in found] == [(5, 3), (3, 3)]


def test_steps_that_reject_nothing_are_no_stages() -> None:
    assert [stage.name for stage in stages_of((LexiconScore(),), 3, {})] == [READ]
