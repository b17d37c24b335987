"""Tax numbers (PAN) and addresses of machines (IP)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from mizaj.clean.personal.alphabet import DIGITS
from mizaj.clean.personal.found import IP, PAN, Found
from mizaj.errors import ExtraMissing

try:
    from stdnum.in_ import pan as _pan
except ImportError:
    _pan = None  # type: ignore[assignment]

LIBRARY = "python-stdnum"

# The fourth letter is the kind of holder. In small letters, `helps 2020 a` must not do, so nothing stands between.
_PAN = re.compile(
    rf"(?<![A-Za-z_#{DIGITS}])(?:"
    r"[A-Z]{3}[ABCFGHJKLPT][A-Z](?:[0-9]{4}|[ -][0-9]{4}[ -]?)[A-Z]"
    r"|[a-z]{3}[abcfghjklpt][a-z][0-9]{4}[a-z]"
    rf")(?![A-Za-z_{DIGITS}])"
)
_V4 = re.compile(
    rf"(?<![A-Za-z_.{DIGITS}])(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}(?![A-Za-z_{DIGITS}]|\.[{DIGITS}])"
)
_V6 = re.compile(
    rf"(?<![A-Za-z_.{DIGITS}])[0-9A-Fa-f]{{1,4}}(?:::?[0-9A-Fa-f]{{1,4}}){{2,8}}(?![A-Za-z_{DIGITS}])"
)
_FEWEST_GROUPS = 3  # `12::30` and `ad::bad` are slips of the hand
_VERSION = re.compile(
    r"(?:\b(?:v|ver|version|release|build|firmware|update|patch|ios|android|chrome|firefox|windows|linux|kernel|java"
    r"|php|python|section|clause|rule|para|chapter|article))[ .:-]*\Z",
    re.IGNORECASE,
)
_VERSION_BEFORE = 16


def pans(text: str) -> Iterator[Found]:
    """Indian tax numbers, in capitals or in small letters. Raises `ExtraMissing` without python-stdnum.

    >>> [each.value for each in pans("PAN hai ABCPK 1234 F, ya abcpk1234f")]
    ['ABCPK1234F', 'ABCPK1234F']
    """
    if _pan is None:
        raise ExtraMissing(LIBRARY, extra="clean")
    for found in _PAN.finditer(text):
        value = _pan.compact(found.group())
        if _pan.is_valid(value):
            yield Found(PAN, *found.span(), value)


def ips(text: str) -> Iterator[Found]:
    """IP addresses of both versions, but not what a word calls a version, nor 0.x.

    >>> [each.value for each in ips("from 203.0.113.9 and 2001:db8:0:0::7, version 1.2.3.4")]
    ['203.0.113.9', '2001:db8::7']
    """
    found = [*_V4.finditer(text), *_V6.finditer(text)]
    for each in sorted(found, key=re.Match.start):
        value = _address(each.group())
        before = text[max(0, each.start() - _VERSION_BEFORE) : each.start()]
        if value and not _VERSION.search(before):
            yield Found(IP, *each.span(), value)


def _address(written: str) -> str | None:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return None
    if address.version == 4:
        return None if written.startswith("0") else str(address)
    n_groups = sum(1 for group in written.split(":") if group)
    return str(address) if n_groups >= _FEWEST_GROUPS else None
