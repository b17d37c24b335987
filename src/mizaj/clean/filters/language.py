"""Posts in other languages than those that are wanted: by their script, by the dictionaries' reading, by a model.

The dictionaries tell English from Hindi word by word, and call a post of another script `other`. Of posts in Latin
letters they cannot tell a third language, since every word must be one of the two; so a small linear model looks at
those that hold none of the commonest words of English and Hindi. It knows Spanish, Tamil, Malayalam, Kannada and
Sinhala as they are typed in Latin letters, and passes what it is not sure of. Other languages in Devanagari
read as Hindi.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mizaj.batch import REJECTED, TEXT
from mizaj.clean.kept import KeptTexts, kept_texts
from mizaj.errors import SettingError
from mizaj.lexicon.columns import language_column, read_column
from mizaj.lexicon.scorer import LexiconSettings, load_scorer
from mizaj.model.score import load_model
from mizaj.text.language import OTHER, POST_LANGUAGES

FOREIGN = Path(__file__).parent / "models" / "foreign"
FOREIGN_TASK = "foreign"
FOREIGN_LABELS = ("home", "foreign")
THRESHOLD = 0.8
"""The least probability of a post in Latin letters that is rejected; `benchmarks/train_foreign.py` chose it."""

HOME = tuple(language for language in POST_LANGUAGES if language != OTHER)

_OTHER_SCRIPT = r"[^\P{L}\p{Latin}\p{Devanagari}\p{Common}\p{Inherited}]"
# From blank to blank, with a letter first of all that is no mark; no link or mention.
_WORD = r"[^\s\pL@]*\pL[^\s:/@]*"
# Words that nearly every post of some length has one of, and that the other languages known here do not use. Short
# ones that are words in those, too, are left out: `is`, `no`, `me`, `ki`, `na`.
_COMMONEST = """
    the and you your with this that was are have for but not they what when from will just about there would been
    hai hain nahi nahin nhi aur mein kya koi bhai yeh woh raha rahe rahi kar karo karna liye bahut bhi hota hoti tha
    apne apna mera meri mere tera teri tere hum tum aap unka iska uska jab tab yaar accha acha
