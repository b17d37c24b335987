"""The public data sets by the part they play, read with three classes and their quirks put right.

They stay outside the repository: `MIZAJ_DATA` names the folder that holds them, else
`../shared/data` beside the checkout is looked at. Test splits are never read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mizaj.errors import SettingError, SourceError

CLASSES = ("negative", "neutral", "positive")
UNSTATED = "research use, licence not stated"
_TWEETEVAL = "without any restrictions, subject to the original tasks' terms"
_LICENCES = {
    "sentimix-hinglish": f"{UNSTATED} (repository: MIT)",
    "sail2017-hinglish": f"{UNSTATED} (repository: MIT)",
    "hinglish-hate": f"{UNSTATED} (repository: MIT)",
    "tweet-sentiment-extraction": "research use (CC BY 4.0 on the original page)",
    "iitp-product-reviews-hindi": "repository: MIT",
    "youtube-tech-hinglish-stream": "repository: MIT",
    "bhaav-hindi-emotion": "repository: MIT",
    "dravidian-codemix-tamil-english": "research use (CC BY 4.0 in the original release)",
    "dravidian-codemix-malayalam-english": "research use (CC BY 4.0 in the original release)",
    "dravidian-codemix-kannada-english": "research use (CC BY 4.0 in the original release)",
    "hinglish-comedy-tweets": "repository: GPL-3.0",
    "hinglish-sarcasm": "repository: GPL-3.0",
    "hinglish-stance-notebandi": "repository: GPL-3.0",
}
"""What is said of a set's licence where something is."""

REPORTED = (
    ("sentimix-hinglish", "validation"),
    ("sail2017-hinglish", "validation"),
    ("iiith-codemixed", "train"),  # no split of its own: five folds
    ("tweeteval-sentiment", "validation"),
    ("vader-icwsm2014", "train"),  # judged on, so never trained on
)
"""What the accuracy table reports."""

CROSS_VALIDATED = ("iiith-codemixed",)

TRAINING = (
    *("sentimix-hinglish", "sail2017-hinglish", "iiith-codemixed", "tweeteval-sentiment"),
    *("tweet-sentiment-extraction", "sentiment140-sample", "sanders-twitter"),
    *("corona-tweets-2020", "sst5", "uci-sentiment-sentences", "customer-reviews"),
    *("amazon-alexa-reviews", "iitp-product-reviews-hindi", "iitp-movie-reviews-hindi"),
)
"""Their train split may be learnt from, after `without_copies` of what is reported.

`customer-reviews` overlaps the Amazon part of `vader-icwsm2014`. Nothing of `NON_COMMERCIAL` stands here, for what is
learnt from these sets ships.
"""

NON_COMMERCIAL = (
    *("us-airline-2015", "financial-phrasebank", "hinglid", "mesent-marathi-english"),
    *("trac1-aggression-hindi", "trac1-aggression-english"),
    *("trac2-aggression-hindi", "trac2-aggression-english", "trac2-aggression-bengali"),
)
"""Their licences forbid commercial use: they may be judged on, and nothing that ships is learnt from them."""

LANGUAGE_TAGGED = (
    ("sentimix-hinglish", "validation"),
    ("sail2017-hinglish", "validation"),
    ("hinglid", "validation"),
    ("icon2016-pos-hinglish", "train"),
)
"""Word by word, the language is known (`tokens`, `langs`)."""

STREAMS = (
    "reddit-india-stream",
    "india-politics-2014-stream",
    "youtube-tech-hinglish-stream",
    "hinglish-comedy-tweets",
)
"""Posts without labels, most with timestamps (split `unlabelled`)."""

LABEL_MAPS = {
    "corona-tweets-2020": {"extremely_negative": "negative", "extremely_positive": "positive"},
    "sst5": {"very_negative": "negative", "very_positive": "positive"},
}
"""Labels that stand for one of the three classes; others (mixed, conflict, ...) are left out."""

_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_HANDLE = re.compile(r"@ ?(?:_+ )?\w+(?: _+(?: \w+)?)*")
_HASHTAG = re.compile(r"# (?=\w)")
_LINK = re.compile(r"(https?) // t ?\.? ?co / ?(\w*)")
_APOSTROPHE = re.compile(r"(?<=\w) ’ (?=\w)")


