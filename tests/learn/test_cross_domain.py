"""Each domain is judged by a model that has seen none of its posts, on itself too."""

from __future__ import annotations

import json
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest

from mizaj.errors import SettingError
from mizaj.learn.cross_domain import OTHERS, CrossSettings, by_source, cross_domain
from mizaj.learn.kinds import Trainer, trainer
from mizaj.learn.labelled import Labelled

LABELS = ("negative", "positive")


def domain(words, n=40, *, name="x"):
    """Posts that say their label by a word of the domain; another word tells each apart from all others."""
    codes = np.arange(n) % 2
    others = ("".join(letters) for letters in permutations("bcdghjkmqvwxz", 5))
    texts = [f"{words[code]} {name}{other}" for code, other in zip(codes, others, strict=False)]
    return Labelled.of(pa.array(texts), codes, LABELS, source=name)


@pytest.fixture
def domains():
    """Two domains that share their words, and one that has other words."""
    return {
        "films": domain(("boring", "lovely"), name="f"),
        "songs": domain(("boring", "lovely"), name="s"),
        "phones": domain(("slow", "fast"), name="p"),
    }


def test_a_model_carries_over_to_a_domain_of_its_words_alone(toy, domains):
    found = cross_domain(trainer("toy"), domains)
    accuracy = {
        (trained, judged): counts.accuracy
        for trained, row in found.cells.items()
        for judged, counts in row.items()
    }
    assert accuracy["films", "songs"] == accuracy["films", "films"] == 1.0
    assert accuracy["phones", "phones"] == 1.0
    assert accuracy["films", "phones"] == accuracy["phones", "films"] == 0.5


def test_every_post_of_a_domain_is_judged_once(toy, domains):
    found = cross_domain(trainer("toy"), domains, settings=CrossSettings(has_others=True))
    assert {counts.n_rows for row in found.cells.values() for counts in row.values()} == {40}
    assert list(found.cells) == ["films", "songs", "phones", OTHERS]
    assert found.cells[OTHERS]["films"].accuracy == 1.0


def test_near_copies_are_trained_on_nowhere_they_are_judged(toy, domains):
    seen = []

    def remembering(train, validation, settings, *, seed, progress):
        seen.append(set(train.texts.to_pylist()))
        return toy.fit(train, validation, settings, seed=seed, progress=progress)

    copied = domains["films"].texts[0].as_py()
    songs = domains["songs"]
    texts = pa.array([f"RT @me: {copied.upper()}!!", *songs.texts.to_pylist()[1:]])
    changed = {"films": domains["films"], "songs": Labelled.of(texts, songs.codes, LABELS)}
    asked = CrossSettings(validation_share=0, n_folds=2)
    found = cross_domain(Trainer("toy", toy.ToySettings, remembering), changed, settings=asked)
    assert found.n_trained == {"films": 39, "songs": 39}
    across = [seen[0], seen[3]]  # after each, its folds
    assert not any(copied in rows or texts[0].as_py() in rows for rows in across)


def test_a_part_of_the_rows_stops_training(toy, domains):
    parts = []

    def watching(train, validation, settings, *, seed, progress):
        parts.append((train.n_rows, validation and validation.n_rows))
        return toy.fit(train, validation, settings, seed=seed, progress=progress)

    large = {name: domain(("a", "b"), 60, name=name) for name in ("f", "s")}
    cross_domain(Trainer("toy", toy.ToySettings, watching), large)
    assert parts[0] == (54, 6)
    assert parts[1] == (48, None)  # too few to part


def test_rows_are_parted_by_their_source(posts):
    parts = by_source(posts)
    assert {name: rows.n_rows for name, rows in parts.items()} == {"news": 60, "films": 60}
    assert set(parts["films"].sources.to_pylist()) == {"films"}


def test_it_prints_eighty_columns_and_goes_out_as_json(toy, domains):
    many = {f"domain number {n}": rows for n, rows in enumerate([*domains.values()] * 3)}
    found = cross_domain(trainer("toy"), domains)
    assert "trained on (down)" in found.render()
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["cells"]["films"]["songs"]["macro_f1"]["value"] == 1.0
    wide = cross_domain(
        trainer("toy"),
        {
            name: domain(("boring", "lovely"), 10, name="aefilnopr"[at])
            for at, name in enumerate(many)
        },
        settings=CrossSettings(n_folds=2),
    )
    assert max(map(len, wide.render().splitlines())) <= 80


def test_a_domain_that_cannot_be_learnt_from_is_named(toy, domains):
    def picky(train, validation, settings, *, seed, progress):
        raise SettingError("one class only")

    with pytest.raises(SettingError, match=r"trained on films \(40 rows\): one class only"):
        cross_domain(Trainer("toy", toy.ToySettings, picky), domains)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"validation_share": 0.7}, "allowed: from 0 to 0.5"),
        ({"n_folds": 1}, "at least 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(change, message):
    with pytest.raises(SettingError, match=message):
        CrossSettings(**change)


def test_one_domain_or_domains_of_other_labels_are_refused(toy, domains):
    with pytest.raises(SettingError, match=r"1 domain was given \(films\)"):
        cross_domain(trainer("toy"), {"films": domains["films"]})
    other = Labelled.of(pa.array(["a"]), np.array([0]), ("yes", "no"))
    with pytest.raises(SettingError, match="different labels"):
        cross_domain(trainer("toy"), {"films": domains["films"], "other": other})
