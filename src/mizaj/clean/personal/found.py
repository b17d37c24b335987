"""One piece of personal data in a text, and texts with such pieces blanked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

EMAIL, UPI, HANDLE, IP = "email", "upi", "handle", "ip"
PAN, CARD, AADHAAR, PHONE = "pan", "card", "aadhaar", "phone"
KINDS: Final = (EMAIL, UPI, HANDLE, IP, PAN, CARD, AADHAAR, PHONE)
"""The kinds in the order they are looked for: what is sure by its form comes before what is long, then short."""

BLANK = "\0"


@dataclass(frozen=True, slots=True)
class Found:
    """Personal data of a kind at `text[start:end]`; `value` is its plain form, equal for all ways of writing it.

    The value is in no repr, so that no log or error shows it.

    >>> Found("email", 0, 7, "a@b.com")
    Found(kind='email', start=0, end=7)
    """

    kind: str
    start: int
    end: int
    value: str = field(repr=False)


def blanked(text: str, found: Iterable[Found]) -> str:
    """The text with what was found blanked, all else in its place; `found` is in the order of the text.

    What looks for the next kind reads this text: so no two finds overlap, and nothing is read across a find,
    as nothing can be once it is masked.
    """
    pieces, end = [], 0
    for each in found:
        pieces += [text[end : each.start], BLANK * (each.end - each.start)]
        end = each.end
    return "".join([*pieces, text[end:]])
