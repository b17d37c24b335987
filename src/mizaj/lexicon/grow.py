"""From a corpus to new dictionary entries: unknown words, what they may mean, and a file to review.

The second paper's Algorithm 1 adds every new token by hand. Here the machine does the looking:
`grow` counts unknown words, guesses language, spelling and polarity, `write_review` writes a table,
a person puts `y` into its column `keep`, and `merge_reviewed` reads the entries back. The procedure
of the paper to the letter is `slang_dictionaries`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field, replace
from itertools import islice, zip_longest
from pathlib import Path

from mizaj.errors import LexiconError, SettingError
from mizaj.lexicon.entries import HEADER, Entry
from mizaj.lexicon.importers.lines import ImportSettings, Line, read_lines
from mizaj.lexicon.importers.valences import table_entry
from mizaj.lexicon.leanings import Leanings, Tally
from mizaj.lexicon.variants import Variant, nearest_variants
from mizaj.lexicon.vocabulary import Vocabulary, is_new_word
from mizaj.text.language import word_languages
from mizaj.text.tokens import WORD, Token, compatible, cut_runs, tokenise

SOURCE = "grown"
KEEP = "keep"
EVIDENCE = ("count", "positive", "negative", "z", "confidence", "suggestion", "examples")
COLUMNS = (KEEP, *HEADER, *EVIDENCE)
"""The columns of a review file: those of a dictionary between the decision and its reasons."""

_EXAMPLE_REACH = 100
_EXAMPLE_MARK = "¦"
_LABEL_SIGN = {"positive": 1, "negative": -1}
_LEANS = {1: "positive", 0: "no opinion", -1: "negative"}
_AS_WRITTEN = ImportSettings()
# Compared by identity: a string made at run time is no text of any corpus.
_ENDED = str(object())


@dataclass(frozen=True)
class GrowSettings:
    """How a corpus is searched for new words.

    `min_count` posts must hold a word. `most` words are listed, the most frequent ones. `n_examples`
    posts are shown for each. `smoothing` posts without opinion are thought to hold each word as
    well. Leanings of less than `min_z` standard errors (1.96: one in twenty by chance) or of less
    than `min_polarity` count as none: in a corpus whose Hindi posts complain more, each Hindi word
    leans a little. `memory_words` unknown words are counted at a time; past that the rarest are dropped.
    """

    min_count: int = 5
    most: int = 2000
    n_examples: int = 3
    smoothing: float = 1.0
    min_z: float = 1.96
    min_polarity: float = 1.0
    memory_words: int = 200_000

    def __post_init__(self) -> None:
        for name, least in (("min_count", 1), ("most", 1), ("n_examples", 0), ("memory_words", 2)):
            if getattr(self, name) < least:
                message = f"{name} is {getattr(self, name)}; it must be {least} or more"
                raise SettingError(message)
        if self.smoothing <= 0:
            message = f"smoothing is {self.smoothing}; it must be over 0"
            raise SettingError(message)


@dataclass(frozen=True)
class Candidate:
    """A word to decide on: the entry it would become, and why.

    `count` posts hold it, `positive` and `negative` of them in such company. `z` is how many
    standard errors its leaning is from none. `confidence` belongs to the suggestion: for another
    spelling the share of letters that agree, else the probability that the leaning is no chance.
    """

    entry: Entry
    count: int
    positive: int
    negative: int
    z: float
    confidence: float
    suggestion: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Growth:
    """What a corpus holds: the candidates, most frequent first, and what was read to find them.

    No word was missed that stands in `min_count + missed` posts; `missed` is 0 unless memory ran
    out (see `GrowSettings.memory_words`).
    """

    candidates: tuple[Candidate, ...]
    n_posts: int
    missed: int


@dataclass
class _Survey:
    """What is counted while the corpus passes by."""

    settings: GrowSettings
    vocabulary: Vocabulary
    whole: Tally = field(default_factory=Tally)
    unknown: dict[str, Tally] = field(default_factory=dict)
    known: dict[str, Tally] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    missed: int = 0

    def show(self, word: str, text: str, token: Token) -> None:
        """Keep the words around a token as an example, if more are wanted and this one is new."""
        shown = self.examples.setdefault(word, [])
        if len(shown) < self.settings.n_examples:
            begin, end = max(0, token.start - _EXAMPLE_REACH), token.end + _EXAMPLE_REACH
            example = " ".join(text[begin:end].replace(_EXAMPLE_MARK, " ").split())
            if example not in shown:
                shown.append(example)

    def prune(self) -> None:
        """Drop the rarest words until half the room is free; which ones hangs on counts alone."""
        counts = sorted((tally.count for tally in self.unknown.values()), reverse=True)
        rarest = counts[self.settings.memory_words // 2]
        self.unknown = {w: tally for w, tally in self.unknown.items() if tally.count > rarest}
        self.examples = {w: shown for w, shown in self.examples.items() if w in self.unknown}
        self.missed += rarest


def grow(
    texts: Iterable[str | None],
    entries: Collection[Entry],
    *,
    labels: Iterable[str | None] | None = None,
    settings: GrowSettings | None = None,
) -> Growth:
    """The unknown frequent words of a corpus, with what they seem to be.

    A post's company is its label (positive, negative, anything else is none), or without labels the
    sum of its known opinion words, turned by negators beside them. Words that a vocabulary lists
    without an opinion are named too where their company clearly leans. Each post counts once for a
    word; texts pass by once, one at a time. Raises `SettingError` if there are more texts than
    labels or fewer.

    >>> posts = ["jhakkas movie, bahut accha", "jhakkas gaana accha hai", "bura din", "bura laga"]
    >>> known = [Entry("accha", "hi-Latn", 2.0), Entry("bura", "hi-Latn", -2.0)]
    >>> grown = grow(posts, known, settings=GrowSettings(min_count=2))
    >>> [(found.entry.word, found.count) for found in grown.candidates]
    [('jhakkas', 2)]
    """
    settings = settings or GrowSettings()
    survey = _Survey(settings, Vocabulary.of(entries))
    for text, label in _labelled(texts, labels):
        _count_post(text, label, survey)
    return Growth(tuple(_candidates(survey, entries)), survey.whole.count, survey.missed)


def write_review(path: Path, growth: Growth) -> None:
    """Write the candidates as a table to review: TSV, UTF-8, every `keep` set to `n`.

    The reviewer sets `keep` to `y` and corrects what is wrong in the columns of the entry.
    """
    rows = ["\t".join(COLUMNS)]
    for found in growth.candidates:
        evidence = (
            *(str(n) for n in (found.count, found.positive, found.negative)),
            *(f"{x:.2f}" for x in (found.z, found.confidence)),
            found.suggestion,
            f" {_EXAMPLE_MARK} ".join(found.examples),
        )
        rows.append("\t".join(("n", *map(_cell, astuple(found.entry)), *evidence)))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def merge_reviewed(path: Path) -> list[Entry]:
    """The entries that the reviewer kept, ready to be merged into a dictionary.

    Raises `LexiconError`, naming file and line, for a missing column, a `keep` that is neither y nor
    n, and whatever a dictionary may not hold.
    """
    lines = read_lines(path)
    columns = [cell.strip() for cell in next(lines, Line("", path, 1)).text.split("\t")]
    missing = [name for name in (KEEP, "word", "language") if name not in columns]
    if missing:
        message = (
            f"{path}, line 1: no column {', '.join(missing)}; "
            f"a review file has {', '.join(COLUMNS)}"
        )
        raise LexiconError(message)
    return [entry for line in lines for entry in _reviewed(line, columns)]


@dataclass(frozen=True)
class SlangDictionaries:
    """What Algorithm 1 builds: two slang dictionaries, and words that got the polarity they lacked."""

    english: tuple[Entry, ...]
    hindi: tuple[Entry, ...]
    assigned: tuple[Entry, ...]


def slang_dictionaries(
    texts: Iterable[str],
    entries: Iterable[Entry],
    *,
    language: Callable[[str], str],
    polarity: Callable[[str], float],
) -> SlangDictionaries:
    """Algorithm 1 of the second paper, to the letter.

    Each token is looked up in the trie. One that is there without a polarity is given one. One that
    is not goes into the Hindi or the English slang dictionary and into the trie. `language` (`hi`,
    `hi-Latn` or `en`; others go into neither) and `polarity` stand for the paper's hand tagging.
    Letters repeated more than three times are cut to three; emoticons and links are left out.

    >>> made = slang_dictionaries(
    ...     ["mast movie", "gr8 mast"],
    ...     [Entry("movie", "en")],
    ...     language=lambda word: "en" if word == "gr8" else "hi-Latn",
    ...     polarity=lambda word: 0.0 if word == "movie" else 2.0,
    ... )
    >>> [entry.word for entry in (*made.english, *made.hindi, *made.assigned)]
    ['gr8', 'mast', 'movie']
    """
    trie = {entry.word: bool(entry.polarity) for entry in entries}
    english, hindi, assigned = [], [], []
    for token in _paper_tokens(texts):
        if trie.get(token, False):
            continue
        entry = Entry(token, language(token), polarity(token), source=SOURCE)
        if token in trie:
            assigned.append(entry)
        elif entry.language in ("hi", "hi-Latn"):
            hindi.append(entry)
        elif entry.language == "en":
            english.append(entry)
        trie[token] = True
    return SlangDictionaries(tuple(english), tuple(hindi), tuple(assigned))


def _paper_tokens(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (cut_runs(t.folded, 3) for t in tokenise(_plain(text)) if t.kind == WORD)


def _labelled(
    texts: Iterable[str | None], labels: Iterable[str | None] | None
) -> Iterator[tuple[str, str | None]]:
    """Texts with their labels, posts without text left out; `None` only where nobody gave labels."""
    if labels is None:
        yield from ((_plain(text), None) for text in texts if text)
        return
    for text, label in zip_longest(texts, labels, fillvalue=_ENDED):
        if text is _ENDED or label is _ENDED:
            message = "there are more texts than labels, or fewer; give one label for each text"
            raise SettingError(message)
        if text:
            yield _plain(text), label or ""


def _plain(text: str) -> str:
    """The text in the forms that dictionaries hold: NFC, and no letters dressed up as symbols."""
    return unicodedata.normalize("NFC", compatible(text))


def _count_post(text: str, label: str | None, survey: _Survey) -> None:
    vocabulary = survey.vocabulary
    tokens = tokenise(text, vocabulary.emoticons)
    shares = vocabulary.shares(tokens) if label is None else {}
    total = sum(shares.values()) if label is None else _LABEL_SIGN.get(label, 0)
    survey.whole.add(_sign(total))
    for word, token in {vocabulary.form(t): t for t in tokens if is_new_word(t)}.items():
        if vocabulary.is_open(word):
            survey.unknown.setdefault(word, Tally()).add(_sign(total))
            survey.show(word, text, token)
        else:
            # without its own share, or every known word would prove itself
            survey.known.setdefault(word, Tally()).add(_sign(total - shares.get(word, 0.0)))
    if len(survey.unknown) > survey.settings.memory_words:
        survey.prune()


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _candidates(survey: _Survey, entries: Collection[Entry]) -> Iterator[Candidate]:
    leanings = _leanings(survey)
    listed = list(islice(_listed(survey, leanings), survey.settings.most))
    languages = {word: _language(word, survey) for word in listed}
    unknown = {word: languages[word] for word in listed if word not in survey.vocabulary.unrated}
    # to be a spelling of a word that says nothing would help nobody
    telling = (entry for entry in entries if entry.word in survey.vocabulary.telling)
    variants = nearest_variants(unknown, telling)
    heads = {variant.entry.form_of or variant.entry.word for variant in variants.values()}
    head_entries = {entry.word: entry for entry in entries if entry.word in heads}
    for word in listed:
        found = _by_company(word, languages[word], survey, leanings)
        variant = variants.get(word)
        yield _as_spelling(found, variant, head_entries, survey=survey) if variant else found


def _leanings(survey: _Survey) -> Leanings:
    settings, whole = survey.settings, survey.whole
    share = whole.positive / max(1, whole.positive + whole.negative)
    leanings = Leanings(share, settings.smoothing, settings.min_z, settings.min_polarity)
    polarity = survey.vocabulary.polarity
    polar = (
        (tally, polarity[word])
        for word, tally in survey.known.items()
        if polarity[word] and tally.count >= settings.min_count
    )
    return replace(leanings, slope=leanings.fit(polar))


def _listed(survey: _Survey, leanings: Leanings) -> Iterator[str]:
    """The words to decide on, most frequent first, then by the alphabet."""
    settings, unrated = survey.settings, survey.vocabulary.unrated
    for word, tally in sorted(
        survey.unknown.items(), key=lambda found: (-found[1].count, found[0])
    ):
        worth_asking = word not in unrated or leanings.polarity(tally)
        if tally.count >= settings.min_count and worth_asking:
            yield word


def _language(word: str, survey: _Survey) -> str:
    """The language that the word has in most of its examples."""
    form, emoticons = survey.vocabulary.form, survey.vocabulary.emoticons
    votes: Counter[str] = Counter()
    for example in survey.examples.get(word) or [word]:
        tokens = [token for token in tokenise(example, emoticons) if token.kind == WORD]
        languages = word_languages([token.folded for token in tokens])
        votes.update(
            language
            for token, language in zip(tokens, languages, strict=True)
            if form(token) == word
        )
    return votes.most_common(1)[0][0] if votes else "symbol"


def _by_company(word: str, language: str, survey: _Survey, leanings: Leanings) -> Candidate:
    tally = survey.unknown[word]
    polarity = leanings.polarity(tally)
    return Candidate(
        Entry(word, language, polarity, source=SOURCE),
        tally.count,
        tally.positive,
        tally.negative,
        z=leanings.z(tally),
        confidence=leanings.certainty(tally),
        suggestion=_LEANS[_sign(polarity)],
        examples=tuple(survey.examples.get(word, ())),
    )


def _as_spelling(
    found: Candidate, variant: Variant, heads: Mapping[str, Entry], *, survey: _Survey
) -> Candidate:
    """The candidate as another spelling of a known word.

    Not so if its company says the opposite, nor if only letters speak for it and it is the more
    frequent of the two: slips are rarer than what was meant (`whole` is no slip for `whore`).
    """
    head = heads.get(variant.entry.form_of, variant.entry)
    seen = max(survey.known.get(e.word, Tally()).count for e in (head, variant.entry))
    is_slip = variant.sounds_alike or found.count <= seen
    if head.polarity * found.entry.polarity < 0 or not is_slip:
        return found
    entry = replace(
        found.entry,
        language=variant.entry.language,
        polarity=head.polarity,
        pos=head.pos,
        role=head.role,
        weight=head.weight,
        form_of=head.word,
    )
    longer = max(len(entry.word), len(variant.entry.word))
    alike = max(0.0, 1 - variant.distance / longer)
    return replace(found, entry=entry, confidence=alike, suggestion=f"spelling of {head.word}")


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _reviewed(line: Line, columns: list[str]) -> list[Entry]:
    """The entry of a line that was kept, in a list; an empty list for one that was not."""
    cells = dict(zip(columns, (cell.strip() for cell in line.text.split("\t")), strict=False))
    decision = cells[KEEP].lower()
    if decision not in ("y", "n", ""):
        line.fail(f"keep is '{decision[:40]}'; it must be y or n")
    return [table_entry(cells, line, _AS_WRITTEN)] if decision == "y" else []
