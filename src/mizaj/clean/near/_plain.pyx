# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled plain form of posts: `plain_text` and the content hash of `sketching` on Arrow columns.

The plain form of a post is written in one pass. Links, handles and smileys are noticed at the mark in them (`:`, `.`,
`@`) by looking back, so that letters, of which posts are made, cost one look-up each. What other characters become is
asked of `plain_text` when they first come, and kept.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport malloc
from libc.string cimport memcpy, memset

from mizaj.clean.near._kernel cimport BASIS, RAW_BASIS, Column, absorb, begin_of, column_of, finish, read_character

from mizaj.clean.near import plain_text, sketching

cdef enum:
    # what an ASCII byte is; from 32 on, the byte that is written for it
    BLANK = 0
    DROP = 1
    AT = 2
    COLON = 3
    EYES = 4
    DOT = 5
    BEYOND = 6
    FIRST_WRITTEN = 32
    TABLE_END = 0x20000
    FIRST_TAG = 0xE0000
    TAGS_END = 0xE1000
    # more than all forms together take (119 kB)
    POOL_BYTES = 1 << 18
    # room that a post needs besides `GROWTH` times its length
    SPARE = 16
    GROWTH = 12

cdef extern from *:
    """
    #define MIZAJ_UNKNOWN 0xFFFFFFFFu
    #define MIZAJ_KEEP 0xFFFFFFFEu
    #ifdef __GNUC__
    #define MIZAJ_FENCE() __atomic_thread_fence(__ATOMIC_RELEASE)
    #else
    #define MIZAJ_FENCE()
    #endif
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define MIZAJ_LITTLE(number) __builtin_bswap64(number)
    #else
    #define MIZAJ_LITTLE(number) (number)
    #endif
    """
    const uint32_t UNKNOWN "MIZAJ_UNKNOWN"
    const uint32_t KEEP "MIZAJ_KEEP"
    void fence "MIZAJ_FENCE"() noexcept nogil
    uint64_t little "MIZAJ_LITTLE"(uint64_t number) noexcept nogil

if GROWTH != plain_text.MOST_GROWTH or TABLE_END != plain_text.TABLE_END or RAW_BASIS != sketching.RAW_BASIS:
    raise ImportError("the compiled plain form is older than its definition; build it again")


cdef uint64_t hash_bytes(const uint8_t* text, int64_t n, uint64_t basis) noexcept nogil:
    cdef uint64_t state = basis ^ <uint64_t>n, chunk
    cdef int64_t at = 0
    while at + 8 <= n:
        memcpy(&chunk, text + at, 8)
        state = absorb(state, little(chunk))
        at += 8
    if at < n:
        chunk = 0
        memcpy(&chunk, text + at, n - at)
        state = absorb(state, little(chunk))
    return finish(state)


cdef uint8_t[256] ACTIONS
cdef uint8_t[256] IS_WORD
cdef uint8_t[3] SMILE
cdef uint8_t[3] FROWN
cdef uint32_t* FORMS = NULL
cdef uint8_t* POOL = NULL
cdef uint32_t n_pooled = 0


cdef void make_tables() except *:
    global FORMS, POOL
    cdef int byte
    for byte in range(256):
        IS_WORD[byte] = byte < 128 and (chr(byte).isalnum() or byte == 95)
        ACTIONS[byte] = BEYOND
        if byte < 128:
            form = plain_text.plain_character(byte)
            ACTIONS[byte] = DROP if not form else BLANK if form == " " else <int>ord(form)
    ACTIONS[<int>ord("@")] = AT
    ACTIONS[<int>ord(":")] = COLON
    ACTIONS[<int>ord(";")] = EYES
    ACTIONS[<int>ord("=")] = EYES
    ACTIONS[<int>ord(".")] = DOT
    smile, frown = plain_text.SMILE.encode(), plain_text.FROWN.encode()
    for byte in range(3):
        SMILE[byte] = smile[byte]
        FROWN[byte] = frown[byte]
    FORMS = <uint32_t*>malloc(TABLE_END * sizeof(uint32_t))
    POOL = <uint8_t*>malloc(POOL_BYTES)
    if FORMS == NULL or POOL == NULL:
        raise MemoryError("no memory for the table of characters")
    memset(FORMS, 0xFF, TABLE_END * sizeof(uint32_t))


make_tables()


