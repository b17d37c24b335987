"""`mizaj tune`, `mizaj cross-domain` and robustness, from words to what is printed and written."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli import evaluating
from mizaj.cli.cross_domain_command import cross_domain
from mizaj.cli.scoring import ModelChoice
from mizaj.cli.tune_command import tune
from mizaj.errors import ColumnMissing, SettingError
from mizaj.model.folder import open_folder


@pytest.fixture
def files(toy, posts, tmp_path, monkeypatch):
    """Two files of posts, one with a label that polarity leaves out."""
    monkeypatch.chdir(tmp_path)
    labels = [posts.labels[code] for code in posts.codes.tolist()]
    table = pa.table({"text": posts.texts, "label": labels, "source": posts.sources})
    pa.parquet.write_table(table.slice(0, 80), "a.parquet")
    more = pa.table({"text": ["bura hai kya"], "label": ["mixed"], "source": ["news"]})
    pa.parquet.write_table(pa.concat_tables([table.slice(80), more]), "b.parquet")
    return tmp_path


def run(command, *words):
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_a_study_is_searched_from_files(files):
    words = ("a.parquet", "b.parquet", "--kind", "toy", "-o", "study", "--set", "longest=12")
    status, out, err = run(tune, *words, "--trials", "3")
    assert status == 0
    assert out.startswith("toy: 3 trials (3 complete)\nbest: trial ")
    assert "  --set smoothing=" in out
    assert out.endswith("page:  study/tune.html\n")
    assert "1 rows were left out: label=mixed 1" in err
    assert "trial 2 complete at macro-F1 0." in err
    page = Path("study/tune.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "What mattered" not in page  # three trials tell nothing
    assert open_folder("study/model").labels == ("negative", "neutral", "positive")


def test_a_study_goes_on_and_comes_as_json(files):
    words = ("a.parquet", "--validation", "b.parquet", "--kind", "toy", "-o", "study")
    run(tune, *words, "--trials", "2", "--json")
    _, out, err = run(tune, *words, "--trials", "6", "--resume", "--json")
    found = json.loads(out)
    assert len(found["attempts"]) == 6
    assert found["judged_by"] == "validation"
    assert found["rows"] == 40
    assert "trial" not in err
    assert "What mattered" in Path("study/tune.html").read_text(encoding="utf-8")


def test_folds_judge_where_they_are_asked(files):
    words = ("a.parquet", "--kind", "toy", "-o", "study", "--trials", "1", "--folds", "3")
    _, out, _ = run(tune, *words)
    assert "on 3 folds (80 rows)" in out


def test_mistakes_are_told_before_anything_is_read(files):
    with pytest.raises(SettingError, match="kind 'toy' has no setting 'depth'"):
        run(tune, "absent.parquet", "--kind", "toy", "-o", "s", "--set", "depth=3")
    with pytest.raises(SettingError, match="kind 'best' is not known"):
        run(tune, "absent.parquet", "--kind", "best", "-o", "s")
    with pytest.raises(ColumnMissing, match="'mood'"):
        run(tune, "a.parquet", "--kind", "toy", "-o", "s", "--label", "mood")


def test_files_are_domains(files):
    words = ("a.parquet", "b.parquet", "--kind", "toy", "--folds", "2", "--html", "x.html")
    status, out, err = run(cross_domain, *words)
    assert status == 0
    assert "toy: macro-F1, trained on (down), judged on (across)" in out
    assert "trained on a, judged on b: macro-F1" in err
    page = Path("x.html").read_text(encoding="utf-8")
    assert page.count("heat roomy own") == 2
    assert "Judged on b (40 rows)" in page


def test_a_column_names_the_domains(files):
    words = ("a.parquet", "b.parquet", "--by", "source", "--kind", "toy", "--folds", "2")
    _, out, _ = run(cross_domain, *words, "--others", "--json")
    found = json.loads(out)
    assert found["domains"] == ["news", "films"]
    assert list(found["cells"]) == ["news", "films", "(all others)"]


def test_robustness_is_measured_where_it_is_asked(files, capsys):
    job = evaluating.EvaluateJob(
        ("lexicon", "a.parquet"),
        *(None, "text", "label", (), "page.html"),
        is_robustness_asked=True,
    )
    evaluating.evaluate_words(job, ModelChoice(), as_json=True)
    (found,) = json.loads(capsys.readouterr().out)["robustness"]
    assert found["rows"] == 80
    assert {each["noise"] for each in found["noises"]} >= {"typos", "elongation", "vowels"}
    assert "Macro-F1 under typos" in Path("page.html").read_text(encoding="utf-8")
    evaluating.evaluate_words(job, ModelChoice(), as_json=False)
    assert "lexicon on noisy text: 80 rows" in capsys.readouterr().out


def test_the_card_of_the_best_model_tells_how_to_make_it_again(files):
    words = ("a.parquet", "--kind", "toy", "--validation", "0.25", "--class-weights", "balanced")
    run(tune, *words, "-o", "study", "--trials", "5")
    card = open_folder("study/model").described.card
    smoothing = card["tuned"]["settings"]["smoothing"]
    assert f"--set smoothing={smoothing!r} " in card["command"]
    assert "--validation 0.25" in card["command"]
    assert card["weights"]["class_power"] == 1.0
    assert card["tuned"]["trials"] == 5
    assert card["scores"]["macro_f1"]["value"] == card["tuned"]["macro_f1"]
    assert card["data"][0]["rows"] == 80


def test_noisy_copies_are_not_judged_by_folds(files):
    words = ("a.parquet", "--kind", "toy", "-o", "s", "--folds", "2", "--noise", "typos")
    with pytest.raises(SettingError, match="leave out --noise"):
        run(tune, *words)


def test_a_column_of_domains_that_is_not_there_is_named(files):
    with pytest.raises(ColumnMissing, match="'city'"):
        run(cross_domain, "a.parquet", "b.parquet", "--by", "city", "--kind", "toy")
