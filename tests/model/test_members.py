"""Models inside models: an ensemble answers with all of them, a cascade with the first that is sure enough."""

from __future__ import annotations

import json
import shutil
import zlib
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import SCORED
from mizaj.errors import ModelError, SettingError
from mizaj.model.calibrate import Temperature
from mizaj.model.cascade import ALWAYS, NEVER, Cascade, Mode, Point, tuned
from mizaj.model.classifier import Contents, answers_of
from mizaj.model.ensemble import Ensemble, log_mean
from mizaj.model.folder import Described, Folder, describe, open_folder, save
from mizaj.model.kinds import KINDS, load_classifier
from mizaj.model.lexicon_tier import lexicon_tier
from mizaj.model.members import Member, name_members
from mizaj.model.pace import measure_pace, thresholds_for
from mizaj.model.score import ModelScore, load_model
from mizaj.model.sureness import Sureness

LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True)
class Fake:
    """Probabilities from a hash of the text: the larger `power`, the surer."""

    power: float
    labels: tuple[str, ...] = LABELS
    kind: str = "fake"

    def probabilities(self, texts):
        seeds = [zlib.crc32(f"{self.power} {text}".encode()) for text in _read(texts)]
        noise = [np.random.default_rng(seed).normal(size=len(self.labels)) for seed in seeds]
        odds = np.exp(self.power * np.array(noise).reshape(-1, len(self.labels)))
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)

    def contents(self):
        return Contents({"power": self.power}, {"empty.bin": b"", "weights.bin": b"w" * 99})


def _read(texts):
    return [
        bytes(t.as_buffer() or b"").decode("utf-8", "replace") if t.is_valid else "" for t in texts
    ]


def load(folder: Folder) -> Fake:
    return Fake(folder.settings["power"], folder.labels)


@pytest.fixture(autouse=True)
def _fake_kind(monkeypatch):
    monkeypatch.setitem(KINDS, "fake", __name__)


COOL = Described(calibration=Temperature(1.5).to_dict(), card={"trained_on": "dreams"})
MEMBERS = name_members([(Fake(0.5), COOL), (Fake(2.0), Described()), (Fake(4.0), COOL)])
POINTS = (
    Point((NEVER, NEVER), (0.0, 0.0, 1.0), {"accuracy": 0.0}, {"accuracy": 0.001}),
    Point((0.8, 0.8), (0.1, 0.2, 0.7), {"accuracy": 0.0}, {"accuracy": 0.004}),
    Point((0.6, 0.6), (0.3, 0.3, 0.4), {"accuracy": 0.01}, {"accuracy": 0.02}),
    Point((ALWAYS, ALWAYS), (1.0, 0.0, 0.0), {"accuracy": 0.0}, {"accuracy": 0.003}),
)
CASCADE = Cascade(MEMBERS, (0.6, 0.7), POINTS, confidence=0.9, caution=0.1)
WITH_LINES = replace(CASCADE, sureness=(Sureness(), Sureness(((0.5, 0.2, 0.1),) * 3)))
ENSEMBLE = Ensemble(MEMBERS, (0.2, 0.3, 0.5))
TEXTS = pa.array([f"post {i}" for i in range(200)] + ["", None, "नहीं", "👍"])
BROKEN = pa.array([b"bad \xff", b"ok"]).view(pa.string())


def test_the_first_tier_that_is_sure_enough_answers():
    found = CASCADE.answers(TEXTS)
    assert found.names == ("fake", "fake-2", "fake-3")
    given = [member.probabilities(TEXTS, LABELS) for member in MEMBERS]
    for row, tier in enumerate(found.tiers.tolist()):
        sure = [proba[row].max() for proba in given]
        # none of these texts is in doubt
        assert all(sure[t] < CASCADE.thresholds[t] for t in range(tier))
        assert tier == 2 or sure[tier] >= CASCADE.thresholds[tier]
        assert found.probabilities[row].tolist() == given[tier][row].tolist()
    assert set(found.tiers.tolist()) == {0, 1, 2}