"""
_HOME_WORDS = rf"(?i)\b(?:{'|'.join(_COMMONEST.split())})\b|[\x{{900}}-\x{{97F}}]"


_MOST_LEAST_WORDS = 100


@dataclass(frozen=True)
class Language:
    """The filter that keeps posts in these languages, of `POST_LANGUAGES`: reason `language:<code>`.

    A post of fewer words than `least_words` is rejected only for its script: so few do not tell a language. Posts
    without words have none. `threshold` is how sure the model must be of a third language in Latin letters.

    >>> texts = ["super hit padam, vera level", "नमस्ते", "வணக்கம்", "👍"]
    >>> batch = pa.record_batch({"text": texts, "rejected": pa.nulls(4, REJECTED.type)})
    >>> Language(languages=("en", "hi-Latn", "hi-en"))(batch).column("rejected").to_pylist()[1:]
    [None, 'language:other', None]
    """

    text: str = TEXT.name
    languages: tuple[str, ...] = HOME
    least_words: int = 3
    threshold: float = THRESHOLD

    def __post_init__(self) -> None:
        unknown = [language for language in self.languages if language not in POST_LANGUAGES]
        if unknown or not self.languages:
            named = ", ".join(unknown) or "none"
            msg = f"languages to keep: {named}; allowed: one or more of {', '.join(POST_LANGUAGES)}"
            raise SettingError(msg)
        if not 0.0 < self.threshold <= 1.0:
            msg = f"threshold is {self.threshold}; it must be above 0 and at most 1"
            raise SettingError(msg)
        if not 1 <= self.least_words <= _MOST_LEAST_WORDS:
            msg = f"least_words is {self.least_words}; it must be 1 to {_MOST_LEAST_WORDS}"
            raise SettingError(msg)

    @property
    def reads(self) -> tuple[str, ...]:
        """The text column and what was rejected before."""
        return (self.text, REJECTED.name)

    @property
    def adds(self) -> pa.Schema:
        """Nothing."""
        return pa.schema([])

    @property
    def reasons(self) -> tuple[str, ...]:
        """The one reason, to which the language is added."""
        return ("language",)

    @property
    def content_hash(self) -> str:
        """The hashes of dictionaries and model, for the fingerprint of a pipeline."""
        lexicon = load_scorer(LexiconSettings()).lexicon.content_hash
        return f"{lexicon} {load_model(FOREIGN).folder.content_hash}"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with posts in other languages rejected."""
        if OTHER not in self.languages:
            batch = self._reject_scripts(kept_texts(batch, self.text))
            batch = self._reject_foreign(kept_texts(batch, self.text))
        if not set(HOME) <= set(self.languages):
            batch = self._reject_home(kept_texts(batch, self.text))
        return batch

    def _reject_scripts(self, kept: KeptTexts) -> pa.RecordBatch:
        """Posts with more words in other scripts than in Latin letters and Devanagari."""
        mixed = kept.where(pc.match_substring_regex(kept.texts, _OTHER_SCRIPT))
        return mixed.reject(pc.equal(read_languages(mixed.texts), OTHER), self._reason(OTHER))

    def _reject_foreign(self, kept: KeptTexts) -> pa.RecordBatch:
        """Posts in Latin letters that the model takes for another language."""
        return kept.reject(self._is_foreign(kept.texts), self._reason(OTHER))

    def _is_foreign(self, texts: pa.Array) -> pa.Array:
        """Which texts the model takes for another language, of those that have no word of home."""
        found = np.zeros(len(texts), np.bool_)
        rows = pc.indices_nonzero(pc.invert(has_home_word(texts)))
        rows = rows.filter(self._has_words(texts.take(rows)))
        if len(rows):
            proba = load_model(FOREIGN).probabilities(texts.take(rows))
            sure = proba[:, FOREIGN_LABELS.index("foreign")] >= np.float32(self.threshold)
            found[rows.to_numpy()] = sure
        return pa.array(found)

    def _reject_home(self, kept: KeptTexts) -> pa.RecordBatch:
        """Posts in English or Hindi where only some of their forms are wanted."""
        told = kept.where(self._has_words(kept.texts))
        languages = read_languages(told.texts)
        if OTHER in self.languages:  # nobody has taken out what the dictionaries alone read wrongly
            languages = pc.if_else(self._is_foreign(told.texts), OTHER, languages)
        wanted = pa.array([*self.languages, OTHER])  # posts in no language at all
        is_out = pc.invert(pc.is_in(languages, wanted))
        return told.reject(is_out, pc.binary_join_element_wise(self.reasons[0], languages, ":"))

    def _has_words(self, texts: pa.Array) -> pa.Array:
        further = rf"(?:\s+(?:\S+\s+)*?{_WORD}){{{self.least_words - 1}}}"
        return pc.match_substring_regex(texts, rf"^\s*(?:\S+\s+)*?{_WORD}{further}(?:\s|$)")

    def _reason(self, language: str) -> str:
        return f"{self.reasons[0]}:{language}"


def read_languages(texts: pa.Array) -> pa.Array:
    """The language of each text by the dictionaries' reading, as a string.

    >>> read_languages(pa.array(["kya baat hai", "so good", "👍"])).to_pylist()
    ['hi-Latn', 'en', 'other']
    """
    reading = read_column(texts, load_scorer(LexiconSettings()))
    return language_column(reading.language).cast(pa.string())


def has_home_word(texts: pa.Array) -> pa.Array:
    """Which texts hold one of the commonest words of English and romanised Hindi, or Devanagari.

    >>> has_home_word(pa.array(["vera level", "kya baat", "Thalapathy mass"])).to_pylist()
    [False, True, False]
    """
    return pc.match_substring_regex(texts, _HOME_WORDS)
