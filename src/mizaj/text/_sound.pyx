# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled phonetic key: bytes to bytes without an object; equal to `phonetic.phonetic_key`.

What each rule is for stands in `phonetic`; the functions here have its names, and its tables are read from there, so
that a new pair or alias needs no change. One or two letters travel as one number, the first in the low byte.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from mizaj.text import phonetic as spec

cdef enum:
    N_PLACES = 1024  # two letters of five bits
    MOST_ALIASES = 32
    LONGEST_ALIAS = 8  # as many letters as a 64-bit number holds

# A short key and the key it is sent to, each packed by `pack`.
cdef struct Alias:
    uint64_t key
    uint64_t target

# `phonetic._Place`, with the word that is read and the key that is written.
cdef struct Place:
    const uint8_t* word
    int32_t n
    int32_t at
    uint8_t* key
    int32_t length
    uint16_t last
    uint8_t vowel
    int32_t n_vowels
    bint breathes
    bint opens

# A run of vowels: where it ends, how many letters it counts, the first three and the last of them.
cdef struct Run:
    int32_t end
    int32_t n
    uint8_t[3] letters
    uint8_t last

cdef int32_t LONGEST_WORD = spec.LONGEST_WORD
cdef uint32_t VOWELS
cdef uint32_t SONORANTS
cdef uint16_t[N_PLACES] CONSONANTS
cdef uint16_t[N_PLACES] TAKES_H
cdef uint16_t[N_PLACES] DOUBLED
cdef uint16_t[N_PLACES] PAIRS
cdef uint16_t[N_PLACES] FINAL_PAIRS
cdef Alias[MOST_ALIASES] ALIASES
cdef int32_t n_aliases


cdef inline uint16_t join(uint8_t first, uint8_t second) noexcept nogil:
    return first | (<uint16_t>second << 8)


cdef inline int32_t place_of(uint16_t letters) noexcept nogil:
    return (letters & 31) | ((letters >> 8 & 31) << 5)


cdef inline uint16_t get(const uint16_t* table, uint16_t letters, uint16_t otherwise) noexcept nogil:
    """As `dict.get`; a table has 0 where it holds nothing."""
    cdef uint16_t found = table[place_of(letters)]
    return found if found else otherwise


cdef inline bint is_in(uint32_t letters, uint16_t sound) noexcept nogil:
    """Whether a sound is one letter of a set; nothing (0) and two letters are in none."""
    return sound < 128 and letters >> (sound & 31) & 1


cdef uint16_t read_letters(str letters) except 0:
    if not (letters.isascii() and letters.islower() and len(letters) in (1, 2)):
        raise ImportError(f"phonetic maps {letters!r}: the compiled key takes one or two letters a-z; change _sound too")
    return join(ord(letters[0]), ord(letters[1]) if len(letters) == 2 else 0)


cdef int fill(uint16_t* table, dict mapping) except -1:
    for letters, sound in mapping.items():
        table[place_of(read_letters(letters))] = read_letters(sound)
    return 0


cdef uint32_t set_of(letters) except? 0:
    cdef uint32_t bits = 0
    for letter in letters:
        bits |= <uint32_t>1 << (read_letters(letter) & 31)
    return bits


cdef int fill_aliases(dict aliases) except -1:
    global n_aliases
    if len(aliases) > MOST_ALIASES or any(len(key) > LONGEST_ALIAS for pair in aliases.items() for key in pair):
        raise ImportError(f"phonetic has more than {MOST_ALIASES} aliases or longer ones than {LONGEST_ALIAS} letters")
    for i, (key, target) in enumerate(aliases.items()):
        ALIASES[i].key = int.from_bytes(key.encode(), "little")
        ALIASES[i].target = int.from_bytes(target.encode(), "little")
    n_aliases = len(aliases)
    return 0


