"""Copies found in passes: the same whatever the cut, order, repetition or kill; the first by time, id, name."""

from __future__ import annotations

import itertools
import pickle
import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mizaj.batch import COPIES, REJECTED, Pipeline
from mizaj.clean.copies import near_passes, rows_pass
from mizaj.clean.copies.duplicates import DuplicateSettings, find_duplicates
from mizaj.clean.copies.marked import with_duplicates
from mizaj.clean.near import columns, sketching
from mizaj.clean.near.columns import plain_forms
from mizaj.clean.near.pairs import near_pairs
from mizaj.clean.near.sketching import Sketch
from mizaj.clean.passes import Work
from mizaj.errors import ChangedSource, ClusterError, ColumnExists, SinkError, SourceError
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run

WORDS = [
    *("aaj", "ka", "match", "bahut", "accha", "tha", "yaar", "film", "gaana", "bakwas"),
    *("mast", "din", "raat", "ghar", "dost", "😀", "kamaal", "score"),
]


def posts(n: int, seed: int = 0) -> list[dict[str, object]]:
    """Posts of which some are copies and near copies of earlier ones, in random order of time."""
    chosen = random.Random(seed)
    texts: list[str] = []
    for _ in range(n):
        kind = chosen.random()
        if texts and kind < 0.2:
            texts.append("RT @x: " + chosen.choice(texts).upper())
        elif texts and kind < 0.45:
            texts.append(chosen.choice(texts) + chosen.choice([" ji", " na", "...ok"]))
        else:
            texts.append(" ".join(chosen.choices(WORDS, k=chosen.randint(1, 14))))
    times = [chosen.choice([None, 1, 2, 3]) for _ in texts]
    ids = [chosen.choice([str(i), f"p{i}"]) for i in range(n)]
    return [
        {"id": i, "timestamp": t, "text": text}
        for i, t, text in zip(ids, times, texts, strict=True)
    ]


def oracle(
    rows: list[dict[str, object]], sketch: Sketch | None
) -> dict[str, tuple[str | None, int]]:
    """For each id, what it is a copy of and how many copies there are; plain loops over all rows."""
    forms = plain_forms(pa.array([row["text"] for row in rows]))
    groups: dict[int, int] = {}
    parents = list(range(len(rows)))

    def join(one: int, other: int) -> None:
        one, other = root(one), root(other)
        parents[max(one, other)] = min(one, other)

    def root(place: int) -> int:
        return place if parents[place] == place else root(parents[place])

    for place, node in enumerate(forms.hashes.tolist()):
        join(groups.setdefault(node, place), place)
    if sketch is not None:
        found = near_pairs(forms, sketch)
        for one, other in zip(found.rows.tolist(), found.others.tolist(), strict=True):
            join(one, other)
    clusters = defaultdict(list)
    for place, row in enumerate(rows):
        clusters[root(place)].append(row)
    told = {}
    for cluster in clusters.values():
        first = min(cluster, key=order)
        for row in cluster:
            told[row["id"]] = (None if row is first else first["id"], len(cluster))
    return told


def order(row: dict[str, object]) -> tuple[object, ...]:
    time, name = row["timestamp"], str(row["id"])
    number = (False, int(name), "") if name.isdigit() else (True, 0, name)
    return (time is None, time or 0, *number)


def write_parts(folder: Path, rows: list[dict[str, object]], n_files: int, group: int) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([("id", pa.string()), ("timestamp", pa.int64()), ("text", pa.string())])
    names = []
    for number in range(n_files):
        table = pa.Table.from_pylist(rows[number::n_files], schema)
        names.append(str(folder / f"part{number}.parquet"))
        pq.write_table(table, names[-1], row_group_size=group)
    return names


def told_by(source, found) -> dict[str, tuple[str | None, int]]:
    marked = with_duplicates(source, found)
    told = {}
    for shard in marked.shards:
        for batch in marked.batches(shard):
            columns = (
                batch.column(name).to_pylist() for name in ("id", REJECTED.name, COPIES.name)
            )
            for name, reason, copies in zip(*columns, strict=True):
                of = None if reason is None else reason.removeprefix("duplicate_of:")
                told[name] = (of, copies)
    return told


