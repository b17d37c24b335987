"""Why a post got its answer: the tree of clauses, language groups and words, with what each adds to the root."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from mizaj.lexicon.entries import LANGUAGES, ROLES
from mizaj.lexicon.rules import RULE_NAMES
from mizaj.lexicon.scorer import Answer, Reading, Scorer
from mizaj.lexicon.twin import LexiconToken
from mizaj.text.tokens import KIND_NAMES, WORD

_IDLE = "idle negation"
_SHOWN_NEUTRALITY = 0.05
_MOST_WEIGHTS = 12


@dataclass(frozen=True)
class ExplainedToken:
    """A leaf of the tree: what was written, which entry it met, and what it adds."""

    text: str
    kind: str
    language: str
    entry: str
    source: str
    role: str
    polarity: float
    factor: float
    value: float
    neutrality: float
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Neighbours of one language inside a clause, and their sum."""

    language: str
    value: float
    tokens: tuple[ExplainedToken, ...]


@dataclass(frozen=True)
class Clause:
    """What stands between conjunctions and marks, and its sum."""

    value: float
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Explanation:
    """The tree whose root is the polarity, and the answer.

    Of a learned model, the answer is its own, the tree what the dictionaries read; `weights` is what it weighs: each
    token, then what it takes from the tree, for positive where above 0, for negative where below. `note` says where the
    tree did not lead to the answer.
    """

    text: str
    answer: Answer
    root: float
    probabilities: dict[str, float]
    doubts: int
    clauses: tuple[Clause, ...]
    weights: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def tokens(self) -> tuple[ExplainedToken, ...]:
        """All tokens in order."""
        return tuple(t for c in self.clauses for g in c.groups for t in g.tokens)

    @property
    def words(self) -> list[tuple[str, float]]:
        """Each token as written, with what it adds to the root."""
        return [(token.text, token.value) for token in self.tokens]

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain dicts and lists, for JSON."""
        return asdict(self)

    def render(self) -> str:
        """The tree as plain text, one token a line."""
        return "\n".join(_lines(self))


def explain(text: str, scorer: Scorer) -> Explanation:
    """The tree behind the default rules' answer for one post.

    >>> from mizaj.lexicon.scorer import LexiconSettings, load_scorer
    >>> tree = explain("accha nahi hai", load_scorer(LexiconSettings()))
    >>> [(t.text, t.rules) for t in tree.tokens if t.rules]
    [('accha', ('negated',))]
    """
    reading = scorer.read(text)
    result = reading.result
    return Explanation(
        text=text,
        answer=scorer.judge(text, result),
        root=result.root,
        probabilities={
            "negative": result.negative,
            "neutral": result.neutral,
            "positive": result.positive,
        },
        doubts=result.doubt,
        clauses=tuple(_clauses(reading, scorer)),
    )


def _clauses(reading: Reading, scorer: Scorer) -> Iterator[Clause]:
    """The tokens as clauses; a plain word, which rules pass over, stands with the telling token before it."""
    clauses: list[list[list[LexiconToken]]] = []
    place = group = None
    for token in reading.tokens:
        is_plain = (
            token.kind == WORD and not token.polarity and token.role in (0, ROLES.index("noise"))
        )
        # plain words at the beginning stand with the first telling token
        begins = place is not None and token.clause != place
        if not clauses or (not is_plain and begins):
            clauses.append([])
            group = None
        if not is_plain:
            place = token.clause
        if group is None or (token.kind == WORD and token.language != group):
            clauses[-1].append([])
            group = token.language
        clauses[-1][-1].append(token)
    for groups in clauses:
        made = tuple(_group(tokens, reading, scorer) for tokens in groups)
        yield Clause(sum(g.value for g in made), made)


def _group(tokens: list[LexiconToken], reading: Reading, scorer: Scorer) -> Group:
    leaves = tuple(_leaf(token, reading, scorer) for token in tokens)
    words = [t.language for t in tokens if t.kind == WORD]
    language = LANGUAGES[words[0]] if words else ""
    return Group(language, sum(leaf.value for leaf in leaves), leaves)


def _leaf(token: LexiconToken, reading: Reading, scorer: Scorer) -> ExplainedToken:
    fired = tuple(name for bit, name in enumerate(RULE_NAMES) if token.fired >> bit & 1)
    known = scorer.lexicon.known(token.entry).entry if token.entry >= 0 else None
    idle = scorer.lexicon.weights.idle_negation if _IDLE in fired else 0.0
    return ExplainedToken(
        text=reading.text[token.start : token.end],
        kind=KIND_NAMES[token.kind],
        language=LANGUAGES[token.language] if token.kind == WORD else "",
        entry=known.word if known else "",
        source=known.source if known else "",
        role=ROLES[token.role],
        polarity=token.polarity,
        factor=token.factor,
        value=token.factor * token.polarity + idle,
        neutrality=token.neutrality,
        rules=fired,
    )


def _lines(tree: Explanation) -> Iterator[str]:
    answer = tree.answer
    yield (
        f"{answer.sentiment}  score {answer.score:+.2f}  confidence {answer.confidence:.2f}  "
        f"language {answer.language}  cmi {answer.cmi:.0f}"
    )
    if tree.note:
        yield tree.note
    yield f"root {tree.root:+.2f}" + (f"  in doubt ({tree.doubts})" if tree.doubts else "")
    for number, clause in enumerate(tree.clauses, start=1):
        yield f"|- clause {number}: {clause.value:+.2f}"
        for group in clause.groups:
            yield f"|  |- {group.language or 'symbols'}: {group.value:+.2f}"
            for token in group.tokens:
                yield f"|  |  |- {_token_line(token)}"
    if tree.weights:
        yield f"weighed by the {answer.tier} model, for positive (+) or negative (-):"
        largest = sorted(tree.weights, key=lambda each: -abs(each[1]))[:_MOST_WEIGHTS]
        yield from (f"|- {name:<22}{weight:+.2f}" for name, weight in largest)


def _token_line(token: ExplainedToken) -> str:
    parts = [f"{token.text:<16}"]
    if token.value or token.polarity:
        parts.append(f"{token.polarity:+.2f} x {token.factor:.2f} = {token.value:+.2f}")
    if token.role and token.role != "noise":
        parts.append(token.role)
    if token.entry and token.entry != token.text.lower():
        parts.append(f"= {token.entry}")
    if abs(token.neutrality) >= _SHOWN_NEUTRALITY:
        parts.append(f"neutral {token.neutrality:+.2f}")
    if token.rules:
        parts.append(f"[{', '.join(token.rules)}]")
    if token.kind not in ("word", "emoji", "emoticon"):
        parts.append(f"({token.kind})")
    return "  ".join(parts).rstrip()
