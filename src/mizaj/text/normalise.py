"""One plain text for the many ways of writing it: Unicode, case, elongation, short forms, spelling, emoji, and more.

The order is fixed, because each part needs the ones before it:

1. Unicode form; then the text is cut into tokens (`tokens.tokenise`), the rest of it stays as it is
2. mentions, links, numbers: kept, masked or dropped; emoji: kept, named or dropped
3. for each word: case, elongation, contractions, abbreviations, spelling, stop words, lemma or stem
4. white space, and the Unicode form again (lower case and names may have undone it)

Words that mean different things in different languages are expanded, spelt, dropped and stemmed by the language that
`language.word_languages` gives them in their post. Time is linear in the length of the text.
"""

from __future__ import annotations

import functools
import importlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, Literal

from mizaj.errors import ExtraMissing, SettingError
from mizaj.text import tokens as tk
from mizaj.text.language import EN, HI, word_languages

_DATA = Path(__file__).parent / "data"
_ALLOWED: Final[dict[str, tuple[object, ...]]] = {
    "form": ("NFC", "NFKC"),
    "case": ("lower", "keep"),
    "whitespace": ("single", "keep"),
    "elongation": (0, 1, 2, 3),
    "emoji": ("keep", "words", "drop"),
    "mentions": ("keep", "mask", "drop"),
    "links": ("keep", "mask", "drop"),
    "numbers": ("keep", "mask", "drop"),
    "reduce": ("keep", "lemma", "stem"),
}
MASKS = {tk.MENTION: "@user", tk.URL: "http", tk.NUMBER: "0"}
"""What stands for a mention, a link and a number that are masked; the first two as in TweetEval."""

# Spelling: shorter words have too many neighbours, longer ones are no words.
_SHORTEST_SPELT, _LONGEST_SPELT = 4, 24
_MAX_EDITS = 1
_SPACE = re.compile(r"\s+")
_SPELLABLE = re.compile(f"[a-z]{{{_SHORTEST_SPELT},{_LONGEST_SPELT}}}")
_EMOJI_DRESS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]+")


@dataclass(frozen=True)
class NormaliseSettings:
    """What is done to a text; `keep`, 0 and False leave it alone. Checked when made: `SettingError`.

    `form` is the Unicode form, `NFC` or (compatibility) `NFKC`. `elongation` is the longest run of one letter that
    stays where three or more stand: the papers use 3 (lexicon), 2 (learning) and 1. `expand_abbreviations` covers
    English (`plz`) and romanised Hindi (`nhi`). `correct_spelling` (needs symspellpy) changes English words alone that
    are in no list. `reduce` is `lemma` (simplemma) or `stem` (snowballstemmer), for English and Devanagari.
    """

    form: Literal["NFC", "NFKC"] = "NFC"
    case: str = "lower"
    whitespace: str = "single"
    elongation: int = 2
    expand_contractions: bool = False
    expand_abbreviations: bool = False
    correct_spelling: bool = False
    emoji: str = "keep"
    mentions: str = "keep"
    links: str = "keep"
    numbers: str = "keep"
    drop_stop_words: bool = False
    reduce: str = "keep"

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed or isinstance(value, bool):
                shown = ", ".join(str(item) for item in allowed)
                message = f"{name} is {value!r}; allowed: {shown}"
                raise SettingError(message)

    @property
    def needs_language(self) -> bool:
        """Whether words are treated by their language."""
        by_language = self.expand_contractions or self.expand_abbreviations or self.correct_spelling
        return by_language or self.drop_stop_words or self.reduce != "keep"


DEFAULT = NormaliseSettings()


def normalise(text: str, settings: NormaliseSettings = DEFAULT) -> str:
    """The text in plain form; `""` for an empty one.

    Raises `ExtraMissing` when a setting needs a library that is not installed.

    >>> normalise("Yeh  movie  achhhhhi NAHI hai")
    'yeh movie achhi nahi hai'
    >>> settings = NormaliseSettings(expand_contractions=True, expand_abbreviations=True, mentions="drop")
    >>> normalise("@mizaj plz don't do this, yeh nhi chalega", settings)
    'please do not do this, yeh nahi chalega'
    >>> normalise("so good 👍🏽", NormaliseSettings(emoji="words"))
    'so good thumbs up sign'
    """
    text = unicodedata.normalize(settings.form, text)
    tokens = tk.tokenise(text)
    languages = _languages(tokens) if settings.needs_language else {}
    pieces, end = [], 0
    for place, token in enumerate(tokens):
        pieces.append(_between(text[end : token.start], settings))
        written = text[token.start : token.end]
        if token.kind == tk.WORD:
            pieces.append(_word(written, languages.get(place, ""), settings))
        else:
            pieces.append(_symbol(written, token.kind, settings))
        end = token.end
    pieces.append(_between(text[end:], settings))
    plain = unicodedata.normalize(settings.form, "".join(pieces))
    return _SPACE.sub(" ", plain).strip() if settings.whitespace == "single" else plain


