# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled memory of a stream: `bloom` and `recent._see_by_definition`, without the GIL."""

from libc.stdint cimport uint8_t, uint64_t

cdef enum:
    # of a block of a filter, as in `bloom`
    WORDS = 8
    PLACE_BITS = 9

cdef extern from *:
    """
    #define MIZAJ_SPREAD 0xD6E8FEB86659FD93ULL
    """
    const uint64_t SPREAD "MIZAJ_SPREAD"


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
