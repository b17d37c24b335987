"""A packed lexicon in memory: opened from a file without parsing it, asked for words, phrases and endings."""

from __future__ import annotations

import functools
import hashlib
import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.entries import LANGUAGES, PARTS_OF_SPEECH, ROLES, Entry, read_entries
from mizaj.lexicon.pack import (
    DATA,
    DEFAULT,
    HAND_MADE,
    merge,
    pack,
    pack_default,
    read_folder,
    read_weights,
)
from mizaj.lexicon.trie import Trie
from mizaj.lexicon.weights import Weights

_HASH_BYTES = 16


@dataclass(frozen=True)
class Known:
    """What a look-up finds: the entry, its number, the number of its head word, its logit and its flags."""

    entry: Entry
    number: int
    head: int
    logit: int
    flags: int


class Lexicon:
    """The dictionaries as one value over one buffer, shared by all who map the same file.

    >>> lexicon = Lexicon(pack([Entry("accha", "hi-Latn", 2.0), Entry("acha", "hi-Latn", form_of="accha")]))
    >>> lexicon.lookup("accha").polarity, "acha" in lexicon, "qqxx" in lexicon
    (2.0, True, False)
    """

    def __init__(self, content: bytes | mmap.mmap, name: str = "a lexicon in memory") -> None:
        self.content = content
        self.sections = _sections(content, name)
        view = memoryview(content)
        meta = json.loads(bytes(view[self.sections["meta"]]))
        self.weights = _weights(meta, name)
        self.emoticons = frozenset(meta["emoticons"])
        self._sources = meta["sources"]
        self._strings = self.sections["strings"]
        self._records = self.sections["records"]
        self.trie = Trie(
            view[self.sections["labels"]],
            view[self.sections["first"]].cast("I"),
            view[self.sections["values"]].cast("I"),
        )
        self._view = view

    @classmethod
    def open(cls, path: Path) -> Lexicon:
        """The lexicon in a packed file, mapped. Raises `LexiconError` for anything that is not one."""
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            msg = f"cannot open the lexicon {path}: {error}"
            raise LexiconError(msg) from error
        return cls(content, str(path))

    def __len__(self) -> int:
        """How many entries there are."""
        size: int = self._records.stop - self._records.start
        return size // layout.RECORD.size

    def __contains__(self, word: object) -> bool:
        """Whether a word or phrase is listed, as it is spelled."""
        return isinstance(word, str) and self.find(word) is not None

    def __iter__(self) -> Iterator[Entry]:
        """The entries in order."""
        return (self.known(number).entry for number in range(len(self)))

    def lookup(self, word: str) -> Entry | None:
        """The entry of a word, or of a phrase of head words; None if it is not listed."""
        found = self.find(word)
        return found.entry if found else None

    def longest_prefix(self, word: str) -> Entry | None:
        """The entry of the longest listed word with which `word` begins; None if there is none."""
        numbers = [number for _, number in self.trie.prefixes(word)]
        return self.known(numbers[-1]).entry if numbers else None

    def find(self, word: str) -> Known | None:
        """What is known of a word; None if it is not listed."""
        number = self.trie.find(word)
        return None if number is None else self.known(number)

    def known(self, number: int) -> Known:
        """What is known of the entry with this number. Raises `LexiconError` where a damaged file names none."""
        if not 0 <= number < len(self):
            msg = f"the lexicon names entry {number} but has {len(self)}; pack it again"
            raise LexiconError(msg)
        return self._known(number)

    @functools.cached_property
    def content_hash(self) -> str:
        """A hash of the whole content, which stands for this lexicon in fingerprints."""
        return hashlib.blake2b(self.content, digest_size=_HASH_BYTES).hexdigest()

    @functools.lru_cache(maxsize=1 << 16)  # noqa: B019 - a lexicon lives as long as the process
    def _known(self, number: int) -> Known:
        record = layout.RECORD.unpack_from(
            self.content, self._records.start + number * layout.RECORD.size
        )
        offset, length, language, role, pos, flags, logit, head, *figures, source = record
        begin = self._strings.start + offset
        word = bytes(self._view[begin : begin + length]).decode()
        entry = Entry(
            word=word,
            language=LANGUAGES[language],
            polarity=figures[0],
            pos=PARTS_OF_SPEECH[pos],
            role=ROLES[role],
            weight=figures[2],
            form_of="" if head == number else self._word(head),
            source=self._sources[source],
            neutrality=figures[1],
        )
        return Known(entry, number, head, logit, flags)

    def _word(self, number: int) -> str:
        offset, length = layout.RECORD.unpack_from(
            self.content, self._records.start + number * layout.RECORD.size
        )[:2]
        begin = self._strings.start + offset
        return bytes(self._view[begin : begin + length]).decode()


