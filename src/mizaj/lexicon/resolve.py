"""What a word that stands in no dictionary as it is written may be: the same word stretched, respelt or inflected."""

from __future__ import annotations

import functools

from mizaj.lexicon import layout
from mizaj.lexicon.packed import Known, Lexicon
from mizaj.text.language import load_word_language, script, squeeze
from mizaj.text.phonetic import phonetic_key
from mizaj.text.tokens import cut_runs

SHORTEST_STEM = 4
"""Bytes: shorter words begin too many others (`bad`, `badal` = cloud)."""
_LONGEST_TRIED = 48
"""Bytes: what is longer is no misspelt word, and trying it would cost more than it tells."""


def resolve(word: str, lexicon: Lexicon) -> tuple[Known | None, int]:
    """What is known of a folded word, by the first of these that finds something, and its language logit.

    1. the word as it is; 2. its long runs cut to three, two, one: the first that tells something (`baaaad` is `bad`,
    not `baad`, which means after), else the first; 3. for romanised Hindi, a word that sounds the same; 4. the longest
    listed opinion word of four bytes or more of which it is an inflection.
    """
    found = lexicon.find(word)
    if found and not found.flags & layout.IS_EMOTICON:
        return found, found.logit
    if len(word.encode()) > _LONGEST_TRIED:
        return None, 0
    return _resolve_unknown(word, lexicon)


@functools.lru_cache(maxsize=1 << 15)
def _resolve_unknown(word: str, lexicon: Lexicon) -> tuple[Known | None, int]:
    known = _shortened(word, lexicon)
    if known:
        return known, known.logit
    word = cut_runs(word, 1)
    language, logit = _guess(word)
    if language == "hi-Latn":
        found = lexicon.find(layout.SOUND + phonetic_key(word))
        if found:
            return found, logit
    return _stem(word, language, lexicon), logit


def _shortened(word: str, lexicon: Lexicon) -> Known | None:
    shorter = [cut_runs(word, length) for length in (3, 2, 1)]
    found = [lexicon.find(each) for each in shorter if each != word]
    known = [each for each in found if each and not each.flags & layout.IS_EMOTICON]
    telling = [each for each in known if each.flags & layout.TELLS]
    return next(iter([*telling, *known]), None)


def _guess(word: str) -> tuple[str, int]:
    of = script(word)
    if of == "Devanagari":
        return "hi", 0
    if of != "Latin":
        return "other", 0
    logit = load_word_language().character_logit(squeeze(word, 2))
    return ("hi-Latn" if logit > 0 else "en"), logit


def _stem(word: str, language: str, lexicon: Lexicon) -> Known | None:
    encoded = word.encode()
    best = None
    for used, number in lexicon.trie.prefixes(word):
        if used < SHORTEST_STEM:
            continue
        ending = encoded[used:].decode(errors="replace")
        known = lexicon.known(number)
        if (
            known.entry.polarity
            and not known.entry.role
            and known.entry.language == language
            and lexicon.trie.find(layout.SUFFIX + language + ending) is not None
        ):
            best = known
    return best
