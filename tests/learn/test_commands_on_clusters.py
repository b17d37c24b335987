"""`train`, `tune` and `evaluate` with --on: what is refused, and that the cluster changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import typer
from typer.testing import CliRunner

from mizaj.cli.evaluate_command import evaluate
from mizaj.cli.train_command import train
from mizaj.cli.tune_command import tune
from mizaj.errors import SettingError
from mizaj.learn.labelled import Labelled
from mizaj.model.folder import open_folder


@pytest.fixture
def data(posts: Labelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    labels = [posts.labels[code] for code in posts.codes.tolist()]
    table = pa.table({"text": posts.texts, "label": labels, "source": posts.sources})
    pyarrow.parquet.write_table(table, "posts.parquet", row_group_size=40)
    return "posts.parquet"


def run(command: Callable[..., int], *words: str) -> dict[str, Any]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        (train, ("--kind", "linear", "--on", "ray"), "'linear' is trained in one process.* --on"),
        (train, ("--kind", "cnn", "--address", "head:1"), "head:1 names a cluster.*add --on ray"),
        (tune, ("--kind", "linear", "--address", "head:1"), "'head:1' names a cluster"),
        (
            train,
            ("--kind", "bag", "--workers", "2", "--set", "exchange=server"),
            "a parameter server needs Ray",
        ),
    ],
)
def test_a_cluster_that_is_not_meant_so_is_refused(
    data: str, command: Any, words: tuple[str, ...], message: str
):
    pytest.importorskip("torch")
    with pytest.raises(SettingError, match=message):
        run(command, data, "-o", "out", *words)


def test_an_evaluation_with_an_address_alone_is_refused(data: str):
    with pytest.raises(SettingError, match="'head:1' names a cluster"):
        run(evaluate, "lexicon", data, "--address", "head:1")


def test_files_are_evaluated_alike_by_one_and_by_several(data: str):
    words = ("lexicon", "default", data, data, "--by", "source")
    assert run(evaluate, *words) == run(evaluate, *words, "--workers", "3")


@pytest.mark.slow
def test_on_ray_a_network_is_trained_tuned_and_judged_to_the_same_figures(
    data: str, toy: ModuleType, ray_cluster: object
):
    small = ("--kind", "bag", "--workers", "1", "--set", "threads=1", "--set", "epochs=2")
    small += ("--set", "vocabulary=80")
    here = run(train, data, "-o", "here/model", *small)
    there = run(train, data, "-o", "there/model", *small, "--on", "ray")
    assert here["hash"] == there["hash"]
    assert open_folder("here/model").files == open_folder("there/model").files
    assert sorted(path.name for path in Path("there").iterdir()) == ["model"]

    study = ("--kind", "toy", "--trials", "3")
    tuned = run(tune, data, "-o", "near", *study)
    spread = run(tune, data, "-o", "far", *study, "--on", "ray")
    assert [each["settings"] for each in spread["attempts"]] == [
        each["settings"] for each in tuned["attempts"]
    ]
    words = ("here/model", "lexicon", data)
    assert run(evaluate, *words) == run(evaluate, *words, "--on", "ray")
