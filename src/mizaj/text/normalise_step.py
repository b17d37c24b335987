"""Normalisation as a step of a pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from mizaj.batch import TEXT
from mizaj.text.normalise import NormaliseSettings, normalise

NORMALISED = pa.field("normalised", pa.string())


@dataclass(frozen=True)
class Normalise:
    """Reads a text column, adds `normalised`; a null stays null.

    >>> batch = pa.RecordBatch.from_pydict({"text": ["Sooooo  GOOD", None]})
    >>> Normalise()(batch).column("normalised").to_pylist()
    ['soo good', None]
    """

    settings: NormaliseSettings = field(default_factory=NormaliseSettings)
    text: str = TEXT.name

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column."""
        return (self.text,)

    @property
    def adds(self) -> pa.Schema:
        """The column `normalised`."""
        return pa.schema([NORMALISED])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the plain form of each text appended."""
        # a loop over rows: the rules depend on the words of the whole post
        plain = [
            None if text is None else normalise(text, self.settings)
            for text in batch.column(self.text).to_pylist()
        ]
        return batch.append_column(NORMALISED, pa.array(plain, NORMALISED.type))
