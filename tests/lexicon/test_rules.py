"""What each rule does to the words it concerns, on a dictionary made for it."""

from __future__ import annotations

import pytest

from mizaj.lexicon.entries import Entry
from mizaj.lexicon.explain import ExplainedToken, explain
from mizaj.lexicon.pack import pack
from mizaj.lexicon.packed import Lexicon
from mizaj.lexicon.scorer import Kernel, LexiconSettings, Scorer
from mizaj.lexicon.weights import Weights

WEIGHTS = Weights()


def _entries(language: str, role: str, words: str, weight: float = 0.0) -> list[Entry]:
    return [Entry(word, language, 0.0, role=role, weight=weight) for word in words.split("|")]


ENTRIES = [
    Entry("good", "en", 2.0),
    Entry("bad", "en", -2.0),
    Entry("accha", "hi-Latn", 2.0),
    Entry("bekar", "hi-Latn", -2.0),
    Entry("🙄", "symbol", -1.5),
    Entry("😍", "symbol", 2.0),
    *_entries("en", "negator", "not"),
    *_entries("hi-Latn", "negator", "nahi"),
    *_entries("hi-Latn", "prohibition", "na"),
    *_entries("en", "intensifier", "very", 0.5),
    *_entries("hi-Latn", "damper", "thoda", 0.5),
    *_entries("en", "contrast", "but"),
    *_entries("en", "concession", "although"),
    *_entries("en", "conditional", "if"),
    *_entries("en", "wish", "wish"),
    *_entries("hi-Latn", "comparison", "isse"),
    *_entries("hi-Latn", "letdown", "so gaya"),
    *_entries("en", "conjunction", "and"),
    Entry("1 star", "en", -2.0),
]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    lexicon = Lexicon(pack(ENTRIES, WEIGHTS))
    return Scorer(LexiconSettings(), lexicon, Kernel(lexicon) if Kernel else None)


def told(scorer: Scorer, text: str, word: str) -> ExplainedToken:
    (token,) = [t for t in explain(text, scorer).tokens if t.text.lower() == word]
    return token


@pytest.mark.parametrize(
    ("text", "word", "rules"),
    [
        ("not good", "good", ("negated",)),
        ("movie accha nahi hai", "accha", ("negated",)),
        ("nahi accha hai", "accha", ("negated",)),
        ("movie good nahi hai", "good", ("negated",)),
        ("not bad and good", "good", ()),
        ("bad, not good", "bad", ()),
        ("accha hai na", "accha", ()),
        ("na accha lage", "accha", ("negated",)),
        ("very good", "good", ("intensified",)),
        ("thoda accha", "accha", ("damped",)),
        ("isse bekar kuch nahi", "bekar", ("intensified",)),
        ("so GOOD today", "good", ("emphasised",)),
        ("goooood", "goooood", ("emphasised",)),
        ("good!!", "good", ("emphasised",)),
        ("good but bad", "good", ("contrasted",)),
        ("although good it fell", "good", ("conceded",)),
        ("if good we go", "good", ("supposed",)),
        ("i wish it was good", "good", ("wished",)),
        ("is it good?", "good", ("questioned",)),
        ("good service 🙄", "good", ("mocked",)),
        ("so good ki main so gaya", "good", ("ironic",)),
        ("good, phir se bekar bus", "good", ("hollow praise",)),
    ],
)
def test_the_rule_fires(scorer: Scorer, text: str, word: str, rules: tuple[str, ...]) -> None:
    assert told(scorer, text, word).rules == rules


@pytest.mark.parametrize(
    ("text", "word", "value"),
    [
        ("good", "good", 2.0),
        ("not good", "good", 2.0 * WEIGHTS.negation_of_positive - WEIGHTS.negation_pull),
        ("not bad", "bad", -2.0 * WEIGHTS.negation_of_negative),
        ("very good", "good", 3.0),
        ("thoda accha", "accha", 1.0),
        ("good but bad", "good", 2.0 * WEIGHTS.before_contrast),
        ("good but bad", "bad", -2.0 * WEIGHTS.after_contrast),
        ("if good we go", "good", 2.0 * WEIGHTS.conditional),
        ("good!!", "good", 2.0 * (1 + 2 * WEIGHTS.exclaim)),
        ("good!!!!!!", "good", 2.0 * (1 + 3 * WEIGHTS.exclaim)),
    ],
)
def test_the_rule_gives_this_value(scorer: Scorer, text: str, word: str, value: float) -> None:
    assert told(scorer, text, word).value == pytest.approx(value)


def test_the_root_is_the_sum_of_its_clauses_groups_and_tokens(scorer: Scorer) -> None:
    tree = explain("movie accha nahi hai, but songs very good 😍!!", scorer)
    assert tree.root == pytest.approx(sum(clause.value for clause in tree.clauses))
    assert tree.root == pytest.approx(sum(token.value for token in tree.tokens))
    assert [token.text for token in tree.tokens if token.kind == "word"] == [
        "movie", "accha", "nahi", "hai", "but", "songs", "very", "good",
    ]  # fmt: skip


def test_a_negator_without_an_opinion_word_leans_negative(scorer: Scorer) -> None:
    tree = explain("koi kaam nahi karta", scorer)
    assert tree.root == pytest.approx(WEIGHTS.idle_negation)


def test_a_negator_that_only_answers_does_not(scorer: Scorer) -> None:
    assert explain("nahi bhai, aa raha hu", scorer).root == 0.0


def test_repeated_emoji_count_for_little_more_than_one(scorer: Scorer) -> None:
    once, many = (explain(text, scorer).root for text in ("😍", "😍😍😍"))
    assert once < many < 1.5 * once


def test_a_shout_in_capitals_throughout_is_no_emphasis(scorer: Scorer) -> None:
    assert told(scorer, "GOOD PHONE", "good").rules == ()


def test_one_word_in_capitals_is_emphasis(scorer: Scorer) -> None:
    assert told(scorer, "GOOD", "good").rules == ("emphasised",)


def test_a_phrase_may_hold_a_number(scorer: Scorer) -> None:
    assert told(scorer, "main gives it 1 star", "1 star").value == pytest.approx(-2.0)


def test_plain_words_at_the_beginning_make_no_clause(scorer: Scorer) -> None:
    assert len(explain("the film was good", scorer).clauses) == 1
    assert len(explain("the film was good, not bad", scorer).clauses) == 2


def test_contradiction_lowers_confidence(scorer: Scorer) -> None:
    plain, mocked = (scorer.answer(text) for text in ("bad service", "bad service 😍"))
    assert mocked.confidence < plain.confidence


def test_probabilities_sum_to_one(scorer: Scorer) -> None:
    tree = explain("very good movie but bekar songs", scorer)
    assert sum(tree.probabilities.values()) == pytest.approx(1.0)
    assert tree.answer.score == pytest.approx(
        tree.probabilities["positive"] - tree.probabilities["negative"]
    )