cdef uint32_t learn(uint32_t code) noexcept with gil:
    """What a character becomes, now in the table: `KEEP`, or its place in the pool times 64 and its length."""
    global n_pooled
    cdef uint32_t entry
    form = plain_text.plain_character(code)
    if form == chr(code):
        FORMS[code] = KEEP
        return KEEP
    spelt = form.encode()
    if not form.strip(" "):
        spelt = spelt[:1]
    if FORMS[code] != UNKNOWN:
        return FORMS[code]
    for i, byte in enumerate(spelt):
        POOL[n_pooled + i] = byte
    entry = n_pooled << 6 | <uint32_t>len(spelt)
    n_pooled += <uint32_t>len(spelt)
    fence()
    FORMS[code] = entry
    return entry


cdef inline bint ends_with(const uint8_t* text, int64_t end, int64_t wall, const char* word, int64_t n) noexcept nogil:
    """Whether a small word stands before `end`, in letters of any size, and begins at `wall` or behind it."""
    cdef int64_t i
    if end - n < wall:
        return False
    for i in range(n):
        if (text[end - n + i] | 0x20) != <uint8_t>word[i]:
            return False
    return True


cdef inline bint goes_on(const uint8_t* text, int64_t at, int64_t n, const char* word, int64_t size) noexcept nogil:
    """Whether a small word stands at a place; marks in it are compared as they are."""
    cdef int64_t i
    cdef uint8_t byte
    if at + size > n:
        return False
    for i in range(size):
        byte = text[at + i]
        if byte != <uint8_t>word[i] and not (c"A" <= byte <= c"Z" and (byte | 0x20) == <uint8_t>word[i]):
            return False
    return True


cdef inline int64_t letters_of_link(const uint8_t* text, int64_t at, int64_t n, int64_t wall) noexcept nogil:
    """How many letters before the mark at `at` belong to a link that it makes one; 0 if it makes none."""
    if text[at] == c":":
        if not goes_on(text, at + 1, n, b"//", 2):
            return 0
        if ends_with(text, at, wall, b"https", 5):
            return 5
        return 4 if ends_with(text, at, wall, b"http", 4) else 0
    if ends_with(text, at, wall, b"www", 3):
        return 3
    if ends_with(text, at, wall, b"pic", 3) and goes_on(text, at + 1, n, b"twitter.com/", 12):
        return 3
    return ends_with(text, at, wall, b"t", 1) and goes_on(text, at + 1, n, b"co/", 3)


cdef inline int64_t take_back(const uint8_t* out, int64_t at, int64_t n) noexcept nogil:
    """The length of what was written without its last `n` bytes and the blank before them."""
    at -= n
    return at - (at > 0 and out[at - 1] == c" ")


cdef inline int64_t start_of_retweet(const uint8_t* text, int64_t at, int64_t wall) noexcept nogil:
    """Where the `RT` begins that stands before the handle at `at`; -1 if none does."""
    cdef int64_t end = at
    while end > wall and text[end - 1] == c" ":
        end -= 1
    if end == at or not ends_with(text, end, wall, b"rt", 2):
        return -1
    return -1 if end > 2 and IS_WORD[text[end - 3]] else end - 2


cdef inline int64_t smiley(const uint8_t* text, int64_t at, int64_t n, const uint8_t** mark) noexcept nogil:
    """Where the smiley ends whose eyes are at `at`, and its mark; 0 if it is none."""
    cdef int64_t mouth = at + 1
    if mouth < n and (text[mouth] == c"-" or text[mouth] == c"'"):
        mouth += 1
    if mouth >= n:
        return 0
    if text[mouth] == c")" or text[mouth] == c"]":
        mark[0] = SMILE
        return mouth + 1
    if text[mouth] == c"(" or text[mouth] == c"[":
        mark[0] = FROWN
        return mouth + 1
    return 0


cdef struct Writer:
    # what is written, where, whether a blank goes before whatever comes next, where the last mark of a kind ends
    uint8_t* out
    int64_t at
    int64_t pending
    int64_t wall


cdef inline void write(Writer* writer, const uint8_t* bytes_, int64_t n) noexcept nogil:
    writer.out[writer.at] = c" "
    writer.at += writer.pending
    memcpy(writer.out + writer.at, bytes_, n)
    writer.at += n
    writer.pending = 0


cdef int write_character(const uint8_t* text, int64_t n, Writer* writer) noexcept nogil:
    """Write what becomes of a character beyond ASCII; its bytes, 0 if it is no UTF-8."""
    cdef uint32_t code, entry = KEEP, i
    cdef const uint8_t* form
    cdef int used = read_character(text, n, &code)
    if used == 0:
        return 0
    if code < TABLE_END:
        entry = FORMS[code]
        if entry == UNKNOWN:
            entry = learn(code)
    elif FIRST_TAG <= code < TAGS_END:
        return used
    if entry == KEEP:
        write(writer, text, used)
        return used
    form = POOL + (entry >> 6)
    for i in range(entry & 63):
        if form[i] == c" ":
            writer.pending = writer.at > 0
        else:
            write(writer, form + i, 1)
    return used


