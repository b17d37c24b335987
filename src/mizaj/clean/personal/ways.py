"""What stands in a text where personal data was: a mask, a pseudonym, or nothing."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import Final

from mizaj.clean.personal.at_signs import MASKED_NAME
from mizaj.clean.personal.found import HANDLE, Found
from mizaj.errors import SettingError

MASK, HASH, DROP = "mask", "hash", "drop"
WAYS: Final = (MASK, HASH, DROP)

SHORTEST_KEY = 16
"""Bytes; a shorter key can be found by trying."""
_FEWEST_CHARACTERS = 6  # different ones: `aaaaaaaaaaaaaaaa` is no key
_PERSON = b"mizaj-personal"
_PSEUDONYM_BYTES = 8  # among a billion people, two share a pseudonym with a chance of 3 in 100
# No digits, so that no pseudonym reads as a number when a text is masked again.
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

_STOPS = (" ", ",", ".", ";", "!", "?", ":", ")", "।")


def check_key(key: str) -> None:
    """Raises `SettingError` for a key that is too easy to guess; the message does not show it."""
    if len(key.encode()) < SHORTEST_KEY or len(set(key)) < _FEWEST_CHARACTERS:
        message = (
            f"the key for hashing is {len(key.encode())} bytes long with {len(set(key))} different characters; "
            f"give {SHORTEST_KEY} bytes or more of chance: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
        raise SettingError(message)


def key_print(key: str) -> str:
    """What tells keys apart without showing them."""
    return hashlib.blake2b(_secret(key), digest_size=16, person=b"mizaj-key-print").hexdigest()


def pseudonym(kind: str, value: str, key: str) -> str:
    """Sixteen letters that stand for a value of a kind: the same for the same key, and not to be undone without it.

    >>> len(pseudonym("email", "a@b.in", "a key of sixteen bytes or more"))
    16
    """
    message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(
        message, digest_size=_PSEUDONYM_BYTES, key=_secret(key), person=_PERSON
    )
    return digest.hexdigest().translate(_LETTERS)


@functools.lru_cache(maxsize=4)
def _secret(key: str) -> bytes:
    # BLAKE2b takes 64 bytes of key at most, a user's may be longer.
    return hashlib.blake2b(key.encode(), digest_size=32, person=_PERSON).digest()


def mask_of(found: Found) -> str:
    """`<email>` for an e-mail address and so on, `@user` for a handle, as public data sets have it."""
    return f"@{MASKED_NAME}" if found.kind == HANDLE else f"<{found.kind}>"


def hash_of(found: Found, key: str) -> str:
    """`<email:` with the pseudonym and `>`."""
    return f"<{found.kind}:{pseudonym(found.kind, found.value, key)}>"


def replaced(text: str, found: Iterable[Found], written: Callable[[Found], str]) -> str:
    """The text with something else written for each find; `found` is in the order of the text."""
    pieces, end = [], 0
    for each in found:
        pieces += [text[end : each.start], written(each)]
        end = each.end
    return "".join([*pieces, text[end:]])


def cut(text: str, found: Iterable[Found], find: Callable[[str], list[Found]]) -> str:
    """The text without the finds, its spaces as if they had never stood there.

    Where what is left would read as personal data once joined, as `find` says, `…` stands for each find instead.

    >>> cut("Call 9876543210, now", [Found("phone", 5, 15, "")], lambda _: [])
    'Call, now'
    """
    pieces, end = [], 0
    for each in found:
        pieces.append(text[end : each.start])
        end = each.end
    pieces.append(text[end:])
    joined = [pieces[0]]
    for piece in pieces[1:]:
        joined[-1:] = _join(joined[-1], piece)
    short = "".join(joined)
    return "…".join(pieces) if find(short) else short


def _join(left: str, right: str) -> list[str]:
    """Both pieces with the spaces that belong between them."""
    if not left.strip():
        return [left.strip(), right.lstrip()]
    if not right.strip() or (left[-1].isspace() and right.startswith(_STOPS)):
        return [left.rstrip(), right]
    return [left, right]
