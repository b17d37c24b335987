# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled scanner: the bytes of a post to tokens, in one pass and linear time; equal to `tokens.tokenise`.

Every function reads a post that is followed by `PADDING` zero bytes. A zero is a separator, so that nothing reads on
past the end, and sixteen bytes are looked at together: most words are letters A-Z, fewer than sixteen, and cost one
step, without a branch for each letter or each word (`scan`). Whatever is not as plain is read by `read_with_care`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy, memset

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
    JOINS = 36
    # bits of `heads` and `tails`, and then one for each character that begins an emoticon, as far as there are any left
    GOES_ON = 1
    MAY_BE_LINK = 2
    TWO_DOTS = 4
    TWO_OUTCRIES = 8
    ANY_TAIL = 16
    FIRST_EMOTICON_BIT = 5
    LAST_EMOTICON_BIT = 63
    # what a byte is inside a word
    SMALL_LETTER = 1
    CAPITAL = 2
    FIGURE = 4
    # entry flag of `pack`
    IS_EMOTICON = 2
    # languages
    ENGLISH = 0
    HINDI = 2
    SYMBOL = 3
    OTHER = 4

    # the sign U+093C, and its bytes
    NUKTA = 0x93C
    NUKTA_BYTES = 0xBCA4E0

cdef uint8_t[8] BARE_BYTES
"""The last byte of the letters U+0958 to U+095F without their nukta."""

cdef extern from *:
    """
    #define MIZAJ_ONES 0x0101010101010101ULL
    #define MIZAJ_HIGHS 0x8080808080808080ULL
    #define MIZAJ_SMALL 0x2020202020202020ULL
    #define MIZAJ_LAST_BIT 0x8000000000000000ULL
    #define MIZAJ_BLANKS 0x2121212121212121ULL
    #define MIZAJ_FIGURES 0x3030303030303030ULL
    #define MIZAJ_UP_TO_TEN 0x7676767676767676ULL
    #define MIZAJ_TWO_LAST 0xFFFF000000000000ULL
    #if defined(_MSC_VER) && !defined(__clang__)
    #include <intrin.h>
    static __inline int mizaj_low_zeros(unsigned long long number) {
        unsigned long place;
        _BitScanForward64(&place, number);
        return (int)place;
    }
    #else
    #define mizaj_low_zeros __builtin_ctzll
    #endif
    #if defined(__SSE2__) || defined(_M_X64)
    #include <emmintrin.h>
    static inline unsigned mizaj_look(const unsigned char* text, unsigned* small, unsigned* same) {
        __m128i bytes = _mm_loadu_si128((const __m128i*)text);
        __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
        __m128i place = _mm_sub_epi8(folded, _mm_set1_epi8('a'));
        __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(place, _mm_set1_epi8(25)), place);
        *small = _mm_movemask_epi8(_mm_slli_epi16(bytes, 2));
        *same = _mm_movemask_epi8(_mm_cmpeq_epi8(folded, _mm_srli_si128(folded, 1)));
        return _mm_movemask_epi8(is_letter) ^ 0xFFFF;
    }
    #else
    static inline unsigned mizaj_look(const unsigned char* text, unsigned* small, unsigned* same) {
        unsigned others = 0;
        *small = *same = 0;
        for (int i = 0; i < 16; i++) {
            unsigned folded = text[i] | 0x20;
            others |= (unsigned)(folded - 'a' > 25u) << i;
            *small |= (unsigned)(text[i] >> 5 & 1) << i;
            *same |= (unsigned)(i < 15 && folded == (unsigned)(text[i + 1] | 0x20)) << i;
        }
        return others;
    }
    #endif
    """
    const uint64_t ONES "MIZAJ_ONES"
    const uint64_t HIGHS "MIZAJ_HIGHS"
    const uint64_t SMALL "MIZAJ_SMALL"
    const uint64_t LAST_BIT "MIZAJ_LAST_BIT"
    const uint64_t BLANKS "MIZAJ_BLANKS"
    const uint64_t FIGURES "MIZAJ_FIGURES"
    const uint64_t UP_TO_TEN "MIZAJ_UP_TO_TEN"
    const uint64_t TWO_LAST "MIZAJ_TWO_LAST"
    int low_zeros "mizaj_low_zeros"(uint64_t number) noexcept nogil
    # bits for those of sixteen bytes that are no ASCII letters; those with the bit of small letters; those equal, but
    # for case, to the next one
    uint32_t look "mizaj_look"(const uint8_t* text, uint32_t* small, uint32_t* same) noexcept nogil

