"""`mizaj behaviour` asks models the behaviour cases, and tells by phenomenon."""

from __future__ import annotations

import json

import pytest

from mizaj.cli import main

N_CASES = 591


def asked(capsys, *words, status=0):
    with pytest.raises(SystemExit) as left:
        main(["behaviour", *words])
    assert left.value.code == status
    printed = capsys.readouterr()
    return printed.err if status else printed.out


def test_each_model_has_a_column_and_all_cases_add_up(capsys):
    header, *rows, last = asked(capsys, "lexicon", "default").splitlines()
    assert header.split()[-2:] == ["lexicon", "default"]
    total, lexicon, default = (sum(int(row.split()[place]) for row in rows) for place in (1, 2, 3))
    assert total == N_CASES
    assert last.split()[:3] == ["all", str(N_CASES), str(lexicon)]
    assert str(default) in last
    assert all(len(row) <= 80 for row in rows)


def test_what_fails_is_listed_and_counted_alike_in_json(capsys):
    failing = asked(capsys, "lexicon", "--failing").partition("answers otherwise:")[2]
    told = json.loads(asked(capsys, "lexicon", "--json"))["lexicon"]
    assert failing.count("; expected: ") == told["cases"] - told["right"]


@pytest.mark.parametrize("words", [["no-such-model"], ["lexicon", "no-such-model"]])
def test_a_model_that_is_not_there_is_one_line(capsys, words):
    assert "model 'no-such-model' is not known" in asked(capsys, *words, status=2)
