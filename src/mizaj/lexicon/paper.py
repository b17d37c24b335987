"""The second paper's lexicon approach to the letter, kept to compare the default rules with (`--rules paper`).

A post is cleaned (section III.A.1), its tokens are looked up in the trie (III.A.2 and 3), polarities are combined by
Algorithm 2 or Table I (III.A.4) and summed (III.A.5). The paper leaves open, or says twice differently:

1. **Negative with negative.** Algorithm 2 multiplies (positive), Table I says negative. Hence two variants,
   `paper-product` and `paper-table`; they differ nowhere else. Table I has no row for neutral: as in Algorithm 2, a
   neutral token changes nothing.
2. **The last clause.** Algorithm 2 fills P at conjunctions only, so that the last clause, and a post without
   conjunction, would never count. The worked examples count it ("we get an array which stores 1"): it is pushed at the
   end.
3. **Reset.** Nothing sets `cur_polarity` back after a push. P is said to hold "the polarity of the part of the sentence
   between two conjunctions or commas": each clause starts again at 0.
4. **The sum.** The pseudo-code adds 1 for each element of P, the text "the polarity of all the phrases": P[i] is added.
5. **The scale.** The text says 1 negative, 2 neutral, 3 positive, yet calls sums of 1 and of 2 positive. Tokens,
   groups and clauses are -1, 0 or 1 here, as in Algorithm 2, and the sign of the sum is the class.
6. **Where clauses end.** The pseudo-code knows conjunctions, the text commas too: both cut. Which words are
   conjunctions is not said: here those with the roles conjunction, contrast and concession; as in the pseudo-code,
   their own polarity is not counted. Brackets, colons and semicolons cut as commas do. The procedure takes one sentence
   and a post holds several: `.`, `!` and `?` cut too, and all clauses of the post are summed.
7. **Groups.** Phrases of one language come first, then these groups across the switch, but Algorithm 2 runs from left
   to right. Product and Table I (the smaller of the two) are associative, with neutral as their identity: the order
   cannot change a result. The groups are kept since they are the tree that the paper describes.
8. **Noise words** are removed but not listed, and the worked examples still show `Wo(0)` and `he(0)`. Ours are the
   words with the role noise; they are neutral, so only what is printed differs. Links, emoticons, extra spaces (line
   breaks too) and escape sequences are removed as the paper says; mentions, emoji and numbers are taken for noise too.
   The words of a hashtag are words.
9. **Repeated letters** become three ("goood"), and the trie is asked for that form and no other: no two, no one, no
   sound, no stem. So `bahuuut` is known only if the dictionaries list it, as the paper's slang dictionary may.
10. **Polarity.** Dictionaries are tagged from extremely negative to extremely positive, the algorithm knows signs only.
    A token has the sign of its entry where that is at least `FLOOR` strong. Negation words are negative tokens, as
    "lagta nahi" and "nahi hai" are in the paper; intensifiers and the rest have no rule. The trie holds words, so our
    phrases are not looked up.
11. **Language of a token.** The paper gives no method; ours is `text.language`.

Irony is left aside by the paper itself (section IV).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import prod

from mizaj.errors import SettingError
from mizaj.lexicon.entries import LABELS, Entry
from mizaj.lexicon.packed import Lexicon
from mizaj.text import tokens as kinds
from mizaj.text.language import word_languages

VARIANTS = ("paper-product", "paper-table")
"""Algorithm 2 as printed, and with Table I in place of its product."""

FLOOR = 0.75
"""An entry weaker than this (of 4) is neutral, as the paper's hand taggers would have left it.

