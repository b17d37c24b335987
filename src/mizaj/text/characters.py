"""What each character is to the tokeniser: one table of ranges that both tokenisers read.

The regular expressions of `tokens` and the byte table of the compiled scanner are built from `RANGES`, so that the two
cannot disagree about a character. Characters not listed are separators.
"""

from __future__ import annotations

SEPARATOR = 0
LETTER = 1
MARK = 2
DIGIT = 3
EMOJI = 4
REGIONAL = 5
TONE = 6
SELECTOR = 7
JOINER = 8
IGNORED = 9
STOP = 10
COMMA = 11
ELLIPSIS = 12
APOSTROPHE = 13
COMPATIBILITY = 14
KEYCAP = 15

RANGES: tuple[tuple[int, int, int], ...] = (
    (0x0030, 0x003A, DIGIT),
    (0x0041, 0x005B, LETTER),
    (0x0061, 0x007B, LETTER),
    (0x00AA, 0x00AB, COMPATIBILITY),
    (0x00AD, 0x00AE, IGNORED),
    (0x00B2, 0x00B4, COMPATIBILITY),
    (0x00B9, 0x00BB, COMPATIBILITY),
    (0x00BC, 0x00BF, COMPATIBILITY),
    (0x00C0, 0x00D7, LETTER),
    (0x00D8, 0x00F7, LETTER),
    (0x00F8, 0x02BC, LETTER),
    (0x02BC, 0x02BD, APOSTROPHE),
    (0x0300, 0x0370, COMPATIBILITY),
    (0x0370, 0x037E, LETTER),
    (0x037F, 0x0483, LETTER),
    (0x048A, 0x0589, LETTER),
    (0x05D0, 0x05EB, LETTER),
    (0x060C, 0x060D, COMMA),
    (0x0620, 0x0660, LETTER),
    (0x066E, 0x06D4, LETTER),
    (0x06D5, 0x0700, LETTER),
    (0x0710, 0x08A0, LETTER),
    (0x08A0, 0x0900, LETTER),
    (0x0900, 0x0904, MARK),
    (0x0904, 0x093A, LETTER),
    (0x093A, 0x093D, MARK),
    (0x093D, 0x093E, LETTER),
    (0x093E, 0x0950, MARK),
    (0x0950, 0x0951, LETTER),
    (0x0951, 0x0958, MARK),
    (0x0958, 0x0962, LETTER),
    (0x0962, 0x0964, MARK),
    (0x0964, 0x0966, STOP),
    (0x0966, 0x0970, DIGIT),
    (0x0971, 0x1100, LETTER),
    (0x1100, 0x1680, LETTER),
    (0x16A0, 0x1D2C, LETTER),
    (0x1D2C, 0x1D6B, COMPATIBILITY),
    (0x1D6B, 0x1D78, LETTER),
    (0x1D79, 0x1D9B, LETTER),
    (0x1D9B, 0x1DC0, COMPATIBILITY),
    (0x1E00, 0x1FBD, LETTER),
    (0x200B, 0x200D, IGNORED),
    (0x200D, 0x200E, JOINER),
    (0x200E, 0x2010, IGNORED),
    (0x2013, 0x2016, COMMA),
    (0x2018, 0x201A, APOSTROPHE),
    (0x2026, 0x2027, ELLIPSIS),
    (0x2028, 0x202A, STOP),
    (0x202A, 0x202F, IGNORED),
    (0x203C, 0x203D, EMOJI),
    (0x2049, 0x204A, EMOJI),
    (0x2060, 0x2070, IGNORED),
    (0x2070, 0x20A0, COMPATIBILITY),
    (0x20E3, 0x20E4, KEYCAP),
    (0x2100, 0x2139, COMPATIBILITY),
    (0x2139, 0x213A, EMOJI),
    (0x213A, 0x2150, COMPATIBILITY),
    (0x2190, 0x2200, EMOJI),
    (0x2300, 0x2400, EMOJI),
    (0x2460, 0x24C2, COMPATIBILITY),
    (0x24C2, 0x24C3, EMOJI),
    (0x24C3, 0x2500, COMPATIBILITY),
    (0x25A0, 0x27C0, EMOJI),
    (0x2900, 0x2980, EMOJI),
    (0x2B00, 0x2C00, EMOJI),
    (0x2C00, 0x2E00, LETTER),
    (0x3001, 0x3002, COMMA),
    (0x3002, 0x3003, STOP),
    (0x3005, 0x3008, LETTER),
    (0x3030, 0x3031, EMOJI),
    (0x303D, 0x303E, EMOJI),
    (0x3040, 0x3200, LETTER),
    (0x3297, 0x3298, EMOJI),
    (0x3299, 0x329A, EMOJI),
    (0x3200, 0x3297, COMPATIBILITY),
    (0x329A, 0x3400, COMPATIBILITY),
    (0x3400, 0xD800, LETTER),
    (0xF900, 0xFB00, LETTER),
    (0xFB00, 0xFB07, COMPATIBILITY),
    (0xFB07, 0xFE00, LETTER),
    (0xFE00, 0xFE10, SELECTOR),
    (0xFE70, 0xFEFF, LETTER),
    (0xFEFF, 0xFF00, IGNORED),
    (0xFF01, 0xFFF0, COMPATIBILITY),
    (0x1D400, 0x1D800, COMPATIBILITY),
    (0x1F000, 0x1F100, EMOJI),
    (0x1F100, 0x1F170, COMPATIBILITY),
    (0x1F170, 0x1F1E6, EMOJI),
    (0x1F1E6, 0x1F200, REGIONAL),
    (0x1F200, 0x1F3FB, EMOJI),
    (0x1F3FB, 0x1F400, TONE),
    (0x1F400, 0x1FB00, EMOJI),
    (0x20000, 0x32000, LETTER),
    (0xE0020, 0xE0080, SELECTOR),
)
"""(first, end, class), ends left out. COMPATIBILITY characters have another form under NFKC: a post that holds one is
normalised before it is scored (COMBINING MARKS among them), and what remains of them is skipped."""

NUKTA_LETTERS = {
    0x958 + place: letter + "\u093c" for place, letter in enumerate("कखगजडढफय")
}  # fmt: skip
"""Devanagari letters with a nukta of their own, as the plain letter and the nukta, which words hold."""


def character_set(*classes: int) -> str:
    """The inside of a regular-expression set `[...]` for the given classes.

    >>> import re
    >>> re.fullmatch(f"[{character_set(DIGIT)}]+", "12३४") is not None
    True
    """
    return "".join(
        f"\\U{first:08x}-\\U{end - 1:08x}" for first, end, kind in RANGES if kind in classes
    )
