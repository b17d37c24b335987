"""Parts of speech: the shipped tagger, chains that do not know of each other, and files that are none."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.errors import ModelError
from mizaj.text.parts_of_speech import (
    LONGEST_CHAIN,
    MARK,
    NEAR,
    TAGS,
    Tagger,
    buckets,
    load_tagger,
    save_tagger,
)

FORMS = st.lists(
    st.sampled_from(
        ["bahut", "acchi", "movie", "hai", "नहीं", "the", "gr8", "watched", ".", "@", ""]
    ),
    max_size=7,
)


def small_tagger(seed: int = 0) -> Tagger:
    rng = np.random.default_rng(seed)
    shape = ((1 << 8) + len(TAGS) + 1, len(TAGS))
    both = rng.normal(size=shape).astype(np.float32)
    return Tagger(both[: 1 << 8], both[1 << 8 :])


def tags(text: str) -> list[str]:
    return [TAGS[code] if code != MARK else "" for code in load_tagger().tag(text.split())]


@pytest.mark.parametrize(
    ("text", "word", "tag"),
    [
        ("acchi movie hai", "acchi", "adj"),
        ("acchi movie hai", "movie", "noun"),
        ("acchi movie hai", "hai", "verb"),
        ("very good food", "very", "adv"),
        ("he never watched it", "watched", "verb"),
        ("the match is on", "the", "det"),
        ("mujhe yeh pasand hai", "mujhe", "pron"),
        ("ghar mein koi nahi", "mein", "prep"),
    ],
)
def test_common_words_of_both_languages_are_tagged(text: str, word: str, tag: str) -> None:
    assert tags(text)[text.split().index(word)] == tag


def test_marks_have_no_part_of_speech() -> None:
    assert tags("acchi , movie ! @ 😀")[1:] == ["", "noun", "", "", ""]
    assert load_tagger().tag([]).shape == (0,)
    assert load_tagger().tag(["", ".", ""]).tolist() == [MARK] * 3


def obvious(tagger: Tagger, forms: list[str]) -> list[int]:
    """The best tags of one chain, by trying all."""
    n = len(tagger.table)
    scores = np.zeros((len(forms), len(TAGS)))
    for place in range(len(forms)):
        for near in NEAR:
            form = forms[place + near] if 0 <= place + near < len(forms) else ""
            scores[place] += tagger.table[list(buckets(form, near, n))].sum(axis=0)

    def total(codes: tuple[int, ...]) -> float:
        steps = pairwise(codes)
        return float(
            sum(scores[place, code] for place, code in enumerate(codes))
            + tagger.following[-1, codes[0]]
            + sum(tagger.following[one, other] for one, other in steps)
        )

    return list(max(product(range(len(TAGS)), repeat=len(forms)), key=total))


@pytest.mark.parametrize("seed", range(3))
def test_the_best_chain_is_that_of_trying_all(seed: int) -> None:
    tagger = small_tagger(seed)
    for forms in (["acchi"], ["bahut", "acchi"], ["yeh", "movie", "dekhi"]):
        assert tagger.tag(["", *forms, ""])[1:-1].tolist() == obvious(tagger, forms)


@given(FORMS, FORMS)
def test_a_post_does_not_know_of_the_next(one: list[str], other: list[str]) -> None:
    tagger = load_tagger()
    alone = [tagger.tag(["", *forms, ""]).tolist() for forms in (one, other)]
    assert tagger.tag(["", *one, "", *other, ""]).tolist() == [*alone[0], *alone[1][1:]]


def test_a_long_post_is_cut_and_takes_time_in_proportion() -> None:
    forms = ["bahut", "acchi", "movie"] * 20_000
    found = load_tagger().tag(forms)
    assert (found != MARK).all()
    # cut chains are alike but at their ends, where neighbours still are heard
    assert (
        found[: 3 * LONGEST_CHAIN].tolist()
        == found[-6 * LONGEST_CHAIN : -3 * LONGEST_CHAIN].tolist()
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    tagger = small_tagger()
    save_tagger(tagger, tmp_path / "tagger.bin")
    again = load_tagger(tmp_path / "tagger.bin")
    step = max(abs(tagger.table).max(), abs(tagger.following).max()) / 127
    np.testing.assert_allclose(again.table, tagger.table, atol=step / 2 + 1e-6)
    np.testing.assert_allclose(again.following, tagger.following, atol=step / 2 + 1e-6)


@pytest.mark.parametrize(
    "content",
    [b"", b"MZPS", b"XXXX" + bytes(20), b"MZPS\x01\x08" + bytes(6), b"MZPS\x01\xff" + bytes(90)],
)
def test_a_file_that_is_no_tagger_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tagger.bin").write_bytes(content)
    with pytest.raises(ModelError, match="is no tagger of this version, or is cut short"):
        load_tagger(tmp_path / "tagger.bin")


def test_the_shipped_tagger_is_small() -> None:
    import mizaj.text.parts_of_speech as room

    assert room._DATA.stat().st_size < 300_000