cdef int64_t after_handle(const uint8_t* text, int64_t i, int64_t n, Writer* writer) noexcept nogil:
    """Where to go on behind an `@`: behind the handle if it begins one, whose `RT` is taken back."""
    if i + 1 < n and IS_WORD[text[i + 1]] and not (i > 0 and IS_WORD[text[i - 1]]):
        if start_of_retweet(text, i, writer.wall) >= 0:
            writer.at = take_back(writer.out, writer.at, 2)
        while i + 1 < n and IS_WORD[text[i + 1]]:
            i += 1
        writer.wall = i + 1
    writer.pending = writer.at > 0
    return i + 1


cdef int64_t after_mark(const uint8_t* text, int64_t i, int64_t n, uint8_t action, Writer* writer) noexcept nogil:
    """Where to go on behind a mark: behind the link or the smiley if it belongs to one."""
    cdef int64_t n_letters = letters_of_link(text, i, n, writer.wall) if action != EYES else 0
    cdef int64_t end = 0
    cdef const uint8_t* mark
    if n_letters > 0:
        writer.at = take_back(writer.out, writer.at, n_letters)
        while i + 1 < n and 0x21 <= text[i + 1] <= 0x7E:
            i += 1
        writer.wall = i + 1
    elif action != DOT:
        end = smiley(text, i, n, &mark)
        if end > 0:
            writer.pending = writer.at > 0
            write(writer, mark, 3)
            writer.wall = end
    writer.pending = writer.at > 0
    return end if end > 0 else i + 1


cdef int64_t write_plain(const uint8_t* text, int64_t n, uint8_t* out) noexcept nogil:
    """Write the plain form of a post, which takes at most `GROWTH` times `n` bytes; its length, -1 if it is no UTF-8."""
    cdef Writer writer
    cdef int64_t i = 0, at, pending, is_written
    cdef uint8_t action
    cdef int used
    writer.out, writer.at, writer.pending, writer.wall = out, 0, 0, 0
    while i < n:
        action = ACTIONS[text[i]]
        if action >= FIRST_WRITTEN or action == BLANK:
            # Letters and blanks go one way, since which of them comes next cannot be foretold.
            at, pending = writer.at, writer.pending
            while True:
                is_written = action >= FIRST_WRITTEN
                out[at] = c" "
                at += pending & is_written
                out[at] = action
                at += is_written
                pending = (at > 0) & (is_written ^ 1)
                i += 1
                if i >= n:
                    break
                action = ACTIONS[text[i]]
                if 0 < action < FIRST_WRITTEN:
                    break
            writer.at, writer.pending = at, pending
        elif action == BEYOND:
            used = write_character(text + i, n - i, &writer)
            if used == 0:
                return -1
            i += used
        elif action == DROP:
            i += 1
        elif action == AT:
            i = after_handle(text, i, n, &writer)
        else:
            i = after_mark(text, i, n, action, &writer)
    return writer.at


def plain_forms(
    const uint8_t[::1] data,
    const uint8_t[::1] offsets,
    Py_ssize_t first,
    Py_ssize_t n,
    *,
    bint is_large,
    uint8_t[::1] out,
    int64_t[::1] out_offsets,
    uint64_t[::1] hashes,
    uint8_t[::1] is_broken,
):
    """Write plain forms and content hashes until `out` may be too small for the next; how many rows were done."""
    cdef Column column = column_of(data, offsets, first, n, is_large)
    cdef int64_t begin, size, written
    cdef int64_t at = 0
    cdef Py_ssize_t row, done = n
    out_offsets[0] = 0
    with nogil:
        for row in range(n):
            begin = begin_of(&column, row)
            size = begin_of(&column, row + 1) - begin
            if at + GROWTH * size + SPARE > out.shape[0]:
                done = row
                break
            written = write_plain(column.data + begin, size, &out[at])
            is_broken[row] = written < 0
            written = max(written, 0)
            if written > 0:
                hashes[row] = hash_bytes(&out[at], written, BASIS)
            else:
                hashes[row] = hash_bytes(column.data + begin, size, RAW_BASIS)
            at += written
            out_offsets[row + 1] = at
    return done
