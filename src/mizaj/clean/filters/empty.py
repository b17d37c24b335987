"""Posts in which nothing can be seen, and posts that say nothing of their own."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import kept_texts

# White space, controls, joiners and marks of direction, selectors, and the letters that Unicode has for gaps:
# Hangul fillers, the blank Braille pattern.
_INVISIBLE = (
    r"\s\pZ\p{Cc}\p{Cf}\x{034F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{2800}\x{3164}"
    r"\x{FE00}-\x{FE0F}\x{FFA0}\x{E0100}-\x{E01EF}"
)
_VISIBLE = f"[^{_INVISIBLE}]"

_REFERENCE = r"https?:\S*|www\.\S+|(?:\brt[\s:]*)?\.?@\s?\w+:?"
_SPEAKS, _SHOWS = r"\pL\pN", r"\p{So}"
# Most posts start with a word, at which the match ends in vain: one look costs less than taking references away.
_NOTHING = f"(?i)^(?:{_REFERENCE}|[^{_SPEAKS}])*$"
_NOTHING_BUT_EMOJI_SPEAK = f"(?i)^(?:{_REFERENCE}|[^{_SPEAKS}{_SHOWS}])*$"
_EMOTICON = (
    r"[:;=][-'^o~]?[()\[\]|/\\*{}<>$]|[(\[][-'^]?[:;=]|\^[_.-]*\^|-_+-|;[_.];|>[_.]*<|_?/\\+_"
)


@dataclass(frozen=True)
class Empty:
    r"""The filter that rejects posts of nothing but white space and other invisible characters: reason `empty`.

    >>> batch = pa.record_batch({"text": [" \u200b\ufeff\n", "👍", "."], "rejected": pa.nulls(3, REJECTED.type)})
    >>> Empty()(batch).column("rejected").to_pylist()
    ['empty', None, None]
    """

    text: str = TEXT.name

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
        return ("empty",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with empty posts rejected."""
        kept = kept_texts(batch, self.text)
        is_empty = pc.invert(pc.match_substring_regex(kept.texts, _VISIBLE))
        return kept.reject(is_empty, self.reasons[0])


@dataclass(frozen=True)
class NoWords:
    """The filter that rejects posts of nothing but links, mentions and punctuation: reason `no_words`.

    Words, numbers and hashtags speak for a post. So do emoji and emoticons, which carry sentiment, unless `emoji` is
    false.

    >>> texts = ["@a https://t.co/x", "RT @a: 😡", "10/10", "..."]
    >>> batch = pa.record_batch({"text": texts, "rejected": pa.nulls(4, REJECTED.type)})
    >>> NoWords()(batch).column("rejected").to_pylist()
    ['no_words', None, None, 'no_words']
    """

    text: str = TEXT.name
    emoji: bool = True

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
        return ("no_words",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with posts rejected that say nothing."""
        kept = kept_texts(batch, self.text)
        pattern = _NOTHING_BUT_EMOJI_SPEAK if self.emoji else _NOTHING
        bare = kept.where(pc.match_substring_regex(kept.texts, pattern))
        if not self.emoji:
            return bare.reject(bare.texts.is_valid(), self.reasons[0])
        own = pc.replace_substring_regex(bare.texts, f"(?i){_REFERENCE}", " ")
        return bare.reject(pc.invert(pc.match_substring_regex(own, _EMOTICON)), self.reasons[0])
