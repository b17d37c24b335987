"""The lexicon as a classifier says what the lexicon says."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import ModelError
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.folder import save
from mizaj.model.kinds import load_classifier
from mizaj.model.lexicon_tier import PACKED, lexicon_tier
from mizaj.sample import sample_path

POSTS = [json.loads(line)["text"] for line in sample_path().read_text("utf-8").splitlines()]
TEXTS = [*POSTS, "", None, "so good ki main so gaya", "x" * 5000, "😡😡😡", "अच्छी फिल्म"]


def test_its_probabilities_are_those_of_the_rules():
    read = [load_scorer(LexiconSettings()).read(text or "").result for text in TEXTS]
    wanted = [(result.negative, result.neutral, result.positive) for result in read]
    found = lexicon_tier().probabilities(pa.array(TEXTS))
    assert found == pytest.approx(np.array(wanted), abs=1e-6)
    assert found.dtype == np.float32
    assert found.argmax(axis=1).tolist() == [result.label for result in read]


def test_no_texts_give_no_rows():
    assert lexicon_tier().probabilities(pa.array([], pa.string())).shape == (0, 3)


def test_it_is_saved_with_its_dictionaries(tmp_path, monkeypatch):
    tier = lexicon_tier()
    folder = save(tier, tmp_path / "m")
    assert folder.view(PACKED).nbytes == len(tier.scorer.lexicon.content)
    # those that ship with mizaj may change: they are not looked at
    monkeypatch.setattr("mizaj.model.lexicon_tier.load_scorer", None)
    again = load_classifier(folder)
    assert again.scorer.lexicon.content_hash == tier.scorer.lexicon.content_hash
    texts = pa.array(TEXTS)
    assert np.array_equal(again.probabilities(texts), tier.probabilities(texts))


def test_the_papers_rules_are_refused():
    with pytest.raises(ModelError, match="give no probabilities"):
        lexicon_tier(LexiconSettings(rules="paper-table"))


def test_doubt_lowers_the_confidence():
    # praise that ends in a let-down, emoji against words: such posts go on to the next tier first
    texts = ["so good ki main so gaya", "great movie 😡"]
    sure = lexicon_tier().probabilities(pa.array([*texts, "so good", "great movie"])).max(axis=1)
    assert (sure[:2] < sure[2:]).all()
