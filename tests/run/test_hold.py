"""A folder belongs to one run at a time, and nothing of an earlier one comes into it later."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import Pipeline
from mizaj.errors import SinkError
from mizaj.read import open_source
from mizaj.run import Job, RunSettings, run
from mizaj.run.cleaning import clean
from mizaj.run.hold import drafting, held, remove_drafts
from mizaj.write import ShardWriter, Sink, WriteSettings

QUIET = RunSettings(workers=1, is_progress_shown=False)
POSTS = pa.table({"text": ["accha", "bura"]})
SCHEMA = pa.schema([("text", pa.string())])


@pytest.mark.parametrize("way", [{}, {"resume": True}, {"overwrite": True}])
def test_a_second_run_into_the_same_folder_is_refused_while_the_first_lasts(tmp_path, way):
    sink = Sink(tmp_path / "out", WriteSettings(**way))
    with held(sink.folder):
        for work in (
            lambda: run(Pipeline(()), POSTS, sink, settings=QUIET),
            lambda: clean(POSTS, sink),
        ):
            with pytest.raises(SinkError, match="out: another run is writing here"):
                work()
    assert not sink.folder.exists()
    assert run(Pipeline(()), POSTS, sink, settings=QUIET).counts.rows_in == 2


def test_a_run_that_fails_lets_go_and_leaves_no_empty_folder(tmp_path):
    for folder in (tmp_path / "new", tmp_path):
        with pytest.raises(KeyError), held(folder):
            raise KeyError
        with held(folder):
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_came_into_a_new_folder_stays(tmp_path):
    with held(tmp_path / "new"):
        (tmp_path / "new" / "posts.parquet").touch()
    assert (tmp_path / "new" / "posts.parquet").exists()


@pytest.mark.slow
def test_a_run_that_is_killed_lets_go(tmp_path):
    code = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from mizaj.run.hold import held
        with held(Path(sys.argv[1])):
            print("held", flush=True)
            time.sleep(600)
        """
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        with pytest.raises(SinkError, match="another run"), held(tmp_path):
            pass
        child.send_signal(signal.SIGKILL)
    with held(tmp_path):
        pass


def test_a_share_that_cannot_lock_folders_holds_nothing(tmp_path, monkeypatch):
    asked = []

    def refuse(handle: int, _: int) -> None:
        asked.append(handle)
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("mizaj.run.hold.fcntl.flock", refuse)
    with held(tmp_path), held(tmp_path):
        assert len(asked) == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(SinkError, match=r"out: cannot be made \(Not a directory\)"),
        held(tmp_path / "file" / "out"),
    ):
        pass


def test_drafts_are_gone_when_the_block_has_ended(tmp_path):
    with drafting(Sink(tmp_path)) as sink:
        assert sink.draft.is_dir()
        with ShardWriter(sink, "posts", SCHEMA) as writer:
            writer.write(pa.record_batch({"text": ["accha"]}))
            assert [path.parent for path in tmp_path.rglob("*.tmp")] == [sink.draft]
    assert [path.name for path in tmp_path.iterdir()] == ["posts.parquet"]


@pytest.mark.parametrize("moment", ["before a shard", "within a shard"])
def test_a_worker_of_a_killed_run_puts_nothing_in_place(tmp_path: Path, moment: str) -> None:
    """Its driver was killed, and the folder was taken over with other settings."""
    (tmp_path / "posts.txt").write_text("accha\nbura\n")
    source = open_source(tmp_path / "posts.txt")
    out = Sink(tmp_path / "out", WriteSettings(overwrite=True))
    out.folder.mkdir()
    lost = Sink(out.folder, draft=out.folder / ".draft-0123456789ab")
    lost.draft.mkdir()

    def take_over(n_rows: int = 0) -> None:
        remove_drafts(out.folder)
        assert run(Pipeline(()), source, out, settings=QUIET).counts.rows_in == 2

    if moment == "before a shard":
        take_over()
    with pytest.raises(SinkError, match="out: another run has taken over this folder"):
        Job(Pipeline(()), source, lost)(source.shards[0], tick=take_over)
    assert [pq.read_table(path).num_rows for path in out.folder.glob("*.parquet")] == [2]
    assert {path.name for path in out.folder.iterdir()} == {
        f"{source.shards[0].name}.parquet",
        ".ledger.jsonl",
        "manifest.json",
    }
