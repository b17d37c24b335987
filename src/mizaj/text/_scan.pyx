# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled scanner: the bytes of a post to tokens, in one pass and linear time; equal to `tokens.tokenise`."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from mizaj.text import characters
from mizaj.text import tokens as spec

cdef enum:
    # classes of `characters`
    SEPARATOR = 0
    LETTER = 1
    MARK = 2
    DIGIT = 3
    EMOJI_CLASS = 4
    REGIONAL = 5
    TONE = 6
    SELECTOR = 7
    JOINER = 8
    IGNORED = 9
    STOP_CLASS = 10
    COMMA_CLASS = 11
    ELLIPSIS_CLASS = 12
    APOSTROPHE = 13
    COMPATIBILITY = 14
    KEYCAP = 15
    # kinds and flags of `tokens`
    WORD = 0
    NUMBER = 1
    MENTION = 2
    URL = 3
    EMOJI = 4
    EMOTICON = 5
    EXCLAIM = 6
    QUESTION = 7
    ELLIPSIS = 8
    STOP = 9
    COMMA = 10
    CAPS = 1
    ELONGATED = 2
    HASHTAG = 4
    LONGEST_EMOTICON = 6
    # ASCII actions beside the classes
    UPPER = 32
    LOWER = 33
    MARKED = 34
    BEYOND = 35
    # entry flag of `pack`
    IS_EMOTICON = 2

cdef uint8_t[0x10000] CLASS
cdef uint8_t[256] ASCII
cdef uint8_t[0x1200] ASTRAL
"""Classes of U+1F000 and above by the character less U+1F000; what lies beyond is answered by `class_of`."""


def _fill_tables() -> None:
    cdef uint32_t c
    memset(CLASS, SEPARATOR, sizeof(CLASS))
    memset(ASTRAL, SEPARATOR, sizeof(ASTRAL))
    for first, end, kind in characters.RANGES:
        for c in range(first, end):
            if c < 0x10000:
                CLASS[c] = kind
            elif 0x1F000 <= c < 0x1F000 + 0x1200:
                ASTRAL[c - 0x1F000] = kind
            else:
                break
    for c in range(128):
        ASCII[c] = CLASS[c]
        if 65 <= c < 91:
            ASCII[c] = UPPER
        elif 97 <= c < 123:
            ASCII[c] = LOWER
    for c in range(128, 256):
        ASCII[c] = BEYOND
    for c in b"'*@#&!?.,;:|()[]\n\r":
        ASCII[c] = MARKED
    if (spec.WORD, spec.COMMA, spec.HASHTAG, characters.KEYCAP) != (WORD, COMMA, HASHTAG, KEYCAP):
        raise ImportError("the compiled scanner is older than its tables; build it again")


_fill_tables()


cdef inline int class_of(uint32_t c) noexcept nogil:
    if c < 0x10000:
        return CLASS[c]
    if 0x1F000 <= c < 0x1F000 + 0x1200:
        return ASTRAL[c - 0x1F000]
    if 0x1D400 <= c < 0x1D800:
        return COMPATIBILITY
    if 0x20000 <= c < 0x32000:
        return LETTER
    if 0xE0020 <= c < 0xE0080:
        return SELECTOR
    return SEPARATOR


cdef inline uint32_t decode(const uint8_t* text, int32_t at, int32_t n, int32_t* used) noexcept nogil:
    """The character at `at` and how many bytes it takes; a broken sequence is U+FFFD and takes one byte."""
    cdef uint32_t lead = text[at]
    cdef uint32_t c
    used[0] = 1
    if lead < 0x80:
        return lead
    if 0xC2 <= lead < 0xE0:
        if at + 1 < n and (text[at + 1] & 0xC0) == 0x80:
            used[0] = 2
            return ((lead & 0x1F) << 6) | (text[at + 1] & 0x3F)
    elif 0xE0 <= lead < 0xF0:
        if at + 2 < n and (text[at + 1] & 0xC0) == 0x80 and (text[at + 2] & 0xC0) == 0x80:
            c = ((lead & 0x0F) << 12) | ((text[at + 1] & 0x3F) << 6) | (text[at + 2] & 0x3F)
            if c >= 0x800 and not 0xD800 <= c < 0xE000:
                used[0] = 3
                return c
    elif 0xF0 <= lead < 0xF5:
        if (
            at + 3 < n
            and (text[at + 1] & 0xC0) == 0x80
            and (text[at + 2] & 0xC0) == 0x80
            and (text[at + 3] & 0xC0) == 0x80
        ):
            c = (
                ((lead & 0x07) << 18)
                | ((text[at + 1] & 0x3F) << 12)
                | ((text[at + 2] & 0x3F) << 6)
                | (text[at + 3] & 0x3F)
            )
            if 0x10000 <= c < 0x110000:
                used[0] = 4
                return c
    return 0xFFFD


