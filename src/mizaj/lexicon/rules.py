"""How the words of a post make its polarity: clauses, language groups, and the rules that act in them.

The base is Algorithm 2 of the second paper: the post is cut into clauses at commas and conjunctions; inside a clause,
neighbours of one language form a group, rules act inside the group first and across the language switch second; the
clauses are combined at the root. Every rule acts by multiplying the `factor` of the words it concerns, so that

    root = sum of factor x polarity over all tokens

and the share of each token, group and clause in the answer can be read off (`mizaj explain`).

This file is both the plain-Python rules and, through `rules.pxd`, the compiled ones: tokens are anything with the
attributes of `Token` in `text/_scan.pxd`. It keeps to what both understand: loops, numbers, attributes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mizaj.lexicon.entries import LABELS, LANGUAGES, ROLES
from mizaj.text import tokens as kinds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mizaj.lexicon.twin import LexiconToken, Result
    from mizaj.lexicon.weights import Weights

NEGATOR = ROLES.index("negator")
PROHIBITION = ROLES.index("prohibition")
INTENSIFIER = ROLES.index("intensifier")
DAMPER = ROLES.index("damper")
CONJUNCTION = ROLES.index("conjunction")
CONTRAST = ROLES.index("contrast")
CONCESSION = ROLES.index("concession")
COMPARISON = ROLES.index("comparison")
CONDITIONAL = ROLES.index("conditional")
WISH = ROLES.index("wish")
LETDOWN = ROLES.index("letdown")
NOISE = ROLES.index("noise")

WORD = kinds.WORD
NUMBER = kinds.NUMBER
MENTION = kinds.MENTION
URL = kinds.URL
EMOJI = kinds.EMOJI
EMOTICON = kinds.EMOTICON
EXCLAIM = kinds.EXCLAIM
QUESTION = kinds.QUESTION
ELLIPSIS = kinds.ELLIPSIS
STOP = kinds.STOP
COMMA = kinds.COMMA
CAPS = kinds.CAPS
ELONGATED = kinds.ELONGATED

ENGLISH = LANGUAGES.index("en")
SYMBOL = LANGUAGES.index("symbol")

NEGATIVE = LABELS.index("negative")
NEUTRAL = LABELS.index("neutral")
POSITIVE = LABELS.index("positive")

NEGATED = 1
INTENSIFIED = 2
DAMPED = 4
EMPHASISED = 8
CONTRASTED = 16
CONCEDED = 32
QUESTIONED = 64
SUPPOSED = 128
WISHED = 256
MOCKED = 512
REPEATED = 1024
IRONIC = 2048
IDLE = 4096
HOLLOW = 8192
RULE_NAMES = (
    "negated", "intensified", "damped", "emphasised", "contrasted", "conceded", "questioned",
    "supposed", "wished", "mocked", "repeated", "ironic", "idle negation", "hollow praise",
)  # fmt: skip
"""The name of each bit of a token's `fired`, lowest first."""

ONE = 1
KIND_BIT = 32
"""Bits of `roles_in` from here on are kinds of token."""
SYMBOLS = ONE << (KIND_BIT + EMOJI) | ONE << (KIND_BIT + EMOTICON)
SHIFTING = (
    ONE << (KIND_BIT + EXCLAIM) | ONE << (KIND_BIT + QUESTION)
    | ONE << CONTRAST | ONE << CONCESSION | ONE << CONDITIONAL | ONE << WISH
)  # fmt: skip

REACH = 5
"""How many tokens a modifier or negator may stand from its word: Hindi puts the verb's objects between."""
MOST_EXCLAIMS = 3
HOLLOW_WORDS = 2
REPLY_WORDS = 2


