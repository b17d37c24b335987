"""Labelled tables, one or several, to posts ready for training; what is left out is counted, by reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import LABEL, REJECTED, SOURCE, TEXT
from mizaj.errors import ColumnMissing, SettingError, SourceError
from mizaj.learn.labelled import Labelled
from mizaj.learn.metrics import CLASSES, Ints
from mizaj.model.folder import POLARITY
from mizaj.read import ReadSettings, Source, open_source

MOST_LABELS = 200
"""More labels than this mean that the column with the labels was named wrongly."""

_BLANK, _NO_LABEL = "blank text", "label missing"
_N_NAMED = 3


@dataclass(frozen=True)
class TableSettings:
    """How labelled tables are read.

    `label_map` says what a label is to be called (`good` is `positive`); it is applied first. `labels` are those to be
    learnt, in this order, and rows with others are left out; None takes all that are found, by the alphabet. `source`
    is the column that names the domain of a row; where it is absent or null, the name of the data set does.
    """

    text: str = TEXT.name
    label: str = LABEL.name
    source: str = SOURCE.name
    label_map: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None

    def of_task(self, task: str) -> TableSettings:
        """The same for a model of this task: polarity has its three labels, unless others are named.

        >>> TableSettings().of_task("polarity").labels
        ('negative', 'neutral', 'positive')
        """
        if task == POLARITY and self.labels is None:
            return replace(self, labels=CLASSES)
        return self


@dataclass(frozen=True)
class DataFile:
    """An input, how many rows it has and how many of them are learnt from, and the hash of its bytes.

    `sha256` is None for what is no local file.
    """

    path: str
    n_rows: int
    n_kept: int
    sha256: str | None

    def to_dict(self) -> dict[str, object]:
        """The file for JSON."""
        return {
            "path": self.path,
            "rows": self.n_rows,
            "kept": self.n_kept,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, eq=False)
class Tables:
    """Labelled posts with where they come from.

    `left_out` says how many rows were not taken, by reason: `label missing`, `label=mixed`, `blank text`, `null_text`,
    `broken_encoding`. Every row is in `labelled` or in `left_out`. `remarks` are lines worth showing.
    """

    labelled: Labelled
    files: tuple[DataFile, ...]
    left_out: Mapping[str, int]
    remarks: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """How many rows there were, with those left out."""
        return self.labelled.n_rows + sum(self.left_out.values())


def read_tables(data: Sequence[object], settings: TableSettings | None = None) -> Tables:
    """The labelled posts of files, folders, patterns, URLs or tables in memory, in this order.

    Raises `SourceError` for one that cannot be read to its end, `ColumnMissing` for a column that is not there,
    `SettingError` for over 200 labels and where no row is left.

    >>> rows = [{"text": "accha", "label": "good"}, {"text": "bura", "label": "bad"}, {"text": "ok", "label": None}]
    >>> found = read_tables([rows], TableSettings(label_map={"good": "positive", "bad": "negative"}))
    >>> found.labelled.labels, found.labelled.codes.tolist(), found.left_out
    (('negative', 'positive'), [1, 0], {'label missing': 1})
    """
    settings = settings or TableSettings()
    reading = _Reading(settings)
    files = [file for each in data for file in reading.read(each)]
    table = pa.concat_tables(reading.pieces) if reading.pieces else reading.EMPTY.empty_table()
    labels = _labels_of(table, settings)
    _check_rows(table, reading, settings)
    labelled = Labelled(
        table["text"].combine_chunks(),
        _codes(table["label"], labels),
        labels,
        weights=np.ones(len(table), np.float32),
        sources=table["source"].combine_chunks(),
    )
    return Tables(labelled, tuple(files), dict(reading.left_out), _remarks(reading, settings))


def with_labels(validation: Labelled, labels: tuple[str, ...]) -> Labelled:
    """The posts with their codes counted in `labels`, those that a model learns.

    Raises `SettingError` where a post has a label that is not among them.

    >>> posts = Labelled.of(pa.array(["x"]), np.array([0]), ("positive",))
    >>> with_labels(posts, ("negative", "positive")).codes.tolist()
    [1]
    """
    by_label = dict(zip(validation.labels, validation.n_by_label.tolist(), strict=True))
    unseen = [f"'{name}' ({n:,})" for name, n in by_label.items() if n and name not in labels]
    if unseen:
        msg = (
            f"validation has labels that were never seen in training: {_few(unseen)}; training has "
            f"{_few(labels)}: map them (--label-map A=B) or leave those rows out"
        )
        raise SettingError(msg)
    places = [labels.index(name) if name in labels else 0 for name in validation.labels]
    return replace(validation, codes=np.array(places, np.int64)[validation.codes], labels=labels)


def without_unused_labels(labelled: Labelled) -> Labelled:
    """The posts with only those labels that some post has, in their order."""
    used = np.flatnonzero(labelled.n_by_label)
    places = np.zeros(len(labelled.labels), np.int64)
    places[used] = np.arange(len(used))
    labels = tuple(labelled.labels[each] for each in used)
    return replace(labelled, codes=places[labelled.codes], labels=labels)


def check_trainable(train: Labelled) -> None:
    """Nothing, for posts that a model can be trained on. Raises `SettingError` for none, or for one label only."""
    if not train.n_rows:
        msg = "there is no row to train on; give data with labels, or a smaller part for validation"
        raise SettingError(msg)
    used = [name for name, n in zip(train.labels, train.n_by_label, strict=True) if n]
    if len(used) < 2:
        msg = (
            f"all {train.n_rows:,} rows to train on have the label '{used[0]}'; a model needs two labels or more: "
            "add data, or look at --label and --label-map"
        )
        raise SettingError(msg)


def dataset_name(path: str) -> str:
    """The last folder and the file's name without its endings.

    >>> dataset_name("data/sentimix/train.parquet"), dataset_name("posts.jsonl.gz")
    ('sentimix/train', 'posts')
    """
    parts = Path(path).parts[-2:]
    names = [*parts[:-1], parts[-1].partition(".")[0]] if parts else [path]
    return "/".join(name for name in names if name.strip("/.")) or path


def render_left_out(left_out: Mapping[str, int]) -> str:
    """The rows left out, in words.

    >>> render_left_out({"label missing": 2, "label=mixed": 1200})
    'label=mixed 1,200, label missing 2'
    """
    by_size = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} {n:,}" for reason, n in by_size)


class _Reading:
    """What has been read so far."""

    EMPTY = pa.schema([("text", pa.string()), ("label", pa.string()), ("source", pa.string())])

    def __init__(self, settings: TableSettings) -> None:
        self.settings = settings
        self.pieces: list[pa.Table] = []
        self.left_out: Counter[str] = Counter()
        self.labels: set[str] = set()  # as they stand in the data

    def read(self, data: object) -> Iterator[DataFile]:
        """Take in the rows of one word of the user's; one `DataFile` for each input it names."""
        source = open_source(data, settings=ReadSettings(text=self.settings.text))
        if source.bad:
            raise SourceError(source.bad[0].reason)
        if self.settings.label not in source.schema.names:
            there = [name for name in source.schema.names if name != REJECTED.name]
            raise ColumnMissing(self.settings.label, there, needed_by="--label")
        for part, identity in enumerate(source.inputs):
            n_rows, n_kept = self._read_part(source, part, dataset_name(identity.path))
            yield DataFile(identity.path, n_rows, n_kept, _sha256(identity.path))

    def _read_part(self, source: Source, part: int, name: str) -> tuple[int, int]:
        n_rows = n_kept = 0
        for shard in source.shards:
            for batch in source.batches(shard) if shard.part == part else ():
                kept = self._kept(batch, name)
                self.pieces.append(kept)
                n_rows, n_kept = n_rows + batch.num_rows, n_kept + len(kept)
        return n_rows, n_kept

    def _kept(self, batch: pa.RecordBatch, name: str) -> pa.Table:
        """The rows of a batch to learn from: `text`, `label`, `source`."""
        raw = as_labels(batch.column(self.settings.label), self.settings.label)
        self._note(raw)
        label = _mapped(raw, self.settings.label_map)
        text = batch.column(self.settings.text).cast(pa.string())
        reason = _reasons(batch.column(REJECTED.name), text, label, self.settings.labels)
        self.left_out.update(reason.drop_null().to_pylist())
        table = pa.table(
            {"text": text, "label": label, "source": self._sources(batch, name)}, self.EMPTY
        )
        return table.filter(reason.is_null())

    def _note(self, labels: pa.Array) -> None:
        self.labels.update(pc.unique(labels.drop_null()).to_pylist())
        if len(self.labels) > MOST_LABELS:
            samples = ", ".join(f"'{each[:20]}'" for each in sorted(self.labels)[:_N_NAMED])
            msg = (
                f"column '{self.settings.label}' has more than {MOST_LABELS} different labels, such as "
                f"{samples}; name the column that holds the labels (--label COLUMN)"
            )
            raise SettingError(msg)

    def _sources(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        if self.settings.source not in batch.schema.names:
            return pa.array([name] * batch.num_rows, pa.string())
        return batch.column(self.settings.source).cast(pa.string()).fill_null(name)


def as_labels(column: pa.Array | pa.ChunkedArray, name: str) -> pa.Array | pa.ChunkedArray:
    """Labels as strings, without blanks around them, null for an empty one; `name` is that of their column.

    Raises `SourceError` for a column that can hold no labels, such as one of lists.
    """
    try:
        labels = pc.utf8_trim_whitespace(column.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        msg = f"column '{name}' is {column.type}; labels are strings, numbers or booleans"
        raise SourceError(msg) from error
    return pc.if_else(pc.equal(labels, ""), pa.scalar(None, pa.string()), labels)


def _mapped(labels: pa.Array, label_map: Mapping[str, str]) -> pa.Array:
    if not label_map:
        return labels
    found = pc.index_in(labels, value_set=pa.array(list(label_map), pa.string()))
    return pc.coalesce(pa.array(list(label_map.values()), pa.string()).take(found), labels)


def _reasons(
    rejected: pa.Array, text: pa.Array, label: pa.Array, labels: tuple[str, ...] | None
) -> pa.Array:
    """Why each row is left out; null for those that are kept."""
    none = pa.scalar(None, pa.string())
    is_blank = pc.equal(pc.utf8_trim_whitespace(text), "").fill_null(fill_value=False)
    wanted = label.is_valid() if labels is None else pc.is_in(label, pa.array(labels, pa.string()))
    other = pc.if_else(wanted, none, pc.binary_join_element_wise("label", label, "="))
    return pc.coalesce(
        rejected.cast(pa.string()),
        pc.if_else(is_blank, _BLANK, none),
        pc.if_else(label.is_null(), _NO_LABEL, none),
        other,
    )


def _labels_of(table: pa.Table, settings: TableSettings) -> tuple[str, ...]:
    found = sorted(pc.unique(table["label"]).to_pylist())
    return tuple(found) if settings.labels is None else settings.labels


def _codes(labels: pa.ChunkedArray, names: tuple[str, ...]) -> Ints:
    found = pc.index_in(labels, value_set=pa.array(names, pa.string()))
    codes: Ints = found.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _check_rows(table: pa.Table, reading: _Reading, settings: TableSettings) -> None:
    if len(table):
        return
    found = render_left_out(reading.left_out)
    wanted = f"; labels wanted: {_few(settings.labels)}" if settings.labels else ""
    msg = (
        f"no row can be learnt from: {f'left out: {found}' if found else 'there are no rows'}{wanted}; "
        f"look at column '{settings.label}' (--label) and at what its labels stand for (--label-map good=positive)"
    )
    raise SettingError(msg)


def _remarks(reading: _Reading, settings: TableSettings) -> tuple[str, ...]:
    remarks = []
    if reading.left_out:
        n_rows = sum(reading.left_out.values())
        remarks.append(f"{n_rows:,} rows were left out: {render_left_out(reading.left_out)}")
    unused = [name for name in settings.label_map if name not in reading.labels]
    if unused:
        remarks.append(f"the label map names labels that no row has: {_few(unused)}")
    return tuple(remarks)


def _few(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _sha256(path: str) -> str | None:
    local = Path(path)
    if not local.is_file():
        return None
    with local.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
