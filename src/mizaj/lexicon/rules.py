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

NEUTRAL = LABELS.index("neutral")
"""The class before it is negative, the one after it positive."""

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
MODIFIERS = ONE << INTENSIFIER | ONE << DAMPER
NEGATORS = ONE << NEGATOR | ONE << PROHIBITION
CUTS = ONE << CONJUNCTION | ONE << CONTRAST | ONE << CONCESSION
"""The roles at which a clause begins."""
SHIFTERS = ONE << CONCESSION | ONE << CONDITIONAL | ONE << WISH
"""The roles that change what the clause around them says."""

REACH = 5
"""How many tokens a modifier or negator may stand from its word: Hindi puts the verb's objects between."""
MOST_EXCLAIMS = 3
HOLLOW_WORDS = 2
REPLY_WORDS = 2


def score_post(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """Apply every rule to the tokens that `twin.gather` kept, and write scores and probabilities to `result`."""
    roles = result.roles
    count = result.n_of_kind
    result.doubt = 0
    result.n_idle = 0
    number_clauses(tokens, n)
    if result.loudness & (ELONGATED | CAPS):
        emphasise(tokens, n, weights, result)
    if count[EMOJI] + count[EMOTICON] > 0:
        fade_repeats(tokens, n, weights)
    if roles & MODIFIERS:
        modify(tokens, n, weights)
    if roles & NEGATORS:
        negate(tokens, n, weights, result)
    if roles & SHIFTERS:
        shift(tokens, n, weights)
    if roles & ONE << CONTRAST:
        contrast(tokens, n, weights)
    if count[EXCLAIM] + count[QUESTION] > 0:
        cry_out(tokens, n, weights)
    if roles & ONE << LETDOWN:
        spot_irony(tokens, n, weights, result)
    if has_early_mark(tokens, n):
        spot_hollow_praise(tokens, n, weights, result)
    if count[EMOJI] + count[EMOTICON] > 0:
        weigh_symbols(tokens, n, weights, result)
    add_up(tokens, n, weights, result)


def number_clauses(tokens: Sequence[LexiconToken], n: int) -> None:
    """Number the clauses: a new one begins after marks, and at a conjunction."""
    clause = 0
    was_mark = 0
    i = 0
    while i < n:
        is_mark = tokens[i].kind >= EXCLAIM
        clause += (was_mark & (1 - is_mark)) | (CUTS >> tokens[i].role & 1)
        was_mark = is_mark
        tokens[i].clause = clause
        i += 1


def sentence_end(tokens: Sequence[LexiconToken], begin: int, n: int) -> int:
    """Where the sentence that begins at `begin` ends: past its closing marks."""
    end = begin
    while end < n and not EXCLAIM <= tokens[end].kind <= STOP:
        end += 1
    while end < n and tokens[end].kind >= EXCLAIM:
        end += 1
    return end


def emphasise(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
    """Elongation, and capitals where not all is in capitals (or all is one word), make a word stronger."""
    i = 0
    while i < n:
        if tokens[i].flags & (ELONGATED | CAPS) and tokens[i].kind == WORD:
            if tokens[i].flags & ELONGATED:
                tokens[i].factor *= 1.0 + weights.elongation
                tokens[i].fired = EMPHASISED
            if tokens[i].flags & CAPS and (result.n_quiet > 0 or result.n_words == 1):
                tokens[i].factor *= 1.0 + weights.caps
                tokens[i].fired = EMPHASISED
        i += 1


def fade_repeats(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """The second of two equal emoji says less than the first."""
    i = 1
    while i < n:
        if tokens[i].kind in (EMOJI, EMOTICON) and tokens[i].hash == tokens[i - 1].hash:
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


def negate(tokens: Sequence[LexiconToken], n: int, weights: Weights, result: Result) -> None:
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
                result.n_idle += 1
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
    """Concession, conditions and wishes: each holds for its clause, the first of them once.

    However often it is said: so the work stays in proportion to the words.
    """
    shifted = -1
    i = 0
    while i < n:
        if (
            SHIFTERS >> tokens[i].role & 1
            and tokens[i].kind == WORD
            and tokens[i].clause != shifted
        ):
            shift_clause(tokens, i, n, weights)
            shifted = tokens[i].clause
        i += 1


def shift_clause(tokens: Sequence[LexiconToken], i: int, n: int, weights: Weights) -> None:
    """Apply what the word at `i` says of its clause."""
    end = clause_end(tokens, i, n)
    if tokens[i].role == CONCESSION:
        scale(tokens, i + 1, end, weights.concession, CONCEDED)
    elif tokens[i].role == CONDITIONAL:
        scale(tokens, i + 1, end, weights.conditional, SUPPOSED)
    else:
        # English wishes come first (`I wish`), Hindi ones on either side (`behtar ho sakta tha`)
        start = i + 1 if tokens[i].language == ENGLISH else clause_begin(tokens, i)
        unwish(tokens, start, end, weights)


def contrast(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """What stands before the last word of contrast in its sentence counts less, what stands after it more."""
    start = 0
    while start < n:
        end = sentence_end(tokens, start, n)
        turn_at = end - 1
        while turn_at >= start and not (
            tokens[turn_at].role == CONTRAST and tokens[turn_at].kind == WORD
        ):
            turn_at -= 1
        if turn_at >= start:
            scale(tokens, start, turn_at, weights.before_contrast, CONTRASTED)
            scale(tokens, turn_at + 1, end, weights.after_contrast, CONTRASTED)
        start = end


def cry_out(tokens: Sequence[LexiconToken], n: int, weights: Weights) -> None:
    """The marks that close a sentence act on all of it: exclamations raise it (the last run of them), questions doubt.

    Read from the end, so that the marks come before their sentence.
    """
    factor = 1.0
    rules = 0
    in_sentence = True
    i = n - 1
    while i >= 0:
        kind = tokens[i].kind
        if EXCLAIM <= kind <= STOP:
            if in_sentence:
                factor = 1.0
                rules = 0
                in_sentence = False
            if kind == EXCLAIM and not rules & EMPHASISED:
                factor *= 1.0 + weights.exclaim * min(
                    tokens[i].end - tokens[i].start, MOST_EXCLAIMS
                )
                rules |= EMPHASISED
            elif kind == QUESTION and not rules & QUESTIONED:
                factor *= weights.question
                rules |= QUESTIONED
        elif kind != COMMA:
            in_sentence = True
            tokens[i].factor *= factor
            if tokens[i].polarity != 0.0:
                tokens[i].fired |= rules
        i -= 1


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


def has_early_mark(tokens: Sequence[LexiconToken], n: int) -> bool:
    """Whether a mark stands among the first `HOLLOW_WORDS` words and their marks."""
    i = 0
    while i < n and tokens[i].place <= HOLLOW_WORDS:
        if tokens[i].kind >= EXCLAIM:
            return True
        i += 1
    return False


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
    root = weights.idle_negation * result.n_idle
    opinion = 0.0
    i = 0
    while i < n:
        share = tokens[i].factor * tokens[i].polarity
        root += share
        opinion += abs(share)
        i += 1
    count = result.n_of_kind
    neutral = weights.neutral_bias + result.neutrality
    neutral += weights.neutral_question * count[QUESTION] + weights.neutral_url * count[URL]
    neutral += weights.neutral_mention * count[MENTION] + weights.neutral_number * count[NUMBER]
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
    is_positive = (result.positive > result.neutral) & (result.positive >= result.negative)
    is_negative = (result.negative > result.neutral) & (result.negative > result.positive)
    # without a branch: which class it is cannot be foretold
    result.label = NEUTRAL + is_positive - is_negative
    result.confidence = max(result.neutral, result.positive, result.negative)


def bounded(logit: float) -> float:
    """The logit cut to what `exp` can take without loss."""
    return max(-30.0, min(30.0, logit))
