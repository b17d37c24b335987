"""From dictionary entries to one packed file that is mapped, not parsed: hash table, trie, records."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.entries import LANGUAGES, PARTS_OF_SPEECH, ROLES, Entry, read_entries
from mizaj.lexicon.trie import build_trie
from mizaj.lexicon.weights import Weights
from mizaj.text.language import WordLanguage, load_word_language, packed_ngrams, script
from mizaj.text.phonetic import phonetic_key
from mizaj.text.tokens import is_emoticon

DATA = Path(__file__).parent / "data"
DEFAULT = Path(__file__).parent / "default.lex"
HAND_MADE = "hand-made.lex"
"""Beside the default: its rules over dictionaries without fitted figures, for models trained on labelled posts."""
LEARNT = "learnt"
"""Entries of a file with this name set the figures of words that other files list."""

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "en": ("s", "es", "ed", "d", "ing", "ly", "ness", "er", "est", "'s", "y"),
    "hi-Latn": ("a", "i", "e", "o", "on", "en", "ein", "ya", "ye", "yi", "ta", "ti", "te", "na", "ne",
                "ni", "iya", "iyan", "kar", "ke", "wa", "h", "n"),
    "hi": ("ा", "ी", "े", "ो", "ों", "ें", "ीं", "ता", "ती", "ते", "ना", "ने", "नी", "ियाँ", "ियां", "ियों", "कर"),
}  # fmt: skip
"""Endings that leave a word's opinion as it is: an unknown word made of a known one and such an ending inherits it."""

_FULLEST = 0.7
_SILENT_ROLES = ("", "noise")
_OWN_MARKS = 155
_DECLARED_LOGIT = {"en": -16, "hi-Latn": 16}
"""The language logit of an entry about which the character model says the opposite of its dictionary."""


@dataclass(frozen=True)
class _Row:
    """An entry with what packing adds to it."""

    entry: Entry
    head: int
    logit: int
    flags: int


def pack_default(target: Path = DEFAULT) -> None:
    """Pack the dictionaries that ship with the package to `target`, and what of them is hand-made beside it.

    Run when the package is built. Files appear by rename: whoever has the old one mapped keeps it whole.
    """
    weights = read_weights(DATA / "weights.json")
    _put(pack(read_folder(DATA), weights), target)
    _put(pack(read_hand_made(DATA), weights), target.with_name(HAND_MADE))


def _put(content: bytes, target: Path) -> None:
    unfinished = target.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(target)


def read_folder(folder: Path) -> list[Entry]:
    """The entries of every TSV file directly in a folder, files in the order of their names, learnt figures last."""
    return merge(_read_all(folder, is_learnt=False), _read_all(folder, is_learnt=True))


def read_hand_made(folder: Path) -> list[Entry]:
    """The entries of a folder without the figures that were learnt."""
    return merge(_read_all(folder, is_learnt=False))


def _read_all(folder: Path, *, is_learnt: bool) -> list[Entry]:
    paths = [path for path in sorted(folder.glob("*.tsv")) if (path.stem == LEARNT) == is_learnt]
    return [entry for path in paths for entry in read_entries(path)]