VOWELS = set_of(spec._VOWELS)
SONORANTS = set_of(spec._SONORANTS)
fill(CONSONANTS, spec._CONSONANTS)
fill(TAKES_H, spec._TAKES_H)
fill(DOUBLED, spec._DOUBLED)
fill(PAIRS, spec._PAIRS)
fill(FINAL_PAIRS, spec._FINAL_PAIRS)
fill_aliases(spec.ALIASES)


def sound(bytes word) -> bytes:
    """The key of a folded word, as `phonetic_key`, of bytes and as bytes; for tests.

    >>> sound(b"bahut"), sound(b"khoobsurat"), sound(b"gr8")
    (b'bht', b'khubsurt', b'')
    """
    cdef bytearray out = bytearray(2 * len(word) + 8)
    cdef int32_t n = write_sound(<const uint8_t*>word, <int32_t>len(word), <uint8_t*><char*>out)
    return bytes(out[:n])


cdef int32_t write_sound(const uint8_t* word, int32_t n, uint8_t* out) noexcept nogil:
    cdef Place place
    cdef int32_t i
    if n > LONGEST_WORD:
        return 0
    for i in range(n):
        if not c'a' <= word[i] <= c'z':
            return 0
    start(&place, word, n, out)
    while place.at < n:
        if is_in(VOWELS, word[place.at]):
            read_vowels(&place)
        elif word[place.at] == c'y':
            read_y(&place)
        else:
            read_consonant(&place)
    return follow_alias(out, place.length)


cdef inline void start(Place* place, const uint8_t* word, int32_t n, uint8_t* out) noexcept nogil:
    place.word = word
    place.n = n
    place.key = out
    place.at = place.length = place.n_vowels = 0
    place.last = place.vowel = 0
    place.breathes = place.opens = False


cdef inline uint8_t letter_at(const Place* place, int32_t at) noexcept nogil:
    """The letter at `at`; 0 past the end of the word."""
    return place.word[at] if at < place.n else 0


cdef inline void write(Place* place, uint16_t sound) noexcept nogil:
    # a rule writes at most two letters for each it reads (`x`, `f`), hence the room that is asked for
    while sound:
        place.key[place.length] = sound & 0xFF
        place.length += 1
        sound >>= 8


cdef void read_consonant(Place* place) noexcept nogil:
    cdef uint8_t letter = place.word[place.at]
    cdef uint16_t written = get(CONSONANTS, letter, letter)
    cdef bint is_h = letter == c'h'
    place.at += 1
    if is_h and place.vowel and place.at == place.n:
        return
    if letter == c'c':
        skip(place, c'c')
        written = c'k'
    if letter_at(place, place.at) == c'h' and get(TAKES_H, letter, 0):
        written = get(TAKES_H, letter, 0)
        skip(place, c'h')
    place.breathes = is_h and (place.vowel or is_in(SONORANTS, place.last))
    place.opens = is_h and place.length == 0
    if written != place.last:
        write(place, written)
    place.last = written
    place.vowel = 0


cdef inline void skip(Place* place, uint8_t letter) noexcept nogil:
    while letter_at(place, place.at) == letter:
        place.at += 1


cdef void read_y(Place* place) noexcept nogil:
    cdef uint8_t following = letter_at(place, place.at + 1)
    place.at += 1
    if is_in(VOWELS, following):
        if place.last != c'y':
            read_y_before_vowel(place)
    elif following != c'y':
        read_y_alone(place, following)


cdef inline void read_y_before_vowel(Place* place) noexcept nogil:
    cdef Run run = vowel_run(place, place.at)
    write(place, c'y')
    place.last = c'y'
    place.vowel = 0
    place.breathes = place.opens = False
    if run.n == 1 and run.last == c'i' and run.end == place.n:
        place.at = run.end


cdef inline void read_y_alone(Place* place, uint8_t following) noexcept nogil:
    if place.vowel == c'a':
        write(place, c'e')
    elif not place.vowel:
        write(place, c'y' if following or not place.length else c'i')
    place.last = 0
    place.vowel = c'y'
    place.breathes = place.opens = False