cdef uint8_t[0x10000] CLASS
cdef uint8_t[256] ASCII
cdef uint32_t[256] START
"""The bytes `kind` to `n_words` of the token that begins with an ASCII character and is not odd; 0 where none does."""
cdef uint64_t[17] LOW_BYTES, HIGH_BYTES
"""The bits of the first n of sixteen bytes: those in the first eight, and those in the others."""
cdef uint8_t[256] IN_WORD
"""Which of small letter, capital and digit a byte is; 0 for any other."""
cdef uint8_t[512] DEVANAGARI
"""Whether a word goes on with U+0900 + n, in three bytes, unchanged; by the last bit of the second and the third."""
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
    for c in b"@#&!?.,;:|()[]\n\r":
        ASCII[c] = MARKED
    for c in b"'*":
        ASCII[c] = JOINS
    _fill_starts()
    for c in range(512):
        DEVANAGARI[c] = is_kept_devanagari(0x900 + ((c >> 8) << 6) + (c & 0x3F)) if (c & 0xC0) == 0x80 else False
    for c, letter in characters.NUKTA_LETTERS.items():
        BARE_BYTES[c - 0x958] = letter.encode()[2]
    if (spec.WORD, spec.COMMA, spec.HASHTAG, characters.KEYCAP) != (WORD, COMMA, HASHTAG, KEYCAP):
        raise ImportError("the compiled scanner is older than its tables; build it again")


def _fill_starts() -> None:
    cdef uint32_t c
    cdef object n
    inside = {UPPER: CAPITAL, LOWER: SMALL_LETTER, DIGIT: FIGURE}
    for n in range(17):
        LOW_BYTES[<int>n] = 2 ** (8 * min(n, 8)) - 1
        HIGH_BYTES[<int>n] = 2 ** (8 * max(n - 8, 0)) - 1
    for c in range(256):
        IN_WORD[c] = inside.get(ASCII[c], 0)
        START[c] = begin(WORD, ENGLISH) if IN_WORD[c] & (CAPITAL | SMALL_LETTER) else 0
    for marks, kind in ((b",;:|()[]", COMMA), (b".\n\r", STOP), (b"!", EXCLAIM), (b"?", QUESTION)):
        for c in marks:
            START[c] = begin(kind, SYMBOL)


cdef inline uint32_t begin(int kind, int language) noexcept nogil:
    """The bytes `kind`, `flags`, `language` and `n_words` of a new token."""
    return kind | <uint32_t>language << 16 | <uint32_t>1 << 24


cdef void mark_odd(Table* table) noexcept:
    cdef int c
    for c in range(256):
        table.tails[c] = tail_bits(c)
        table.heads[c] = head_bits(c)
        table.heads[256 + c] = GOES_ON | (MAY_BE_LINK if c in b"hHwW" else 0)
    mark_emoticons(table)


cdef uint64_t head_bits(int c) noexcept:
    cdef int kind = ASCII[c]
    if kind == UPPER or kind == LOWER:
        return GOES_ON
    if kind == DIGIT or kind == BEYOND or c in b"@#&":
        return ANY_TAIL
    if c == 46:
        return TWO_DOTS
    return TWO_OUTCRIES if c in b"!?" else 0


cdef uint64_t tail_bits(int c) noexcept:
    cdef uint64_t bits = ANY_TAIL
    if ASCII[c] in (DIGIT, JOINS, BEYOND):
        bits |= GOES_ON
    if c == 46 or c >= 128:
        bits |= TWO_DOTS
    if c in b".:":
        bits |= MAY_BE_LINK
    return bits | (TWO_OUTCRIES if c in b"!?" else 0)


cdef void mark_emoticons(Table* table) noexcept:
    cdef uint64_t bit
    cdef int first, second, place = FIRST_EMOTICON_BIT
    for first in range(128):
        bit = <uint64_t>1 << place
        for second in range(128):
            if is_emoticon_head(table, first, second):
                table.heads[first] |= bit
                table.tails[second] |= bit
        # what shares the last bit is read with care more often than it must
        place += table.heads[first] & bit != 0 and place < LAST_EMOTICON_BIT


cdef inline bint is_emoticon_head(const Table* table, uint32_t first, uint32_t second) noexcept nogil:
    """Whether some emoticon begins with these two ASCII characters."""
    cdef uint32_t pair = first * 128 + second
    return table.emoticon_heads[pair >> 6] >> (pair & 63) & 1


cdef bint is_kept_devanagari(uint32_t c) noexcept:
    return CLASS[c] in (LETTER, MARK, DIGIT) and not has_nukta(c)


cdef inline bint has_nukta(uint32_t c) noexcept nogil:
    """Whether the letter stands for another one and a nukta (`characters.NUKTA_LETTERS`)."""
    return 0x958 <= c < 0x960


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


cdef inline bint goes_with(uint8_t byte) noexcept nogil:
    """Whether a byte goes on with the character of the byte before it."""
    return (byte & 0xC0) == 0x80


