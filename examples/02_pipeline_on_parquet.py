"""Score a Parquet file into a folder, then ask the folder a question with pyarrow."""

import tempfile
from pathlib import Path

import pyarrow.dataset
import pyarrow.json
import pyarrow.parquet

import mizaj

with tempfile.TemporaryDirectory() as folder:
    posts, scored = Path(folder, "posts.parquet"), Path(folder, "scored")
    pyarrow.parquet.write_table(pyarrow.json.read_json(mizaj.sample_path()), posts)

    pipeline = mizaj.Pipeline((mizaj.load().step("text"),))
    mizaj.run(pipeline, str(posts), str(scored))

    files = [str(path) for path in scored.glob("*.parquet")]
    table = pyarrow.dataset.dataset(files).to_table(columns=["source", "score"])
    print(table.group_by("source").aggregate([("score", "mean"), ("score", "count")]).to_pandas())
