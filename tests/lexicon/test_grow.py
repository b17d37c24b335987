"""A corpus is searched for new words, and what a reviewer keeps comes back as entries."""

from __future__ import annotations

import random
from math import log, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import LexiconError, SettingError
from mizaj.lexicon.entries import HEADER, Entry
from mizaj.lexicon.grow import (
    COLUMNS,
    Candidate,
    GrowSettings,
    Growth,
    grow,
    merge_reviewed,
    slang_dictionaries,
    write_review,
)
from mizaj.lexicon.leanings import Leanings, Tally
from mizaj.lexicon.variants import edit_distance, nearest_variants

KNOWN = [
    Entry("accha", "hi-Latn", 2.0, "adj"),
    Entry("acha", "hi-Latn", form_of="accha"),
    Entry("bura", "hi-Latn", -2.0, "adj"),
    Entry("awesome", "en", 3.0, "adj"),
    Entry("terrible", "en", -2.5, "adj"),
    Entry("nahi", "hi-Latn", role="negator"),
    Entry("bahut", "hi-Latn", role="intensifier", weight=0.3),
    Entry("movie", "en", source="language"),
    Entry("hai", "hi-Latn", source="language"),
    Entry("raddi", "hi-Latn", source="language"),
    Entry(":(", "symbol", -1.5),
]
POSITIVE = ["jhakkas movie hai bahut accha", "accha gaana hai jhakkas", "jhakkas acha"]
NEGATIVE = ["bura din thakela", "thakela app hai bura", "bura laga thakela :("]
FEW = GrowSettings(min_count=2, min_polarity=0.1, min_z=1.0)


def by_word(growth: Growth) -> dict[str, Candidate]:
    return {found.entry.word: found for found in growth.candidates}


def test_unknown_words_are_listed_with_the_posts_that_hold_them() -> None:
    found = by_word(grow([*POSITIVE, "gaana gaana"], KNOWN, settings=FEW))
    assert set(found) == {"jhakkas", "gaana"}
    assert (found["jhakkas"].count, found["gaana"].count) == (3, 2)
    assert found["jhakkas"].examples == tuple(POSITIVE)


def test_the_company_of_known_words_gives_the_polarity() -> None:
    found = by_word(grow([*POSITIVE, *NEGATIVE] * 4, KNOWN, settings=FEW))
    assert found["jhakkas"].entry.polarity > 0
    assert found["thakela"].entry.polarity < 0
    assert (found["jhakkas"].suggestion, found["thakela"].suggestion) == ("positive", "negative")


def test_a_negator_beside_a_known_word_turns_the_company() -> None:
    posts = ["thakela app accha nahi hai", "bura din"] + ["accha gaana"] * 2
    found = by_word(grow(posts * 3, KNOWN, settings=FEW))
    assert (found["thakela"].positive, found["thakela"].negative) == (0, 3)


def test_labels_win_over_the_company_of_known_words() -> None:
    posts = ["jhakkas bura"] * 6 + ["thakela accha"] * 6
    labels = ["positive"] * 6 + ["negative"] * 6
    found = by_word(grow(posts, KNOWN, labels=labels, settings=FEW))
    assert found["jhakkas"].entry.polarity > 0 > found["thakela"].entry.polarity


def test_a_word_in_both_companies_alike_is_given_no_opinion() -> None:
    posts = ["dabba accha", "dabba bura"] * 10
    found = by_word(grow(posts, KNOWN, settings=GrowSettings(min_count=2)))
    assert found["dabba"].entry.polarity == 0.0
    assert found["dabba"].suggestion == "no opinion"


def test_without_any_opinion_in_the_corpus_nothing_leans() -> None:
    found = by_word(grow(["dabba khula"] * 9, KNOWN, settings=FEW))
    assert {candidate.z for candidate in found.values()} == {0.0}


def test_another_spelling_takes_the_figures_of_its_head_word() -> None:
    posts = ["awesomee film", "awesomee app", "awesome", "so awesome"]
    found = by_word(grow(posts, KNOWN, settings=FEW))["awesomee"]
    assert found.suggestion == "spelling of awesome"
    assert (found.entry.form_of, found.entry.polarity, found.entry.pos) == ("awesome", 3.0, "adj")
    assert found.confidence == pytest.approx(7 / 8)


