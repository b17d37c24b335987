# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled search for near copies: the definitions in `sketching` on whole Arrow columns, without the GIL."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memset

from mizaj.lexicon._kernel cimport check_offsets

cdef enum:
    LONGEST_SHINGLE = 64
    MOST_SHUFFLES = 1024
    # whose hash it is in the table of two posts
    OF_ONE = 1
    OF_OTHER = 2
    OF_BOTH = 3

cdef extern from *:
    """
    #include <stdint.h>
    #define MIZAJ_SHINGLE_PRIME 0x9E3779B97F4A7C55ULL
    #if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
    #define MIZAJ_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
    #else
    #define MIZAJ_CLONES
    #endif
    /* Loops without a step that waits for the one before it, which compilers make vectors of. */
    MIZAJ_CLONES
    static void mizaj_shingles(const uint32_t* codes, int64_t n, const uint64_t* powers, int length,
                               uint64_t* hashes, uint16_t* highs) {
        for (int64_t i = 0; i < n; i++) hashes[i] = codes[i] * powers[0];
        for (int j = 1; j < length; j++)
            for (int64_t i = 0; i < n; i++) hashes[i] += codes[i + j] * powers[j];
        for (int64_t i = 0; i < n; i++) hashes[i] = mizaj_finish(hashes[i]);
        for (int64_t i = 0; i < n; i++) highs[i] = (uint16_t)(hashes[i] >> 48);
    }
    MIZAJ_CLONES
    static void mizaj_bands(const uint16_t* least, int n_bands, int n_rows, uint64_t* keys) {
        for (int band = 0; band < n_bands; band++) keys[band] = band + 1;
        for (int row = 0; row < n_rows; row++)
            for (int band = 0; band < n_bands; band++)
                keys[band] = mizaj_absorb(keys[band], least[band * n_rows + row]);
        for (int band = 0; band < n_bands; band++) keys[band] = mizaj_finish(keys[band]);
    }
    /* The least of the shuffled numbers for each shuffle: four numbers at once, so that a shuffle is loaded for four. */
    MIZAJ_CLONES
    static void mizaj_shuffle(const uint16_t* numbers, int64_t n, const uint16_t* factors,
                              const uint16_t* masks, int k, uint16_t* least) {
        for (int i = 0; i < k; i++) least[i] = 0xFFFF;
        int64_t at = 0;
        for (; at + 4 <= n; at += 4) {
            const uint16_t a = numbers[at], b = numbers[at + 1], c = numbers[at + 2], d = numbers[at + 3];
            for (int i = 0; i < k; i++) {
                const uint16_t f = factors[i], m = masks[i];
                const uint16_t p = (uint16_t)((uint32_t)f * a) ^ m, q = (uint16_t)((uint32_t)f * b) ^ m;
                const uint16_t r = (uint16_t)((uint32_t)f * c) ^ m, t = (uint16_t)((uint32_t)f * d) ^ m;
                const uint16_t x = p < q ? p : q, y = r < t ? r : t;
                const uint16_t z = x < y ? x : y;
                least[i] = z < least[i] ? z : least[i];
            }
        }
        for (; at < n; at++) {
            const uint16_t a = numbers[at];
            for (int i = 0; i < k; i++) {
                const uint16_t p = (uint16_t)((uint32_t)factors[i] * a) ^ masks[i];
                least[i] = p < least[i] ? p : least[i];
            }
        }
    }
    """
    void write_shingles "mizaj_shingles"(
        const uint32_t* codes, int64_t n, const uint64_t* powers, int length, uint64_t* hashes, uint16_t* highs
    ) noexcept nogil
    void write_bands "mizaj_bands"(const uint16_t* least, int n_bands, int n_rows, uint64_t* keys) noexcept nogil
    const uint64_t SHINGLE_PRIME "MIZAJ_SHINGLE_PRIME"
    void shuffle "mizaj_shuffle"(
        const uint16_t* numbers, int64_t n, const uint16_t* factors, const uint16_t* masks, int k, uint16_t* least
    ) noexcept nogil

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


# ---- hashes and signatures

cdef struct Desk:
    # what one post needs: its characters, the hashes of its shingles, the upper bits of these, a table of them
    uint32_t* codes
    uint64_t* hashes
    uint16_t* highs
    int64_t room
    uint64_t* table
    int64_t table_room


cdef int make_room(Desk* desk, int64_t n) except -1 nogil:
    if n <= desk.room:
        return 0
    desk.room = 0
    desk.codes = <uint32_t*>realloc(desk.codes, 2 * n * sizeof(uint32_t))
    desk.hashes = <uint64_t*>realloc(desk.hashes, 2 * n * sizeof(uint64_t))
    desk.highs = <uint16_t*>realloc(desk.highs, 2 * n * sizeof(uint16_t))
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
    const uint16_t[:, ::1] factors,
    int length,
    int n_bands,
    int n_rows,
    uint64_t[::1] keys,
    uint8_t[::1] is_long,
):
    """Write the keys of the bands of each plain form, and whether it has any."""
    cdef Column column = column_of(data, offsets, first, n, is_large)
    cdef int k = <int>factors.shape[1]
    cdef uint16_t[MOST_SHUFFLES] least
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


def see_keys(const uint64_t[::1] keys, uint8_t[::1] once, uint8_t[::1] twice):
    """Note the keys in `once`, and in `twice` those noted before; bits are shared by chance."""
    cdef uint64_t mask = <uint64_t>once.shape[0] - 1, place
    cdef uint8_t bit
    cdef Py_ssize_t i
    with nogil:
        for i in range(keys.shape[0]):
            place = keys[i] & mask
            bit = <uint8_t>(1 << (keys[i] >> 32 & 7))
            twice[place] |= once[place] & bit
            once[place] |= bit


def look_up_keys(const uint64_t[::1] keys, const uint8_t[::1] twice, uint8_t[::1] is_repeated):
    """Write which keys were noted more than once, and a few others."""
    cdef uint64_t mask = <uint64_t>twice.shape[0] - 1
    cdef Py_ssize_t i
    with nogil:
        for i in range(keys.shape[0]):
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
