"""`leakage` on the command line."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli import leakage_command
from mizaj.cli.leakage_command import leakage
from mizaj.errors import ColumnMissing

app = typer.Typer()
app.command()(leakage)


@pytest.mark.parametrize("large_bytes", [leakage_command.LARGE_BYTES, 0])
def test_two_files_of_different_formats_are_compared(tmp_path, monkeypatch, large_bytes):
    monkeypatch.setattr(leakage_command, "LARGE_BYTES", large_bytes)
    (tmp_path / "a.csv").write_text("text,label\nBahut accha,positive\nbura,negative\n")
    (tmp_path / "b.jsonl").write_text('{"text": "bahut accha!!", "label": "neutral"}\n')
    paths = [str(tmp_path / name) for name in ("a.csv", "b.jsonl")]
    plain = CliRunner().invoke(app, paths)
    assert "near copies                1  100.0 %" in plain.output
    found = json.loads(CliRunner().invoke(app, [*paths, "--json"]).output)
    assert (found["n_near"], found["n_conflicting"], found["names"]) == (1, 1, paths)


@pytest.mark.parametrize("large_bytes", [leakage_command.LARGE_BYTES, 0])
def test_rows_that_the_reader_sets_aside_are_no_copies(tmp_path, monkeypatch, large_bytes):
    monkeypatch.setattr(leakage_command, "LARGE_BYTES", large_bytes)
    for name, text in (("a", "bura din tha"), ("b", "mast gaana hai")):
        (tmp_path / f"{name}.jsonl").write_text(f'{{"text": "{text}"}}\n{{broken\n')
    paths = [str(tmp_path / f"{name}.jsonl") for name in "ab"]
    found = json.loads(CliRunner().invoke(app, [*paths, "--json"]).output)
    assert (found["n_rows"], found["share"]) == ([2, 2], 0.0)


def test_a_column_of_labels_that_neither_has_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,mood\nBahut accha,positive\n")
    result = CliRunner().invoke(app, [str(path), str(path), "--label", "moood"])
    assert isinstance(result.exception, ColumnMissing)
    assert "columns there: text, mood" in str(result.exception)


def test_the_texts_may_be_named_as_labels_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\nBahut accha\n")
    result = CliRunner().invoke(app, [str(path), str(path), "--label", "text", "--json"])
    found = json.loads(result.output)
    assert (found["n_exact"], found["n_conflicting"]) == (1, 0)
