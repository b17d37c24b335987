"""A packed trie: words as paths of UTF-8 bytes, in three flat arrays that are used where they lie in a mapped file.

Nodes stand in breadth-first order, so that the children of a node are neighbours, and those of the next node begin
where they end: `first[i]` to `first[i + 1]`. `labels[i]` is the byte that leads to node i, `values[i]` is one more than
what the word ending there stands for, 0 where no word ends (Aoe 1989's double array is faster to walk but took four
times as long to build; whole words are answered by the hash table in front, so building time won).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mizaj.errors import LexiconError


@dataclass(frozen=True)
class Trie:
    """Three arrays; build them with `build_trie`, or map them from a file."""

    labels: Sequence[int]
    first: Sequence[int]
    values: Sequence[int]

    def __len__(self) -> int:
        """How many nodes there are, the root included."""
        return len(self.labels)

    def find(self, word: str) -> int | None:
        """What the word stands for; None if it is not in the trie."""
        node = 0
        for byte in word.encode():
            node = self._child(node, byte)
            if not node:
                return None
        return self.values[node] - 1 if self.values[node] else None

    def prefixes(self, word: str) -> Iterator[tuple[int, int]]:
        """(bytes used, value) of each word in the trie with which `word` begins, shortest first.

        >>> trie = build_trie({"acc": 7, "accha": 8})
        >>> list(trie.prefixes("acchai"))
        [(3, 7), (5, 8)]
        """
        node = 0
        for used, byte in enumerate(word.encode(), start=1):
            node = self._child(node, byte)
            if not node:
                return
            if self.values[node]:
                yield used, self.values[node] - 1

    def _child(self, node: int, byte: int) -> int:
        """The child that `byte` leads to; 0 (the root, nobody's child) if there is none."""
        for child in range(self.first[node], min(self.first[node + 1], len(self.labels))):
            if self.labels[child] == byte:
                return child
        return 0


def build_trie(words: Iterable[tuple[str, int]] | dict[str, int]) -> Trie:
    """A trie over (word, value) pairs, values 0 or more; a later pair wins over an earlier one.

    Raises `LexiconError` for an empty word.

    >>> build_trie({"nahi": 3}).find("nahi"), build_trie({"nahi": 3}).find("nah")
    (3, None)
    """
    known = dict(words)
    if "" in known:
        msg = "a dictionary may not hold the empty word; remove that line"
        raise LexiconError(msg)
    keys = sorted(word.encode() for word in known)
    value_of = {word.encode(): value for word, value in known.items()}
    labels, first, values = bytearray(1), array("I", [1]), array("I", [0])
    level = [(0, len(keys))]
    depth = 0
    while level:
        below: list[tuple[int, int]] = []
        for begin, end in level:
            for byte, lo, hi in _branches(keys, begin, end, depth):
                labels.append(byte)
                ends = len(keys[lo]) == depth + 1
                values.append(value_of[keys[lo]] + 1 if ends else 0)
                below.append((lo + ends, hi))
            first.append(len(labels))
        level = below
        depth += 1
    return Trie(bytes(labels), first, values)


def _branches(
    keys: list[bytes], begin: int, end: int, depth: int
) -> Iterator[tuple[int, int, int]]:
    """The runs of sorted keys[begin:end] that share the byte at `depth`: (byte, first key, key past the last)."""
    while begin < end:
        byte = keys[begin][depth]
        run = begin + 1
        while run < end and keys[run][depth] == byte:
            run += 1
        yield byte, begin, run
        begin = run