@functools.cache
def load_lexicon(extra: tuple[Path, ...] = (), domain: str | None = None) -> Lexicon:
    """The lexicon that ships with the package, with a domain pack and a user's own files (TSV) merged in.

    Later files win over earlier ones. Raises `LexiconError` for a file that breaks the format or an unknown domain.
    """
    if not extra and domain is None:
        if not DEFAULT.exists():
            pack_default()
        return Lexicon.open(DEFAULT)
    if len(extra) == 1 and extra[0].suffix == ".lex" and domain is None:
        return Lexicon.open(extra[0])
    return build_lexicon(extra, domain)


@functools.cache
def load_hand_made() -> Lexicon:
    """The dictionaries that ship with the package, without what was fitted on labelled posts."""
    path = DEFAULT.with_name(HAND_MADE)
    if not path.exists():
        pack_default()
    return Lexicon.open(path)


def build_lexicon(extra: Iterable[Path], domain: str | None = None) -> Lexicon:
    """The shipped dictionaries, a domain pack and further files, packed in memory."""
    files = [*([_domain_file(domain)] if domain else []), *extra]
    added = [entry for path in files for entry in read_entries(path)]
    weights = read_weights(DATA / "weights.json")
    return Lexicon(pack(merge([*read_folder(DATA), *added]), weights))


def _domain_file(domain: str) -> Path:
    packs = {path.stem: path for path in sorted((DATA / "domains").glob("*.tsv"))}
    if domain not in packs:
        msg = f"domain '{domain}' is not known; allowed: {', '.join(packs)}, or --lexicon FILE"
        raise LexiconError(msg)
    return packs[domain]


def _sections(content: bytes | mmap.mmap, name: str) -> dict[str, slice]:
    """Where each section lies; every bound is checked, since files come from anywhere."""
    size = len(content)
    if size < layout.HEADER.size or content[:8] != layout.MAGIC:
        msg = f"{name} is not a packed lexicon; pack TSV files with: mizaj lexicon build"
        raise LexiconError(msg)
    _, version, count = layout.HEADER.unpack_from(content)
    if version != layout.VERSION:
        msg = (
            f"{name} has format {version}, this mizaj reads format {layout.VERSION}; pack it again"
        )
        raise LexiconError(msg)
    found: dict[str, slice] = {}
    for number in range(min(count, len(layout.SECTIONS))):
        at = layout.HEADER.size + number * layout.SECTION.size
        if at + layout.SECTION.size > size:
            break
        label, offset, length = layout.SECTION.unpack_from(content, at)
        if offset + length <= size and offset % layout.ALIGNMENT == 0:
            found[label.rstrip(b"\0").decode("ascii", "replace")] = slice(offset, offset + length)
    if tuple(found) != layout.SECTIONS or not _fits(found):
        msg = f"{name} is damaged or cut short ({size} bytes); pack it again"
        raise LexiconError(msg)
    return found


def _fits(found: dict[str, slice]) -> bool:
    """Whether the sizes of the sections go together."""
    size: dict[str, int] = {name: part.stop - part.start for name, part in found.items()}
    n_slots = size["slots"] // layout.SLOT.size
    return (
        n_slots >= layout.BUCKET
        and n_slots & (n_slots - 1) == 0
        and size["slots"] % layout.SLOT.size == 0
        and size["first"] == 4 * (size["labels"] + 1)
        and size["values"] == 4 * size["labels"]
        and size["records"] % layout.RECORD.size == 0
        and size["heads"] == 4 * (size["records"] // layout.RECORD.size)
        and size["figures"] >= layout.FIGURES.size
        and size["figures"] % layout.FIGURES.size == 0
        and size["marks"] == layout.MARK_BITS // 8
        and size["phrases"] == 2 * layout.PHRASE_BITS // 8
    )


def _weights(meta: dict[str, Any], name: str) -> Weights:
    try:
        return Weights(**{key: float(value) for key, value in meta["weights"].items()})
    except (TypeError, ValueError, KeyError) as error:
        msg = f"{name} has rule weights that this mizaj does not know: {error}"
        raise LexiconError(msg) from error
