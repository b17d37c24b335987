"""What each stage of a run set aside: rows in, kept, rejected by reason, told from the counts of the whole.

A row has the first reason that was given, and each filter declares its own reasons, so that nothing has to be counted
twice: what a stage kept is what the next one got. Counts add with `+`, and so do the stages that are told from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mizaj.batch import Step

READ, DUPLICATES = "read", "duplicates"
COPY_REASONS = ("duplicate_of", "duplicate")
"""Of copies: told of rows that no filter rejected, though before any filter is asked."""


@dataclass(frozen=True)
class Stage:
    """What one stage was given, what it kept, and what it rejected, by reason."""

    name: str
    rows_in: int
    kept: int
    rejected: dict[str, int]


def stages_of(
    steps: Iterable[Step], rows_in: int, rejected: Mapping[str, int]
) -> tuple[Stage, ...]:
    """The stages in order: reading, each filter, copies where there are any.

    >>> [stage.kept for stage in stages_of((), 10, {"null_text": 1, "duplicate_of": 2})]
    [9, 7]
    """
    left = dict(rejected)
    filters = [(_name(step), getattr(step, "reasons", ())) for step in steps]
    # in a list, for a pipeline may hold two filters of one name: the first has the reasons that both give
    own = [(name, _taken(left, reasons)) for name, reasons in filters if reasons]
    copies = _taken(left, COPY_REASONS)
    told = [(READ, left), *own, *([(DUPLICATES, copies)] if copies else [])]
    return tuple(_chained(told, rows_in))


def _name(step: Step) -> str:
    return str(getattr(step, "name", type(step).__name__)).lower()


def _taken(left: dict[str, int], reasons: Iterable[str]) -> dict[str, int]:
    """The counts of these reasons, taken out of what is left."""
    return {reason: left.pop(reason) for reason in reasons if reason in left}


def _chained(told: Iterable[tuple[str, dict[str, int]]], rows_in: int) -> Iterator[Stage]:
    for name, rejected in told:
        kept = rows_in - sum(rejected.values())
        yield Stage(name, rows_in, kept, rejected)
        rows_in = kept
