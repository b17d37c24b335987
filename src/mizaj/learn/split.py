"""Training and validation rows that share no post: one split of labelled posts, and copies taken out.

What counts as a copy is said in `folds`.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from mizaj.errors import SettingError
from mizaj.learn.folds import near_copy_groups, near_copy_keys
from mizaj.learn.labelled import Labelled


def split(labelled: Labelled, share: float = 0.2, *, seed: int = 0) -> tuple[Labelled, Labelled]:
    """Posts to train on and a share held out, each label and source in both alike, near-copies on one side.

    Groups of copies are looked at in random order, and one is held out where that brings the number of held-out posts
    of its labels and sources nearer to the share. Equal seeds give equal parts; both keep the order of rows. Raises
    `SettingError` for a share that is not between 0 and 1, and where a part would be empty.

    >>> import pyarrow as pa
    >>> posts = Labelled.of(pa.array([f"post {word}" for word in "abcdefghij"]), np.arange(10) % 2, ("no", "yes"))
    >>> [part.n_by_label.tolist() for part in split(posts, 0.4)]
    [[3, 3], [2, 2]]
    """
    if not 0 < share < 1:
        msg = f"the share to hold out is {share}; it must be between 0 and 1, such as 0.2"
        raise SettingError(msg)
    is_held_out = _held_out(labelled, share, seed)
    train, held_out = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    if not (len(train) and len(held_out)):
        empty = "validation" if len(train) else "training"
        msg = (
            f"a share of {share} of {labelled.n_rows:,} posts, copies kept together, leaves none for {empty}; "
            "give more data, another share, or validation data of its own"
        )
        raise SettingError(msg)
    return labelled.take(train), labelled.take(held_out)


def remove_copies(train: Labelled, held_out: Labelled) -> Labelled:
    """The posts of `train` that are no near-copies of a post of `held_out`, in their order."""
    held = {key for keys in near_copy_keys(held_out.texts.to_pylist()) for key in keys}
    keys = near_copy_keys(train.texts.to_pylist())
    return train.take(np.flatnonzero([held.isdisjoint(each) for each in keys]))


def _held_out(labelled: Labelled, share: float, seed: int) -> np.ndarray:
    """For each post whether it is held out."""
    groups = near_copy_groups(labelled.texts.to_pylist())
    strata = _strata(labelled)
    members: dict[int, Counter[tuple[str, ...]]] = defaultdict(Counter)
    wanted: Counter[tuple[str, ...]] = Counter()
    for group, of_post in zip(groups.tolist(), strata, strict=True):
        members[group].update(of_post)
        wanted.update(of_post)
    lacking = {stratum: share * n for stratum, n in wanted.items()}
    chosen = np.zeros(len(members), np.bool_)
    for group in np.random.default_rng(seed).permutation(len(members)).tolist():
        # Held out where that takes the squares of what is lacking down.
        gain = sum(n * (2 * lacking[stratum] - n) for stratum, n in members[group].items())
        if gain > 0:
            chosen[group] = True
            for stratum, n in members[group].items():
                lacking[stratum] -= n
    return chosen[groups]


def _strata(labelled: Labelled) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What is to be spread evenly: each post's label, and its label within its source."""
    labels = [labelled.labels[code] for code in labelled.codes.tolist()]
    sources = labelled.sources.to_pylist()
    return [((label,), (label, source)) for label, source in zip(labels, sources, strict=True)]