def read_weights(path: Path) -> Weights:
    """The rule weights of a JSON file; what it does not name keeps its default."""
    return Weights(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Weights()


def merge(entries: Iterable[Entry], learnt: Iterable[Entry] = ()) -> list[Entry]:
    """One entry a word: a later one replaces an earlier one of the same language; learnt figures go into either.

    >>> merge([Entry("mast", "hi-Latn", 1.0), Entry("mast", "hi-Latn", 2.0)])[0].polarity
    2.0
    """
    known = {(entry.word, entry.language): entry for entry in entries}
    for figure in learnt:
        key = (figure.word, figure.language)
        known[key] = (
            replace(known[key], polarity=figure.polarity, neutrality=figure.neutrality)
            if key in known
            else figure
        )
    return list(known.values())


def pack(entries: Iterable[Entry], weights: Weights | None = None) -> bytes:
    """The packed lexicon of the entries, and of every word whose language is known.

    The word-language table and character model of `text.language` go in as well, so that one look-up tells a word's
    opinion and its language. Raises `LexiconError` for an emoticon that the scanner could not find.

    >>> pack([Entry("accha", "hi-Latn", 1.9)])[:8]
    b'MIZAJLEX'
    """
    model = load_word_language()
    chosen = _inherit(_choose(merge(entries), model))
    _check_emoticons(chosen)
    rows = _link(chosen, model)
    names = _names(rows)
    trie = build_trie(names)
    strings, records = _records(rows)
    phrases = _phrase_heads(rows, names)
    pairs = {(phrase[0], phrase[1]): None for phrase in phrases}
    marks = _marks(pairs)
    sections = {
        "meta": _meta(rows, weights or Weights()),
        "slots": _slots(rows, names, marks),
        "labels": bytes(trie.labels),
        "first": _little_endian(trie.first),
        "values": _little_endian(trie.values),
        "records": records,
        "strings": strings,
        "ngrams": packed_ngrams(model),
        "figures": _figures(rows),
        "heads": _little_endian(row.head for row in rows),
        "marks": _bits(
            layout.MARK_BITS, (marks[one] * layout.N_MARKS + marks[two] for one, two in pairs)
        ),
        "phrases": _phrase_bits(phrases),
    }
    return _assemble(sections)


def _choose(entries: list[Entry], model: WordLanguage) -> dict[str, Entry]:
    """One entry for each spelling: where two languages share it, one that says something, of the likelier language."""
    chosen: dict[str, Entry] = {}
    for entry in entries:
        rival = chosen.get(entry.word)
        if rival is None or _claim(entry, model) > _claim(rival, model):
            chosen[entry.word] = entry
    for entry in list(chosen.values()):
        for word in entry.word.split(" ") if " " in entry.word else [entry.form_of]:
            if word and word not in chosen:
                chosen[word] = Entry(word, entry.language, source=entry.source)
    for word, logit in model.known.items():
        if word not in chosen:
            chosen[word] = Entry(word, "hi-Latn" if logit > 0 else "en", source="language")
    return chosen


def _inherit(chosen: Mapping[str, Entry]) -> dict[str, Entry]:
    """Spellings that say nothing themselves take what their head word says; entries with figures stand first.

    So that the figures lie close together and are told from none by the number of the entry alone.
    """
    told = {}
    for word, entry in chosen.items():
        head = chosen[_head(word, chosen)]
        is_silent = not (entry.polarity or entry.role or entry.neutrality or entry.weight)
        told[word] = replace(head, word=word, form_of=entry.form_of) if is_silent else entry
    order = sorted(told.values(), key=lambda e: not (e.polarity or e.neutrality or e.weight))
    return {entry.word: entry for entry in order}


def _claim(entry: Entry, model: WordLanguage) -> tuple[bool, bool, float]:
    says_something = bool(entry.polarity or entry.role or entry.neutrality)
    likelier = LANGUAGES[0] if model.word_logit(entry.word) < 0 else "hi-Latn"
    return says_something, entry.language == likelier, abs(entry.polarity)


def _check_emoticons(chosen: Mapping[str, Entry]) -> None:
    for entry in chosen.values():
        if _is_emoticon(entry) and not is_emoticon(entry.word):
            msg = (
                f"emoticon '{entry.word}' ({entry.source}) cannot be told from words; it must be 2 to 6 ASCII "
                "characters without a space, and where it begins with a letter or digit the second one of _ ^ - ."
            )
            raise LexiconError(msg)


def _is_emoticon(entry: Entry) -> bool:
    return entry.language == "symbol" and entry.word.isascii() and not entry.word.isalnum()


def _link(chosen: Mapping[str, Entry], model: WordLanguage) -> list[_Row]:
    """Entries in order, each with its head, its language logit and its flags."""
    numbers = {word: number for number, word in enumerate(chosen)}
    starts = {_head(word.split(" ")[0], chosen) for word in chosen if " " in word}
    rows = []
    for word, entry in chosen.items():
        flags = layout.IS_PHRASE if " " in word else 0
        flags |= layout.IS_EMOTICON if _is_emoticon(entry) else 0
        flags |= layout.HAS_FIGURES if entry.polarity or entry.neutrality or entry.weight else 0
        flags |= layout.TELLS if entry.polarity or entry.role not in _SILENT_ROLES else 0
        flags |= layout.STARTS_PHRASE if _head(word, chosen) in starts else 0
        rows.append(_Row(entry, numbers[_head(word, chosen)], _logit(entry, model), flags))
    return rows


def _logit(entry: Entry, model: WordLanguage) -> int:
    if entry.language not in _DECLARED_LOGIT or script(entry.word) != "Latin":
        return 0
    logit = model.word_logit(entry.word)
    declared = _DECLARED_LOGIT[entry.language]
    return declared if entry.word not in model.known and logit * declared <= 0 else logit


def _head(word: str, chosen: Mapping[str, Entry]) -> str:
    """The head word of a spelling; the spelling itself where it is one (or where spellings name each other)."""
    seen = {word}
    while chosen[word].form_of:
        word = chosen[word].form_of
        if word in seen:
            return min(seen)
        seen.add(word)
    return word


def _names(rows: list[_Row]) -> dict[str, int]:
    """Everything that can be looked up, by entry number: words, phrases of head words, sounds, endings."""
    names: dict[str, int] = {}
    sounds: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        word = row.entry.word
        if row.flags & layout.IS_PHRASE:
            continue
        names[word] = number
        if row.entry.language == "hi-Latn" and _says_something(rows, row):
            key = phonetic_key(word)
            if key:
                sounds.setdefault(layout.SOUND + key, set()).add(row.head)
    for number, row in enumerate(rows):
        if row.flags & layout.IS_PHRASE:
            names[phrase_of_heads(row.entry.word, rows, names)] = number
    # a sound that two head words share would be a guess
    names.update({key: heads.pop() for key, heads in sounds.items() if len(heads) == 1})
    for language, endings in SUFFIXES.items():
        names.update({f"{layout.SUFFIX}{language}{ending}": 0 for ending in endings})
    return names


def _says_something(rows: list[_Row], row: _Row) -> bool:
    head = rows[row.head].entry
    return bool(head.polarity or head.role)


def phrase_of_heads(phrase: str, rows: list[_Row], names: Mapping[str, int]) -> str:
    """The phrase with each word replaced by its head word."""
    return " ".join(rows[rows[names[word]].head].entry.word for word in phrase.split(" "))


def _slots(rows: list[_Row], names: Mapping[str, int], marks: Mapping[int, int]) -> bytes:
    size = 1 << max(8, int(len(names) / _FULLEST).bit_length())
    table = bytearray(size * layout.SLOT.size)
    n_taken = bytearray(size // layout.BUCKET)
    known: dict[int, tuple[int, ...]] = {layout.NOTHING: (layout.NO_ENTRY, 0, 0, 0, 0)}
    # short names first: they are the most frequent ones, and stay in the bucket that is looked at first
    ranked = sorted(names, key=lambda name: (" " in name or name[0] < " ", len(name)))
    known |= {_key(name, rows, names): _slot(name, rows, names, marks) for name in ranked}
    for key, slot in known.items():
        bucket = key % size // layout.BUCKET
        while n_taken[bucket] == layout.BUCKET:
            bucket = (bucket + 1) % len(n_taken)
        at = bucket * layout.BUCKET + n_taken[bucket]
        n_taken[bucket] += 1
        layout.SLOT.pack_into(table, at * layout.SLOT.size, key, *slot)
    return bytes(table)


def _slot(
    name: str, rows: list[_Row], names: Mapping[str, int], marks: Mapping[int, int]
) -> tuple[int, ...]:
    if name.startswith(layout.SUFFIX):
        return (0, 0, 0, layout.IS_AFFIX, 0)
    row = rows[names[name]]
    return (names[name], row.logit, ROLES.index(row.entry.role), row.flags, marks.get(row.head, 0))


def _phrase_heads(rows: list[_Row], names: Mapping[str, int]) -> list[list[int]]:
    """The head words of each phrase."""
    spelled = (name.split(" ") for name in names if " " in name)
    return [[rows[names[word]].head for word in words] for words in spelled]


def _phrase_bits(phrases: list[list[int]]) -> bytes:
    """A bit for the hash of each beginning of a phrase, two words and more, and then one for that of each phrase."""
    beginnings = (phrase[:n] for phrase in phrases for n in range(2, len(phrase) + 1))
    return b"".join(
        _bits(layout.PHRASE_BITS, (layout.hash_heads(heads) % layout.PHRASE_BITS for heads in each))
        for each in (beginnings, phrases)
    )


def _marks(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """A byte, not 0, for each head word with which a phrase begins, or goes on second.

    Those in many phrases (`no`, `not`, `of`) have one of their own, so that a pair of them is seldom taken for the
    beginning of a phrase; the others share what is left.
    """
    ranked = Counter(head for pair in pairs for head in pair).most_common()
    shared = layout.N_MARKS - 1 - _OWN_MARKS
    return {
        head: 1 + (place if place < _OWN_MARKS else _OWN_MARKS + place % shared)
        for place, (head, _) in enumerate(ranked)
    }


def _bits(count: int, places: Iterable[int]) -> bytes:
    """That many bits, those at the places set."""
    bits = bytearray(count // 8)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def _figures(rows: list[_Row]) -> bytes:
    """The figures of the entries that have some, which stand first (`_inherit`), and zeros for the others."""
    told = [row.entry for row in rows if row.flags & layout.HAS_FIGURES]
    figures = [(entry.polarity, entry.neutrality, entry.weight) for entry in told]
    return b"".join(layout.FIGURES.pack(*each) for each in [*figures, (0.0, 0.0, 0.0)])


def _key(name: str, rows: list[_Row], names: Mapping[str, int]) -> int:
    if " " in name:
        return layout.hash_heads([rows[names[word]].head for word in name.split(" ")])
    return layout.hash_bytes(name.encode())


def _records(rows: list[_Row]) -> tuple[bytes, bytes]:
    strings = bytearray()
    records = bytearray()
    sources: dict[str, int] = {}
    for row in rows:
        entry, word = row.entry, row.entry.word.encode()
        source = sources.setdefault(entry.source, len(sources))
        records += layout.RECORD.pack(
            len(strings), len(word), LANGUAGES.index(entry.language), ROLES.index(entry.role),
            PARTS_OF_SPEECH.index(entry.pos), row.flags, row.logit, row.head,
            entry.polarity, entry.neutrality, entry.weight, source,
        )  # fmt: skip
        strings += word
    return bytes(strings), bytes(records)


def _meta(rows: list[_Row], weights: Weights) -> bytes:
    sources = dict.fromkeys(row.entry.source for row in rows)
    spelled = repr([astuple(row.entry) for row in rows]).encode()
    meta = {
        "weights": weights._asdict(),
        "n_entries": len(rows),
        "sources": list(sources),
        "emoticons": [row.entry.word for row in rows if row.flags & layout.IS_EMOTICON],
        "entries_hash": hashlib.blake2b(spelled, digest_size=16).hexdigest(),
    }
    return json.dumps(meta, ensure_ascii=False).encode()


def _little_endian(numbers: Iterable[int]) -> bytes:
    return b"".join(n.to_bytes(4, "little") for n in numbers)


def _assemble(sections: Mapping[str, bytes]) -> bytes:
    begin = layout.HEADER.size + layout.SECTION.size * len(layout.SECTIONS)
    header = bytearray(layout.HEADER.pack(layout.MAGIC, layout.VERSION, len(layout.SECTIONS)))
    body = bytearray()
    for name in layout.SECTIONS:
        body += bytes(-(begin + len(body)) % layout.ALIGNMENT)
        header += layout.SECTION.pack(name.encode(), begin + len(body), len(sections[name]))
        body += sections[name]
    return bytes(header + body)
