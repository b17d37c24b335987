"""The models that have names: where the best one is looked for, and that every way to name a model finds it there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import mizaj
from mizaj.cli.cascading import open_model
from mizaj.model.folder import Described, describe, save
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.shipped import SHIPPED, best_folder, folder_of

TEXT = "Yeh movie accha nahi hai"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any models."""
    for name in ("MIZAJ_BEST", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.fixture
def best(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model in the place of the best one."""
    monkeypatch.setenv("MIZAJ_BEST", str(nowhere / "built"))
    save(lexicon_tier(), nowhere / "built", Described(card={"made_by": "a test"}))
    return nowhere / "built"


@pytest.mark.parametrize(
    ("platform", "named", "place"),
    [
        ("linux", {}, "{home}/.local/share/mizaj/best"),
        ("linux", {"XDG_DATA_HOME": "{home}/data"}, "{home}/data/mizaj/best"),
        ("linux", {"XDG_DATA_HOME": "not/absolute"}, "{home}/.local/share/mizaj/best"),
        ("darwin", {}, "{home}/Library/Application Support/mizaj/best"),
        ("win32", {}, "{home}/AppData/Local/mizaj/best"),
        ("win32", {"LOCALAPPDATA": "{home}/local"}, "{home}/local/mizaj/best"),
        ("linux", {"MIZAJ_BEST": "mine", "XDG_DATA_HOME": "{home}/data"}, "mine"),
    ],
)
def test_the_best_model_is_looked_for_where_programs_keep_data(
    platform: str,
    named: dict[str, str],
    place: str,
    nowhere: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in named.items():
        monkeypatch.setenv(name, value.format(home=nowhere))
    assert best_folder() == Path(place.format(home=nowhere))


def test_a_name_stands_for_a_folder_and_a_folder_for_itself(best: Path) -> None:
    assert folder_of("best") == best
    assert folder_of("default") == SHIPPED
    assert folder_of("my-model/") == folder_of(Path("my-model")) == Path("my-model")


@pytest.mark.parametrize("ask", [mizaj.load, open_model, folder_of])
def test_a_best_model_that_is_not_there_is_told_with_the_place_and_the_way_to_build_it(
    ask: object, nowhere: Path
) -> None:
    with pytest.raises(mizaj.ModelError, match=r"looked for .*\.local/share/mizaj/best.*make best"):
        ask("best")  # type: ignore[operator]


def test_the_best_model_is_loaded_by_its_name(best: Path) -> None:
    model = mizaj.load("best")
    assert model.name == str(best)
    assert model(TEXT) == mizaj.load(best)(TEXT)
    assert model(TEXT).sentiment == model.explain(TEXT).answer.sentiment == "negative"
    assert model.step().content_hash == mizaj.load(best).step().content_hash  # type: ignore[attr-defined]


def test_a_best_model_built_anew_is_loaded_anew(best: Path) -> None:
    before = mizaj.load("best").step().content_hash  # type: ignore[attr-defined]
    describe(mizaj.model.folder.open_folder(best), Described(card={"made_by": "another"}))
    assert mizaj.load("best").step().content_hash != before  # type: ignore[attr-defined]


def test_commands_that_join_models_take_them_by_name(best: Path) -> None:
    assert open_model("best")[1].card == {"made_by": "a test"}
    assert open_model("default")[0].kind == "linear"
    assert open_model("lexicon")[0].kind == "lexicon"
    with pytest.raises(mizaj.ModelError, match="allowed: default, lexicon, best, or a folder"):
        open_model("gpt")
