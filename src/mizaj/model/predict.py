"""A model by its name, asked for one post, for many, or for the step that scores a pipeline's rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mizaj.errors import ModelError, SourceError
from mizaj.lexicon.explain import Explanation, explain
from mizaj.lexicon.scorer import Answer, LexiconSettings, Scorer, load_scorer

if TYPE_CHECKING:
    import pyarrow as pa

    from mizaj.lexicon.columns import LexiconScore

NAMES = ("default", "lexicon")
"""What `load` takes; `default` is what ships, the lexicon."""


class ArrowStream(Protocol):
    """Anything with Arrow's C interface: a polars or pandas column, an Arrow array."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The column as an Arrow stream."""


Texts = Iterable[str | None] | ArrowStream


@dataclass(frozen=True)
class Model:
    """The lexicon tier: dictionaries and rules.

    >>> model = load()
    >>> model("Yeh movie accha nahi hai").sentiment
    'negative'
    """

    name: str
    settings: LexiconSettings

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
        """A table of the texts and their answers, one row each, in order.

        `texts`: a list of str, an Arrow array, or anything with Arrow's C interface (a polars or pandas column).
        What is not UTF-8 in them is read as U+FFFD. Raises `SourceError` for what is not text.
        """
        import pyarrow as pa  # not for one text

        column = texts if isinstance(texts, pa.Array | pa.ChunkedArray) else _arrow(texts)
        table = pa.table({"text": column})
        step = self.step()
        scored = [step(batch) for batch in table.to_batches()]
        schema = pa.schema([*table.schema, *step.adds])
        return pa.Table.from_batches(scored, schema)


def load(name: str = "default", settings: LexiconSettings | None = None) -> Model:
    """The model of this name: `default` (what ships) or `lexicon`; `settings` choose dictionaries and rules.

    Raises `ModelError` for a name that is not known.
    """
    if name not in NAMES:
        msg = f"model '{name}' is not known; allowed: {', '.join(NAMES)}"
        raise ModelError(msg)
    return Model(name, settings or LexiconSettings())


def _arrow(texts: Texts) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa  # not for one text

    from mizaj.read.tables import strings

    if isinstance(texts, str | bytes):
        msg = "score takes a list or a column of texts; for one text, call the model: model(text)"
        raise SourceError(msg)
    if not hasattr(texts, "__arrow_c_stream__"):
        return strings(list(texts))
    try:
        return pa.chunked_array(texts)
    except pa.ArrowException as error:
        msg = f"the texts to score are no column of texts: {error}"
        raise SourceError(msg) from error
