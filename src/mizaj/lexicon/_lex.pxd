"""The packed lexicon as the compiled modules read it: see `layout`."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from mizaj.lexicon.rules cimport RuleWeights
from mizaj.text._scan cimport Table

cdef packed struct Record:
    uint32_t offset
    uint16_t length
    uint8_t language
    uint8_t role
    uint8_t pos
    uint8_t flags
    int8_t logit
    uint8_t unused
    uint32_t head
    float polarity
    float neutrality
    float weight
    uint32_t source

# What an entry says, as `layout.FIGURES`; the fourth field is empty.
cdef struct Figures:
    float polarity
    float neutrality
    float weight
    uint32_t nothing

cdef struct Lex:
    Table table
    const Record* records
    int64_t n_records
    # of the entries that have any, and then zeros for all others
    const Figures* figures
    uint32_t n_figures
    # the head word of each entry
    const uint32_t* heads
    # bit 256 a + b is set where some phrase begins with words of the marks a, b
    const uint64_t* marks
    # the bit of its hash is set for each beginning of a phrase, of two head words or more; then for each phrase
    const uint64_t* beginnings
    const uint64_t* phrases
    const int8_t* ngrams
    uint32_t ngram_mask
    int32_t ngram_bias
    int32_t ngram_shift
    int32_t switch_cost
    RuleWeights weights
