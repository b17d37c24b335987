"""The second paper's lexicon approach: its worked examples, its two variants, and what it leaves open."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import SettingError
from mizaj.lexicon.entries import Entry
from mizaj.lexicon.pack import pack
from mizaj.lexicon.packed import Lexicon, load_lexicon
from mizaj.lexicon.paper import FLOOR, VARIANTS, PaperScore, clean, combine, score_paper

SIGN = {"negative": -1, "neutral": 0, "positive": 1}
both_variants = pytest.mark.parametrize("variant", VARIANTS)


@cache
def small() -> Lexicon:
    return Lexicon(
        pack(
            [
                Entry("accha", "hi-Latn", 1.9),
                Entry("bura", "hi-Latn", -2.0),
                Entry("bakwas", "hi-Latn", -2.5),
                Entry("good", "en", 1.9),
                Entry("goood", "en", 2.2),
                Entry("soso", "en", FLOOR),
                Entry("faint", "en", -FLOOR / 2),
                Entry("not", "en", role="negator"),
                Entry("nahi", "hi-Latn", role="negator"),
                Entry("मत", "hi", role="prohibition"),
                Entry("aur", "hi-Latn", role="conjunction"),
                Entry("lekin", "hi-Latn", role="contrast"),
                Entry("sadly", "en", -1.8, role="contrast"),
                Entry("tho", "en", role="concession"),
                Entry("hai", "hi-Latn", role="noise"),
                Entry("very", "en", role="intensifier", weight=0.3),
                Entry("very good", "en", -3.0),
                Entry(":)", "symbol", 2.0),
                Entry("😀", "symbol", 2.0),
                Entry("10", "en", 2.0),
            ]
        )
    )


def score(text: str, variant: str = VARIANTS[0]) -> PaperScore:
    return score_paper(text, small(), variant)


def polarities(score: PaperScore) -> list[list[int]]:
    return [[token.polarity for token in clause.tokens] for clause in score.clauses]


# --- the paper's examples, over the dictionaries that ship ---------------------------------------


@both_variants
@pytest.mark.parametrize(
    ("text", "total", "sentiment"),
    [
        ("Wo movie jabardast he", 1, "positive"),
        ("Wo movie creative and achi he", 2, "positive"),
        ("yeh movie accha nahi hai", -1, "negative"),
        ("Lagta nahi", -1, "negative"),
        ("nahi hai", -1, "negative"),
        ("yeh movie dekhi", 0, "neutral"),
    ],
)
def test_the_papers_examples_come_out_as_printed(
    text: str, total: int, sentiment: str, variant: str
) -> None:
    found = score_paper(text, load_lexicon(), variant)
    assert (found.total, found.sentiment) == (total, sentiment)


def test_the_example_with_a_conjunction_fills_two_places_of_p() -> None:
    found = score_paper("Wo movie creative and achi he", load_lexicon(), "paper-product")
    assert [(clause.polarity, clause.end) for clause in found.clauses] == [(1, "and"), (1, "")]


@both_variants
def test_the_papers_ironical_example_is_beyond_its_rules(variant: str) -> None:
    text = "Movie was so good ki main theater mein hi so gaya"
    assert score_paper(text, load_lexicon(), variant).sentiment == "positive"


# --- Algorithm 2 and Table I ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "by_product", "by_table"),
    [
        (1, 1, 1, 1),
        (1, -1, -1, -1),
        (-1, 1, -1, -1),
        (-1, -1, 1, -1),
        (0, -1, -1, -1),
        (1, 0, 1, 1),
    ],
)
def test_the_variants_differ_on_two_negatives_only(
    first: int, second: int, by_product: int, by_table: int
) -> None:
    assert combine([first, second], "paper-product") == by_product
    assert combine([first, second], "paper-table") == by_table


@pytest.mark.parametrize(
    ("variant", "sentiment"), [("paper-product", "positive"), ("paper-table", "negative")]
)
def test_a_denied_bad_word_shows_the_variant(variant: str, sentiment: str) -> None:
    assert score("movie bura nahi hai", variant).sentiment == sentiment


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=12))
def test_combining_follows_the_running_product_of_the_pseudo_code(told: list[int]) -> None:
    current = 0
    for polarity in told:
        if polarity and current == 0:
            current = polarity
        elif polarity:
            current *= polarity
    assert combine(told, "paper-product") == current


@both_variants
@given(told=st.lists(st.lists(st.sampled_from([-1, 0, 1]), max_size=4), max_size=4))
def test_grouping_by_language_cannot_change_a_result(told: list[list[int]], variant: str) -> None:
    by_group = combine([combine(group, variant) for group in told], variant)
    assert by_group == combine([polarity for group in told for polarity in group], variant)


# --- clauses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end", [" aur ", " lekin ", " tho ", " sadly ", ", ", "; ", ". ", "! ", "? ", " ... ", "। "]
)
def test_conjunctions_and_marks_end_a_clause_and_its_polarity(end: str) -> None:
    found = score(f"bura{end}bakwas")
    assert (polarities(found), found.total) == ([[-1], [-1]], -2)
    assert [clause.end for clause in found.clauses] == [end.strip(), ""]


def test_without_a_cut_the_same_words_are_multiplied() -> None:
    assert score("bura bakwas").total == 1


def test_clauses_without_a_word_are_left_out() -> None:
    assert polarities(score("aur, accha !! aur")) == [[1]]


def test_contrary_clauses_cancel_to_neutral() -> None:
    found = score("accha lekin bura")
    assert (found.total, found.sentiment) == (0, "neutral")


def test_a_clause_holds_its_language_groups_in_order() -> None:
    (clause,) = score_paper("yeh movie accha nahi tha", load_lexicon(), "paper-product").clauses
    shown = [(g.language, g.polarity, [t.text for t in g.tokens]) for g in clause.groups]
    assert shown == [("en", 0, ["movie"]), ("hi-Latn", -1, ["accha", "nahi"])]


# --- preprocessing and tokens --------------------------------------------------------------------


def test_noise_is_removed_and_named() -> None:
    found = score("@a accha hai :) 😀 10 https://t.co/x")
    assert found.removed == ("@a", "hai", ":)", "😀", "10", "https://t.co/x")
    assert (found.total, polarities(found)) == (1, [[1]])


@pytest.mark.parametrize("word", [":)", "😀", "10", "https://good.com", "@good"])
def test_what_is_removed_has_no_say(word: str) -> None:
    found = score(word)
    assert (found.sentiment, found.clauses) == ("neutral", ())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("wo   movie\n\tachi", "wo movie achi"),
        (r"movie\nachi", "movie achi"),
        (r"movie\u2764achi \"wo\"", "movie achi wo"),
        ("ｇｏｏｄ", "good"),
    ],
)
def test_escapes_and_extra_spaces_are_removed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("written", "form", "polarity"),
    [
        ("gooooooood", "goood", 1),
        ("good", "good", 1),
        ("GOOD", "good", 1),
        ("acchaaaaa", "acchaaa", 0),
        ("acha", "acha", 0),
    ],
)
def test_repeats_become_three_and_only_that_form_is_looked_up(
    written: str, form: str, polarity: int
) -> None:
    (token,) = score(written).clauses[0].tokens
    assert (token.text, token.form, token.polarity) == (written, form, polarity)


@pytest.mark.parametrize(
    ("word", "polarity"),
    [("soso", 1), ("faint", 0), ("not", -1), ("nahi", -1), ("मत", -1), ("very", 0), ("zzz", 0)],
)
def test_a_token_has_the_sign_of_its_entry(word: str, polarity: int) -> None:
    assert polarities(score(word)) == [[polarity]]


def test_phrases_are_not_looked_up() -> None:
    assert polarities(score("very good")) == [[0, 1]]


def test_the_words_of_a_hashtag_count() -> None:
    assert polarities(score("#bahutBura")) == [[0, -1]]


# --- the edges -----------------------------------------------------------------------------------


@both_variants
@pytest.mark.parametrize("text", ["", "   ", "!!!", "\x00", "😀" * 50])
def test_a_post_without_words_is_neutral(text: str, variant: str) -> None:
    found = score(text, variant)
    assert (found.sentiment, found.total) == ("neutral", 0)


def test_an_unknown_variant_is_refused_with_those_allowed() -> None:
    with pytest.raises(SettingError, match=r"'papr'; allowed: paper-product, paper-table"):
        score("accha", "papr")


@both_variants
@given(text=st.text(max_size=60))
def test_the_class_is_the_sign_of_the_sum_of_the_clauses(text: str, variant: str) -> None:
    found = score(f"accha, {text}, bura bura", variant)
    total = sum(clause.polarity for clause in found.clauses)
    assert found.total == total
    assert SIGN[found.sentiment] == (total > 0) - (total < 0)
