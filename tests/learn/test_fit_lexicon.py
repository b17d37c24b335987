"""Fitting moves figures towards the labels, spellings together, names not at all."""

from __future__ import annotations

import pytest

from mizaj.errors import SettingError
from mizaj.learn.fit_lexicon import FitSettings, Posts, fit_lexicon, new_words
from mizaj.lexicon.entries import Entry

ENTRIES = [
    Entry("faadu", "hi-Latn"),
    Entry("fadu", "hi-Latn", form_of="faadu"),
    Entry("modi", "hi-Latn"),
    Entry("nahi", "hi-Latn", role="negator"),
    Entry("bekar", "hi-Latn", -2.0),
]
TEXTS = ["faadu gaana", "bekar gaana", "gaana kal hai", "modi fadu", "modi bekar", "kal"] * 30
LABELS = ["positive", "negative", "neutral", "positive", "negative", "neutral"] * 30
POSTS = Posts(TEXTS, LABELS, ["songs"] * len(TEXTS))
SETTINGS = FitSettings(polarity_ridge=1.0, neutrality_ridge=1.0, n_iterations=60)


def test_a_word_takes_the_side_of_its_posts_and_its_spellings_go_with_it() -> None:
    fitted = fit_lexicon(POSTS, ENTRIES, frozen={"modi"}, settings=SETTINGS)
    learnt = {entry.word: entry.polarity for entry in fitted.learnt}
    assert learnt["faadu"] > 0.5
    assert learnt["fadu"] == learnt["faadu"]
    assert "modi" not in learnt
    assert "nahi" not in learnt


def test_the_same_posts_give_the_same_figures() -> None:
    one, two = (fit_lexicon(POSTS, ENTRIES, settings=SETTINGS) for _ in range(2))
    assert one == two


def test_words_mostly_written_as_names_are_left_out() -> None:
    texts = ["kal Ramesh aaya", "aaj Ramesh gaya", "woh zordar tha", "kya zordar"] * 5
    assert {entry.word for entry in new_words(texts, [], 5)} >= {"zordar", "kal"}
    assert "ramesh" not in {entry.word for entry in new_words(texts, [], 5)}


def test_a_foreign_label_is_named() -> None:
    with pytest.raises(SettingError, match="happy"):
        fit_lexicon(Posts(["x"], ["happy"], ["d"]), ENTRIES)
