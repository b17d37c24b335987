"""All kinds of personal data in one text, without overlaps."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from mizaj.clean.personal.at_signs import at_signs, spelled_emails, with_tails
from mizaj.clean.personal.codes import ips, pans
from mizaj.clean.personal.found import (
    AADHAAR,
    CARD,
    EMAIL,
    HANDLE,
    IP,
    KINDS,
    PAN,
    PHONE,
    UPI,
    Found,
    blanked,
)
from mizaj.clean.personal.numbers import numbers

# What can stand in the place of a find ends a link, as the find itself does.
_LINK = re.compile(r"(?:https?://|www\.)[^\s\0<>@…]+", re.IGNORECASE)
_CALLING = re.compile(
    r"wa\.me|t\.me/\+|signal\.me|whatsapp|(?<!<)phone|mobile|tel[:=]", re.IGNORECASE
)

_Look = Callable[[str], Iterator[Found]]


@dataclass(frozen=True)
class Finder:
    """Personal data of `kinds` in a text; numbers without a country are of `region`.

    `spaced_handles` reads `@ name` as a handle, for sets of posts that were cut into tokens.

    >>> Finder()("98765-43210 ya asha@site.in")
    [Found(kind='phone', start=0, end=11), Found(kind='email', start=15, end=27)]
    """

    kinds: tuple[str, ...] = KINDS
    region: str = "IN"
    spaced_handles: bool = False

    def __call__(self, text: str) -> list[Found]:
        """What is found, in the order of the text; no two overlap."""
        found: list[Found] = []
        rest = text
        for look in _looks(self):
            new = [each for each in look(rest) if each.kind in self.kinds]
            if not new:
                continue
            if HANDLE in self.kinds:
                new = with_tails(rest, new, spaced_handles=self.spaced_handles)
            rest = blanked(rest, new)
            found += new
        return sorted(found, key=lambda each: each.start)


@functools.lru_cache(maxsize=16)
def _looks(finder: Finder) -> tuple[_Look, ...]:
    """One function for each module that looks for some of the kinds, in the order of `KINDS`."""
    kinds = finder.kinds
    signs = partial(at_signs, spaced_handles=finder.spaced_handles)
    looks = (
        ({EMAIL, UPI, HANDLE}, signs),
        ({EMAIL}, spelled_emails),
        ({IP}, ips),
        ({PAN}, _outside_links(pans)),
        (
            {CARD, AADHAAR, PHONE},
            _outside_links(partial(numbers, kinds=kinds, region=finder.region)),
        ),
    )
    return tuple(look for found, look in looks if not found.isdisjoint(kinds))


def _outside_links(look: _Look) -> _Look:
    """The same, but not in links, whose numbers are those of pages, unless they are for calling someone."""
    return lambda text: look(_LINK.sub(_without_number, text))


def _without_number(link: re.Match[str]) -> str:
    written = link.group()
    return written if _CALLING.search(written) else "\0" * len(written)