def test_a_word_more_frequent_than_its_neighbour_is_no_slip_for_it() -> None:
    posts = ["terribly film", "terribly app", "terribly", "terrible"]
    found = by_word(grow(posts, KNOWN, settings=FEW))["terribly"]
    assert (found.suggestion, found.entry.form_of) == ("no opinion", "")


def test_a_spelling_takes_the_role_of_its_head_and_never_that_of_a_mere_word() -> None:
    known = [*KNOWN, Entry("bohot", "hi-Latn", form_of="bahut")]
    posts = ["bohott film moviee", "bohott app moviee", "bohot movie", "bohot movie"]
    found = by_word(grow(posts, known, settings=FEW))
    assert (found["bohott"].entry.form_of, found["bohott"].entry.role) == ("bahut", "intensifier")
    assert (found["moviee"].suggestion, found["moviee"].entry.form_of) == ("no opinion", "")


def test_a_spelling_whose_company_says_the_opposite_is_not_taken_for_one() -> None:
    posts = ["awesomee bura thakela"] * 9 + ["awesome accha gaana"] * 9
    found = by_word(grow(posts, KNOWN, settings=FEW))["awesomee"]
    assert (found.suggestion, found.entry.form_of) == ("negative", "")


def test_words_of_a_vocabulary_are_listed_only_where_they_lean() -> None:
    leaning = ["raddi bura", "raddi bura hai", "movie accha", "movie bura hai"] * 8
    leaning += ["accha hai", "accha gaana hai"] * 8
    settings = GrowSettings(min_count=2, min_polarity=0.5)
    assert "raddi" in by_word(grow(leaning, KNOWN, settings=settings))
    assert "movie" not in by_word(grow(leaning, KNOWN, settings=settings))


def test_long_runs_are_one_word_and_known_at_any_length() -> None:
    posts = ["yummmy acchaaaa", "yummmmmmy", "yummmmy"]
    assert by_word(grow(posts, KNOWN, settings=FEW)).keys() == {"yummy"}


def test_emoji_are_words_and_links_mentions_numbers_are_not() -> None:
    posts = ["🥳 @someone https://example.com/abc 2026 accha"] * 3
    found = by_word(grow(posts, KNOWN, settings=FEW))
    assert set(found) == {"🥳"}
    assert found["🥳"].entry.language == "symbol"


def test_each_candidate_gets_the_language_of_its_company() -> None:
    posts = ["bahut jhakkas gaana hai yaar", "ekdum jhakkas hai bhai"]
    assert by_word(grow(posts, KNOWN, settings=FEW))["jhakkas"].entry.language == "hi-Latn"
    assert by_word(grow(["यह झकास है"] * 2, KNOWN, settings=FEW))["झकास"].entry.language == "hi"


def test_posts_without_text_are_passed_over() -> None:
    assert grow([None, "", "jhakkas"], KNOWN, settings=FEW).n_posts == 1


@pytest.mark.parametrize("labels", [[], ["positive"], ["positive"] * 3])
def test_labels_must_be_as_many_as_texts(labels: list[str]) -> None:
    with pytest.raises(SettingError, match="one label for each text"):
        grow(["accha", "bura"], KNOWN, labels=labels)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("min_count", 0), ("most", 0), ("n_examples", -1), ("memory_words", 1), ("smoothing", 0.0)],
)
def test_a_setting_out_of_bounds_is_named(setting: str, value: float) -> None:
    with pytest.raises(SettingError, match=f"{setting} is {value}; it must be"):
        GrowSettings(**{setting: value})


def test_examples_show_what_stands_around_the_word_in_a_long_post() -> None:
    post = "bla " * 5000 + "jhakkas\tgaana\n" + "bla " * 5000
    found = by_word(grow([post, post], KNOWN, settings=FEW))["jhakkas"]
    assert len(found.examples) == 1
    assert "jhakkas gaana" in found.examples[0]
    assert len(found.examples[0]) < 250


