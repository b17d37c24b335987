"""What the compiled scanner gives to others: tokens as C structs, and the table of known words."""

from libc.stdint cimport int8_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t

# One known word, phrase, sound, symbol or ending, keyed by its 64-bit hash; key 0 marks a free slot.
# Its layout in the packed lexicon is `layout.SLOT`. The figures of an entry stand in its record.
cdef struct Slot:
    uint64_t key
    uint32_t entry
    int8_t logit
    uint8_t role
    uint8_t flags
    uint8_t language

cdef struct Table:
    const Slot* slots
    uint64_t mask
    # bit c is set where some emoticon begins with the ASCII character c
    uint64_t emoticon_heads[2]

cdef struct Token:
    uint64_t hash
    int32_t start
    int32_t end
    uint8_t kind
    uint8_t flags
    uint8_t role
    uint8_t language
    int32_t logit
    uint32_t entry
    uint8_t entry_flags
    uint8_t n_words
    uint16_t fired
    uint8_t is_followed
    int32_t place
    int32_t clause
    int32_t group
    double polarity
    double neutrality
    double weight
    double factor

cdef struct Tokens:
    Token* items
    int32_t n
    int32_t room
    # the post holds characters that have a plainer form (NFKC) and must be normalised first
    bint is_compatibility

cdef inline const Slot* find(const Table* table, uint64_t key) noexcept nogil:
    """The slot of a key; NULL if it is not in the table."""
    cdef uint64_t at = (key ^ (key >> 32)) & table.mask
    cdef uint64_t tried
    # a table from a damaged file may have no free slot, hence the bound
    for tried in range(table.mask + 1):
        if table.slots[at].key == key:
            return &table.slots[at]
        if table.slots[at].key == 0:
            return NULL
        at = (at + 1) & table.mask
    return NULL

cdef extern from *:
    """
    #define MIZAJ_FNV_BASIS 14695981039346656037ULL
    #define MIZAJ_FNV_PRIME 1099511628211ULL
    """
    const uint64_t FNV_BASIS "MIZAJ_FNV_BASIS"
    const uint64_t FNV_PRIME "MIZAJ_FNV_PRIME"

cdef inline uint64_t hash_more(uint64_t state, const uint8_t* text, int32_t n) noexcept nogil:
    """64-bit FNV-1a, going on from `state`."""
    cdef int32_t i
    for i in range(n):
        state = (state ^ text[i]) * FNV_PRIME
    return state

cdef extern from *:
    """
    #ifdef __GNUC__
    #define MIZAJ_PREFETCH(place) __builtin_prefetch(place)
    #else
    #define MIZAJ_PREFETCH(place)
    #endif
    """
    void prefetch "MIZAJ_PREFETCH"(const void* place) noexcept nogil

cdef int scan(const uint8_t* text, int32_t n, const Table* table, Tokens* out) except -1 nogil
"""Fill `out` with the tokens of a post of `n` bytes; -1 where there is no memory."""

cdef int32_t fold_word(const uint8_t* text, int32_t n, uint8_t* out) noexcept nogil
"""Write the folded form of a word (lower case, no joiners) to `out`, which has room for `n` bytes; its length."""

cdef bint stays_in_word(uint32_t c) noexcept nogil
"""Whether a non-ASCII character is kept when a word is folded (apostrophes become ASCII, joiners go)."""
