"""What the compiled searches for copies share: how a text column is read, and the hashes of `sketching`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #define MIZAJ_BASIS 0x9E3779B97F4A7C15ULL
    #define MIZAJ_PRIME 0xBF58476D1CE4E5B9ULL
    #define MIZAJ_LAST_PRIME 0x94D049BB133111EBULL
    #define MIZAJ_RAW_BASIS 0xD1B54A32D192ED03ULL
    static inline uint64_t mizaj_absorb(uint64_t state, uint64_t chunk) {
        state = (state ^ chunk) * MIZAJ_PRIME;
        return state ^ (state >> 32);
    }
    static inline uint64_t mizaj_finish(uint64_t state) {
        state = (state ^ (state >> 30)) * MIZAJ_PRIME;
        state = (state ^ (state >> 27)) * MIZAJ_LAST_PRIME;
        return state ^ (state >> 31);
    }
    """
    const uint64_t BASIS "MIZAJ_BASIS"
    const uint64_t RAW_BASIS "MIZAJ_RAW_BASIS"
    uint64_t absorb "mizaj_absorb"(uint64_t state, uint64_t chunk) noexcept nogil
    uint64_t finish "mizaj_finish"(uint64_t state) noexcept nogil

cdef struct Column:
    # an Arrow string column: one of the offsets is there
    const uint8_t* data
    const int32_t* narrow
    const int64_t* wide

cdef inline int64_t begin_of(const Column* column, int64_t row) noexcept nogil:
    return column.wide[row] if column.wide != NULL else column.narrow[row]

cdef Column column_of(const uint8_t[::1] data, const uint8_t[::1] offsets, Py_ssize_t first, Py_ssize_t n, bint is_large)
"""The rows `first` to `first + n` of a column, whose offsets are looked at first."""

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
