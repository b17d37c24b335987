from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError, SettingError
from mizaj.learn.subwords import train_subwords
from mizaj.model.subwords import PAD, UNKNOWN, Subwords

pytest.importorskip("tokenizers")

POSTS = ["Yeh movie bahut ACHHI hai yaar", "bilkul bekar movie thi", "@user dekho http 😂😂"] * 20
TEXTS = pa.array(POSTS)


@pytest.fixture(scope="module")
def subwords() -> Subwords:
    return train_subwords(TEXTS, n_tokens=120, max_length=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Movie ACHHI", "movie achhi"),
        ("@Some_One dekho", "@user dekho"),
        ("dekho https://t.co/Ab1", "dekho http"),
        ("dekho www.abc.in/x?y=1", "dekho http"),
        ("yaaaaaaaar", "yaaar"),
        ("haaaaai!!!!!!", "haaai!!!"),
        ("❤️ 👍🏽", "❤ 👍"),
        ("  a \n\t b ", "a b"),
        ("ｍｏｖｉｅ", "movie"),
    ],
)
def test_ways_of_writing_one_thing_have_the_same_ids(one: str, other: str, subwords: Subwords):
    ids, offsets = subwords(pa.array([one, other]))
    first, second = np.split(ids, offsets[1:-1])
    np.testing.assert_array_equal(first, second)
    assert len(first)


@pytest.mark.parametrize(("one", "other"), [("good", "goood"), ("a@b.in", "@user"), ("!", "!!!")])
def test_what_differs_in_meaning_stays_apart(one: str, other: str):
    wide = train_subwords(
        pa.array(["good goood a@b.in @user ! !!! "] * 4), n_tokens=99, max_length=9
    )
    ids, offsets = wide(pa.array([one, other]))
    assert not np.array_equal(*np.split(ids, offsets[1:-1]))


def test_rows_are_cut_and_nulls_are_empty(subwords: Subwords):
    ids, offsets = subwords(pa.array(["movie " * 50, None, "", "movie"]))
    assert np.diff(offsets).tolist() == [8, 0, 0, 1]
    assert ids.dtype == np.int32
    assert offsets.dtype == np.int64


def test_a_very_long_line_costs_no_more_than_a_long_post(subwords: Subwords):
    ids, offsets = subwords(pa.array(["movie " + "a" * 10_000_000]))
    assert ids[0] == subwords.vocabulary["▁movie"]
    assert offsets[-1] <= 8


def test_padding_and_the_unknown_come_first(subwords: Subwords):
    assert (subwords.vocabulary[PAD], subwords.vocabulary[UNKNOWN]) == (0, 1)
    ids, _ = subwords(pa.array(["ज्ञ"]))
    assert 1 in ids


def test_another_process_makes_the_same_file(subwords: Subwords):
    code = (
        "import sys, pyarrow as pa\nfrom mizaj.learn.subwords import train_subwords\n"
        f"made = train_subwords(pa.array({POSTS!r}), n_tokens=120, max_length=8)\n"
        "sys.stdout.buffer.write(made.spelt.encode())"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert made.stdout.decode() == subwords.spelt


@pytest.mark.parametrize(
    ("texts", "changes", "message"),
    [
        (["movie"], {"n_tokens": 3}, "64"),
        (["movie"], {"max_length": 0}, "1 or more"),
        (["", "  ", None], {}, "not empty"),
    ],
)
def test_what_makes_no_vocabulary_is_refused(
    texts: list[str], changes: dict[str, int], message: str
):
    settings = {"n_tokens": 100, "max_length": 8, **changes}
    with pytest.raises(SettingError, match=message):
        train_subwords(pa.array(texts), **settings)


@pytest.mark.parametrize("spelt", ["{}", '{"truncation": {"max_length": 3}}'])
def test_a_damaged_tokenizer_is_refused(spelt: str):
    with pytest.raises(ModelError, match="train the model again"):
        Subwords(spelt)(pa.array(["a"]))
