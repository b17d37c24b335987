"""What is cleaned, as one value: which filters there are and how strict, and the steps they come to in a good order."""

from __future__ import annotations

from dataclasses import dataclass

from mizaj.batch import TEXT, Filter, Step
from mizaj.clean.filters.authors import AUTHOR, Bots
from mizaj.clean.filters.broken import Broken
from mizaj.clean.filters.empty import Empty, NoWords
from mizaj.clean.filters.language import HOME, Language
from mizaj.clean.filters.length import LONGEST, Length
from mizaj.clean.filters.spam import THRESHOLD, Spam
from mizaj.clean.filters.topic import WORDS, Company, Topic
from mizaj.clean.repair import Repair
from mizaj.text.language import POST_LANGUAGES


@dataclass(frozen=True)
class CleanSettings:
    """What is repaired and what is rejected; each value is that of the filter of its name, None or empty for no filter.

    `bots` are authors that `find_bots` found, in the column `author`. Raises `SettingError` as the filters do.

    >>> [type(step).__name__ for step in CleanSettings().steps()]
    ['Repair', 'Empty', 'Length', 'Broken', 'NoWords', 'Language', 'Spam']
    >>> [type(step).__name__ for step in CleanSettings(repair=False, spam=None, about=("film",)).steps()][-2:]
    ['Language', 'Topic']
    """

    text: str = TEXT.name
    repair: bool = True
    least_characters: int = 0
    most_characters: int | None = LONGEST
    least_words: int = 0
    most_words: int | None = None
    keep_links: bool = False
    keep_emoji: bool = True
    languages: tuple[str, ...] = HOME
    spam: float | None = THRESHOLD
    about: tuple[str, ...] = ()
    topic_mode: str = WORDS
    company: Company | None = None
    bots: tuple[str, ...] = ()
    author: str = AUTHOR

    def __post_init__(self) -> None:
        self.filters()
        Topic(self.text, self.about, self.topic_mode)  # also a mode that no filter asks for yet

    def steps(self) -> tuple[Step, ...]:
        """The steps in order: repair, then the filters from the cheapest to the dearest; each looks at what is left."""
        return (*self.rewriters(), *self.filters())

    def rewriters(self) -> tuple[Step, ...]:
        """What goes before all filters."""
        return (Repair(self.text),) if self.repair else ()

    def filters(self) -> tuple[Filter, ...]:
        """The filters in order."""
        return (*self._by_form(), *self._by_content())

    def _by_form(self) -> tuple[Filter, ...]:
        length = Length(
            text=self.text,
            least_characters=self.least_characters,
            most_characters=self.most_characters,
            least_words=self.least_words,
            most_words=self.most_words,
        )
        # what cannot be repaired is told from what is not by the same library
        steps: tuple[Filter, ...] = (
            Empty(self.text),
            length,
            Broken(self.text, mojibake=self.repair),
        )
        return steps if self.keep_links else (*steps, NoWords(self.text, emoji=self.keep_emoji))

    def _by_content(self) -> tuple[Filter, ...]:
        steps: list[Filter] = []
        if self.bots:
            steps.append(Bots(self.bots, author=self.author, text=self.text))
        if self.languages and set(self.languages) != set(POST_LANGUAGES):
            steps.append(Language(self.text, self.languages))
        if self.spam is not None:
            steps.append(Spam(self.text, self.spam))
        if self.about:
            topic = Topic(self.text, self.about, mode=self.topic_mode, company=self.company)
            steps.append(topic)
        return tuple(steps)
