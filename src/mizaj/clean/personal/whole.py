"""Columns that are personal data as a whole, such as an author's name."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import as_text, text_type
from mizaj.clean.personal.found import HANDLE
from mizaj.clean.personal.ways import DROP, MASK, pseudonym
from mizaj.errors import SettingError


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
        return pa.DictionaryArray.from_arrays(column.indices, values)
    texts = as_text(column)
    written = _masked(texts, name) if how == MASK else _hashed(texts, name, key)
    return written if written.type.equals(column.type) else written.cast(column.type)


def _masked(texts: pa.Array, name: str) -> pa.Array:
    return pc.if_else(texts.is_valid(), pa.scalar(f"<{name}>", texts.type), texts)


def _hashed(texts: pa.Array, name: str, key: str) -> pa.Array:
    done = re.compile(rf"<{re.escape(name)}:[a-p]{{16}}>")
    coded = texts.dictionary_encode()
    values = [
        value if done.fullmatch(value) else f"<{name}:{pseudonym(HANDLE, _plain(value), key)}>"
        for value in coded.dictionary.to_pylist()
    ]
    return pa.array(values, texts.type).take(coded.indices)


def _plain(author: str) -> str:
    return author.strip().removeprefix("@").lower()