cdef inline uint32_t decode(const uint8_t* text, int64_t* used) noexcept nogil:
    """The character at `text` and how many bytes it takes; a broken sequence is U+FFFD and takes one byte."""
    cdef uint32_t lead = text[0]
    cdef uint32_t c
    used[0] = 1
    if lead < 0x80:
        return lead
    if 0xE0 <= lead < 0xF0:
        # a zero behind the post goes with nothing, so no byte past it is looked at
        if goes_with(text[1]) and goes_with(text[2]):
            c = ((lead & 0x0F) << 12) | ((text[1] & 0x3F) << 6) | (text[2] & 0x3F)
            if c >= 0x800 and not 0xD800 <= c < 0xE000:
                used[0] = 3
                return c
    elif 0xC2 <= lead < 0xE0:
        if goes_with(text[1]):
            used[0] = 2
            return ((lead & 0x1F) << 6) | (text[1] & 0x3F)
    elif 0xF0 <= lead < 0xF5:
        if goes_with(text[1]) and goes_with(text[2]) and goes_with(text[3]):
            c = (
                ((lead & 0x07) << 18) | ((text[1] & 0x3F) << 12)
                | ((text[2] & 0x3F) << 6) | (text[3] & 0x3F)
            )
            if 0x10000 <= c < 0x110000:
                used[0] = 4
                return c
    return 0xFFFD


cdef inline int kind_at(const uint8_t* text, int64_t* used) noexcept nogil:
    """The class of the character at `text` and its length in bytes."""
    used[0] = 1
    if text[0] < 128:
        return CLASS[text[0]]
    return class_of(decode(text, used))


cdef int grow(Tokens* out) except -1 nogil:
    cdef int32_t room = 256 if out.room == 0 else out.room * 2
    cdef Token* items = <Token*>realloc(out.items, <size_t>room * sizeof(Token))
    if items != NULL:
        out.items = items
    cdef uint64_t* notes = <uint64_t*>realloc(out.notes, 2 * <size_t>room * sizeof(uint64_t))
    if notes != NULL:
        out.notes = notes
    if items == NULL or notes == NULL:
        with gil:
            raise MemoryError(f"no memory for {room} tokens")
    out.room = room
    return 0


cdef inline void add(Tokens* out, int kind, int64_t start, int64_t end, uint64_t key) noexcept nogil:
    """A new token, no word, at the end of `out`, which has been given room by `scan`."""
    write(&out.items[out.n], key, start, end, kind, 0, SYMBOL)
    out.n += 1


cdef inline void add_word(
    Tokens* out, const Table* table, int64_t start, int64_t end, uint64_t key, int flags, int language
) noexcept nogil:
    # the table is larger than the nearest cache: ask for the slot now, look at it when the post is read
    prefetch(&table.slots[key & table.mask])
    write(&out.items[out.n], key, start, end, WORD, flags, language)
    out.n += 1
    out.n_words[language] += 1


cdef inline void write(
    Token* token, uint64_t key, int64_t start, int64_t end, int kind, int flags, int language
) noexcept nogil:
    cdef uint32_t head = begin(kind, language) | <uint32_t>flags << 8
    token.hash = key
    token.start = <int32_t>start
    token.end = <int32_t>end
    memcpy(&token.kind, &head, 4)


# A hash whose bytes come a few at a time.
cdef struct Hash:
    uint64_t state
    uint64_t chunk
    int64_t filled


cdef inline void put(Hash* hash, uint64_t more, int64_t n_bits) noexcept nogil:
    """Add one to four bytes."""
    hash.chunk |= more << hash.filled
    hash.filled += n_bits
    if hash.filled >= 64:
        hash.state = absorb(hash.state, hash.chunk)
        hash.filled -= 64
        hash.chunk = more >> (n_bits - hash.filled)


cdef inline uint64_t close(Hash* hash) noexcept nogil:
    return finish(absorb(hash.state, hash.chunk) if hash.filled else hash.state)


cdef inline uint64_t few_bytes(const uint8_t* text, int64_t n) noexcept nogil:
    """The first `n` bytes, fewer than eight, as a number."""
    return eight_bytes(text) & ((<uint64_t>1 << (8 * n)) - 1)


cdef inline uint64_t triples_in(uint64_t folded) noexcept nogil:
    """The high bit of each byte that is the first of three equal ones; above the lowest such byte it may be wrong."""
    cdef uint64_t differs = folded ^ (folded >> 8)
    differs |= differs >> 8
    return (differs - ONES) & ~differs & HIGHS


