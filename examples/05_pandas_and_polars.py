"""Score a column of a pandas or polars frame."""

import pandas as pd
import polars as pl

import mizaj

model = mizaj.load()

posts = pd.read_json(mizaj.sample_path(), lines=True)
posts["sentiment"] = model.score(posts["text"])["sentiment"].to_pandas()
print(posts.groupby(["source", "sentiment"], observed=True).size())

frame = pl.read_ndjson(mizaj.sample_path())
scored = pl.from_arrow(model.score(frame["text"]))
print(frame.with_columns(score=scored["score"]).group_by("source").agg(pl.col("score").mean()))
