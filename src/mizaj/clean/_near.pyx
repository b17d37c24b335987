# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled search for copies: `near_plain` and `near_sketch` on whole Arrow columns, without the GIL.

The plain form of a post is written in one pass. Links, handles and smileys are noticed at the mark in them (`:`, `.`,
`@`) by looking back, so that letters, of which posts are made, cost one look-up each. What other characters become is
asked of `near_plain` when they first come, and kept.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

from mizaj.lexicon._kernel cimport check_offsets

from mizaj.clean import near_plain, near_sketch

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
    LONGEST_SHINGLE = 64
    # whose hash it is in the table of two posts
    OF_ONE = 1
    OF_OTHER = 2
    OF_BOTH = 3
    # of a block of a filter, as in `bloom`
    WORDS = 8
    PLACE_BITS = 9

cdef extern from *:
    """
    #include <stdint.h>
    #define MIZAJ_BASIS 0x9E3779B97F4A7C15ULL
    #define MIZAJ_PRIME 0xBF58476D1CE4E5B9ULL
    #define MIZAJ_LAST_PRIME 0x94D049BB133111EBULL
    #define MIZAJ_SHINGLE_PRIME 0x9E3779B97F4A7C55ULL
    #define MIZAJ_RAW_BASIS 0xD1B54A32D192ED03ULL
    #define MIZAJ_SPREAD 0xD6E8FEB86659FD93ULL
    #define MIZAJ_UNKNOWN 0xFFFFFFFFu
    #define MIZAJ_KEEP 0xFFFFFFFEu
    #if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
    #define MIZAJ_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
    #else
    #define MIZAJ_CLONES
    #endif
    #ifdef __GNUC__
    #define MIZAJ_FENCE() __atomic_thread_fence(__ATOMIC_RELEASE)
    #else
    #define MIZAJ_FENCE()
    #endif
    static inline uint64_t mizaj_absorb(uint64_t state, uint64_t chunk) {
        state = (state ^ chunk) * MIZAJ_PRIME;
        return state ^ (state >> 32);
    }
    static inline uint64_t mizaj_finish(uint64_t state) {
        state = (state ^ (state >> 30)) * MIZAJ_PRIME;
        state = (state ^ (state >> 27)) * MIZAJ_LAST_PRIME;
        return state ^ (state >> 31);
    }
    /* Loops without a step that waits for the one before it, which compilers make vectors of. */
    MIZAJ_CLONES
    static void mizaj_shingles(const uint32_t* codes, int64_t n, const uint64_t* powers, int length,
                               uint64_t* hashes, uint32_t* highs) {
        for (int64_t i = 0; i < n; i++) hashes[i] = codes[i] * powers[0];
        for (int j = 1; j < length; j++)
            for (int64_t i = 0; i < n; i++) hashes[i] += codes[i + j] * powers[j];
        for (int64_t i = 0; i < n; i++) hashes[i] = mizaj_finish(hashes[i]);
        for (int64_t i = 0; i < n; i++) highs[i] = (uint32_t)(hashes[i] >> 32);
    }
    MIZAJ_CLONES
    static void mizaj_bands(const uint32_t* least, int n_bands, int n_rows, uint64_t* keys) {
        for (int band = 0; band < n_bands; band++) keys[band] = band + 1;
        for (int row = 0; row < n_rows; row++)
            for (int band = 0; band < n_bands; band++)
                keys[band] = mizaj_absorb(keys[band], least[band * n_rows + row]);
        for (int band = 0; band < n_bands; band++) keys[band] = mizaj_finish(keys[band]);
    }
    /* The least of the shuffled numbers for each shuffle: four numbers at once, so that a shuffle is loaded for four. */
    MIZAJ_CLONES
    static void mizaj_shuffle(const uint32_t* numbers, int64_t n, const uint32_t* factors,
                              const uint32_t* summands, int k, uint32_t* least) {
        for (int i = 0; i < k; i++) least[i] = 0xFFFFFFFFu;
        int64_t at = 0;
        for (; at + 4 <= n; at += 4) {
            const uint32_t a = numbers[at], b = numbers[at + 1], c = numbers[at + 2], d = numbers[at + 3];
            for (int i = 0; i < k; i++) {
                const uint32_t f = factors[i], s = summands[i];
                const uint32_t p = f * a + s, q = f * b + s, r = f * c + s, t = f * d + s;
                const uint32_t x = p < q ? p : q, y = r < t ? r : t;
                const uint32_t z = x < y ? x : y;
                least[i] = z < least[i] ? z : least[i];
            }
        }
        for (; at < n; at++) {
            const uint32_t a = numbers[at];
            for (int i = 0; i < k; i++) {
                const uint32_t p = factors[i] * a + summands[i];
                least[i] = p < least[i] ? p : least[i];
            }
        }
    }
    """
    const uint64_t BASIS "MIZAJ_BASIS"
    uint64_t absorb "mizaj_absorb"(uint64_t state, uint64_t chunk) noexcept nogil
    uint64_t finish "mizaj_finish"(uint64_t state) noexcept nogil
    void write_shingles "mizaj_shingles"(
        const uint32_t* codes, int64_t n, const uint64_t* powers, int length, uint64_t* hashes, uint32_t* highs
    ) noexcept nogil
    void write_bands "mizaj_bands"(const uint32_t* least, int n_bands, int n_rows, uint64_t* keys) noexcept nogil
    const uint64_t SHINGLE_PRIME "MIZAJ_SHINGLE_PRIME"
    const uint64_t RAW_BASIS "MIZAJ_RAW_BASIS"
    const uint64_t SPREAD "MIZAJ_SPREAD"
    const uint32_t UNKNOWN "MIZAJ_UNKNOWN"
    const uint32_t KEEP "MIZAJ_KEEP"
    void fence "MIZAJ_FENCE"() noexcept nogil
    void shuffle "mizaj_shuffle"(
        const uint32_t* numbers, int64_t n, const uint32_t* factors, const uint32_t* summands, int k, uint32_t* least
    ) noexcept nogil

