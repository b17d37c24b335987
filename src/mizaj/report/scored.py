"""A folder of scored files, read in batches into one summary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from mizaj import batch as columns
from mizaj.errors import ColumnMissing, SourceError
from mizaj.summary import Summary, summarise

_BATCH_ROWS = 1 << 17
# No row of a text format may be longer than a block; posts of 10 MB have been seen.
_BLOCK_BYTES = 1 << 25
_FORMATS = {".parquet": "parquet", ".jsonl": "json", ".ndjson": "json", ".csv": "csv"}
_OPTIONAL = tuple(
    each.name for each in (columns.TIMESTAMP, columns.SOURCE, columns.REJECTED, columns.COPIES)
)
_REJECTS = "rejects"
_MANIFEST = "manifest.json"
# In text formats the types are ours to say; times stay text, for one odd time must not stop a file.
_TEXT_TYPES = {
    **{field.name: pa.string() for field in (columns.SENTIMENT, columns.TIER, columns.LANGUAGE)},
    **{field.name: field.type for field in (columns.SCORE, columns.CONFIDENCE, columns.CMI)},
    columns.SOURCE.name: pa.string(),
    columns.TIMESTAMP.name: pa.string(),
    columns.REJECTED.name: pa.string(),
    columns.COPIES.name: columns.COPIES.type,
}


def read_summary(scored: Path, *, text: str) -> Summary:
    """The summary of a scored folder with its rejects, or of a single scored file.

    Raises `SourceError` for a path that is not there, holds no scored files or cannot be read,
    `ColumnMissing` for a text column that is not there.
    """
    summary = Summary()
    for file in _files(scored):
        for batch in _batches(file, (text, *columns.SCORED.names), text=text):
            summary += summarise(batch, text=text)
    rejects = scored / _REJECTS
    for file in _listed(rejects) if rejects.is_dir() else ():
        for batch in _batches(file, (text, columns.REJECTED.name), text=text):
            summary += summarise(batch, text=text)
    return summary


def read_manifest(scored: Path) -> dict[str, object]:
    """The manifest beside the scored files; empty where there is none."""
    path = scored / _MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"cannot read {path}: {error}; delete it or score again"
        raise SourceError(message) from error
    return manifest if isinstance(manifest, dict) else {}


def _files(scored: Path) -> Sequence[Path]:
    if scored.is_file() and _format(scored):
        return (scored,)
    if not scored.exists():
        message = f"{scored} is not there; give the folder that mizaj score wrote (-o)"
        raise SourceError(message)
    files = _listed(scored) if scored.is_dir() else ()
    if not files:
        message = f"{scored} holds no scored files ({', '.join(_FORMATS)}); score posts first"
        raise SourceError(message)
    return files


def _listed(folder: Path) -> Sequence[Path]:
    return sorted(p for p in folder.iterdir() if _format(p) and not p.name.startswith((".", "_")))


def _format(path: Path) -> str | None:
    suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".zst")]
    return _FORMATS.get(suffixes[-1]) if suffixes else None


def _batches(file: Path, needed: Sequence[str], *, text: str) -> Iterator[pa.RecordBatch]:
    if file.stat().st_size == 0:
        return
    read = _parquet_batches if _format(file) == "parquet" else _text_batches
    try:
        yield from read(file, needed, text)
    except (OSError, pa.ArrowException) as error:
        message = f"cannot read {file}: {error}; is it whole, and was it written by mizaj score?"
        raise SourceError(message) from error


def _parquet_batches(file: Path, needed: Sequence[str], text: str) -> Iterator[pa.RecordBatch]:
    # Not as a data set: that reads row groups ahead and took four times the memory.
    with pq.ParquetFile(file, pre_buffer=False) as data:
        names = _columns(file, data.schema_arrow.names, needed, text=text)
        yield from data.iter_batches(_BATCH_ROWS, columns=names, use_threads=False)


def _text_batches(file: Path, needed: Sequence[str], text: str) -> Iterator[pa.RecordBatch]:
    form = _text_form(file)
    names = _columns(file, ds.dataset(file, format=form).schema.names, needed, text=text)
    types = {text: pa.string(), **_TEXT_TYPES}
    schema = pa.schema([(name, types[name]) for name in names])
    data = ds.dataset(file, format=form, schema=schema)
    yield from data.to_batches(batch_size=_BATCH_ROWS, batch_readahead=1, fragment_readahead=1)


def _text_form(file: Path) -> ds.FileFormat:
    if _format(file) == "csv":
        return ds.CsvFileFormat(
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            read_options=pa_csv.ReadOptions(block_size=_BLOCK_BYTES),
        )
    return ds.JsonFileFormat(read_options=pa_json.ReadOptions(block_size=_BLOCK_BYTES))


def _columns(file: Path, there: Sequence[str], needed: Sequence[str], *, text: str) -> list[str]:
    """The columns to read; raises if one is lacking."""
    missing = [name for name in needed if name not in there]
    if missing == [text]:
        raise ColumnMissing(text, there, needed_by="the report")
    if missing:
        message = (
            f"{file} is not scored: it lacks the column {', '.join(missing)} "
            f"(there are: {', '.join(there)}); score it first: mizaj score {file} -o scored/"
        )
        raise SourceError(message)
    return [name for name in dict.fromkeys((*needed, *_OPTIONAL)) if name in there]
