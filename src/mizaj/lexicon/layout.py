"""The packed lexicon as it lies in its file: names, structs and hashes that writer, reader and kernel share.

    magic, version, number of sections | name, offset, size of each section | the sections, 64-byte aligned

| section | what |
| --- | --- |
| `meta` | JSON: rule weights, counts, sources, hash of the entries |
| `slots` | open-addressing hash table of `SLOT`, a power of two of them, key 0 = free |
| `labels`, `first`, `values` | the trie (see `trie`) |
| `records` | one `RECORD` an entry |
| `strings` | the words, UTF-8 |
| `pairs` | a bit for each (hash of a) pair of words with which some phrase begins: most pairs begin none |
| `ngrams` | the character model of `text.language`, as in its file |
"""

from __future__ import annotations

import struct

MAGIC = b"MIZAJLEX"
VERSION = 1
HEADER = struct.Struct("<8sII")
SECTION = struct.Struct("<8sQQ")
SECTIONS = ("meta", "slots", "labels", "first", "values", "records", "strings", "ngrams", "pairs")
ALIGNMENT = 64

SLOT = struct.Struct("<QIbBBB")
"""key, entry, logit, role, flags, language: `Slot` in `text/_scan.pxd`; 16 bytes, four to a cache line."""

RECORD = struct.Struct("<IHBBBBbxIfffI")
"""string offset, length, language, role, part of speech, flags, logit, head, polarity, neutrality, weight, source."""

STARTS_PHRASE = 1
IS_EMOTICON = 2
IS_PHRASE = 4
IS_AFFIX = 8
HAS_FIGURES = 16

SOUND = "\x01"
"""Goes before a phonetic key; no word holds a control character."""
SUFFIX = "\x02"
"""Goes before the language and an inflection ending."""

_MASK = (1 << 64) - 1
_FNV_BASIS = 14695981039346656037
_FNV_PRIME = 1099511628211
PAIR_BITS = 1 << 17
PHRASE_BASIS = 0x9E3779B97F4A7C15


def hash_bytes(text: bytes) -> int:
    """64-bit FNV-1a, never 0.

    >>> hex(hash_bytes(b"a"))
    '0xaf63dc4c8601ec8c'
    """
    state = _FNV_BASIS
    for byte in text:
        state = ((state ^ byte) * _FNV_PRIME) & _MASK
    return state or 1


def hash_heads(heads: list[int]) -> int:
    """The key of a phrase, from the head entries of its words."""
    state = PHRASE_BASIS
    for head in heads:
        state = ((state ^ (head + 1)) * _FNV_PRIME) & _MASK
    return state or 1