def test_memory_stays_bounded_and_frequent_words_survive() -> None:
    seed = random.Random(3)
    posts = [f"jhakkas w{seed.randrange(10**9)}x w{seed.randrange(10**9)}x" for _ in range(2000)]
    settings = GrowSettings(min_count=5, memory_words=100)
    growth = grow(posts, KNOWN, settings=settings)
    found = by_word(growth)["jhakkas"]
    assert growth.missed > 0
    assert found.count <= 2000 <= found.count + growth.missed
    assert growth == grow(posts, KNOWN, settings=settings)


def test_only_the_most_frequent_are_listed_then_by_the_alphabet() -> None:
    posts = ["zulu yankee", "zulu yankee", "xray zulu", "xray"]
    growth = grow(posts, KNOWN, settings=GrowSettings(min_count=2, most=2))
    assert [found.entry.word for found in growth.candidates] == ["zulu", "xray"]


@given(st.lists(st.text(max_size=40), max_size=30))
def test_any_texts_are_counted_and_written(tmp_path_factory, texts: list[str]) -> None:
    growth = grow(texts, KNOWN, settings=GrowSettings(min_count=1))
    path = tmp_path_factory.mktemp("any") / "review.tsv"
    write_review(path, growth)
    kept = path.read_text(encoding="utf-8").replace("\nn\t", "\ny\t")
    path.write_text(kept, encoding="utf-8")
    assert merge_reviewed(path) == [found.entry for found in growth.candidates]


def test_what_the_reviewer_keeps_comes_back_as_he_left_it(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    write_review(path, grow([*POSITIVE, *NEGATIVE] * 4, KNOWN, settings=FEW))
    assert merge_reviewed(path) == []
    header, *rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    assert tuple(header) == COLUMNS
    assert set(HEADER) < set(COLUMNS)
    for row in rows:
        if row[header.index("word")] == "jhakkas":
            row[header.index("keep")] = "Y"
            row[header.index("polarity")] = "2.5"
    path.write_text("\n".join("\t".join(row) for row in (header, *rows)), encoding="utf-8")
    assert merge_reviewed(path) == [Entry("jhakkas", "hi-Latn", 2.5, source="grown")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("word\tlanguage\nmast\ten\n", "line 1: no column keep"),
        ("", "line 1: no column keep, word, language"),
        ("keep\tword\tlanguage\nmaybe\tmast\ten\n", "line 2: keep is 'maybe'; it must be y or n"),
        ("keep\tword\tlanguage\ny\t\ten\n", "line 2: the word is empty"),
        ("keep\tword\tlanguage\ny\tbon\tfr\n", "line 2: language is 'fr'; allowed: en,"),
        ("keep\tword\tlanguage\tpolarity\ny\tmast\ten\t9\n", "line 2: polarity .* is 9; it must"),
    ],
)
def test_a_broken_review_file_names_the_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "review.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        merge_reviewed(path)


