"""A study is searched by one process or several, stops and goes on, and leaves its best model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from mizaj.errors import Interrupted, SettingError, SinkError
from mizaj.learn import kinds
from mizaj.learn.search import Choices, Range, search_space, usual
from mizaj.learn.trials import TuneSettings
from mizaj.learn.tune import tune
from mizaj.learn.tuned import COMPLETE, FAILED, PRUNED
from mizaj.model.folder import open_folder
from mizaj.model.kinds import load_classifier


@pytest.fixture
def study(toy, posts, tmp_path):
    """Runs a study of the toy kind on a validation part, or on folds."""

    def run(n_trials, *, folder="study", validation=True, fixed=None, told=None, **asked):
        rows = np.arange(posts.n_rows)
        parts = (posts.take(rows[:80]), posts.take(rows[80:])) if validation else (posts, None)
        return tune(
            kinds.trainer("toy"),
            *parts,
            tmp_path / folder,
            fixed=fixed,
            settings=TuneSettings(n_trials, **asked),
            told=told or (lambda attempt: None),
        )

    return run


def test_the_kinds_own_settings_are_tried_first_and_beaten_or_kept(study):
    found = study(8)
    assert found.attempts[0].settings == {
        "smoothing": 1.0,
        "keeps_case": False,
        "longest": 20,
    }
    assert found.best.macro_f1 == max(each.macro_f1 or 0 for each in found.attempts)
    assert len({each.settings["smoothing"] for each in found.attempts}) > 4


def test_the_best_model_is_a_folder_that_answers_as_it_was_judged(study, posts):
    found = study(8)
    folder = open_folder(found.folder)
    held_out = posts.take(np.arange(80, posts.n_rows))
    answers = load_classifier(folder).probabilities(held_out.texts).argmax(axis=1)
    assert (answers == held_out.codes).mean() == pytest.approx(found.counts.accuracy)
    assert folder.described.card["tuned"]["number"] == found.best.number
    assert sorted(path.name for path in found.folder.parent.iterdir()) == ["model", "study.log"]


def test_folds_judge_where_there_is_no_validation_part(study, posts):
    found = study(3, validation=False, n_folds=3)
    assert found.judged_by == "3 folds"
    assert found.counts.n_rows == posts.n_rows
    words = json.loads(open_folder(found.folder).file("votes.json").read_text())["votes"]
    assert all(any(word in words for word in text.split()) for text in posts.texts.to_pylist())


def test_a_study_resumed_is_the_study_that_was_never_stopped(study):
    whole = study(7, folder="whole")
    study(3, folder="parts")
    parts = study(7, folder="parts", is_resumed=True)
    assert [each.settings for each in parts.attempts] == [each.settings for each in whole.attempts]
    assert open_folder(parts.folder).files == open_folder(whole.folder).files


def test_a_trial_in_which_the_user_stops_is_begun_again(study, toy, monkeypatch):
    whole = study(5, folder="whole")
    real, calls = toy.fit, []

    def stopped(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(toy, "fit", stopped)
    with pytest.raises(Interrupted, match=r"2 trials are kept in .*parts: go on with --resume"):
        study(5, folder="parts")
    parts = study(5, folder="parts", is_resumed=True)
    assert [each.settings for each in parts.attempts] == [each.settings for each in whole.attempts]
    assert parts.n_by_state == {COMPLETE: 5, PRUNED: 0, FAILED: 0}


def test_a_study_that_is_complete_is_not_searched_further(study):
    first, again = study(3), study(3, is_resumed=True)
    assert again.attempts == first.attempts


@pytest.mark.slow
def test_several_processes_share_one_study(study):
    told = []
    found = study(6, n_workers=2, told=told.append)
    assert [each.number for each in found.attempts] == list(range(6))
    assert sorted(each.number for each in told) == list(range(6))
    assert found.n_by_state[FAILED] == 0
    assert open_folder(found.folder).described.card["tuned"]["number"] == found.best.number


def test_what_is_set_does_not_vary(study):
    found = study(4, fixed={"smoothing": "3", "longest": "9"})
    assert {tuple(each.settings) for each in found.attempts} == {("keeps_case",)}
    assert open_folder(found.folder).described.card["tuned"]["settings"].keys() == {"keeps_case"}


def test_trials_that_fall_behind_are_pruned(study, toy, monkeypatch):
    real = toy.fit

    def worse_and_worse(train, validation, settings, *, seed, progress):
        for step in range(1, 11):
            progress({"step": step, "of_steps": 10, "macro_f1": 1 / (2 + len(seen))})
        seen.append(1)
        return real(train, validation, settings, seed=seed, progress=progress)

    seen: list[int] = []
    monkeypatch.setattr(toy, "fit", worse_and_worse)
    found = study(9)
    assert found.n_by_state[PRUNED] == 4
    assert all(each.macro_f1 == pytest.approx(1 / 7) for each in found.attempts[5:])


def test_a_trial_whose_settings_do_not_go_together_fails_alone(study, toy, monkeypatch):
    real = toy.fit

    def picky(train, validation, settings, *, seed, progress):
        if settings.keeps_case:
            raise SettingError("case cannot be kept here")
        return real(train, validation, settings, seed=seed, progress=progress)

    monkeypatch.setattr(toy, "fit", picky)
    found = study(8)
    failed = [each for each in found.attempts if each.state == FAILED]
    assert failed
    assert {each.note for each in failed} == {"case cannot be kept here"}
    with pytest.raises(SettingError, match="none of 2 trials gave a model: case cannot be kept"):
        study(2, folder="other", fixed={"keeps_case": "true"})


def test_a_study_is_neither_overwritten_nor_mixed_with_another(study, tmp_path):
    study(2)
    with pytest.raises(SinkError, match="holds a study already; go on with it by --resume"):
        study(2)
    with pytest.raises(SettingError, match="begun with another rows, judge"):
        study(3, validation=False, is_resumed=True)
    with pytest.raises(SettingError, match="begun with another settings"):
        study(3, fixed={"longest": "3"}, is_resumed=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    with pytest.raises(SinkError, match="holds no study"):
        study(2, folder="full")


def test_a_study_prints_and_goes_out_as_json(study):
    found = study(6)
    assert found.render().startswith("toy: 6 trials (5 complete, 1 pruned)\nbest: trial ")
    assert "what mattered" in found.render()
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(plain["attempts"]) == 6
    assert sum(plain["importances"].values()) == pytest.approx(1.0)


@dataclass(frozen=True)
class Several:
    """Settings of every sort."""

    rate: float = field(default=0.1, metadata={"search": (0.001, 1.0), "log": True})
    width: int = field(default=64, metadata={"search": (8, 32)})
    sizes: tuple[int, ...] = field(default=(1, 2), metadata={"choices": ((1,), (1, 2))})
    weights: str | None = field(default=None, metadata={"choices": (None, "balanced")})
    fixed: int = 3


def test_the_space_is_what_the_fields_say():
    space = search_space(Several, ["rate"])
    assert space == {
        "width": Range(8, 32),
        "sizes": Choices(((1,), (1, 2))),
        "weights": Choices((None, "balanced")),
    }
    assert usual(space, Several()) == {"sizes": "1,2", "weights": "none"}


def test_with_nothing_left_to_vary_there_is_no_search():
    with pytest.raises(SettingError, match="nothing to tune besides what was set"):
        search_space(Several, ["rate", "width", "sizes", "weights"])


@pytest.mark.parametrize("name", ["n_trials", "n_workers"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(SettingError, match=f"{name} is 0; it must be at least 1"):
        TuneSettings(**{name: 0})
