"""A run that takes its time, as a process of its own: SOURCE OUT PLACE ADDRESS SECONDS [--resume]."""

from __future__ import annotations

import sys
from pathlib import Path

from toy_steps import Pace

from mizaj.batch import Pipeline
from mizaj.model.predict import load
from mizaj.read import ReadSettings, open_source
from mizaj.run import RunSettings, run
from mizaj.write import Sink, WriteSettings


def main() -> None:
    source, out, place, address, seconds, *more = sys.argv[1:]
    sink = Sink(Path(out), WriteSettings(resume="--resume" in more))
    settings = RunSettings(address=address or None, is_progress_shown=False)
    pipeline = Pipeline((Pace(float(seconds)), load().step()))
    opened = open_source(source, settings=ReadSettings(batch_rows=50, shard_rows=50))
    run(pipeline, opened, sink, on=place, settings=settings)


if __name__ == "__main__":
    main()