def score_post(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """Apply every rule to the tokens that `gather` kept, and write scores and probabilities to `result`."""
    roles = result.roles
    result.doubt = 0
    set_own_strength(tokens, n, weights, result)
    mark_clauses(tokens, n)
    if roles & (ONE << INTENSIFIER | ONE << DAMPER):
        modify(tokens, n, weights)
    if roles & (ONE << NEGATOR | ONE << PROHIBITION):
        negate(tokens, n, weights)
    if roles & SHIFTING:
        shift(tokens, n, weights)
    if roles & ONE << LETDOWN:
        spot_irony(tokens, n, weights, result)
    spot_hollow_praise(tokens, n, weights, result)
    if roles & SYMBOLS:
        weigh_symbols(tokens, n, weights, result)
    add_up(tokens, n, weights, result)


def gather(tokens: list[LexiconToken], n: int, result: Result) -> int:
    """Move the tokens that rules look at to the front, in order; how many they are.

    Plain words without an opinion only part others: what they say (their number, their neutrality, a switch of
    language) goes into `result`, and into `place` and `group` of the tokens kept.
    """
    kept = 0
    group = 0
    language = SYMBOL
    roles = 0
    n_words = 0
    n_quiet = 0
    neutral = 0.0
    i = 0
    while i < n:
        kind = tokens[i].kind
        neutral += tokens[i].neutrality
        if kind == WORD:
            n_words += 1
            n_quiet += (tokens[i].flags & CAPS) == 0
            if tokens[i].language not in (language, SYMBOL):
                language = tokens[i].language
                group += 1
        if kind != WORD or tokens[i].polarity != 0.0 or tokens[i].role not in (0, NOISE):
            tokens[i].place = i
            tokens[i].group = group
            tokens[i].is_followed = i + 1 < n and tokens[i + 1].kind == WORD
            roles |= ONE << tokens[i].role
            if kind >= EMOJI:
                roles |= ONE << (KIND_BIT + kind)
            tokens[kept] = tokens[i]
            kept += 1
        i += 1
    result.roles = roles
    result.n_words = n_words
    result.n_quiet = n_quiet
    result.neutrality = neutral
    return kept


def mark_clauses(tokens: Sequence[LexiconToken], n: int) -> None:
    """Number the clauses: a new one begins after marks, and at a conjunction."""
    clause = 0
    was_mark = False
    i = 0
    while i < n:
        is_mark = tokens[i].kind >= EXCLAIM
        if (was_mark and not is_mark) or tokens[i].role in (CONJUNCTION, CONTRAST, CONCESSION):
            clause += 1
        tokens[i].clause = clause
        was_mark = is_mark
        i += 1


def sentence_end(tokens: Sequence[LexiconToken], begin: int, n: int) -> int:
    """Where the sentence that begins at `begin` ends: past its closing marks."""
    end = begin
    while end < n and not EXCLAIM <= tokens[end].kind <= STOP:
        end += 1
    while end < n and tokens[end].kind >= EXCLAIM:
        end += 1
    return end


def set_own_strength(
    tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result
) -> None:
    """What a word says of its own strength: capitals (where not all is in capitals), elongation, repetition."""
    i = 0
    while i < n:
        tokens[i].factor = 1.0
        tokens[i].fired = 0
        if tokens[i].flags & (ELONGATED | CAPS) and tokens[i].kind == WORD:
            if tokens[i].flags & ELONGATED:
                tokens[i].factor *= 1.0 + weights.elongation
                tokens[i].fired = EMPHASISED
            if tokens[i].flags & CAPS and result.n_quiet > 0:
                tokens[i].factor *= 1.0 + weights.caps
                tokens[i].fired = EMPHASISED
        elif i > 0 and tokens[i].kind in (EMOJI, EMOTICON) and tokens[i].hash == tokens[i - 1].hash:
            tokens[i].factor = weights.repeat
            tokens[i].fired = REPEATED
        i += 1


def is_polar(tokens: Sequence[LexiconToken], i: int, weights: Weights) -> bool:
    """Whether token `i` is a word with an opinion of its own."""
    if tokens[i].kind != WORD or tokens[i].role in (INTENSIFIER, DAMPER):
        return False
    polarity = tokens[i].polarity
    return polarity >= weights.polar_floor or polarity <= -weights.polar_floor


def next_polar(tokens: Sequence[LexiconToken], i: int, n: int, step: int, weights: Weights) -> int:
    """The nearest opinion word after (`step` 1) or before (-1) token `i` in its clause; -1 if there is none.

    It is looked for within `REACH` tokens. A word of the same language group wins over a nearer one across the switch:
    the grammar of a language is kept before languages are joined (second paper, section III.A.4).
    """
    across = -1
    j = i + step
    while 0 <= j < n and tokens[j].clause == tokens[i].clause:
        if step * (tokens[j].place - tokens[i].place) > REACH:
            break
        if is_polar(tokens, j, weights):
            if tokens[j].group == tokens[i].group:
                return j
            if across < 0:
                across = j
        elif tokens[j].role == NEGATOR and tokens[j].group == tokens[i].group:
            break
        j += step
    return across


def modify(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """Intensifiers and dampers act on the opinion word after them in the clause, else on the one before."""
    i = 0
    while i < n:
        role = tokens[i].role
        if role in (INTENSIFIER, DAMPER):
            target = next_polar(tokens, i, n, 1, weights)
            if target < 0:
                target = next_polar(tokens, i, n, -1, weights)
            if target >= 0:
                change = weights.intensity * tokens[i].weight
                if role == DAMPER:
                    tokens[target].factor *= max(1.0 - change, 0.1)
                    tokens[target].fired |= DAMPED
                else:
                    tokens[target].factor *= 1.0 + change
                    tokens[target].fired |= INTENSIFIED
                # its strength has gone into the word it modifies
                tokens[i].factor = 0.0
        i += 1


def negate(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """Negators turn the nearest opinion word; one without any is counted as idle, which leans negative."""
    i = 0
    while i < n:
        role = tokens[i].role
        # `accha hai na` asks for assent, it denies nothing
        if role == NEGATOR or (role == PROHIBITION and tokens[i].is_followed):
            target = negated_word(tokens, i, n, weights)
            if target >= 0:
                turn(tokens, i, target, weights)
            elif not is_reply(tokens, i, n):
                tokens[i].fired |= IDLE
        i += 1


def turn(tokens: Sequence[LexiconToken], i: int, target: int, weights: Weights) -> None:
    """The negator at `i` turns the word at `target`, once; after a comparison it makes a superlative instead.

    What is denied praise is blamed however mild the praise was, hence the fixed `negation_pull` beside the factor.
    """
    if tokens[target].fired & NEGATED:
        return
    if is_compared(tokens, i, target):
        # `isse ghatiya kuch nahi`: nothing is worse than this
        tokens[target].fired |= INTENSIFIED
        return
    tokens[target].fired |= NEGATED
    if tokens[target].polarity > 0.0:
        tokens[target].factor *= weights.negation_of_positive
        tokens[target].factor -= weights.negation_pull / tokens[target].polarity
    else:
        tokens[target].factor *= weights.negation_of_negative


def is_compared(tokens: Sequence[LexiconToken], i: int, target: int) -> bool:
    """Whether the negated word follows one of comparison (`isse`) and comes before its negator."""
    return (
        0 < target < i
        and tokens[target - 1].role == COMPARISON
        and tokens[target - 1].clause == tokens[target].clause
    )


def is_reply(tokens: Sequence[LexiconToken], i: int, n: int) -> bool:
    """Whether the negator only answers somebody: first in the post, and its clause over within two words."""
    if tokens[i].place != 0:
        return False
    last = clause_end(tokens, i, n) - 1
    is_closed = tokens[last].kind >= EXCLAIM and tokens[last].is_followed
    return is_closed and tokens[last].place <= REPLY_WORDS


def negated_word(tokens: Sequence[LexiconToken], i: int, n: int, weights: Weights) -> int:
    """The word that the negator at `i` turns: Hindi ones follow it first (`accha nahi`), English ones precede it."""
    target = -1
    if tokens[i].role == NEGATOR and tokens[i].language != ENGLISH:
        target = next_polar(tokens, i, n, -1, weights)
    if target < 0:
        target = next_polar(tokens, i, n, 1, weights)
    return target


def shift(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """Apply what holds for whole clauses, sentence by sentence."""
    begin = 0
    while begin < n:
        end = sentence_end(tokens, begin, n)
        shift_sentence(tokens, begin, end, weights)
        begin = end


def shift_sentence(tokens: Sequence[LexiconToken], begin: int, end: int, weights: Weights) -> None:
    """What holds for whole clauses: contrast, concession, conditions, wishes, questions, exclamations.

    Each holds once a clause, contrast once a sentence (at its last word of contrast), however often it is said: so
    the work stays in proportion to the words.
    """
    outcry = 1.0
    asked = 1.0
    turn_at = -1
    shifted = -1
    i = begin
    while i < end:
        if tokens[i].kind == EXCLAIM:
            n_marks = min(tokens[i].end - tokens[i].start, MOST_EXCLAIMS)
            outcry = 1.0 + weights.exclaim * n_marks
        elif tokens[i].kind == QUESTION:
            asked = weights.question
        elif tokens[i].kind == WORD and tokens[i].role == CONTRAST:
            turn_at = i
        elif (
            tokens[i].kind == WORD
            and tokens[i].clause != shifted
            and shift_clause(tokens, i, end, weights)
        ):
            shifted = tokens[i].clause
        i += 1
    if turn_at >= 0:
        scale(tokens, begin, turn_at, weights.before_contrast, CONTRASTED)
        scale(tokens, turn_at + 1, end, weights.after_contrast, CONTRASTED)
    if outcry != 1.0:
        scale(tokens, begin, end, outcry, EMPHASISED)
    if asked != 1.0:
        scale(tokens, begin, end, asked, QUESTIONED)


def shift_clause(tokens: Sequence[LexiconToken], i: int, end: int, weights: Weights) -> bool:
    """Apply what the word at `i` says of its clause; whether it says anything."""
    role = tokens[i].role
    if role == CONCESSION:
        scale(tokens, i + 1, clause_end(tokens, i, end), weights.concession, CONCEDED)
    elif role == CONDITIONAL:
        scale(tokens, i + 1, clause_end(tokens, i, end), weights.conditional, SUPPOSED)
    elif role == WISH:
        # English wishes come first (`I wish`), Hindi ones on either side (`behtar ho sakta tha`)
        start = i + 1 if tokens[i].language == ENGLISH else clause_begin(tokens, i)
        unwish(tokens, start, clause_end(tokens, i, end), weights)
    else:
        return False
    return True


def clause_end(tokens: Sequence[LexiconToken], i: int, end: int) -> int:
    """Where the clause of token `i` ends."""
    j = i + 1
    while j < end and tokens[j].clause == tokens[i].clause:
        j += 1
    return j


def clause_begin(tokens: Sequence[LexiconToken], i: int) -> int:
    """Where the clause of token `i` begins."""
    j = i
    while j > 0 and tokens[j - 1].clause == tokens[i].clause:
        j -= 1
    return j


def scale(tokens: Sequence[LexiconToken], begin: int, end: int, factor: float, rule: int) -> None:
    """Multiply the factors of tokens[begin:end], naming the rule on those that have an opinion."""
    i = begin
    while i < end:
        tokens[i].factor *= factor
        if tokens[i].polarity != 0.0:
            tokens[i].fired |= rule
        i += 1


def unwish(tokens: Sequence[LexiconToken], begin: int, end: int, weights: Weights) -> None:
    """What is wished for is not there: good things wished turn, bad ones fade."""
    i = begin
    while i < end:
        if tokens[i].polarity != 0.0:
            tokens[i].fired |= WISHED
            if tokens[i].polarity > 0.0 and not tokens[i].fired & NEGATED:
                tokens[i].factor *= weights.wish
            else:
                tokens[i].factor *= weights.conditional
        i += 1


def spot_irony(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """Praise that ends in a let-down (`so good ki main so gaya`): the praise turns, and the answer is in doubt."""
    praise = -1
    i = 0
    while i < n:
        if EXCLAIM <= tokens[i].kind <= STOP:
            praise = -1
        elif tokens[i].factor * tokens[i].polarity > 0.0 and is_polar(tokens, i, weights):
            praise = i
        elif tokens[i].role == LETDOWN and praise >= 0:
            tokens[praise].factor *= weights.irony
            tokens[praise].fired |= IRONIC
            result.doubt += 1
            praise = -1
        i += 1


def spot_hollow_praise(
    tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result
) -> None:
    """A word or two of praise, alone in front of a complaint (`Great, phir se train late`), is not meant."""
    begin = 0
    while begin < n and tokens[begin].kind != WORD:
        begin += 1
    end = begin
    praise = 0.0
    while end < n and tokens[end].kind < EXCLAIM:
        praise += tokens[end].factor * tokens[end].polarity
        end += 1
    if end >= n or tokens[end].place > HOLLOW_WORDS or praise < weights.polar_floor:
        return
    complaint = 0.0
    i = end
    while i < n:
        if tokens[i].kind == WORD:
            complaint += tokens[i].factor * tokens[i].polarity
            if tokens[i].fired & IDLE:
                complaint += weights.idle_negation
        i += 1
    if complaint <= -weights.polar_floor:
        scale(tokens, begin, end, weights.hollow, HOLLOW)
        result.doubt += 1


def weigh_symbols(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """Emoji against words: a scornful emoji takes the meaning out of praise; contradiction puts the answer in doubt."""
    words = 0.0
    symbols = 0.0
    i = 0
    while i < n:
        share = tokens[i].factor * tokens[i].polarity
        if tokens[i].kind in (EMOJI, EMOTICON):
            symbols += share
        else:
            words += share
        i += 1
    if words * symbols >= 0.0 or abs(words) < weights.polar_floor:
        return
    if abs(symbols) < weights.polar_floor:
        return
    result.doubt += 1
    if symbols < 0.0:
        i = 0
        while i < n:
            if tokens[i].kind == WORD and tokens[i].factor * tokens[i].polarity > 0.0:
                tokens[i].factor *= weights.mocked
                tokens[i].fired |= MOCKED
            i += 1


def add_up(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """The root of the tree, and the probabilities of the three classes by multinomial logits."""
    root = 0.0
    opinion = 0.0
    neutral = weights.neutral_bias + result.neutrality
    i = 0
    while i < n:
        share = tokens[i].factor * tokens[i].polarity
        root += share
        opinion += abs(share)
        if tokens[i].fired & IDLE:
            root += weights.idle_negation
        if tokens[i].kind == QUESTION:
            neutral += weights.neutral_question
        elif tokens[i].kind == URL:
            neutral += weights.neutral_url
        elif tokens[i].kind == MENTION:
            neutral += weights.neutral_mention
        elif tokens[i].kind == NUMBER:
            neutral += weights.neutral_number
        i += 1
    neutral += weights.neutral_length * math.sqrt(result.n_words)
    neutral += weights.neutral_opinion * (math.sqrt(1.0 + opinion) - 1.0)
    calm = 1.0 / (1.0 + weights.doubt * result.doubt)
    positive = math.exp(bounded(calm * (weights.bias_positive + weights.gain * root - neutral)))
    negative = math.exp(bounded(calm * (weights.bias_negative - weights.gain * root - neutral)))
    total = positive + negative + 1.0
    result.root = root
    result.positive = positive / total
    result.neutral = 1.0 / total
    result.negative = negative / total
    decide(result)


def decide(result: Result) -> None:
    """The likeliest class, neutral on a tie, and how likely it is."""
    if result.neutral >= result.positive and result.neutral >= result.negative:
        result.label = NEUTRAL
        result.confidence = result.neutral
    elif result.positive >= result.negative:
        result.label = POSITIVE
        result.confidence = result.positive
    else:
        result.label = NEGATIVE
        result.confidence = result.negative


def bounded(logit: float) -> float:
    """The logit cut to what `exp` can take without loss."""
    return max(-30.0, min(30.0, logit))
