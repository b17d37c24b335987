"""The page stands alone, holds every figure, and takes any name."""

from __future__ import annotations

from html.parser import HTMLParser

import pyarrow as pa
import pytest

from mizaj.errors import SinkError
from mizaj.learn.evaluate import EvaluateSettings, compare, evaluate
from mizaj.learn.evaluation import Evaluation
from mizaj.learn.evaluation_page import page, write_page
from mizaj.learn.robustness import NoiseSettings, robustness

TRUTH = ["negative", "neutral", "positive", "positive"]
GUESS = ["negative", "neutral", "positive", "negative"]
SINGLE = {"meta"}


class Balance(HTMLParser):
    """Remembers which elements are open, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.references: list[str | None] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.references += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in SINGLE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def full_page() -> str:
    language, cmi = ["en", "hi", "hi-en", "en"], [0.0, 5.0, 30.0, 50.0]
    first = evaluate(
        GUESS, TRUTH, by={"language": language, "cmi": cmi}, confidence=[0.9, 0.5, 0.7, 0.7]
    )
    second = evaluate(TRUTH, [*TRUTH[:3], "mixed"])
    comparison = compare(GUESS, TRUTH, TRUTH, names=("one", "two"))
    return page([first.named("one"), second.named("two")], comparisons=[comparison])


def test_the_page_is_well_formed_and_refers_to_nothing():
    parser = Balance()
    parser.feed(full_page())
    assert parser.open == []
    assert parser.references == []
    assert "script" not in parser.seen
    assert "url(" not in full_page()


@pytest.mark.parametrize(
    "part",
    [
        "Macro-F1 by language",
        "Macro-F1 by cmi",
        "20-40<small>1 rows",
        "Left out: 1 rows (label=mixed 1)",
        "Is the confidence right?",
        "one and two are not told apart",
        "prefers-color-scheme: dark",
        "width=device-width",
    ],
)
def test_the_page_holds(part):
    assert part in full_page()


def test_confusion_is_shaded_by_the_share_of_the_true_class():
    text = page([evaluate(GUESS, TRUTH)])
    assert '<td class="right" style="--share:0.500">1<span class="share">50%</span></td>' in text
    assert '<td class="wrong" style="--share:0.500">1<span class="share">50%</span></td>' in text


def test_without_confidence_there_is_no_reliability_plot():
    assert "Is the confidence right?" not in page([evaluate(GUESS, TRUTH)])


def noisy(names=("one", "two")):
    rows = pa.table({"text": ["bahut accha", "ekdum bakwas", "train"] * 4, "label": GUESS[:3] * 4})

    def flat(texts):
        return pa.table({"sentiment": ["neutral"] * len(texts)})

    noise = NoiseSettings(noises=("typos", "case"), strengths=(0.5, 1.0))
    return robustness(dict.fromkeys(names, flat), rows.to_batches(), noise=noise)


def test_noise_has_a_plot_for_each_kind_and_a_line_for_each_model():
    text = page([evaluate(GUESS, TRUTH)], robust=noisy())
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert parser.seen.count("polyline") == 4
    assert "Macro-F1 under typos" in text
    assert "one, 0.5: 0.1" in text
    assert 'class="legend"' in text
    assert 'class="legend"' not in page([evaluate(GUESS, TRUTH)], robust=noisy(("<one>",)))


def test_many_labels_have_a_dense_table_whose_cells_say_what_they_are():
    labels = tuple(f"feeling & {n}" for n in range(30))
    found = evaluate(list(labels), list(labels[::-1]), settings=EvaluateSettings(labels=labels))
    text = page([found])
    parser = Balance()
    parser.feed(text)
    assert parser.open == []
    assert '<table class="shaded dense">' in text
    assert 'title="feeling &amp; 29 answered as feeling &amp; 0: 1 rows, 100%"' in text
    assert '<table class="shaded dense">' not in page([evaluate(GUESS, TRUTH)])


def test_names_are_escaped():
    found = evaluate(GUESS, TRUTH, by={"source": ["<b>&$x"] * 4}).named("<script>alert(1)</script>")
    text = page([found], title="a <i>title</i>")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;$x" in text
    assert "<title>a &lt;i&gt;title&lt;/i&gt;</title>" in text


def test_a_source_of_many_values_shows_the_largest():
    rows = [f"s{n}" for n in range(40) for _ in range(2)]
    text = page([evaluate(["neutral"] * 80, ["neutral"] * 80, by={"source": rows})])
    assert "and 16 smaller groups" in text


def test_no_rows_make_a_page():
    assert "<h2>model</h2>" in page([Evaluation.empty()])


def test_the_page_is_written(tmp_path):
    write_page([evaluate(GUESS, TRUTH)], tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(SinkError, match=r"cannot write the page .*absent.*page\.html"):
        write_page([Evaluation.empty()], tmp_path / "absent" / "page.html")
