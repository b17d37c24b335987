"""Spark data frames go through a pipeline and come out as files would."""

from __future__ import annotations

import pytest

from mizaj.batch import Pipeline
from mizaj.errors import ColumnExists, SettingError, SourceError
from mizaj.lexicon.columns import LexiconScore
from mizaj.model.predict import load

pytest.importorskip("pyspark")
from mizaj.run.frames import register, score_function, transform_frame

pytestmark = pytest.mark.slow

POSTS = [(1, "accha nahi hai"), (2, "so good"), (3, None), (4, "train 6 baje hai"), (5, "")]


@pytest.fixture
def frame(spark_session):
    return spark_session.createDataFrame(POSTS, "id long, text string").repartition(3)


def test_a_frame_comes_out_as_the_same_posts_in_a_list_do(frame):
    found = transform_frame(frame, Pipeline((load().step(),))).orderBy("id").collect()
    expected = load().score([text for _, text in POSTS]).to_pylist()
    assert [row["id"] for row in found] == [1, 2, 3, 4, 5]
    for row, known in zip(found, expected, strict=True):
        assert row["rejected"] == ("null_text" if row["text"] is None else None)
        assert row["sentiment"] == known["sentiment"]
        assert row["score"] == pytest.approx(known["score"])
        assert row["language"] == known["language"]


def test_other_names_and_columns_pass_through(spark_session):
    frame = spark_session.createDataFrame([("mast", [1, 2], {"a": 1.5})], ["body", "list", "map"])
    (row,) = transform_frame(frame, Pipeline((LexiconScore("body"),)), text="body").collect()
    assert (row["body"], row["list"], row["map"]) == ("mast", [1, 2], {"a": 1.5})
    assert row["sentiment"] == "positive"


def test_a_frame_without_posts_is_named_with_its_columns(spark_session):
    with pytest.raises(SourceError, match="no column 'text'; columns there: id"):
        transform_frame(spark_session.range(3), Pipeline(()))


def test_a_frame_that_was_scored_before_is_refused(frame):
    scored = transform_frame(frame, Pipeline((LexiconScore(),)))
    with pytest.raises(ColumnExists, match="sentiment"):
        transform_frame(scored.drop("rejected"), Pipeline((LexiconScore(),)))


def test_a_function_answers_in_select_and_in_sql(spark_session, frame):
    pipeline = Pipeline((LexiconScore(),))
    scored = frame.select("id", score_function(pipeline)("text").sentiment.alias("s")).orderBy("id")
    expected = ["negative", "positive", None, "neutral", "neutral"]
    assert [row["s"] for row in scored.collect()] == expected
    register(spark_session, pipeline, name="mizaj", returns=("sentiment", "score"))
    frame.createOrReplaceTempView("posts")
    rows = spark_session.sql("SELECT id, mizaj(text).sentiment AS s FROM posts ORDER BY id")
    assert [row["s"] for row in rows.collect()] == expected


def test_steps_that_read_another_column_are_a_function_of_sql_too(spark_session):
    pipeline = Pipeline((LexiconScore("body"),))
    register(spark_session, pipeline, name="of_body", returns=("sentiment",), text="body")
    (row,) = spark_session.sql("SELECT of_body('mast').sentiment AS s").collect()
    assert row["s"] == "positive"


@pytest.mark.parametrize(
    ("returns", "message"),
    [
        (("mood",), "the pipeline adds no column 'mood'"),
        (("text",), "the pipeline adds no column 'text'"),
        ((), "no column is named"),
    ],
)
def test_a_function_of_a_column_that_is_not_added_is_refused(returns, message):
    with pytest.raises(SettingError, match=f"^{message}; it adds: rejected, sentiment"):
        score_function(Pipeline((LexiconScore(),)), returns=returns)
