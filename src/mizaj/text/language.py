"""Which language each word of a post is in, and from that the language of the post.

A word is its folded form: NFC, lower case, curly apostrophes straight. Words in Devanagari are `hi`, words in other
scripts that are not Latin are `other`. A Latin-script word is `en` or `hi-Latn`, by integers alone, so that the
compiled kernel and this module agree to the bit:

1. **Logit of a word**, -127 to 127, 32 to the nat, above zero for Hindi. Looked up in the table of known words as it
   stands; else with every run of three or more of one letter a-z cut to two; else with such runs cut to one; else from
   the character model over the form cut to two: take its first 24 UTF-8 bytes, put `^` before and `$` after, and for
   every byte n-gram of 2, 3 and 4 bytes add `weights[fnv1a32(ngram) & (2**k - 1)]` to the bias; shift the sum right
   (arithmetic shift: floor) and clip it to -127..127.
2. **Context**, a two-state Viterbi decoding written as two passes. A message of 0 enters at each end; passing a word it
   becomes `clip(message + logit, -c, c)`, where `c` is the cost of a switch. A word's smoothed logit is its own plus
   the message from the left plus the message from the right. So a word whose logit is beyond `2 c` is never overturned
   by its neighbours, and one near zero takes their language. Words that are not in Latin script have logit 0 and let
   the message through.
3. **Language**: `hi-Latn` if the smoothed logit is above zero, else `en`.

Both tables are learnt by `benchmarks/train_language.py`; `benchmarks/language.py` measures them.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mizaj.errors import ModelError

EN, HI, HI_LATN, MIXED, OTHER = "en", "hi", "hi-Latn", "hi-en", "other"

LOGIT_LIMIT = 127
LOGITS_PER_NAT = 32
MAX_WORD_BYTES = 24
NGRAM_SIZES = (2, 3, 4)

# A post is mixed when its minority language has at least one word in five, that is from a code-mixing index of 20 on:
# `yeh movie accha nahi hai` is, one borrowed word among six or more is not.
MIXED_SHARE = 5

_DATA = Path(__file__).parent / "data"
_HEADER = struct.Struct(
    "<4sBBBBi"
)  # magic, version, k, shift, switch cost, bias; then 2**k weights
_MAGIC = b"MZLN"
_VERSION = 1
_K_RANGE = range(4, 21)
_SHIFT_RANGE = range(17)

_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619
# possessive throughout: a damaged file is refused in linear time
_ROWS = re.compile(r"(?:[^\t\n]++\t-?+(?:1[01][0-9]|12[0-7]|[0-9]{1,2})\n)*+")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")

# Half-open ranges of code points whose letters count as Latin; the multiplication and division signs are left out.
_LATIN = ((0x41, 0x5B), (0x61, 0x7B), (0xC0, 0xD7), (0xD8, 0xF7), (0xF8, 0x250), (0x1E00, 0x1F00))
_DEVANAGARI = ((0x900, 0x980), (0xA8E0, 0xA900))


@dataclass(frozen=True)
class WordLanguage:
    """The word-language model: a table of known words and a character model for the others.

    `weights` holds 2**k signed bytes. Raises `ModelError` when made from parts that do not fit together.

    >>> model = WordLanguage({"nahi": 127}, weights=bytes(16), bias=-8, shift=2, switch_cost=24)
    >>> model.word_logit("nahi"), model.word_logit("naahi")
    (127, -2)
    """

    known: Mapping[str, int]
    weights: bytes = field(repr=False, kw_only=True)
    bias: int = field(kw_only=True)
    shift: int = field(kw_only=True)
    switch_cost: int = field(kw_only=True)

    def __post_init__(self) -> None:
        n_weights = len(self.weights)
        if n_weights not in {1 << k for k in _K_RANGE}:
            message = f"the character model has {n_weights} weights; needed: a power of two from 16 to 2**20"
            raise ModelError(message)
        if self.shift not in _SHIFT_RANGE or not 0 <= self.switch_cost <= LOGIT_LIMIT:
            message = (
                f"shift is {self.shift} and switch cost {self.switch_cost}; "
                f"allowed: 0 to {_SHIFT_RANGE[-1]} and 0 to {LOGIT_LIMIT}"
            )
            raise ModelError(message)

    def word_logit(self, word: str) -> int:
        """How Hindi a folded Latin-script word is on its own, -127 to 127; above zero is Hindi."""
        logit = self.known.get(word)
        if logit is not None:
            return logit
        squeezed = squeeze(word, 2)
        if squeezed != word:
            for form in (squeezed, squeeze(word, 1)):
                if form in self.known:
                    return self.known[form]
        return self.character_logit(squeezed)

    def word_languages(self, words: Sequence[str]) -> list[str]:
        """The language of each word of one post, in order: `en`, `hi-Latn`, `hi` or `other`."""
        scripts = [script(word) for word in words]
        logits = [
            self.word_logit(word) if of == "Latin" else 0
            for word, of in zip(words, scripts, strict=True)
        ]
        smoothed = smooth(logits, self.switch_cost)
        return [_language(of, logit) for of, logit in zip(scripts, smoothed, strict=True)]

    def character_logit(self, squeezed: str) -> int:
        """The logit by spelling alone, of a word whose long runs are cut to two (`squeeze`)."""
        marked = b"^" + squeezed.encode("utf-8", "surrogatepass")[:MAX_WORD_BYTES] + b"$"
        mask = len(self.weights) - 1
        total = self.bias
        for size in NGRAM_SIZES:
            for start in range(len(marked) - size + 1):
                weight = self.weights[fnv1a32(marked[start : start + size]) & mask]
                total += weight - 256 if weight > LOGIT_LIMIT else weight
        return _clip(total >> self.shift, LOGIT_LIMIT)


def word_logit(word: str) -> int:
    """How Hindi a folded Latin-script word is on its own, by the shipped model.

    >>> word_logit("nahi") > 64, word_logit("movie") < -64
    (True, True)
    """
    return load_word_language().word_logit(word)


def word_languages(words: Sequence[str]) -> list[str]:
    """The language of each folded word of one post, in order, by the shipped model.

    >>> word_languages(["so", "good", "ki", "main", "so", "gaya"])
    ['en', 'en', 'hi-Latn', 'hi-Latn', 'hi-Latn', 'hi-Latn']
    >>> word_languages(["बहुत", "good", "привет"])
    ['hi', 'en', 'other']
    """
    return load_word_language().word_languages(words)


POST_LANGUAGES = ("en", "hi", "hi-Latn", "hi-en", "other")
"""Languages of a post by the number that the kernel writes (`LANGUAGE_EN`... in `lexicon/_kernel.pyx`)."""


def post_language(n_en: int, n_hi_latn: int, n_hi: int, n_other: int) -> str:
    """The language of a post from how many words it has in each: `en`, `hi`, `hi-Latn`, `hi-en` or `other`.

    No words, or more words in other languages than in English and Hindi together: `other`. Mixed (`hi-en`) when the
    smaller of English and Hindi has at least a fifth of the words of both. Else the larger; Hindi in two scripts goes
    by the script with more words, Latin on a tie.

    >>> post_language(1, 4, 0, 0), post_language(1, 5, 0, 0), post_language(0, 0, 0, 0)
    ('hi-en', 'hi-Latn', 'other')
    """
    n_hindi = n_hi_latn + n_hi
    n_both = n_en + n_hindi
    if n_both == 0 or n_other > n_both:
        return OTHER
    if MIXED_SHARE * min(n_en, n_hindi) >= n_both:
        return MIXED
    if n_en > n_hindi:
        return EN
    return HI if n_hi > n_hi_latn else HI_LATN


def smooth(logits: Sequence[int], switch_cost: int) -> list[int]:
    """Each logit plus what its neighbours on both sides say, at most `switch_cost` from either side.

    Its signs are the most probable sequence of a two-state chain in which a change of language costs `switch_cost`.

    >>> smooth([60, -10, 60], 24), smooth([60, -90, 60], 24)
    ([74, 38, 74], [36, -42, 36])
    """
    smoothed = list(logits)
    for order in (range(len(logits)), range(len(logits) - 1, -1, -1)):
        message = 0
        for i in order:
            smoothed[i] += message
            message = _clip(message + logits[i], switch_cost)
    return smoothed


def script(word: str) -> str:
    """`Latin`, `Devanagari` or `other`, by the first code point of a word that is a letter of either or above ASCII.

    >>> script("can't"), script("नहीं"), script("да"), script("'90")
    ('Latin', 'Devanagari', 'other', 'other')
    """
    for char in word:
        code = ord(char)
        if _within(code, _LATIN):
            return "Latin"
        if _within(code, _DEVANAGARI):
            return "Devanagari"
        if code > 0x7F:
            return "other"
    return "other"


def squeeze(word: str, length: int) -> str:
    """The word with every run of three or more of one letter a-z cut to `length`.

    >>> squeeze("bahuuuut", 2), squeeze("bahuuuut", 1), squeeze("good", 1)
    ('bahuut', 'bahut', 'good')
    """
    return _LONG_RUN.sub(lambda run: run[1] * length, word)


def fnv1a32(data: bytes) -> int:
    """The 32-bit FNV-1a hash of some bytes (Fowler, Noll, Vo).

    >>> hex(fnv1a32(b"a"))
    '0xe40c292c'
    """
    value = _FNV_OFFSET
    for byte in data:
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value


@functools.cache
def load_word_language(folder: Path = _DATA) -> WordLanguage:
    """The model in a folder, read once: `language_words.tsv` and `language_ngrams.bin`.

    Raises `ModelError`, naming file and place, for a file that is missing, cut short or out of range.
    """
    known = _read_known(folder / "language_words.tsv")
    path = folder / "language_ngrams.bin"
    content = _read_bytes(path)
    if len(content) < _HEADER.size:
        message = f"{path} has {len(content)} bytes; its header alone needs {_HEADER.size}"
        raise ModelError(message)
    magic, version, k, shift, switch_cost, bias = _HEADER.unpack_from(content)
    if magic != _MAGIC or version != _VERSION or k not in _K_RANGE:
        message = (
            f"{path} starts with {content[:6]!r}; needed: {_MAGIC!r}, version {_VERSION}, k from "
            f"{_K_RANGE[0]} to {_K_RANGE[-1]}"
        )
        raise ModelError(message)
    weights = content[_HEADER.size :]
    if len(weights) != 1 << k:
        message = f"{path} holds {len(weights)} weights; its header says {1 << k}"
        raise ModelError(message)
    return WordLanguage(known, weights=weights, bias=bias, shift=shift, switch_cost=switch_cost)


def save_word_language(model: WordLanguage, folder: Path) -> None:
    """Write a model as the two files that `load_word_language` reads."""
    rows = [f"{word}\t{logit}\n" for word, logit in sorted(model.known.items())]
    (folder / "language_words.tsv").write_text("word\tlogit\n" + "".join(rows), encoding="utf-8")
    (folder / "language_ngrams.bin").write_bytes(packed_ngrams(model))


def packed_ngrams(model: WordLanguage) -> bytes:
    """The character model as its file holds it: header, then weights."""
    k = len(model.weights).bit_length() - 1
    header = _HEADER.pack(_MAGIC, _VERSION, k, model.shift, model.switch_cost, model.bias)
    return header + model.weights


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot read the word-language model {path}: {error}"
        raise ModelError(message) from error


def _read_known(path: Path) -> dict[str, int]:
    try:
        head, _, rows = _read_bytes(path).decode("utf-8").partition("\n")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: {error}"
        raise ModelError(message) from error
    if head != "word\tlogit" or (rows and not rows.endswith("\n")):
        message = f"{path} must start with the line 'word<TAB>logit' and end with a line break"
        raise ModelError(message)
    good = _ROWS.match(rows)
    if good and good.end() < len(rows):
        number = rows.count("\n", 0, good.end()) + 2
        line = rows[good.end() :].partition("\n")[0]
        message = (
            f"{path}, line {number}: {line!r} is not a word, a tab and a logit from -127 to 127"
        )
        raise ModelError(message)
    cells = rows.replace("\n", "\t").split("\t")
    return dict(zip(cells[:-1:2], map(int, cells[1::2]), strict=True))


def _language(of: str, smoothed: int) -> str:
    if of == "Latin":
        return HI_LATN if smoothed > 0 else EN
    return HI if of == "Devanagari" else OTHER


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(start <= code < stop for start, stop in ranges)


def _clip(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))