def test_a_review_file_without_polarity_keeps_the_word_without_opinion(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    path.write_text("keep\tword\tlanguage\ny\tdabba\thi-Latn\n", encoding="utf-8")
    assert [entry.polarity for entry in merge_reviewed(path)] == [0.0]


# --- the paper's Algorithm 1 ---------------------------------------------------------------------


def tag_language(word: str) -> str:
    return {"gr8": "en", "luv": "en", "bonjour": "other"}.get(word, "hi-Latn")


def test_the_papers_procedure_sorts_new_tokens_by_language_once() -> None:
    made = slang_dictionaries(
        ["mast film gr8", "mast luv bonjour", "gr8"],
        [Entry("film", "en", 0.5)],
        language=tag_language,
        polarity=lambda word: 2.0,
    )
    assert [entry.word for entry in made.hindi] == ["mast"]
    assert [entry.word for entry in made.english] == ["gr8", "luv"]
    assert made.assigned == ()


def test_the_papers_procedure_gives_known_tokens_the_polarity_they_lack() -> None:
    made = slang_dictionaries(
        ["khush gussa khush"],
        [Entry("khush", "hi-Latn"), Entry("gussa", "hi-Latn", -2.0)],
        language=tag_language,
        polarity=lambda word: 2.2,
    )
    assert [(entry.word, entry.polarity) for entry in made.assigned] == [("khush", 2.2)]
    assert made.hindi == ()


def test_the_papers_procedure_cuts_repeats_to_three() -> None:
    made = slang_dictionaries(
        ["mastttttt :) https://example.com/x"],
        [],
        language=tag_language,
        polarity=lambda word: 2.0,
    )
    assert [entry.word for entry in made.hindi] == ["masttt"]


# --- leanings --------------------------------------------------------------------------------------


def test_log_odds_and_z_are_those_of_the_formula() -> None:
    leanings = Leanings(share=0.25, smoothing=2.0)
    a, b = 6 + 2 * 0.25, 3 + 2 * 0.75
    odds = log((a / b) / (0.25 / 0.75))
    assert leanings.log_odds(Tally(9, 6, 3)) == pytest.approx(odds)
    assert leanings.z(Tally(9, 6, 3)) == pytest.approx((6 - 9 * 0.25) / sqrt(9 * 0.25 * 0.75))


def test_a_word_never_seen_leans_nowhere() -> None:
    assert Leanings(share=0.3).log_odds(Tally()) == pytest.approx(0.0)
    assert Leanings(share=0.3).certainty(Tally()) == pytest.approx(0.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_leanings_turn_with_the_labels(positive: int, negative: int) -> None:
    leanings = Leanings(share=0.5)
    one, other = Tally(1000, positive, negative), Tally(1000, negative, positive)
    assert leanings.polarity(one) == -leanings.polarity(other)
    assert abs(leanings.polarity(one)) <= 4


def test_known_words_tell_how_much_a_leaning_is_worth() -> None:
    leanings = Leanings(share=0.5)
    tallies = [Tally(100, n, 100 - n) for n in range(20, 80, 2)]
    known = [(tally, 1.7 * leanings.log_odds(tally)) for tally in tallies]
    assert leanings.fit(known) == pytest.approx(1.7)
    assert leanings.fit(known[:10]) == 1.0
    assert leanings.fit([(tally, -value) for tally, value in known]) == 0.0


# --- variants --------------------------------------------------------------------------------------


def plain_distance(a: str, b: str) -> int:
    """The textbook recursion over prefixes, as a table."""
    cost = {(i, 0): i for i in range(len(a) + 1)} | {(0, j): j for j in range(len(b) + 1)}
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            changed = cost[i - 1, j - 1] + (a[i - 1] != b[j - 1])
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, changed)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                cost[i, j] = min(cost[i, j], cost[i - 2, j - 2] + 1)
    return cost[len(a), len(b)]


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 4))
def test_the_bounded_distance_equals_the_textbook_one(a: str, b: str, at_most: int) -> None:
    assert edit_distance(a, b, at_most=at_most) == min(plain_distance(a, b), at_most + 1)


@given(st.text("abcd", min_size=5, max_size=10), st.text("abcd", min_size=5, max_size=10))
def test_every_word_within_reach_is_found(unknown: str, known: str) -> None:
    limit = 1 + (len(unknown) >= 8)
    near = plain_distance(unknown, known) <= limit and unknown[0] == known[0]
    found = nearest_variants({unknown: "en"}, [Entry(known, "en", 1.0)])
    assert (unknown in found) == (near and unknown != known)


@pytest.mark.parametrize(
    ("unknown", "language", "expected"),
    [
        ("terible", "en", "terrible"),
        ("awesmoe", "en", "awesome"),
        ("burra", "hi-Latn", "bura"),
        ("gura", "hi-Latn", None),  # too short, and another first letter
        ("xyzzyx", "en", None),
    ],
)
def test_spellings_are_found_by_their_letters(
    unknown: str, language: str, expected: str | None
) -> None:
    found = nearest_variants({unknown: language}, KNOWN, sound=lambda word: "")
    assert (found[unknown].entry.word if unknown in found else None) == expected


def test_equal_sound_finds_romanised_hindi_and_spares_english() -> None:
    def sound(word: str) -> str:
        return "".join(c for c in word if c not in "aeiouh")

    entries = [Entry("zabardast", "hi-Latn", 2.5), Entry("bad", "en", -2.0)]
    found = nearest_variants({"zbrdst": "hi-Latn", "bd": "en"}, entries, sound=sound)
    assert {word: variant.entry.word for word, variant in found.items()} == {"zbrdst": "zabardast"}
