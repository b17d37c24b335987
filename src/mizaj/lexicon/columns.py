"""Columns of posts to columns of answers: the step that carries the lexicon tier to the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj import batch as columns
from mizaj.errors import SourceError
from mizaj.lexicon.entries import LABELS
from mizaj.lexicon.scorer import DEFAULT_RULES, TIER, Answer, LexiconSettings, Scorer, load_scorer
from mizaj.text.tokens import compatible

if TYPE_CHECKING:
    from mizaj.lexicon._kernel import Kernel

POST_LANGUAGES = ("en", "hi", "hi-Latn", "hi-en", "other")
"""Languages of a post by the number that the kernel writes (`LANGUAGE_EN`... in `_kernel.pyx`)."""

_OUTPUTS = {
    "sentiment": "B",
    "score": "f",
    "confidence": "f",
    "language": "B",
    "cmi": "f",
    "is_compatibility": "B",
    "doubt": "B",
}
_WIDTH = {"B": 1, "f": 4}
_MOST_DOUBTS = 255  # that a byte can count
# A post of 10 MB can take 640 MB while it is scored (64 bytes a token): that once, not once a core.
_HUGE_BYTES = 1 << 20
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class LexiconScore:
    """The step that scores a text column with the dictionaries; nulls and empty posts are neutral.

    The column is a string of any kind, a dictionary of strings or binary; what is not UTF-8 in it is read as U+FFFD.

    >>> step = LexiconScore()
    >>> step(pa.record_batch({"text": ["bahut accha"]})).column("sentiment").to_pylist()
    ['positive']
    """

    text: str = columns.TEXT.name
    settings: LexiconSettings = field(default_factory=LexiconSettings)

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column."""
        return (self.text,)

    @property
    def adds(self) -> pa.Schema:
        """The six columns of scoring."""
        return columns.SCORED

    @property
    def content_hash(self) -> str:
        """A hash of the dictionaries and weights, for the fingerprint of a pipeline."""
        return load_scorer(self.settings).lexicon.content_hash

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with sentiment, score, confidence, tier, language and cmi appended."""
        scored = score_column(batch.column(self.text), load_scorer(self.settings))
        for scored_field, column in zip(columns.SCORED, scored, strict=True):
            batch = batch.append_column(scored_field, column)
        return batch


def score_column(texts: pa.Array, scorer: Scorer) -> list[pa.Array]:
    """The scored columns of a text column, in the order of `batch.SCORED`; bytes that are no UTF-8 read as U+FFFD.

    Raises `SourceError` for a column that cannot hold text.
    """
    texts = _checked(texts)
    if scorer.kernel is None or scorer.settings.rules != DEFAULT_RULES:
        return _score_one_by_one(texts, scorer.answer)
    return _score_by_kernel(texts, scorer.kernel)


def doubt_column(texts: pa.Array, scorer: Scorer) -> NDArray[np.uint8]:
    """How many things in each text speak against taking its words at their word: irony, emoji that contradict.

    Raises `SourceError` for a column that cannot hold text.

    >>> doubt_column(pa.array(["so good ki main so gaya", "so good"]), load_scorer(LexiconSettings())).tolist()
    [1, 0]
    """
    texts = _checked(texts)
    if scorer.kernel is None:
        doubts = [min(scorer.read(_text(value)).result.doubt, _MOST_DOUBTS) for value in texts]
        return np.array(doubts, np.uint8)
    return np.frombuffer(_read_by_kernel(texts, scorer.kernel)["doubt"], np.uint8)


def _checked(texts: pa.Array) -> pa.Array:
    if columns.text_type(texts.type) is None:
        msg = f"the texts to score are {texts.type}; a text column is {columns.TEXT_TYPES}"
        raise SourceError(msg)
    return columns.as_text(texts)


def _read_by_kernel(texts: pa.Array, kernel: Kernel) -> dict[str, memoryview[Any]]:
    outputs = {name: _room(len(texts), code) for name, code in _OUTPUTS.items()}
    with _one_at_a_time if _holds_huge_post(texts) else nullcontext():
        _run_kernel(texts, kernel, outputs)
        _rescore_compatible(texts, kernel, outputs)
    if texts.null_count:
        _score_nulls(texts, kernel, outputs)
    return outputs


def _score_by_kernel(texts: pa.Array, kernel: Kernel) -> list[pa.Array]:
    n = len(texts)
    outputs = _read_by_kernel(texts, kernel)
    return [
        _dictionary(outputs["sentiment"], LABELS),
        pa.Array.from_buffers(pa.float32(), n, [None, pa.py_buffer(outputs["score"])]),
        pa.Array.from_buffers(pa.float32(), n, [None, pa.py_buffer(outputs["confidence"])]),
        _dictionary(bytearray(n), (TIER,)),
        _dictionary(outputs["language"], POST_LANGUAGES),
        pa.Array.from_buffers(pa.float32(), n, [None, pa.py_buffer(outputs["cmi"])]),
    ]


def _holds_huge_post(texts: pa.Array) -> bool:
    """Whether some post is huge, by its offsets, which nobody has checked yet."""
    _, offsets, data = texts.buffers()
    if offsets is None or data is None or data.size < _HUGE_BYTES:
        return False
    width = 8 if pa.types.is_large_string(texts.type) else 4
    bounds = np.frombuffer(offsets, f"i{width}", count=offsets.size // width)
    sizes = np.diff(bounds[texts.offset : texts.offset + len(texts) + 1])
    return bool(sizes.max(initial=0) >= _HUGE_BYTES)


def _run_kernel(texts: pa.Array, kernel: Kernel, outputs: dict[str, memoryview[Any]]) -> None:
    _, offsets, data = texts.buffers()
    kernel.score(
        memoryview(data or b"").cast("B"),
        memoryview(offsets or b"").cast("B"),
        texts.offset,
        len(texts),
        is_large=pa.types.is_large_string(texts.type),
        **outputs,
    )


def _rescore_compatible(
    texts: pa.Array, kernel: Kernel, outputs: dict[str, memoryview[Any]]
) -> None:
    """Score again, normalised, the few posts that hold characters with a plainer form (fullwidth, styled letters)."""
    rows = np.flatnonzero(np.frombuffer(outputs["is_compatibility"], np.uint8)).tolist()
    if not rows:
        return
    plain = pa.array([compatible(_text(texts[i])) for i in rows], pa.large_string())
    again = {name: _room(len(rows), code) for name, code in _OUTPUTS.items()}
    _run_kernel(plain, kernel, again)
    for name, column in again.items():
        for place, row in enumerate(rows):
            outputs[name][row] = column[place]


def _score_nulls(texts: pa.Array, kernel: Kernel, outputs: dict[str, memoryview[Any]]) -> None:
    """Give the rows without a text what an empty text gets, whatever bytes lie under them."""
    empty = {name: _room(1, code) for name, code in _OUTPUTS.items()}
    _run_kernel(pa.array([""]), kernel, empty)
    is_null = np.asarray(pc.is_null(texts))
    for name, code in _OUTPUTS.items():
        np.frombuffer(outputs[name], dtype=code)[is_null] = empty[name][0]


def _room(n: int, code: str) -> memoryview[Any]:
    """Room for n numbers that the kernel writes and Arrow takes over; what lies in it is not cleared.

    From Arrow, whose allocator keeps the pages that it was given for the next batch.
    """
    room = memoryview(pa.allocate_buffer(n * _WIDTH[code])).cast("B")
    return room.cast("f") if code == "f" else room


def _text(value: pa.Scalar) -> str:
    """A text whose bytes may not be UTF-8, with U+FFFD for what is broken."""
    return bytes(value.as_buffer() or b"").decode("utf-8", "replace") if value.is_valid else ""


def _dictionary(
    indices: memoryview[int] | bytearray, values: tuple[str, ...]
) -> pa.DictionaryArray:
    codes = pa.Array.from_buffers(pa.int8(), len(indices), [None, pa.py_buffer(indices)])
    # the kernel writes no other numbers than those of the values
    return pa.DictionaryArray.from_arrays(codes, pa.array(values), safe=False)


def _score_one_by_one(texts: pa.Array, answer: Callable[[str], Answer]) -> list[pa.Array]:
    # one post at a time: plain Python and the paper's rules have no other way
    answers = [answer(_text(value)) for value in texts]
    return [
        pa.array([getattr(a, scored.name) for a in answers], scored.type)
        if not pa.types.is_dictionary(scored.type)
        else pa.array([getattr(a, scored.name) for a in answers], pa.string()).cast(scored.type)
        for scored in columns.SCORED
    ]
