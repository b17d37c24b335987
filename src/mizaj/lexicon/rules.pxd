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
    int label
    int doubt

cdef int64_t ONE, SYMBOLS, SHIFTING
cdef int KIND_BIT
cdef int NEGATIVE, NEUTRAL, POSITIVE
cdef int NEGATOR, PROHIBITION, INTENSIFIER, DAMPER, CONJUNCTION, CONTRAST, CONCESSION, CONDITIONAL, WISH, LETDOWN, NOISE, WORD
cdef int NUMBER, MENTION, URL, EMOJI, EMOTICON, EXCLAIM, QUESTION, ELLIPSIS, STOP, COMMA, CAPS, ELONGATED, ENGLISH
cdef int SYMBOL, NEGATED, INTENSIFIED, DAMPED, EMPHASISED, CONTRASTED, CONCEDED, QUESTIONED, SUPPOSED, WISHED, MOCKED, REPEATED, IRONIC, IDLE, HOLLOW, REACH, MOST_EXCLAIMS, HOLLOW_WORDS, REPLY_WORDS, COMPARISON

@cython.locals(roles=int64_t)
cdef void score_post(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(clause=int, i=int, was_mark=bint, is_mark=bint)
cdef void mark_clauses(Token* tokens, int n) noexcept nogil

@cython.locals(end=int)
cdef int sentence_end(Token* tokens, int begin, int n) noexcept nogil

@cython.locals(i=int)
cdef void set_own_strength(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(polarity=double)
cdef bint is_polar(Token* tokens, int i, RuleWeights* weights) noexcept nogil

@cython.locals(across=int, j=int)
cdef int next_polar(Token* tokens, int i, int n, int step, RuleWeights* weights) noexcept nogil

@cython.locals(i=int, role=int, target=int, change=double)
cdef void modify(Token* tokens, int n, RuleWeights* weights) noexcept nogil

@cython.locals(i=int, role=int, target=int)
cdef void negate(Token* tokens, int n, RuleWeights* weights) noexcept nogil

@cython.locals(target=int)
cdef int negated_word(Token* tokens, int i, int n, RuleWeights* weights) noexcept nogil

@cython.locals(i=int, turn_at=int, shifted=int, outcry=double, asked=double, n_marks=int)
cdef void shift_sentence(Token* tokens, int begin, int end, RuleWeights* weights) noexcept nogil

@cython.locals(j=int)
cdef int clause_end(Token* tokens, int i, int end) noexcept nogil

@cython.locals(i=int)
cdef void scale(Token* tokens, int begin, int end, double factor, int rule) noexcept nogil

@cython.locals(i=int)
cdef void unwish(Token* tokens, int begin, int end, RuleWeights* weights) noexcept nogil

@cython.locals(praise=int, i=int)
cdef void spot_irony(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(begin=int, end=int, i=int, praise=double, complaint=double)
cdef void spot_hollow_praise(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(i=int, words=double, symbols=double, share=double)
cdef void weigh_symbols(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

@cython.locals(root=double, opinion=double, neutral=double, share=double, calm=double, positive=double, negative=double, total=double, i=int)
cdef void add_up(Token* tokens, int n, RuleWeights* weights, RuleResult* result) noexcept nogil

cdef double bounded(double logit) noexcept nogil

cdef void decide(RuleResult* result) noexcept nogil

@cython.locals(kept=int, group=int, language=int, roles=int64_t, n_words=int, n_quiet=int, neutral=double, i=int, kind=int)
cdef int gather(Token* tokens, int n, RuleResult* result) noexcept nogil

@cython.locals(begin=int, end=int)
cdef void shift(Token* tokens, int n, RuleWeights* weights) noexcept nogil

@cython.locals(j=int)
cdef int clause_begin(Token* tokens, int i) noexcept nogil

cdef void turn(Token* tokens, int i, int target, RuleWeights* weights) noexcept nogil

cdef bint is_compared(Token* tokens, int i, int target) noexcept nogil

@cython.locals(last=int, is_closed=bint)
cdef bint is_reply(Token* tokens, int i, int n) noexcept nogil

@cython.locals(role=int, start=int)
cdef bint shift_clause(Token* tokens, int i, int end, RuleWeights* weights) noexcept nogil
