"""Posts that are too short or too long to be what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import kept_texts
from mizaj.errors import SettingError

LONGEST = 10_000
"""Characters of the longest comment that YouTube takes; what is longer is a document or a hostile row and no post."""

_WORD = r"[\pL\pN][\pL\pM\pN'’\x{200C}\x{200D}]*"


@dataclass(frozen=True)
class Length:
    """The filter that rejects posts by their number of characters or words: reasons `too_short` and `too_long`.

    Half-open would hide the limits that people name, so both ends count as kept. There is no lower limit by default:
    one word and one emoji carry sentiment. A word is a run of letters, digits and marks.

    >>> batch = pa.record_batch({"text": ["ok", "bahut accha"], "rejected": pa.nulls(2, REJECTED.type)})
    >>> Length(least_words=2)(batch).column("rejected").to_pylist()
    ['too_short', None]
    """

    text: str = TEXT.name
    least_characters: int = 0
    most_characters: int | None = LONGEST
    least_words: int = 0
    most_words: int | None = None

    def __post_init__(self) -> None:
        for unit in ("characters", "words"):
            least, most = getattr(self, f"least_{unit}"), getattr(self, f"most_{unit}")
            if least < 0 or (most is not None and most < max(least, 1)):
                msg = (
                    f"{unit} are limited to {least} to {most}; the lower limit is 0 or more, "
                    "the upper one at least 1 and not below the lower"
                )
                raise SettingError(msg)

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column and what was rejected before."""
        return (self.text, REJECTED.name)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """One for each end."""
        return ("too_short", "too_long")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with posts beyond the limits rejected."""
        if self.least_characters or self.most_characters is not None:
            limits = (self.least_characters, self.most_characters)
            batch = self._limit(batch, limits, counted="characters")
        if self.least_words or self.most_words is not None:
            batch = self._limit(batch, (self.least_words, self.most_words), counted="words")
        return batch

    def _limit(
        self, batch: pa.RecordBatch, limits: tuple[int, int | None], *, counted: str
    ) -> pa.RecordBatch:
        kept = kept_texts(batch, self.text)
        is_words = counted == "words"
        texts = kept.texts
        counts = pc.count_substring_regex(texts, _WORD) if is_words else pc.utf8_length(texts)
        least, most = limits
        is_short = pc.less(counts, least)
        is_out = is_short if most is None else pc.or_(is_short, pc.greater(counts, most))
        return kept.reject(is_out, pc.if_else(is_short, *self.reasons))
