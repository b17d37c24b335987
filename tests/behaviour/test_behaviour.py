"""What mizaj must understand: short cases by phenomenon, written before the rules, to specify them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mizaj

ROOT = Path(__file__).parents[2]
N_CASES = 591
N_PHENOMENA = 37
FLOORS = {"lexicon": 0.98, "default": 0.96}
"""The share of all cases that each model that ships understands at least."""
FLOOR_PHENOMENON = 0.80


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


behaviour = _load("behaviour", ROOT / "benchmarks" / "behaviour.py")
CASES = behaviour.all_cases()
PHENOMENA = sorted({case.phenomenon for case in CASES})


@pytest.fixture(scope="module", params=FLOORS)
def judged(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """The name of a model that ships, and what it understands of each phenomenon."""
    return request.param, behaviour.judge(mizaj.load(request.param))


def test_every_case_and_phenomenon_is_found() -> None:
    assert (len(CASES), len(PHENOMENA)) == (N_CASES, N_PHENOMENA)


def test_every_case_states_something_that_can_be_checked() -> None:
    unknown = [case for case in CASES if case.expected not in behaviour.CHECKS]
    halved = [case for case in CASES if ("_than" in case.expected) != bool(case.than)]
    assert not unknown
    assert not halved


def test_no_two_cases_ask_the_same() -> None:
    asked = [(case.text, case.expected, case.than) for case in CASES]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("phenomenon", PHENOMENA)
def test_a_phenomenon_is_understood_in_most_of_its_cases(
    phenomenon: str, judged: tuple[str, dict[str, Any]]
) -> None:
    found = judged[1][phenomenon]
    assert found.share >= FLOOR_PHENOMENON, "\n".join([f"{found.share:.0%}", *found.failing])


def test_nearly_all_cases_are_understood(judged: tuple[str, dict[str, Any]]) -> None:
    name, found = judged
    lines = [f"{each}: {line}" for each, of in sorted(found.items()) for line in of.failing]
    share = behaviour.share(found)
    print(f"\n{name}: {N_CASES - len(lines)} of {N_CASES} cases understood ({share:.1%})")
    print("\n".join(lines))
    assert share >= FLOORS[name], "\n".join([f"{share:.1%}", *lines])


def test_one_post_alone_is_answered_as_among_others() -> None:
    model = mizaj.load()
    together = model.score([case.text for case in CASES])["sentiment"].to_pylist()
    assert [model(case.text).sentiment for case in CASES] == together


def test_a_card_names_the_phenomena_that_are_not_understood() -> None:
    class Neutral:
        def score(self, texts: list[str]) -> Any:
            return mizaj.load("lexicon").score(["table"] * len(texts))

    told = behaviour.summary(behaviour.judge(Neutral()))
    assert told["cases"] == N_CASES
    assert told["understood"] < N_CASES / 2
    assert told["below_90_percent"]["profanity"]["understood"] < 15
    assert "neutral_facts" not in told["below_90_percent"]
