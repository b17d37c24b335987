"""`mizaj behaviour`: what models understand, case by case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from mizaj.cli import options as given
from mizaj.cli.scoring import DONE, ModelChoice
from mizaj.cli.show import show, show_json

if TYPE_CHECKING:
    from mizaj.learn.behaviour import Judged

_NAMES, _COLUMN = 28, 16  # characters


def behaviour(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL", help="'default', 'lexicon' or folders.")
    ],
    failing: Annotated[
        bool, typer.Option("--failing", help="List the cases that are answered otherwise.")
    ] = False,
    as_json: given.AsJson = False,
) -> int:
    """Hold models of polarity to short cases written by hand, by phenomenon: negation, emoji, ...

    \b
    mizaj behaviour default lexicon
    mizaj behaviour my-model/ --failing
    """
    # Opened here: it brings numpy and pyarrow.
    from mizaj.learn.behaviour import judge, to_card

    judged = {name: judge(ModelChoice(name).load().score) for name in models}
    if as_json:
        show_json({name: to_card(found) for name, found in judged.items()})
        return DONE
    show("\n".join(_table(judged)))
    if failing:
        show("\n".join(_failing(judged)))
    return DONE


def _table(judged: Mapping[str, list[Judged]]) -> Iterator[str]:
    """How many cases of each phenomenon each model understands; what the first understands least on top."""
    from mizaj.learn.behaviour import by_phenomenon, overall

    found = {name: by_phenomenon(each) for name, each in judged.items()}
    first = next(iter(found.values()))
    yield f"{'cases understood':<{_NAMES}}{'of':>5}" + "".join(
        f"{name[-_COLUMN + 2 :]:>{_COLUMN}}" for name in judged
    )
    for phenomenon, each in first.items():
        right = "".join(f"{other[phenomenon].n_right:>{_COLUMN}}" for other in found.values())
        yield f"{phenomenon:<{_NAMES}}{each.n_cases:>5}{right}"
    whole = [overall(each) for each in judged.values()]
    yield f"{'all':<{_NAMES}}{whole[0].n_cases:>5}" + "".join(
        f"{f'{each.n_right} ({each.share:.1%})':>{_COLUMN}}" for each in whole
    )


def _failing(judged: Mapping[str, list[Judged]]) -> Iterator[str]:
    for name, found in judged.items():
        yield f"\n{name} answers otherwise:"
        for each in found:
            if not each.is_right:
                yield f"  {each.case.phenomenon}: {each}"
