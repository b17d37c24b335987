"""A post scored in plain Python: what the compiled kernel must equal, and what runs where there is no compiler."""

from __future__ import annotations

from dataclasses import dataclass, field

from mizaj.lexicon import layout, rules
from mizaj.lexicon.entries import LABELS, LANGUAGES, ROLES
from mizaj.lexicon.packed import Known, Lexicon
from mizaj.lexicon.resolve import resolve
from mizaj.text import tokens as kinds
from mizaj.text.language import load_word_language, script, smooth

LONGEST_PHRASE = 4
SYMBOL = LANGUAGES.index("symbol")
OTHER = LANGUAGES.index("other")
_SCRIPT_LANGUAGE = {"Devanagari": LANGUAGES.index("hi"), "Latin": LANGUAGES.index("en")}
_SILENT = (ROLES.index(""), ROLES.index("noise"))
_HI_LATN = LANGUAGES.index("hi-Latn")
_LOGIT_LIMIT = 127


@dataclass(slots=True)
class LexiconToken:
    """A token with what the lexicon knows of it and what the rules make of it: `Token` of `text/_scan.pxd`."""

    hash: str
    kind: int
    flags: int
    start: int
    end: int
    entry: int = -1
    head: int = -1
    entry_flags: int = 0
    role: int = 0
    language: int = SYMBOL
    logit: int = 0
    polarity: float = 0.0
    neutrality: float = 0.0
    weight: float = 0.0
    n_words: int = 1
    factor: float = 1.0
    fired: int = 0
    is_followed: bool = False
    place: int = 0
    clause: int = 0
    group: int = 0


@dataclass(slots=True)
class Result:
    """What the rules say of a post: the root of the tree, the probabilities, and how many doubts there are."""

    root: float = 0.0
    positive: float = 0.0
    neutral: float = 0.0
    negative: float = 0.0
    confidence: float = 0.0
    label: int = LABELS.index("neutral")
    doubt: int = 0
    neutrality: float = 0.0
    roles: int = 0
    n_words: int = 0
    n_quiet: int = 0
    n_idle: int = 0
    loudness: int = 0
    n_of_kind: list[int] = field(default_factory=lambda: [0] * len(kinds.KIND_NAMES))
    n_by_language: list[int] = field(default_factory=lambda: [0] * len(LANGUAGES))


def score_text(text: str, lexicon: Lexicon) -> tuple[list[LexiconToken], Result]:
    """The tokens of a post after every rule, and the result."""
    tokens = read_tokens(kinds.compatible(text), lexicon)
    result = Result()
    for token in tokens:
        if token.kind == kinds.WORD:
            result.n_by_language[token.language] += token.n_words
    telling = gather(tokens, result)
    rules.score_post(telling, len(telling), lexicon.weights, result)
    return tokens, result


def read_tokens(text: str, lexicon: Lexicon) -> list[LexiconToken]:
    """The tokens of a post with their entries, phrases joined, languages decided."""
    tokens = [_look_up(token, lexicon) for token in kinds.tokenise(text, lexicon.emoticons)]
    decide_languages(tokens)
    return join_phrases(tokens, lexicon)


def gather(tokens: list[LexiconToken], result: Result) -> list[LexiconToken]:
    """The tokens that the rules look at: all but plain words without an opinion, which only part others.

    What those say (their number, their neutrality, a switch of language) goes into `result`, and into `place` and
    `group` of the others.
    """
    telling = []
    language = SYMBOL
    group = 0
    for place, token in enumerate(tokens):
        result.neutrality += token.neutrality
        result.n_of_kind[token.kind] += 1
        result.n_quiet += token.kind == kinds.WORD and not token.flags & kinds.CAPS
        if token.language not in (language, SYMBOL):
            language = token.language
            group += 1
        if token.kind != kinds.WORD or token.polarity or token.role not in _SILENT:
            token.place, token.group = place, group
            token.is_followed = place + 1 < len(tokens) and tokens[place + 1].kind == kinds.WORD
            result.roles |= 1 << token.role
            result.loudness |= token.flags
            telling.append(token)
    result.n_words = result.n_of_kind[kinds.WORD]
    return telling


def _look_up(token: kinds.Token, lexicon: Lexicon) -> LexiconToken:
    made = LexiconToken(token.folded, token.kind, token.flags, token.start, token.end)
    if token.kind == kinds.WORD:
        found, logit = resolve(token.folded, lexicon)
        made.language, made.logit = _script_language(token.folded), logit
    elif token.kind in (kinds.EMOJI, kinds.EMOTICON, kinds.NUMBER):
        found = lexicon.find(token.folded)
        if token.kind == kinds.EMOJI and not found:
            found = lexicon.find(token.folded[0])
    else:
        found = None
    if found:
        _fill(made, found)
    return made


def _script_language(word: str) -> int:
    """The language code of a word by its script; of a Latin one, English until its neighbours are heard."""
    of = script(word)
    return SYMBOL if of == "other" and word.isascii() else _SCRIPT_LANGUAGE.get(of, OTHER)


def _fill(token: LexiconToken, found: Known) -> None:
    entry = found.entry
    token.entry, token.head, token.entry_flags = found.number, found.head, found.flags
    token.role = ROLES.index(entry.role)
    token.polarity, token.neutrality, token.weight = entry.polarity, entry.neutrality, entry.weight


def decide_languages(tokens: list[LexiconToken]) -> None:
    """English or romanised Hindi for each Latin word, by its logit and its neighbours' (`text.language.smooth`)."""
    words = [t for t in tokens if t.kind == kinds.WORD]
    latin = [t.language == _SCRIPT_LANGUAGE["Latin"] for t in words]
    logits = [t.logit if is_latin else 0 for t, is_latin in zip(words, latin, strict=True)]
    smoothed = smooth(logits, load_word_language().switch_cost)
    for token, is_latin, logit in zip(words, latin, smoothed, strict=True):
        if is_latin and logit > 0:
            token.language = _HI_LATN


def join_phrases(tokens: list[LexiconToken], lexicon: Lexicon) -> list[LexiconToken]:
    """Words that form a listed phrase, the longest first from the left, joined into one token."""
    joined = []
    i = 0
    while i < len(tokens):
        length, found = 1, None
        if tokens[i].entry_flags & layout.STARTS_PHRASE:
            length, found = _longest_phrase(tokens[i : i + LONGEST_PHRASE], lexicon)
        joined.append(_join(tokens[i : i + length], found) if found else tokens[i])
        i += length
    return joined


def _longest_phrase(tokens: list[LexiconToken], lexicon: Lexicon) -> tuple[int, Known | None]:
    best: tuple[int, Known | None] = (1, None)
    heads = ""
    for length, token in enumerate(tokens, start=1):
        if token.kind not in (kinds.WORD, kinds.NUMBER) or token.entry < 0:
            break
        heads += (" " if heads else "") + lexicon.known(token.head).entry.word
        found = lexicon.find(heads) if length > 1 else None
        if found:
            best = (length, found)
    return best


def _join(tokens: list[LexiconToken], found: Known) -> LexiconToken:
    """One token for several: its entry is the phrase's, its language the first word's."""
    whole = tokens[0]
    languages = [t.language for t in tokens if t.kind == kinds.WORD and t.language != SYMBOL]
    _fill(whole, found)
    whole.kind = kinds.WORD
    whole.language = languages[0] if languages else SYMBOL
    whole.end = tokens[-1].end
    whole.n_words = len(tokens)
    for token in tokens[1:]:
        whole.flags |= token.flags
    return whole