def twice_and_backwards(function, items):
    """A cluster that does everything twice and hands the results over in reverse."""
    for item in reversed(list(items)):
        function(item)
    return iter([function(item) for item in reversed(list(items))])


def through_pickles(function, items):
    """A cluster: functions, shards and receipts travel as bytes, and threads work side by side."""

    def work(parcel: bytes) -> bytes:
        sent_function, item = pickle.loads(parcel)
        return pickle.dumps(sent_function(item))

    with ThreadPoolExecutor(4) as pool:
        parcels = [pickle.dumps((function, item)) for item in items]
        return iter([pickle.loads(receipt) for receipt in pool.map(work, parcels)])


@pytest.mark.parametrize("sketch", [None, Sketch(), Sketch(threshold=0.6)])
def test_verdicts_are_those_of_plain_loops(tmp_path, sketch):
    rows = posts(400)
    source = open_source(write_parts(tmp_path / "in", rows, 3, 50))
    found = find_duplicates(source, tmp_path / "work", settings=DuplicateSettings(near=sketch))
    wanted = oracle(rows, sketch)
    assert told_by(source, found) == wanted
    assert found.n_duplicates == sum(of is not None for of, _ in wanted.values())
    assert found.n_clusters == sum(of is None and n > 1 for of, n in wanted.values())
    assert found.largest[0][0] == max(n for _, n in wanted.values())
    assert (found.n_rows, found.n_candidates) == (400, 400)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    n_files=st.integers(1, 4),
    group=st.sampled_from([7, 40, 1000]),
    bucket_bytes=st.sampled_from([5000, 20_000, 1 << 30]),
    chunk_rows=st.sampled_from([3, 64, 1 << 16]),
    batch_rows=st.sampled_from([5, 1000]),
    spread=st.sampled_from([map, twice_and_backwards, through_pickles]),
    seed=st.integers(0, 3),
)
def test_however_the_work_is_cut_the_verdicts_are_the_same(
    tmp_path_factory, n_files, group, bucket_bytes, chunk_rows, batch_rows, spread, seed
):
    folder = tmp_path_factory.mktemp("cut")
    rows = posts(150, seed)
    shuffled = random.Random(n_files).sample(rows, len(rows))
    names = write_parts(folder / "in", shuffled, n_files, group)
    read = ReadSettings(batch_rows=batch_rows, shard_rows=group)
    source = open_source(names[::-1], settings=read)
    given_settings = DuplicateSettings(bucket_bytes=bucket_bytes, chunk_rows=chunk_rows)
    found = find_duplicates(source, folder / "work", settings=given_settings, spread=spread)
    assert told_by(source, found) == oracle(rows, Sketch())


class Killed(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 3, 9, 19, 23, 29, 33, 37, 41])
def test_a_killed_search_goes_on_and_ends_the_same(tmp_path, after):
    rows = posts(200)
    source = open_source(write_parts(tmp_path / "in", rows, 3, 1000))
    chosen = DuplicateSettings(bucket_bytes=5000)
    n_done = 0

    def dying(function, items):
        nonlocal n_done
        for item in items:
            if n_done == after:
                raise Killed
            yield function(item)
            n_done += 1

    with pytest.raises(Killed):
        find_duplicates(source, tmp_path / "work", settings=chosen, spread=dying)
    n_again = 0

    def counting(function, items):
        nonlocal n_again
        n_again += len(items)
        return map(function, items)

    found = find_duplicates(source, tmp_path / "work", settings=chosen, spread=counting)
    whole = find_duplicates(source, tmp_path / "whole", settings=chosen)
    assert told_by(source, found) == told_by(source, whole) == oracle(rows, Sketch())
    assert found.counts == whole.counts
    n_pieces = 3 + 16 + 5 * 4 + 3
    assert n_again == n_pieces - after
    assert not list((tmp_path / "work").rglob("*.tmp"))


@pytest.mark.parametrize("after", [0, 4, 20, 24, 27, 29, 33, 37, 41, 43])
def test_a_search_killed_between_files_and_their_receipt_ends_the_same(
    tmp_path, monkeypatch, after
):
    rows = posts(200)
    source = open_source(write_parts(tmp_path / "in", rows, 3, 1000))
    chosen = DuplicateSettings(bucket_bytes=5000)
    enter, n_entered = Work.enter, 0

    def dying(work, title, receipt):
        nonlocal n_entered
        if n_entered == after:
            raise Killed
        n_entered += 1
        return enter(work, title, receipt)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "enter", dying)
        with pytest.raises(Killed):
            find_duplicates(source, tmp_path / "work", settings=chosen)
    found = find_duplicates(source, tmp_path / "work", settings=chosen)
    whole = find_duplicates(source, tmp_path / "whole", settings=chosen)
    assert told_by(source, found) == oracle(rows, Sketch())
    assert found.counts == whole.counts


