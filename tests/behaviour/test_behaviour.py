"""What mizaj must understand: short cases by phenomenon, written before the rules, to specify them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

import mizaj
from mizaj.errors import ColumnMissing
from mizaj.learn import behaviour
from mizaj.learn.behaviour import CHECKS, Judged, by_phenomenon, cases, overall

CASES = Path(behaviour.__file__).parent / "cases"
COLUMNS = ["text", "expected", "than", "note"]
N_CASES = 591
N_PHENOMENA = 37
FLOORS = {"lexicon": 0.98, "default": 0.96}
"""The share of all cases that each model that ships understands at least."""
FLOOR_PHENOMENON = 0.80

PHENOMENA = sorted({case.phenomenon for case in cases()})


@pytest.fixture(scope="module", params=FLOORS)
def shipped(request: pytest.FixtureRequest) -> tuple[str, list[Judged]]:
    """The name of a model that ships, and its answers."""
    return request.param, behaviour.judge(mizaj.load(request.param).score)


def failing(judged: list[Judged]) -> str:
    return "\n".join(f"{each.case.phenomenon}: {each}" for each in judged if not each.is_right)


def test_every_case_and_phenomenon_is_found() -> None:
    assert (len(cases()), len(PHENOMENA)) == (N_CASES, N_PHENOMENA)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.tsv")), ids=lambda path: path.stem)
def test_a_case_file_has_its_columns_in_every_line(path: Path) -> None:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    assert header.split("\t") == COLUMNS
    assert all(len(line.split("\t")) == len(COLUMNS) for line in lines)


def test_every_case_states_something_that_can_be_checked() -> None:
    unknown = [case for case in cases() if case.expected not in CHECKS]
    halved = [case for case in cases() if ("_than" in case.expected) != bool(case.than)]
    assert not unknown
    assert not halved


def test_no_two_cases_ask_the_same() -> None:
    asked = [(case.text, case.expected, case.than) for case in cases()]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("phenomenon", PHENOMENA)
def test_a_phenomenon_is_understood_in_most_of_its_cases(
    phenomenon: str, shipped: tuple[str, list[Judged]]
) -> None:
    found = [each for each in shipped[1] if each.case.phenomenon == phenomenon]
    assert overall(found).share >= FLOOR_PHENOMENON, failing(found)


def test_nearly_all_cases_are_understood(shipped: tuple[str, list[Judged]]) -> None:
    name, judged = shipped
    found = overall(judged)
    print(f"\n{name}: {found.n_right} of {found.n_cases} cases understood ({found.share:.1%})")
    print(failing(judged))
    assert found.share >= FLOORS[name], failing(judged)


def test_one_post_alone_is_answered_as_among_others() -> None:
    model = mizaj.load()
    together = model.score([case.text for case in cases()])["sentiment"].to_pylist()
    assert [model(case.text).sentiment for case in cases()] == together


def always(sentiment: str) -> behaviour.Score:
    def score(texts: pa.Array) -> pa.Table:
        n = len(texts)
        return pa.table({"sentiment": [sentiment] * n, "score": [0.0] * n, "confidence": [1.0] * n})

    return score


def test_one_answer_for_everything_is_right_only_where_that_is_expected() -> None:
    found = behaviour.judge(always("neutral"))
    wanted = {"neutral", "not_positive", "not_negative"}
    assert {each.case.expected for each in found if each.is_right} == wanted
    assert {each.case.expected for each in found if not each.is_right} == CHECKS.keys() - wanted


def test_a_card_lists_what_is_not_fully_understood_and_adds_up() -> None:
    found = behaviour.judge(always("positive"))
    card = behaviour.to_card(found)
    lost = sum(each["cases"] - each["right"] for each in card["failing"].values())
    assert card["cases"] - card["right"] == lost > 0
    assert "negation_before" in card["failing"]
    shares = [each.share for each in by_phenomenon(found).values()]
    assert shares == sorted(shares)


def test_a_model_of_another_task_is_refused() -> None:
    with pytest.raises(ColumnMissing, match="the behaviour cases"):
        behaviour.judge(lambda texts: pa.table({"emotion": ["joy"] * len(texts)}))