@pytest.mark.parametrize(
    "model", [CASCADE, WITH_LINES, ENSEMBLE], ids=["cascade", "with-lines", "ensemble"]
)
class TestBothKinds:
    """What a cascade and an ensemble have in common."""

    def test_a_saved_model_answers_the_same(self, model, tmp_path):
        folder = save(model, tmp_path / "m")
        again = load_classifier(folder)
        assert again == model
        assert (again.probabilities(TEXTS) == model.probabilities(TEXTS)).all()

    def test_each_member_lies_in_a_folder_that_is_a_model_itself(self, model, tmp_path):
        save(model, tmp_path / "m")
        for member in MEMBERS:
            assert load_classifier(tmp_path / "m" / member.name) == member.classifier
            assert open_folder(tmp_path / "m" / member.name).described == member.described

    def test_a_changed_member_is_refused(self, model, tmp_path):
        save(model, tmp_path / "m")
        (tmp_path / "m" / "fake-2" / "weights.bin").write_bytes(b"v" * 99)
        with pytest.raises(ModelError, match=r"fake-2.weights.bin was changed"):
            open_folder(tmp_path / "m")

    def test_a_member_calibrated_anew_does_not_fit_any_more(self, model, tmp_path):
        save(model, tmp_path / "m")
        describe(open_folder(tmp_path / "m" / "fake"), Described())
        with pytest.raises(ModelError, match="was changed"):
            open_folder(tmp_path / "m")

    def test_batches_change_nothing(self, model):
        whole = model.probabilities(TEXTS)
        parts = [model.probabilities(TEXTS[i : i + 7]) for i in range(0, len(TEXTS), 7)]
        assert np.array_equal(np.concatenate(parts), whole)

    def test_no_texts_give_no_rows(self, model):
        assert model.probabilities(pa.array([], pa.string())).shape == (0, 3)
        assert answers_of(model, TEXTS[:0]).tiers.shape == (0,)

    def test_null_is_an_empty_text_and_bytes_need_not_be_utf8(self, model):
        null, empty = model.probabilities(pa.array([None, ""]))
        assert null.tolist() == empty.tolist()
        assert model.probabilities(BROKEN).sum(axis=1) == pytest.approx(1, abs=1e-6)

    def test_large_strings_are_read_alike(self, model):
        large = TEXTS.cast(pa.large_string())
        assert np.array_equal(model.probabilities(large), model.probabilities(TEXTS))


def test_the_tier_column_says_who_answered(tmp_path):
    save(CASCADE, tmp_path / "m")
    step = ModelScore(str(tmp_path / "m"))
    scored = step(pa.record_batch({"text": TEXTS}))
    assert scored.schema.names == ["text", *SCORED.names]
    names = np.array(CASCADE.tiers)[CASCADE.answers(TEXTS).tiers]
    assert scored.column("tier").to_pylist() == names.tolist()
    assert scored.schema.field("tier").type == SCORED.field("tier").type


def test_a_step_can_set_a_cascade_otherwise(tmp_path):
    save(CASCADE, tmp_path / "m")
    posts = pa.record_batch({"text": TEXTS})
    last = thresholds_for(load_model(tmp_path / "m").cascade, Mode(tier="fake-3"))
    scored = ModelScore(str(tmp_path / "m"), thresholds=last)(posts)
    assert set(scored.column("tier").to_pylist()) == {"fake-3"}
    quick = thresholds_for(CASCADE, Mode(posts_per_second=0.001))
    assert quick == POINTS[0].thresholds
    save(Fake(1.0), tmp_path / "n")
    with pytest.raises(SettingError, match="is of kind fake; only a cascade has tiers"):
        ModelScore(str(tmp_path / "n"), thresholds=(0.5,))(posts)


def test_a_model_without_tiers_is_one_tier(tmp_path):
    save(Fake(1.0), tmp_path / "m")
    scored = ModelScore(str(tmp_path / "m"))(pa.record_batch({"text": TEXTS}))
    assert set(scored.column("tier").to_pylist()) == {"fake"}