def test_a_search_killed_while_it_tidies_up_leaves_nothing_behind(tmp_path, monkeypatch):
    source = open_source(write_parts(tmp_path / "in", posts(50), 1, 10))
    drop = Work.drop

    def dying(work, *kinds):
        if rows_pass.ROWS in kinds:
            raise Killed
        drop(work, *kinds)

    with monkeypatch.context() as patch:
        patch.setattr(Work, "drop", dying)
        with pytest.raises(Killed):
            find_duplicates(source, tmp_path / "work")
    found = find_duplicates(source, tmp_path / "work")
    assert {path.parent.name for path in found.folder.rglob("*.arrow")} == {"final", "reasons"}


def test_a_piece_that_no_worker_gave_back_is_an_error(tmp_path):
    source = open_source(write_parts(tmp_path / "in", posts(20), 3, 1000))

    def losing(function, items):
        return itertools.islice(map(function, items), len(items) - 1)

    with pytest.raises(ClusterError, match=r"of 3 pieces of the pass 'read', 1 .*'part2-00000'"):
        find_duplicates(source, tmp_path / "work", spread=losing)


def test_a_finished_search_is_not_done_again(tmp_path):
    source = open_source(write_parts(tmp_path / "in", posts(50), 1, 10))
    found = find_duplicates(source, tmp_path / "work")

    def refuse(function, items):
        raise Killed

    assert find_duplicates(source, tmp_path / "work", spread=refuse) == found


def test_another_input_in_the_same_folder_is_searched_anew(tmp_path):
    first = open_source(write_parts(tmp_path / "in", posts(50), 1, 10))
    old = find_duplicates(first, tmp_path / "work")
    second = open_source(write_parts(tmp_path / "in", posts(60, seed=1), 1, 10))
    new = find_duplicates(second, tmp_path / "work")
    assert new.n_rows == 60
    assert not old.folder.exists()


def test_copies_of_copies_are_one_cluster(tmp_path):
    base = "yeh film bahut hi kamaal ki thi sab log dekho aur batao kaisi lagi"
    chain = [base, base + " mujhe", base + " mujhe zaroor", base + " mujhe zaroor abhi"]
    assert sketching.similarity(chain[0], chain[3], 5) < 0.8
    source = open_source(pa.table({"text": [*chain, "kuch aur"], "id": list("cbade")}))
    found = find_duplicates(source, tmp_path)
    assert told_by(source, found) == {
        "c": ("a", 4), "b": ("a", 4), "a": (None, 4), "d": ("a", 4), "e": (None, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "times", "kept"),
    [
        (["b", "a", "c"], [2, 1, 3], 1),
        (["10", "9", "11"], [1, 1, 1], 1),
        (["x", "9", "y"], None, 1),
        ([3, 20, 100], None, 0),
        (["007", "6", "10"], None, 1),
        (["b", None, "a"], None, 2),
        (["", None, None], None, 0),
        (None, None, 0),
        (None, [None, 5, 4], 2),
        (None, ["2020-01-02", "2020-01-01 10:00:00", "2020-01-01T09:00:00Z"], 2),
        (["123456789012345678901", "99999999999999999999", "x"], None, 1),
        (None, [float("nan"), 5.75, 5.25], 2),
        (None, ["1577836800", "1577836799", ""], 1),
        (None, ["2020-01-03", "2020-01-02", "yesterday"], 1),
    ],
)
def test_the_first_is_kept_by_time_then_id_then_row(tmp_path, ids, times, kept):
    columns = {"text": ["Accha", "accha!", "ACCHA"]}
    columns |= {"id": ids} if ids else {}
    columns |= {"timestamp": times} if times else {}
    source = open_source(pa.table(columns))
    marked = with_duplicates(source, find_duplicates(source, tmp_path))
    batch = next(marked.batches(marked.shards[0]))
    reasons = batch.column(REJECTED.name).to_pylist()
    name = (ids and ids[kept]) or f"part-00000:{kept}"
    assert reasons == [None if row == kept else f"duplicate_of:{name}" for row in range(3)]
    assert batch.column(COPIES.name).to_pylist() == [3, 3, 3]


