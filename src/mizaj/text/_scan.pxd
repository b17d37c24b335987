"""What the compiled scanner gives to others: tokens as C structs, the table of known words, and its hash."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    # zero bytes that must follow a post, so that it can be read eight bytes at a time and needs no bounds
    PADDING = 16

# One known word, phrase, sound, symbol or ending, keyed by its 64-bit hash; key 0 marks a free slot.
# Its layout in the packed lexicon is `layout.SLOT`. The figures of an entry stand in their own section.
cdef struct Slot:
    uint64_t key
    uint32_t entry
    int8_t logit
    uint8_t role
    uint8_t flags
    uint8_t mark

cdef struct Table:
    # buckets of two slots, filled from the first on; at least one bucket has room, so that every search ends
    const Slot* slots
    # of the slot with which a bucket begins
    uint64_t mask
    # bit 128 a + b is set where some emoticon begins with the ASCII characters a, b
    uint64_t emoticon_heads[256]
    # What is read with care is told by its first byte and the one behind: where the bits of the two meet. `heads` has
    # those of single characters, and then of words of two letters and more; filled by `mark_odd`.
    uint64_t heads[512]
    uint64_t tails[256]

# One cache line. `start` and `end` are bytes. The scanner writes what stands before `entry`; from `entry` on lie eight
# bytes as in a slot, from `polarity` on sixteen as in `layout.FIGURES`, each copied at once.
cdef struct Token:
    uint64_t hash
    int32_t start
    int32_t end
    uint8_t kind
    uint8_t flags
    uint8_t language
    uint8_t n_words
    uint32_t entry
    int8_t logit
    uint8_t role
    uint8_t entry_flags
    uint8_t mark
    float polarity
    float neutrality
    float weight
    int32_t place
    int32_t group
    double factor
    int32_t clause
    uint16_t fired
    uint8_t is_followed

cdef struct Tokens:
    Token* items
    # two numbers for each token that there is room for, for whoever goes through them
    uint64_t* notes
    int32_t n
    int32_t room
    # words by language, but for the English ones, which are all others
    int32_t n_words[5]
    # the post holds characters that have a plainer form (NFKC) and must be normalised first
    bint is_compatibility

cdef extern from *:
    """
    #define MIZAJ_HASH_BASIS 0x9E3779B97F4A7C15ULL
    #define MIZAJ_HASH_PRIME 0xBF58476D1CE4E5B9ULL
    #define MIZAJ_NOTHING 0xD67411C4BAF265E9ULL
    #ifdef __GNUC__
    #define MIZAJ_PREFETCH(place) __builtin_prefetch(place)
    #else
    #define MIZAJ_PREFETCH(place)
    #endif
    """
    const uint64_t HASH_BASIS "MIZAJ_HASH_BASIS"
    const uint64_t HASH_PRIME "MIZAJ_HASH_PRIME"
    # the key of what is no word, `layout.NOTHING`: it stands in the table, so that every token can be looked up
    const uint64_t NOTHING "MIZAJ_NOTHING"
    void prefetch "MIZAJ_PREFETCH"(const void* place) noexcept nogil

cdef inline uint64_t eight_bytes(const uint8_t* text) noexcept nogil:
    """The eight bytes at a place as a little-endian number."""
    cdef uint64_t chunk
    memcpy(&chunk, text, 8)
    return chunk

cdef inline uint64_t either(uint64_t one, uint64_t other, uint64_t is_other) noexcept nogil:
    """`other if is_other else one`, of which compilers make a branch."""
    return one ^ ((one ^ other) & (0 - is_other))

cdef inline uint64_t absorb(uint64_t state, uint64_t chunk) noexcept nogil:
    """The state of a hash with one more chunk of eight bytes, the last one filled up with zeros."""
    state = (state ^ chunk) * HASH_PRIME
    return state ^ (state >> 32)

cdef inline uint64_t finish(uint64_t state) noexcept nogil:
    """The hash whose chunks have all been absorbed: `layout.hash_bytes`, odd and so never 0."""
    return state | 1

cdef inline uint64_t hash_bytes(const uint8_t* text, int64_t n) noexcept nogil:
    """The hash of bytes behind which nothing may be read."""
    cdef uint64_t state = HASH_BASIS, chunk = 0
    cdef int64_t at = 0
    while at + 8 <= n:
        state = absorb(state, eight_bytes(text + at))
        at += 8
    if at < n:
        while n > at:
            n -= 1
            chunk = (chunk << 8) | text[n]
        state = absorb(state, chunk)
    return finish(state)

cdef inline const Slot* in_bucket(const Slot* bucket, uint64_t key) noexcept nogil:
    """The slot of the key, if the bucket holds it, without a branch: where it stands cannot be foretold."""
    return bucket + <uint64_t>(bucket[1].key == key)

cdef inline const Slot* find(const Table* table, uint64_t key) noexcept nogil:
    """The slot of a key; NULL if it is not in the table."""
    cdef uint64_t at = key & table.mask
    cdef const Slot* slot = in_bucket(table.slots + at, key)
    while slot.key != key:
        if table.slots[at + 1].key == 0:
            return NULL
        at = (at + 2) & table.mask
        slot = in_bucket(table.slots + at, key)
    return slot

cdef void mark_odd(Table* table) noexcept
"""Fill `heads` and `tails` of a table whose `emoticon_heads` are there."""

cdef int scan(const uint8_t* text, int32_t n, const Table* table, Tokens* out) except -1 nogil
"""Fill `out` with the tokens of a post of `n` bytes and `PADDING` zeros behind it; -1 where there is no memory."""

cdef int32_t fold_word(const uint8_t* text, int32_t n, uint8_t* out) noexcept nogil
"""Write the folded form of a word (lower case, no joiners) to `out`, which has room for 2 `n` bytes; its length.

At least one zero byte must follow the word's post."""
