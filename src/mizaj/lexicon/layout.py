"""The packed lexicon as it lies in its file: names, structs and hashes that writer, reader and kernel share.

    magic, version, number of sections | name, offset, size of each section | the sections, 64-byte aligned

| section | what |
| --- | --- |
| `meta` | JSON: rule weights, counts, sources, hash of the entries |
| `slots` | open-addressing hash table of `SLOT`, a power of two of them, key 0 = free |
| `labels`, `first`, `values` | the trie (see `trie`) |
| `records` | one `RECORD` an entry |
| `strings` | the words, UTF-8 |
| `figures` | one `FIGURES` for each entry that has any, which stand first, and one of zeros for all others |
| `heads` | the number of the head word of each entry |
| `marks` | a bit for each pair of marks (a byte, see `pack`) with which some phrase begins: most pairs begin none |
| `phrases` | a bit for the hash of each beginning of a phrase, to ask second; then one for that of each phrase |
| `ngrams` | the character model of `text.language`, as in its file |
"""

from __future__ import annotations

import struct

MAGIC = b"MIZAJLEX"
VERSION = 3
HEADER = struct.Struct("<8sII")
SECTION = struct.Struct("<8sQQ")
SECTIONS = (
    "meta",
    "slots",
    "labels",
    "first",
    "values",
    "records",
    "strings",
    "ngrams",
    "figures",
    "heads",
    "marks",
    "phrases",
)
ALIGNMENT = 64

SLOT = struct.Struct("<QIbBBB")
"""key, entry, logit, role, flags, mark: `Slot` in `text/_scan.pxd`; 16 bytes, four to a cache line."""
BUCKET = 2
"""Slots that are looked at together; a name goes into the first free slot of its bucket, else of the next one."""

FIGURES = struct.Struct("<fffxxxx")
"""polarity, neutrality, weight."""

RECORD = struct.Struct("<IHBBBBbxIfffI")
"""string offset, length, language, role, part of speech, flags, logit, head, polarity, neutrality, weight, source."""

STARTS_PHRASE = 1
IS_EMOTICON = 2
IS_PHRASE = 4
IS_AFFIX = 8
HAS_FIGURES = 16
TELLS = 32
"""The rules look at the entry: it has a polarity, or a role other than noise."""

SOUND = "\x01"
"""Goes before a phonetic key; no word holds a control character."""
SUFFIX = "\x02"
"""Goes before the language and an inflection ending."""

N_MARKS = 256
MARK_BITS = N_MARKS * N_MARKS
PHRASE_BITS = 1 << 17

NO_ENTRY = 0xFFFFFFFF
NOTHING = 0xD67411C4BAF265E9
"""The key of the slot for whatever is no word, which names no entry: the hash of eight zeros."""

_MASK = (1 << 64) - 1
_BASIS = 0x9E3779B97F4A7C15
_PRIME = 0xBF58476D1CE4E5B9
_CHUNK = 8


def hash_bytes(text: bytes) -> int:
    """A 64-bit hash, odd and so never 0: eight bytes are mixed in at once, since most words are no longer.

    Constants and step are those with which SplitMix64 begins (Steele, Lea, Flood 2014); measured at a quarter of the
    instructions of FNV-1a, which goes byte by byte. No name may hold a zero byte: zeros fill the last
    chunk up.

    >>> hex(hash_bytes(b"a"))
    '0xd8369342fd412097'
    """
    state = _BASIS
    for at in range(0, len(text), _CHUNK):
        state = absorb(state, int.from_bytes(text[at : at + _CHUNK], "little"))
    return state | 1


def hash_heads(heads: list[int]) -> int:
    """The key of a phrase, from the head entries of its words."""
    state = _BASIS
    for head in heads:
        state = absorb(state, head + 1)
    return state or 1


def absorb(state: int, chunk: int) -> int:
    """The state of a hash with one more chunk of 64 bits."""
    state = ((state ^ chunk) * _PRIME) & _MASK
    return state ^ (state >> 32)
