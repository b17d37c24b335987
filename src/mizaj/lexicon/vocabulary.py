"""What a dictionary knows of the words of a post, for those who look for what it does not know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mizaj.lexicon.entries import Entry
from mizaj.text.tokens import ELONGATED, EMOJI, EXCLAIM, LONGEST_EMOTICON, WORD, Token, cut_runs

VOCABULARIES = ("language", "princeton_wordnet", "hindi_wordnet")
"""Sources that list words without ever giving an opinion; the others say `no opinion` by a 0."""

_SILENT = ("", "noise")
_NEGATOR_REACH = 2


@dataclass(frozen=True)
class Vocabulary:
    """The words of a dictionary with their polarity.

    Those that are `telling` have an opinion or a role, of their own or of their head word; those
    that are `unrated` were only ever listed.
    """

    polarity: Mapping[str, float]
    telling: frozenset[str]
    unrated: frozenset[str]
    negators: frozenset[str]
    emoticons: frozenset[str]

    @classmethod
    def of(cls, entries: Collection[Entry]) -> Vocabulary:
        """The vocabulary of a dictionary; a spelling without a figure has that of its head word."""
        figures = {entry.word: entry.polarity for entry in entries}
        telling = {entry.word for entry in entries if entry.polarity or entry.role not in _SILENT}
        for entry in entries:
            if entry.form_of and not entry.polarity:
                figures[entry.word] = figures.get(entry.form_of, 0.0)
        return cls(
            polarity=figures,
            telling=frozenset(
                entry.word for entry in entries if {entry.word, entry.form_of} & telling
            ),
            unrated=frozenset(entry.word for entry in entries if _is_unrated(entry)),
            negators=frozenset(entry.word for entry in entries if entry.role == "negator"),
            emoticons=frozenset(entry.word for entry in entries if _is_emoticon(entry)),
        )

    def form(self, token: Token) -> str:
        """The spelling under which a token is known: as it is, else with long runs cut to 2 or 1.

        One that is not known is cut to 2, so that `yummmy` and `yummmmy` are one word.
        """
        word = token.folded
        if word in self.polarity or not token.flags & ELONGATED:
            return word
        forms = [cut_runs(word, longest) for longest in (3, 2, 1)]
        return next((form for form in forms if form in self.polarity), forms[1])

    def is_open(self, word: str) -> bool:
        """Whether an opinion on the word may be asked for: it is not known, or not rated."""
        return word not in self.polarity or word in self.unrated

    def shares(self, tokens: Sequence[Token]) -> dict[str, float]:
        """What each opinion word of a post adds to its sum, turned by a negator beside it."""
        forms = [self.form(token) if token.kind < EXCLAIM else None for token in tokens]
        shares: dict[str, float] = {}
        for place, form in enumerate(forms):
            value = self.polarity.get(form, 0.0) if form else 0.0
            if form and value:
                turned = -value if self._is_negated(place, forms) else value
                shares[form] = shares.get(form, 0.0) + turned
        return shares

    def _is_negated(self, place: int, forms: Sequence[str | None]) -> bool:
        before = forms[max(0, place - _NEGATOR_REACH) : place][::-1]
        after = forms[place + 1 : place + 1 + _NEGATOR_REACH]
        return any(self._has_negator(side) for side in (before, after))

    def _has_negator(self, side: Sequence[str | None]) -> bool:
        for form in side:
            # a mark or another opinion word stands between
            if form is None or self.polarity.get(form):
                return form in self.negators
            if form in self.negators:
                return True
        return False


def is_new_word(token: Token) -> bool:
    """Whether a token may become an entry: a word with a letter, or an emoji."""
    if token.kind == EMOJI:
        return True
    return token.kind == WORD and len(token.folded) > 1 and not token.folded.isdecimal()


def _is_unrated(entry: Entry) -> bool:
    says_nothing = not (entry.polarity or entry.role or entry.form_of or entry.neutrality)
    return says_nothing and entry.source in VOCABULARIES


def _is_emoticon(entry: Entry) -> bool:
    word = entry.word
    is_ascii_symbol = entry.language == "symbol" and word.isascii() and not word[0].isalnum()
    return is_ascii_symbol and len(word) <= LONGEST_EMOTICON