def test_an_ensemble_may_be_the_last_tier_of_a_cascade(tmp_path):
    members = name_members([(Fake(3.0), COOL), (ENSEMBLE, Described())])
    cascade = Cascade(members, (0.7,))
    folder = save(cascade, tmp_path / "m")
    assert "ensemble/fake-3/weights.bin" in folder.files
    assert load_classifier(folder) == cascade
    assert set(load_classifier(folder).answers(TEXTS).tiers.tolist()) == {0, 1}


def test_a_cascade_may_begin_with_the_lexicon(tmp_path):
    cascade = Cascade(name_members([(lexicon_tier(), Described()), (Fake(3.0), COOL)]), (0.6,))
    again = load_classifier(save(cascade, tmp_path / "m"))
    texts = pa.array(["bahut accha phone", "ekdum bakwas", "train 6 baje hai", *["x"] * 3, None])
    assert again.tiers == ("lexicon", "fake")
    assert np.array_equal(again.probabilities(texts), cascade.probabilities(texts))


def test_labels_in_another_order_are_put_in_that_of_the_last_model():
    turned = Fake(1.0, LABELS[::-1])
    member, last = name_members([(turned, Described()), (Fake(2.0), Described())])
    assert np.array_equal(member.probabilities(TEXTS, LABELS), turned.probabilities(TEXTS)[:, ::-1])
    only_first = tuned(Cascade((member, last), (0.5,)), Mode(tier="fake"))
    assert only_first.labels == LABELS
    assert np.array_equal(only_first.probabilities(TEXTS), member.probabilities(TEXTS, LABELS))


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([], "1 models were given; give 2 to 100"),
        ([(Fake(1.0, ("a", "b", "c")), Described())], "join models with the same labels"),
        ([(Fake(1.0), Described("emotion"))], "join models of one task"),
    ],
)
def test_models_that_do_not_fit_are_refused(others, message):
    with pytest.raises(ModelError, match=message):
        name_members([(Fake(1.0), Described()), *others])


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.5, 0.6, -0.1), (0.5, 0.5, 0.5), ()])
def test_weights_that_are_no_mean_are_refused(weights):
    with pytest.raises(ModelError, match="adding to 1"):
        Ensemble(MEMBERS, weights)


def test_thresholds_are_one_fewer_than_the_tiers():
    with pytest.raises(ModelError, match="one for each but the last"):
        Cascade(MEMBERS, (0.5,))


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=2), st.floats(0.1, 0.9))
def test_the_log_mean_of_a_model_with_itself_is_itself(sides, weight):
    proba = np.array([[*sides, 1.0]], np.float32)
    proba /= proba.sum()
    found = log_mean([(proba, weight), (proba, 1.0 - weight)])
    assert found == pytest.approx(proba, abs=1e-5)


@pytest.mark.parametrize(
    ("mode", "thresholds"),
    [
        (Mode(), (0.6, 0.7)),
        (Mode(accuracy_loss=0.0005), (NEVER, NEVER)),
        (Mode(accuracy_loss=0.005), (0.8, 0.8)),  # not the last point: one before it is too dear
        (Mode(accuracy_loss=0.5), (ALWAYS, ALWAYS)),
        (Mode(tier="fake"), (ALWAYS, ALWAYS)),
        (Mode(tier="fake-2"), (NEVER, ALWAYS)),
        (Mode(tier="fake-3"), (NEVER, NEVER)),
        (Mode(posts_per_second=150), (0.6, 0.6)),
    ],
    ids=str,
)
def test_a_mode_sets_the_thresholds(mode, thresholds):
    assert tuned(CASCADE, mode, (10.0, 100.0, 200.0, 900.0)).thresholds == thresholds


@pytest.mark.parametrize("tier", [0, 1, 2])
def test_a_tier_asked_for_alone_answers_all(tier):
    found = tuned(CASCADE, Mode(tier=CASCADE.tiers[tier])).answers(TEXTS)
    assert set(found.tiers.tolist()) == {tier}


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        (Mode(tier="linear"), "its tiers: fake, fake-2, fake-3"),
        (Mode(posts_per_second=1e6), "at most 900 on this machine"),
        (Mode(accuracy_loss=0.1, loss="harm"), "no bound for 'harm', only for: accuracy"),
    ],
)
def test_what_a_cascade_cannot_do_is_said(mode, message):
    with pytest.raises(SettingError, match=message):
        tuned(CASCADE, mode, (10.0, 100.0, 200.0, 900.0))


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"accuracy_loss": 0.01, "tier": "linear"}, "one of them at a time"),
        ({"accuracy_loss": 0.0}, "must be above 0"),
        ({"posts_per_second": -1.0}, "must be above 0"),
        ({"loss": "regret"}, "allowed: accuracy, harm"),
    ],
)
def test_a_mode_that_cannot_be_is_refused(wishes, message):
    with pytest.raises(SettingError, match=message):
        Mode(**wishes)


