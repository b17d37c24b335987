"""Posts that are broken beyond repair: replacement characters, control characters, mojibake that nothing undid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import kept_texts, plain_texts
from mizaj.clean.repair import MOJIBAKE
from mizaj.errors import ExtraMissing, SettingError

try:
    from ftfy.badness import badness
except ImportError:
    badness = None  # type: ignore[assignment]

# U+FFFD, non-characters and the controls that are no white space
_DEBRIS = r"[\x{FFFD}\x{FFFE}\x{FFFF}\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F]"
_CHARACTERS_OF_BAD_SEQUENCE = 2
"""How many characters a sequence that ftfy calls bad has at least."""


@dataclass(frozen=True)
class Broken:
    """The filter that rejects posts of which a share of `most` or more is debris: reason `broken`.

    One replacement character in a sentence does not spoil it; the default is one character in ten. With `mojibake`,
    which needs ftfy, sequences that only a wrong encoding explains count as debris. Repair first.

    >>> texts = ["caf\ufffd is closed today", "\ufffd\ufffd\ufffd ok", "हाँ"]
    >>> batch = pa.record_batch({"text": texts, "rejected": pa.nulls(3, REJECTED.type)})
    >>> Broken()(batch).column("rejected").to_pylist()
    [None, 'broken', None]
    """

    text: str = TEXT.name
    most: float = 0.1
    mojibake: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.most <= 1.0:
            msg = f"most is {self.most}; the share of debris that breaks a post is above 0 and at most 1"
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
        """The one reason."""
        return ("broken",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with broken posts rejected. Raises `ExtraMissing` without ftfy, where mojibake is asked for."""
        if self.mojibake and badness is None:
            raise ExtraMissing(library="ftfy", extra="clean")
        pattern = f"{_DEBRIS}|{MOJIBAKE}" if self.mojibake else _DEBRIS
        kept = kept_texts(batch, self.text)
        suspects = kept.where(pc.match_substring_regex(kept.texts, pattern))
        if not len(suspects.texts):
            return batch
        debris = pc.count_substring_regex(suspects.texts, _DEBRIS).to_numpy().astype(np.float64)
        if self.mojibake:
            # one text at a time: a library's heuristic, over the few that a regular expression let through
            bad = [badness(text) for text in plain_texts(suspects.texts)]
            debris += _CHARACTERS_OF_BAD_SEQUENCE * np.array(bad)
        lengths = pc.utf8_length(suspects.texts).to_numpy()
        return suspects.reject(pa.array(debris >= self.most * lengths), self.reasons[0])