cdef inline int kind_at(const uint8_t* text, int32_t at, int32_t n, int32_t* used) noexcept nogil:
    """The class of the character at `at` and its length in bytes; SEPARATOR past the end."""
    used[0] = 1
    if at >= n:
        return SEPARATOR
    return class_of(decode(text, at, n, used))


cdef inline int give_room(Tokens* out) except -1 nogil:
    """Room for one token more."""
    return 0 if out.n < out.room else grow(out)


cdef int grow(Tokens* out) except -1 nogil:
    cdef int32_t room = 256 if out.room == 0 else out.room * 2
    cdef Token* items = <Token*>realloc(out.items, <size_t>room * sizeof(Token))
    if items == NULL:
        with gil:
            raise MemoryError(f"no memory for {room} tokens")
    out.items = items
    out.room = room
    return 0


cdef inline Token* add(Tokens* out, int kind, int32_t start, int32_t end) noexcept nogil:
    """A new token at the end of `out`, which has been given room by `scan`."""
    cdef Token* token = &out.items[out.n]
    out.n += 1
    memset(token, 0, sizeof(Token))
    token.kind = kind
    token.start = start
    token.end = end
    token.n_words = 1
    return token


cdef inline bint is_word_head(int kind) noexcept nogil:
    return kind == LETTER or kind == DIGIT


cdef inline bint is_word_tail(int kind) noexcept nogil:
    return (
        kind == LETTER or kind == DIGIT or kind == MARK
        or kind == IGNORED or kind == JOINER or kind == COMPATIBILITY
    )


cdef int32_t read_word(
    const uint8_t* text, int32_t at, int32_t n, bint is_hashtag, const Table* table, Tokens* out
) noexcept nogil:
    """Read the word that begins at `at` into a new token; where it ends."""
    cdef uint64_t state = FNV_BASIS
    cdef int32_t start = at, used, ahead, run = 0, n_upper = 0
    cdef uint32_t c, folded, last = 0
    cdef bint has_lower = False, is_elongated = False
    cdef int kind = SEPARATOR, before
    while at < n:
        c = text[at]
        # most words are small letters from end to end
        while ASCII[c] == LOWER:
            state = (state ^ c) * FNV_PRIME
            run = run + 1 if c == last else 0
            is_elongated |= run > 1
            has_lower = True
            kind = LOWER
            last = c
            at += 1
            if at >= n:
                break
            c = text[at]
        if at >= n:
            break
        before = kind
        used = 1
        folded = c
        kind = ASCII[c]
        if kind == UPPER:
            if is_hashtag and at > start and parts_camel(before, text, at, n):
                break
            folded = c + 32
            n_upper += 1
        elif kind == MARKED:
            if is_hashtag or not joins_word(text, at, n):
                break
        elif kind == BEYOND:
            c = decode(text, at, n, &used)
            kind = class_of(c)
            folded = c
            if kind == APOSTROPHE:
                if is_hashtag or not is_word_head(kind_at(text, at + used, n, &ahead)):
                    break
                folded = 39
            elif kind == COMPATIBILITY or kind == IGNORED or kind == JOINER:
                out.is_compatibility |= kind == COMPATIBILITY
                at += used
                continue
            elif kind != LETTER and kind != MARK and kind != DIGIT:
                break
            elif 0xC0 <= c < 0xDF and c != 0xD7:
                folded = c + 32
        elif kind != DIGIT:
            break
        state = hash_character(state, text + at, used, folded)
        run = run + 1 if folded == last else 0
        is_elongated |= run > 1
        last = folded
        at += used
    cdef Token* token = add(out, WORD, start, at)
    token.hash = state
    token.flags = (HASHTAG if is_hashtag else 0) | (ELONGATED if is_elongated else 0)
    if n_upper > 1 and not has_lower:
        token.flags |= CAPS
    # the table is larger than the nearest cache: ask for the slot now, look at it when the post is read
    prefetch(&table.slots[(state ^ (state >> 32)) & table.mask])
    return at


