"""What a worker on another machine does not see is no bad input and no output of its own, but an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import Pipeline
from mizaj.errors import ClusterError
from mizaj.read import ReadSettings, Source, open_source
from mizaj.run import Job, Manifest, RunSettings, Sink, asked_for, run_at
from mizaj.run.hold import held
from mizaj.run.ledger import OUTPUT_MARK
from mizaj.run.places import Place, far_place
from mizaj.write import WriteSettings

QUIET = RunSettings(workers=2, is_progress_shown=False, is_hashed=False)


def source_of(path: Path, **settings: int) -> Source:
    return open_source(path, settings=ReadSettings(**settings))


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "posts.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"text": [f"post {n}" for n in range(40)]}), path, row_group_size=10)
    return path


def run_held(place: Place, job: Job) -> Manifest:
    with held(job.sink.folder):
        return run_at(place, job, QUIET)


def without(hidden: Path) -> Callable[..., Iterator[Any]]:
    """A way to spread work over workers of which each second one does not see a file or folder."""

    def spread(function: Callable[[Any], Any], shards: Sequence[Any], /) -> Iterator[Any]:
        away = hidden.with_name("away")
        for number, shard in enumerate(shards):
            if number % 2:
                hidden.rename(away)
            try:
                outcome = function(shard)
            finally:
                if number % 2:
                    away.rename(hidden)
            yield outcome

    return spread


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_worker_that_does_not_see_what_is_there_stops_the_run_and_no_row_is_lost(
    posts: Path, tmp_path: Path, what: str
) -> None:
    out = tmp_path / "out"
    hidden = {"file": posts, "folder": out}[what]
    job = Job(Pipeline(()), source_of(posts, shard_rows=10), Sink(out))
    expected = rf"{hidden.name}: a worker on \S+ cannot see this {what}"
    with pytest.raises(ClusterError, match=expected):
        run_held(far_place(without(hidden), (out,)), job)
    assert len((out / OUTPUT_MARK).read_text().splitlines()) == 2
    again = Job(job.pipeline, job.source, Sink(out, WriteSettings(resume=True)))
    manifest = run_held(far_place(map, (out,)), again)
    assert (manifest.counts.rows_in, manifest.bad_inputs) == (40, [])
    assert sum(pq.read_metadata(each).num_rows for each in out.glob("*.parquet")) == 40


def test_an_input_that_is_broken_for_all_is_a_bad_input(posts: Path, tmp_path: Path) -> None:
    content = posts.read_bytes()
    place = pq.ParquetFile(posts).metadata.row_group(1).column(0).data_page_offset
    posts.write_bytes(content[:place] + b"\xff" * 40 + content[place + 40 :])
    job = Job(Pipeline(()), source_of(posts, shard_rows=10), Sink(tmp_path / "out"))
    manifest = run_held(far_place(map, (tmp_path / "out",)), job)
    assert [manifest.counts.rows_in, len(manifest.bad_inputs)] == [30, 1]


def test_workers_are_asked_for_the_output_and_inputs_from_all_over_the_source(
    tmp_path: Path,
) -> None:
    for n in range(200):
        (tmp_path / f"{n:03}.txt").write_text("accha\n")
    job = Job(Pipeline(()), source_of(tmp_path), Sink(tmp_path / "out"))
    asked = asked_for(job, QUIET)
    assert asked.folders == (tmp_path / "out",)
    assert 64 <= len(asked.files) <= 128
    assert asked.files[0] == (str(tmp_path / "000.txt"), 6)
    assert asked.files[-1][0] >= str(tmp_path / "190.txt")


def test_what_is_no_file_is_asked_of_nobody(tmp_path: Path) -> None:
    source = open_source(pa.table({"text": ["a"]}))
    assert asked_for(Job(Pipeline(()), source, Sink(tmp_path)), QUIET).files == ()


def test_a_worker_is_not_told_of_all_shards(posts: Path, tmp_path: Path) -> None:
    """There may be millions, and each process of each worker would hold them."""
    told: list[Job] = []

    def spread(function: Any, shards: Sequence[Any], /) -> Iterator[Any]:
        told.append(function.function)
        return map(function, shards)

    job = Job(Pipeline(()), source_of(posts, shard_rows=10), Sink(tmp_path / "out"))
    assert run_held(far_place(spread, ()), job).counts.rows_in == 40
    assert told[0].source.shards == ()
