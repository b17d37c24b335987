"""Evaluation counts every row once, by any cut of the data, and says what chance may have done."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from mizaj.errors import ColumnMissing, ModelError, SettingError
from mizaj.learn.evaluate import (
    EvaluateSettings,
    evaluate,
    evaluate_model,
    evaluate_models,
)
from mizaj.learn.evaluation import Evaluation

NAMES = ("negative", "neutral", "positive")
labels = st.sampled_from([*NAMES, "mixed", None])
rows = st.lists(
    st.tuples(labels, labels, st.sampled_from(["en", "hi-en", None]), st.floats(0, 100)),
    max_size=30,
)


def columns(table):
    truth, answers, language, cmi = ([row[part] for row in table] for part in range(4))
    arrays = {
        "language": pa.array(language, pa.string()).dictionary_encode(),
        "cmi": pa.array(cmi, pa.float32()),
    }
    return pa.array(answers, pa.string()), pa.array(truth, pa.string()), arrays


def of(table) -> Evaluation:
    answers, truth, by = columns(table)
    return evaluate(answers, truth, by=by, confidence=by["cmi"])


@given(rows, st.data())
@settings(max_examples=60)
def test_parts_add_to_the_evaluation_of_the_whole(table, data):
    cut = data.draw(st.integers(0, len(table)))
    whole, parts = of(table), of(table[:cut]) + of(table[cut:])
    assert (parts.counts, parts.left_out) == (whole.counts, whole.left_out)
    assert parts.groups == whole.groups
    assert parts.calibration == whole.calibration


@given(rows, rows, rows)
@settings(max_examples=40)
def test_evaluations_add_in_any_order_and_grouping(one, two, three):
    first, second, third = of(one), of(two), of(three)
    assert (first + second) + third == first + (second + third)
    assert first + second == second + first
    assert Evaluation.empty() + Evaluation.empty() == Evaluation.empty()


@given(rows)
def test_every_row_is_counted_or_left_out_with_a_reason(table):
    found = of(table)
    assert found.counts.n_rows + sum(found.left_out.values()) == len(table)
    for values in found.groups.values():
        assert sum(each.n_rows for each in values.values()) == found.counts.n_rows


def test_rows_left_out_are_named_by_the_reason():
    found = evaluate(
        ["positive", "neutral", None, "who knows", "positive", None],
        ["positive", "mixed", "negative", "neutral", None, "mixed"],
    )
    assert found.counts.n_rows == 1
    assert found.left_out == {
        "label=mixed": 2,
        "label missing": 1,
        "answer missing": 1,
        "answer=who knows": 1,
    }
    assert found.render().startswith("model: 1 rows; left out: 5 rows (answer missing 1, ")


def test_labels_are_mapped_to_classes():
    mapped = EvaluateSettings(label_map={"very_positive": "positive", "1": "negative"})
    words = evaluate(["positive", "positive"], ["very_positive", "positive"], settings=mapped)
    numbers = evaluate(["negative"], [1], settings=mapped)
    assert (words.counts.accuracy, numbers.counts.accuracy) == (1.0, 1.0)


def test_a_label_mapped_to_no_class_is_refused():
    with pytest.raises(SettingError, match="'good' is mapped to 'great'; allowed: negative"):
        EvaluateSettings(label_map={"good": "great"})


@pytest.mark.parametrize(
    ("cmi", "band"),
    [
        (0.0, "0"),
        (0.1, "0-20"),
        (19.9, "0-20"),
        (20.0, "20-40"),
        (40.0, "40+"),
        (100.0, "40+"),
        (None, "(none)"),
    ],
)
def test_code_mixing_is_cut_into_bands(cmi, band):
    found = evaluate(["neutral"], ["neutral"], by={"cmi": pa.array([cmi], pa.float32())})
    assert list(found.groups["cmi"]) == [band]


@pytest.mark.parametrize(
    "column",
    [
        ["positive", None],
        np.array(["positive", None], dtype=object),
        pd.Series(["positive", None]),
        pl.Series(["positive", None]),
        pa.chunked_array([["positive"], [None]], type=pa.string()),
        pa.array(["positive", None], pa.large_string()),
        pa.array(["positive", None]).dictionary_encode(),
    ],
    ids=lambda column: type(column).__name__,
)
def test_columns_come_in_any_form(column):
    found = evaluate(column, column)
    assert found.counts.support == {"negative": 0, "neutral": 0, "positive": 1}
    assert found.left_out == {"label missing": 1}


def test_columns_of_other_lengths_are_refused():
    with pytest.raises(SettingError, match=r"differ in length \(labels 1, predictions 2\)"):
        evaluate(["neutral", "neutral"], ["neutral"])


def test_a_column_of_texts_is_refused_as_labels():
    texts = [f"post {number}" for number in range(300)]
    with pytest.raises(SettingError, match="more than 200 distinct values, such as 'post 0'"):
        evaluate(["neutral"] * 300, texts)


def test_evaluations_of_two_models_do_not_add():
    with pytest.raises(SettingError, match="compare the two"):
        Evaluation.empty("one") + Evaluation.empty("two")


def test_an_evaluation_pickles_and_goes_out_as_json():
    found = of([("positive", "positive", "en", 1.0), ("negative", "neutral", None, 30.0)])
    assert pickle.loads(pickle.dumps(found)) == found
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert list(plain) == [
        *("model", "rows", "left_out", "labels", "confusion", "accuracy", "macro_f1"),
        *("weighted_f1", "macro_recall", "classes", "calibration", "by", "n_resamples", "seed"),
    ]
    assert plain["confusion"] == [[0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert plain["by"]["cmi"]["20-40"]["rows"] == 1
    assert plain["by"]["cmi"]["20-40"]["calibration_error"] == 1.0
    assert plain["calibration"]["bins"][9]["rows"] == 2


def test_tables_fit_eighty_columns():
    many = [
        ("positive", "neutral", f"a rather long source name, number {n}", 1.0) for n in range(99)
    ]
    answers, truth, by = columns(many)
    text = evaluate(answers, truth, by=by).named("a model").render()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "... and 69 smaller groups" in text


def test_the_class_table_has_the_papers_columns():
    text = evaluate(["positive"] * 3, ["positive", "positive", "negative"]).render()
    assert "class     correct  incorrect  total  precision  recall     F1" in text
    line = next(line for line in text.splitlines() if line.startswith("positive"))
    assert line.split()[:7] == ["positive", "2", "0", "2", "0.667", "1.000", "0.800"]


EMOTIONS = ("anger", "joy", "fear", "a very long name of an emotion")


def test_labels_of_any_number_and_names_are_counted():
    """The twin: scikit-learn on the same rows."""
    labels = tuple(f"label {n}" for n in range(40))
    rng = np.random.default_rng(5)
    truth, answers = (rng.choice(labels, 600).tolist() for _ in range(2))
    found = evaluate(answers, truth, settings=EvaluateSettings(labels=labels))
    expected = precision_recall_fscore_support(truth, answers, labels=labels, zero_division=0)
    figures = (found.counts.precision, found.counts.recall, found.counts.f1, found.counts.support)
    for mine, theirs in zip(figures, expected, strict=True):
        assert list(mine.values()) == pytest.approx(theirs.tolist())
    assert max(map(len, found.render().splitlines())) <= 80


def test_tables_of_long_labels_fit_eighty_columns():
    rows = [*EMOTIONS] * 2000
    found = evaluate(rows, rows, settings=EvaluateSettings(labels=EMOTIONS))
    assert max(map(len, found.render().splitlines())) <= 80
    assert "a very lon…" in found.render()


def test_a_model_of_another_task_is_read_in_its_own_columns():
    def feel(texts):
        sure = pa.array([1.0] * len(texts), pa.float32())
        return pa.table({"emotion": texts, "emotion_confidence": sure})

    table = pa.table({"text": ["joy", "fear", "joy yaar"], "label": ["joy", "joy", "anger"]})
    asked = EvaluateSettings(labels=EMOTIONS, task="emotion", by=("language",))
    found = evaluate_models({"one": feel, "two": feel}, table.to_batches(), settings=asked)
    assert found.evaluations[0].counts.accuracy == 0.5
    assert found.evaluations[0].left_out == {"answer=joy yaar": 1}
    assert sum(found.evaluations[0].calibration.n_rows) == 2
    assert list(found.evaluations[0].groups) == ["language"]
    assert found.comparisons[0].p_value == 1.0


@pytest.mark.parametrize("labels", [(), ("yes",), ("yes", "yes")])
def test_labels_to_tell_apart_are_at_least_two(labels):
    with pytest.raises(SettingError, match="give at least two, each once"):
        EvaluateSettings(labels=labels)


def by_word(texts: pa.Array) -> pa.Table:
    """A model for tests: the text is its own answer, and English."""
    return pa.table(
        {
            "sentiment": texts.dictionary_encode(),
            "confidence": pa.array([0.9] * len(texts), pa.float32()),
            "language": pa.array(["en"] * len(texts)),
        }
    )


def always_neutral(texts: pa.Array) -> pa.Table:
    return pa.table({"sentiment": ["neutral"] * len(texts)})


def batches(**extra):
    table = pa.table({"text": list(NAMES) * 4, "label": ["negative"] * 12, **extra})
    return table.to_batches(max_chunksize=5)


def test_a_model_is_evaluated_over_batches():
    found = evaluate_model(by_word, batches(dataset=["one", "two"] * 6))
    assert found.counts.matrix[0] == (4, 4, 4)
    assert list(found.groups) == ["dataset", "language", "cmi"]
    assert found.groups["dataset"]["one"].n_rows == 6
    assert found.calibration.error == pytest.approx(0.9 - 1 / 3, abs=1e-6)


def test_two_models_are_compared_on_the_same_groups():
    found = evaluate_models({"word": by_word, "flat": always_neutral}, batches())
    assert [each.name for each in found.evaluations] == ["word", "flat"]
    assert [list(each.groups) for each in found.evaluations] == [["language", "cmi"]] * 2
    assert (found.comparisons[0].only_first, found.comparisons[0].only_second) == (4, 0)
    assert "word against flat, 12 rows" in found.render()
    assert list(found.to_dict()) == ["evaluations", "comparisons"]


def test_three_models_are_compared_in_pairs():
    models = {"a": by_word, "b": always_neutral, "c": by_word}
    pairs = [(each.first, each.second) for each in evaluate_models(models, batches()).comparisons]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_batches_are_taken_one_at_a_time():
    open_batches = []

    def stream():
        for batch in batches():
            open_batches.append(len(batch))
            yield batch

    def score(texts):
        assert open_batches[-1] == len(texts)
        return by_word(texts)

    assert evaluate_model(score, stream()).counts.n_rows == 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": "mood"}, "column 'mood', read by evaluate, is not in the data"),
        ({"text": "body"}, "column 'body', read by evaluate, is not in the data"),
        ({"by": ("city",)}, "column 'city', read by evaluate"),
    ],
)
def test_a_missing_column_is_named(change, message):
    with pytest.raises(ColumnMissing, match=message):
        evaluate_model(by_word, batches(), settings=EvaluateSettings(**change))


def test_a_model_that_loses_rows_is_refused():
    with pytest.raises(ModelError, match="model gave 3 answers for 5 texts"):
        evaluate_model(lambda texts: by_word(texts[:3]), batches())


def test_data_without_a_usable_label_is_refused():
    table = pa.table({"text": ["a", "b"], "label": ["good", "bad"]})
    with pytest.raises(SettingError, match=r"no row .*\(label=bad 1, label=good 1\).*--label-map"):
        evaluate_model(by_word, table.to_batches())
    with pytest.raises(SettingError, match="no row can be evaluated: there are no rows"):
        evaluate_model(by_word, [])