if GROWTH != near_plain.MOST_GROWTH or TABLE_END != near_plain.TABLE_END or RAW_BASIS != near_sketch.RAW_BASIS:
    raise ImportError("the compiled search for copies is older than its definition; build it again")


cdef struct Column:
    # an Arrow string column: one of the offsets is there
    const uint8_t* data
    const int32_t* narrow
    const int64_t* wide


cdef inline int64_t begin_of(const Column* column, int64_t row) noexcept nogil:
    return column.wide[row] if column.wide != NULL else column.narrow[row]


cdef Column column_of(const uint8_t[::1] data, const uint8_t[::1] offsets, Py_ssize_t first, Py_ssize_t n, bint is_large):
    """The rows `first` to `first + n` of a column, whose offsets are looked at first."""
    cdef Column column
    check_offsets(data, offsets, first, n, is_large)
    column.data = &data[0] if data.shape[0] else NULL
    column.narrow = NULL
    column.wide = NULL
    if n and is_large:
        column.wide = <const int64_t*>&offsets[0] + first
    elif n:
        column.narrow = <const int32_t*>&offsets[0] + first
    return column


# ---- the plain form

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
            form = near_plain.plain_character(byte)
            ACTIONS[byte] = DROP if not form else BLANK if form == " " else <int>ord(form)
    ACTIONS[<int>ord("@")] = AT
    ACTIONS[<int>ord(":")] = COLON
    ACTIONS[<int>ord(";")] = EYES
    ACTIONS[<int>ord("=")] = EYES
    ACTIONS[<int>ord(".")] = DOT
    smile, frown = near_plain.SMILE.encode(), near_plain.FROWN.encode()
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
    form = near_plain.plain_character(code)
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


