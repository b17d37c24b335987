"""A dictionary is packed once; what is kept is opened only if it is whole and nothing that went into it changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mizaj.errors import LexiconError
from mizaj.lexicon import kept
from mizaj.lexicon.entries import Entry, write_entries
from mizaj.lexicon.kept import MOST_KEPT, cache_folder, open_lexicon
from mizaj.lexicon.pack import pack
from mizaj.lexicon.packed import Lexicon, load_lexicon


class Packer:
    """Stands in for the packing of the whole dictionary, which takes seconds, and counts its calls."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self.calls = 0

    def __call__(self, extra: tuple[Path, ...], domain: str | None = None) -> Lexicon:
        self.calls += 1
        if any(not path.exists() for path in extra):
            message = "cannot read the dictionary"
            raise LexiconError(message)
        told = [path.read_bytes() for path in extra]
        return Lexicon(self.packed + repr((told, domain)).encode())  # bytes that nobody reads


@pytest.fixture(scope="module")
def packed() -> bytes:
    return pack([Entry("faadu", "hi-Latn", 2.5), Entry("bakwas", "hi-Latn", -2.0)])


@pytest.fixture
def packer(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> Packer:
    packer = Packer(packed)
    monkeypatch.setattr(kept, "build_lexicon", packer)
    return packer


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("one", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_the_same_dictionary_is_packed_once(packer: Packer, mine: Path, folder: Path) -> None:
    packed = open_lexicon((mine,), folder=folder)
    opened = open_lexicon((mine,), folder=folder)
    assert packer.calls == 1
    assert bytes(opened.content) == packed.content
    assert opened.content_hash == packed.content_hash


def test_another_file_with_the_same_content_is_the_same(
    packer: Packer, mine: Path, folder: Path
) -> None:
    open_lexicon((mine,), folder=folder)
    open_lexicon((mine.rename(mine.with_name("other.tsv")),), folder=folder)
    assert packer.calls == 1


def _edit(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del monkeypatch
    mine.write_text("two", encoding="utf-8")


def _release(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del mine
    monkeypatch.setattr(kept, "__version__", "99.0")


def _reformat(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del mine
    monkeypatch.setattr(kept, "layout", SimpleNamespace(VERSION=kept.layout.VERSION + 1))


def _repack(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "DEFAULT", mine.with_name("absent.lex"))


def _other_words(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "DATA", mine.parent)


@pytest.mark.parametrize("change", [_edit, _release, _reformat, _repack, _other_words])
def test_whatever_goes_into_it_being_changed_it_is_packed_again(
    packer: Packer,
    mine: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    open_lexicon((mine,), folder=folder)
    change(mine, monkeypatch)
    monkeypatch.setattr(kept.Lexicon, "open", None)  # what is kept of before is not even opened
    open_lexicon((mine,), folder=folder)
    assert packer.calls == 2


def test_order_number_and_domain_of_dictionaries_matter(
    packer: Packer, mine: Path, folder: Path
) -> None:
    other = mine.with_name("other.tsv")
    other.write_text("two", encoding="utf-8")
    for extra, domain in (
        ((mine, other), None), ((other, mine), None), ((mine,), None), ((mine,), "movies"), ((), "movies")
    ):  # fmt: skip
        open_lexicon(extra, domain, folder=folder)
    assert packer.calls == 5


@pytest.mark.parametrize("at", [0, 9, 100, -1])
def test_a_damaged_file_is_noticed_and_packed_again(
    packer: Packer, mine: Path, folder: Path, at: int
) -> None:
    whole = open_lexicon((mine,), folder=folder).content
    (path,) = folder.iterdir()
    damaged = bytearray(whole)
    damaged[at] ^= 0xFF
    path.write_bytes(damaged)
    assert open_lexicon((mine,), folder=folder).content == whole
    assert packer.calls == 2
    (path,) = folder.iterdir()
    assert path.read_bytes() == whole


@pytest.mark.parametrize("size", [0, 20, 1000])
def test_a_file_cut_short_is_packed_again(
    packer: Packer, mine: Path, folder: Path, size: int
) -> None:
    whole = open_lexicon((mine,), folder=folder).content
    (path,) = folder.iterdir()
    path.write_bytes(whole[:size])
    assert open_lexicon((mine,), folder=folder).content == whole
    assert packer.calls == 2


def test_a_file_of_the_right_name_that_the_loader_refuses_is_packed_again(
    packer: Packer, mine: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> Lexicon:
        message = f"{path} is damaged"
        raise LexiconError(message)

    open_lexicon((mine,), folder=folder)
    monkeypatch.setattr(kept.Lexicon, "open", refuse)
    open_lexicon((mine,), folder=folder)
    assert packer.calls == 2


def test_a_folder_that_cannot_be_written_only_means_packing_again(
    packer: Packer, mine: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    for _ in range(2):
        assert "faadu" in open_lexicon((mine,), folder=blocked / "cache")
    assert packer.calls == 2


def test_a_full_disk_leaves_nothing_behind(
    packer: Packer, mine: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(path), None, str(target))

    monkeypatch.setattr(Path, "replace", fail)
    assert "faadu" in open_lexicon((mine,), folder=folder)
    assert list(folder.iterdir()) == []
    assert packer.calls == 1


def test_a_file_changed_while_it_is_packed_is_not_kept(
    packer: Packer, mine: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_and_build(extra: tuple[Path, ...], domain: str | None = None) -> Lexicon:
        mine.write_text("two", encoding="utf-8")
        return packer(extra, domain)

    monkeypatch.setattr(kept, "build_lexicon", edit_and_build)
    open_lexicon((mine,), folder=folder)
    assert not folder.exists()


def test_only_those_used_last_are_kept(packer: Packer, mine: Path, folder: Path) -> None:
    for number in range(MOST_KEPT):
        mine.write_text(str(number), encoding="utf-8")
        open_lexicon((mine,), folder=folder)
        for path in folder.iterdir():  # each a minute older than the next
            times = path.stat().st_mtime - 60
            os.utime(path, (times, times))
    mine.write_text("0", encoding="utf-8")
    open_lexicon((mine,), folder=folder)  # the first is used again
    mine.write_text("new", encoding="utf-8")
    open_lexicon((mine,), folder=folder)
    assert len(list(folder.iterdir())) == MOST_KEPT
    calls = packer.calls
    for content, is_packed in (("0", False), ("new", False), ("1", True)):
        mine.write_text(content, encoding="utf-8")
        open_lexicon((mine,), folder=folder)
        calls += is_packed
        assert packer.calls == calls


def test_what_a_killed_process_left_is_deleted_and_what_another_writes_is_not(
    packer: Packer, mine: Path, folder: Path
) -> None:
    folder.mkdir()
    left, writing = folder / "left.tmp", folder / "writing.tmp"
    for path in (left, writing):
        path.touch()
    os.utime(left, (1.0, 1.0))
    open_lexicon((mine,), folder=folder)
    assert not left.exists()
    assert writing.exists()
    assert packer.calls == 1


def test_a_missing_dictionary_is_an_error_as_ever(
    packer: Packer, tmp_path: Path, folder: Path
) -> None:
    with pytest.raises(LexiconError, match="cannot read the dictionary"):
        open_lexicon((tmp_path / "absent.tsv",), folder=folder)
    assert packer.calls == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_read_by_nobody_but_the_packer(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(kept, "build_lexicon", lambda extra, domain: (extra, domain))
    assert open_lexicon((pipe,), folder=folder) == ((pipe,), None)


def test_the_shipped_and_a_packed_lexicon_are_opened_where_they_lie(
    packer: Packer, packed: bytes, tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "mine.lex"
    path.write_bytes(packed)
    assert open_lexicon(folder=folder) is load_lexicon((), None)
    assert "faadu" in open_lexicon((path,), folder=folder)
    assert packer.calls == 0
    assert not folder.exists()


@pytest.mark.slow
def test_what_is_kept_answers_as_what_was_packed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.tsv"
    write_entries(mine, [Entry("faadu", "hi-Latn", 2.5)])
    packed = open_lexicon((mine,), "movies", folder=folder)
    monkeypatch.setattr(kept, "build_lexicon", None)
    opened = open_lexicon((mine,), "movies", folder=folder)
    assert bytes(opened.content) == packed.content
    assert opened.lookup("faadu") == packed.lookup("faadu") is not None


@pytest.mark.parametrize(
    ("platform", "named", "end"),
    [
        ("linux", "", ".cache/mizaj"),
        ("linux", "relative", ".cache/mizaj"),
        ("darwin", "", "Library/Caches/mizaj"),
        ("win32", "", "AppData/Local/mizaj/cache"),
    ],
)
def test_the_folder_is_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, named: str, end: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert cache_folder() == tmp_path / end


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "mizaj"


def test_without_a_home_nothing_is_kept(
    packer: Packer, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        message = "Could not determine home directory."
        raise RuntimeError(message)

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder() is None
    assert "faadu" in open_lexicon((mine,))
    assert packer.calls == 1
