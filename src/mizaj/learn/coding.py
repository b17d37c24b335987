"""Labels and answers as numbers: which rows can be counted, and why the others cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj.errors import SettingError
from mizaj.learn.metrics import Ints

# More distinct labels than this in one batch means that the label column was named wrongly; it also
# bounds what is remembered about rows left out.
_MOST_LABELS = 200
_MOST_NAMED = 8
_ABSENT = -1  # the code of a value that is not one of the labels


@dataclass(frozen=True, eq=False)
class Coded:
    """The rows that count: their `places`, their true classes and their answers, and why others are left out."""

    places: Ints
    truth: Ints
    answers: Ints
    left_out: Mapping[str, int]

    def take(self, rows: Ints) -> Coded:
        """Some of the rows that count, by their place among them."""
        return Coded(self.places[rows], self.truth[rows], self.answers[rows], {})


def codes_of(column: pa.Array, labels: tuple[str, ...], mapping: Mapping[str, str]) -> Ints:
    """The place of each value's label in `labels`, or -1 for a value that stands for none.

    >>> codes_of(pa.array(["no", "yes", "ja", None]), ("no", "yes"), {"ja": "yes"}).tolist()
    [0, 1, 1, -1]
    """
    known = {**{label: label for label in labels}, **mapping}
    found = pc.index_in(column.cast(pa.string()), value_set=pa.array(list(known), pa.string()))
    places = [labels.index(target) for target in known.values()]
    table = np.array([*places, _ABSENT], dtype=np.int64)
    indices: Ints = found.fill_null(len(places)).to_numpy(zero_copy_only=False)
    return table[indices]


def code_rows(
    truth: pa.Array, answers: pa.Array, labels: tuple[str, ...], mapping: Mapping[str, str]
) -> Coded:
    """The rows with a known label and a known answer, by number; `mapping` is of the labels alone."""
    true_codes, answer_codes = codes_of(truth, labels, mapping), codes_of(answers, labels, {})
    is_true, is_answered = true_codes >= 0, answer_codes >= 0
    kept = np.flatnonzero(is_true & is_answered)
    reasons = _reasons("label", truth, ~is_true)
    reasons += _reasons("answer", answers, is_true & ~is_answered)
    return Coded(kept, true_codes[kept], answer_codes[kept], dict(reasons))


def check_labels(column: pa.Array, name: str, labels: Sequence[str]) -> None:
    """Refuse a column of so many distinct values that it cannot be meant as labels."""
    distinct = pc.unique(column)
    if len(distinct) > max(_MOST_LABELS, 2 * len(labels)):
        samples = ", ".join(f"'{str(value)[:20]}'" for value in distinct[:3].to_pylist())
        message = (
            f"column '{name}' has more than {_MOST_LABELS} distinct values, such as "
            f"{samples}; name the column that holds {named(labels)} (--label COLUMN)"
        )
        raise SettingError(message)


def named(labels: Sequence[str]) -> str:
    """The labels for a message, the first few of many.

    >>> named(tuple("abcdefghijk"))
    'a, b, c, d, e, f, g, h and 3 more'
    """
    shown = ", ".join(labels[:_MOST_NAMED])
    more = len(labels) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _reasons(what: str, column: pa.Array, is_left_out: NDArray[np.bool_]) -> Counter[str]:
    values = column.cast(pa.string()).filter(pa.array(is_left_out))
    return Counter(
        {
            f"{what} missing" if item["values"] is None else f"{what}={item['values']}": item[
                "counts"
            ]
            for item in pc.value_counts(values).to_pylist()
        }
    )
