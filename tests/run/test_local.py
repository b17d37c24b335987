"""A run writes every row once, however it is spread, and can be stopped without leaving a mess."""

from __future__ import annotations

import json
import pickle
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mizaj.batch import REJECTED, Pipeline
from mizaj.errors import ColumnMissing, Interrupted, SettingError, SinkError, SourceError
from mizaj.read import ReadSettings, open_source
from mizaj.run import Counts, Job, RunSettings, run
from mizaj.write import Sink, WriteSettings

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
QUIET = RunSettings(workers=2, is_progress_shown=False, now=lambda: NOON)
SMALL = ReadSettings(batch_rows=10, shard_rows=30)


@dataclass(frozen=True)
class Upper:
    """Adds the text in capitals."""

    column: str = "text"

    @property
    def reads(self):
        return (self.column,)

    @property
    def adds(self):
        return pa.schema([("upper", pa.string())])

    def __call__(self, batch):
        texts = [None if t is None else t.upper() for t in batch.column(self.column).to_pylist()]
        return batch.append_column("upper", pa.array(texts, pa.string()))


@dataclass(frozen=True)
class RejectShort:
    """Fills `rejected` for texts under three letters, where no earlier reason stands."""

    reads = ("text", "rejected")
    adds = pa.schema([])

    def __call__(self, batch):
        old = batch.column("rejected").to_pylist()
        texts = batch.column("text").to_pylist()
        new = [
            o or ("short" if len(t or "") < 3 else None) for o, t in zip(old, texts, strict=True)
        ]
        at = batch.schema.get_field_index("rejected")
        return batch.set_column(at, REJECTED, pa.array(new, REJECTED.type))


@dataclass(frozen=True)
class Trap:
    """Does something when it sees a word."""

    word: str
    spring: object = field(compare=False, repr=False)

    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch):
        if self.word in batch.column("text").to_pylist():
            self.spring()
        return batch


def posts(n_rows):
    return pa.table({"text": [f"post {n}" for n in range(n_rows)], "n": range(n_rows)})


