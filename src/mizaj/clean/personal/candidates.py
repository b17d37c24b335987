"""Which rows could hold personal data, and handles masked without looking at rows: by Arrow's kernels alone.

Most posts hold nothing. These expressions (RE2, linear in the text) let a row pass that the finder would find nothing
in, but never hold one back in which it finds something; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from mizaj.clean.personal.alphabet import DIGITS, FOREIGN, SEPARATORS, WORD
from mizaj.clean.personal.at_signs import (
    MAIL_HOSTS,
    MASKED_NAME,
    NAME_REST,
    NAME_START,
)
from mizaj.clean.personal.digits import FEWEST
from mizaj.clean.personal.found import AADHAAR, CARD, EMAIL, HANDLE, IP, PAN, PHONE, UPI

_NUMBER = f"(?:[{DIGITS}][{SEPARATORS}]{{0,3}}){{{FEWEST - 1}}}[{DIGITS}]"
_ADDRESS = f"[{WORD}%+-]@"
# A handle after a word, or one that begins with a digit, or an address set apart (`asha @gmail.com`), is judged
# by more than an expression can.
_HARD_HANDLE = rf"[{WORD}]@|@[0-9]|@(?i:{MAIL_HOSTS})|@{MASKED_NAME}(?:[.-][a-z0-9_]|[{FOREIGN}])"
_SHAPES = {
    EMAIL: rf"{_ADDRESS}|(?i:[(\[{{] ?at ?[)\]}}]| dot (?:com|co|in|org|net|edu)|@ ?(?:{MAIL_HOSTS}))",
    UPI: _ADDRESS,
    HANDLE: _HARD_HANDLE,
    IP: r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:",
    PAN: r"[A-Za-z]{5}[ -]?[0-9]{4}[ -]?[A-Za-z]",
    CARD: _NUMBER,
    AADHAAR: _NUMBER,
    PHONE: _NUMBER,
}
_EASY_HANDLE = f"(^|[^A-Za-z0-9_])@[{NAME_START}]{NAME_REST}"
_MASKED_HANDLE = rf"(?:^|[^A-Za-z0-9_])@{MASKED_NAME}\b"


def may_hold(texts: pa.Array, kinds: Collection[str]) -> pa.Array:
    """Where a text must be read for these kinds, true or false; plain handles alone do not count (`has_handle`)."""
    pattern = "|".join(dict.fromkeys(_SHAPES[kind] for kind in kinds))
    return pc.match_substring_regex(texts, pattern).fill_null(fill_value=False)


def has_handle(texts: pa.Array) -> pa.Array:
    """Where a text may hold a handle, true or false."""
    return pc.match_substring(texts, "@").fill_null(fill_value=False)


def mask_handles(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Texts that `may_hold` says nothing of, with their handles as `@user`, and how many each had.

    >>> texts, counts = mask_handles(pa.array(["@asha dekho @ravi", "kuch nahi"]))
    >>> texts.to_pylist(), counts.to_pylist()
    (['@user dekho @user', 'kuch nahi'], [2, 0])
    """
    counts = pc.subtract(
        pc.count_substring_regex(texts, _EASY_HANDLE),
        pc.count_substring_regex(texts, _MASKED_HANDLE),
    )
    return pc.replace_substring_regex(texts, _EASY_HANDLE, rf"\1@{MASKED_NAME}"), counts
