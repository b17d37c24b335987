"""A source is cleaned into a sink: every row comes out once, with its reason, however the work is cut or stopped."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.clean.copies.duplicates import DuplicateSettings
from mizaj.clean.copies.recent import RecentSettings
from mizaj.clean.filters.authors import AuthorSettings
from mizaj.clean.personal import MaskPersonal
from mizaj.clean.settings import CleanSettings
from mizaj.errors import ColumnMissing, Interrupted, SettingError, SinkError, SourceError
from mizaj.lexicon.columns import LexiconScore
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run
from mizaj.run.cleaning import Cleaning, clean
from mizaj.run.ledger import WORK
from mizaj.write import Sink, WriteSettings

QUIET = RunSettings(
    workers=2, is_progress_shown=False, now=lambda: datetime(2030, 1, 1, tzinfo=UTC)
)
TEXTS = (
    "yeh film bahut acchi hai yaar, mazaa aa gaya",
    "Yeh film bahut acchi hai yaar... mazaa aa gaya!!",
    "yeh film bahut acchi hai yaar, mazaa aa gaya bhai",
    "  ",
    "बहुत बढ़िया गाना है यह",
    "WIN a FREE lottery prize of Rs 500000! call 98765 43210 now to claim, click http://win.example",
    "esta película es muy buena y me gusta mucho la actriz principal",
    "mera number 98765 43210 hai, @ravi ko bolo",
    None,
    "the service was slow and the food cold",
)


def posts() -> pa.Table:
    users = [f"user{i % 3}" for i in range(len(TEXTS))]
    return pa.table({"id": range(len(TEXTS)), "text": TEXTS, "author": users})


def rows_of(folder: Path) -> list[dict]:
    return [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def reasons(folder: Path) -> dict[int, str]:
    return {row["id"]: row["rejected"] for row in rows_of(folder / "rejects")}


def test_every_row_comes_out_once_with_its_reason(tmp_path: Path) -> None:
    manifest = clean(posts(), tmp_path / "out", settings=QUIET)
    kept = {row["id"] for row in rows_of(tmp_path / "out")}
    found = reasons(tmp_path / "out")
    assert kept | found.keys() == set(range(len(TEXTS)))
    assert not kept & found.keys()
    assert found == {
        1: "duplicate_of:0",
        2: "duplicate_of:0",
        3: "empty",
        5: "spam",
        6: "language:other",
        8: "null_text",
    }
    assert manifest.counts.rejected == dict(
        sorted(Counter(reason.partition(":")[0] for reason in found.values()).items())
    )


def test_what_is_kept_says_how_many_copies_it_had(tmp_path: Path) -> None:
    clean(posts(), tmp_path / "out", settings=QUIET)
    copies = {row["id"]: row["copies"] for row in rows_of(tmp_path / "out")}
    assert copies == {0: 3, 4: 1, 7: 1, 9: 1}


def test_exact_copies_alone_may_be_asked_for(tmp_path: Path) -> None:
    exact = Cleaning(copies=DuplicateSettings(near=None))
    clean(posts(), tmp_path / "out", exact, settings=QUIET)
    assert {1: "duplicate_of:0"}.items() <= reasons(tmp_path / "out").items()
    assert 2 not in reasons(tmp_path / "out")


def test_stages_stand_in_the_manifest_and_add_up(tmp_path: Path) -> None:
    clean(posts(), tmp_path / "out", settings=QUIET)
    stages = json.loads((tmp_path / "out" / "manifest.json").read_text())["stages"]
    assert [stage["name"] for stage in stages if stage["rejected"]] == [
        "read", "empty", "language", "spam", "duplicates",
    ]  # fmt: skip
    for one, other in itertools.pairwise(stages):
        assert other["rows_in"] == one["kept"] == one["rows_in"] - sum(one["rejected"].values())


def test_personal_data_is_masked_in_rejected_rows_too_and_counted(tmp_path: Path) -> None:
    masked = Cleaning(mask=MaskPersonal(columns=("author",)), then=(LexiconScore(),))
    manifest = clean(posts(), tmp_path / "out", masked, settings=QUIET)
    written = b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())
    texts = [
        row["text"] for row in [*rows_of(tmp_path / "out"), *rows_of(tmp_path / "out/rejects")]
    ]
    assert not any("98765" in (text or "") for text in texts)
    assert b"98765" not in written
    kept, rejected = rows_of(tmp_path / "out"), rows_of(tmp_path / "out/rejects")
    assert {row["author"] for row in [*kept, *rejected]} == {"<author>"}
    assert manifest.counts.masked == {"handle": 1, "phone": 2}
    assert rows_of(tmp_path / "out")[0]["sentiment"] == "positive"


def test_bots_are_found_over_all_shards(tmp_path: Path) -> None:
    texts = [f"Deal number {i} is live now, see page {i}" for i in range(30)]
    others = [f"aaj maine {word} dekha aur achha laga" for word in ("chand", "suraj", "tara")]
    table = pa.table({"text": texts + others, "author": ["shop"] * 30 + ["me"] * 3})
    source = open_source(table, settings=ReadSettings(batch_rows=4, shard_rows=7))
    asked = Cleaning(bots=AuthorSettings(), copies=None)
    manifest = clean(source, tmp_path / "out", asked, settings=QUIET)
    assert manifest.counts.rejected == {"bot": 30}


def test_a_topic_is_kept_and_its_company_learnt_where_asked(tmp_path: Path) -> None:
    words = Cleaning(CleanSettings(about=("film", "gaana")), copies=None)
    clean(posts(), tmp_path / "out", words, settings=QUIET)
    assert {row["id"] for row in rows_of(tmp_path / "out")} == {0, 1, 2, 4}


def test_the_outcome_does_not_depend_on_how_the_work_is_cut(tmp_path: Path) -> None:
    """Ids, times and reasons; file names differ."""
    outcomes = []
    for n, (batch_rows, shard_rows) in enumerate([(3, 4), (100, 100), (1, 1)]):
        cut = ReadSettings(batch_rows=batch_rows, shard_rows=shard_rows)
        out = tmp_path / str(n)
        clean(open_source(posts(), settings=cut), out, settings=QUIET)
        outcomes.append((sorted(map(str, rows_of(out))), reasons(out)))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("n_calls", [1, 3, 5, 8, 12, 20])
def test_a_stopped_run_goes_on_to_the_same_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_calls: int
) -> None:
    """Stopped after so many pieces of work, of whichever pass."""
    pq.write_table(posts(), tmp_path / "posts.parquet", row_group_size=2)
    source = open_source(tmp_path / "posts.parquet", settings=ReadSettings(shard_rows=2))
    clean(source, tmp_path / "calm", settings=QUIET)
    _stop_after(monkeypatch, n_calls)
    with pytest.raises((KeyboardInterrupt, Interrupted)):
        clean(source, tmp_path / "out", settings=QUIET)
    monkeypatch.undo()
    sink = Sink(tmp_path / "out", WriteSettings(resume=(tmp_path / "out/.ledger.jsonl").exists()))
    clean(source, sink, settings=QUIET)
    assert _files(tmp_path / "out") == _files(tmp_path / "calm")


def _stop_after(monkeypatch: pytest.MonkeyPatch, n_calls: int) -> None:
    from mizaj.run import local

    calls = iter(range(n_calls))
    spread, do_jobs = local.spread, local.map_shards

    def stopped(results):
        for result in results:
            yield result
            if next(calls, None) is None:
                raise KeyboardInterrupt

    monkeypatch.setattr(local, "spread", lambda f, s, **kw: stopped(spread(f, s, **kw)))
    monkeypatch.setattr(local, "map_shards", lambda f, s, **kw: stopped(do_jobs(f, s, **kw)))


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".ledger.jsonl"
    }


def test_a_run_with_other_copies_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(posts(), tmp_path / "posts.parquet", row_group_size=2)
    source = open_source(tmp_path / "posts.parquet", settings=ReadSettings(shard_rows=2))
    _stop_after(monkeypatch, 20)
    with pytest.raises((KeyboardInterrupt, Interrupted)):
        clean(source, tmp_path / "out", settings=QUIET)
    monkeypatch.undo()
    exact = Cleaning(copies=DuplicateSettings(near=None))
    with pytest.raises(SettingError, match="the marks on rows differ"):
        clean(source, Sink(tmp_path / "out", WriteSettings(resume=True)), exact, settings=QUIET)


def test_a_run_that_was_read_otherwise_is_refused_before_copies_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(posts(), tmp_path / "posts.parquet", row_group_size=2)
    clean(tmp_path / "posts.parquet", tmp_path / "out", settings=QUIET)
    monkeypatch.setattr("mizaj.run.cleaning.find_duplicates", lambda *_, **__: pytest.fail("read"))
    other = open_source(tmp_path / "posts.parquet", settings=ReadSettings(shard_rows=2))
    with pytest.raises(SettingError, match="the read settings differ"):
        clean(other, Sink(tmp_path / "out", WriteSettings(resume=True)), settings=QUIET)


def test_nothing_of_the_work_is_left(tmp_path: Path) -> None:
    clean(posts(), tmp_path / "out", settings=QUIET)
    assert not (tmp_path / "out" / WORK).exists()


def test_an_output_in_use_is_refused_before_copies_are_looked_for(tmp_path: Path) -> None:
    run_before = clean(posts(), tmp_path / "out", settings=QUIET)
    with pytest.raises(SinkError, match="--overwrite"):
        clean(posts(), tmp_path / "out", settings=QUIET)
    again = Sink(tmp_path / "out", WriteSettings(overwrite=True))
    assert clean(posts(), again, settings=QUIET) == run_before


@pytest.mark.parametrize(
    ("asked", "on", "expected"),
    [
        (
            Cleaning(copies=None, recent=RecentSettings()),
            "ray",
            "remembered in one process, and the run is on ray; leave --on out",
        ),
        (
            Cleaning(mask=MaskPersonal(columns=("id",))),
            "local",
            r"'id' is to be masked, and copies are told by it \(duplicate_of:ID\)",
        ),
        (
            Cleaning(copies=None, mask=MaskPersonal(columns=("id",))),
            "local",
            "column 'id' is int64",
        ),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Cleaning, on: str, expected: str
) -> None:
    monkeypatch.setattr("mizaj.run.cleaning.open_place", lambda *_: pytest.fail("opened"))
    with pytest.raises(SettingError, match=expected):
        clean(posts(), tmp_path / "out", asked, on=on, settings=QUIET)
    assert not (tmp_path / "out").exists()


def test_plain_texts_that_cannot_be_removed_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def refuse(path: Path, *, ignore_errors: bool = False) -> None:
        if path.name == WORK:
            raise PermissionError(13, "Permission denied")
        remove(path, ignore_errors)

    monkeypatch.setattr("mizaj.write.folders.shutil.rmtree", refuse)
    expected = (
        r"^all is done, but texts as they came lie in \S+\.work: cannot be removed \(Permission"
    )
    with pytest.raises(SinkError, match=expected):
        clean(posts(), tmp_path / "out", settings=QUIET)
    assert (tmp_path / "out" / "manifest.json").exists()


def test_bots_in_posts_without_authors_are_an_error(tmp_path: Path) -> None:
    asked = Cleaning(bots=AuthorSettings("writer"))
    with pytest.raises(ColumnMissing, match="writer"):
        clean(posts(), tmp_path / "out", asked, settings=QUIET)


def test_copies_in_what_is_read_once_are_an_error_that_says_the_way(tmp_path: Path) -> None:
    reader = pa.RecordBatchReader.from_batches(posts().schema, posts().to_batches())
    with pytest.raises(SourceError, match="read only once"):
        clean(reader, tmp_path / "out", settings=QUIET)


def test_filters_alone_equal_a_run_of_their_steps(tmp_path: Path) -> None:
    asked = Cleaning(copies=None)
    cleaned = clean(posts(), tmp_path / "out", asked, settings=QUIET)
    plain = run(asked.pipeline(asked.filters), posts(), tmp_path / "plain", settings=QUIET)
    assert cleaned == plain
    assert _files(tmp_path / "out") == _files(tmp_path / "plain")


def test_copies_in_a_stream_are_marked_as_they_come(tmp_path: Path) -> None:
    reader = pa.RecordBatchReader.from_batches(posts().schema, posts().to_batches(max_chunksize=2))
    asked = Cleaning(copies=None, recent=RecentSettings(capacity=1000))
    clean(reader, tmp_path / "out", asked, settings=QUIET)
    assert {1: "duplicate", 3: "empty"}.items() <= reasons(tmp_path / "out").items()
    assert {row["id"] for row in rows_of(tmp_path / "out")} >= {0, 4, 7, 9}