cdef inline uint64_t hash_character(
    uint64_t state, const uint8_t* text, int32_t used, uint32_t folded
) noexcept nogil:
    """The hash with one more character, as it is folded."""
    if folded < 128:
        return (state ^ folded) * FNV_PRIME
    if folded < 0x100:
        state = (state ^ (0xC0 | (folded >> 6))) * FNV_PRIME
        return (state ^ (0x80 | (folded & 0x3F))) * FNV_PRIME
    return hash_more(state, text, used)


cdef inline bint joins_word(const uint8_t* text, int32_t at, int32_t n) noexcept nogil:
    """Whether the ASCII mark at `at` is inside a word: an apostrophe or stars with more of the word behind."""
    cdef int32_t used, ahead = at + 1
    if text[at] == 42:
        while ahead < n and text[ahead] == 42:
            ahead += 1
    elif text[at] != 39:
        return False
    return is_word_head(kind_at(text, ahead, n, &used))


cdef inline bint parts_camel(int before, const uint8_t* text, int32_t at, int32_t n) noexcept nogil:
    """Whether a word of a hashtag ends before the capital at `at`: aB, 1B, AB before a small letter."""
    if before == LOWER or (before == DIGIT and text[at - 1] < 128):
        return True
    return before == UPPER and at + 1 < n and ASCII[text[at + 1]] == LOWER


cdef int32_t read_hashtag(
    const uint8_t* text, int32_t at, int32_t n, const Table* table, Tokens* out
) except -1 nogil:
    """Read the words of the hashtag whose first word begins at `at`; where it ends."""
    cdef int32_t used
    cdef int kind
    while at < n:
        give_room(out)
        kind = kind_at(text, at, n, &used)
        if is_word_head(kind):
            at = read_word(text, at, n, True, table, out)
        elif text[at] == 95 or is_word_tail(kind):
            if kind == COMPATIBILITY:
                out.is_compatibility = True
            at += used
        else:
            break
    return at


cdef int32_t read_number(const uint8_t* text, int32_t at, int32_t n, Tokens* out) noexcept nogil:
    """Read the number that begins at `at`; where it ends, or 0 if what begins there is a word."""
    cdef int32_t start = at, end = 0, used
    cdef int kind
    while True:
        while kind_at(text, at, n, &used) == DIGIT:
            at += used
        if not is_word_tail(kind_at(text, at, n, &used)):
            end = at
        if at >= n or (text[at] != 46 and text[at] != 44 and text[at] != 58 and text[at] != 47):
            break
        if kind_at(text, at + 1, n, &used) != DIGIT:
            break
        at += 1
    if not end:
        return 0
    if end < n and text[end] == 37:
        end += 1
    cdef Token* token = add(out, NUMBER, start, end)
    token.hash = hash_more(FNV_BASIS, text + start, end - start)
    return end


cdef int32_t read_keycap(const uint8_t* text, int32_t at, int32_t n, Tokens* out) noexcept nogil:
    """Read the keycap (a digit, selectors, U+20E3) that begins at `at`; where it ends, or 0 if there is none."""
    cdef int32_t start = at, used
    at += 1
    while kind_at(text, at, n, &used) == SELECTOR:
        at += used
    if kind_at(text, at, n, &used) != KEYCAP:
        return 0
    cdef Token* token = add(out, EMOJI, start, at + used)
    token.hash = hash_more(hash_more(FNV_BASIS, text + start, 1), text + at, used)
    return at + used


cdef int32_t read_emoji(const uint8_t* text, int32_t at, int32_t n, Tokens* out) noexcept nogil:
    """Read the emoji, with its dress and what is joined to it, that begins at `at`; where it ends."""
    cdef Token* token = add(out, EMOJI, at, at)
    cdef uint64_t state = FNV_BASIS
    cdef int32_t used, joined
    cdef int kind = kind_at(text, at, n, &used)
    cdef int32_t start = at, first = used
    cdef bint is_bare = False
    while True:
        if kind == EMOJI_CLASS:
            state = hash_more(state, text + at, used)
            is_bare = True
        at += used
        while True:
            kind = kind_at(text, at, n, &used)
            if kind != SELECTOR and kind != TONE:
                break
            at += used
        if kind != JOINER:
            break
        kind = kind_at(text, at + used, n, &joined)
        if kind != EMOJI_CLASS and kind != TONE:
            break
        state = hash_more(state, text + at, used)
        is_bare = True
        at += used
        used = joined
    if not is_bare:
        # nothing but skin tones: they stand for themselves
        state = hash_more(FNV_BASIS, text + start, at - start)
    token.hash = state
    token.end = at
    return at


