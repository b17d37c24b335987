"""What the compiled guesses about unknown words give to the kernel."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from mizaj.lexicon._lex cimport Lex
from mizaj.text._scan cimport Slot, Token

cdef enum:
    # slots of the cache of guesses: two at each even place, the last one asked for first
    CACHE_SIZE = 262144

cdef inline uint64_t guess_place(uint64_t key) noexcept nogil:
    # the lowest bits choose the bucket, so that they are alike for all the words of a full one
    return (key >> 32) & (CACHE_SIZE - 2)

cdef int32_t cut_runs(const uint8_t* word, int32_t n, int longest, uint8_t* out) noexcept nogil
"""As `tokens.cut_runs`, by characters of UTF-8; the length of what is written."""

cdef const Slot* find_out(const Lex* lex, const uint8_t* text, const Token* token, Slot* guesses) noexcept nogil
"""What a token is that stands neither in its bucket nor first among the two guesses kept at its place; now it does."""
