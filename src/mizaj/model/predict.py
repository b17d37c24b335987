"""A model by its name, asked for one post, for many, or for the step that scores a pipeline's rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mizaj.errors import ModelError, SourceError
from mizaj.lexicon.explain import Explanation, explain
from mizaj.lexicon.scorer import Answer, LexiconSettings, Scorer, load_scorer
from mizaj.model.folder import POLARITIES, POLARITY, is_model, open_folder
from mizaj.model.linear_one import short_way
from mizaj.model.shipped import BEST, DEFAULT, SHIPPED, folder_of

if TYPE_CHECKING:
    import pyarrow as pa

    from mizaj.batch import Step
    from mizaj.lexicon.columns import LexiconScore
    from mizaj.model.score import ModelScore

LEXICON = "lexicon"
NAMES = (DEFAULT, LEXICON, BEST)
"""The names `load` takes besides folders. `default` is what ships: the linear model, or the lexicon where dictionaries
or rules of one's own are asked for, since only that reads with them. `best` is the most accurate model, which is too
large to ship; `model.shipped` says where it is looked for."""


class ArrowStream(Protocol):
    """Anything with Arrow's C interface: a polars or pandas column, an Arrow array."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The column as an Arrow stream."""


Texts = Iterable[str | None] | ArrowStream


class Model(Protocol):
    """A model of any kind, asked for one post, for many, or for the step that scores a pipeline's rows."""

    @property
    def name(self) -> str:
        """The name or folder it was loaded by."""

    @property
    def task(self) -> str:
        """What it answers: `polarity`, or another task, which names the column it adds."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it answers with."""

    def __call__(self, text: str) -> Answer:
        """The answer for one post."""

    def explain(self, text: str) -> Explanation:
        """What led to the answer for one post."""

    def step(self, text: str = "text") -> Step:
        """The pipeline step that scores the column `text`."""

    def score(self, texts: Texts) -> pa.Table:
        """A table of the texts and their answers, one row each, in order."""


@dataclass(frozen=True)
class LexiconModel:
    """The lexicon tier: dictionaries and rules.

    >>> model = load()
    >>> model("Yeh movie accha nahi hai").sentiment
    'negative'
    """

    name: str
    settings: LexiconSettings

    @property
    def task(self) -> str:
        """Polarity."""
        return POLARITY

    @property
    def labels(self) -> tuple[str, ...]:
        """Negative, neutral and positive."""
        return POLARITIES

    @property
    def scorer(self) -> Scorer:
        """The loaded dictionaries with their rules."""
        return load_scorer(self.settings)

    def __call__(self, text: str) -> Answer:
        """The answer for one post."""
        return self.scorer.answer(text)

    def explain(self, text: str) -> Explanation:
        """The tree of clauses, groups and words behind the answer for one post."""
        return explain(text, self.scorer)

    def step(self, text: str = "text") -> LexiconScore:
        """The pipeline step that scores the column `text`."""
        from mizaj.lexicon.columns import LexiconScore  # brings pyarrow: not for one text

        return LexiconScore(text, self.settings)

    def score(self, texts: Texts) -> pa.Table:
        """A table of the texts and their answers, one row each, in order; see `score_texts`."""
        return score_texts(texts, self.step())


@dataclass(frozen=True)
class LearnedModel:
    """A trained model in a folder, of whatever kind."""

    name: str

    @property
    def task(self) -> str:
        """The task it was trained for."""
        return open_folder(self.name).described.task

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels it was trained with."""
        return open_folder(self.name).labels

    def __call__(self, text: str) -> Answer:
        """The answer for one post. Raises `ModelError` for a model whose task is not polarity."""
        short = _short_way(self.name)
        if short is not None:
            return short(text)
        return one_answer(text, self.step())

    def explain(self, text: str) -> Explanation:
        """What the dictionaries read in the post, under the model's answer; of a linear model, what it weighs too."""
        from mizaj.model.score import explain_with  # brings numpy: not for one text

        return explain_with(Path(self.name), text, self(text))

    def step(self, text: str = "text") -> ModelScore:
        """The pipeline step that scores the column `text`."""
        from mizaj.model.score import ModelScore  # brings pyarrow: not for one text

        return ModelScore(self.name, text)

    def score(self, texts: Texts) -> pa.Table:
        """A table of the texts and their answers, one row each, in order; see `score_texts`."""
        return score_texts(texts, self.step())


def load(name: str | Path = "default", settings: LexiconSettings | None = None) -> Model:
    """The model of this name: `default` (what ships), `lexicon`, `best` (the most accurate), or in this folder.

    `settings` choose the lexicon's dictionaries and rules. Raises `ModelError` for a name that is not known and is no
    folder, for `best` where it has not been built, and for a folder whose model is damaged.
    """
    settings = settings or LexiconSettings()
    if name == DEFAULT and settings == LexiconSettings() and is_model(SHIPPED):
        return LearnedModel(str(SHIPPED))
    if name in (DEFAULT, LEXICON):
        return LexiconModel(str(name), settings)
    folder = folder_of(name)
    if is_model(folder):
        from mizaj.model.score import load_model  # brings numpy: not for the lexicon

        load_model(folder)
        return LearnedModel(str(folder))
    msg = f"model '{name}' is not known; allowed: {', '.join(NAMES)}, or a folder that `mizaj train` wrote"
    raise ModelError(msg)


def one_answer(text: str, step: Step) -> Answer:
    """What a step says of one post. Raises `ModelError` for a step whose task is not polarity."""
    row = score_texts([text], step).to_pylist()[0]
    if "sentiment" not in row:
        msg = f"the model answers {', '.join(step.adds.names)}, not polarity; ask for a table: model.score([text])"
        raise ModelError(msg)
    return Answer(**{field: row[field] for field in Answer.__dataclass_fields__})


@functools.lru_cache(maxsize=8)
def _short_way(name: str) -> Callable[[str], Answer] | None:
    """What answers one post without numpy, for models that can."""
    return short_way(open_folder(name))


def score_texts(texts: Texts, step: Step) -> pa.Table:
    """A table of the texts and what the step adds to them, one row each, in order.

    `texts`: a list of str, an Arrow array, or anything with Arrow's C interface (a polars or pandas column).
    What is not UTF-8 in them is read as U+FFFD. Raises `SourceError` for what is not text.
    """
    import pyarrow as pa  # not for one text

    column = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else _arrow(texts)
    table = pa.table({"text": column})
    scored = [step(batch) for batch in table.to_batches()]
    schema = pa.schema([*table.schema, *step.adds])
    return pa.Table.from_batches(scored, schema)


def _arrow(texts: Texts) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa  # not for one text

    from mizaj.read.tables import is_old_series, strings

    if isinstance(texts, str | bytes):
        msg = "score takes a list or a column of texts; for one text, call the model: model(text)"
        raise SourceError(msg)
    is_old = is_old_series(texts)
    if not (is_old or hasattr(texts, "__arrow_c_stream__")):
        return strings(list(texts))
    try:
        return pa.array(texts) if is_old else pa.chunked_array(texts)
    except pa.ArrowException as error:
        msg = f"the texts to score are no column of texts: {error}"
        raise SourceError(msg) from error