cdef int64_t read_ascii(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read the word, of any length, that begins with the ASCII letter at `at`; where it ends."""
    cdef int64_t start = at, used
    cdef uint64_t triples = 0, key
    cdef int kind, seen = 0, twice = 0
    while True:
        while IN_WORD[text[at]]:
            twice |= seen & IN_WORD[text[at]]
            seen |= IN_WORD[text[at]]
            at += 1
        if ASCII[text[at]] != JOINS:
            break
        used = joint(text + at)
        if not used:
            break
        at += used
    if text[at] >= 128:
        kind = kind_at(text + at, &used)
        if is_word_tail(kind) or kind == APOSTROPHE:
            return read_word(text, start, False, table, out)
    key = hash_folded(text + start, at - start, &triples)
    add_word(
        out, table, start, at, key,
        ELONGATED * (triples != 0) | CAPS * ((twice & CAPITAL) != 0 and not seen & SMALL_LETTER),
        ENGLISH,
    )
    return at


cdef inline uint64_t hash_folded(const uint8_t* text, int64_t n, uint64_t* triples) noexcept nogil:
    """The hash of ASCII letters, digits, apostrophes and stars in lower case; sets bits for three equal ones in a row.

    Behind the bytes two more must be there to read.
    """
    cdef uint64_t state = HASH_BASIS, inside
    cdef int64_t at = 0
    while at < n:
        # none of these characters changes by the bit of small letters, but capitals
        inside = ~<uint64_t>0 if n - at >= 8 else (<uint64_t>1 << (8 * (n - at))) - 1
        state = absorb(state, (eight_bytes(text + at) | SMALL) & inside)
        if at:
            # three equal ones may begin with the last two of the eight before
            triples[0] |= triples_in((eight_bytes(text + at - 2) | SMALL) & ((inside << 16) | 0xFFFF)) & 0xFFFF
        triples[0] |= triples_in((eight_bytes(text + at) | SMALL) & inside) & inside & ~TWO_LAST
        at += 8
    return finish(state)


cdef int64_t read_odd(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read the link or emoticon that begins with the letter at `at`; where it ends, or 0 if none does."""
    if begins_url(text, at):
        return read_url(text, at, out)
    return read_emoticon(text, at, table, out) if begins_emoticon(text, at, table) else 0


cdef int64_t read_url(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    cdef int64_t start = at
    cdef uint64_t blanks = 0
    while blanks == 0:
        # the high bit of the first byte up to 32
        blanks = (eight_bytes(text + at) - BLANKS) & ~eight_bytes(text + at) & HIGHS
        at += 8
    at += (low_zeros(blanks) >> 3) - 8
    add(out, URL, start, at, NOTHING)
    return at


cdef inline bint is_word_head(int kind) noexcept nogil:
    return kind == LETTER or kind == DIGIT


cdef inline bint is_word_tail(int kind) noexcept nogil:
    return (
        kind == LETTER or kind == DIGIT or kind == MARK
        or kind == IGNORED or kind == JOINER or kind == COMPATIBILITY
    )


# What is known of a word while it is read character by character.
cdef struct Word:
    Hash hash
    uint32_t last
    int64_t run
    bint is_elongated
    int64_t n_upper
    bint has_lower
    int language


cdef inline void put_character(Word* word, uint32_t c, uint64_t spelled, int64_t n_bytes) noexcept nogil:
    """Add a folded character and its bytes to the word."""
    put(&word.hash, spelled, 8 * n_bytes)
    word.run = word.run + 1 if c == word.last else 0
    word.is_elongated |= word.run > 1
    word.last = c


cdef int64_t read_word(
    const uint8_t* text, int64_t at, bint is_hashtag, const Table* table, Tokens* out
) noexcept nogil:
    """Read a word of any characters into a new token; where it ends."""
    cdef Word word = Word(Hash(HASH_BASIS, 0, 0), 0, 0, False, 0, False, SYMBOL)
    cdef int64_t start = at, used, i
    cdef int kind = SEPARATOR, before
    cdef uint8_t c
    while True:
        c = text[at]
        before = kind
        kind = ASCII[c]
        used = 1
        if kind == LOWER:
            put_character(&word, c, c, 1)
            word.has_lower = True
            word.language = ENGLISH if word.language == SYMBOL else word.language
        elif kind == BEYOND:
            used = put_wide(&word, text + at, is_hashtag, &kind)
            if not used:
                break
            out.is_compatibility |= kind == COMPATIBILITY
        elif kind == DIGIT:
            put_character(&word, c, c, 1)
        elif kind == UPPER:
            if is_hashtag and at > start and parts_camel(before, text + at):
                break
            put_character(&word, c + 32, c + 32, 1)
            word.n_upper += 1
            word.language = ENGLISH if word.language == SYMBOL else word.language
        elif kind == JOINS and not is_hashtag:
            used = joint(text + at)
            if not used:
                break
            for i in range(used):
                put_character(&word, c, c, 1)
        else:
            break
        at += used
    cdef int flags = (HASHTAG if is_hashtag else 0) | (ELONGATED if word.is_elongated else 0)
    if word.n_upper > 1 and not word.has_lower:
        flags |= CAPS
    add_word(out, table, start, at, close(&word.hash), flags, word.language)
    return at


cdef int64_t read_devanagari(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read the word of plain Devanagari letters and marks that begins at `at`; where it ends.

    0 if other characters belong to the word, so that `read_word` must read it.
    """
    cdef int64_t start = at, used
    cdef uint32_t one = 0, two = 0, here
    cdef bint is_elongated = False
    cdef int kind
    while text[at] == 0xE0 and (text[at + 1] & 0xFE) == 0xA4:
        here = ((text[at + 1] & 1) << 8) | text[at + 2]
        if not DEVANAGARI[here]:
            break
        is_elongated |= (here == one) & (one == two)
        two = one
        one = here
        at += 3
    kind = kind_at(text + at, &used)
    if is_word_tail(kind) or kind == APOSTROPHE or ASCII[text[at]] == JOINS:
        return 0
    add_word(out, table, start, at, hash_near(text + start, at - start), ELONGATED * is_elongated, HINDI)
    return at


cdef inline uint64_t hash_near(const uint8_t* text, int64_t n) noexcept nogil:
    """`hash_bytes` of bytes behind which eight more may be read."""
    cdef uint64_t state = HASH_BASIS
    while n >= 8:
        state = absorb(state, eight_bytes(text))
        text += 8
        n -= 8
    return finish(absorb(state, few_bytes(text, n)) if n else state)


cdef inline int64_t put_wide(Word* word, const uint8_t* text, bint is_hashtag, int* kind) noexcept nogil:
    """Add the character beyond ASCII at `text` to the word; how many bytes it takes, or 0 if the word ends there."""
    cdef int64_t used, ahead
    cdef uint32_t c = decode(text, &used)
    cdef uint64_t spelled = few_bytes(text, used)
    kind[0] = class_of(c)
    if kind[0] == LETTER or kind[0] == MARK or kind[0] == DIGIT:
        if word.language == SYMBOL:
            word.language = script_language(c)
        if 0xC0 <= c < 0xDF and c != 0xD7:
            # the small letter, whose second byte is as much higher
            c += 32
            spelled += 32 << 8
        elif has_nukta(c):
            spelled = bare_letter(c)
            put_character(word, c, spelled, used)
            c = NUKTA
            spelled = NUKTA_BYTES
        put_character(word, c, spelled, used)
        return used
    if kind[0] == APOSTROPHE:
        if is_hashtag or not is_word_head(kind_at(text + used, &ahead)):
            return 0
        put_character(word, 39, 39, 1)
        return used
    # left out of the word, as `tokens.fold` does
    return used if kind[0] == COMPATIBILITY or kind[0] == IGNORED or kind[0] == JOINER else 0


cdef inline uint64_t bare_letter(uint32_t c) noexcept nogil:
    """The three bytes of a letter without its nukta; all of them begin alike."""
    return 0xA4E0 | <uint64_t>BARE_BYTES[c - 0x958] << 16


cdef inline int script_language(uint32_t c) noexcept nogil:
    """As `twin._script_language`, by the first letter beyond ASCII."""
    if (0xC0 <= c < 0x250 and c != 0xD7 and c != 0xF7) or 0x1E00 <= c < 0x1F00:
        return ENGLISH
    if 0x900 <= c < 0x980 or 0xA8E0 <= c < 0xA900:
        return HINDI
    return OTHER


cdef inline int64_t joint(const uint8_t* text) noexcept nogil:
    """How many bytes join the words before and behind: an apostrophe or stars; 0 where no word goes on behind."""
    cdef int64_t used, ahead = 1
    while text[0] == 42 and text[ahead] == 42:
        ahead += 1
    return ahead if is_word_head(kind_at(text + ahead, &used)) else 0


cdef inline bint parts_camel(int before, const uint8_t* text) noexcept nogil:
    """Whether a word of a hashtag ends before the capital at `text`: aB, 1B, AB before a small letter."""
    if before == LOWER or (before == DIGIT and (text - 1)[0] < 128):
        return True
    return before == UPPER and ASCII[text[1]] == LOWER


cdef int64_t read_hashtag(const uint8_t* text, int64_t at, const Table* table, Tokens* out) except -1 nogil:
    """Read the words of the hashtag whose first word begins at `at`; where it ends."""
    cdef int64_t used
    cdef int kind
    while True:
        if out.n + 1 >= out.room:
            grow(out)
        kind = kind_at(text + at, &used)
        if is_word_head(kind):
            at = read_word(text, at, True, table, out)
        elif text[at] == 95 or is_word_tail(kind):
            if kind == COMPATIBILITY:
                out.is_compatibility = True
            at += used
        else:
            return at


cdef int64_t read_number(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the number that begins at `at`; where it ends, or 0 if what begins there is a word."""
    cdef int64_t start = at, end = 0, used
    while True:
        while kind_at(text + at, &used) == DIGIT:
            at += used
        if not is_word_tail(kind_at(text + at, &used)):
            end = at
        if text[at] != 46 and text[at] != 44 and text[at] != 58 and text[at] != 47:
            break
        if kind_at(text + at + 1, &used) != DIGIT:
            break
        at += 1
    if not end:
        return 0
    if text[end] == 37:
        end += 1
    add(out, NUMBER, start, end, hash_bytes(text + start, end - start))
    return end


cdef int64_t read_keycap(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the keycap (a digit, selectors, U+20E3) that begins at `at`; where it ends, or 0 if there is none."""
    cdef int64_t start = at, used
    cdef Hash hash = Hash(HASH_BASIS, text[at], 8)
    at += 1
    while kind_at(text + at, &used) == SELECTOR:
        at += used
    if kind_at(text + at, &used) != KEYCAP:
        return 0
    put(&hash, few_bytes(text + at, used), 8 * used)
    add(out, EMOJI, start, at + used, close(&hash))
    return at + used


cdef int64_t read_emoji(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the emoji, with its dress and what is joined to it, that begins at `at`; where it ends."""
    cdef Hash hash = Hash(HASH_BASIS, 0, 0)
    cdef int64_t start = at, used, joined
    cdef int kind = kind_at(text + at, &used)
    cdef bint is_bare = False
    while True:
        if kind == EMOJI_CLASS:
            put(&hash, few_bytes(text + at, used), 8 * used)
            is_bare = True
        at += used
        while True:
            kind = kind_at(text + at, &used)
            if kind != SELECTOR and kind != TONE:
                break
            at += used
        if kind != JOINER:
            break
        kind = kind_at(text + at + used, &joined)
        if kind != EMOJI_CLASS and kind != TONE:
            break
        put(&hash, few_bytes(text + at, used), 8 * used)
        is_bare = True
        at += used
        used = joined
    # nothing but skin tones: they stand for themselves
    add(out, EMOJI, start, at, close(&hash) if is_bare else hash_bytes(text + start, at - start))
    return at


cdef int64_t read_flag(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the one or two regional letters that begin at `at`; where they end."""
    cdef int64_t start = at, used
    kind_at(text + at, &used)
    at += used
    if kind_at(text + at, &used) == REGIONAL:
        at += used
    add(out, EMOJI, start, at, hash_bytes(text + start, at - start))
    return at


cdef inline bint is_alnum(uint32_t c) noexcept nogil:
    return ASCII[c] == UPPER or ASCII[c] == LOWER or ASCII[c] == DIGIT


cdef inline bint begins_emoticon(const uint8_t* text, int64_t at, const Table* table) noexcept nogil:
    """Whether some emoticon begins as the text at `at`, an ASCII character, and may stand there."""
    if text[at + 1] >= 128 or not is_emoticon_head(table, text[at], text[at + 1]):
        return False
    return at == 0 or not (is_alnum(text[at]) and is_alnum(text[at - 1]))


cdef int64_t read_emoticon(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read the longest known emoticon that begins at `at`; where it ends, or 0 if there is none."""
    cdef int64_t length = 0, end
    cdef const Slot* slot
    cdef uint8_t last
    cdef uint64_t key
    while length < LONGEST_EMOTICON and 32 < text[at + length] < 127:
        length += 1
    while length > 1:
        key = finish(absorb(HASH_BASIS, few_bytes(text + at, length)))
        slot = find(table, key)
        if slot != NULL and slot.flags & IS_EMOTICON:
            end = at + length
            last = text[end - 1]
            while text[end] == last:
                end += 1
            if not (is_alnum(last) and is_alnum(text[end])):
                add(out, EMOTICON, at, end, key)
                return end
        length -= 1
    return 0


cdef inline bint begins_url(const uint8_t* text, int64_t at) noexcept nogil:
    """Whether `http://`, `https://` or `www.` stands at `at`, in capitals or small letters."""
    cdef uint64_t head = eight_bytes(text + at) | SMALL
    # little-endian: "www", "http"
    if <uint32_t>head & 0xFFFFFF == 0x777777:
        return text[at + 3] == 46
    if <uint32_t>head != 0x70747468:
        return False
    at += 5 if text[at + 4] | 32 == 115 else 4
    return text[at] == 58 and text[at + 1] == 47 and text[at + 2] == 47


cdef int64_t read_marks(const uint8_t* text, int64_t at, const Table* table, Tokens* out) except -1 nogil:
    """Read an ASCII mark that means something (see `tokens`); where it ends."""
    cdef int64_t start = at, used
    cdef uint8_t c = text[at]
    cdef bint is_question = False
    if c == 64:
        at += 1
        while is_alnum(text[at]) or text[at] == 95:
            at += 1
        if at > start + 1:
            add(out, MENTION, start, at, NOTHING)
        return at
    if c == 35:
        if is_word_head(kind_at(text + at + 1, &used)):
            return read_hashtag(text, at + 1, table, out)
        return at + 1
    if c == 38:
        return skip_entity(text, at)
    if c == 33 or c == 63:
        while text[at] == 33 or text[at] == 63:
            is_question |= text[at] == 63
            at += 1
        add(out, QUESTION if is_question else EXCLAIM, start, at, NOTHING)
        return at
    if c == 46 and (text[at + 1] == 46 or kind_at(text + at + 1, &used) == ELLIPSIS_CLASS):
        return read_ellipsis(text, at, out)
    add(out, STOP if c == 46 or c == 10 or c == 13 else COMMA, at, at + 1, NOTHING)
    return at + 1


cdef int64_t read_ellipsis(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    cdef int64_t start = at, used
    while kind_at(text + at, &used) == ELLIPSIS_CLASS or text[at] == 46:
        at += used
    add(out, ELLIPSIS, start, at, NOTHING)
    return at


cdef inline int64_t skip_entity(const uint8_t* text, int64_t at) noexcept nogil:
    """Past an HTML entity such as `&amp;`; past the `&` alone if it is none."""
    cdef int64_t end = at + 1
    while end - at <= 6 and (ASCII[text[end]] == LOWER or ASCII[text[end]] == UPPER):
        end += 1
    if text[end] == 59 and end - at >= 3:
        return end + 1
    return at + 1


cdef int64_t read_wide(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read whatever begins with the non-ASCII character at `at`; where it ends."""
    cdef int64_t used, end
    cdef int kind = kind_at(text + at, &used)
    if kind == LETTER:
        end = read_devanagari(text, at, table, out) if text[at] == 0xE0 else 0
        return end if end else read_word(text, at, False, table, out)
    if kind == DIGIT:
        end = read_number(text, at, out)
        return end if end else read_word(text, at, False, table, out)
    if kind == EMOJI_CLASS or kind == TONE:
        return read_emoji(text, at, out)
    if kind == REGIONAL:
        return read_flag(text, at, out)
    if kind == ELLIPSIS_CLASS:
        return read_ellipsis(text, at, out)
    if kind == STOP_CLASS:
        add(out, STOP, at, at + used, NOTHING)
    elif kind == COMMA_CLASS:
        add(out, COMMA, at, at + used, NOTHING)
    elif kind == COMPATIBILITY:
        out.is_compatibility = True
    return at + used


cdef int64_t read_digit(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read whatever begins with the ASCII digit at `at`; where it ends."""
    cdef int64_t end = 0
    if text[at + 1] >= 128:
        end = read_keycap(text, at, out)
    if not end:
        end = read_number(text, at, out)
    return end if end else read_word(text, at, False, table, out)


cdef int scan(const uint8_t* text, int32_t n, const Table* table, Tokens* out) except -1 nogil:
    """Words of up to fifteen letters, single marks and what is left out are read alike, without a branch between them:

    which of them comes next cannot be foretold, and a wrong guess costs as much as a word.
    """
    cdef int64_t at = 0, end, n_tokens = 0
    cdef uint64_t state, longer, key
    cdef uint32_t c, after, head, flags, inside, small = 0, same = 0, length
    cdef Token* token
    out.n = 0
    out.is_compatibility = False
    memset(out.n_words, 0, sizeof(out.n_words))
    while at < n:
        # one more than are needed, so that there is a token to look at behind the last one
        if n_tokens + 1 >= out.room:
            grow(out)
        c = text[at]
        length = low_zeros(look(text + at, &small, &same) | 0x10000)
        end = at + length + (length == 0)
        after = text[end]
        if (length == 16) | ((table.heads[c + 256 * (length > 1)] & table.tails[after]) != 0):
            out.n = <int32_t>n_tokens
            at = read_with_care(text, at, table, out)
            at += text[at] == 32
            n_tokens = out.n
            continue
        state = absorb(HASH_BASIS, (eight_bytes(text + at) | SMALL) & LOW_BYTES[length])
        longer = absorb(state, (eight_bytes(text + at + 8) | SMALL) & HIGH_BYTES[length])
        # of no letter at all, this is NOTHING
        key = finish(either(state, longer, length > 8))
        # the table is larger than the nearest cache: ask for the slot now, look at it when the post is read
        prefetch(&table.slots[key & table.mask])
        inside = (<uint32_t>1 << length) - 1
        flags = ELONGATED * ((same & (same >> 1) & (inside >> 2)) != 0) | CAPS * (((small & inside) == 0) & (length > 1))
        head = START[c] | flags << 8
        token = &out.items[n_tokens]
        token.hash = key
        token.start = <int32_t>at
        token.end = <int32_t>end
        memcpy(&token.kind, &head, 4)
        # what is left out has no words
        n_tokens += head >> 24
        at = end + (after == 32)
    out.n = <int32_t>n_tokens
    return 0


cdef int64_t read_with_care(const uint8_t* text, int64_t at, const Table* table, Tokens* out) except -1 nogil:
    """Read whatever begins at `at`; where it ends.

    What is frequent has a way of its own, with fewer branches, before the way in which all of its kind is read.
    """
    cdef int64_t end
    cdef int kind = ASCII[text[at]]
    if kind == LOWER or kind == UPPER:
        end = read_contraction(text, at, table, out)
        if not end:
            end = read_odd(text, at, table, out)
        return end if end else read_ascii(text, at, table, out)
    if kind == BEYOND:
        end = read_plain_emoji(text, at, out) if text[at] == 0xF0 else 0
        return end if end else read_wide(text, at, table, out)
    end = read_emoticon(text, at, table, out) if begins_emoticon(text, at, table) else 0
    if end:
        return end
    if kind == DIGIT:
        end = read_plain_number(text, at, out)
        return end if end else read_digit(text, at, table, out)
    return read_marks(text, at, table, out) if kind == MARKED else at + 1


cdef inline int64_t read_contraction(const uint8_t* text, int64_t at, const Table* table, Tokens* out) noexcept nogil:
    """Read the word of at most fifteen letters around an apostrophe that begins at `at`; where it ends, or 0."""
    cdef uint32_t small = 0, same = 0, inside, unused = 0
    cdef int64_t before = low_zeros(look(text + at, &small, &same) | 0x10000), length
    cdef uint64_t state, longer
    if text[at + before] != 39:
        return 0
    length = before + 1 + low_zeros(look(text + at + before + 1, &unused, &unused) | 0x10000)
    if length == before + 1 or length > 15 or table.tails[text[at + length]] & GOES_ON:
        return 0
    state = absorb(HASH_BASIS, (eight_bytes(text + at) | SMALL) & LOW_BYTES[length])
    longer = absorb(state, (eight_bytes(text + at + 8) | SMALL) & HIGH_BYTES[length])
    inside = (<uint32_t>1 << length) - 1
    add_word(
        out, table, at, at + length, finish(either(state, longer, length > 8)),
        # the apostrophe has the bit of small letters
        ELONGATED * ((same & (same >> 1) & (inside >> 2)) != 0) | CAPS * ((small & inside) == <uint32_t>1 << before),
        ENGLISH,
    )
    return at + length


cdef inline int64_t read_plain_number(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the number of at most seven digits, and nothing else up to the next space, at `at`; where it ends, or 0."""
    cdef uint64_t chunk = eight_bytes(text + at), figure = chunk ^ FIGURES
    cdef int64_t length = low_zeros(((figure + UP_TO_TEN) | figure) & HIGHS | LAST_BIT) >> 3
    cdef uint8_t after = text[at + length], then = text[at + length + 1]
    if not (after == 32 or after == 0 or ((after == 44 or after == 46) and then == 32)):
        return 0
    add(out, NUMBER, at, at + length, finish(absorb(HASH_BASIS, chunk & LOW_BYTES[length])))
    return at + length


cdef inline int64_t read_plain_emoji(const uint8_t* text, int64_t at, Tokens* out) noexcept nogil:
    """Read the emoji of four bytes at `at`, if nothing may belong to it; where it ends, or 0."""
    cdef int64_t used
    cdef uint8_t after = text[at + 4] if goes_with(text[at + 1]) and goes_with(text[at + 2]) and goes_with(text[at + 3]) else 0xFF
    # what may follow: ASCII, or another character of four bytes but for skin tones
    if after >= 128 and not (after == 0xF0 and text[at + 6] != 0x8F):
        return 0
    if kind_at(text + at, &used) != EMOJI_CLASS or used != 4:
        return 0
    add(out, EMOJI, at, at + 4, finish(absorb(HASH_BASIS, eight_bytes(text + at) & LOW_BYTES[4])))
    return at + 4


cdef int32_t fold_word(const uint8_t* text, int32_t n, uint8_t* out) noexcept nogil:
    cdef int64_t at = 0, used, length = 0, i
    cdef uint32_t c
    cdef int kind
    while at < n:
        c = decode(text + at, &used)
        kind = class_of(c)
        if c < 128:
            out[length] = c + 32 if ASCII[c] == UPPER else c
            length += 1
        elif kind == APOSTROPHE:
            out[length] = 39
            length += 1
        elif has_nukta(c):
            write_nukta_letter(c, out + length)
            length += 6
        elif kind != IGNORED and kind != JOINER and kind != COMPATIBILITY:
            for i in range(used):
                out[length + i] = text[at + i]
            if 0xC0 <= c < 0xDF and c != 0xD7:
                out[length + 1] += 32
            length += used
        at += used
    return length


cdef inline void write_nukta_letter(uint32_t c, uint8_t* out) noexcept nogil:
    cdef uint64_t spelled = bare_letter(c) | <uint64_t>NUKTA_BYTES << 24
    memcpy(out, &spelled, 6)
