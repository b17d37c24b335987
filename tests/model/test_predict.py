"""A model by its name: one text, many texts in any form, the step, the explanation."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mizaj
from mizaj.batch import SCORED
from mizaj.lexicon import scorer
from mizaj.lexicon.explain import explain

TEXTS = ["bahut accha phone hai", "ekdum bakwas", "train 6 baje hai", "", "अच्छी फिल्म"]


@pytest.mark.parametrize(
    "column",
    [
        TEXTS,
        tuple(TEXTS),
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        pl.Series(TEXTS),
        pd.Series(TEXTS),
    ],
    ids=["list", "tuple", "array", "large", "chunked", "polars", "pandas"],
)
def test_any_column_of_texts_gets_the_answers_of_its_texts(column: object) -> None:
    model = mizaj.load()
    table = model.score(column)  # type: ignore[arg-type]
    assert table.schema.names == ["text", *SCORED.names]
    assert table["sentiment"].to_pylist() == [model(text).sentiment for text in TEXTS]
    assert table["score"].to_pylist() == pytest.approx([model(text).score for text in TEXTS])


def test_no_texts_give_an_empty_table() -> None:
    assert mizaj.load().score([]).num_rows == 0


def test_a_null_is_neutral() -> None:
    (answer,) = mizaj.load().score([None]).to_pylist()
    assert (answer["text"], answer["sentiment"], answer["language"]) == (None, "neutral", "other")


def test_bytes_that_are_no_utf8_and_lone_surrogates_are_scored() -> None:
    bad = b"bahut accha \xff\xfe"
    for column in (pa.array([bad]), pd.Series([bad]), ["bahut accha \udcff"]):
        assert mizaj.load().score(column)["sentiment"].to_pylist() == ["positive"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("accha", "call the model"),
        (b"accha", "call the model"),
        (["accha", 1], "row 1 of the list is int"),
        (["accha", b"\xff"], "row 1 of the list is bytes"),
        (pd.Series([1, "accha"]), "no column of texts"),
        (pd.Series([1, 2]), "are int64"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts: object, message: str) -> None:
    with pytest.raises(mizaj.SourceError, match=message):
        mizaj.load().score(texts)  # type: ignore[arg-type]


def test_an_unknown_model_names_those_there_are() -> None:
    with pytest.raises(mizaj.ModelError, match="default, lexicon"):
        mizaj.load("gpt")


def test_unknown_rules_name_those_there_are() -> None:
    with pytest.raises(mizaj.SettingError, match="paper-product, paper-table"):
        mizaj.LexiconSettings(rules="mine")


def test_paper_rules_answer_too() -> None:
    model = mizaj.load("lexicon", mizaj.LexiconSettings(rules="paper-table"))
    assert model("Wo movie creative aur achi he").sentiment == "positive"
    assert model.score(["bakwas movie"])["tier"].to_pylist() == ["paper-table"]


def test_an_explanation_is_json_and_text_and_adds_up() -> None:
    tree = mizaj.load().explain("Yeh movie accha nahi hai 😡")
    assert json.loads(json.dumps(tree.to_dict()))["answer"]["sentiment"] == "negative"
    assert "negated" in tree.render()
    assert sum(value for _, value in tree.words) == pytest.approx(tree.root)
    assert [word for word, _ in tree.words] == ["Yeh", "movie", "accha", "nahi", "hai", "😡"]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "🙂" * 3, "𝓰𝓸𝓸𝓭 film", "a\udcffb"])
def test_odd_texts_are_answered_and_explained(text: str) -> None:
    model = mizaj.load()
    assert model(text).sentiment in {"negative", "neutral", "positive"}
    assert model.explain(text).render()


@pytest.mark.parametrize("rules", ["default", "paper-product"])
@pytest.mark.parametrize("text", ["Yeh movie accha nahi hai 😡", "", "𝓰𝓸𝓸𝓭 film", "a\udcffb"])
def test_an_answer_is_the_one_that_is_explained_and_scored(text: str, rules: str) -> None:
    model = mizaj.load(settings=mizaj.LexiconSettings(rules=rules))
    answer = model(text)
    assert model.explain(text).answer == answer
    (scored,) = model.score([text.encode("utf-8", "replace").decode()]).to_pylist()
    assert {name: scored[name] for name in SCORED.names} == pytest.approx(asdict(answer))


@pytest.mark.skipif(scorer.Kernel is None, reason="the twin makes tokens for its own use")
def test_a_text_is_answered_without_an_object_for_each_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = mizaj.load()
    expected = model(TEXTS[0])
    monkeypatch.setattr(scorer.twin, "LexiconToken", None)
    assert model(TEXTS[0]) == expected


@pytest.mark.skipif(scorer.Kernel is None, reason="the twin has no kernel to ask")
def test_a_text_is_read_once_to_be_explained() -> None:
    class Counting:
        def read(self, text: bytes) -> object:
            asked.append(text)
            return kernel.read(text)

    asked: list[bytes] = []
    whole = mizaj.load("lexicon").scorer
    kernel = whole.kernel
    assert kernel is not None
    assert explain("accha", replace(whole, kernel=Counting())).answer == whole.answer("accha")
    assert asked == [b"accha"]
