"""The types under which `rules.py` is compiled."""

cimport cython
from libc cimport math
from libc.stdint cimport int64_t

from mizaj.text._scan cimport Token

cdef struct RuleWeights:
    double negation_of_positive
    double negation_of_negative
    double negation_pull
    double idle_negation
    double polar_floor
    double intensity
    double caps
    double elongation
    double exclaim
    double repeat
    double question
    double conditional
    double wish
    double before_contrast
    double after_contrast
    double concession
    double mocked
    double hollow
    double irony
    double doubt
    double gain
    double bias_positive
    double bias_negative
    double neutral_bias
    double neutral_opinion
    double neutral_question
    double neutral_url
    double neutral_mention
    double neutral_number
    double neutral_length

cdef struct RuleResult:
    double root
    double positive
    double neutral
    double negative
    double confidence
    double neutrality
    int64_t roles
    int n_words
    int n_quiet
    int n_idle
    int loudness
    int label
    int doubt
    int[16] n_of_kind

cdef int64_t ONE, MODIFIERS, NEGATORS, CUTS, SHIFTERS
cdef int NEUTRAL
cdef int NEGATOR, PROHIBITION, INTENSIFIER, DAMPER, CONJUNCTION, CONTRAST, CONCESSION, CONDITIONAL, WISH, LETDOWN, WORD
cdef int NUMBER, MENTION, URL, EMOJI, EMOTICON, EXCLAIM, QUESTION, ELLIPSIS, STOP, COMMA, CAPS, ELONGATED, ENGLISH
cdef int NEGATED, INTENSIFIED, DAMPED, EMPHASISED, CONTRASTED, CONCEDED, QUESTIONED, SUPPOSED, WISHED, MOCKED, REPEATED, IRONIC, IDLE, HOLLOW, REACH, MOST_EXCLAIMS, HOLLOW_WORDS, REPLY_WORDS, COMPARISON

@cython.locals(roles=int64_t, count="int*")
cdef void score_post(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(clause=int, i=Py_ssize_t, was_mark=int, is_mark=int)
cdef void number_clauses(Token* tokens, Py_ssize_t n) noexcept nogil

@cython.locals(end=Py_ssize_t)
cdef Py_ssize_t sentence_end(Token* tokens, Py_ssize_t begin, Py_ssize_t n) noexcept nogil

@cython.locals(i=Py_ssize_t)
cdef void emphasise(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(i=Py_ssize_t)
cdef void fade_repeats(Token* tokens, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(polarity=double)
cdef bint is_polar(Token* tokens, Py_ssize_t i, RuleWeights* weights) noexcept nogil

@cython.locals(across=Py_ssize_t, j=Py_ssize_t)
cdef Py_ssize_t next_polar(Token* tokens, Py_ssize_t i, Py_ssize_t n, Py_ssize_t step, RuleWeights* weights) noexcept nogil

@cython.locals(i=Py_ssize_t, role=int, target=Py_ssize_t, change=double)
cdef void modify(Token* tokens, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(i=Py_ssize_t, role=int, target=Py_ssize_t)
cdef void negate(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(target=Py_ssize_t)
cdef Py_ssize_t negated_word(Token* tokens, Py_ssize_t i, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(start=Py_ssize_t, end=Py_ssize_t, turn_at=Py_ssize_t)
cdef void contrast(Token* tokens, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(i=Py_ssize_t, factor=double, rules=int, in_sentence=bint, kind=int)
cdef void cry_out(Token* tokens, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(i=Py_ssize_t)
cdef bint has_early_mark(Token* tokens, Py_ssize_t n) noexcept nogil

@cython.locals(j=Py_ssize_t)
cdef Py_ssize_t clause_end(Token* tokens, Py_ssize_t i, Py_ssize_t end) noexcept nogil

@cython.locals(i=Py_ssize_t)
cdef void scale(Token* tokens, Py_ssize_t begin, Py_ssize_t end, double factor, int rule) noexcept nogil

@cython.locals(i=Py_ssize_t)
cdef void unwish(Token* tokens, Py_ssize_t begin, Py_ssize_t end, RuleWeights* weights) noexcept nogil

@cython.locals(praise=Py_ssize_t, i=Py_ssize_t)
cdef void spot_irony(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(begin=Py_ssize_t, end=Py_ssize_t, i=Py_ssize_t, praise=double, complaint=double)
cdef void spot_hollow_praise(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(i=Py_ssize_t, words=double, symbols=double, share=double)
cdef void weigh_symbols(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(root=double, opinion=double, neutral=double, share=double, calm=double, count="int*", positive=double, negative=double, total=double, i=Py_ssize_t)
cdef void add_up(Token* tokens, Py_ssize_t n, RuleWeights* weights, RuleResult* result) noexcept nogil

cdef double bounded(double logit) noexcept nogil

@cython.locals(is_positive=int, is_negative=int)
cdef void decide(RuleResult* result) noexcept nogil

@cython.locals(i=Py_ssize_t, shifted=int)
cdef void shift(Token* tokens, Py_ssize_t n, RuleWeights* weights) noexcept nogil

@cython.locals(j=Py_ssize_t)
cdef Py_ssize_t clause_begin(Token* tokens, Py_ssize_t i) noexcept nogil

cdef void turn(Token* tokens, Py_ssize_t i, Py_ssize_t target, RuleWeights* weights) noexcept nogil

cdef bint is_compared(Token* tokens, Py_ssize_t i, Py_ssize_t target) noexcept nogil

@cython.locals(last=Py_ssize_t, is_closed=bint)
cdef bint is_reply(Token* tokens, Py_ssize_t i, Py_ssize_t n) noexcept nogil

@cython.locals(start=Py_ssize_t, end=Py_ssize_t)
cdef void shift_clause(Token* tokens, Py_ssize_t i, Py_ssize_t n, RuleWeights* weights) noexcept nogil
