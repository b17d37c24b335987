"""The pages of a study and of domains stand alone, hold every figure, and take any name."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from mizaj.learn import cross_domain_page, tuned_page
from mizaj.learn.cross_domain import OTHERS, CrossDomain
from mizaj.learn.metrics import Counts
from mizaj.learn.tuned import COMPLETE, FAILED, PRUNED, Attempt, Tuned

GOOD = Counts(("no", "yes"), ((8, 2), (1, 9)))
BAD = Counts(("no", "yes"), ((5, 5), (6, 4)))


class Balance(HTMLParser):
    """Remembers which elements are open, and which there were."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def domains(names=("films", "<b>phones</b>")):
    cells = {one: {other: GOOD if one == other else BAD for other in names} for one in names}
    cells[OTHERS] = dict.fromkeys(names, BAD)
    return CrossDomain("toy", cells, dict.fromkeys(cells, 1234))


def study(n=8, *, names=("rate", "sizes", "mode"), macro_f1=0.5):
    attempts = [
        Attempt(
            number,
            COMPLETE,
            dict(
                zip(names, (10.0 ** -(number % 5), (1, number % 3), number % 2 == 0), strict=False)
            ),
            macro_f1 + 0.01 * number,
            seconds=1.5,
        )
        for number in range(n)
    ]
    extra = (
        Attempt(n, PRUNED, dict(attempts[0].settings), macro_f1 - 0.2),
        Attempt(n + 1, FAILED, {}, None, note="<i>loss</i> is no number"),
    )
    shares = dict.fromkeys(names, 1 / len(names))
    return Tuned("toy", "validation", (*attempts, *extra), attempts[-1], GOOD, shares, Path("m"))


def test_a_heat_map_is_shaded_from_the_lowest_to_the_highest():
    text = cross_domain_page.page(domains())
    assert Balance(text).open == []
    assert text.count('class="heat roomy own strong" style="--share:1.000"') == 2
    assert text.count('class="heat roomy" style="--share:0.080"') == 4
    assert "films on &lt;b&gt;phones&lt;/b&gt;: 0.449" in text
    assert "itself, 5 folds" in text
    assert "<b>" not in text


def test_domains_that_are_all_alike_are_drawn():
    same = domains(("one", "two"))
    cells = {name: dict.fromkeys(row, BAD) for name, row in same.cells.items()}
    assert Balance(cross_domain_page.page(CrossDomain("toy", cells, same.n_trained))).open == []


def test_a_study_is_drawn_with_every_trial_that_has_a_figure():
    text = tuned_page.page(study())
    parser = Balance(text)
    assert parser.open == []
    assert parser.seen.count("circle") == 9 * 4  # the history and three settings
    assert "10 trials (8 complete, 1 pruned, 1 failed)" in text
    assert "&lt;i&gt;loss&lt;/i&gt; is no number" in text
    assert "trial 3, complete: 0.530; rate=0.001 sizes=1,0 mode=false" in text


@pytest.mark.parametrize("n", [1, 2, 40])
def test_any_number_of_trials_is_drawn(n):
    assert Balance(tuned_page.page(study(n))).open == []


def test_settings_of_one_value_are_drawn():
    attempts = tuple(Attempt(n, COMPLETE, {"rate": 1.0}, 0.5) for n in range(5))
    found = Tuned("toy", "5 folds", attempts, attempts[0], GOOD, {"rate": 1.0}, Path("m"))
    assert Balance(tuned_page.page(found)).open == []
