"""What the compiled phonetic key gives to others."""

from libc.stdint cimport int32_t, uint8_t

cdef int32_t write_sound(const uint8_t* word, int32_t n, uint8_t* out) noexcept nogil
"""Write the phonetic key of a folded word of n bytes to out (room: 2 * n + 8 bytes); its length, 0 where there is no key."""
