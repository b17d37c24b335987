"""What `clean` does once its words are parsed: settings from words, one call, the counts of every stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mizaj.clean.copies.duplicates import DuplicateSettings
from mizaj.clean.copies.recent import RecentSettings
from mizaj.clean.filters.authors import AuthorSettings, author_column
from mizaj.clean.filters.length import LONGEST
from mizaj.clean.filters.spam import THRESHOLD
from mizaj.clean.filters.topic import SIMILAR, WORDS
from mizaj.clean.personal import KINDS, MaskPersonal
from mizaj.clean.personal.ways import MASK
from mizaj.clean.settings import CleanSettings
from mizaj.cli.scoring import ModelChoice, ScoreJob, finish, opened, running, stoppable, writing
from mizaj.cli.words import listed
from mizaj.errors import SettingError
from mizaj.read import Source
from mizaj.run import Manifest
from mizaj.run.cleaning import Cleaning, clean
from mizaj.run.stages import Stage
from mizaj.text.language import POST_LANGUAGES
from mizaj.write import REJECTS, Sink

ALL = "all"
RECENT = "recent"


@dataclass(frozen=True)
class Filters:
    """The words that say what is mended and rejected post by post."""

    repair: bool
    languages: str
    words: tuple[int, int | None]
    characters: tuple[int, int | None]
    wordless: str
    is_spam_rejected: bool
    about: str | None
    is_similar_kept: bool

    def settings(self, text: str) -> CleanSettings:
        """The same as settings. Raises `SettingError` for what is not allowed."""
        if self.is_similar_kept and self.about is None:
            message = "--similar needs the topic's words: --about film,movie,cinema"
            raise SettingError(message)
        is_all = self.languages == ALL
        languages = POST_LANGUAGES if is_all else names_after("--languages", self.languages)
        return CleanSettings(
            text=text,
            repair=self.repair,
            least_characters=self.characters[0],
            most_characters=self.characters[1] or LONGEST,
            least_words=self.words[0],
            most_words=self.words[1],
            keep_links=self.wordless == "keep",
            keep_emoji=self.wordless != "reject",
            languages=languages,
            spam=THRESHOLD if self.is_spam_rejected else None,
            about=names_after("--about", self.about),
            topic_mode=SIMILAR if self.is_similar_kept else WORDS,
        )


@dataclass(frozen=True)
class Masking:
    """The words that say which personal data is masked, and how."""

    kinds: str | None
    how: str
    key_file: str | None
    columns: str | None

    def step(self, text: str) -> MaskPersonal | None:
        """The step that masks; None where nothing is asked. Raises `SettingError` for what is not allowed."""
        if self.kinds is None and self.columns is None:
            if self.how != MASK or self.key_file is not None:
                message = (
                    "--mask-how and --mask-key-file say how personal data is masked, but not which; "
                    f"add --mask {ALL}, --mask email,phone,... or --mask-columns A,B"
                )
                raise SettingError(message)
            return None
        kinds = KINDS if self.kinds == ALL else names_after("--mask", self.kinds)
        columns = names_after("--mask-columns", self.columns)
        return MaskPersonal(kinds, self.how, self._key(), columns=columns, text=text)

    def _key(self) -> str:
        if self.key_file is None:
            return ""
        try:
            return Path(self.key_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            message = f"--mask-key-file {self.key_file} cannot be read: {reason}"
            raise SettingError(message) from error


@dataclass(frozen=True)
class Asked:
    """All that `clean` is asked to do; `model` scores what is kept."""

    filters: Filters
    copies: str
    is_bot_rejected: bool
    author: str | None
    mask: Masking
    model: ModelChoice | None

    def cleaning(self, source: Source, text: str) -> Cleaning:
        """The same as settings for this source. Raises `SettingError` or `ColumnMissing` for what does not fit."""
        return Cleaning(
            self.filters.settings(text),
            bots=self._bots(source, text),
            copies=_COPIES[self.copies],
            recent=RecentSettings(text=text) if self.copies == RECENT else None,
            mask=self.mask.step(text),
            then=() if self.model is None else (self.model.step(text),),
        )

    def _bots(self, source: Source, text: str) -> AuthorSettings | None:
        if self.is_bot_rejected:
            return AuthorSettings(self.author or author_column(source.schema), text)
        if self.author is not None:
            message = f"--author {self.author} says who wrote the posts, for --bots; add that"
            raise SettingError(message)
        return None


def scorer(model: str, *, is_asked: bool) -> ModelChoice | None:
    """The model that scores what is kept; None where that is not asked.

    Raises `SettingError` for a model that would score nothing.
    """
    if is_asked:
        return ModelChoice(model)
    if model != ModelChoice().name:
        message = f"--model {model} says what scores the kept posts; add --score"
        raise SettingError(message)
    return None


def names_after(option: str, words: str | None) -> tuple[str, ...]:
    """The names between commas after an option; none where it was not given.

    Raises `SettingError` for an empty name: a slip must not pass for nothing asked.

    >>> names_after("--about", "film, movie")
    ('film', 'movie')
    """
    names = () if words is None else listed(words) or ("",)
    if not all(names):
        message = f"{option} '{words}' has an empty name; write {option} A,B"
        raise SettingError(message)
    return names


_COPIES: dict[str, DuplicateSettings | None] = {
    "near": DuplicateSettings(),
    "exact": DuplicateSettings(near=None),
    "keep": None,
    RECENT: None,
}


def clean_posts(
    job: ScoreJob, asked: Asked, *, is_strict: bool, is_quiet: bool, as_json: bool
) -> int:
    """Clean files into a folder, and print what every stage did."""
    source = opened(job)
    with stoppable():
        manifest = clean(
            source,
            Sink(Path(job.output), writing(job)),
            asked.cleaning(source, job.text),
            on=job.on,
            settings=running(job, is_shown=not (is_quiet or as_json)),
        )
    said = None if is_quiet else render(manifest, job.output)
    return finish(manifest, said, is_strict=is_strict, as_json=as_json)


def render(manifest: Manifest, output: str) -> str:
    """What every stage did, as plain text."""
    width = max(len(stage.name) for stage in manifest.stages)
    lines = [_line(stage, width) for stage in manifest.stages if stage.rejected]
    counts = manifest.counts
    kept = f"{counts.rows_out:,} of {counts.rows_in:,} rows kept in {output}"
    if counts.rejected:
        kept += f", {counts.rows_rejected:,} in {Path(output) / REJECTS}"
    masked = ", ".join(f"{kind} {n:,}" for kind, n in sorted(counts.masked.items()))
    return "\n".join([*lines, kept, *([f"masked: {masked}"] if masked else [])])


def _line(stage: Stage, width: int) -> str:
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in _by_size(stage))
    return f"{stage.name:{width}}  {stage.rows_in:>12,} in  {reasons}"


def _by_size(stage: Stage) -> Sequence[tuple[str, int]]:
    return sorted(stage.rejected.items(), key=lambda item: (-item[1], item[0]))
