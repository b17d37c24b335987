"""Noise is told apart from chance: the same rows, clean and noisy, for every model."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.evaluate import EvaluateSettings
from mizaj.learn.robustness import NoiseSettings, robustness

NAMES = ("negative", "neutral", "positive")
ROWS = pa.table({"text": list(NAMES) * 60, "label": list(NAMES) * 60})


def by_word(texts):
    """Knows each label's own word, spelt as it is; else it answers neutral."""
    known = [text if text in NAMES else "neutral" for text in texts.to_pylist()]
    return pa.table({"sentiment": known})


def always_neutral(texts):
    return pa.table({"sentiment": ["neutral"] * len(texts)})


def found(**changes):
    noise = NoiseSettings(**{"noises": ("typos", "case"), "strengths": (0.2, 1.0), **changes})
    models = {"word": by_word, "flat": always_neutral}
    return robustness(models, ROWS.to_batches(max_chunksize=50), noise=noise)


def test_a_model_that_knows_words_falls_with_the_strength_and_one_that_does_not_stays():
    word, flat = found()
    assert word.clean.accuracy == 1.0
    weak, strong = (each.counts.accuracy for each in word.noises[:2])
    assert 1.0 > weak > strong
    assert {each.counts.accuracy for each in flat.noises} == {1 / 3}
    assert [(each.noise, each.strength) for each in flat.noises] == [
        *(("typos", 0.2), ("typos", 1.0), ("case", 0.2), ("case", 1.0)),
    ]


def test_the_fall_is_paired_with_clean_text():
    word, flat = found()
    fall = word.noises[1].against_clean(n_resamples=500, seed=0)
    assert fall.is_real
    assert fall.difference.value < 0
    assert fall.verdict == "clean is better by macro-F1; accuracy agrees"
    assert flat.noises[1].against_clean(n_resamples=500, seed=0).difference.value == 0


def test_all_models_see_the_same_noise():
    one, other = robustness({"a": by_word, "b": by_word}, ROWS.to_batches())
    assert one.noises == other.noises


def test_rows_are_drawn_once_for_all_and_equal_for_equal_seeds():
    assert found(most_rows=30)[0].clean.n_rows == 30
    assert found(most_rows=30, seed=3) == found(most_rows=30, seed=3)
    assert found(most_rows=30, seed=3) != found(most_rows=30, seed=4)


def test_rows_without_a_known_label_or_text_do_not_harm():
    rows = pa.table({"text": ["negative", None, "x"], "label": ["negative", "positive", "mixed"]})
    (word,) = robustness({"word": by_word}, rows.to_batches())
    assert word.clean.n_rows == 2


def test_it_prints_eighty_columns_and_goes_out_as_json():
    word, _ = found(noises=("transliteration", "typos"))
    assert max(map(len, word.render().splitlines())) <= 80
    assert "\ntransliteration       0.2" in word.render()
    plain = json.loads(json.dumps(word.to_dict(), allow_nan=False))
    assert list(plain) == ["model", "rows", "clean", "noises"]
    assert plain["noises"][0]["against_clean"]["first"] == "transliteration 0.2"
    assert plain["noises"][3]["macro_f1"]["low"] < plain["clean"]["macro_f1"]["low"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noises": ("rain",)}, "noise 'rain' is not known; allowed: spelling, typos"),
        ({"strengths": (2.0,)}, "strength of a noise is 2.0; allowed: from 0 to 1"),
        ({"strengths": ()}, "at 0 strengths"),
        ({"most_rows": 0}, "on 0 rows"),
    ],
)
def test_noise_that_cannot_be_is_refused(change, message):
    with pytest.raises(SettingError, match=message):
        NoiseSettings(**change)


def test_data_without_a_usable_label_is_refused():
    with pytest.raises(SettingError, match="no row of column 'label'"):
        robustness(
            {"word": by_word}, ROWS.to_batches(), settings=EvaluateSettings(labels=("a", "b"))
        )
