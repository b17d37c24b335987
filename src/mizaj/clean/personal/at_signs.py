"""What is written with an at sign: e-mail addresses, UPI addresses, handles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from mizaj.clean.personal.alphabet import FOREIGN, WORD
from mizaj.clean.personal.found import EMAIL, HANDLE, UPI, Found

MAIL_HOSTS = "gmail|googlemail|yahoo|ymail|hotmail|outlook|rediffmail|icloud|protonmail"
"""Hosts known to be for mail, also where the dot of the address is missing."""
MASKED_NAME = "user"
"""`@user` stands in the place of a handle, here as in public sets: it is left alone and not counted."""
NAME_START = f"A-Za-z_{FOREIGN}"
NAME_REST = f"[{WORD}]*(?:[.-][a-z0-9_][{WORD}]*)*"
"""The rest of a handle: a full stop ends it where a capital follows, as in `@asha.Great film`."""

# As listed by NPCI and the apps; a name before another word is not taken for an address (`live@wembley`).
_UPI_HOST = re.compile(
    "abfspay|airtel|allbank|apl|aubank|axisb|axisbank|axl|barodampay|cnrb|dbs|dlb|eazypay|fam|federal|fbl|fkaxis|"
    "freecharge|hdfcbank|hdfcbankjd|hsbc|ibl|icici|idbi|idfcbank|idfcfirst|ikwik|indianbank|indus|jio|jupiteraxis|kbl|"
    "kotak|kvb|mahb|naviaxis|obc|okaxis|okbizaxis|okhdfcbank|okicici|oksbi|paytm|payzapp|pingpay|pnb|postbank|ptaxis|"
    "pthdfc|ptsbi|ptyes|rajgovhdfcbank|rapl|rbl|sbi|sib|slice|sliceaxis|superyes|tapicici|uboi|unionbank|upi|waaxis|"
    "wahdfcbank|waicici|wasbi|yapl|ybl|yesbank|yescred|yesg|yespay",
    re.IGNORECASE,
)
_LONGEST_LOCAL = 64  # RFC 5321, and what keeps the look back short
_LOCAL = re.compile(rf"[{WORD}+%-]+(?:\.[{WORD}+%-]+)*\Z")
# A capital begins a new sentence (`asha@site.in.Thanks`), unless it is short: `Site.In`.
_DOMAIN = re.compile(
    rf"(?:[{WORD}-]{{1,63}}\.)+"
    rf"(?:[a-z]{{2,24}}|[A-Z]{{2,24}}(?![a-z])|[A-Z][a-z]{{1,3}}(?![a-z])|[{FOREIGN}]{{2,24}})"
)
_PICTURE = (
    "pic.twitter.com"  # scraped posts have it right behind the last word, which may be a handle
)
_HOST = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}(?![A-Za-z0-9_-])")
_NAME = re.compile(f"[0-9{NAME_START}]{NAME_REST}")
_REST = re.compile(NAME_REST)
_SPACED_NAME = re.compile(f" (?:_+ )?[{WORD}]+(?: _+(?: [{WORD}]+)?)*")
_PRICE_OR_TIME = re.compile(
    r"[0-9]+(?:[.-]?[0-9]+)*(?:am|pm|rs|inr|rupees?|k|kg|gm?|km|m|cr|crores?|la[ck]hs?|hrs?|min|gb|mb|p|x|th|st|nd|rd)?",
    re.IGNORECASE,
)
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DOT = r"(?:\.| ?[(\[{] ?dot ?[)\]}] ?)"
_TOP = r"(?:com|co ?\. ?in|co|in|org|net|edu)(?![A-Za-z0-9_])"
_MAIL_HOST = re.compile(
    rf"(?:{MAIL_HOSTS})(?![A-Za-z0-9_])(?: ?[.,] ?{_TOP}| com(?![A-Za-z0-9_]))?", re.IGNORECASE
)
# What follows the at sign of an address that is set apart, and is no handle then: `spelled_emails` finds it.
_SET_APART = re.compile(
    rf"(?:{MAIL_HOSTS})(?:[.,]| dot ){_TOP}| (?:{MAIL_HOSTS}) ?(?:[.,]|dot) ?{_TOP}",
    re.IGNORECASE,
)
_SPELLED = re.compile(
    # Possessive, and begun at the edge of a word alone: each word is read once, however long the text.
    rf"(?<![{WORD}.+%@-])[{WORD}.+%-]{{1,64}}+(?:"
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
    if local.group() == MASKED_NAME and text.startswith("@", start - 1):
        return None  # of `@asha@0.IN`, masked
    if (domain := _DOMAIN.match(text, place + 1)) and not domain.group().endswith(_PICTURE):
        return Found(EMAIL, start, domain.end(), text[start : domain.end()].lower())
    host = _HOST.match(text, place + 1)
    if host is None:
        return None
    if mail := _MAIL_HOST.match(text, place + 1):
        value = f"{local.group()}@{_DOTS.sub('.', mail.group())}".lower()
        return Found(EMAIL, start, mail.end(), value)
    is_phone = _is_phone(local.group()) and host.group() != MASKED_NAME
    if is_phone or _UPI_HOST.fullmatch(host.group()):
        return Found(UPI, start, host.end(), text[start : host.end()].lower())
    return None


def _is_phone(local: str) -> bool:
    return len(local) >= 10 and local.isdecimal()


def _handle(text: str, place: int, *, spaced: bool) -> Found | None:
    before = text[max(0, place - 3) : place]
    if before[-1:] in _ASCII_WORD and not _is_retweet(before):
        return None
    if _SET_APART.match(text, place + 1):
        return None
    name = _name(text, place, spaced=spaced)
    if name is None:
        return None
    return Found(HANDLE, place, name.end(), name.group().replace(" ", "").lower())


def _name(text: str, place: int, *, spaced: bool) -> re.Match[str] | None:
    """The name behind the at sign at `place`, unless it is a price, a time, or masked already."""
    name = _NAME.match(text, place + 1)
    if name is None and spaced:
        name = _SPACED_NAME.match(text, place + 1)
    if (
        name is None
        or _PRICE_OR_TIME.fullmatch(name.group().strip())
        or name.group() == MASKED_NAME
    ):
        return None
    return name


def _is_retweet(before: str) -> bool:
    # not right behind a mask, either: there it was the end of something
    is_apart = before[-3:-2] not in _ASCII_WORD and before[-3:-2] not in {">", "…"}
    return before[-2:].lower() == "rt" and is_apart


def with_tails(text: str, found: Iterable[Found], *, spaced_handles: bool = False) -> list[Found]:
    """The finds, each with the names right behind it: `@c.in` of `a@b.in@c.in` would be a handle once `a@b.in` is gone.

    `found` is in the order of the text.

    >>> with_tails("a@b.in@c.in", [Found("email", 0, 6, "a@b.in")])
    [Found(kind='email', start=0, end=11)]
    """
    tailed: list[Found] = []
    for each in found:
        end = each.end
        if tailed and each.start < tailed[-1].end:
            end = max(end, tailed[-1].end)
            each = tailed.pop()
        while text.startswith("@", end) and (name := _name(text, end, spaced=spaced_handles)):
            end = name.end()
        if each.kind == HANDLE and (rest := _REST.match(text, end)):
            end = rest.end()  # `@user` must not read on as `@user12`
        tailed.append(replace(each, end=end))
    return tailed
