"""The measures of code-mixing, on the papers' examples and as laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.text import codemix
from mizaj.text.codemix import CodeMixing

TAGS = st.lists(st.sampled_from(["en", "hi-Latn", "hi", "other"]), max_size=40)
POSTS = st.lists(TAGS, max_size=8)


def tags(spelled: str) -> list[str]:
    names = {"E": "en", "H": "hi-Latn", "D": "hi", "u": "other"}
    return [names[letter] for letter in spelled]


@pytest.mark.parametrize(
    ("spelled", "index"),
    [
        ("", 0.0),
        ("uuu", 0.0),
        ("EEEE", 0.0),
        ("HHHD", 0.0),  # two scripts are one language
        ("EH", 50.0),
        ("EHHHH", 20.0),
        ("EEEHHHHHuu", 37.5),
        ("EHHHHHHHHH", 10.0),
    ],
)
def test_cmi_is_the_share_of_words_outside_the_main_language(spelled: str, index: float) -> None:
    assert codemix.cmi(tags(spelled)) == pytest.approx(index)


# Gambäck and Das 2016 compare ten-word utterances with the same shares and other numbers of switches.
@pytest.mark.parametrize(
    ("spelled", "weighted"),
    [
        ("EEEEEEEEEE", 0.0),
        ("EEEEEHHHHH", 100 * (5 + 1) / 20),
        ("EHEHEHEHEH", 100 * (5 + 9) / 20),
        ("EEEEHHHEEE", 100 * (3 + 2) / 20),
        ("EEEEuHHHEEEu", 100 * (3 + 2) / 20),
        ("u", 0.0),
    ],
)
def test_weighted_cmi_also_counts_switches(spelled: str, weighted: float) -> None:
    assert codemix.cmi_weighted(tags(spelled)) == pytest.approx(weighted)


@pytest.mark.parametrize(
    ("spelled", "m", "i", "entropy"),
    [
        ("", 0.0, 0.0, 0.0),
        ("E", 0.0, 0.0, 0.0),
        ("EEEE", 0.0, 0.0, 0.0),
        ("EEHH", 1.0, 1 / 3, 1.0),
        ("EHEH", 1.0, 1.0, 1.0),
        ("EEEH", 0.6, 1 / 3, 0.811278),
        ("EuHuuE", 0.8, 1.0, 0.918296),
    ],
)
def test_corpus_indices_by_hand(spelled: str, m: float, i: float, entropy: float) -> None:
    found = [codemix.m_index(tags(spelled)), codemix.i_index(tags(spelled))]
    assert [*found, codemix.language_entropy(tags(spelled))] == pytest.approx(
        [m, i, entropy], abs=1e-6
    )


def test_m_index_allows_for_languages_that_were_not_met() -> None:
    assert codemix.m_index(["en", "hi"], n_languages=3) == pytest.approx(0.5)


def test_burstiness_tells_even_stretches_from_bursts() -> None:
    assert codemix.burstiness(tags("EEHHEE")) == -1.0
    assert codemix.burstiness(tags("E" * 50 + "HEHEH")) > 0.2
    assert codemix.burstiness([]) == 0.0


def test_switch_points_are_seen_across_words_of_no_language() -> None:
    assert codemix.switch_points(tags("EuuHDuE")) == [3, 6]
    assert codemix.switch_point_fraction(tags("EuuHDuE")) == pytest.approx(2 / 6)
    assert codemix.switch_point_fraction(["en"]) == 0.0


@given(TAGS)
def test_every_measure_stays_in_its_range(languages: list[str]) -> None:
    assert 0 <= codemix.cmi(languages) <= 100
    assert 0 <= codemix.cmi_weighted(languages) <= 100
    assert 0 <= codemix.m_index(languages) <= 1
    assert 0 <= codemix.i_index(languages) <= 1
    assert 0 <= codemix.switch_point_fraction(languages) <= 1
    assert 0 <= codemix.language_entropy(languages) <= 1
    assert -1 <= codemix.burstiness(languages) <= 1


@given(POSTS, POSTS)
def test_the_measures_of_a_corpus_add(one: list[list[str]], two: list[list[str]]) -> None:
    assert CodeMixing.of(one) + CodeMixing.of(two) == CodeMixing.of(one + two)
    assert CodeMixing.of(one) + CodeMixing.of(two) == CodeMixing.of(two + one)
    assert CodeMixing.of(one) + CodeMixing() == CodeMixing.of(one)


@given(TAGS)
def test_a_corpus_of_one_post_has_the_measures_of_the_post(languages: list[str]) -> None:
    corpus = CodeMixing.of([languages])
    assert corpus.cmi == pytest.approx(codemix.cmi(languages), abs=1e-5)
    assert corpus.cmi_weighted == pytest.approx(codemix.cmi_weighted(languages), abs=1e-5)
    assert corpus.m_index == codemix.m_index(languages)
    assert corpus.i_index == codemix.i_index(languages)
    assert corpus.language_entropy == codemix.language_entropy(languages)