cdef inline int read_character(const uint8_t* text, int64_t n, uint32_t* code) noexcept nogil:
    """The bytes of the character of UTF-8, beyond ASCII, that begins here; 0 where none does."""
    cdef uint32_t head = text[0]
    if head < 0xC2 or head > 0xF4 or n < 2 or (text[1] & 0xC0) != 0x80:
        return 0
    if head < 0xE0:
        code[0] = (head & 0x1F) << 6 | (text[1] & 0x3F)
        return 2
    if n < 3 or (text[2] & 0xC0) != 0x80:
        return 0
    if head < 0xF0:
        code[0] = (head & 0xF) << 12 | <uint32_t>(text[1] & 0x3F) << 6 | (text[2] & 0x3F)
        return 3 if code[0] >= 0x800 and not 0xD800 <= code[0] < 0xE000 else 0
    if n < 4 or (text[3] & 0xC0) != 0x80:
        return 0
    code[0] = (
        (head & 7) << 18 | <uint32_t>(text[1] & 0x3F) << 12 | <uint32_t>(text[2] & 0x3F) << 6 | (text[3] & 0x3F)
    )
    return 4 if 0x10000 <= code[0] < 0x110000 else 0


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


cdef int64_t write_plain(const uint8_t* text, int64_t n, uint8_t* out) noexcept nogil:
    """Write the plain form of a post, which takes at most `GROWTH` times `n` bytes; its length, -1 if it is no UTF-8."""
    # `pending`: a blank goes before whatever is written next; `wall`: where the last link, handle or smiley ends
    cdef int64_t i = 0, at = 0, pending = 0, wall = 0, size, start
    cdef uint8_t action
    cdef uint32_t code, entry
    cdef const uint8_t* mark
    cdef int used
    while i < n:
        action = ACTIONS[text[i]]
        if action >= FIRST_WRITTEN:
            out[at] = c" "
            at += pending
            out[at] = action
            at += 1
            pending = 0
            i += 1
        elif action == BLANK:
            pending = at > 0
            i += 1
        elif action == BEYOND:
            used = read_character(text + i, n - i, &code)
            if used == 0:
                return -1
            entry = KEEP
            if code < TABLE_END:
                entry = FORMS[code]
                if entry == UNKNOWN:
                    entry = learn(code)
            elif FIRST_TAG <= code < TAGS_END:
                entry = 0
            if entry == KEEP:
                out[at] = c" "
                at += pending
                memcpy(out + at, text + i, used)
                at += used
                pending = 0
            else:
                for start in range(entry & 63):
                    if POOL[(entry >> 6) + start] == c" ":
                        pending = at > 0
                        continue
                    out[at] = c" "
                    at += pending
                    out[at] = POOL[(entry >> 6) + start]
                    at += 1
                    pending = 0
            i += used
        elif action == DROP:
            i += 1
        elif action == AT:
            if i + 1 < n and IS_WORD[text[i + 1]] and not (i > 0 and IS_WORD[text[i - 1]]):
                if start_of_retweet(text, i, wall) >= 0:
                    at = take_back(out, at, 2)
                i += 1
                while i < n and IS_WORD[text[i]]:
                    i += 1
                wall = i
            else:
                i += 1
            pending = at > 0
        else:
            size = letters_of_link(text, i, n, wall) if action != EYES else 0
            start = smiley(text, i, n, &mark) if action != DOT and size == 0 else 0
            if size > 0:
                at = take_back(out, at, size)
                i += 1
                while i < n and 0x21 <= text[i] <= 0x7E:
                    i += 1
                wall = i
            elif start > 0:
                out[at] = c" "
                at += at > 0
                memcpy(out + at, mark, 3)
                at += 3
                i = start
                wall = i
            else:
                i += 1
            pending = at > 0
    return at


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


# ---- hashes and signatures

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


cdef extern from *:
    """
    #if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    #define MIZAJ_LITTLE(number) __builtin_bswap64(number)
    #else
    #define MIZAJ_LITTLE(number) (number)
    #endif
    """
    uint64_t little "MIZAJ_LITTLE"(uint64_t number) noexcept nogil


