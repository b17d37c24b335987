# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled guesses: what a word may be that stands in no dictionary, as `resolve` says; each is remembered."""

from libc.stdint cimport int8_t, int32_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from mizaj.lexicon._lex cimport Lex, Record
from mizaj.text._scan cimport Slot, Token, find, fold_word, hash_bytes
from mizaj.text._sound cimport write_sound

cdef enum:
    WORD = 0
    EMOJI = 4
    ELONGATED = 2
    ENGLISH = 0
    HI_LATN = 1
    # flags of slots, as in `layout`
    IS_EMOTICON = 2
    HAS_FIGURES = 16
    TELLS = 32
    # the byte before a phonetic key
    SOUND = 1
    # bytes, as in `resolve`
    SHORTEST_STEM = 4
    LONGEST_TRIED = 48
    LONGEST_ENDING = 15
    # of the character model
    MODEL_BYTES = 24
    LOGIT_LIMIT = 127

cdef Slot UNKNOWN
UNKNOWN.entry = 0xFFFFFFFFu


cdef inline uint64_t first_character(const uint8_t* text) noexcept nogil:
    cdef int32_t used = 1
    while (text[used] & 0xC0) == 0x80:
        used += 1
    return hash_bytes(text, used)


cdef const Slot* find_out(const Lex* lex, const uint8_t* text, const Token* token, Slot* guesses) noexcept nogil:
    cdef Slot* guess = &guesses[guess_place(token.hash)]
    # hashes are odd; `10` as a number is not what it is as a word
    cdef uint64_t key = token.hash - (token.kind != WORD)
    cdef const Slot* slot
    cdef Slot other = guess[1]
    guess[1] = guess[0]
    if other.key == key:
        guess[0] = other
        return guess
    guess[0] = UNKNOWN
    guess.key = key
    slot = find(&lex.table, token.hash)
    if slot == NULL and token.kind == EMOJI:
        slot = find(&lex.table, first_character(text + token.start))
    if slot != NULL:
        memcpy(&guess.entry, &slot.entry, 8)
    elif token.kind == WORD and token.end - token.start <= LONGEST_TRIED * 4:
        guess_word(lex, text, token, guess)
    return guess


cdef void guess_word(const Lex* lex, const uint8_t* text, const Token* token, Slot* guess) noexcept nogil:
    """What an unknown word may be (`resolve`)."""
    cdef uint8_t[LONGEST_TRIED * 8] word
    cdef int32_t n = fold_word(text + token.start, token.end - token.start, word)
    if n <= LONGEST_TRIED:
        guess_unknown(lex, word, n, token, guess)


cdef void guess_unknown(const Lex* lex, const uint8_t* word, int32_t n, const Token* token, Slot* guess) noexcept nogil:
    cdef uint8_t[LONGEST_TRIED] shorter
    # the mark of a sound, and its key
    cdef uint8_t[2 * LONGEST_TRIED + 9] sound
    cdef int32_t length = n, n_sound
    cdef const Slot* slot
    cdef const Slot* known = NULL
    cdef int longest, language = token.language
    if token.flags & ELONGATED:
        for longest in range(3, 0, -1):
            length = cut_runs(word, n, longest, shorter)
            if length != n:
                slot = find(&lex.table, hash_bytes(shorter, length))
                if slot != NULL and not slot.flags & IS_EMOTICON:
                    known = known if known != NULL else slot
                    if slot.flags & TELLS:
                        known = slot
                        break
        if known != NULL:
            remember(lex, guess, known, known.logit)
            return
        word = shorter
    if language == ENGLISH:
        guess.logit = spell_logit(lex, word, length)
        if guess.logit > 0:
            language = HI_LATN
            sound[0] = SOUND
            n_sound = write_sound(word, length, sound + 1)
            slot = find(&lex.table, hash_bytes(sound, n_sound + 1)) if n_sound else NULL
            if slot != NULL:
                remember(lex, guess, slot, guess.logit)
                return
    find_stem(lex, word, length, language, guess)


cdef inline void remember(const Lex* lex, Slot* guess, const Slot* slot, int8_t logit) noexcept nogil:
    """The word is that of the slot, with a logit of its own."""
    if slot.entry < lex.n_records:
        memcpy(&guess.entry, &slot.entry, 8)
    guess.logit = logit


cdef int32_t cut_runs(const uint8_t* word, int32_t n, int longest, uint8_t* out) noexcept nogil:
    """As `tokens.cut_runs`, by characters of UTF-8; the length of what is written."""
    cdef int32_t at = 0, size, run, kept, length = 0, i
    while at < n:
        size = 1
        while at + size < n and (word[at + size] & 0xC0) == 0x80:
            size += 1
        run = 1
        while at + (run + 1) * size <= n and memcmp(word + at, word + at + run * size, size) == 0:
            run += 1
        kept = min(run, longest) if run >= 3 else run
        for i in range(kept * size):
            out[length + i] = word[at + i]
        length += kept * size
        at += run * size
    return length


cdef int32_t spell_logit(const Lex* lex, const uint8_t* word, int32_t n) noexcept nogil:
    """As `WordLanguage.character_logit`."""
    cdef uint8_t[MODEL_BYTES + 2] marked
    cdef int32_t length = min(n, <int32_t>MODEL_BYTES) + 2, start, size, total = lex.ngram_bias
    cdef uint32_t state
    marked[0] = 94
    for start in range(length - 2):
        marked[start + 1] = word[start]
    marked[length - 1] = 36
    for start in range(length):
        state = 2166136261u
        for size in range(1, 5):
            if start + size > length:
                break
            state = (state ^ marked[start + size - 1]) * 16777619u
            if size >= 2:
                total += lex.ngrams[state & lex.ngram_mask]
    total >>= lex.ngram_shift
    return max(-LOGIT_LIMIT, min(<int32_t>LOGIT_LIMIT, total))


cdef void find_stem(const Lex* lex, const uint8_t* word, int32_t n, int language, Slot* guess) noexcept nogil:
    """As `resolve._stem`: the longest opinion word of which the word is an inflection, so the shortest ending first."""
    cdef int32_t ending
    cdef const Slot* slot
    cdef const Record* record
    for ending in range(1, min(<int32_t>LONGEST_ENDING, n - SHORTEST_STEM) + 1):
        if find(&lex.table, suffix_key(language, word + n - ending, ending)) == NULL:
            continue
        slot = find(&lex.table, hash_bytes(word, n - ending))
        if slot == NULL or not slot.flags & HAS_FIGURES or slot.role or slot.entry >= lex.n_records:
            continue
        record = &lex.records[slot.entry]
        if record.polarity != 0.0 and record.language == language:
            remember(lex, guess, slot, guess.logit)
            return


cdef inline uint64_t suffix_key(int language, const uint8_t* ending, int32_t n) noexcept nogil:
    cdef const uint8_t* mark = <const uint8_t*>b"\x02hi"
    cdef int32_t length = 3
    cdef uint8_t[LONGEST_ENDING + 8] key
    if language == ENGLISH:
        mark = <const uint8_t*>b"\x02en"
    elif language == HI_LATN:
        mark, length = <const uint8_t*>b"\x02hi-Latn", 8
    memcpy(key, mark, length)
    memcpy(key + length, ending, n)
    return hash_bytes(key, length + n)
