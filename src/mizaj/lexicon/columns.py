"""Columns of posts to columns of answers: the step that carries the lexicon tier to the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mizaj import batch as columns
from mizaj.errors import SourceError
from mizaj.lexicon.entries import LABELS
from mizaj.lexicon.scorer import (
    DEFAULT_RULES,
    TIER,
    Answer,
    LexiconSettings,
    Scorer,
    load_scorer,
    mixing,
)
from mizaj.lexicon.twin import Result
from mizaj.text.language import POST_LANGUAGES
from mizaj.text.tokens import compatible

if TYPE_CHECKING:
    from mizaj.lexicon._kernel import Kernel

_OUTPUTS = {
    "sentiment": ("B", 1),
    "score": ("f", 1),
    "confidence": ("f", 1),
    "language": ("B", 1),
    "cmi": ("f", 1),
    "doubt": ("B", 1),
}
_IS_COMPATIBILITY = "is_compatibility"
_WIDTH = {"B": 1, "f": 4}
_MOST_DOUBTS = 255  # that a byte can count
# A post of 10 MB can take 640 MB while it is scored (64 bytes a token): that once, not once a core.
_HUGE_BYTES = 1 << 20
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, eq=False)
class Reading:
    """What reading texts tells besides: each one's language, how mixed it is, how doubtful.

    `language` are places in `POST_LANGUAGES`, `doubt` counts irony and emoji that contradict words.
    """

    language: NDArray[np.uint8]
    cmi: NDArray[np.float32]
    doubt: NDArray[np.uint8]


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


class ColumnKernel(Protocol):
    """What scores a column of posts at once: `Kernel` and `LinearKernel`."""

    @property
    def score(self) -> Callable[..., None]:
        """Score posts `first` to `first + n` of a column's buffers into outputs with so many figures a post each."""


def run_kernel(
    texts: pa.Array, kernel: ColumnKernel, outputs: Mapping[str, tuple[str, int]]
) -> dict[str, NDArray[Any]]:
    """What a kernel says of a column of string or large_string: for each output, its figures post by post.

    `outputs` names the kernel's outputs, each with its type code ("B", "f") and how many figures a post has. A null
    gets what an empty post gets; posts that hold characters with a plainer form (fullwidth, styled letters) are scored
    in that form.
    """
    room = {name: _room(len(texts), spec) for name, spec in _with_mark(outputs).items()}
    with _one_at_a_time if _holds_huge_post(texts) else nullcontext():
        _run(texts, kernel, room)
        rows = np.flatnonzero(room[_IS_COMPATIBILITY])
        if len(rows):
            plain = [compatible(_text(texts[row])) for row in rows.tolist()]
            _rescore(pa.array(plain, pa.large_string()), rows, kernel=kernel, room=room)
    if texts.null_count:
        rows = np.flatnonzero(pc.is_null(texts))
        _rescore(pa.array([""] * len(rows)), rows, kernel=kernel, room=room)
    return {name: room[name] for name in outputs}


def read_column(texts: pa.Array, scorer: Scorer) -> Reading:
    """What the lexicon reads in the texts besides their sentiment. Raises `SourceError` for what cannot hold text.

    >>> texts = pa.array(["so good ki main so gaya", "so good"])
    >>> read_column(texts, load_scorer(LexiconSettings())).doubt.tolist()
    [1, 0]
    """
    texts = _checked(texts)
    if scorer.kernel is None:
        return plain_reading([scorer.read(_text(value)).result for value in texts])
    found = run_kernel(texts, scorer.kernel, _OUTPUTS)
    return Reading(found["language"], found["cmi"], found["doubt"])


def plain_reading(results: Sequence[Result]) -> Reading:
    """The reading of texts of which the rules said this, one by one."""
    mixed = [mixing(result.n_by_language) for result in results]
    return Reading(
        np.array([POST_LANGUAGES.index(name) for name, _ in mixed], np.uint8),
        np.array([cmi for _, cmi in mixed], np.float32),
        np.array([min(result.doubt, _MOST_DOUBTS) for result in results], np.uint8),
    )


