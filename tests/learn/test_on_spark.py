from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mizaj.errors import SettingError, TrainingError
from mizaj.learn.train import train

pytest.importorskip("torch")
pytest.importorskip("pyspark")


@pytest.mark.slow
def test_workers_of_a_cluster_learn_what_local_ones_do_even_when_one_is_killed(
    spark_session: object, jobs: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    told: list[Mapping[str, Any]] = []
    (tmp_path / "dug").touch()
    local = train(jobs.mortal(tmp_path / "dug"), told.append)
    heard: list[Mapping[str, Any]] = []
    kept = {"on": "spark", "checkpoint": str(tmp_path / "kept"), "checkpoint_every": 2}
    disturbed = train(jobs.mortal(tmp_path / "grave", **kept), heard.append)
    assert (tmp_path / "grave").exists()
    assert heard == told
    jobs.assert_equal(local, disturbed)
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_an_error_in_a_worker_comes_back_at_once(spark_session: object, jobs: ModuleType):
    from mortal_network import Failing

    with pytest.raises(TrainingError, match="failed: KeyError: 'lost'"):
        train(replace(jobs.job(on="spark"), module=Failing(1, 3)))


@pytest.mark.slow
def test_more_workers_than_a_session_has_processors_are_refused(
    spark_session: object, jobs: ModuleType
):
    with pytest.raises(SettingError, match=r"workers is 3, all of which .* has 2 processors"):
        train(jobs.job(on="spark", workers=3))