cdef int32_t read_flag(const uint8_t* text, int32_t at, int32_t n, Tokens* out) noexcept nogil:
    """Read the one or two regional letters that begin at `at`; where they end."""
    cdef int32_t start = at, used
    kind_at(text, at, n, &used)
    at += used
    if kind_at(text, at, n, &used) == REGIONAL:
        at += used
    cdef Token* token = add(out, EMOJI, start, at)
    token.hash = hash_more(FNV_BASIS, text + start, at - start)
    return at


cdef inline bint is_alnum(uint32_t c) noexcept nogil:
    return c < 128 and (ASCII[c] == UPPER or ASCII[c] == LOWER or ASCII[c] == DIGIT)


cdef int32_t read_emoticon(
    const uint8_t* text, int32_t at, int32_t n, const Table* table, Tokens* out
) noexcept nogil:
    """Read the longest known emoticon that begins at `at`; where it ends, or 0 if there is none."""
    cdef uint64_t[LONGEST_EMOTICON + 1] states
    cdef int32_t length = 0, end
    cdef const Slot* slot
    cdef uint32_t last
    states[0] = FNV_BASIS
    while length < LONGEST_EMOTICON and at + length < n and 32 < text[at + length] < 127:
        states[length + 1] = (states[length] ^ text[at + length]) * FNV_PRIME
        length += 1
    while length > 1:
        slot = find(table, states[length])
        if slot != NULL and slot.flags & IS_EMOTICON:
            end = at + length
            last = text[end - 1]
            while end < n and text[end] == last:
                end += 1
            if not (is_alnum(last) and end < n and is_alnum(text[end])):
                add(out, EMOTICON, at, end).hash = states[length]
                return end
        length -= 1
    return 0


cdef inline bint is_head(uint32_t c, const Table* table) noexcept nogil:
    return table.emoticon_heads[c >> 6] >> (c & 63) & 1


cdef inline bint begins_face(const uint8_t* text, int32_t at, int32_t n, const Table* table) noexcept nogil:
    """Whether an emoticon may begin at this letter or digit: `T_T`, `o^o`, `x-(`."""
    # most words go on with a letter
    if at + 1 >= n or ASCII[text[at + 1]] == LOWER or (text[at + 1] != 95 and text[at + 1] != 94 and text[at + 1] != 45 and text[at + 1] != 46):
        return False
    return is_head(text[at], table) and not (at > 0 and is_alnum(text[at - 1]))


cdef inline bint begins_url(const uint8_t* text, int32_t at, int32_t n) noexcept nogil:
    cdef int32_t left = n - at
    if (text[at] | 32) == 119:
        return left >= 4 and (text[at + 1] | 32) == 119 and (text[at + 2] | 32) == 119 and text[at + 3] == 46
    if left < 7 or (text[at] | 32) != 104 or (text[at + 1] | 32) != 116:
        return False
    if (text[at + 2] | 32) != 116 or (text[at + 3] | 32) != 112:
        return False
    at += 4
    if (text[at] | 32) == 115:
        at += 1
    return at + 2 < n and text[at] == 58 and text[at + 1] == 47 and text[at + 2] == 47


cdef int32_t read_marks(
    const uint8_t* text, int32_t at, int32_t n, const Table* table, Tokens* out
) except -1 nogil:
    """Read an ASCII mark that means something (see `tokens`); where it ends."""
    cdef int32_t start = at, used
    cdef uint32_t c = text[at]
    cdef bint is_question = False
    if c == 64:
        at += 1
        while at < n and (is_alnum(text[at]) or text[at] == 95):
            at += 1
        if at > start + 1:
            add(out, MENTION, start, at)
        return at
    if c == 35:
        if is_word_head(kind_at(text, at + 1, n, &used)):
            return read_hashtag(text, at + 1, n, table, out)
        return at + 1
    if c == 38:
        return skip_entity(text, at, n)
    if c == 33 or c == 63:
        while at < n and (text[at] == 33 or text[at] == 63):
            is_question |= text[at] == 63
            at += 1
        add(out, QUESTION if is_question else EXCLAIM, start, at)
        return at
    if c == 46 and kind_at(text, at + 1, n, &used) == ELLIPSIS_CLASS or c == 46 and at + 1 < n and text[at + 1] == 46:
        return read_ellipsis(text, at, n, out)
    at += 1
    if c == 46 or c == 10 or c == 13:
        add(out, STOP, start, at)
    elif c != 39 and c != 42:
        add(out, COMMA, start, at)
    return at


