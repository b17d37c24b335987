"""What `score`, `explain`, `language` and `report` do once their words are parsed.

Rooms that read columns are opened inside the functions that need them: they bring numpy and
pyarrow, which one text does without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mizaj.cli.one import show_answer
from mizaj.cli.show import show, show_json, warn
from mizaj.cli.words import one_text, resolve_sources
from mizaj.errors import Interrupted, SettingError, SourceError
from mizaj.lexicon.scorer import LexiconSettings
from mizaj.model.folder import is_model
from mizaj.model.predict import load, one_answer
from mizaj.text.codemix import i_index, m_index

if TYPE_CHECKING:
    from mizaj.batch import Step
    from mizaj.model.predict import Model
    from mizaj.read import ReadSettings, Source
    from mizaj.run import Counts, Manifest, RunSettings
    from mizaj.write import WriteSettings

DONE = 0
REJECTED_WITH_STRICT = 1


@dataclass(frozen=True)
class ModelChoice:
    """Which model answers, with which dictionaries and rules."""

    name: str = "default"
    lexicons: tuple[str, ...] = ()
    rules: str = "default"
    domain: str | None = None
    wishes: Mapping[str, float | str] = field(default_factory=dict)
    """What is asked of a cascade, by the fields of `Mode`."""

    def step(self, text: str) -> Step:
        """The step that scores the column `text`. Raises `SettingError` for a wish that the model cannot fulfil."""
        model = self.load()
        if not self.wishes:
            return model.step(text)
        from mizaj.model.cascade import Mode
        from mizaj.model.pace import cascade_step

        if not is_model(model.name):
            msg = f"model '{self.name}' is no cascade; a loss, a speed or a tier can be asked only of the folder of one"
            raise SettingError(msg)
        return cascade_step(model.name, text, Mode(**self.wishes))  # type: ignore[arg-type]

    def load(self) -> Model:
        """The model. Raises `ModelError`, `LexiconError` or `SettingError` for what is not there."""
        files = tuple(map(Path, self.lexicons))
        return load(self.name, LexiconSettings(files, self.domain, self.rules))


@dataclass(frozen=True)
class ScoreJob:
    """What is read, where it goes, and how."""

    sources: tuple[str, ...]
    output: str
    text: str
    format: str | None
    query: str | None
    to: str
    on: str
    address: str | None
    workers: int | None
    shard_rows: int | None
    resume: bool
    overwrite: bool


def score_posts(
    job: ScoreJob, chosen: ModelChoice, *, is_strict: bool, is_quiet: bool, as_json: bool
) -> int:
    """Score files into a folder, and print the counts."""
    from mizaj.batch import Pipeline
    from mizaj.run import Sink, run

    pipeline = Pipeline((chosen.step(job.text),))
    settings = running(job, is_shown=not (is_quiet or as_json))
    with stoppable():
        manifest = run(
            pipeline,
            opened(job),
            Sink(Path(job.output), writing(job)),
            on=job.on,
            settings=settings,
        )
    said = None if is_quiet else _counted(manifest.counts, job.output)
    return finish(manifest, said, is_strict=is_strict, as_json=as_json)


def opened(job: ScoreJob) -> Source:
    """The source that the words of a job name."""
    from mizaj.read import ReadSettings, open_source

    reading = ReadSettings(text=job.text, format=job.format, query=job.query)
    if job.shard_rows is not None:
        reading = reading.with_shards_of(job.shard_rows)
    return open_source(resolve_sources(job.sources), settings=reading)


def writing(job: ScoreJob) -> WriteSettings:
    """How the output of a job is written."""
    from mizaj.write import WriteSettings

    return WriteSettings(format=job.to, overwrite=job.overwrite, resume=job.resume)


def running(job: ScoreJob, *, is_shown: bool) -> RunSettings:
    """How a job is carried out; its progress is shown on a terminal, or never."""
    from mizaj.run import RunSettings

    shown = None if is_shown else False
    return RunSettings(workers=job.workers, address=job.address, is_progress_shown=shown)


@contextmanager
def stoppable() -> Iterator[None]:
    """Says how to go on where the user stops a run before its first shard or after its last."""
    try:
        yield
    except KeyboardInterrupt as error:
        # `run` itself says more in between
        message = "stopped; run the same command with --resume to go on"
        raise Interrupted(message) from error


def finish(manifest: Manifest, said: str | None, *, is_strict: bool, as_json: bool) -> int:
    """Print what a run came to, and what could not be read; its exit status."""
    for bad in manifest.bad_inputs:
        warn(f"not read, or not to its end: {bad.path}: {bad.reason}")
    if as_json:
        show_json(manifest.to_dict())
    elif said is not None:
        show(said)
    return REJECTED_WITH_STRICT if is_strict and not manifest.is_clean else DONE


def open_whole(sources: Sequence[str], settings: ReadSettings) -> Source:
    """The source, if all of it can be read: figures over a part of it would mislead.

    Raises `SourceError` for the first file that cannot.
    """
    from mizaj.read import open_source

    source = open_source(resolve_sources(sources), settings=settings)
    if source.bad:
        raise SourceError(source.bad[0].reason)
    return source


def score_words(words: Sequence[str], chosen: ModelChoice, *, as_json: bool) -> int:
    """Score one text, and print the answer."""
    text = one_text(words)
    answer = chosen.load()(text) if not chosen.wishes else one_answer(text, chosen.step("text"))
    show_answer(text, answer, as_json=as_json)
    return DONE


def explain_words(words: Sequence[str], chosen: ModelChoice, *, as_json: bool) -> int:
    """Print why one text is answered as it is."""
    explanation = chosen.load().explain(one_text(words))
    if as_json:
        show_json(explanation.to_dict())
    else:
        show(explanation.render())
    return DONE


def show_language(words: Sequence[str], *, as_json: bool) -> int:
    """Print the language of one text and of each of its words."""
    explanation = load("lexicon").explain(one_text(words))
    spoken = [token for token in explanation.tokens if token.kind == "word"]
    # a phrase is one token of several words
    named = [(word, token.language) for token in spoken for word in token.text.split()]
    languages = [language for _, language in named]
    answer = explanation.answer
    figures = {"cmi": answer.cmi, "m_index": m_index(languages), "i_index": i_index(languages)}
    if as_json:
        spelt = [{"word": word, "language": language} for word, language in named]
        head = {"text": explanation.text, "language": answer.language}
        show_json({**head, **figures, "words": spelt})
        return DONE
    show(
        f"{answer.language}  cmi {figures['cmi']:.0f}, "
        f"M-index {figures['m_index']:.2f}, I-index {figures['i_index']:.2f}"
    )
    for word, language in named:
        show(f"  {language:8} {word}")
    return DONE


def report_on(scored: str, output: str, *, text: str, title: str | None) -> int:
    """Draw scored posts as a page, and print where it is."""
    from mizaj.report import write_report

    model = load()
    path = write_report(
        scored, output, title=title, text=text, explain=lambda post: model.explain(post).words
    )
    show(f"wrote {path}")
    return DONE


def _counted(counts: Counts, output: str) -> str:
    """What became of the rows, in one line."""
    from mizaj.write import REJECTS

    line = f"{counts.rows_in:,} rows in, {counts.rows_out:,} scored into {output}"
    if counts.rejected:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in sorted(counts.rejected.items()))
        line += f", {counts.rows_rejected:,} rejected into {Path(output) / REJECTS} ({reasons})"
    return line