cdef struct Desk:
    # what one post needs: its characters, the hashes of its shingles, the upper halves of these, a table of them
    uint32_t* codes
    uint64_t* hashes
    uint32_t* highs
    int64_t room
    uint64_t* table
    int64_t table_room


cdef int make_room(Desk* desk, int64_t n) except -1 nogil:
    if n <= desk.room:
        return 0
    desk.room = 0
    desk.codes = <uint32_t*>realloc(desk.codes, 2 * n * sizeof(uint32_t))
    desk.hashes = <uint64_t*>realloc(desk.hashes, 2 * n * sizeof(uint64_t))
    desk.highs = <uint32_t*>realloc(desk.highs, 2 * n * sizeof(uint32_t))
    if desk.codes == NULL or desk.hashes == NULL or desk.highs == NULL:
        with gil:
            raise MemoryError(f"no memory for the shingles of a post of {n:,} bytes")
    desk.room = 2 * n
    return 0


cdef void clear(Desk* desk) noexcept nogil:
    free(desk.codes)
    free(desk.hashes)
    free(desk.highs)
    free(desk.table)
    memset(desk, 0, sizeof(Desk))


cdef int64_t hash_shingles(const uint8_t* text, int64_t n, int length, const uint64_t* powers, Desk* desk) except -1 nogil:
    """The hashes of the shingles of a plain form; how many. `powers`: what each character of a shingle counts."""
    cdef int64_t at = 0, n_codes = 0
    cdef int used
    make_room(desk, n)
    while at < n:
        if text[at] < 0x80:
            desk.codes[n_codes] = text[at]
            at += 1
        else:
            used = read_character(text + at, n - at, &desk.codes[n_codes])
            if used == 0:
                # a plain form is UTF-8, but a file may have been damaged
                desk.codes[n_codes] = text[at]
                used = 1
            at += used
        n_codes += 1
    if n_codes < length:
        return 0
    write_shingles(desk.codes, n_codes - length + 1, powers, length, desk.hashes, desk.highs)
    return n_codes - length + 1


cdef void write_powers(int length, uint64_t* powers) noexcept nogil:
    cdef int i
    powers[length - 1] = 1
    for i in range(length - 2, -1, -1):
        powers[i] = powers[i + 1] * SHINGLE_PRIME


def band_keys(
    const uint8_t[::1] data,
    const uint8_t[::1] offsets,
    Py_ssize_t first,
    Py_ssize_t n,
    *,
    bint is_large,
    const uint32_t[:, ::1] factors,
    int length,
    int n_bands,
    int n_rows,
    uint64_t[::1] keys,
    uint8_t[::1] is_long,
):
    """Write the keys of the bands of each plain form, and whether it has any."""
    cdef Column column = column_of(data, offsets, first, n, is_large)
    cdef int k = <int>factors.shape[1]
    cdef uint32_t[1024] least
    cdef uint64_t[LONGEST_SHINGLE] powers
    cdef int64_t begin, n_shingles
    cdef Py_ssize_t row
    cdef Desk desk
    memset(&desk, 0, sizeof(Desk))
    write_powers(length, powers)
    try:
        with nogil:
            for row in range(n):
                begin = begin_of(&column, row)
                n_shingles = hash_shingles(
                    column.data + begin, begin_of(&column, row + 1) - begin, length, powers, &desk
                )
                is_long[row] = n_shingles > 0
                if n_shingles == 0:
                    memset(&keys[row * n_bands], 0, n_bands * sizeof(uint64_t))
                    continue
                shuffle(desk.highs, n_shingles, &factors[0, 0], &factors[1, 0], k, least)
                write_bands(least, n_bands, n_rows, &keys[row * n_bands])
    finally:
        clear(&desk)


# ---- comparing

