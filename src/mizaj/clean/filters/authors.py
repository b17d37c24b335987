"""Authors who post the same thing again and again, with another link, handle or number: counted, judged, set aside.

A *template* is a post's plain form (`plain_text`: no case, links, handles or punctuation) with every number as 0. An
author with many posts of few templates is taken for a bot: news desks and brands post as much, but not the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import kept_texts
from mizaj.clean.near.columns import plain_forms
from mizaj.errors import ColumnMissing, SettingError, SourceError

AUTHOR = "author"
AUTHOR_NAMES = (AUTHOR, "user", "username", "user_name", "screen_name", "author_id", "user_id")
"""Columns that are looked for where none is named, in this order."""
SEARCH = "the search for bots (--author COLUMN)"
"""What reads the column of the author, for messages."""

COUNTS = pa.schema([("author", pa.string()), ("template", pa.uint64()), ("n_posts", pa.int64())])
JUDGED = pa.schema([("author", pa.string()), ("n_posts", pa.int64()), ("n_templates", pa.int64())])

_NUMBER = r"\pN+"


@dataclass(frozen=True)
class AuthorSettings:
    """Who is taken for a bot: who has at least so many posts, of which at most this share are distinct templates.

    `author` and `text` are columns.
    """

    author: str = AUTHOR
    text: str = TEXT.name
    least_posts: int = 20
    most_distinct: float = 0.2

    def __post_init__(self) -> None:
        if self.least_posts < 2:
            msg = f"least_posts is {self.least_posts}; it must be at least 2, since one post repeats nothing"
            raise SettingError(msg)
        if not 0.0 < self.most_distinct < 1.0:
            msg = f"most_distinct is {self.most_distinct}; it must be above 0 and below 1"
            raise SettingError(msg)


@dataclass(frozen=True, eq=False)
class AuthorCounts:
    """How often each author posted each template: `COUNTS`, a row for each pair; adds with `+`.

    >>> batch = pa.record_batch({"author": ["a", "a"], "text": ["Buy 1 now!", "buy 22 now"]})
    >>> batch = batch.append_column(REJECTED, pa.nulls(2, REJECTED.type))
    >>> counts = AuthorCounts.of(batch, AuthorSettings())
    >>> (counts + counts).judge().to_pylist()
    [{'author': 'a', 'n_posts': 4, 'n_templates': 1}]
    """

    table: pa.Table = field(default_factory=COUNTS.empty_table)

    @classmethod
    def of(cls, batch: pa.RecordBatch, settings: AuthorSettings) -> AuthorCounts:
        """The counts of the rows that are kept and have an author."""
        authors = author_names(batch.column(settings.author), settings.author)
        named = batch.filter(authors.is_valid()) if authors.null_count else batch
        kept = kept_texts(named, settings.text)
        authors = authors.drop_null()
        authors = authors if kept.rows is None else authors.take(kept.rows)
        columns = [
            authors,
            pa.array(templates(kept.texts)),
            pa.array(np.ones(len(kept.texts), np.int64)),
        ]
        return cls(_summed(pa.Table.from_arrays(columns, schema=COUNTS)))

    def __add__(self, other: AuthorCounts) -> AuthorCounts:
        return AuthorCounts(_summed(pa.concat_tables([self.table, other.table])))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AuthorCounts) and self.table.equals(other.table)

    __hash__ = None  # type: ignore[assignment]

    def judge(self) -> pa.Table:
        """Each author's posts and distinct templates: `JUDGED`, by author."""
        grouped = self.table.group_by("author", use_threads=False)
        found = grouped.aggregate([("n_posts", "sum"), ("template", "count")])
        return found.rename_columns(JUDGED.names).cast(JUDGED).sort_by("author")

    def bots(self, settings: AuthorSettings) -> pa.Table:
        """The rows of `judge` for those who are taken for bots."""
        judged = self.judge()
        is_busy = pc.greater_equal(judged["n_posts"], settings.least_posts)
        most = pc.multiply(judged["n_posts"].cast(pa.float64()), settings.most_distinct)
        return judged.filter(pc.and_(is_busy, pc.less_equal(judged["n_templates"], most)))


@dataclass(frozen=True)
class Bots:
    """The filter that rejects all posts of these authors: reason `bot`. `author_passes.find_bots` finds them.

    >>> batch = pa.record_batch({"author": ["a", "b"], "text": ["x", "y"], "rejected": pa.nulls(2, REJECTED.type)})
    >>> Bots(("b",))(batch).column("rejected").to_pylist()
    [None, 'bot']
    """

    authors: tuple[str, ...] = ()
    author: str = AUTHOR
    text: str = TEXT.name

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of author and text, and what was rejected before."""
        return (self.author, self.text, REJECTED.name)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The one reason."""
        return ("bot",)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with the posts of these authors rejected."""
        if not self.authors:
            return batch
        kept = kept_texts(batch, self.text)
        authors = author_names(batch.column(self.author), self.author)
        authors = authors if kept.rows is None else authors.take(kept.rows)
        is_bot = pc.is_in(authors, pa.array(self.authors, pa.string()))
        return kept.reject(is_bot, self.reasons[0])


def author_column(schema: pa.Schema) -> str:
    """The column of the author: the first of `AUTHOR_NAMES` that is there and holds single values.

    A struct, as `user` is in tweets, names nobody by itself. Raises `ColumnMissing` where none is there.

    >>> author_column(pa.schema([("text", pa.string()), ("username", pa.string())]))
    'username'
    """
    for name in AUTHOR_NAMES:
        if name in schema.names and not pa.types.is_nested(schema.field(name).type):
            return name
    raise ColumnMissing(AUTHOR, schema.names, needed_by=SEARCH)


def author_names(column: pa.Array, name: str) -> pa.Array:
    """Who wrote each row, as strings; null where nobody is named, as by an empty string.

    `name` is that of the column, for the message. Raises `SourceError` for one that holds no names, such as a struct.

    >>> author_names(pa.array(["asha", "", None]), "user").to_pylist()
    ['asha', None, None]
    >>> author_names(pa.array([7]), "user_id").to_pylist()
    ['7']
    """
    if pa.types.is_dictionary(column.type):
        return author_names(column.cast(column.type.value_type), name)
    msg = (
        f"column '{name}' ({column.type}) names no authors; an author is a string or a number: "
        "name another column (--author COLUMN)"
    )
    if pa.types.is_nested(column.type):
        raise SourceError(msg)
    try:
        names = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(msg) from error
    return pc.if_else(pc.equal(names, ""), pa.scalar(None, pa.string()), names)


def templates(texts: pa.Array) -> np.ndarray:
    """64 bits for each text that stand for its template.

    >>> one, other = templates(pa.array(["Score: 45/2 LIVE http://a.b", "score 7/0 live @you"]))
    >>> bool(one == other)
    True
    """
    return plain_forms(pc.replace_substring_regex(texts, _NUMBER, "0")).hashes


def _summed(counts: pa.Table) -> pa.Table:
    grouped = counts.group_by(["author", "template"], use_threads=False)
    found = grouped.aggregate([("n_posts", "sum")]).rename_columns(COUNTS.names).cast(COUNTS)
    return found.sort_by([("author", "ascending"), ("template", "ascending")]).combine_chunks()