def folder() -> Path | None:
    """The folder of the data sets; `None` when there is none."""
    named = os.environ.get("MIZAJ_DATA")
    path = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    return path if path.is_dir() else None


def absent() -> str | None:
    """Why the data sets cannot be read, for a skipped test or benchmark; `None` when they can."""
    if folder():
        return None
    return (
        "the public data sets are absent: MIZAJ_DATA names no folder and ../shared/data is not "
        "beside the checkout; set MIZAJ_DATA to the folder that holds <data set>/<split>.parquet"
    )


def load(name: str, split: str, *, rejoin: bool = False) -> pa.Table:
    """The rows of a split that have one of the three classes: `text`, `label`, `source`.

    `source` falls back on the set's domain. Escapes such as `\\u2019` in `tweeteval-sentiment` are
    decoded. `rejoin` joins the tokens of `sentimix-hinglish` to posts again (see `rejoined`); give
    it to every system compared, or to none. Raises `SourceError` when the file is absent.
    """
    table = _read(name, split)
    labels = pc.cast(table["label"], pa.string())
    for label, target in LABEL_MAPS.get(name, {}).items():
        labels = pc.if_else(pc.equal(labels, label), target, labels)
    source = next(column for column in ("source", "domain") if column in table.column_names)
    texts = table["text"]
    if name == "tweeteval-sentiment":
        texts = pa.chunked_array([[decoded(text) for text in texts.to_pylist()]])
    if rejoin and name.startswith("sentimix"):
        texts = pa.chunked_array([[rejoined(text) for text in texts.to_pylist()]])
    three = pa.table({"text": texts, "label": labels, "source": table[source].cast(pa.string())})
    return three.filter(pc.is_in(labels, pa.array(CLASSES)))


def texts(name: str, split: str) -> pa.Array:
    """The posts of a split whatever their labels, as published but for escapes; those without text are left out."""
    found = _read(name, split)["text"].cast(pa.string()).drop_null()
    return pa.array([decoded(text) for text in found.to_pylist() if text], pa.string())


def joined_texts(splits: Iterable[tuple[str, str]]) -> pa.Table:
    """The column `text` with the posts of these splits of sets, one after the other."""
    return pa.table({"text": pa.chunked_array([texts(name, split) for name, split in splits])})


def decoded(text: str) -> str:
    r"""The text with literal escapes turned into the characters they name.

    >>> decoded(r"don\u2019t \ud83d\ude00")
    'don’t 😀'
    """
    return _ESCAPES.sub(lambda found: _characters(found.group()), text)


def rejoined(text: str) -> str:
    """CoNLL tokens joined to a post: handles, hashtags, links and curly apostrophes without blanks.

    A word right after a handle that ends with an underscore is taken for part of the handle.

    >>> rejoined("RT @ some _ one # HappyDay isn ’ t it … https // t . co / Ab1")
    'RT @some_one #HappyDay isn’t it … https://t.co/Ab1'
    """
    text = _LINK.sub(r"\1://t.co/\2", text)
    text = _HANDLE.sub(lambda found: found.group().replace(" ", ""), text)
    return _APOSTROPHE.sub("’", _HASHTAG.sub("#", text))


def _characters(escapes: str) -> str:
    units = bytes.fromhex(escapes.replace("\\u", ""))
    # UTF-16 joins the two halves of an emoji; half of one alone becomes U+FFFD.
    return units.decode("utf-16-be", errors="replace")


def _read(name: str, split: str) -> pa.Table:
    if split == "test":
        message = f"{name}: the test split is not to be read; take train or validation"
        raise SettingError(message)
    place = folder()
    if place is None:
        raise SourceError(absent())
    path = place / name / f"{split}.parquet"
    if not path.is_file():
        there = ", ".join(sorted(each.name for each in place.iterdir() if each.is_dir()))
        message = f"{path} is not there; data sets there: {there or 'none'}"
        raise SourceError(message)
    return pq.read_table(path)


def licence(name: str) -> str:
    """What is said of the licence of a data set."""
    return _TWEETEVAL if name.startswith("tweeteval-") else _LICENCES.get(name, UNSTATED)
