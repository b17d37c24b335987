"""The record of a run, written beside its output: what went in, what was done, what came out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mizaj import __version__
from mizaj.read import BadInput
from mizaj.run.ledger import MANIFEST
from mizaj.run.shard import Counts, Job, ShardResult
from mizaj.run.stages import Stage, stages_of
from mizaj.write import write_whole


@dataclass(frozen=True)
class Manifest:
    """A finished run. `inputs` have path, size_bytes and sha256 (None: no local file, or not to be read any more).

    `stages` are reading and each filter, with what they rejected. `bad_inputs` could not be read, wholly or from some
    place on; `skipped` are files of a folder in no known format; `files` are the output files with their sizes.
    """

    version: str
    created: str
    pipeline: str
    counts: Counts
    columns: dict[str, str]
    stages: list[Stage] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    bad_inputs: list[BadInput] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether every row of every input came out, none set aside; `--strict` asks this."""
        return not self.bad_inputs and not self.counts.rejected

    def to_dict(self) -> dict[str, Any]:
        """What is written as JSON: the counts are on the top level."""
        facts = {name: value for name, value in vars(self).items() if name != "counts"}
        facts["stages"] = [asdict(stage) for stage in self.stages]
        facts["bad_inputs"] = [asdict(bad) for bad in self.bad_inputs]
        return {**facts, **asdict(self.counts), "rows_rejected": self.counts.rows_rejected}

    def write(self, folder: Path) -> None:
        """Writes `manifest.json` into the output folder."""
        content = json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"
        write_whole(folder / MANIFEST, content.encode())


def sum_up(
    job: Job, results: Iterable[ShardResult], hashes: Mapping[str, str | None], *, created: datetime
) -> Manifest:
    """The manifest of a run from the results of all its shards."""
    ordered = sorted(results, key=lambda result: result.shard)
    counts = sum((result.counts for result in ordered), Counts())
    broken = dict.fromkeys(bad for result in ordered for bad in result.bad)
    return Manifest(
        version=__version__,
        created=created.isoformat(timespec="seconds"),
        pipeline=job.pipeline.fingerprint,
        counts=counts,
        columns={column.name: str(column.type) for column in job.schema},
        stages=list(stages_of(job.pipeline.steps, counts.rows_in, counts.rejected)),
        inputs=[
            {"path": i.path, "size_bytes": i.size_bytes, "sha256": hashes.get(i.path)}
            for i in job.source.inputs
        ],
        bad_inputs=[*job.source.bad, *broken],
        skipped=list(job.source.skipped),
        files={name: size for result in ordered for name, size in result.files.items()},
    )
