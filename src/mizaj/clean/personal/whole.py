"""Columns that are personal data as a whole, such as an author's name."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import as_text, text_type
from mizaj.clean.kept import plain_texts
from mizaj.clean.personal.found import HANDLE
from mizaj.clean.personal.ways import DROP, MASK, pseudonym
from mizaj.errors import SettingError
from mizaj.read.columns import BROKEN_LINE, CHANGED_TYPE

LINE = "<line>"
"""What stands in the place of a line that could not be read."""


def rewrite_whole(column: pa.Array, name: str, how: str, key: str = "") -> pa.Array:
    """Each value as `<name>`, as `<name:pseudonym>`, or as null; null stays null. The type stays.

    An author has the pseudonym that his handle has in texts: `@Asha` and `asha` are one. Raises `SettingError` for
    what is no text, unless it is dropped.

    >>> rewrite_whole(pa.array(["Asha", None]), "author", "mask").to_pylist()
    ['<author>', None]
    """
    if how == DROP:
        return pa.nulls(len(column), column.type)
    if text_type(column.type) is None:
        message = f"column '{name}' is {column.type}; only text can be masked or hashed: cast it, or drop it"
        raise SettingError(message)
    if pa.types.is_dictionary(column.type):
        values = rewrite_whole(column.dictionary, name, how, key)
        return pa.DictionaryArray.from_arrays(column.indices, values, ordered=column.type.ordered)
    texts = as_text(column)
    written = _masked(texts, name) if how == MASK else _hashed(texts, name, key)
    return written if written.type.equals(column.type) else written.cast(column.type)


def hide_lines(texts: pa.Array, rejected: pa.Array, how: str) -> pa.Array:
    """The texts with `<line>`, or null where things are dropped, for what is a raw line of the input.

    A reader keeps a line that it cannot read as the text of its row, so all columns stand in it. `rejected` tells
    which rows these are. The type stays.

    >>> reasons = pa.array(["broken_line", None])
    >>> hide_lines(pa.array(['{"author": "Asha"', "accha"]), reasons, "mask").to_pylist()
    ['<line>', 'accha']
    """
    reasons = rejected.cast(pa.string())
    is_line = pc.equal(reasons, BROKEN_LINE).fill_null(fill_value=False)
    is_misfit = pc.starts_with(reasons, f"{CHANGED_TYPE}:").fill_null(fill_value=False)
    if not pc.any(pc.or_(is_line, is_misfit)).as_py():
        return texts
    written = as_text(texts)
    # of values that do not fit, JSON keeps the line, other formats the post
    is_json = pc.starts_with(written, "{").fill_null(fill_value=False)
    instead = pa.scalar(None if how == DROP else LINE, written.type)
    hidden = pc.if_else(pc.or_(is_line, pc.and_(is_misfit, is_json)), instead, written)
    return hidden if hidden.type.equals(texts.type) else hidden.cast(texts.type)


def _masked(texts: pa.Array, name: str) -> pa.Array:
    return pc.if_else(texts.is_valid(), pa.scalar(f"<{name}>", texts.type), texts)


def _hashed(texts: pa.Array, name: str, key: str) -> pa.Array:
    done = re.compile(rf"<{re.escape(name)}:[a-p]{{16}}>")
    coded = texts.dictionary_encode()
    values = [
        value if done.fullmatch(value) else f"<{name}:{pseudonym(HANDLE, _plain(value), key)}>"
        for value in plain_texts(coded.dictionary)
    ]
    return pa.array(values, texts.type).take(coded.indices)


def _plain(author: str) -> str:
    return author.strip().removeprefix("@").lower()
