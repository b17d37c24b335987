"""Models evaluated on the shards of files, here or on a cluster: the same counts as in one pass.

A worker reads its shards, lets the models answer, and sends back counts alone; counts add in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from mizaj.batch import REJECTED
from mizaj.cluster import Spread
from mizaj.learn.evaluate import DEFAULT, EvaluateSettings, Scorer, Tally, tally
from mizaj.read import Shard, Source

DATASET = "dataset"
"""The column that says which data a row is of, where there are several."""
_MOST_PARTS = 1024
"""So many tallies come back at most, however many shards there are."""


@dataclass(frozen=True)
class Stretch:
    """Shards that follow one another in a source, the one at this place."""

    source: int
    shards: tuple[Shard, ...]

    @property
    def name(self) -> str:
        """The names of its first and last shard, for a message."""
        first, last = self.shards[0].name, self.shards[-1].name
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class _Count:
    """Goes to workers: a stretch in, what the models are worth on it out."""

    models: Mapping[str, Scorer]
    sources: Sequence[tuple[str, Source]]
    settings: EvaluateSettings

    def __call__(self, stretch: Stretch) -> Tally:
        name, source = self.sources[stretch.source]
        total = Tally.empty(tuple(self.models), self.settings)
        for shard in stretch.shards:
            for batch in source.batches(shard):
                is_read = batch.column(REJECTED.name).is_null()
                kept = batch.filter(is_read).drop_columns([REJECTED.name])
                unread = replace(total, n_unread=total.n_unread + batch.num_rows - kept.num_rows)
                if len(self.sources) > 1:
                    kept = with_dataset(kept, name)
                total = unread + tally(self.models, kept, settings=self.settings)
        return total


def evaluate_sources(
    models: Mapping[str, Scorer],
    sources: Sequence[tuple[str, Source]],
    *,
    settings: EvaluateSettings = DEFAULT,
    spread: Spread = map,
) -> Tally:
    """What is counted for the models on all rows that can be read of the sources, each with its name.

    It equals what `evaluate_models` counts in one pass. On a cluster, models and sources go to workers as pickles: a
    model by the name of its folder. Where there are several sources, their names are in the column `dataset`. Raises
    `SourceError` for a file that cannot be read to its end, and what `evaluate_models` raises, but for labels of no
    use, which `Tally.results` does.
    """
    total = Tally.empty(tuple(models), settings)
    for found in spread(
        _Count(models, sources, settings), stretches([source for _, source in sources])
    ):
        total += found
    return total


def stretches(sources: Sequence[Source]) -> list[Stretch]:
    """The shards of the sources, in as many stretches if there are few, else in about `_MOST_PARTS`."""
    n_shards = sum(len(source.shards) for source in sources)
    length = -(-n_shards // _MOST_PARTS) or 1
    return [
        Stretch(place, source.shards[start : start + length])
        for place, source in enumerate(sources)
        for start in range(0, len(source.shards), length)
    ]


def with_dataset(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """The batch with the name of its data, unless it says itself."""
    if DATASET in batch.schema.names:
        return batch
    return batch.append_column(DATASET, pa.array([name] * batch.num_rows, pa.string()))
