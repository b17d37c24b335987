"""What is read once to look and once to write: pipes are refused, and what breaks off is read as far as it goes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest

from mizaj.clean.filters.author_passes import find_bots
from mizaj.clean.filters.topic_company import SampleShard, draw_sample
from mizaj.clean.rereading import check_rereadable, readable_batches
from mizaj.errors import SourceError
from mizaj.read import Part, ReadSettings, Source, Span, open_source
from mizaj.read.source import Note, Origin

POSTS = pa.table({"author": ["a"] * 60, "text": [f"Deal {n}!" for n in range(60)]})


@dataclass(frozen=True)
class BrokenPart:
    """A part that breaks off after its first batch."""

    part: Part

    @property
    def origin(self) -> Origin:
        return self.part.origin

    @property
    def schema(self) -> pa.Schema:
        return self.part.schema

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.part.spans

    def batches(self, span: Span, target: pa.Schema, note: Note) -> Iterator[pa.RecordBatch]:
        yield next(self.part.batches(span, target, note))
        message = "broken off"
        raise SourceError(message)


def table() -> Source:
    return open_source(POSTS, settings=ReadSettings(batch_rows=25))


def broken() -> Source:
    source = table()
    return replace(source, parts=tuple(map(BrokenPart, source.parts)))


def stream() -> Source:
    return open_source(pa.RecordBatchReader.from_batches(POSTS.schema, POSTS.to_batches()))


def pipe() -> Source:
    return open_source("-", stdin=io.BytesIO(b'{"author": "a", "text": "accha"}\n'))


def test_an_input_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    source = broken()
    assert [batch.num_rows for batch in readable_batches(source, source.shards[0])] == [25]


def test_searches_use_what_can_be_read_of_an_input_that_breaks_off(tmp_path: Path) -> None:
    assert find_bots(broken(), tmp_path).to_pylist() == [
        {"author": "a", "n_posts": 25, "n_templates": 1}
    ]
    assert len(draw_sample(SampleShard(broken()), spread=map).posts) == 25


def test_tables_and_files_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text\naccha\n", encoding="utf-8")
    for source in (table(), broken(), open_source(path)):
        check_rereadable(source, sought="a search")


@pytest.mark.parametrize("make", [stream, pipe])
def test_what_is_read_once_is_refused_before_a_row_is_lost(make, tmp_path: Path) -> None:
    source = make()
    with pytest.raises(SourceError, match=r"a search .* read only once"):
        check_rereadable(source, sought="a search")
    with pytest.raises(SourceError, match=r"search for bots .* read only once"):
        find_bots(source, tmp_path)
    with pytest.raises(SourceError, match=r"company .* read only once"):
        draw_sample(SampleShard(source), spread=map)
    assert sum(batch.num_rows for batch in source.batches(source.shards[0])) > 0


def test_a_stream_inside_another_part_is_found_too() -> None:
    source = stream()
    wrapped = replace(source, parts=tuple(map(BrokenPart, source.parts)))
    with pytest.raises(SourceError, match=r"read only once"):
        check_rereadable(wrapped, sought="a search")
