"""Exported networks, asked through onnxruntime: no PyTorch, all cores, and no post changes its neighbour's answer.

Only posts of equal length are read together. So there is no padding, which in posts of mixed lengths is half of all
that is computed; and what stands beside a post, or how a column is cut, cannot change how it is read.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mizaj.errors import ExtraMissing, ModelError, SettingError
from mizaj.model.classifier import Contents, Probabilities, softmax
from mizaj.model.folder import Folder
from mizaj.model.padding import Ids, Offsets, padded
from mizaj.model.subwords import Subwords

try:
    import onnxruntime  # type: ignore[import-untyped] # it has no types
except ImportError:
    onnxruntime = None

KIND = "onnx"
GRAPH = "model.onnx"
IDS, MASK, LOGITS = "ids", "mask", "logits"
"""What goes into a graph, int64 and bool of shape (rows, tokens), and what comes out, float32 of (rows, labels)."""

_ROWS_AT_ONCE = 16384
"""Rows are sorted by length among so many: no memory grows with the column."""
_EXTERNAL = b"location"
"""The key that a graph must write to have onnxruntime read weights from another file."""
# On CPUs its fused form is a plain loop; without it, an encoder of 12 layers answered a quarter more posts.
_NOT_FUSED = ("SkipLayerNormFusion",)
_ERRORS_ONLY = 3  # of onnxruntime's log


@dataclass(frozen=True)
class Serving:
    """How the machine is used; it changes no answer.

    `threads`: batches read at one time, by default one for each core. `threads_per_batch`: threads inside one batch,
    for single long posts on many cores. `tokens_per_batch`: tokens in a batch at most, few enough for a core's cache.
    """

    threads: int | None = None
    threads_per_batch: int = 1
    tokens_per_batch: int = 1024

    def __post_init__(self) -> None:
        for name in ("threads", "threads_per_batch", "tokens_per_batch"):
            value = getattr(self, name)
            if value is not None and value < 1:
                msg = f"{name} is {value}; it must be 1 or more"
                raise SettingError(msg)

    @property
    def n_threads(self) -> int:
        """How many batches are read at one time."""
        return self.threads or cores()


@dataclass(frozen=True, eq=False)
class OnnxClassifier:
    """An exported network: the graph as one file's bytes, and the tokenizer it was trained with.

    `exported` says what it was made from and how well it agrees with that.
    """

    labels: tuple[str, ...]
    graph: bytes | memoryview
    subwords: Subwords
    exported: dict[str, Any] = field(default_factory=dict)
    serving: Serving = Serving()

    @property
    def kind(self) -> str:
        """`onnx`."""
        return KIND

    def probabilities(self, texts: pa.Array, /) -> Probabilities:
        """A row of probabilities for each text; posts that read alike are computed once."""
        found = np.empty((len(texts), len(self.labels)), np.float32)
        for begin in range(0, len(texts), _ROWS_AT_ONCE):
            part = texts[begin : begin + _ROWS_AT_ONCE]
            found[begin : begin + len(part)] = softmax(self.logits(*self.subwords(part)))
        return found

    def logits(self, ids: Ids, offsets: Offsets) -> Probabilities:
        """The logits of rows of token ids, in their order: row i is `ids[offsets[i]:offsets[i + 1]]`."""
        firsts, which = distinct_rows(ids, offsets)
        batches = list(
            equal_batches(offsets, firsts, tokens_per_batch=self.serving.tokens_per_batch)
        )
        found = np.empty((len(offsets) - 1, len(self.labels)), np.float32)
        for rows, answers in zip(batches, self._all_read(ids, offsets, batches), strict=True):
            found[rows] = answers
        return found[firsts[which]]

    def contents(self) -> Contents:
        """What it was made from, the graph, the tokenizer."""
        own = Contents({"exported": self.exported}, {GRAPH: bytes(self.graph)})
        return own | self.subwords.contents

    def _all_read(
        self, ids: Ids, offsets: Offsets, batches: list[NDArray[np.int64]]
    ) -> list[Probabilities]:
        """The logits of each batch. Threads live as long as the call: a process may be forked after it."""

        def read(rows: NDArray[np.int64]) -> Probabilities:
            tokens, mask = padded(ids, offsets, rows, pad_id=self.subwords.pad_id)
            return _run(self._session, tokens, mask)

        n_threads = min(self.serving.n_threads, len(batches))
        if n_threads <= 1:
            return [read(rows) for rows in batches]
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(read, batches))

    @functools.cached_property
    def _session(self) -> Any:  # noqa: ANN401 - onnxruntime has no types
        """The graph, made ready. Raises `ModelError` for one that is damaged, foreign, or wants other files."""
        if onnxruntime is None:
            raise ExtraMissing(library="onnxruntime", extra="neural")
        graph = bytes(self.graph)
        if _EXTERNAL in graph:
            msg = f"{GRAPH} names files outside itself; do not use this model, or export it again"
            raise ModelError(msg)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.serving.threads_per_batch
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = (
            False  # plans memory for one shape; ours change with every batch
        )
        options.log_severity_level = _ERRORS_ONLY
        try:
            session = onnxruntime.InferenceSession(
                graph,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=list(_NOT_FUSED),
            )
        except Exception as error:  # the library raises nothing narrower
            msg = (
                f"{GRAPH} cannot be read ({error}); export the model again, or upgrade onnxruntime"
            )
            raise ModelError(msg) from error
        _check_ends(session, len(self.labels))
        return session


def load(folder: Folder, serving: Serving | None = None) -> OnnxClassifier:
    """The exported network in a folder. Raises `ModelError` for a graph that is damaged or answers for other labels."""
    model = OnnxClassifier(
        folder.labels,
        folder.view(GRAPH),
        Subwords.load(folder),
        dict(folder.settings.get("exported") or {}),
        serving or Serving(),
    )
    _ = model._session  # opened now: a damaged model is refused when loaded, not at the first post
    return model


def distinct_rows(ids: Ids, offsets: Offsets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of each kind of equal rows, and for each row the place of its kind among them.

    >>> firsts, which = distinct_rows(np.array([7, 8, 7], np.int32), np.array([0, 1, 2, 3]))
    >>> firsts.tolist(), which.tolist()
    ([0, 1], [0, 1, 0])
    """
    content = np.ascontiguousarray(ids, np.int32).tobytes()
    ends = (offsets * np.dtype(np.int32).itemsize).tolist()
    seen: dict[bytes, int] = {}
    # A loop over rows: it costs a thousandth of what the network does.
    which = [seen.setdefault(content[begin:end], len(seen)) for begin, end in pairwise(ends)]
    places = np.array(which, np.int64)
    return np.unique(places, return_index=True)[1].astype(np.int64), places