class Choosy:
    reads = ("text", REJECTED.name)
    adds = pa.schema([])

    def __call__(self, batch):
        from mizaj.clean.marking import mark

        return mark(batch, pa.compute.match_substring(batch.column("text"), "spam"), "spam")


def test_rows_that_are_set_aside_are_no_copies_and_bring_their_reason(tmp_path):
    old = pa.array([None, None, None, None, "empty"], pa.string())
    texts = ["spam hai", "spam hai", "accha", None, "accha"]
    source = open_source(pa.table({"text": texts, "rejected": old}))
    found = find_duplicates(source, tmp_path, filters=Pipeline((Choosy(),)))
    assert (found.n_rows, found.n_candidates, found.n_duplicates) == (5, 1, 0)
    marked = with_duplicates(source, found)
    batch = next(marked.batches(marked.shards[0]))
    assert batch.column(REJECTED.name).to_pylist() == ["spam", "spam", None, "null_text", "empty"]
    assert batch.column(COPIES.name).to_pylist() == [1] * 5


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_formats_without_a_known_number_of_rows_are_marked_too(tmp_path, kind):
    path = tmp_path / f"posts.{kind}"
    texts = [f"post number {i % 300} hai yeh" for i in range(900)]
    lines = ["text", *texts] if kind == "csv" else [f'{{"text": "{text}"}}' for text in texts]
    if kind == "jsonl":
        lines.insert(10, "{broken")
    path.write_text("\n".join(lines) + "\n")
    source = open_source(str(path), settings=ReadSettings(shard_bytes=2000, batch_rows=64))
    found = find_duplicates(source, tmp_path / "work", settings=DuplicateSettings(near=None))
    marked = with_duplicates(source, found)
    rows = [row for shard in marked.shards for b in marked.batches(shard) for row in b.to_pylist()]
    kinds = [row["rejected"] and row["rejected"].split(":")[0] for row in rows]
    assert kinds.count(None) == 300
    assert kinds.count("duplicate_of") == 600
    assert kinds.count("broken_line") == (kind == "jsonl")
    assert {row["copies"] for row in rows if row["rejected"] != "broken_line"} == {3}


@pytest.mark.slow
def test_one_post_many_times_and_a_template_with_many_variants_do_not_explode(tmp_path):
    chosen = random.Random(2)
    variants = [
        f"Congratulations you have won the big lottery prize today claim it at our desk code {chosen.randrange(10**6)}"
        for _ in range(5000)
    ]
    texts = ["yeh ek hi post hai"] * 100_000 + variants
    source = open_source(pa.table({"text": texts}))
    found = find_duplicates(source, tmp_path)
    n_variants = len(set(variants))
    assert found.largest == ((100_000, "part-00000:0"), (5000, "part-00000:100000"))
    assert found.counts["pairs_compared"] < n_variants * 18 * 8
    assert found.n_duplicates == 105_000 - 2


def test_what_can_be_read_once_only_is_refused(tmp_path):
    table = pa.table({"text": ["a"]})
    stream = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    with pytest.raises(SourceError, match="read only once"):
        find_duplicates(open_source(stream), tmp_path)


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(SinkError, match="holds no search for copies"):
        find_duplicates(open_source(pa.table({"text": ["a"]})), tmp_path)


def test_marks_of_another_source_and_a_column_that_is_there_are_refused(tmp_path):
    found = find_duplicates(open_source(pa.table({"text": ["a"]})), tmp_path / "work")
    names = write_parts(tmp_path / "in", posts(5), 1, 5)
    with pytest.raises(SourceError, match="find them again"):
        with_duplicates(open_source(names), found)
    with pytest.raises(ColumnExists, match="copies"):
        with_duplicates(open_source(pa.table({"text": ["a"], "copies": [1]})), found)


