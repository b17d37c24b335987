"""Files between passes: a damaged one is named, and none comes into a folder that was removed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from mizaj.clean.passes import Work, opened
from mizaj.errors import SinkError


def test_a_full_disk_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mizaj.clean.passes._make_durable", refuse)
    work, texts = Work(tmp_path, 1), {"texts": pa.schema([])}
    with (
        pytest.raises(SinkError, match=r"No space left on device.*run the same again"),
        work.writing("0", texts),
    ):
        pass
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_between_passes_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "0.arrow"
    path.write_bytes(b"ARROW1 and no more")
    with pytest.raises(SinkError, match=r"0\.arrow: cannot be read \(.+\), though an earlier pass"):
        opened(path).__enter__()


def test_a_batch_between_passes_that_is_damaged_is_named(tmp_path: Path) -> None:
    work = Work(tmp_path, 1)
    with work.writing("0", {"texts": pa.schema([("text", pa.string())])}) as writers:
        for text in ("accha", "bura"):
            writers["texts"].write_batch(pa.record_batch({"text": [text]}))
    path = work.path("texts", "0")
    content = path.read_bytes()
    place = content.index(b"bura")  # the batch's own header comes before it
    path.write_bytes(content[: place - 150] + b"\xff" * 100 + content[place - 50 :])
    with pytest.raises(SinkError, match=r"0\.arrow: cannot be read .*though an earlier pass"):
        list(work.read("texts", ["0"], 0))


def test_a_worker_of_a_killed_search_makes_no_folder_anew(tmp_path: Path) -> None:
    """What lies between passes is texts as they came; the next run has removed it."""
    work, texts = Work(tmp_path / "gone", 1), {"texts": pa.schema([])}
    with pytest.raises(SinkError, match="cannot be written"), work.writing("0", texts):
        pass
    assert not (tmp_path / "gone").exists()
