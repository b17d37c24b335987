"""`leakage` on the command line."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli import leakage_command
from mizaj.cli.leakage_command import leakage

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
