"""However rows are cut into shards, and wherever these are counted, the figures are those of one pass."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mizaj
from mizaj.errors import SettingError
from mizaj.learn import evaluation
from mizaj.learn.evaluate import EvaluateSettings, evaluate_models
from mizaj.learn.evaluate_shards import evaluate_sources, stretches
from mizaj.read import ReadSettings, Source, open_source

WORDS = ("accha", "bura", "film", "mast", "nahi", "bakwas", None)
LABELS = ("negative", "neutral", "positive", "mixed", None)
FEW = EvaluateSettings(n_resamples=20)


def by_length(texts: pa.Array) -> pa.Table:
    """A model of three labels and a confidence, by the number of letters."""
    lengths = [len(text or "") for text in texts.to_pylist()]
    answers = [FEW.labels[length % 3] for length in lengths]
    sure = pa.array([length % 10 / 10 for length in lengths], pa.float32())
    return pa.table({"sentiment": answers, "confidence": sure})


def always_neutral(texts: pa.Array) -> pa.Table:
    return pa.table({"sentiment": ["neutral"] * len(texts)})


MODELS = {"length": by_length, "flat": always_neutral}


def posts(n_rows: int, seed: int) -> pa.Table:
    draw = random.Random(seed)
    texts = [
        None if draw.random() < 0.05 else " ".join(draw.choices(WORDS[:-1], k=draw.randint(1, 4)))
        for _ in range(n_rows)
    ]
    return pa.table(
        {
            "text": texts,
            "label": draw.choices(LABELS, k=n_rows),
            "source": draw.choices(["news", "films", None], k=n_rows),
        }
    )


def opened(table: pa.Table, folder: Path, rows: int) -> Source:
    path = folder / "posts.parquet"
    pq.write_table(table, path, row_group_size=rows)
    return open_source([str(path)], settings=ReadSettings(shard_rows=rows))


def one_pass(table: pa.Table) -> dict[str, Any]:
    known = table.filter(table["text"].is_valid())
    return evaluate_models(MODELS, known.to_batches(), settings=FEW).to_dict()


@pytest.mark.slow
@given(data=st.data(), n_rows=st.integers(60, 130), rows=st.integers(1, 50))
@settings(max_examples=20)
def test_any_cut_in_any_order_gives_the_figures_of_one_pass(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, n_rows: int, rows: int
):
    table = posts(n_rows, seed=n_rows)
    source = opened(table, tmp_path_factory.mktemp("cut"), rows)

    def shuffled(function: Any, shards: Any) -> Iterator[Any]:
        order = data.draw(st.permutations(range(len(shards))))
        return (function(shards[place]) for place in order)

    found = evaluate_sources(MODELS, [("posts", source)], settings=FEW, spread=shuffled)
    assert found.n_unread == table["text"].null_count
    assert found.results(FEW).to_dict() == one_pass(table)
    assert found.results(FEW).render() == (
        evaluate_models(
            MODELS, table.filter(table["text"].is_valid()).to_batches(), settings=FEW
        ).render()
    )


def test_sources_are_named_where_there_are_several_and_all_count(tmp_path: Path):
    source = opened(posts(80, seed=1), tmp_path, 30)
    found = evaluate_sources(MODELS, [("one", source), ("two", source), ("two", source)])
    groups = found.evaluations[0].groups["dataset"]
    assert groups["two"].n_rows == 2 * groups["one"].n_rows > 0


def test_a_great_many_shards_come_back_as_a_bounded_number_of_tallies(tmp_path: Path):
    source = opened(posts(2500, seed=2), tmp_path, 1)
    made = stretches([source, source])
    assert len(made) <= 1024 + 2
    assert [shard for each in made if each.source == 1 for shard in each.shards] == list(
        source.shards
    )
    assert made[0].name == f"{source.shards[0].name} to {source.shards[4].name}"


def test_a_column_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(evaluation, "_MOST_VALUES", 20)
    table = posts(60, seed=3)
    table = table.append_column("author", pa.array([f"a{row}" for row in range(60)]))
    source = opened(table, tmp_path, 15)
    asked = EvaluateSettings(by=("author",))
    with pytest.raises(SettingError, match="'author' has more than 20 values"):
        evaluate_sources(MODELS, [("posts", source)], settings=asked)


@pytest.mark.slow
def test_on_a_ray_cluster_it_is_the_same(ray_cluster: object, tmp_path: Path):
    from mizaj.cluster.ray import map_shards

    _is_the_same_on(map_shards, tmp_path)


@pytest.mark.slow
def test_on_a_spark_cluster_it_is_the_same(spark_session: Any, tmp_path: Path):
    from mizaj.cluster.spark import map_shards

    _is_the_same_on(functools.partial(map_shards, spark=spark_session), tmp_path)


def _is_the_same_on(spread: Any, folder: Path) -> None:
    table = posts(300, seed=4)
    source = opened(table, folder, 70)
    models = {name: mizaj.load(name).score for name in ("lexicon", "default")}
    known = table.filter(table["text"].is_valid())
    whole = evaluate_models(models, known.to_batches(), settings=FEW)
    found = evaluate_sources(models, [("posts", source)], settings=FEW, spread=spread)
    assert found.results(FEW) == whole
    assert found.results(FEW).to_dict() == whole.to_dict()