cdef int32_t read_ellipsis(const uint8_t* text, int32_t at, int32_t n, Tokens* out) noexcept nogil:
    cdef int32_t start = at, used
    while at < n:
        if kind_at(text, at, n, &used) != ELLIPSIS_CLASS and text[at] != 46:
            break
        at += used
    add(out, ELLIPSIS, start, at)
    return at


cdef inline int32_t skip_entity(const uint8_t* text, int32_t at, int32_t n) noexcept nogil:
    """Past an HTML entity such as `&amp;`; past the `&` alone if it is none."""
    cdef int32_t end = at + 1
    while end < n and end - at <= 6 and text[end] < 128 and (ASCII[text[end]] == LOWER or ASCII[text[end]] == UPPER):
        end += 1
    if end < n and text[end] == 59 and end - at >= 3:
        return end + 1
    return at + 1


cdef int32_t read_wide(
    const uint8_t* text, int32_t at, int32_t n, const Table* table, Tokens* out
) noexcept nogil:
    """Read whatever begins with the non-ASCII character at `at`; where it ends."""
    cdef int32_t used, end
    cdef int kind = kind_at(text, at, n, &used)
    if kind == LETTER:
        return read_word(text, at, n, False, table, out)
    if kind == DIGIT:
        end = read_number(text, at, n, out)
        return end if end else read_word(text, at, n, False, table, out)
    if kind == EMOJI_CLASS or kind == TONE:
        return read_emoji(text, at, n, out)
    if kind == REGIONAL:
        return read_flag(text, at, n, out)
    if kind == ELLIPSIS_CLASS:
        return read_ellipsis(text, at, n, out)
    if kind == STOP_CLASS:
        add(out, STOP, at, at + used)
    elif kind == COMMA_CLASS:
        add(out, COMMA, at, at + used)
    elif kind == COMPATIBILITY:
        out.is_compatibility = True
    return at + used


cdef int scan(const uint8_t* text, int32_t n, const Table* table, Tokens* out) except -1 nogil:
    cdef int32_t at = 0, end, used
    cdef uint32_t c
    cdef int kind
    out.n = 0
    out.is_compatibility = False
    while at < n:
        give_room(out)
        c = text[at]
        if c >= 128:
            at = read_wide(text, at, n, table, out)
            continue
        kind = ASCII[c]
        if (kind == LOWER or kind == UPPER or kind == DIGIT) and begins_face(text, at, n, table):
            end = read_emoticon(text, at, n, table, out)
            if end:
                at = end
                continue
        if kind == LOWER or kind == UPPER:
            if ((c | 32) == 104 or (c | 32) == 119) and begins_url(text, at, n):
                end = at
                while end < n and text[end] > 32:
                    end += 1
                add(out, URL, at, end)
                at = end
            else:
                at = read_word(text, at, n, False, table, out)
            continue
        if c == 32:
            at += 1
            continue
        if kind != DIGIT and is_head(c, table):
            end = read_emoticon(text, at, n, table, out)
            if end:
                at = end
                continue
        if kind == MARKED:
            at = read_marks(text, at, n, table, out)
        elif kind == DIGIT:
            end = read_keycap(text, at, n, out)
            if not end:
                end = read_number(text, at, n, out)
            at = end if end else read_word(text, at, n, False, table, out)
        else:
            at += 1
    return 0


cdef int32_t fold_word(const uint8_t* text, int32_t n, uint8_t* out) noexcept nogil:
    cdef int32_t at = 0, used, length = 0, i
    cdef uint32_t c
    cdef int kind
    while at < n:
        c = decode(text, at, n, &used)
        kind = class_of(c)
        if c < 128:
            out[length] = c + 32 if ASCII[c] == UPPER else c
            length += 1
        elif kind == APOSTROPHE:
            out[length] = 39
            length += 1
        elif kind != IGNORED and kind != JOINER and kind != COMPATIBILITY:
            for i in range(used):
                out[length + i] = text[at + i]
            if 0xC0 <= c < 0xDF and c != 0xD7:
                out[length + 1] += 32
            length += used
        at += used
    return length


cdef bint stays_in_word(uint32_t c) noexcept nogil:
    cdef int kind = class_of(c)
    return kind != APOSTROPHE and kind != IGNORED and kind != JOINER and kind != COMPATIBILITY