class Clock:
    """Each look at it is a second later."""

    def __init__(self):
        self.time = 0.0

    def __call__(self):
        self.time += 1.0
        return self.time


def test_the_pace_is_that_of_the_tiers_each_post_is_read_by():
    pace = measure_pace(CASCADE, TEXTS, Clock())
    second = 1.0 / len(TEXTS)  # of each post, for each tier and for the language
    assert pace.tiers == pytest.approx([second] * 3)
    # at NEVER the last tier alone reads them, at ALWAYS the first
    assert pace.points[0] == pytest.approx(1.0 / (2 * second))
    assert pace.points[-1] == pytest.approx(1.0 / (2 * second))
    shares = [1.0, (CASCADE.answers(TEXTS).tiers > 0).mean()]
    there = replace(CASCADE, points=(Point(CASCADE.thresholds, ()),))
    assert measure_pace(there, TEXTS, Clock()).points[0] < 1.0 / (second * (1 + sum(shares)))


def test_what_is_soon_done_is_timed_again_and_the_best_counts():
    class Busy(Clock):
        """Every other span is four times as long."""

        def __init__(self):
            super().__init__()
            self.spans = cycle([0.0, 0.2, 0.0, 0.05])

        def __call__(self):
            self.time += next(self.spans)
            return self.time

    pace = measure_pace(CASCADE, TEXTS, Busy())
    assert pace.tiers == pytest.approx([0.05 / len(TEXTS)] * 3)


def test_no_posts_have_no_pace():
    with pytest.raises(SettingError, match="no posts to measure"):
        measure_pace(CASCADE, TEXTS[:0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": "fake"}, "does not name its members"),
        ({"members": ["fake", "../other"]}, "has no"),
        ({"thresholds": None}, "incomplete"),
        ({"points": [{"thresholds": [1]}]}, "incomplete"),
        ({"sureness": [[[0.1, 0.2]], [[0.1, 0.2, 0.3]]]}, "incomplete"),
        ({"sureness": [[[0, 1, 0]], [[0, 1, 0]] * 2]}, "2 lines of sureness for 3 labels"),
        ({"sureness": [[[0, 1, 0]]]}, "1 sureness for 3 tiers"),
    ],
)
def test_a_cascade_whose_description_is_damaged_is_refused(change, message, tmp_path):
    path = save(CASCADE, tmp_path / "m").path / "model.json"
    manifest = json.loads(path.read_text())
    folder = replace(open_folder(path.parent), settings={**manifest["settings"], **change})
    with pytest.raises(ModelError, match=message):
        load_classifier(folder)


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/x", "a//b", "a/./b", "a\\b", "C:x", "a/b/c/d/e", "", "model.json"],
)
def test_a_file_outside_the_folder_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setattr(Fake, "contents", lambda _: Contents({}, {}))
    folder = save(Fake(1.0), tmp_path / "m")
    monkeypatch.setattr(
        "mizaj.model.folder._check_manifest",
        lambda _path, manifest: manifest["files"].update({name: {}}),
    )
    with pytest.raises(ModelError, match="outside itself"):
        open_folder(folder.path)


def test_a_folder_that_is_moved_stays_whole(tmp_path: Path):
    save(CASCADE, tmp_path / "m")
    shutil.copytree(tmp_path / "m", tmp_path / "n")
    assert load_classifier(tmp_path / "n") == CASCADE


def test_a_member_is_called_by_its_kind():
    assert [member.name for member in MEMBERS] == ["fake", "fake-2", "fake-3"]
    assert isinstance(MEMBERS[0], Member)
