"""What the kernel gives to other compiled models: a post at work, and the steps of reading it."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from mizaj.lexicon._lex cimport Lex
from mizaj.lexicon.rules cimport RuleResult
from mizaj.text._scan cimport Slot, Tokens

# What is known of a post when all its tokens have been looked at once.
cdef struct Survey:
    double neutrality
    # of a word in the table, the most that speaks for Hindi
    int32_t highest_logit
    # words in capitals, tokens the rules look at, places where a phrase may begin
    int32_t n_capitals
    int32_t n_kept
    int32_t n_begins
    # words that became part of a phrase
    int32_t n_joined


cdef struct Work:
    # what one thread needs while it scores
    Tokens tokens
    # what was found out about unknown words, as slots: two at each even place, the last one asked for first
    Slot* guesses
    # the post, with zeros behind it
    uint8_t* text
    size_t room
    Survey survey


cdef class Desk:
    # two posts at work: what one asks the memory for is there when the next one has been scanned
    cdef Work[2] works
    cdef Slot* guesses


cdef class Kernel:
    cdef Lex lex
    # the table of words, copied from the file to where it is read faster
    cdef Slot* _slots
    cdef object _view
    # desks that no thread sits at now; a deque, whose ends are safe to use from several threads
    cdef object _desks

    cdef _check_table(self)
    cdef Desk _take_desk(self)
    cdef _leave_desk(self, Desk desk)
    cdef _read_ngrams(self, bytes section, const uint8_t* base)
    cdef _read_weights(self, weights)


cdef void* take_room(size_t size) noexcept nogil
"""`wide_room`: in pages as large as there are; NULL where there is none. To be given back by `free`."""

cdef check_offsets(const uint8_t[::1] data, const uint8_t[::1] offsets, Py_ssize_t first, Py_ssize_t n, bint is_large)

cdef int begin_one(const Lex* lex, const uint8_t* text, int32_t n, Work* work) except -1 nogil
"""Scan a post, and ask for what it is looked up in: `work.tokens` are its words and marks."""

cdef void look_up(const Lex* lex, Work* work) noexcept nogil
"""Give the tokens of a post their entries and languages, join phrases, and survey what there is."""

cdef void judge(const Lex* lex, Work* work, RuleResult* result) noexcept nogil
"""Apply the rules to a post that was looked up; what is left in `work.tokens` are the tokens they look at."""

cdef int language_of(const Work* work) noexcept nogil
"""The number of the post's language."""

cdef float mixing_of(const Work* work) noexcept nogil
"""The code-mixing index of the post."""
