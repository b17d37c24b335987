"""A study whose attempts are made elsewhere is the study of one process, where one is made at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from mizaj.errors import ClusterError, SettingError
from mizaj.learn import kinds
from mizaj.learn.labelled import Labelled
from mizaj.learn.trials import TuneSettings
from mizaj.learn.tune import tune
from mizaj.learn.tuned import FAILED, PRUNED, Tuned
from mizaj.model.folder import open_folder

pytest.importorskip("optuna")
Study = Callable[..., Tuned]


@pytest.fixture
def study(toy: ModuleType, posts: Labelled, tmp_path: Path) -> Study:
    def run(folder: str, spread: Any = None, n_trials: int = 8, **asked: Any) -> Tuned:
        rows = np.arange(posts.n_rows)
        parts = (posts.take(rows[:80]), posts.take(rows[80:]))
        asked = {"n_trials": n_trials, **asked}
        return tune(
            kinds.trainer("toy"),
            *parts,
            tmp_path / folder,
            settings=TuneSettings(**asked),
            spread=spread,
        )

    return run


def alike(one: Tuned, other: Tuned) -> None:
    assert [
        (each.number, each.state, each.settings, each.macro_f1, each.note) for each in one.attempts
    ] == [
        (each.number, each.state, each.settings, each.macro_f1, each.note)
        for each in other.attempts
    ]
    assert one.counts == other.counts
    assert open_folder(one.folder).files == open_folder(other.folder).files
    assert sorted(path.name for path in other.folder.parent.iterdir()) == ["model", "study.log"]


def test_one_at_a_time_it_is_the_study_of_one_process_pruned_trials_and_all(
    study: Study, toy: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    real = toy.fit

    def by_settings(train: Any, validation: Any, settings: Any, *, seed: int, progress: Any) -> Any:
        for step in range(1, 11):
            progress({"step": step, "of_steps": 10, "macro_f1": 1 / (1 + settings.smoothing)})
        return real(train, validation, settings, seed=seed, progress=progress)

    monkeypatch.setattr(toy, "fit", by_settings)
    here, afar = study("here", n_trials=14), study("afar", map, n_trials=14)
    assert here.n_by_state[PRUNED] > 0
    alike(here, afar)


def test_a_study_goes_on_wherever_its_attempts_were_made(study: Study):
    whole = study("whole")
    study("parts", map, 3)
    study("parts", None, 5, is_resumed=True)
    alike(whole, study("parts", map, 8, is_resumed=True))


def test_several_at_a_time_share_one_study(study: Study):
    found = study("afar", map, n_workers=3)
    assert [each.number for each in found.attempts] == list(range(8))
    assert found.best.macro_f1 == max(each.macro_f1 or 0 for each in found.attempts)
    assert open_folder(found.folder).described.card["tuned"]["number"] == found.best.number


def test_an_attempt_that_ends_its_workers_fails_alone_and_several_in_a_row_stop_the_study(
    study: Study,
):
    def losing(numbers: set[int]) -> Any:
        def spread(function: Any, shards: Any) -> Iterator[Any]:
            if shards[0].number in numbers:
                raise ClusterError(f"{shards[0].name}: its worker ended 9 times")
            return map(function, shards)

        return spread

    found = study("one", losing({2, 5}))
    assert [each.number for each in found.attempts if each.state == FAILED] == [2, 5]
    assert found.attempts[2].note == "trial 2: its worker ended 9 times"
    with pytest.raises(ClusterError, match="trial 5"):
        study("many", losing({3, 4, 5}))


def test_nothing_came_of_any_trial_is_said_as_ever(
    study: Study, toy: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: Any, **__: Any) -> None:
        raise SettingError("not like this")

    monkeypatch.setattr(toy, "fit", refuse)
    with pytest.raises(SettingError, match="none of 2 trials gave a model: not like this"):
        study("afar", map, 2)


@pytest.mark.slow
def test_on_a_ray_cluster(study: Study, ray_cluster: object):
    from mizaj.cluster.ray import map_shards

    alike(study("here", n_trials=5), study("afar", map_shards, 5))
    assert len(study("wide", map_shards, 5, n_workers=2).attempts) == 5


@pytest.mark.slow
def test_on_a_spark_cluster(study: Study, spark_session: Any):
    from mizaj.cluster.spark import map_shards

    spread = functools.partial(map_shards, spark=spark_session)
    alike(study("here", n_trials=4), study("afar", spread, 4))
    assert len(study("wide", spread, 4, n_workers=2).attempts) == 4
