"""Numbers of people: telephones, Aadhaar, payment cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial

from mizaj.clean.personal.codes import LIBRARY
from mizaj.clean.personal.digits import Run, Stretch, runs, stretches
from mizaj.clean.personal.found import AADHAAR, CARD, PHONE, Found
from mizaj.clean.personal.telephones import telephone
from mizaj.errors import ExtraMissing

try:
    from stdnum import luhn as _luhn
    from stdnum.in_ import aadhaar as _aadhaar
except ImportError:
    _luhn = _aadhaar = None  # type: ignore[assignment]

# Issuers by first digits, with the lengths they give out (ISO/IEC 7812, and the issuers' own pages).
_ISSUERS = (
    (re.compile("4"), (13, 16, 19)),  # Visa
    (re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile("3[47]"), (15,)),  # American Express
    (re.compile("30[0-5]|3[689]"), (14, 16, 19)),  # Diners Club
    (re.compile("35(?:2[89]|[3-8])"), (16, 19)),  # JCB
    (re.compile("60|65|81|82|508|353|356|64[4-9]"), (16, 19)),  # RuPay, Discover
    (re.compile("62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile("50(?:18|20|38)|5893|6304|6759|676[1-3]"), (13, 14, 15, 16, 17, 18, 19)),  # Maestro
)
_CARD_SHAPES = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (8, 8), (6, 10)})
_SHORTEST_CARD, _AADHAAR_DIGITS = 13, 12
_AADHAAR_SHAPES = frozenset({(12,), (4, 4, 4)})
_ALONE = re.compile(r"[A-Za-z0-9_#]\Z")
_ASCII_WORD = re.compile(r"[A-Za-z0-9_]")
_STEP_BACK = 10  # no find reaches over more groups


def numbers(text: str, kinds: Collection[str], region: str = "IN") -> Iterator[Found]:
    """The numbers of these kinds. Raises `ExtraMissing` without python-stdnum or phonenumbers.

    >>> kinds = ("card", "aadhaar", "phone")
    >>> [(each.kind, each.value) for each in numbers("2341 2341 2346 aur +91 98765-43210", kinds)]
    [('aadhaar', '234123412346'), ('phone', '+919876543210')]
    """
    if not {CARD, AADHAAR}.isdisjoint(kinds) and _luhn is None:
        raise ExtraMissing(LIBRARY, extra="clean")
    judge = partial(_number, kinds=kinds, region=region)
    for run in runs(text):
        yield from sorted(_in_run(run, judge), key=lambda found: found.start)


_Judge = Callable[[Stretch], Found | None]


def _in_run(run: Run, judge: _Judge) -> Iterator[Found]:
    """What is found in the run.

    A find parts the run in two. What ends right before it lost a neighbour, so the few groups before are read again;
    else a second masking could find what the first did not.
    """
    first, parts = 0, [(0, len(run.groups))]
    while parts:
        low, high = parts.pop()
        taken = _first(run, max(low, first), (low, high), judge)
        first = high
        if taken is not None:
            stretch, found = taken
            yield found
            parts += [(stretch.last, high), (low, stretch.first)]
            first = stretch.first - _STEP_BACK


def _first(
    run: Run, place: int, part: tuple[int, int], judge: _Judge
) -> tuple[Stretch, Found] | None:
    """The first find from the group at `place` on, unless one with more digits begins inside it."""
    best: tuple[Stretch, Found] | None = None
    while place < (part[1] if best is None else best[0].last):
        for stretch in stretches(run, place, *part):
            is_better = best is None or len(stretch.digits) > len(best[0].digits)
            if is_better and (found := judge(stretch)):
                best = stretch, found
                break
        place += 1
    return best


def _number(stretch: Stretch, *, kinds: Collection[str], region: str) -> Found | None:
    kind, value = None, stretch.digits
    if CARD in kinds and _is_card(stretch):
        kind = CARD
    elif AADHAAR in kinds and _is_aadhaar(stretch):
        kind = AADHAAR
    elif PHONE in kinds and (telephone_number := telephone(stretch, region)):
        kind, value = PHONE, telephone_number
    return Found(kind, *stretch.span, value) if kind and not stretch.is_torn else None


def _is_card(stretch: Stretch) -> bool:
    digits = stretch.digits
    if len(digits) < _SHORTEST_CARD:
        return False
    shape = stretch.shape
    if not (len(shape) == 1 or shape in _CARD_SHAPES):
        return False
    is_issued = any(start.match(digits) and len(digits) in sizes for start, sizes in _ISSUERS)
    return is_issued and _stands_alone(stretch) and bool(_luhn.is_valid(digits))


def _is_aadhaar(stretch: Stretch) -> bool:
    digits = stretch.digits
    if len(digits) != _AADHAAR_DIGITS or (shape := stretch.shape) not in _AADHAAR_SHAPES:
        return False
    # One in ten mobile numbers with 91 before them passes the check of Aadhaar too; few Aadhaar numbers begin so.
    is_mobile = len(shape) == 1 and digits.startswith("91") and digits[2] in "6789"
    return (
        not (is_mobile or stretch.is_round or stretch.is_years)
        and _stands_alone(stretch)
        and bool(_aadhaar.is_valid(digits))
    )


def _stands_alone(stretch: Stretch) -> bool:
    """Whether the separators are of one sort, and no plus, letter or `#` touches the digits."""
    start, end = stretch.run.groups[stretch.first].start, stretch.run.groups[stretch.last - 1].end
    text = stretch.run.text
    if len(set(stretch.gaps)) > 1 or stretch.has_plus:
        return False
    is_free = stretch.has_left or not _ALONE.search(text[max(0, start - 1) : start])
    return is_free and (stretch.has_right or not _ASCII_WORD.match(text, end))
