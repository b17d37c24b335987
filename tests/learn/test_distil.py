"""A student learns what its teacher thinks, mixed with what is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.distil import UNLABELLED, DistilSettings, aligned, distil, out_of_fold, teach
from mizaj.learn.kinds import Trainer
from mizaj.learn.labelled import Labelled

LABELS = ("negative", "neutral", "positive")
TEXTS = ["bad food here", "so so place", "fine evening out", "never coming back again"]
POSTS = Labelled.of(pa.array(TEXTS), np.array([0, 1, 2, 0]), LABELS)


def opinion(texts):
    """The longer a text, the better."""
    lengths = np.array([len(text.as_py()) for text in texts], np.float32).reshape(-1, 1)
    return np.concatenate([30 - lengths, 10 + 0 * lengths, lengths], axis=1) / 40


def test_the_student_learns_a_mixture_of_label_and_teacher():
    lesson = teach(opinion, POSTS)
    targets = lesson.posts(DistilSettings(temperature=1.0, share=0.25)).targets
    assert targets == pytest.approx(0.75 * np.eye(3)[POSTS.codes] + 0.25 * opinion(POSTS.texts))


@pytest.mark.parametrize(
    ("share", "wanted"), [(0.0, np.eye(3)[POSTS.codes]), (1.0, opinion(POSTS.texts))]
)
def test_a_share_of_none_or_all_is_the_label_or_the_teacher(share, wanted):
    posts = teach(opinion, POSTS).posts(DistilSettings(temperature=1.0, share=share))
    assert posts.targets == pytest.approx(wanted, abs=1e-6)


def test_a_temperature_gives_second_thoughts_more_weight():
    cool = teach(opinion, POSTS).posts(DistilSettings(temperature=4.0, share=1.0)).targets
    assert (cool.max(axis=1) < opinion(POSTS.texts).max(axis=1)).all()
    assert cool.argmax(axis=1).tolist() == opinion(POSTS.texts).argmax(axis=1).tolist()
    assert cool.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_posts_without_labels_are_learnt_as_the_teacher_sees_them():
    more = pa.array(["xy", None, "a very long post that is", "xy"])
    posts = teach(opinion, POSTS, more).posts(
        DistilSettings(temperature=1.0, unlabelled_weight=0.5)
    )
    assert posts.texts.to_pylist() == [*TEXTS, "xy", "a very long post that is"]
    assert posts.sources.to_pylist()[4:] == [UNLABELLED] * 2
    assert posts.codes[4:].tolist() == [0, 2]
    assert posts.targets[4:] == pytest.approx(opinion(posts.texts[4:]), abs=1e-6)
    assert posts.weights.mean() == pytest.approx(1)
    assert posts.weights[4] / posts.weights[0] == pytest.approx(0.5)


def test_copies_of_validation_posts_are_not_taught():
    more = pa.array(["Fine evening out!!", "something else"])
    lesson = teach(opinion, POSTS, more, validation=POSTS)
    assert lesson.unlabelled.to_pylist() == ["something else"]


@dataclass(frozen=True)
class Memory:
    """Sure of what it has learnt, of nothing else."""

    learnt: tuple[str, ...]
    labels: tuple[str, ...] = LABELS
    kind: str = "memory"

    def probabilities(self, texts):
        known = np.array([text.as_py() in self.learnt for text in texts], np.float32).reshape(-1, 1)
        return np.concatenate([known, 1 - known, 0 * known], axis=1)


def test_a_teacher_out_of_fold_has_not_learnt_what_it_is_asked():
    found = out_of_fold(lambda posts: Memory(tuple(posts.texts.to_pylist())), POSTS, n_folds=2)
    assert found.argmax(axis=1).tolist() == [1] * 4


def test_the_student_is_trained_on_the_lesson():
    told = []

    def fit(train, validation, settings, *, seed, progress):
        told.append((train, validation, settings, seed))
        return Memory(tuple(train.texts.to_pylist()))

    student = Trainer("memory", DistilSettings, fit)
    lesson = teach(opinion, POSTS, pa.array(["more"]), taught=opinion(POSTS.texts) * 0 + 1 / 3)
    model = distil(student, lesson, POSTS, DistilSettings(share=1.0, temperature=1.0), seed=7)
    ((train, validation, settings, seed),) = told
    assert model.learnt == (*TEXTS, "more")
    assert train.targets[:4] == pytest.approx(1 / 3)
    assert (validation, settings, seed) == (POSTS, DistilSettings(), 7)


def test_a_teacher_with_labels_in_another_order_is_understood():
    turned = aligned(lambda texts: opinion(texts)[:, ::-1], LABELS[::-1], LABELS)
    assert turned(POSTS.texts) == pytest.approx(opinion(POSTS.texts))
    with pytest.raises(SettingError, match="the teacher answers a, b; the posts have negative"):
        aligned(opinion, ("a", "b"), LABELS)


def test_answers_that_do_not_fit_the_posts_are_refused():
    with pytest.raises(SettingError, match="there are 4 posts, 3 labels"):
        teach(opinion, POSTS, taught=np.zeros((3, 3), np.float32))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"temperature": 0}, "above 0"),
        ({"share": 1.5}, "from 0"),
        ({"unlabelled_weight": 0}, "above 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(SettingError, match=message):
        DistilSettings(**wrong)


def test_of_short_posts_the_teacher_is_not_believed():
    more = pa.array(["too short", "a post of five words"])
    given = Labelled.of(pa.array(["bad", "not so very bad at all"]), np.array([2, 0]), LABELS)
    lesson = teach(opinion, given, more)
    posts = lesson.posts(DistilSettings(temperature=1.0, share=1.0, shortest=4))
    assert posts.texts.to_pylist() == ["bad", "not so very bad at all", "a post of five words"]
    assert posts.targets[0].tolist() == [0.0, 0.0, 1.0]
    assert posts.targets[1:] == pytest.approx(opinion(posts.texts[1:]), abs=1e-6)
