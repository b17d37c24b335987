"""A run that was killed goes on, and ends with the very files of one that was not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import Pipeline
from mizaj.errors import SettingError, SinkError
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run
from mizaj.run.ledger import Ledger, begin
from mizaj.run.shard import Counts, Job, ShardResult
from mizaj.write import Sink, WriteSettings

QUIET = RunSettings(workers=2, is_progress_shown=False)
LEDGER = ".ledger.jsonl"


@pytest.fixture
def posts(tmp_path):
    path = tmp_path / "in" / "posts.parquet"
    path.parent.mkdir()
    texts = [None if n % 17 == 0 else f"post {n}" for n in range(200)]
    pq.write_table(pa.table({"text": texts, "n": range(200)}), path, row_group_size=20)
    return path


def score(path, out, *, read=None, **write):
    source = open_source(path, settings=read or ReadSettings(shard_rows=20))
    return run(Pipeline(()), source, Sink(out, WriteSettings(**write)), settings=QUIET)


def contents(folder):
    files = [
        p for p in folder.rglob("*") if p.is_file() and p.name not in (LEDGER, "manifest.json")
    ]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_resuming_a_finished_run_changes_nothing(posts, tmp_path):
    first = score(posts, tmp_path / "out")
    before = contents(tmp_path / "out")
    again = score(posts, tmp_path / "out", resume=True)
    assert again.counts == first.counts
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("torn", [b"", b'{"sha', b'{"shard": {}}'])
def test_shards_that_are_missing_in_the_ledger_are_done_again(posts, tmp_path, torn):
    first = score(posts, tmp_path / "out")
    expected = contents(tmp_path / "out")
    ledger = tmp_path / "out" / LEDGER
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:4]) + torn)
    again = score(posts, tmp_path / "out", resume=True)
    assert again.counts == first.counts
    assert contents(tmp_path / "out") == expected
    assert all(json.loads(line) for line in ledger.read_bytes().splitlines())


@pytest.mark.parametrize("harm", ["unlink", "cut"])
def test_a_shard_whose_file_is_gone_or_cut_is_done_again(posts, tmp_path, harm):
    score(posts, tmp_path / "out")
    expected = contents(tmp_path / "out")
    victim = tmp_path / "out" / "posts-00003.parquet"
    victim.unlink() if harm == "unlink" else os.truncate(victim, 10)
    score(posts, tmp_path / "out", resume=True)
    assert contents(tmp_path / "out") == expected


@pytest.mark.parametrize("way", [{"resume": True}, {"overwrite": True}])
def test_what_a_killed_run_had_not_finished_is_removed(posts, tmp_path, way):
    score(posts, tmp_path / "out")
    (tmp_path / "out" / ".draft-0123456789ab").mkdir()
    (tmp_path / "out" / ".draft-0123456789ab" / ".kept-posts-00001.parquet.99.tmp").write_text(
        "half"
    )
    score(posts, tmp_path / "out", **way)
    assert not list((tmp_path / "out").glob(".draft-*"))


def test_a_torn_line_in_the_middle_costs_its_own_shard_alone(posts, tmp_path):
    """A disk that was full took half a line, and the rest of the run came after it."""
    score(posts, tmp_path / "out")
    ledger = tmp_path / "out" / LEDGER
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([*lines[:3], lines[3][:20] + lines[4], *lines[5:]]))
    assert len(Ledger(ledger, {}).results()) == 8


def system(**changed):
    """`os` as the ledger alone sees it, with some of it changed: whatever else runs has its own."""
    return SimpleNamespace(**{**vars(os), **changed})


def test_a_ledger_that_cannot_be_written_says_how_to_go_on(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    refused = pytest.raises(SinkError, match=r"ledger\.jsonl: cannot be written .*--resume")
    with refused, Ledger(tmp_path / "gone" / LEDGER, {}).entering():
        pass
    (tmp_path / LEDGER).touch()
    monkeypatch.setattr("mizaj.run.ledger.os", system(write=full))
    with refused, Ledger(tmp_path / LEDGER, {}).entering() as enter:
        enter(ShardResult("posts-00000", Counts(), {}))
    monkeypatch.setattr("mizaj.run.ledger.os", system(fsync=full))
    with refused, Ledger(tmp_path / LEDGER, {}).entering():
        pass


def test_entries_are_flushed_once_a_second_and_at_the_end_whatever_happens(tmp_path, monkeypatch):
    (tmp_path / LEDGER).touch()
    clock, flushed = [0.0], []
    now, note = (lambda: clock[-1]), (lambda _: flushed.append(clock[-1]))
    monkeypatch.setattr("mizaj.run.ledger.time", SimpleNamespace(monotonic=now))
    monkeypatch.setattr("mizaj.run.ledger.os", system(fsync=note))

    def interrupted():
        with Ledger(tmp_path / LEDGER, {}).entering() as enter:
            for moment in (0.5, 0.9, 1.1, 1.9, 2.2, 2.3):
                clock.append(moment)
                enter(ShardResult("posts-00000", Counts(), {}))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert flushed == [1.1, 2.2, 2.3]


def test_what_goes_wrong_with_other_files_is_not_laid_to_the_ledger(tmp_path):
    (tmp_path / LEDGER).touch()
    with pytest.raises(FileNotFoundError), Ledger(tmp_path / LEDGER, {}).entering():
        raise FileNotFoundError


def test_an_entry_is_whole_though_the_system_takes_it_in_pieces(tmp_path, monkeypatch):
    (tmp_path / LEDGER).touch()
    pieces = system(write=lambda to, content: os.write(to, content[:7]))
    monkeypatch.setattr("mizaj.run.ledger.os", pieces)
    with Ledger(tmp_path / LEDGER, {}).entering() as enter:
        enter(ShardResult("posts-00000", Counts(3, 3), {}))
    assert json.loads((tmp_path / LEDGER).read_text())["shard"]["counts"]["rows_in"] == 3


def test_an_input_that_broke_off_is_read_again(posts, tmp_path):
    """A shared folder may have been away for a moment: the file is as it was."""
    calm = score(posts, tmp_path / "calm")
    content, stamp = posts.read_bytes(), posts.stat().st_mtime_ns
    place = pq.ParquetFile(posts).metadata.row_group(4).column(0).data_page_offset
    posts.write_bytes(content[:place] + b"\xff" * 40 + content[place + 40 :])
    os.utime(posts, ns=(stamp, stamp))
    broken = score(posts, tmp_path / "out")
    assert [len(broken.bad_inputs), broken.counts.rows_in] == [1, 180]
    posts.write_bytes(content)
    os.utime(posts, ns=(stamp, stamp))
    mended = score(posts, tmp_path / "out", resume=True)
    assert (mended.bad_inputs, mended.counts) == ([], calm.counts)
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


def touch(posts):
    os.utime(posts, (1, 1))


def grow(posts):
    pq.write_table(pa.table({"text": ["new"]}), posts.with_name("more.parquet"))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (touch, {}, r"the input .*posts\.parquet changed since"),
        (grow, {}, r"the input .*more\.parquet is new since|columns differ"),
        (None, {"format": "csv"}, "the output format differ: parquet"),
        (None, {"read": ReadSettings(shard_rows=60)}, "the read settings differ"),
        (None, {"pipeline": Pipeline(("other",))}, "the pipeline differ"),
    ],
)
def test_a_run_that_differs_is_not_resumed_and_says_in_what(
    posts, tmp_path, change, options, message
):
    score(posts.parent, tmp_path / "out")
    before = contents(tmp_path / "out")
    if change is not None:
        change(posts)
    steps = options.pop("pipeline", Pipeline(()))
    source = open_source(posts.parent, settings=options.pop("read", ReadSettings(shard_rows=20)))
    job = Job(_Named(steps), source, Sink(tmp_path / "out", WriteSettings(resume=True, **options)))
    with pytest.raises(SettingError, match=f"cannot resume: {message}"):
        begin(job)
    assert contents(tmp_path / "out") == before


class _Named:
    """A pipeline that only has a fingerprint and passes the columns on."""

    def __init__(self, pipeline):
        self.fingerprint = pipeline.fingerprint

    def schema(self, source):
        return source


def test_what_comes_from_memory_is_not_resumed(tmp_path):
    data = pa.table({"text": ["a"]})
    run(Pipeline(()), data, tmp_path / "out", settings=QUIET)
    with pytest.raises(SettingError, match="only a run over files can be resumed"):
        run(Pipeline(()), data, Sink(tmp_path / "out", WriteSettings(resume=True)), settings=QUIET)


def test_overwriting_replaces_the_earlier_output_and_nothing_else(posts, tmp_path):
    score(posts, tmp_path / "out", format="csv")
    (tmp_path / "out" / "mine.txt").write_text("keep me")
    score(posts, tmp_path / "out", overwrite=True)
    names = set(contents(tmp_path / "out"))
    assert "mine.txt" in names
    assert not [name for name in names if name.endswith(".csv")]
    assert contents(tmp_path / "out").pop("mine.txt") == b"keep me"


def test_overwriting_removes_shards_that_were_in_place_but_not_entered(posts, tmp_path):
    """Who asked was killed while workers went on: no shard of a coarser cut replaces what they put in place."""
    out = tmp_path / "out"
    score(posts, out)
    lines = (out / LEDGER).read_bytes().splitlines(keepends=True)
    (out / LEDGER).write_bytes(b"".join(lines[:4]))
    score(posts, out, read=ReadSettings(shard_rows=100), overwrite=True)
    assert set(contents(out)) == {
        f"{folder}posts-0000{n}.parquet" for folder in ("", "rejects/") for n in range(2)
    }


def test_a_ledger_of_others_removes_nothing_outside_its_folder(posts, tmp_path):
    out = tmp_path / "out"
    score(posts, out)
    (tmp_path / "mine.txt").write_text("precious")
    with (out / LEDGER).open("a") as ledger:
        names = ["../mine.txt", str(tmp_path / "mine.txt")]
        ledger.write(json.dumps({"run": {}, "files": names}) + "\n")
    score(posts, out, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.parametrize("way", [{}, {"resume": True}])
@pytest.mark.parametrize(
    "left",
    [
        ".mizaj-0123456789ab.tmp",
        f".{LEDGER}.0123456789ab.tmp",
        ".manifest.json.0123456789ab.tmp",
    ],
)
def test_a_run_that_was_killed_at_its_very_beginning_is_begun_again(posts, tmp_path, left, way):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / left).touch()
    assert score(posts, tmp_path / "out", **way).counts.rows_in == 200
    assert not (tmp_path / "out" / left).exists()


@pytest.mark.parametrize("way", ["overwrite", "resume"])
def test_a_folder_that_is_no_output_of_ours_is_never_touched(posts, tmp_path, way):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.doc").write_text("precious")
    with pytest.raises(SinkError, match="holds no mizaj run"):
        score(posts, tmp_path / "home", **{way: True})
    assert contents(tmp_path / "home") == {"thesis.doc": b"precious"}


def test_an_empty_folder_is_used_as_it_is(posts, tmp_path):
    (tmp_path / "out").mkdir()
    assert score(posts, tmp_path / "out", resume=True).counts.rows_in == 200


def test_a_folder_inside_the_input_is_not_read_as_input_the_next_time(posts):
    out = posts.parent / "scored"
    first = score(posts.parent, out)
    again = score(posts.parent, out, overwrite=True)
    assert again.counts == first.counts


CHILD = textwrap.dedent(
    """
    import sys, time
    from dataclasses import dataclass, field
    from pathlib import Path
    import pyarrow as pa
    from mizaj.batch import Pipeline
    from mizaj.read import ReadSettings, open_source
    from mizaj.run import RunSettings, run
    from mizaj.write import Sink, WriteSettings

    @dataclass(frozen=True)
    class Slow:
        pause_s: float = field(repr=False)  # no part of the fingerprint: runs of any pace are one
        reads = ("text",)
        adds = pa.schema([("n_rows", pa.int64())])

        def __call__(self, batch):
            time.sleep(self.pause_s)
            return batch.append_column("n_rows", pa.array([1] * batch.num_rows, pa.int64()))

    posts, out, way, pause_s = sys.argv[1:]
    source = open_source(posts, settings=ReadSettings(shard_rows=20, batch_rows=5))
    sink = Sink(Path(out), WriteSettings(resume=way == "resume"))
    print("ready", flush=True)
    run(Pipeline((Slow(float(pause_s)),)), source, sink, settings=RunSettings(workers=2))
    """
)


def spawn(posts, out, way, *, pause_s=0.02, stderr=None):
    command = [sys.executable, "-c", CHILD, str(posts), str(out), way, str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)


def n_entered(out):
    ledger = out / LEDGER
    return max(ledger.read_bytes().count(b"\n") - 1, 0) if ledger.exists() else 0


def wait_until(is_so, child):
    """Return once something is so, the child has ended, or ten minutes are over."""
    end = time.monotonic() + 600
    while not is_so() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.001)


def finish(child):
    child.communicate(timeout=600)
    return child.returncode


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_run_killed_again_and_again_ends_like_one_that_was_not(posts, tmp_path, seed):
    moments = random.Random(seed)
    assert finish(spawn(posts, tmp_path / "whole", "new")) == 0
    done = 0
    for _ in range(3):
        # a slow step, so that it is not over before it is killed
        with spawn(posts, tmp_path / "torn", "resume", pause_s=0.2) as child:
            child.stdout.readline()
            wait_until(lambda wanted=done + 1: n_entered(tmp_path / "torn") >= wanted, child)
            time.sleep(moments.uniform(0.0, 0.02))
            child.send_signal(signal.SIGKILL)
        done = n_entered(tmp_path / "torn")
    assert 3 <= done < 10
    assert finish(spawn(posts, tmp_path / "torn", "resume")) == 0
    assert contents(tmp_path / "torn") == contents(tmp_path / "whole")
    counts = [
        {
            k: v
            for k, v in json.loads((tmp_path / n / "manifest.json").read_text()).items()
            if k != "created"
        }
        for n in ("whole", "torn")
    ]
    assert counts[0] == counts[1]


@pytest.mark.slow
def test_ctrl_c_ends_a_run_quickly_without_temporary_files(posts, tmp_path):
    out = tmp_path / "out"
    with spawn(posts, out, "new", pause_s=0.2, stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        wait_until(lambda: any(out.glob(".draft-*/*")), child)
        child.send_signal(signal.SIGINT)
        error = child.communicate(timeout=600)[1].decode()
    assert "Interrupted: stopped with" in error
    assert not [name for name in contents(out) if name.endswith(".tmp")]