def equal_batches(
    offsets: Offsets, rows: NDArray[np.int64], *, tokens_per_batch: int
) -> Iterator[NDArray[np.int64]]:
    """The rows in batches of equal length, longest first, each of at most so many tokens, or of one row.

    >>> batches = equal_batches(np.array([0, 2, 3, 5]), np.arange(3), tokens_per_batch=4)
    >>> [batch.tolist() for batch in batches]
    [[0, 2], [1]]
    """
    lengths = np.diff(offsets)[rows]
    for length in np.unique(lengths)[::-1].tolist():
        alike = rows[lengths == length]
        n_rows = max(1, tokens_per_batch // max(1, length))
        for begin in range(0, len(alike), n_rows):
            yield alike[begin : begin + n_rows]


def _run(session: Any, tokens: NDArray[np.int64], mask: NDArray[np.bool_]) -> Probabilities:  # noqa: ANN401
    """The logits of one batch. Raises `ModelError` where the graph fails: its tokenizer does not fit."""
    try:
        return session.run([LOGITS], {IDS: tokens, MASK: mask})[0]  # type: ignore[no-any-return]
    except Exception as error:  # the library raises nothing narrower
        n_rows, n_tokens = tokens.shape
        msg = f"{GRAPH} failed on {n_rows} posts of {n_tokens} tokens ({error}); export the model again"
        raise ModelError(msg) from error


def _check_ends(session: Any, n_labels: int) -> None:  # noqa: ANN401 - onnxruntime has no types
    ends = [each.name for each in (*session.get_inputs(), *session.get_outputs())]
    if ends != [IDS, MASK, LOGITS]:
        msg = f"{GRAPH} has the ends {', '.join(ends)}; it must have {IDS}, {MASK} and {LOGITS}: export the model again"
        raise ModelError(msg)
    width = session.get_outputs()[0].shape[-1]
    if isinstance(width, int) and width != n_labels:
        msg = f"{GRAPH} answers for {width} labels, its folder names {n_labels}; export the model again"
        raise ModelError(msg)


def cores() -> int:
    """The cores that this process may use: at most OMP_NUM_THREADS, by which clusters give a task its share."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    return min(_own_cores(), int(share)) if share.isdecimal() and int(share) else _own_cores()


def _own_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