def emoji_words(emoji: str) -> str:
    """The names of the characters of an emoji in lower case, without skin tones and joiners.

    >>> emoji_words("❤️"), emoji_words("👩🏽‍🚀")
    ('heavy black heart', 'woman rocket')
    """
    bare = _EMOJI_DRESS.sub("", emoji)
    return " ".join(name for char in bare if (name := unicodedata.name(char, "").lower()))


def _languages(tokens: list[tk.Token]) -> dict[int, str]:
    places = [place for place, token in enumerate(tokens) if token.kind == tk.WORD]
    words = [tokens[place].folded for place in places]
    return dict(zip(places, word_languages(words), strict=True))


def _between(text: str, settings: NormaliseSettings) -> str:
    return text.lower() if settings.case == "lower" else text


def _symbol(written: str, kind: int, settings: NormaliseSettings) -> str:
    if kind == tk.EMOJI:
        if settings.emoji == "words":
            return f" {emoji_words(written)} "
        return " " if settings.emoji == "drop" else written
    choices = {tk.MENTION: settings.mentions, tk.URL: settings.links, tk.NUMBER: settings.numbers}
    choice = choices.get(kind, "keep")
    if choice == "mask":
        return MASKS[kind]
    # a link keeps its case, which is part of its address
    return "" if choice == "drop" else (written if kind == tk.URL else _between(written, settings))


def _word(written: str, language: str, settings: NormaliseSettings) -> str:
    word = _between(written, settings)
    if settings.elongation:
        word = tk.cut_runs(word, settings.elongation)
    if not settings.needs_language:
        return word
    folded = tk.fold(unicodedata.normalize("NFC", word))
    changed = _expand(folded, language, settings)
    if changed != folded:
        return changed
    if settings.correct_spelling and language == EN:
        folded = _spell(folded)
    if settings.drop_stop_words and (folded, language) in _stop_words():
        return ""
    if settings.reduce != "keep" and language in {EN, HI}:
        folded = _REDUCERS[settings.reduce](folded, language)
    # what nothing changed stays as it was written
    return word if folded == tk.fold(unicodedata.normalize("NFC", word)) else folded


def _expand(folded: str, language: str, settings: NormaliseSettings) -> str:
    if settings.expand_contractions and language == EN:
        folded = _contractions().get(folded, folded)
    if settings.expand_abbreviations:
        folded = _abbreviations().get((folded, language), folded)
    return folded


@functools.cache
def _contractions() -> dict[str, str]:
    return {row[0]: row[1] for row in _rows("contractions.tsv")}


@functools.cache
def _abbreviations() -> dict[tuple[str, str], str]:
    return {(form, language): expansion for form, language, expansion in _rows("abbreviations.tsv")}


@functools.cache
def _stop_words() -> frozenset[tuple[str, str]]:
    """Words that carry no opinion, by language; no negator is among them."""
    return frozenset((word, language) for word, language in _rows("stop_words.tsv"))


def _rows(name: str) -> list[tuple[str, ...]]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines[1:]]


def _spell(word: str) -> str:
    """The nearest English word one edit away, or the word itself where it is known, too short or has none."""
    return _speller()(word) if _SPELLABLE.fullmatch(word) else word


@functools.cache
def _speller() -> Callable[[str], str]:
    symspellpy = _library("symspellpy")
    speller = symspellpy.SymSpell(max_dictionary_edit_distance=_MAX_EDITS)
    path = Path(str(symspellpy.__file__)).parent / "frequency_dictionary_en_82_765.txt"
    speller.load_dictionary(path, term_index=0, count_index=1, encoding="utf-8-sig")

    def spell(word: str) -> str:
        found = speller.lookup(word, symspellpy.Verbosity.TOP, max_edit_distance=_MAX_EDITS)
        return str(found[0].term) if found else word

    return spell


def _lemma(word: str, language: str) -> str:
    return str(_library("simplemma").lemmatize(word, lang=language))


def _stem(word: str, language: str) -> str:
    return _stemmer(language)(word)


@functools.cache
def _stemmer(language: str) -> Callable[[str], str]:
    stemmer = _library("snowballstemmer").stemmer({EN: "english", HI: "hindi"}[language])
    return lambda word: str(stemmer.stemWord(word))


@functools.cache
def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ExtraMissing(name, extra="text") from error


_REDUCERS: Final[dict[str, Callable[[str, str], str]]] = {"lemma": _lemma, "stem": _stem}
