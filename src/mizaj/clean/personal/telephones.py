"""Telephone numbers: those of India in all the ways they are written, others by what phonenumbers knows."""

from __future__ import annotations

import re

from mizaj.clean.personal.alphabet import FOREIGN
from mizaj.clean.personal.digits import Stretch
from mizaj.errors import ExtraMissing, SettingError

try:
    import phonenumbers
except ImportError:
    phonenumbers = None  # type: ignore[assignment]

LIBRARY = "phonenumbers"
INDIA = "IN"

_MOBILE = re.compile(r"(?P<prefix>(?:(?:00|0)?910?)?|0)(?P<number>[6-9][0-9]{9})")
_MOBILE_SHAPES = frozenset(
    {(10,), (5, 5), (4, 6), (6, 4), (3, 7), (7, 3), (3, 3, 4), (4, 3, 3), (3, 4, 3)}
    | {(2, 4, 4), (4, 4, 2), (4, 2, 4), (5, 3, 2), (5, 2, 3), (3, 2, 5), (2, 3, 5), (2, 2, 6)}
)
_PAIRS = (2, 2, 2, 2, 2)
_LEAST_NATIONAL = 8
_LANDLINE_DIGITS = 11
_SHORTEST_CODE, _LONGEST_CODE = 3, 5  # 011 to 09999, with the 0 before them

# A number that belongs to these is no one's telephone.
_UNIT_BEFORE = re.compile(r"(?:[₹$€£]|(?<![A-Za-z])(?:rs|inr|usd)\b\.?) ?\Z", re.IGNORECASE)
_AMOUNT_BEFORE = re.compile(
    r"[0-9] ?(?:rs|inr|usd)\b\.? ?\Z", re.IGNORECASE
)  # the unit is another's
_UNIT_AFTER = re.compile(
    r"%|/-|\s?(?:₹|(?:rs|inr|rupees?|rupaye|rupiye|usd|dollars?|la[ck]hs?|crores?|cr|views?|likes?|followers|subscribers?"
    rf"|votes?|people|users|log)\b|र[ुू](?:प[एय]|(?![{FOREIGN}]))|लाख|करोड़|लोग)",
    re.IGNORECASE,
)
_REFERENCE_BEFORE = re.compile(
    r"\b(?:(?:order|ticket|tracking|invoice|bill|txn|transaction|ref|reference|docket|case|token|account|a/c|ac)"
    r" ?(?:id|no|number|num)|(?:pnr|awb|isbn|ean|imei|utr|otp|txnid)(?: ?(?:id|no|number|num))?)[\s.:#=-]*\Z",
    re.IGNORECASE,
)
_WORD_BEFORE = re.compile(
    r"(?:\A|[^A-Za-z])(?:call|ph|mob|mobile|no|num|number|phone|tel|cell|contact|whatsapp|wa|watsapp|sms|text|txt"
    r"|helpline|par|pe|at|on|to)[.:]?\Z",
    re.IGNORECASE,
)
_CODE_AFTER = re.compile(r"[A-Za-z_]*[0-9_]")
_CONTEXT = 24


def telephone(stretch: Stretch, region: str) -> str | None:
    """The number as `+` and digits (E.164), or None where it is none of a person.

    Numbers that anyone may call free of charge or at a premium are no personal data. Raises `ExtraMissing` without
    phonenumbers.
    """
    value = _plain(stretch, region)
    return value if value and _is_free(stretch) else None


def check_region(region: str) -> None:
    """Raises `SettingError` for what is no region, and `ExtraMissing` without phonenumbers."""
    if phonenumbers is None:
        raise ExtraMissing(LIBRARY, extra="clean")
    if region not in phonenumbers.SUPPORTED_REGIONS:
        message = (
            f"region is {region!r}; allowed: two capitals as in ISO 3166 (IN, GB, US, AE, ...)"
        )
        raise SettingError(message)


def _plain(stretch: Stretch, region: str) -> str | None:
    digits = stretch.digits
    if region == INDIA or stretch.has_plus or digits.startswith("0091"):
        number = _indian_mobile(stretch)
        if number:
            return number
    if stretch.has_plus:
        return _known(f"+{digits}", None)
    if digits.startswith("00") and stretch.shape[0] >= 3:
        return _known(f"+{digits[2:]}", None)
    if region == INDIA:
        return _known(digits, INDIA) if _is_landline(stretch) else None
    return _known(digits, region) if len(digits) >= _LEAST_NATIONAL else None


def _indian_mobile(stretch: Stretch) -> str | None:
    found = _MOBILE.fullmatch(stretch.digits)
    if found is None or (stretch.has_plus and not found["prefix"].startswith("91")):
        return None
    rest = _without(stretch.shape, len(found["prefix"]))
    if not stretch.has_plus and not _is_written_so(stretch, rest):
        return None
    return f"+91{found['number']}"


def _without(shape: tuple[int, ...], n_digits: int) -> tuple[int, ...]:
    """The shape without so many digits at its start.

    >>> _without((2, 5, 5), 2), _without((7, 5), 2)
    ((5, 5), (5, 5))
    """
    while n_digits and shape:
        taken = min(n_digits, shape[0])
        n_digits -= taken
        shape = shape[1:] if taken == shape[0] else (shape[0] - taken, *shape[1:])
    return shape


def _is_written_so(stretch: Stretch, shape: tuple[int, ...]) -> bool:
    """Whether ten digits are set apart as people do with a number, and not as a row of prices or marks."""
    gaps = stretch.gaps
    if shape == _PAIRS:
        return all("-" in gap for gap in gaps[1 - len(_PAIRS) :])
    if shape not in _MOBILE_SHAPES or (len(gaps) == 1 and "." in gaps[0]):
        return False
    return not stretch.is_round


def _is_landline(stretch: Stretch) -> bool:
    digits = stretch.digits
    if len(digits) != _LANDLINE_DIGITS or not digits.startswith("0") or digits[1] == "0":
        return False
    shape = stretch.shape
    return len(shape) == 1 or (len(shape) <= 3 and _SHORTEST_CODE <= shape[0] <= _LONGEST_CODE)


def _known(number: str, region: str | None) -> str | None:
    if phonenumbers is None:
        raise ExtraMissing(LIBRARY, extra="clean")
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    kind = phonenumbers.PhoneNumberType
    personal = {kind.FIXED_LINE, kind.MOBILE, kind.FIXED_LINE_OR_MOBILE, kind.VOIP, kind.PAGER}
    if phonenumbers.number_type(parsed) not in {*personal, kind.PERSONAL_NUMBER}:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _is_free(stretch: Stretch) -> bool:
    """Whether nothing beside the digits says that they are something else."""
    start, end = stretch.span
    text = stretch.run.text
    before = text[max(0, start - _CONTEXT) : start]
    if stretch.has_plus:
        return not _CODE_AFTER.match(text, end)
    if _UNIT_BEFORE.search(before) and not _AMOUNT_BEFORE.search(before):
        return False
    if _REFERENCE_BEFORE.search(before) or _CODE_AFTER.match(text, end):
        return False
    last = before[-1:]
    if (
        last.isascii()
        and (last.isalnum() or last in {"_", "#"})
        and not _WORD_BEFORE.search(before)
    ):
        return False
    return not _UNIT_AFTER.match(text, end)
