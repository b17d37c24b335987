"""What a dear model thinks of posts, for a cheap one to learn: each post asked once, what it said kept in a file.

A teacher answers some ten to a hundred posts a second, so what it said is kept by the hash of the text: a second
training asks it nothing, and a killed run goes on where it was. No text is written.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mizaj.learn.distil import DistilSettings, aligned, is_long, teach
from mizaj.learn.folds import without_copies
from mizaj.learn.labelled import Labelled
from mizaj.model.classifier import Probabilities
from mizaj.model.score import Loaded

ASKED = {
    "reddit-india-stream": "unlabelled",
    "india-politics-2014-stream": "unlabelled",
    "youtube-tech-hinglish-stream": "unlabelled",
    "hinglish-comedy-tweets": "unlabelled",
    "hinglish-sarcasm": "train",
    "hinglish-stance-notebandi": "train",
    "hinglish-hate": "train",
    "heot-hinglish-offensive": "train",
    "hasoc2021-hinglish-conversations": "train",
    "youtube-cookery-hinglish": "train",
    "hasoc2019-hindi": "train",
    "sentiment140-sample": "train",
    "tweeteval-emotion": "train",
    "tweeteval-irony": "train",
    "tweeteval-offensive": "train",
    "tweeteval-hate": "train",
}
"""What a teacher is asked about besides the training posts, and the split that is read; labels are not looked at."""
_SAVED_EVERY = 4096


@dataclass
class Teacher:
    """A model whose answers are kept in the file `kept`; asked like any teacher of `mizaj.learn.distil`."""

    model: Loaded
    kept: Path
    _answers: dict[bytes, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ask = aligned(
            self.model.probabilities, self.model.classifier.labels, datasets.CLASSES
        )
        if self.kept.exists():
            table = pq.read_table(self.kept)
            if table.schema.metadata.get(b"model") != self._mark:
                raise SystemExit(
                    f"{self.kept} holds the answers of another teacher; name another file"
                )
            rows = zip(*(table[label].to_pylist() for label in datasets.CLASSES), strict=True)
            self._answers = dict(zip(table["key"].to_pylist(), rows, strict=True))

    def __call__(self, texts: pa.Array, /) -> Probabilities:
        """Its probabilities for each text; those that it was not asked yet are asked, and kept."""
        keys = [_key(text) for text in texts.to_pylist()]
        new = {key: i for i, key in enumerate(keys) if key not in self._answers}
        self._learn_of(texts.take(pa.array(list(new.values()), pa.int64())), list(new))
        found = np.array([self._answers[key] for key in keys], np.float32)
        return found.reshape(-1, len(datasets.CLASSES))

    def _learn_of(self, texts: pa.Array, keys: list[bytes]) -> None:
        for start in range(0, len(keys), _SAVED_EVERY):
            part = slice(start, start + _SAVED_EVERY)
            rows = self._ask(texts[part]).tolist()
            self._answers |= dict(zip(keys[part], map(tuple, rows), strict=True))
            self._save()
            print(f"teacher: {start + len(rows):,} of {len(keys):,} posts", file=sys.stderr)

    def _save(self) -> None:
        columns = np.array(list(self._answers.values()), np.float32).T
        table = pa.table({"key": pa.array(list(self._answers), pa.binary())})
        for label, column in zip(datasets.CLASSES, columns, strict=True):
            table = table.append_column(label, pa.array(column))
        unfinished = self.kept.with_suffix(".tmp")
        pq.write_table(table.replace_schema_metadata({"model": self._mark}), unfinished)
        unfinished.replace(self.kept)

    @property
    def _mark(self) -> bytes:
        return self.model.folder.content_hash.encode()


@dataclass(frozen=True)
class School:
    """How a student is taught: by whom, on how many posts without labels, and how much it believes the teacher."""

    teacher: Teacher
    n_streams: int
    settings: DistilSettings

    def taught(self, posts: Labelled, held: pa.Table) -> Labelled:
        """The posts with what the teacher thinks of them, and posts that only the teacher labels."""
        n_words = self.settings.shortest
        unlabelled = streams(held, most=self.n_streams, n_words=n_words)
        said = np.full((posts.n_rows, len(posts.labels)), 1.0 / len(posts.labels), np.float32)
        asked = np.flatnonzero(is_long(posts.texts, n_words))  # of others it is not believed
        said[asked] = self.teacher(posts.texts.take(pa.array(asked)))
        return teach(self.teacher, posts, unlabelled, taught=said).posts(self.settings)

    @property
    def card(self) -> dict[str, object]:
        """What a student's card says of it."""
        folder = self.teacher.model.folder
        return {
            "name": folder.path.name,
            "kind": folder.kind,
            "hash": folder.content_hash,
            "asked_about": [
                {"set": name, "split": split, "licence": datasets.licence(name)}
                for name, split in ASKED.items()
            ],
            "share": self.settings.share,
            "temperature": self.settings.temperature,
        }


def streams(held: pa.Table, *, most: int, n_words: int = 0, seed: int = 0) -> pa.Array:
    """Posts of so many words or more without labels, each once, at most so many posts; none near one held out."""
    found = pa.concat_arrays([datasets.texts(name, split) for name, split in ASKED.items()])
    found = found.filter(pa.array(is_long(found, n_words)))
    kept = without_copies(pa.table({"text": found.unique()}), held)["text"].combine_chunks()
    order = np.random.default_rng(seed).permutation(len(kept))[:most]
    return kept.take(pa.array(np.sort(order)))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