def files_of(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def rows_of(folder):
    tables = [pq.read_table(p, partitioning=None) for p in sorted(folder.glob("*.parquet"))]
    return pa.concat_tables(tables).to_pylist()


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("n_rows", [0, 1, 29, 30, 31, 200])
def test_every_row_comes_out_once_and_in_order(tmp_path, workers, n_rows):
    source = open_source(posts(n_rows), settings=SMALL)
    manifest = run(
        Pipeline((Upper(),)), source, tmp_path / "out", settings=RunSettings(workers=workers)
    )
    rows = rows_of(tmp_path / "out")
    assert [row["n"] for row in rows] == list(range(n_rows))
    assert [row["upper"] for row in rows] == [f"POST {n}" for n in range(n_rows)]
    assert manifest.counts == Counts(n_rows, n_rows)


def test_the_default_source_and_sink_are_paths(tmp_path):
    pq.write_table(posts(5), tmp_path / "posts.parquet")
    run(Pipeline((Upper(),)), str(tmp_path / "posts.parquet"), str(tmp_path / "out"))
    assert files_of(tmp_path / "out") == [".ledger.jsonl", "manifest.json", "posts-00000.parquet"]


def test_output_has_the_columns_of_the_input_then_those_of_the_steps(tmp_path):
    run(Pipeline((Upper(),)), posts(5), tmp_path / "out", settings=QUIET)
    schema = pq.read_schema(tmp_path / "out" / "part-00000.parquet")
    assert schema.names == ["text", "n", "upper"]
    assert schema.field("n").type == pa.int64()


def test_rows_that_a_step_sets_aside_go_to_the_rejects_with_all_columns(tmp_path):
    data = pa.table({"text": ["so good", "ab", None, ""], "n": range(4)})
    manifest = run(Pipeline((RejectShort(), Upper())), data, tmp_path / "out", settings=QUIET)
    rejects = pq.read_table(
        tmp_path / "out/rejects/part-00000.parquet", partitioning=None
    ).to_pylist()
    assert [(row["n"], row["rejected"], row["upper"]) for row in rejects] == [
        (1, "short", "AB"),
        (2, "null_text", None),
        (3, "short", ""),
    ]
    assert manifest.counts == Counts(4, 1, {"null_text": 1, "short": 2})
    assert not manifest.is_clean


def test_the_manifest_says_what_went_in_and_came_out(tmp_path):
    pq.write_table(posts(50), tmp_path / "posts.parquet", row_group_size=10)
    (tmp_path / "notes.doc").write_text("foreign")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no footer")
    pipeline = Pipeline((Upper(),))
    source = open_source(tmp_path, settings=SMALL)
    manifest = run(pipeline, source, tmp_path / "out", settings=QUIET)
    facts = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert facts == manifest.to_dict() | {"bad_inputs": facts["bad_inputs"]}
    assert facts["created"] == "2030-01-01T12:00:00+00:00"
    assert facts["pipeline"] == pipeline.fingerprint
    assert (facts["rows_in"], facts["rows_out"], facts["rows_rejected"]) == (50, 50, 0)
    content = (tmp_path / "posts.parquet").read_bytes()
    assert facts["inputs"] == [
        {
            "path": str(tmp_path / "posts.parquet"),
            "size_bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        }
    ]
    assert facts["skipped"] == [str(tmp_path / "notes.doc")]
    assert [bad["path"] for bad in facts["bad_inputs"]] == [str(tmp_path / "broken.parquet")]
    assert set(facts["files"]) == {"posts-00000.parquet", "posts-00001.parquet"}
    assert not manifest.is_clean


def test_a_file_that_is_gone_before_it_is_hashed_costs_its_hash_alone(tmp_path, monkeypatch):
    def gone(path, _):
        raise FileNotFoundError(path)

    pq.write_table(posts(5), tmp_path / "posts.parquet")
    monkeypatch.setattr(sys.modules["mizaj.run"], "hash_file", gone)
    manifest = run(Pipeline(()), tmp_path / "posts.parquet", tmp_path / "out", settings=QUIET)
    assert manifest.counts == Counts(5, 5)
    assert manifest.inputs[0]["sha256"] is None


def test_hashing_can_be_left_out(tmp_path):
    pq.write_table(posts(5), tmp_path / "posts.parquet")
    settings_given = RunSettings(is_hashed=False)
    manifest = run(
        Pipeline(()), tmp_path / "posts.parquet", tmp_path / "out", settings=settings_given
    )
    assert manifest.inputs[0]["sha256"] is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda out: run(Pipeline(()), posts(1), out, on="hadoop"),
            SettingError,
            "'hadoop'; allowed: local",
        ),
        (lambda out: run(Pipeline((Upper("body"),)), posts(1), out), ColumnMissing, "'body'"),
        (lambda out: run(Pipeline(()), "nowhere/*.csv", out), SourceError, "no file found"),
        (lambda out: RunSettings(workers=0), SettingError, "workers is 0"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("n_rows", [20, 500])
def test_a_step_that_fails_stops_the_run_and_leaves_no_temporary_file(tmp_path, n_rows):
    def fail():
        raise ZeroDivisionError

    source = open_source(posts(n_rows), settings=SMALL)
    with pytest.raises(ZeroDivisionError):
        run(Pipeline((Trap("post 15", fail),)), source, tmp_path / "out", settings=QUIET)
    assert [name for name in files_of(tmp_path / "out") if name.endswith(".tmp")] == []


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(tmp_path, monkeypatch):
    pq.write_table(posts(300), tmp_path / "posts.parquet", row_group_size=30)
    source = open_source(tmp_path / "posts.parquet", settings=SMALL)
    monkeypatch.setattr("mizaj.run.ledger._write", interrupt_after(3))
    with pytest.raises(Interrupted, match=r"3 of 10 shards done.*--resume"):
        run(Pipeline((Upper(),)), source, tmp_path / "out", settings=QUIET)
    monkeypatch.undo()
    assert [name for name in files_of(tmp_path / "out") if name.endswith(".tmp")] == []
    sink = Sink(tmp_path / "out", WriteSettings(resume=True))
    manifest = run(Pipeline((Upper(),)), source, sink, settings=QUIET)
    assert manifest.counts.rows_in == 300
    assert sorted(row["n"] for row in rows_of(tmp_path / "out")) == list(range(300))


def interrupt_after(n_shards):
    from mizaj.run.ledger import _write

    calls = []

    def counted(handle, line):
        calls.append(line)
        if len(calls) > n_shards:
            raise KeyboardInterrupt
        _write(handle, line)

    return counted


def test_few_batches_are_in_flight_whatever_the_size_of_the_input(tmp_path):
    state = {"read": 0, "most": 0}
    written = threading.Lock()

    def stream():
        for number in range(100):
            with written:
                state["read"] += 1
            yield pa.record_batch({"text": [f"post {number}"]})

    def look():
        state["most"] = max(state["most"], state["read"])
        time.sleep(0.3)

    reader = pa.RecordBatchReader.from_batches(pa.schema([("text", pa.string())]), stream())
    run(Pipeline((Trap("post 0", look),)), reader, tmp_path / "out", settings=QUIET)
    assert state["read"] == 100
    assert state["most"] <= 8


def test_a_progress_bar_is_shown_when_asked_for(tmp_path, capsys):
    shown = RunSettings(is_progress_shown=True)
    run(Pipeline(()), posts(5), tmp_path / "out", settings=shown)
    assert "rows/s" in capsys.readouterr().err


def test_no_progress_is_shown_where_stderr_is_no_terminal(tmp_path, capsys):
    run(Pipeline(()), posts(5), tmp_path / "out")
    assert capsys.readouterr().err == ""


def test_a_job_pickles_and_does_a_shard_elsewhere(tmp_path):
    pq.write_table(posts(50), tmp_path / "posts.parquet", row_group_size=10)
    (tmp_path / "out").mkdir()
    source = open_source(tmp_path / "posts.parquet", settings=SMALL)
    job = Job(Pipeline((Upper(),)), source, Sink(tmp_path / "out"))
    back = pickle.loads(pickle.dumps(job))
    assert back == job
    result = back(source.shards[1])
    assert result == job(source.shards[1])
    assert result.counts == Counts(20, 20)


COUNTS = st.builds(
    Counts,
    st.integers(0, 99),
    st.integers(0, 99),
    st.dictionaries(st.sampled_from(["spam", "empty"]), st.integers(1, 9)),
    st.dictionaries(st.sampled_from(["a", "b"]), st.integers(1, 9)),
)


@given(COUNTS, COUNTS, COUNTS)
def test_counts_add_in_any_order_and_grouping(one, two, three):
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Counts() == one


@settings(max_examples=25)
@given(
    texts=st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=60),
    cut=st.tuples(st.integers(1, 20), st.integers(1, 30)),
    workers=st.integers(1, 3),
)
def test_no_row_is_lost_however_the_work_is_cut_and_spread(tmp_path_factory, texts, cut, workers):
    folder = tmp_path_factory.mktemp("run") / "out"
    data = pa.table({"text": pa.array(texts, pa.string()), "n": range(len(texts))})
    source = open_source(data, settings=ReadSettings(batch_rows=cut[0], shard_rows=cut[1]))
    pipeline = Pipeline((RejectShort(), Upper()))
    manifest = run(pipeline, source, folder, settings=RunSettings(workers=workers, is_hashed=False))
    counts = manifest.counts
    assert counts.rows_in == len(texts) == counts.rows_out + counts.rows_rejected
    kept = [row["n"] for row in rows_of(folder)]
    rejected = [row["n"] for row in rows_of(folder / "rejects")] if counts.rejected else []
    assert sorted(kept + rejected) == list(range(len(texts)))


def test_an_output_that_is_there_is_refused_with_the_two_ways_on(tmp_path):
    run(Pipeline(()), posts(5), tmp_path / "out")
    before = files_of(tmp_path / "out")
    with pytest.raises(SinkError, match=r"--resume .*--overwrite"):
        run(Pipeline(()), posts(5), tmp_path / "out")
    assert files_of(tmp_path / "out") == before
