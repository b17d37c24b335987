"""How far a run has come, for whoever watches: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from mizaj.read import Shard
from mizaj.run.shard import Tick


class _RowsColumn(ProgressColumn):
    """Rows done and rows a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0.0
        return Text(f"{int(task.completed):,} rows, {int(speed):,} rows/s")


@contextmanager
def watch(shards: Sequence[Shard], *, is_shown: bool | None) -> Iterator[Tick]:
    """A function to call with the rows of each finished batch, from any thread.

    `is_shown` None shows the bar where stderr is a terminal. The time left is shown where the
    number of rows is known before reading, as in Parquet.
    """
    if not (sys.stderr.isatty() if is_shown is None else is_shown):
        yield lambda _: None
        return
    known = [shard.span.n_rows for shard in shards]
    total = None if None in known else sum(n for n in known if n is not None)
    with _bar() as progress:
        task = progress.add_task("", total=total)
        yield lambda n_rows: progress.advance(task, n_rows)


def _bar() -> Progress:
    columns = (
        TextColumn("scoring"),
        BarColumn(),
        TaskProgressColumn(),
        _RowsColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))
