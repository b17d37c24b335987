"""Teach the model a word it does not know."""

import tempfile
from pathlib import Path

import mizaj
from mizaj.lexicon.entries import Entry, write_entries

POST = "kya zhakaas gaana hai"

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "my-words.tsv")
    write_entries(path, [Entry("zhakaas", "hi-Latn", polarity=3.0, pos="adj", source="me")])
    taught = mizaj.load(settings=mizaj.LexiconSettings(files=(path,)))
    print("as shipped:", mizaj.load()(POST).score)
    print("taught:    ", taught(POST).score)
