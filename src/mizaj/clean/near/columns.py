"""The plain forms, hashes and band keys of whole columns: by the compiled functions, or by their definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.batch import as_text
from mizaj.clean.near import plain_text, sketching
from mizaj.clean.near.sketching import Hashes, Sketch

try:
    from mizaj.clean.near import _kernel as _built
    from mizaj.clean.near import _plain as _built_plain
except ImportError:
    _built = _built_plain = None  # type: ignore[assignment]

_SPARE_BYTES = 16
_kernel: ModuleType | None = _built
_plain: ModuleType | None = _built_plain
# What plain forms take at once beyond what their texts take, as a rule; more is asked for when it is not enough.
_LEAST_ROOM = 1 << 16
_NO_BYTES = memoryview(b"").cast("B")


@dataclass(frozen=True, eq=False)
class PlainForms:
    """The plain forms of a column, as large_string, and what stands for each post: 64 bits."""

    texts: pa.Array
    hashes: Hashes


def plain_forms(texts: pa.Array) -> PlainForms:
    """The plain form and the content hash of each text; a null is an empty text, bytes that are no UTF-8 are U+FFFD.

    >>> found = plain_forms(pa.array(["Accha HAI!", "accha hai", None]))
    >>> found.texts.to_pylist(), bool(found.hashes[0] == found.hashes[1])
    (['accha hai', 'accha hai', ''], True)
    """
    texts = as_text(texts)
    if texts.null_count:
        texts = texts.fill_null("")
    if _plain is None:
        return _plain_forms_by_definition(texts)
    pieces: list[pa.Array] = []
    hashes = np.zeros(len(texts), np.uint64)
    is_broken = np.zeros(len(texts), np.uint8)
    done = 0
    while done < len(texts) or not pieces:
        rest = texts.slice(done)
        pieces.append(_some_plain_forms(_plain.plain_forms, rest, hashes[done:], is_broken[done:]))
        done += len(pieces[-1])
    found = PlainForms(pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces), hashes)
    broken = np.flatnonzero(is_broken)
    return _mended(found, texts, broken) if len(broken) else found


def band_keys(plain: pa.Array, sketch: Sketch) -> tuple[Hashes, NDArray[np.bool_]]:
    """The keys of plain forms, a row of `n_bands` each, and where there are any; without, a row is zeros."""
    keys = np.zeros(len(plain) * sketch.n_bands, np.uint64)
    is_long = np.zeros(len(plain), np.uint8)
    if _kernel is None:
        _band_keys_by_definition(plain, sketch, keys, is_long)
    else:
        _kernel.band_keys(
            *_buffers(plain),
            is_large=_is_large(plain),
            factors=sketch.factors,
            length=sketch.shingle,
            n_bands=sketch.n_bands,
            n_rows=sketch.n_rows,
            keys=keys,
            is_long=is_long,
        )
    return keys.reshape(-1, sketch.n_bands), is_long.view(np.bool_)


def similarities(
    one: pa.Array,
    other: pa.Array,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    *,
    length: int,
) -> NDArray[np.float64]:
    """How alike plain forms of one column are to those of another, for each two rows.

    >>> plain = pa.array(["bahut accha", "bahut acchaa", "kuch aur"])
    >>> similarities(plain, plain, (np.array([0, 0]), np.array([1, 2])), length=5).tolist()
    [0.875, 0.0]
    """
    first, second = (np.ascontiguousarray(each, np.int64) for each in rows)
    if _kernel is None:
        texts, others = one.to_pylist(), other.to_pylist()
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        alike = [sketching.similarity(texts[i], others[j], length) for i, j in pairs]
        return np.array(alike, np.float64)
    out = np.zeros(len(first))
    _kernel.similarities(
        *_buffers(one),
        *_buffers(other),
        is_large=_is_large(one),
        is_other_large=_is_large(other),
        rows=first,
        other_rows=second,
        length=length,
        out=out,
    )
    return out


class Repeats:
    """Which of many keys may come more than once: all that do, and some others by chance.

    All keys are seen first, piece by piece, then asked for, piece by piece.

    >>> keys = np.array([5, 1, 5], np.uint64)
    >>> repeats = Repeats(len(keys))
    >>> repeats.see(keys)
    >>> repeats.places(keys)[[0, -1]].tolist()
    [0, 2]
    """

    def __init__(self, n_keys: int) -> None:
        size = max(1 << n_keys.bit_length(), 64) if _kernel is not None else 0
        self._once, self._twice = np.zeros((2, size), np.uint8)

    def see(self, keys: Hashes) -> None:
        """Notes keys."""
        if _kernel is not None:
            _kernel.see_keys(np.ascontiguousarray(keys), self._once, self._twice)

    def places(self, keys: Hashes) -> NDArray[np.int64]:
        """Where those stand that may have come more than once; all of them where nothing is compiled."""
        is_repeated = np.ones(len(keys), np.bool_)
        if _kernel is not None:
            _kernel.look_up_keys(
                np.ascontiguousarray(keys), self._twice, is_repeated.view(np.uint8)
            )
        return np.flatnonzero(is_repeated)


def join(parents: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
    """Joins the sets of each two places, in `parents`: see `sketching.join`."""
    (sketching if _kernel is None else _kernel).join(parents, one, other)


def _some_plain_forms(
    write: Callable[..., int], texts: pa.Array, hashes: Hashes, is_broken: NDArray[np.uint8]
) -> pa.LargeStringArray:
    """The plain forms of the first texts: all of them, unless one grows beyond what most do."""
    first_bytes = len(texts[0].as_buffer()) if len(texts) else 0
    n_bytes = texts.nbytes + first_bytes * plain_text.MOST_GROWTH + _LEAST_ROOM
    room = pa.allocate_buffer(n_bytes + _SPARE_BYTES)
    offsets = pa.allocate_buffer(8 * (len(texts) + 1))
    done = write(
        *_buffers(texts),
        is_large=_is_large(texts),
        out=np.frombuffer(room, np.uint8),
        out_offsets=np.frombuffer(offsets, np.int64),
        hashes=hashes,
        is_broken=is_broken,
    )
    return pa.LargeStringArray.from_buffers(done, offsets, room)


def _mended(found: PlainForms, texts: pa.Array, broken: NDArray[np.int64]) -> PlainForms:
    """With the forms of texts that are no UTF-8, which are rare, put right."""
    decoded = [bytes(texts[row].as_buffer()).decode("utf-8", "replace") for row in broken.tolist()]
    again = plain_forms(pa.array(decoded, pa.large_string()))
    places = np.arange(len(texts))
    places[broken] = len(texts) + np.arange(len(broken))
    found.hashes[broken] = again.hashes
    both = pa.concat_arrays([found.texts, again.texts])
    return PlainForms(both.take(pa.array(places)), found.hashes)


def _plain_forms_by_definition(texts: pa.Array) -> PlainForms:
    decoded = [bytes(text.as_buffer()).decode("utf-8", "replace") for text in texts]
    plain = [plain_text.plain_form(text) for text in decoded]
    pairs = zip(plain, decoded, strict=True)
    hashes = [sketching.content_hash(form, text) for form, text in pairs]
    return PlainForms(pa.array(plain, pa.large_string()), np.array(hashes, np.uint64))


def _band_keys_by_definition(
    plain: pa.Array, sketch: Sketch, keys: Hashes, is_long: NDArray[np.uint8]
) -> None:
    rows = keys.reshape(-1, sketch.n_bands)
    for row, text in enumerate(plain.to_pylist()):
        found = sketching.band_keys(text, sketch)
        is_long[row] = bool(found)
        if found:
            rows[row] = found


def _is_large(texts: pa.Array) -> bool:
    return bool(pa.types.is_large_string(texts.type))


def _buffers(texts: pa.Array) -> tuple[memoryview, memoryview, int, int]:
    _, offsets, data = texts.buffers()
    return (
        _NO_BYTES if data is None else memoryview(data).cast("B"),
        _NO_BYTES if offsets is None else memoryview(offsets).cast("B"),
        texts.offset,
        len(texts),
    )