def _checked(texts: pa.Array) -> pa.Array:
    if columns.text_type(texts.type) is None:
        msg = f"the texts to score are {texts.type}; a text column is {columns.TEXT_TYPES}"
        raise SourceError(msg)
    return columns.as_text(texts)


def _score_by_kernel(texts: pa.Array, kernel: Kernel) -> list[pa.Array]:
    n = len(texts)
    found = run_kernel(texts, kernel, _OUTPUTS)
    return [
        _dictionary(found["sentiment"], LABELS),
        pa.array(found["score"]),
        pa.array(found["confidence"]),
        _dictionary(np.zeros(n, np.uint8), (TIER,)),
        language_column(found["language"]),
        pa.array(found["cmi"]),
    ]


def language_column(codes: NDArray[np.uint8]) -> pa.DictionaryArray:
    """The languages of posts from the numbers that a kernel writes."""
    return _dictionary(codes, POST_LANGUAGES)


def _with_mark(outputs: Mapping[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    return {**outputs, _IS_COMPATIBILITY: ("B", 1)}


def _holds_huge_post(texts: pa.Array) -> bool:
    """Whether some post is huge, by its offsets, which nobody has checked yet."""
    _, offsets, data = texts.buffers()
    if offsets is None or data is None or data.size < _HUGE_BYTES:
        return False
    width = 8 if pa.types.is_large_string(texts.type) else 4
    bounds = np.frombuffer(offsets, f"i{width}", count=offsets.size // width)
    sizes = np.diff(bounds[texts.offset : texts.offset + len(texts) + 1])
    return bool(sizes.max(initial=0) >= _HUGE_BYTES)


def _run(texts: pa.Array, kernel: ColumnKernel, room: Mapping[str, NDArray[Any]]) -> None:
    _, offsets, data = texts.buffers()
    kernel.score(
        memoryview(data or b"").cast("B"),
        memoryview(offsets or b"").cast("B"),
        texts.offset,
        len(texts),
        is_large=pa.types.is_large_string(texts.type),
        **room,
    )


def _rescore(
    texts: pa.Array,
    rows: NDArray[np.int64],
    *,
    kernel: ColumnKernel,
    room: Mapping[str, NDArray[Any]],
) -> None:
    """Score the few posts of these rows again, as other texts."""
    per_post = {name: len(column) // len(room[_IS_COMPATIBILITY]) for name, column in room.items()}
    again = {
        name: np.zeros(len(rows) * per_post[name], column.dtype) for name, column in room.items()
    }
    _run(texts, kernel, again)
    for name, column in again.items():
        room[name].reshape(-1, per_post[name])[rows] = column.reshape(-1, per_post[name])


def _room(n: int, spec: tuple[str, int]) -> NDArray[Any]:
    """Room for the figures of n posts, which Arrow can take over; what lies in it is not cleared.

    From Arrow, whose allocator keeps the pages that it was given for the next batch.
    """
    code, per_post = spec
    return np.frombuffer(pa.allocate_buffer(n * per_post * _WIDTH[code]), code)


def _text(value: pa.Scalar) -> str:
    """A text whose bytes may not be UTF-8, with U+FFFD for what is broken."""
    return bytes(value.as_buffer() or b"").decode("utf-8", "replace") if value.is_valid else ""


def _dictionary(codes: NDArray[np.uint8], values: tuple[str, ...]) -> pa.DictionaryArray:
    # the kernel writes no other numbers than those of the values
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.view(np.int8)), pa.array(values), safe=False
    )


def _score_one_by_one(texts: pa.Array, answer: Callable[[str], Answer]) -> list[pa.Array]:
    # one post at a time: plain Python and the paper's rules have no other way
    answers = [answer(_text(value)) for value in texts]
    return [
        pa.array([getattr(a, scored.name) for a in answers], scored.type)
        if not pa.types.is_dictionary(scored.type)
        else pa.array([getattr(a, scored.name) for a in answers], pa.string()).cast(scored.type)
        for scored in columns.SCORED
    ]
