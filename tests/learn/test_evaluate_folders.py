"""`mizaj evaluate` takes model folders of any task beside the lexicon, several at once."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from mizaj.cli import main
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import Described, save

ROWS = {
    "text": ["bakwas hai", "table aaj", "mast accha", "slow", "fast phone"],
    "label": ["negative", "neutral", "positive", "negative", "positive"],
    "source": ["a", "a", "a", "b", "b"],
}


@pytest.fixture
def folder(toy, posts, tmp_path, monkeypatch):
    """A folder with posts and four models: two of polarity, one of two labels, one of emotion."""
    monkeypatch.chdir(tmp_path)
    pa.parquet.write_table(pa.table(ROWS), "posts.parquet")
    fit = trainer("toy")
    save(fit(posts, None), "one")
    save(fit(posts.take(posts.codes.argsort()[:90]), None), "two")
    sides = Labelled.of(pa.array(["bura", "accha"]), [0, 1], ("bad", "good"))
    save(fit(sides, None), "sides")
    feelings = Labelled.of(pa.array(["slow table", "mast"]), [0, 1], ("anger", "joy"))
    save(fit(feelings, None), "feelings", Described(task="emotion"))
    return tmp_path


def run(capsys, *words):
    with pytest.raises(SystemExit) as left:
        main(["evaluate", *words])
    printed = capsys.readouterr()
    return left.value.code or 0, printed.out, printed.err


def test_folders_and_the_lexicon_are_evaluated_together(folder, capsys):
    status, out, _ = run(
        capsys, "lexicon", "one", "two", "posts.parquet", "--by", "source", "--json"
    )
    found = json.loads(out)
    assert status == 0
    assert [each["model"] for each in found["evaluations"]] == ["lexicon", "one", "two"]
    assert found["evaluations"][1]["accuracy"]["value"] == 1.0
    assert found["evaluations"][1]["by"]["source"]["b"]["rows"] == 2
    assert len(found["comparisons"]) == 3


def test_a_model_of_other_labels_is_evaluated_with_them(folder, capsys):
    pa.parquet.write_table(pa.table({"text": ["bura", "x"], "label": ["bad", "good"]}), "p.parquet")
    _, out, _ = run(capsys, "sides", "p.parquet", "--json")
    assert json.loads(out)["evaluations"][0]["labels"] == ["bad", "good"]


def test_a_model_of_another_task_is_evaluated_by_language(folder, capsys):
    rows = {"text": ["mast", "slow table", "mast"], "label": ["joy", "anger", "fear"]}
    pa.parquet.write_table(pa.table(rows), "p.parquet")
    status, out, _ = run(
        capsys, "feelings", "p.parquet", "--by", "language", "--json", "--html", "x.html"
    )
    (found,) = json.loads(out)["evaluations"]
    assert (status, found["rows"], found["left_out"]) == (0, 2, {"label=fear": 1})
    assert found["classes"]["joy"]["recall"] == 1.0
    assert sum(each["rows"] for each in found["by"]["language"].values()) == 2


def test_models_of_two_tasks_are_not_evaluated_together(folder, capsys):
    status, _, err = run(capsys, "one", "feelings", "posts.parquet")
    assert status == 2
    assert "different tasks (one polarity, feelings emotion)" in err
