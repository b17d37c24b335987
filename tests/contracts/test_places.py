"""Every place where a run can go gives the same rows, rejects, summary and manifest, and survives a lost worker."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_steps import Fault, FaultOnce, KillAlways, KillOnce, Pace, RejectWord, WaitFor

from mizaj.batch import Pipeline, Step
from mizaj.clean.copies.duplicates import DuplicateSettings, find_duplicates
from mizaj.clean.personal import MaskPersonal
from mizaj.errors import ClusterError, SettingError, SinkError
from mizaj.learn.evaluate import EvaluateSettings, evaluate_models
from mizaj.learn.evaluate_shards import evaluate_sources
from mizaj.learn.export import export
from mizaj.learn.kinds import trainer
from mizaj.learn.labelled import Labelled
from mizaj.lexicon.columns import LexiconScore
from mizaj.model.cascade import Cascade
from mizaj.model.folder import Described, save
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import name_members
from mizaj.model.predict import load
from mizaj.read import ReadSettings, Source, open_source
from mizaj.read.files import OUTPUT_MARK
from mizaj.run import RunSettings, run
from mizaj.run.cleaning import Cleaning, clean
from mizaj.run.places import PLACES, Asked, open_place
from mizaj.summary import Summary, summarise
from mizaj.write import Sink, WriteSettings

pytestmark = pytest.mark.slow

EXPECTED = ("local", "ray", "spark")
FAR = ("ray", "spark")
FIXTURES = {"ray": "ray_cluster", "spark": "spark_session"}
SETTINGS = RunSettings(
    workers=2, is_progress_shown=False, now=lambda: datetime(2030, 1, 1, tzinfo=UTC)
)
SMALL = ReadSettings(batch_rows=16, shard_rows=40)
WORDS = ("accha nahi hai", "so good ki main so gaya", "bura", "नहीं", "", "train 6 baje", "ok 😡")


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    """The name of a place, which is ready."""
    if request.param in FIXTURES:
        request.getfixturevalue(FIXTURES[request.param])
    return str(request.param)


@pytest.fixture(params=FAR)
def far(request: pytest.FixtureRequest) -> str:
    """The name of a cluster, which is ready."""
    request.getfixturevalue(FIXTURES[request.param])
    return str(request.param)


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of posts in several shards, with nulls, and bytes that are no UTF-8 in one of them."""
    folder = tmp_path_factory.mktemp("posts")
    texts = [f"{WORDS[i % 7]} {i // 7}" if i % 11 else WORDS[i % 7] for i in range(200)]
    texts[17] = None
    days = [datetime(2030, 1, 1 + i % 28, tzinfo=UTC) for i in range(200)]
    table = pa.table({"id": range(200), "text": texts, "timestamp": days})
    pq.write_table(table, folder / "a.parquet", row_group_size=20)
    lines = [json.dumps({"id": 1000 + i, "text": f"mast {i}"}) for i in range(50)]
    broken = b'{"id": 2000, "text": "\xff"}\n{"id": 2001'
    (folder / "b.jsonl").write_bytes("\n".join(lines).encode() + b"\n" + broken)
    return folder


def opened(posts: Path) -> Source:
    return open_source(posts, settings=SMALL)


