"""Training and held-out rows that share no post: folds for cross-validation, copies removed.

Social posts come back as retweets, quotes and pastes, and a model that has seen a copy of a
held-out post is judged too kindly. So two posts count as copies when they share a key of
`near_copy_keys`: the whole text, its start, or its end, each without what copies change.

Measured against all pairs of posts whose character 5-grams have a Jaccard similarity of 0.8 or
more, the keys find 116 of 120 pairs in 7,000 SentiMix posts, 73 of 76 in 7,000 of SAIL and 8 of 9
in IIITH (the whole text alone: 76, 50 and 2). They miss copies edited both in the first and in the
last 24 letters.

They also join 57, 49 and 7 pairs below 0.8: cut, longer or re-spelt copies, but also posts that
share no more than a slogan at the start or a row of hashtags at the end (6 of 12 sampled in SAIL).
The error costs training rows, and does not flatter a model.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from mizaj.batch import LABEL, TEXT
from mizaj.errors import ColumnMissing, SettingError
from mizaj.learn.metrics import Ints

# Long enough that unrelated posts rarely agree, short enough to outlive a cut; see the module.
_END_LENGTH = 24

# Tokenised corpora leave blanks in both: `https // t . co / x`, `@ some _ name`.
_LINK = re.compile(r"https?\s?:?\s?//? ?(?:t ?\.? ?co ?/ ?)?\S*|www\.\S+")
_HANDLE = re.compile(r"@ ?(?:_+ )?\w+(?: _+(?: \w+)?)*")
_RETWEET = re.compile(r"^\s*rt\b")
_NUMBER = re.compile(r"\d+")
_REPEATED = re.compile(r"(.)\1+", re.DOTALL)


class _DropMarks(dict[int, str | None]):
    """For `str.translate`: blanks, punctuation and control characters go, all else stays."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        kept = None if unicodedata.category(character)[0] in "PZC" else character
        self[code] = kept
        return kept


def near_copy_keys(texts: Sequence[str | None]) -> list[tuple[str, ...]]:
    """The keys of each text; posts that share one are taken for copies of each other.

    A key is the text in lower case without links, handles, a leading RT, blanks and punctuation,
    every number as 0 and repeated letters once. Texts of 24 such letters or more have two further
    keys, their start and their end. A missing text has the key of an empty one.

    >>> one, other = near_copy_keys(["Sooo good!! @you http://t.co/x1", "RT @me: so goood 😀"])
    >>> one, other
    (('sogod',), ('sogod😀',))
    """
    drop = _DropMarks()
    return [_keys(text or "", drop) for text in texts]


def near_copy_groups(texts: Sequence[str | None]) -> Ints:
    """A group number for each text: copies, and copies of copies, share one.

    >>> near_copy_groups(["Nice!", "bad", "nice", None]).tolist()
    [0, 1, 0, 2]
    """
    parents = list(range(len(texts)))
    owners: dict[str, int] = {}
    for position, keys in enumerate(near_copy_keys(texts)):
        for key in keys:
            _join(parents, owners.setdefault(key, position), position)
    roots = [_root(parents, position) for position in range(len(parents))]
    # A root is the first of its group, so groups are numbered by their first text.
    return np.unique(np.array(roots, dtype=np.int64), return_inverse=True)[1].astype(np.int64)


def without_copies(train: pa.Table, held_out: pa.Table, *, text: str = TEXT.name) -> pa.Table:
    """The rows of `train` that are no copies of a row of `held_out`, in their order.

    Raises `ColumnMissing` when either has no column `text`.
    """
    held = {key for keys in near_copy_keys(_values(held_out, text)) for key in keys}
    is_kept = [held.isdisjoint(keys) for keys in near_copy_keys(_values(train, text))]
    return train.filter(pa.array(is_kept, pa.bool_()))


def fold_numbers(
    texts: Sequence[str | None], labels: Sequence[str | None], *, n_folds: int = 5, seed: int = 0
) -> Ints:
    """The fold of each row, from 0: copies in one fold, each label spread evenly over all.

    Groups of copies are dealt largest first, each to the fold that lacks its labels most; equal
    seeds give equal folds. Raises `SettingError` for fewer than two folds or fewer groups than
    folds.

    >>> fold_numbers(["a", "b", "c", "A!"], ["positive"] * 4, n_folds=2).tolist() in (
    ...     [0, 1, 1, 0], [1, 0, 0, 1])
    True
    """
    groups = near_copy_groups(texts)
    n_groups = len(set(groups.tolist()))
    if not 2 <= n_folds <= n_groups:
        message = (
            f"n_folds is {n_folds}; it must be from 2 to {n_groups}, "
            "the number of posts that are no copies of each other"
        )
        raise SettingError(message)
    members = _label_counts(groups, labels, n_groups)
    folds = _deal(members, _dealing_order(members, seed), n_folds)
    return np.array(folds, dtype=np.int64)[groups]


def folds(
    table: pa.Table,
    *,
    n_folds: int = 5,
    seed: int = 0,
    text: str = TEXT.name,
    label: str = LABEL.name,
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Pairs of training and held-out rows; every row is held out once. See `fold_numbers`."""
    texts, labels = _values(table, text), _values(table, label)
    numbers = fold_numbers(texts, labels, n_folds=n_folds, seed=seed)
    for fold in range(n_folds):
        yield table.filter(pa.array(numbers != fold)), table.filter(pa.array(numbers == fold))


def _keys(text: str, drop: _DropMarks) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _HANDLE.sub(" ", _LINK.sub(" ", plain))
    plain = _NUMBER.sub("0", _RETWEET.sub(" ", plain)).translate(drop)
    whole = _REPEATED.sub(r"\1", plain)
    if len(whole) < _END_LENGTH:
        return (whole,)
    # The marks keep a start from meeting an end or a whole text.
    return (whole, "^" + whole[:_END_LENGTH], whole[-_END_LENGTH:] + "$")


def _root(parents: list[int], position: int) -> int:
    while parents[position] != position:
        parents[position] = parents[parents[position]]
        position = parents[position]
    return position


def _join(parents: list[int], one: int, other: int) -> None:
    low, high = sorted((_root(parents, one), _root(parents, other)))
    parents[high] = low


def _values(table: pa.Table, column: str) -> list[str | None]:
    if column not in table.column_names:
        raise ColumnMissing(column, table.column_names, needed_by="folds")
    values: list[str | None] = table[column].to_pylist()
    return values


def _label_counts(
    groups: Ints, labels: Sequence[str | None], n_groups: int
) -> list[Counter[str | None]]:
    members: list[Counter[str | None]] = [Counter() for _ in range(n_groups)]
    for group, label in zip(groups.tolist(), labels, strict=True):
        members[group][label] += 1
    return members


def _dealing_order(members: list[Counter[str | None]], seed: int) -> list[int]:
    shuffled = np.random.default_rng(seed).permutation(len(members)).tolist()
    return sorted(shuffled, key=lambda group: -members[group].total())


def _deal(members: list[Counter[str | None]], order: list[int], n_folds: int) -> list[int]:
    """The fold of each group: the one with most room for its labels, then with most room at all."""
    held: list[Counter[str | None]] = [Counter() for _ in range(n_folds)]
    sizes = [0] * n_folds
    chosen = [0] * len(members)
    for group in order:
        labels = members[group]
        fold = min(
            range(n_folds),
            key=lambda each: (
                sum(n * held[each][label] for label, n in labels.items()),
                sizes[each],
            ),
        )
        chosen[group] = fold
        held[fold].update(labels)
        sizes[fold] += labels.total()
    return chosen