Chosen low enough that the paper's own examples come out as printed. Its "we Formula ready" (positive) and "defensive
captain" (negative) stay neutral: they need a dictionary tagged by hand for their domain.
"""

LONGEST_RUN = 3
"""Letters: what longer repeats are cut to (III.A.1, for the lexicon; III.B.1 cuts to two for the classifiers)."""

_CONJUNCTIONS = ("conjunction", "contrast", "concession")
_NEGATIONS = ("negator", "prohibition")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[abfnrtv0\"'/\\])")
_COMBINE: dict[str, Callable[[list[int]], int]] = {"paper-product": prod, "paper-table": min}


@dataclass(frozen=True, slots=True)
class PaperToken:
    """A word as written, the form that was looked up, its language and its polarity: -1, 0 or 1."""

    text: str
    form: str
    language: str
    polarity: int


@dataclass(frozen=True, slots=True)
class PaperGroup:
    """Neighbours in one language, and their combined polarity."""

    language: str
    polarity: int
    tokens: tuple[PaperToken, ...]


@dataclass(frozen=True, slots=True)
class PaperClause:
    """An element of P: its polarity, its groups, and the conjunction or mark that ended it (empty for the last)."""

    polarity: int
    groups: tuple[PaperGroup, ...]
    end: str

    @property
    def tokens(self) -> tuple[PaperToken, ...]:
        """The tokens of all groups in order."""
        return tuple(token for group in self.groups for token in group.tokens)


@dataclass(frozen=True, slots=True)
class PaperScore:
    """The class of a post, the sum over P, the clauses (without those that hold no word), and what was removed."""

    sentiment: str
    total: int
    clauses: tuple[PaperClause, ...]
    removed: tuple[str, ...]


def score_paper(text: str, lexicon: Lexicon, variant: str) -> PaperScore:
    """The sentiment of a post by the paper's sections III.A.1 to III.A.5; an empty post is neutral.

    Raises `SettingError` for a variant that is not in `VARIANTS`.

    >>> from mizaj.lexicon.pack import pack
    >>> lexicon = Lexicon(pack([Entry("bura", "hi-Latn", -2.0), Entry("nahi", "hi-Latn", role="negator")]))
    >>> [score_paper("bura nahi hai", lexicon, variant).sentiment for variant in VARIANTS]
    ['positive', 'negative']
    """
    if variant not in VARIANTS:
        message = f"rules are '{variant}'; allowed: {', '.join(VARIANTS)}"
        raise SettingError(message)
    removed: list[str] = []
    parts = _cut_clauses(clean(text), lexicon, removed)
    clauses = tuple(_combine_clause(held, end, variant) for held, end in parts if held)
    total = sum(clause.polarity for clause in clauses)
    sign = (total > 0) - (total < 0)
    return PaperScore(LABELS[sign + 1], total, clauses, tuple(removed))


def clean(text: str) -> str:
    r"""The post without escape sequences and extra spaces, in the characters that dictionaries use (III.A.1).

    >>> clean("wo  movie\\nachi\n he")
    'wo movie achi he'
    """
    plain = unicodedata.normalize("NFC", kinds.compatible(_ESCAPE.sub(" ", text)))
    return " ".join(plain.split())


def combine(polarities: Iterable[int], variant: str) -> int:
    """The polarity of a group from those of its parts, by Algorithm 2 or Table I; 0 if all are neutral.

    The running product of the non-neutral ones, the first of which sets it, is their product; Table I is their minimum.

    >>> combine([0, -1, -1], "paper-product"), combine([0, -1, -1], "paper-table")
    (1, -1)
    """
    told = [polarity for polarity in polarities if polarity]
    return _COMBINE[variant](told) if told else 0


def _cut_clauses(
    text: str, lexicon: Lexicon, removed: list[str]
) -> Iterator[tuple[list[PaperToken], str]]:
    """The tokens of each clause and what ended it; noise goes to `removed`."""
    held: list[PaperToken] = []
    for token, language in _tokens(text, lexicon):
        written = text[token.start : token.end]
        form = kinds.cut_runs(token.folded, LONGEST_RUN)
        entry = lexicon.lookup(form) if token.kind == kinds.WORD else None
        if token.kind >= kinds.EXCLAIM or (entry and entry.role in _CONJUNCTIONS):
            yield held, written
            held = []
        elif token.kind != kinds.WORD or (entry and _is_noise(entry)):
            removed.append(written)
        else:
            held.append(PaperToken(written, form, language, _polarity(entry)))
    yield held, ""


def _tokens(text: str, lexicon: Lexicon) -> Iterator[tuple[kinds.Token, str]]:
    """Each token with its language; the language of what is no word is empty."""
    tokens = kinds.tokenise(text, lexicon.emoticons)
    languages = iter(word_languages([t.folded for t in tokens if t.kind == kinds.WORD]))
    return ((t, next(languages) if t.kind == kinds.WORD else "") for t in tokens)


def _is_noise(entry: Entry) -> bool:
    """Noise words, and emoticons spelled with letters (`xd`)."""
    return entry.role == "noise" or entry.language == "symbol"


def _polarity(entry: Entry | None) -> int:
    if entry is None:
        return 0
    if entry.role in _NEGATIONS:
        return -1
    return (entry.polarity >= FLOOR) - (entry.polarity <= -FLOOR)


def _combine_clause(tokens: list[PaperToken], end: str, variant: str) -> PaperClause:
    """Groups of one language first, then across the switch (III.A.4)."""
    groups = []
    for language, run in groupby(tokens, key=lambda token: token.language):
        members = tuple(run)
        groups.append(
            PaperGroup(language, combine((t.polarity for t in members), variant), members)
        )
    return PaperClause(combine((g.polarity for g in groups), variant), tuple(groups), end)