cdef int64_t take_table(Desk* desk, int64_t n) except -1 nogil:
    """Empty a table with room for `n` hashes; what is added to a hash to find its place, all ones."""
    cdef int64_t size = 16
    while size < 2 * n:
        size *= 2
    if size > desk.table_room:
        free(desk.table)
        desk.table_room = 0
        desk.table = <uint64_t*>malloc(size * sizeof(uint64_t))
        if desk.table == NULL:
            with gil:
                raise MemoryError(f"no memory for a table of {n:,} shingles")
        desk.table_room = size
    memset(desk.table, 0, size * sizeof(uint64_t))
    return size - 1


cdef double likeness(Desk* desk, const uint64_t* one, int64_t n_one, const uint64_t* other, int64_t n_other) except -1 nogil:
    """The share of shingles that both have. In the table the lowest bits of a hash say whose it is."""
    cdef int64_t i, n_shared = 0, n_all = 0
    cdef uint64_t mask, key, place
    if n_one == 0 or n_other == 0:
        return 0.0
    mask = <uint64_t>take_table(desk, n_one + n_other)
    for i in range(n_one):
        key = one[i] & ~<uint64_t>3 | OF_ONE
        place = key >> 20 & mask
        while desk.table[place] != 0 and desk.table[place] != key:
            place = (place + 1) & mask
        n_all += desk.table[place] == 0
        desk.table[place] = key
    for i in range(n_other):
        key = other[i] & ~<uint64_t>3
        place = key >> 20 & mask
        while desk.table[place] != 0 and desk.table[place] & ~<uint64_t>3 != key:
            place = (place + 1) & mask
        n_all += desk.table[place] == 0
        n_shared += desk.table[place] & 3 == OF_ONE
        desk.table[place] = key | (OF_BOTH if desk.table[place] & OF_ONE else OF_OTHER)
    return n_shared / <double>n_all


def similarities(
    const uint8_t[::1] data,
    const uint8_t[::1] offsets,
    Py_ssize_t first,
    Py_ssize_t n,
    const uint8_t[::1] other_data,
    const uint8_t[::1] other_offsets,
    Py_ssize_t other_first,
    Py_ssize_t other_n,
    *,
    bint is_large,
    bint is_other_large,
    const int64_t[::1] rows,
    const int64_t[::1] other_rows,
    int length,
    double[::1] out,
):
    """Write how alike the rows of one column are to rows of the other, pair by pair; equal `rows` stand together."""
    cdef Column column = column_of(data, offsets, first, n, is_large)
    cdef Column other = column_of(other_data, other_offsets, other_first, other_n, is_other_large)
    cdef Desk one, two
    cdef uint64_t[LONGEST_SHINGLE] powers
    cdef int64_t n_one = 0, n_two, at, begin, last = -1
    cdef Py_ssize_t pair
    memset(&one, 0, sizeof(Desk))
    memset(&two, 0, sizeof(Desk))
    write_powers(length, powers)
    try:
        with nogil:
            for pair in range(rows.shape[0]):
                if rows[pair] != last:
                    last = rows[pair]
                    begin = begin_of(&column, last)
                    n_one = hash_shingles(
                        column.data + begin, begin_of(&column, last + 1) - begin, length, powers, &one
                    )
                at = other_rows[pair]
                begin = begin_of(&other, at)
                n_two = hash_shingles(other.data + begin, begin_of(&other, at + 1) - begin, length, powers, &two)
                out[pair] = likeness(&one, one.hashes, n_one, two.hashes, n_two)
    finally:
        clear(&one)
        clear(&two)


def mark_repeated(const uint64_t[::1] keys, uint8_t[::1] once, uint8_t[::1] twice, uint8_t[::1] is_repeated):
    """Mark the keys that come again, and a few more: the bits of `once` and `twice`, zeros, are shared by chance."""
    cdef uint64_t mask = <uint64_t>once.shape[0] - 1, place
    cdef uint8_t bit
    cdef Py_ssize_t i, n = keys.shape[0]
    with nogil:
        for i in range(n):
            place = keys[i] & mask
            bit = <uint8_t>(1 << (keys[i] >> 32 & 7))
            twice[place] |= once[place] & bit
            once[place] |= bit
        for i in range(n):
            is_repeated[i] = twice[keys[i] & mask] >> (keys[i] >> 32 & 7) & 1


