"""What the tokeniser makes of social text, as its table says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.text.tokens import (
    CAPS,
    ELONGATED,
    HASHTAG,
    KIND_NAMES,
    compatible,
    cut_runs,
    fold,
    is_emoticon,
    tokenise,
)

EMOTICONS = frozenset([":)", ":))", ":(", "<3", ":D", "-_-", "T_T"])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Yeh MOVIE achhhi hai", "word:yeh word:movie word:achhhi word:hai"),
        ("don't don’t DON’T", "word:don't word:don't word:don't"),
        ("sh*t f**k *bold*", "word:sh*t word:f**k word:bold"),
        ("b**tard m*****d a*b*c", "word:b**tard word:m*****d word:a*b*c"),
        ("f*** f**k** ****up *** * *ck", "word:f word:f**k word:up word:ck"),
        ("f***! f***😡 च***", "word:f exclaim:! word:f emoji:😡 word:च"),
        ("#f*** #b**tard #sh*t #**x", "word:f word:b word:tard word:sh word:t word:x"),
        ("2**3 f*'k", "number:2 number:3 word:f word:k"),
        ("gr8 2day 4.5stars", "word:gr8 word:2day number:4 stop:. word:5stars"),
        ("10/10 50% off", "number:10/10 number:50% word:off"),
        ("नहीं बढ़िया है।", "word:नहीं word:बढ़िया word:है stop:।"),
        ("#bahutAccha #NDTVNews_2day #100", "word:bahut word:accha word:ndtv word:news word:2day word:100"),
        ("@mizaj https://t.co/x www.a.b", "mention:@mizaj url:https://t.co/x url:www.a.b"),
        ("wow!!! kya?! ok...", "word:wow exclaim:!!! word:kya question:?! word:ok ellipsis:..."),
        (":) :))))) :( <333 :D", "emoticon::) emoticon::)) emoticon::( emoticon:<3 emoticon::D"),
        ("T_T -_- aT_T", "emoticon:T_T emoticon:-_- word:at word:t"),
        ("👍🏽 ❤️ 👨‍👩‍👧 🇮🇳 1️⃣", "emoji:👍 emoji:❤ emoji:👨‍👩‍👧 emoji:🇮🇳 emoji:1⃣"),
        ("a &amp; b, c; d", "word:a word:b comma:, word:c comma:; word:d"),
        ("zero\u200bwidth nau\u200djoin", "word:zerowidth word:naujoin"),
        ("", ""),
        ("  \t ", ""),
    ],
)  # fmt: skip
def test_text_is_cut_into(text: str, tokens: str) -> None:
    found = [f"{KIND_NAMES[t.kind]}:{t.folded}" for t in tokenise(text, EMOTICONS)]
    assert " ".join(found) == tokens


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("GOOD", CAPS),
        ("Good", 0),
        ("A", 0),
        ("gooood", ELONGATED),
        ("GOOOD", CAPS | ELONGATED),
        ("#Good", HASHTAG),
        ("#f***", HASHTAG),
        ("F***ING", CAPS | ELONGATED),
        ("बहुतततत", ELONGATED),
    ],
)
def test_flags_say_how_a_word_is_written(text: str, flags: int) -> None:
    (token,) = tokenise(text)
    assert token.flags == flags


@given(st.text(max_size=80))
def test_tokens_are_in_order_do_not_overlap_and_lie_in_the_text(text: str) -> None:
    end = 0
    for token in tokenise(text, EMOTICONS):
        assert end <= token.start < token.end <= len(text)
        end = token.end


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcह", max_size=40), st.integers(1, 3))
def test_no_run_is_longer_than_it_was_cut_to(word: str, longest: int) -> None:
    cut = cut_runs(word, longest)
    assert all(c * 4 not in cut for c in "abcह")
    assert cut_runs(cut, longest) == cut


def test_styled_letters_become_plain_ones() -> None:
    assert compatible("𝓰𝓸𝓸𝓭 ｆｉｌｍ") == "good film"


@pytest.mark.parametrize("text", ["xD", ":", ":-)))))))", "no way", "(ノ", "d:"])
def test_what_reads_like_words_is_no_emoticon(text: str) -> None:
    assert not is_emoticon(text)
