"""What is written with an at sign: e-mail addresses, UPI addresses, handles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mizaj.clean.personal.alphabet import FOREIGN, WORD
from mizaj.clean.personal.found import EMAIL, HANDLE, KINDS, UPI, Found

MAIL_HOSTS = "gmail|googlemail|yahoo|ymail|hotmail|outlook|rediffmail|icloud|protonmail"
"""Hosts known to be for mail, also where the dot of the address is missing."""
MASK = f"<(?:{'|'.join(KINDS)})(?::[a-p]{{16}})?>"
"""What stands in the place of something masked or hashed."""
MASKED_NAME = "user"
"""`@user` stands in the place of a handle, here as in public sets: it is left alone and not counted."""
NAME_START = f"A-Za-z_{FOREIGN}"
NAME_REST = f"[{WORD}]*(?:[.-][a-z0-9_][{WORD}]*)*"
"""The rest of a handle: a full stop ends it where a capital follows, as in `@asha.Great film`."""

# As listed by NPCI and the apps; a name before another word is not taken for an address (`live@wembley`).
_UPI_HOST = re.compile(
    "abfspay|airtel|allbank|apl|aubank|axisb|axisbank|axl|barodampay|cnrb|dbs|dlb|eazypay|federal|fbl|freecharge|"
    "hdfcbank|hdfcbankjd|hsbc|ibl|icici|idbi|idfcbank|idfcfirst|ikwik|indianbank|indus|jio|jupiteraxis|kbl|kotak|kvb|"
    "mahb|naviaxis|obc|okaxis|okbizaxis|okhdfcbank|okicici|oksbi|paytm|payzapp|pingpay|pnb|postbank|ptaxis|pthdfc|"
    "ptsbi|ptyes|rajgovhdfcbank|rapl|rbl|sbi|sib|slice|superyes|tapicici|uboi|unionbank|upi|waaxis|wahdfcbank|waicici|"
    "wasbi|yapl|ybl|yesbank|yescred|yesg",
    re.IGNORECASE,
)
_LONGEST_LOCAL = 64  # RFC 5321, and what keeps the look back short
_LOCAL = re.compile(rf"[{WORD}+%-]+(?:\.[{WORD}+%-]+)*\Z")
_DOMAIN = re.compile(rf"(?:[{WORD}-]{{1,63}}\.)+(?:[A-Za-z]{{2,24}}|[{FOREIGN}]{{2,24}})")
_HOST = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}(?![A-Za-z0-9_-])")
_NAME = re.compile(f"[0-9{NAME_START}]{NAME_REST}")
_SPACED_NAME = re.compile(r" (?:_+ )?\w+(?: _+(?: \w+)?)*")
_PRICE_OR_TIME = re.compile(
    r"[0-9]+(?:[.-]?[0-9]+)*(?:am|pm|rs|inr|rupees?|k|kg|gm?|km|m|cr|crores?|la[ck]hs?|hrs?|min|gb|mb|p|x|th|st|nd|rd)?",
    re.IGNORECASE,
)
_MASK_BEFORE = re.compile(rf"{MASK}\Z")
_LONGEST_MASK = 32
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DOT = r"(?:\.| ?[(\[{] ?dot ?[)\]}] ?)"
_TOP = r"(?:com|co ?\. ?in|co|in|org|net|edu)(?![A-Za-z0-9_])"
_MAIL_HOST = re.compile(
    rf"(?:{MAIL_HOSTS})(?![A-Za-z0-9_])(?: ?[.,] ?{_TOP}| com(?![A-Za-z0-9_]))?", re.IGNORECASE
)
_SPELLED = re.compile(
    # Possessive, and begun at the edge of a word alone: each word is read once, however long the text.
    rf"(?<![{WORD}.+%-])[{WORD}.+%-]{{1,64}}+(?:"
    rf" ?[(\[{{] ?at ?[)\]}}] ?(?:[A-Za-z0-9-]{{1,63}}{_DOT}){{1,6}}[A-Za-z]{{2,24}}"
    rf"| at [A-Za-z0-9-]{{1,63}} dot {_TOP}"
    rf"| ?@ ?(?:{MAIL_HOSTS})(?: ?[.,] ?| dot | ){_TOP})",
    re.IGNORECASE,
)
_AT = re.compile(r" ?(?:@|[(\[{] ?at ?[)\]}]| at ) ?", re.IGNORECASE)
_DOTS = re.compile(r" ?[.,] ?| ?[(\[{] ?dot ?[)\]}] ?| dot | ", re.IGNORECASE)


def spelled_emails(text: str) -> Iterator[Found]:
    """Addresses whose signs are spelled out or set apart: `asha at gmail dot com`, `asha[at]site.in`.

    >>> [each.value for each in spelled_emails("mail asha.rao (at) gmail (dot) com please")]
    ['asha.rao@gmail.com']
    """
    for found in _SPELLED.finditer(text):
        local, domain = _AT.split(found.group(), maxsplit=1)
        value = f"{local}@{_DOTS.sub('.', domain)}".lower()
        yield Found(EMAIL, *found.span(), value)


def at_signs(text: str, *, spaced_handles: bool = False) -> Iterator[Found]:
    """What is written around each at sign, in the order of the text.

    >>> [(each.kind, each.value) for each in at_signs("@Asha mail a.b@site.in or pay asha@okaxis, live@wembley")]
    [('handle', 'asha'), ('email', 'a.b@site.in'), ('upi', 'asha@okaxis')]
    """
    end = 0
    place = text.find("@")
    while place >= 0:
        found = _address(text, place, end) or _handle(text, place, spaced=spaced_handles)
        if found:
            yield found
            end = found.end
        place = text.find("@", max(place + 1, end))


def _address(text: str, place: int, first: int) -> Found | None:
    """The e-mail or UPI address around the at sign at `place`; its local part begins at `first` or later."""
    local = _LOCAL.search(text[max(first, place - _LONGEST_LOCAL) : place])
    if local is None or local.group().lower() == "rt":
        return None
    start = place - len(local.group())
    if domain := _DOMAIN.match(text, place + 1):
        return Found(EMAIL, start, domain.end(), text[start : domain.end()].lower())
    host = _HOST.match(text, place + 1)
    if host is None:
        return None
    if mail := _MAIL_HOST.match(text, place + 1):
        value = f"{local.group()}@{_DOTS.sub('.', mail.group())}".lower()
        return Found(EMAIL, start, mail.end(), value)
    if _UPI_HOST.fullmatch(host.group()) or _is_phone(local.group()):
        return Found(UPI, start, host.end(), text[start : host.end()].lower())
    return None


def _is_phone(local: str) -> bool:
    return len(local) >= 10 and local.isdecimal()


def _handle(text: str, place: int, *, spaced: bool) -> Found | None:
    before = text[max(0, place - _LONGEST_MASK) : place]
    # What follows a mask without a space is the rest of something, such as `@c.in` of `a@b.in@c.in`.
    if (before[-1:] in _ASCII_WORD and not _is_retweet(before)) or _MASK_BEFORE.search(before):
        return None
    name = _NAME.match(text, place + 1)
    if name is None and spaced:
        name = _SPACED_NAME.match(text, place + 1)
    if name is None or _PRICE_OR_TIME.fullmatch(name.group()) or name.group() == MASKED_NAME:
        return None
    return Found(HANDLE, place, name.end(), name.group().replace(" ", "").lower())


def _is_retweet(before: str) -> bool:
    return before[-2:].lower() == "rt" and before[-3:-2] not in _ASCII_WORD
