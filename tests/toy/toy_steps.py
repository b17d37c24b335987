"""Steps that go wrong on purpose, in a module that workers of a cluster find by its name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa


@dataclass(frozen=True)
class KillOnce:
    """Kills its own process when it meets a word for the first time; `mark` is the file that tells it was done."""

    word: str
    mark: str
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.word in batch.column("text").to_pylist() and not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return batch


@dataclass(frozen=True)
class KillAlways:
    """Kills its own process whenever it meets a word."""

    word: str
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.word in batch.column("text").to_pylist():
            os.kill(os.getpid(), signal.SIGKILL)
        return batch


@dataclass(frozen=True)
class Fault:
    """Raises what no step should when it meets a word."""

    word: str
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.word in batch.column("text").to_pylist():
            raise KeyError(self.word)
        return batch


@dataclass(frozen=True)
class FaultOnce:
    """Raises when it meets a word for the first time; `mark` is the file that tells it did."""

    word: str
    mark: str
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.word in batch.column("text").to_pylist() and not Path(self.mark).exists():
            Path(self.mark).touch()
            raise KeyError(self.word)
        return batch


@dataclass(frozen=True)
class WaitFor:
    """Waits, when it meets a word, until a file is there: a shard that is under way for as long as a test wants.

    `met` is a file that tells that somebody waits.
    """

    word: str
    met: str
    file: str
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.word in batch.column("text").to_pylist():
            Path(self.met).touch()
            while not Path(self.file).exists():
                time.sleep(0.05)
        return batch


@dataclass(frozen=True)
class RejectWord:
    """Sets aside the posts that are one word."""

    word: str
    reads = ("text", "rejected")
    adds = pa.schema([])
    reasons = ("word",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        from mizaj.clean.marking import mark

        is_word = pa.array([text == self.word for text in batch.column("text").to_pylist()])
        return mark(batch, is_word, f"word:{self.word}")


@dataclass(frozen=True)
class Pace:
    """Takes its time over every batch, so that a run is under way long enough to be disturbed."""

    seconds: float
    reads = ("text",)
    adds = pa.schema([])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        time.sleep(self.seconds)
        return batch