def test_marks_of_another_source_with_the_same_shards_are_refused(tmp_path):
    source = open_source(write_parts(tmp_path / "one", posts(5), 1, 5))
    found = find_duplicates(source, tmp_path / "work")
    other = open_source(write_parts(tmp_path / "other", posts(5), 1, 5))
    assert [shard.name for shard in other.shards] == [shard.name for shard in source.shards]
    with pytest.raises(SourceError, match="found in another source"):
        with_duplicates(other, found)


def test_a_file_that_changes_between_the_two_readings_is_named(tmp_path):
    source = open_source(write_parts(tmp_path / "in", posts(20), 1, 100))
    marked = with_duplicates(source, find_duplicates(source, tmp_path / "work"))
    write_parts(tmp_path / "in", posts(30), 1, 100)
    with pytest.raises(ChangedSource, match=r"part0\.parquet: 20 rows .* 30 when they were marked"):
        list(marked.batches(marked.shards[0]))


def test_only_folders_of_searches_are_removed(tmp_path):
    one, other = (open_source(write_parts(tmp_path / name, posts(5), 1, 5)) for name in "ab")
    first = find_duplicates(one, tmp_path / "w")
    (tmp_path / "w" / "thesis").mkdir()
    find_duplicates(other, tmp_path / "w")
    assert (tmp_path / "w" / "thesis").exists()
    assert not first.folder.exists()


def test_a_long_name_in_devanagari_leaves_room_for_the_names_of_files_between(tmp_path):
    path = tmp_path / f"{'क' * 70}.parquet"
    pq.write_table(pa.table({"text": ["accha", "Accha!"]}), path)
    assert find_duplicates(open_source(str(path)), tmp_path / "work").n_exact == 1


def test_long_texts_brought_a_few_at_a_time_change_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setattr(near_passes, "_BYTES_AT_ONCE", 300)
    rows = posts(200)
    source = open_source(write_parts(tmp_path / "in", rows, 3, 1000))
    chosen = DuplicateSettings(bucket_bytes=5000)
    found = find_duplicates(source, tmp_path / "work", settings=chosen)
    assert told_by(source, found) == oracle(rows, Sketch())


@pytest.mark.parametrize("texts", [[], [None], ["accha"], ["", " ", "!!"]])
def test_nothing_to_compare_is_no_failure(tmp_path, texts):
    source = open_source(pa.table({"text": pa.array(texts, pa.string())}))
    found = find_duplicates(source, tmp_path)
    marked = with_duplicates(source, found)
    assert sum(b.num_rows for b in marked.batches(marked.shards[0])) == len(texts)
    assert found.n_duplicates == 0


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path):
    source = open_source(write_parts(tmp_path / "in", posts(20), 2, 10))

    def losing(function, items):
        if function.title == "pair":
            for path in tmp_path.glob("work/*/bands/part0*"):
                path.unlink()
        return map(function, items)

    with pytest.raises(SinkError, match="a folder that all workers share"):
        find_duplicates(source, tmp_path / "work", spread=losing)


def test_where_nothing_is_compiled_the_same_is_found(tmp_path, monkeypatch):
    rows = posts(80)
    source = open_source(write_parts(tmp_path / "in", rows, 2, 20))
    compiled = told_by(source, find_duplicates(source, tmp_path / "compiled"))
    monkeypatch.setattr(columns, "_kernel", None)
    monkeypatch.setattr(columns, "_plain", None)
    assert told_by(source, find_duplicates(source, tmp_path / "plain")) == compiled


@pytest.mark.parametrize("kind", ["final", "reasons"])
def test_verdicts_that_are_damaged_stop_the_run_and_blame_no_input(tmp_path, kind):
    """Of an input that breaks off, a run does without the rest."""
    paths = write_parts(tmp_path / "in", posts(40), 1, 10)
    source = open_source(paths, settings=ReadSettings(shard_rows=10))
    found = find_duplicates(source, tmp_path / "work", filters=Pipeline((Choosy(),)))
    verdicts = next((found.folder / kind).glob("*-00001.arrow"))
    content = verdicts.read_bytes()
    half = len(content) // 2
    verdicts.write_bytes(content[:8] + b"\xff" * (half - 8) + content[half:])
    settings = RunSettings(workers=1, is_progress_shown=False)
    with pytest.raises(SinkError, match=r"-00001\.arrow: cannot be read"):
        run(Pipeline(()), with_duplicates(source, found), tmp_path / "out", settings=settings)
