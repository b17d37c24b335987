"""Which known word an unknown one may be another spelling of: equal sound, or one or two letters apart.

Deleting letters finds neighbours without comparing every pair (Garbe's symmetric deletes): two
words one edit apart share a form with at most one letter deleted. The unknown words, which are
few, are indexed; the dictionary, which is long, passes by once. So the cost is linear in the
dictionary and does not depend on how many unknown words there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mizaj.lexicon.entries import Entry
from mizaj.text.phonetic import phonetic_key

SHORTEST_FOR_ONE_EDIT = 5
SHORTEST_FOR_TWO_EDITS = 8
"""Below these lengths most words have another one that many edits away (`main`, `pain`, `rain`)."""
LONGEST = 24
"""Longer words are compounds and glued hashtags; their neighbourhoods grow with the square."""

_ROMANISED = "hi-Latn"
# Fewest edits first, then a sound that agrees, then the same language, then the alphabet.
Rank = tuple[int, bool, bool, str]


@dataclass(frozen=True)
class Variant:
    """The known word that an unknown one is nearest to, how many edits part them, and the sound."""

    entry: Entry
    distance: int
    sounds_alike: bool


def nearest_variants(
    unknown: Mapping[str, str],
    entries: Iterable[Entry],
    *,
    sound: Callable[[str], str] = phonetic_key,
) -> dict[str, Variant]:
    """For each unknown word (with its language) its nearest known spelling, where there is one.

    Words are compared within a script. Equal sound counts for romanised Hindi, which has no one
    spelling; English words are left to their letters. Phrases are passed over.
    """
    index = _Index(unknown, sound)
    best: dict[str, tuple[Rank, Variant]] = {}
    for entry in entries:
        if " " in entry.word:
            continue
        for word, sounds_alike in index.near(entry):
            language = unknown[word]
            found = _measure(word, entry, sounds_alike=sounds_alike, language=language)
            if found and (word not in best or found[0] < best[word][0]):
                best[word] = found
    return {word: variant for word, (_, variant) in best.items()}


def edit_distance(first: str, second: str, *, at_most: int) -> int:
    """How many letters must be put in, left out, changed or swapped with their neighbour.

    Stops at `at_most + 1`, which stands for anything beyond.

    >>> edit_distance("accha", "acha", at_most=2), edit_distance("film", "flim", at_most=2)
    (1, 1)
    """
    if abs(len(first) - len(second)) > at_most:
        return at_most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        last, row, older = row, [i], before
        before = last
        for j, b in enumerate(second, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > at_most:
            return at_most + 1
    return min(row[-1], at_most + 1)


class _Index:
    """The unknown words by their sound and by their forms with letters left out."""

    def __init__(self, unknown: Mapping[str, str], sound: Callable[[str], str]) -> None:
        self._sound = sound
        self._by_sound: dict[str, list[str]] = defaultdict(list)
        self._by_form: dict[str, list[str]] = defaultdict(list)
        for word, language in unknown.items():
            if language == _ROMANISED and sound(word):
                self._by_sound[sound(word)].append(word)
            for form in _forms(word):
                self._by_form[form].append(word)

    def near(self, entry: Entry) -> Iterator[tuple[str, bool]]:
        """The unknown words that may be close to an entry, and whether they sound like it."""
        key = self._sound(entry.word) if entry.language == _ROMANISED else ""
        alike = self._by_sound.get(key, []) if key else []
        yield from ((word, True) for word in alike)
        near = {word for form in _forms(entry.word) for word in self._by_form.get(form, ())}
        yield from ((word, False) for word in near.difference(alike))


def _forms(word: str) -> set[str]:
    """The word and its forms with one letter left out, or two if it is long enough to matter."""
    if len(word) > LONGEST:
        return set()
    forms = {word}
    # a known word may be shorter than the unknown one by as many letters as may be left out
    if len(word) >= SHORTEST_FOR_ONE_EDIT - 1:
        forms |= _shorter(word)
    if len(word) >= SHORTEST_FOR_TWO_EDITS - 2:
        forms |= {form for once in _shorter(word) for form in _shorter(once)}
    return forms


def _shorter(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _measure(
    word: str, entry: Entry, *, sounds_alike: bool, language: str
) -> tuple[Rank, Variant] | None:
    allowed = (len(word) >= SHORTEST_FOR_ONE_EDIT) + (len(word) >= SHORTEST_FOR_TWO_EDITS)
    # where sound has decided the distance only ranks; slips of spelling spare the first letter
    limit = len(word) if sounds_alike else allowed * (word[0] == entry.word[0])
    distance = edit_distance(word, entry.word, at_most=limit)
    if word == entry.word or distance > limit or word.isascii() != entry.word.isascii():
        return None
    rank = (distance, not sounds_alike, entry.language != language, entry.word)
    return rank, Variant(entry, distance, sounds_alike)
