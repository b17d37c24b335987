r"""Text that was damaged on its way, put right: mojibake (`à¤…à¤šà¥…`), entities (`&amp;`), literal escapes (`\u2019`).

Only that: no quote, width, ligature or normal form is changed in a text that was not damaged, as ftfy would by default.
A post is looked at in Python only where a regular expression has found what damage needs, which is in few of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import TEXT, TEXT_TYPES, as_text, text_type
from mizaj.clean.kept import plain_texts
from mizaj.errors import ExtraMissing, SourceError

try:
    from ftfy import fix_encoding
    from ftfy.badness import is_bad
    from ftfy.fixes import unescape_html
except ImportError:
    fix_encoding = None  # type: ignore[assignment]
    is_bad = None  # type: ignore[assignment]
    unescape_html = None  # type: ignore[assignment]

# Two characters in a row of those that UTF-8 bytes become when they are read as another encoding, or one that
# mojibake of a letter cannot do without.
MOJIBAKE = (
    r"[\x{80}-\x{9F}ÃÂ]|[\x{A0}-\x{BF}À-ÿŒœŠšŽžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™ŒΩπ∫≤≥√≈∆◊ﬁﬂ\x{F8FF}]{2}"
    r"|вЂ|[РС][\x{80}-\x{BF}Ђ-ћ°-џ]|[ÐÑГΓ][\x{80}-\x{FF}]|[ΓΞβ][ÇÉ€]|[├┬╬Γ][\x{A0}-\x{FF}╕-╬]|ā€|�"
)
"""What a text with mojibake holds, for RE2; many a text without it does too."""
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,24}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
_DAMAGED = f"{_ESCAPE}|{_ENTITY}|{MOJIBAKE}"

_ENTITIES = re.compile(_ENTITY)
# UTF-16 units written as entities, which are an emoji in pairs; a few others that are no halves look alike.
_HALVES = re.compile(r"(?:&#(?:5[5-7][0-9]{3}|[xX][dD][89A-Fa-f][0-9A-Fa-f]{2});){2,}")
_UNITS = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
# What was escaped twice and then misread. It is a bound, since a hostile text has as many layers as it likes.
_MOST_PASSES = 4


@dataclass(frozen=True)
class Repair:
    r"""The step that repairs mojibake, HTML entities and literal escapes in the text column.

    A text that is not damaged stays as it is, byte for byte; so does what cannot be repaired for sure.

    >>> texts = [r"don\u2019t", "Tom &amp; Jerry", "à¤¹à¤¾à¤\x81", "“fine” …"]
    >>> Repair()(pa.record_batch({"text": texts})).column("text").to_pylist()
    ['don’t', 'Tom & Jerry', 'हाँ', '“fine” …']
    """

    text: str = TEXT.name

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column."""
        return (self.text,)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The text column."""
        return (self.text,)

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with damaged texts repaired. Raises `ExtraMissing` without ftfy."""
        if fix_encoding is None:
            raise ExtraMissing(library="ftfy", extra="clean")
        column = batch.column(self.text)
        if text_type(column.type) is None:
            msg = f"column '{self.text}' is {column.type}; the texts to repair are a column of {TEXT_TYPES}"
            raise SourceError(msg)
        repaired = _repair_column(as_text(column))
        if repaired is None:
            return batch
        place = batch.schema.get_field_index(self.text)
        return batch.set_column(place, batch.schema.field(place), _as_type(repaired, column.type))


def repair(text: str) -> str:
    r"""A text without the damage that can be undone, where it was not damaged more than four times over.

    >>> repair("\\xe2\\x9d\\xa4 itâ€™s &lt;3")
    '❤ it’s <3'
    """
    for _ in range(_MOST_PASSES):
        before = text
        if "\\" in text:
            text = _UNITS.sub(lambda found: _read_units(found[0]), text)
            text = _BYTES.sub(lambda found: _read_bytes(found[0]), text)
        if "&" in text:
            text = _HALVES.sub(lambda found: _read_halves(found[0]), text)
            text = _ENTITIES.sub(lambda found: _read_entity(found[0]), text)
        if is_bad(text):
            text = fix_encoding(text)
        if text == before:
            break
    return text


def _repair_column(texts: pa.Array) -> pa.Array | None:
    """The texts repaired; None where none was damaged."""
    is_suspect = pc.match_substring_regex(texts, _DAMAGED).fill_null(fill_value=False)
    if not pc.any(is_suspect, min_count=0).as_py():
        return None
    # one text at a time: a library's heuristics, over the few that a regular expression let through
    suspects = plain_texts(texts.filter(is_suspect))
    repaired = [repair(text) for text in suspects]
    if repaired == suspects:
        return None
    return pc.replace_with_mask(texts, is_suspect, pa.array(repaired, texts.type))


def _as_type(texts: pa.Array, wanted: pa.DataType) -> pa.Array:
    is_bytes = pa.types.is_binary_view(wanted)
    return texts.cast(pa.binary()).cast(wanted) if is_bytes else texts.cast(wanted)


def _read_units(escapes: str) -> str:
    """UTF-16 units, whose pairs are emoji; what is half a pair or a control character stays written out."""
    try:
        text = bytes.fromhex(escapes.replace("\\u", "")).decode("utf-16-be")
    except UnicodeDecodeError:
        return escapes
    return text if _is_text(text) else escapes


def _read_bytes(escapes: str) -> str:
    """The bytes of UTF-8; others stay written out, and so do ASCII ones, which nobody needs to escape."""
    try:
        text = bytes.fromhex(escapes.replace("\\x", "")).decode("utf-8")
    except UnicodeDecodeError:
        return escapes
    return text if _is_text(text) and not text.isascii() else escapes


def _read_halves(entities: str) -> str:
    """UTF-16 units that are written as entities; what is half a pair stays written out."""
    numbers = [entity.removeprefix("&#") for entity in entities.split(";")[:-1]]
    units = [int(n[1:], 16) if n[0] in "xX" else int(n) for n in numbers]
    try:
        return b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be")
    except UnicodeDecodeError:
        return entities


def _read_entity(entity: str) -> str:
    """What an entity stands for; one of half a pair, of a control character or of nothing stays written out."""
    text = unescape_html(entity)
    return text if text and text != "\ufffd" and _is_text(text) else entity


def _is_text(text: str) -> bool:
    return all(character >= " " or character in "\t\n\r" for character in text)
