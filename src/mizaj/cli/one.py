"""One text in, one line out; kept apart so that it loads nothing that it does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mizaj.cli.show import show, show_json
from mizaj.model.predict import load

if TYPE_CHECKING:
    from mizaj.lexicon.scorer import Answer


def score_text(text: str, *, as_json: bool) -> int:
    """Print what the shipped model makes of one text."""
    show_answer(text, load()(text), as_json=as_json)
    return 0


def show_answer(text: str, answer: Answer, *, as_json: bool) -> None:
    """Print an answer: a line to read, or JSON under the column names."""
    if as_json:
        columns = ("sentiment", "score", "confidence", "tier", "language", "cmi")
        show_json({"text": text} | {name: getattr(answer, name) for name in columns})
        return
    show(
        f"{answer.sentiment}  score {answer.score:+.2f}, confidence {answer.confidence:.2f}, "
        f"language {answer.language}, cmi {answer.cmi:.0f}, tier {answer.tier}"
    )