def everything(folder: Path) -> dict[str, bytes]:
    """All that a run wrote, but for its ledger, in which shards stand in the order of their end."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".ledger.jsonl"
    }


def summary_of(folder: Path) -> Summary:
    batches = [b for f in folder.glob("*.parquet") for b in pq.read_table(f).to_batches()]
    return sum(map(summarise, batches), Summary())


def test_all_places_are_found() -> None:
    assert PLACES == EXPECTED


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models: a network, the same exported in 8 bits, a cascade from the lexicon to that."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("models")
    texts = [f"{word} {i}" for i in range(24) for word in ("bakwas", "dekha", "accha")]
    posts = Labelled.of(pa.array(texts), np.arange(72) % 3, ("negative", "neutral", "positive"))
    train = trainer("bag")
    settings = train.settings_from(
        {"epochs": "2", "buckets": "64", "embedding": "8", "threads": "1"}
    )
    network = train(posts, None, settings)
    save(network, folder / "network")
    exported = export(network, int8=True).model
    save(exported, folder / "onnx")
    tiers = [(lexicon_tier(), Described()), (exported, Described())]
    save(Cascade(name_members(tiers), (0.6,)), folder / "cascade")
    return folder


TIERS: dict[str, Callable[[Path], tuple[Step, ...]]] = {
    "lexicon": lambda _: (LexiconScore(),),
    "default": lambda _: (load().step(),),
    "network": lambda models: (load(models / "network").step(),),
    "onnx": lambda models: (load(models / "onnx").step(),),
    "cascade": lambda models: (load(models / "cascade").step(),),
    "filters": lambda _: (RejectWord("bura"), LexiconScore()),
    "nothing": lambda _: (),
}


@pytest.mark.parametrize("tier", TIERS)
def test_the_output_is_the_same_wherever_it_ran(
    place: str, tier: str, posts: Path, trained: Path, tmp_path: Path
) -> None:
    pipeline = Pipeline(TIERS[tier](trained))
    here = run(pipeline, opened(posts), tmp_path / "here", settings=SETTINGS)
    there = run(pipeline, opened(posts), tmp_path / "there", on=place, settings=SETTINGS)
    assert there == here
    assert everything(tmp_path / "there") == everything(tmp_path / "here")
    assert there.counts.rows_in == 252
    assert there.counts.rows_rejected >= 3
    if tier != "nothing":
        assert summary_of(tmp_path / "there") == summary_of(tmp_path / "here") != Summary()


@pytest.mark.parametrize("near", [True, False])
def test_cleaning_gives_the_same_wherever_it_ran(
    place: str, near: bool, posts: Path, tmp_path: Path
) -> None:
    copies = DuplicateSettings(chunk_rows=30) if near else DuplicateSettings(near=None)
    asked = Cleaning(copies=copies, mask=MaskPersonal(), then=(LexiconScore(),))
    here = clean(opened(posts), tmp_path / "here", asked, settings=SETTINGS)
    there = clean(opened(posts), tmp_path / "there", asked, on=place, settings=SETTINGS)
    assert there == here
    assert everything(tmp_path / "there") == everything(tmp_path / "here")
    assert here.counts.rejected["duplicate_of"] > 3
    assert here.counts.rejected["empty"] == 3


def test_copies_are_the_same_when_a_worker_is_killed_in_the_search_for_them(
    far: str, posts: Path, tmp_path: Path
) -> None:
    calm = find_duplicates(opened(posts), tmp_path / "here")
    deadly = Pipeline((KillOnce("नहीं 5", str(tmp_path / "killed")),))
    with open_place(far, Asked(folders=(tmp_path,))) as place:
        found = find_duplicates(
            opened(posts), tmp_path / "there", spread=place.spread, filters=deadly
        )
    assert (tmp_path / "killed").exists()
    assert found.counts == calm.counts
    assert found.largest == calm.largest
    for shard in opened(posts).shards:
        assert found.path(shard.name).read_bytes() == calm.path(shard.name).read_bytes()


def test_evaluation_gives_the_same_wherever_it_ran(
    place: str, trained: Path, tmp_path: Path
) -> None:
    labels = ("negative", "neutral", "positive")
    rows = [
        {"text": WORDS[i % 7], "label": labels[i % 3], "source": f"s{i % 2}"} for i in range(200)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "posts.parquet", row_group_size=20)
    models = {"default": load().score, "network": load(trained / "network").score}
    settings = EvaluateSettings(n_resamples=20)
    source = open_source(tmp_path / "posts.parquet", settings=SMALL)
    batches = [batch for shard in source.shards for batch in source.batches(shard)]
    whole = evaluate_models(models, batches, settings=settings)
    with open_place(place, Asked(workers=2, folders=(tmp_path,))) as there:
        tally = evaluate_sources(
            models, [("posts", source)], settings=settings, spread=there.spread
        )
    assert tally.results(settings).to_dict() == whole.to_dict()


def test_relative_paths_mean_the_same_files(
    place: str, posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(posts.parent)
    source = open_source(posts.name, settings=SMALL)
    monkeypatch.chdir(posts.parent)
    found = run(Pipeline(()), source, tmp_path / "out", on=place, settings=SETTINGS)
    assert found.counts.rows_in == 252
    assert found.inputs[0]["path"] == f"{posts.name}/a.parquet"


def test_no_shards_are_no_work(place: str, tmp_path: Path) -> None:
    table = pa.table({"text": pa.array([], pa.string())})
    pq.write_table(table, tmp_path / "empty.parquet")
    found = run(
        Pipeline(()), tmp_path / "empty.parquet", tmp_path / "out", on=place, settings=SETTINGS
    )
    assert found.counts.rows_in == 0


def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(
    far: str, posts: Path, tmp_path: Path
) -> None:
    pipeline = Pipeline((KillOnce("नहीं 5", str(tmp_path / "killed")), LexiconScore()))
    calm = Pipeline((LexiconScore(),))
    here = run(calm, opened(posts), tmp_path / "here", settings=SETTINGS)
    there = run(pipeline, opened(posts), tmp_path / "there", on=far, settings=SETTINGS)
    assert (tmp_path / "killed").exists()
    assert replace(there, pipeline=here.pipeline) == here
    left = everything(tmp_path / "there")
    left.pop("manifest.json")
    expected = everything(tmp_path / "here")
    expected.pop("manifest.json")
    assert left == expected


def test_a_node_that_is_killed_loses_nothing_and_doubles_nothing(
    ray_cluster: Any, posts: Path, tmp_path: Path
) -> None:
    """As in `tests/cluster`, where nodes have networks of their own, but without root."""
    fine = ReadSettings(batch_rows=4, shard_rows=4)
    source = open_source(posts / "b.jsonl", settings=replace(fine, shard_bytes=100))
    # a shard near the end waits for `go`, so that the run is not over before the kill
    go = tmp_path / "go"
    waits = WaitFor("mast 49", str(tmp_path / "met"), str(go))
    pipeline = Pipeline((Pace(0.1), waits, LexiconScore()))
    go.touch()
    run(pipeline, source, tmp_path / "here", settings=SETTINGS)
    go.unlink()
    node, ledger = ray_cluster.add_node(num_cpus=1), tmp_path / "there" / OUTPUT_MARK
    over, n_entered = threading.Event(), []

    def kill() -> None:
        while not (ledger.exists() and ledger.read_text().count("\n") > 3):
            if over.wait(0.05):
                return
        n_entered.append(ledger.read_text().count("\n") - 1)
        try:
            ray_cluster.remove_node(node, allow_graceful=False)
        finally:
            go.touch()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        run(
            pipeline, source, tmp_path / "there", on="ray", settings=replace(SETTINGS, workers=None)
        )
    finally:
        over.set()
        go.touch()
        killer.join()
    assert 3 <= n_entered[0] < len(source.shards)
    assert everything(tmp_path / "there") == everything(tmp_path / "here")


def test_a_shard_that_ends_every_worker_ends_the_run_and_is_named(
    far: str, posts: Path, tmp_path: Path
) -> None:
    pipeline = Pipeline((KillAlways("नहीं 5"),))
    with pytest.raises(ClusterError, match=r"shard a-00000\b.* memory"):
        run(pipeline, opened(posts), tmp_path / "out", on=far, settings=SETTINGS)


def test_a_fault_in_a_step_comes_back_as_itself(place: str, posts: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="नहीं 5"):
        run(
            Pipeline((Fault("नहीं 5"),)),
            opened(posts),
            tmp_path / "out",
            on=place,
            settings=SETTINGS,
        )


def test_a_run_that_failed_goes_on_elsewhere(place: str, posts: Path, tmp_path: Path) -> None:
    """Begun here and stopped, ended there: the ledger knows no places."""
    pipeline = Pipeline((FaultOnce("नहीं 19", str(tmp_path / "failed")), LexiconScore()))
    with pytest.raises(KeyError):
        run(pipeline, opened(posts), tmp_path / "out", settings=SETTINGS)
    entries = (tmp_path / "out" / ".ledger.jsonl").read_text().splitlines()
    assert 2 <= len(entries) < 7
    sink = Sink(tmp_path / "out", WriteSettings(resume=True))
    found = run(pipeline, opened(posts), sink, on=place, settings=SETTINGS)
    calm = run(pipeline, opened(posts), tmp_path / "calm", settings=SETTINGS)
    assert found == calm
    assert everything(tmp_path / "out") == everything(tmp_path / "calm")


def test_an_output_in_use_is_refused_before_anything_starts(
    place: str, posts: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(SinkError, match="not empty"):
        run(Pipeline(()), opened(posts), tmp_path / "out", on=place, settings=SETTINGS)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_what_lies_in_memory_alone_cannot_go_to_a_cluster(far: str, tmp_path: Path) -> None:
    def stream():
        yield pa.record_batch({"text": ["a"]})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("text", pa.string())]), stream())
    with pytest.raises(ClusterError, match="read files instead"):
        run(Pipeline(()), reader, tmp_path / "out", on=far, settings=SETTINGS)


def test_an_unknown_place_is_named_with_those_there_are(posts: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="'moon'; allowed: local, ray, spark"):
        run(Pipeline(()), opened(posts), tmp_path / "out", on="moon")


def test_an_address_for_this_machine_is_refused(posts: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="--on ray or --on spark"):
        run(Pipeline(()), opened(posts), tmp_path / "out", settings=RunSettings(address="auto"))