cdef void read_vowels(Place* place) noexcept nogil:
    cdef Run run = vowel_run(place, place.at)
    place.at = run.end
    # `vowel_sound` may pass over a silent letter more
    write(place, vowel_sound(place, &run))
    place.last = 0
    place.vowel = run.last
    place.n_vowels += 1
    place.breathes = place.opens = False


cdef Run vowel_run(const Place* place, int32_t at) noexcept nogil:
    cdef Run run
    cdef uint8_t letter
    cdef int32_t first
    run.n = run.last = 0
    run.letters[0] = run.letters[1] = run.letters[2] = 0
    while is_in(VOWELS, letter_at(place, at)):
        first = at
        letter = place.word[first]
        while letter_at(place, at) == letter:
            at += 1
        run.last = get(DOUBLED, join(letter, letter), letter) if at > first + 1 else letter
        if run.n < 3:
            run.letters[run.n] = run.last
        run.n += 1
    run.end = at
    return run


cdef uint16_t vowel_sound(Place* place, const Run* run) noexcept nogil:
    """What a run of vowels adds to the key; moves past an `n` behind it that is silent."""
    cdef int32_t passed = 1 if run.n > 2 and run.letters[0] == c'a' else 0
    cdef int32_t n = run.n - passed
    cdef uint16_t pair = join(run.letters[passed], run.letters[passed + 1])
    cdef uint16_t sound = get(PAIRS, pair, pair)
    cdef uint8_t following = letter_at(place, run.end)
    cdef bint is_last = run.end + 1 >= place.n
    if place.last == c'y' and sound == c'o':
        sound = c'u'
    if not following or (is_last and (following == c'h' or (following == c'y' and sound == c'e'))):
        return get(FINAL_PAIRS, pair, sound)
    if not place.length:
        return sound
    if is_last and following == c'n' and is_nasal(place, pair, n, sound):
        place.at += 1
        return get(FINAL_PAIRS, pair, sound)
    return inner_sound(place, sound, following, letter_at(place, run.end + 1))


cdef inline bint is_nasal(const Place* place, uint16_t pair, int32_t n, uint16_t sound) noexcept nogil:
    if place.breathes or place.opens or (place.last == c'y' and sound == c'u'):
        return True
    if n == 2 and pair == join(c'e', c'i'):
        return True
    return n == 1 and place.n_vowels > 0 and (pair == c'e' or pair == c'o')


cdef uint16_t inner_sound(const Place* place, uint16_t sound, uint8_t following, uint8_t second) noexcept nogil:
    if place.breathes or (following == c'h' and sound != c'i'):
        return 0
    if following == c'y' and is_in(VOWELS, second) and (sound == c'e' or sound == c'i'):
        return 0
    if (following == c'v' or following == c'w') and is_in(VOWELS, second) and sound == c'u':
        return 0
    if following == c'r' and not second and sound == c'e' and place.n_vowels:
        return 0
    return without_a(sound)


cdef inline uint16_t without_a(uint16_t sound) noexcept nogil:
    if sound >> 8 == c'a':
        return sound & 0xFF
    return 0 if sound == c'a' else sound


cdef inline uint64_t pack(const uint8_t* key, int32_t n) noexcept nogil:
    cdef uint64_t packed = 0
    cdef int32_t i
    for i in range(n):
        packed |= <uint64_t>key[i] << (8 * i)
    return packed


cdef int32_t follow_alias(uint8_t* key, int32_t n) noexcept nogil:
    """The length of the key, once it is exchanged for the one that `ALIASES` sends it to."""
    cdef uint64_t packed, target
    cdef int32_t i, length = 0
    if n > LONGEST_ALIAS:
        return n
    packed = pack(key, n)
    for i in range(n_aliases):
        if ALIASES[i].key == packed:
            target = ALIASES[i].target
            while target:
                key[length] = target & 0xFF
                target >>= 8
                length += 1
            return length
    return n