cdef inline int64_t root_of(int64_t[::1] parents, int64_t place) noexcept nogil:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def join(int64_t[::1] parents, const int64_t[::1] one, const int64_t[::1] other):
    """Join the sets of each two places; the least place of a set is its own parent."""
    cdef int64_t first, second
    cdef Py_ssize_t i
    with nogil:
        for i in range(one.shape[0]):
            first = root_of(parents, one[i])
            second = root_of(parents, other[i])
            if first < second:
                parents[second] = first
            else:
                parents[first] = second


# ---- the posts of late

cdef inline bint holds(const uint64_t* words, uint64_t n_blocks, uint64_t key, int n_probes) noexcept nogil:
    """Whether a filter holds a key: see `bloom`."""
    cdef const uint64_t* block = words + ((key >> 32) * n_blocks >> 32) * WORDS
    cdef uint64_t spread = key * SPREAD, place
    cdef uint64_t has_all = 1
    cdef int probe
    for probe in range(n_probes):
        place = spread >> (probe * PLACE_BITS) & 511
        has_all &= block[place >> 6] >> (place & 63)
    return has_all & 1


cdef inline void put(uint64_t* words, uint64_t n_blocks, uint64_t key, int n_probes) noexcept nogil:
    cdef uint64_t* block = words + ((key >> 32) * n_blocks >> 32) * WORDS
    cdef uint64_t spread = key * SPREAD, place
    cdef int probe
    for probe in range(n_probes):
        place = spread >> (probe * PLACE_BITS) & 511
        block[place >> 6] |= <uint64_t>1 << (place & 63)


def see_posts(
    const uint64_t[::1] hashes,
    const uint64_t[:, ::1] keys,
    const uint8_t[::1] is_long,
    const uint8_t[::1] is_open,
    uint8_t[::1] is_copy,
    *,
    tuple young,
    tuple old,
    int n_probes,
    int n_band_probes,
    int n_votes,
    Py_ssize_t room,
):
    """Write where posts are copies of earlier ones: see `recent._see_by_definition`."""
    cdef uint64_t[::1] contents = young[0]
    cdef uint64_t[:, ::1] bands = young[1]
    cdef const uint64_t[::1] old_contents = old[0]
    cdef const uint64_t[:, ::1] old_bands = old[1]
    cdef uint64_t n_blocks = contents.shape[0] // WORDS, n_band_blocks = bands.shape[1] // WORDS
    cdef int n_bands = <int>keys.shape[1], band, votes, votes_in_young
    cdef Py_ssize_t row, done = hashes.shape[0], n_new = 0
    cdef bint in_young, in_old, is_young, has_bands
    with nogil:
        for row in range(hashes.shape[0]):
            if n_new == room:
                done = row
                break
            if not is_open[row]:
                continue
            in_young = holds(&contents[0], n_blocks, hashes[row], n_probes)
            in_old = holds(&old_contents[0], n_blocks, hashes[row], n_probes)
            has_bands = is_long[row] and n_bands > 0
            if not in_young and has_bands:
                votes = votes_in_young = 0
                for band in range(n_bands):
                    is_young = holds(&bands[band, 0], n_band_blocks, keys[row, band], n_band_probes)
                    votes_in_young += is_young
                    votes += is_young or holds(&old_bands[band, 0], n_band_blocks, keys[row, band], n_band_probes)
                in_young = votes_in_young >= n_votes
                in_old |= votes >= n_votes
            is_copy[row] = in_young or in_old
            if not in_young:
                n_new += 1
                put(&contents[0], n_blocks, hashes[row], n_probes)
                if has_bands:
                    for band in range(n_bands):
                        put(&bands[band, 0], n_band_blocks, keys[row, band], n_band_probes)
    return done, n_new
