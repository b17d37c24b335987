# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled kernel: columns of posts to columns of answers, without the GIL and without a Python object a word.

It does what `twin` and `resolve` say, on the packed lexicon where it lies; the rules are those of `rules.py`.
"""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memset

from mizaj.lexicon.rules cimport RuleResult, RuleWeights, gather, score_post
from mizaj.text._scan cimport (
    FNV_BASIS, FNV_PRIME, Slot, Table, Token, Tokens, find, fold_word, hash_more, prefetch, scan, stays_in_word,
)
from mizaj.text._sound cimport write_sound


from array import array
from collections import deque

from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.weights import Weights

cdef enum:
    WORD = 0
    ELONGATED = 2
    NUMBER = 1
    EMOJI = 4
    EMOTICON = 5
    ENGLISH = 0
    HI_LATN = 1
    HINDI = 2
    SYMBOL = 3
    OTHER = 4
    N_LANGUAGES = 5
    STARTS_PHRASE = 1
    HAS_FIGURES = 16
    IS_UNKNOWN = 128
    LONGEST_ENDING = 15
    PAIR_MASK = (1 << 17) - 1
    IDLE = 4096
    IS_EMOTICON = 2
    SHORTEST_STEM = 4
    LONGEST_TRIED = 48
    LONGEST_PHRASE = 4
    MODEL_BYTES = 24
    LOGIT_LIMIT = 127
    CACHE_SIZE = 131072
    MOST_KEPT_TOKENS = 65536
    NGRAM_HEADER = 12
    NEGATIVE = 0
    NEUTRAL = 1
    POSITIVE = 2
    LANGUAGE_EN = 0
    LANGUAGE_HI = 1
    LANGUAGE_HI_LATN = 2
    LANGUAGE_MIXED = 3
    LANGUAGE_OTHER = 4
    MIXED_SHARE = 5

# columns of `shares` by kind of token: question, url, mention, number, word
COUNTED = {7: 1, 3: 2, 2: 3, 1: 4, 0: 5}

cdef uint32_t NO_ENTRY = 0xFFFFFFFFu

cdef extern from *:
    """
    #define MIZAJ_PHRASE_BASIS 0x9E3779B97F4A7C15ULL
    """
    const uint64_t PHRASE_BASIS "MIZAJ_PHRASE_BASIS"

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

# What was found out about an unknown word; key 0 marks a free place.
cdef struct Guess:
    uint64_t key
    uint32_t entry
    int32_t logit

cdef struct Lex:
    Table table
    const Record* records
    int64_t n_records
    const uint8_t* pairs
    const int8_t* ngrams
    uint32_t ngram_mask
    int32_t ngram_bias
    int32_t ngram_shift
    int32_t switch_cost
    RuleWeights weights


cdef struct Work:
    # what one thread needs while it scores
    Tokens tokens
    Guess* guesses
    int32_t[N_LANGUAGES] n_words


cdef class Desk:
    """The memory of one thread at work: room for tokens, and what it found out about unknown words."""

    cdef Work work

    def __cinit__(self):
        memset(&self.work, 0, sizeof(Work))
        self.work.guesses = <Guess*>calloc(CACHE_SIZE, sizeof(Guess))
        if self.work.guesses == NULL:
            raise MemoryError("no memory for the cache of unknown words")

    def __dealloc__(self):
        free(self.work.guesses)
        free(self.work.tokens.items)

    cdef void tidy(self) noexcept:
        """Give back the room that one huge post took."""
        if self.work.tokens.room > MOST_KEPT_TOKENS:
            free(self.work.tokens.items)
            self.work.tokens.items = NULL
            self.work.tokens.room = 0


cdef class Kernel:
    """A packed lexicon made ready for scoring; one serves any number of threads."""

    cdef Lex lex
    cdef object _view
    # desks that no thread sits at now; a deque, whose ends are safe to use from several threads
    cdef object _desks

    def __init__(self, lexicon):
        cdef const uint8_t[::1] view = memoryview(lexicon.content)
        cdef const uint8_t* base = &view[0]
        sections = lexicon.sections
        self._view = view
        self._desks = deque()
        self.lex.table.slots = <const Slot*>(base + <size_t>sections["slots"].start)
        size = sections["slots"].stop - sections["slots"].start
        self.lex.table.mask = size // sizeof(Slot) - 1
        self.lex.records = <const Record*>(base + <size_t>sections["records"].start)
        self.lex.n_records = len(lexicon)
        self.lex.pairs = base + <size_t>sections["pairs"].start
        self._read_ngrams(bytes(memoryview(lexicon.content)[sections["ngrams"]]), base + <size_t>sections["ngrams"].start)
        for emoticon in lexicon.emoticons:
            head = ord(emoticon[0])
            self.lex.table.emoticon_heads[head >> 6] |= <uint64_t>1 << (head & 63)
        self._read_weights(lexicon.weights)

    cdef Desk _take_desk(self):
        try:
            return self._desks.pop()
        except IndexError:
            return Desk()

    cdef _leave_desk(self, Desk desk):
        desk.tidy()
        self._desks.append(desk)

    cdef _read_ngrams(self, bytes section, const uint8_t* base):
        k, shift, switch_cost = section[5], section[6], section[7]
        if len(section) != NGRAM_HEADER + (1 << k):
            raise LexiconError("the lexicon holds a damaged character model; pack it again")
        self.lex.ngrams = <const int8_t*>(base + NGRAM_HEADER)
        self.lex.ngram_mask = (1 << k) - 1
        self.lex.ngram_shift = shift
        self.lex.switch_cost = switch_cost
        self.lex.ngram_bias = int.from_bytes(section[8:12], "little", signed=True)

    cdef _read_weights(self, weights):
        # the struct has the fields of the tuple, in its order, all doubles (a test holds them together)
        cdef double* fields = <double*>&self.lex.weights
        if sizeof(RuleWeights) != sizeof(double) * len(Weights._fields):
            raise ImportError("the compiled rules are older than their weights; build them again")
        for i, value in enumerate(weights):
            fields[i] = value

    def score(
        self,
        const uint8_t[::1] data,
        const uint8_t[::1] offsets,
        Py_ssize_t first,
        Py_ssize_t n,
        *,
        bint is_large,
        uint8_t[::1] sentiment,
        float[::1] score,
        float[::1] confidence,
        uint8_t[::1] language,
        float[::1] cmi,
        uint8_t[::1] is_compatibility,
    ):
        """Score posts `first` to `first + n` of an Arrow string column into the output buffers, `n` long each.

        `offsets` are the column's, 32-bit or (large) 64-bit. Posts that hold characters with a plainer form are marked
        in `is_compatibility`; the caller normalises those and scores them again.
        """
        check_offsets(data, offsets, first, n, is_large)
        cdef const int32_t* narrow = <const int32_t*>&offsets[0] if n else NULL
        cdef const int64_t* wide = <const int64_t*>narrow
        cdef const uint8_t* text = &data[0] if data.shape[0] else NULL
        cdef RuleResult result
        cdef Py_ssize_t i
        cdef int64_t begin, end
        cdef Desk desk = self._take_desk()
        cdef Work* work = &desk.work
        try:
            with nogil:
                for i in range(n):
                    if is_large:
                        begin, end = wide[first + i], wide[first + i + 1]
                    else:
                        begin, end = narrow[first + i], narrow[first + i + 1]
                    score_one(&self.lex, text + begin, <int32_t>(end - begin), work, &result)
                    sentiment[i] = result.label
                    score[i] = <float>(result.positive - result.negative)
                    confidence[i] = <float>result.confidence
                    language[i] = post_language(work.n_words)
                    cmi[i] = code_mixing(work.n_words)
                    is_compatibility[i] = work.tokens.is_compatibility
        finally:
            self._leave_desk(desk)

    def shares(self, texts):
        """For fitting: (places, entries, factors, counts) of many posts (bytes).

        `places[i]` to `places[i + 1]` are the tokens of post i that stand in the lexicon; `counts` has a row of
        idle negations, questions, links, mentions, numbers, words and doubts for each post. All as array.array.
        """
        cdef RuleResult result
        cdef const uint8_t[::1] text
        cdef Token* token
        cdef int i
        cdef Desk desk = self._take_desk()
        cdef Work* work = &desk.work
        places, entries, factors, counts = array("q", [0]), array("I"), array("d"), array("i")
        try:
            for text in texts:
                read_one(&self.lex, &text[0] if text.shape[0] else NULL, <int32_t>text.shape[0], work)
                row = [0] * 7
                n_tokens = work.tokens.n
                seats = [-1] * n_tokens
                for i in range(n_tokens):
                    token = &work.tokens.items[i]
                    if token.entry != NO_ENTRY:
                        seats[i] = len(entries)
                        entries.append(token.entry)
                        factors.append(1.0)
                    if token.kind in COUNTED:
                        row[COUNTED[token.kind]] += 1
                work.tokens.n = gather(work.tokens.items, work.tokens.n, &result)
                score_post(work.tokens.items, work.tokens.n, &self.lex.weights, &result)
                for i in range(work.tokens.n):
                    token = &work.tokens.items[i]
                    if seats[token.place] >= 0:
                        factors[seats[token.place]] = token.factor
                    if token.kind == WORD and token.fired & IDLE:
                        row[0] += 1
                row[6] = result.doubt
                places.append(len(entries))
                counts.extend(row)
            return places, entries, factors, counts
        finally:
            self._leave_desk(desk)

    def read(self, const uint8_t[::1] text):
        """(tokens, result, words by language) of one post: the tokens and the result as dicts of their fields."""
        cdef RuleResult result
        cdef int i
        cdef const uint8_t* start = &text[0] if text.shape[0] else NULL
        cdef Desk desk = self._take_desk()
        cdef Work* work = &desk.work
        try:
            read_one(&self.lex, start, <int32_t>text.shape[0], work)
            tokens = [token_fields(work.tokens.items[i]) for i in range(work.tokens.n)]
            work.tokens.n = gather(work.tokens.items, work.tokens.n, &result)
            score_post(work.tokens.items, work.tokens.n, &self.lex.weights, &result)
            for i in range(work.tokens.n):
                tokens[work.tokens.items[i].place] = token_fields(work.tokens.items[i])
            return tokens, result, [work.n_words[i] for i in range(N_LANGUAGES)]
        finally:
            self._leave_desk(desk)


cdef token_fields(Token token):
    cdef dict fields = token
    fields["entry"] = -1 if token.entry == NO_ENTRY else token.entry
    return fields


cdef check_offsets(const uint8_t[::1] data, const uint8_t[::1] offsets, Py_ssize_t first, Py_ssize_t n, bint is_large):
    """Refuse offsets that point outside the data: a column may come from a file that nobody checked."""
    cdef const int32_t* narrow
    cdef const int64_t* wide
    cdef Py_ssize_t i
    cdef int64_t begin, end
    cdef bint is_right = True
    if n == 0:
        return
    if offsets.shape[0] < (first + n + 1) * (8 if is_large else 4):
        raise LexiconError("the text column has fewer offsets than rows; read the file again")
    narrow = <const int32_t*>&offsets[0]
    wide = <const int64_t*>narrow
    with nogil:
        for i in range(first, first + n):
            if is_large:
                begin, end = wide[i], wide[i + 1]
            else:
                begin, end = narrow[i], narrow[i + 1]
            if begin < 0 or end < begin or end > data.shape[0] or end - begin > 0x7FFFFFF0:
                is_right = False
                break
    if not is_right:
        raise LexiconError(f"the text column is damaged at row {i - first}; read the file again")


cdef int score_one(const Lex* lex, const uint8_t* text, int32_t n, Work* work, RuleResult* result) except -1 nogil:
    read_one(lex, text, n, work)
    work.tokens.n = gather(work.tokens.items, work.tokens.n, result)
    score_post(work.tokens.items, work.tokens.n, <RuleWeights*>&lex.weights, result)
    return 0


cdef int read_one(const Lex* lex, const uint8_t* text, int32_t n, Work* work) except -1 nogil:
    """The tokens of a post, with their entries and languages, phrases joined."""
    cdef int32_t i, highest = 0
    cdef Token* items
    scan(text, n, &lex.table, &work.tokens)
    items = work.tokens.items
    for i in range(work.tokens.n):
        look_up(lex, text, &items[i], work.guesses)
    for i in range(work.tokens.n):
        settle(lex, text, &items[i], work.guesses)
        highest = max(highest, items[i].logit)
    # without a word that could be Hindi, all Latin words stay English
    if highest > 0:
        decide_languages(items, work.tokens.n, lex.switch_cost)
    work.tokens.n = join_phrases(lex, items, work.tokens.n)
    memset(work.n_words, 0, sizeof(work.n_words))
    for i in range(work.tokens.n):
        if items[i].kind == WORD:
            work.n_words[items[i].language] += items[i].n_words
    return 0


cdef inline void fill(const Lex* lex, Token* token, const Slot* slot) noexcept nogil:
    """Give the token a phrase's entry."""
    token.entry = slot.entry
    token.entry_flags = slot.flags
    token.role = slot.role
    if slot.flags & HAS_FIGURES:
        fill_figures(lex, token)
    else:
        # a phrase may take the place of a word that had some
        token.polarity = token.neutrality = token.weight = 0.0


cdef inline void fill_figures(const Lex* lex, Token* token) noexcept nogil:
    cdef const Record* record
    if token.entry < lex.n_records:
        record = &lex.records[token.entry]
        token.polarity = record.polarity
        token.neutrality = record.neutrality
        token.weight = record.weight


cdef inline void fill_guess(const Lex* lex, Token* token, uint32_t entry) noexcept nogil:
    token.entry = entry
    token.role = lex.records[entry].role
    token.entry_flags = lex.records[entry].flags
    fill_figures(lex, token)


cdef inline void look_up(const Lex* lex, const uint8_t* text, Token* token, Guess* guesses) noexcept nogil:
    """Find the token's slot, and ask for the memory that `settle` will read: both are far from the processor."""
    cdef const Slot* slot
    token.entry = NO_ENTRY
    token.language = SYMBOL
    if token.kind == WORD:
        token.language = script_language(text + token.start, token.end - token.start)
        slot = find(&lex.table, token.hash)
        if slot == NULL or slot.flags & IS_EMOTICON:
            token.entry_flags = IS_UNKNOWN
            prefetch(&guesses[guess_place(token.hash)])
            return
    elif token.kind == EMOJI or token.kind == EMOTICON or token.kind == NUMBER:
        slot = find(&lex.table, token.hash)
        if slot == NULL and token.kind == EMOJI:
            slot = find(&lex.table, first_character(text + token.start, token.end - token.start))
        if slot == NULL:
            return
    else:
        return
    token.entry = slot.entry
    token.entry_flags = slot.flags
    token.role = slot.role
    token.logit = slot.logit
    if slot.flags & HAS_FIGURES:
        prefetch(&lex.records[slot.entry])


cdef inline void settle(const Lex* lex, const uint8_t* text, Token* token, Guess* guesses) noexcept nogil:
    """Fill in the figures of a known token, and what can be guessed of an unknown word."""
    cdef Guess* guess
    if token.entry_flags & HAS_FIGURES:
        fill_figures(lex, token)
    elif token.entry_flags & IS_UNKNOWN:
        guess = guess_word(lex, text, token, guesses)
        token.logit = guess.logit
        token.entry_flags = 0
        if guess.entry != NO_ENTRY:
            fill_guess(lex, token, guess.entry)


cdef inline uint64_t guess_place(uint64_t key) noexcept nogil:
    return (key ^ (key >> 29)) & (CACHE_SIZE - 1)


cdef inline uint64_t first_character(const uint8_t* text, int32_t n) noexcept nogil:
    cdef int32_t used = 1
    while used < n and (text[used] & 0xC0) == 0x80:
        used += 1
    return hash_more(FNV_BASIS, text, used)


cdef inline int script_language(const uint8_t* text, int32_t n) noexcept nogil:
    """As `twin._script_language`: by the first Latin or non-ASCII letter; SYMBOL for digits alone."""
    cdef int32_t i = 0
    cdef uint32_t c
    cdef bint is_ascii = True
    while i < n:
        c = text[i]
        if c < 0x80:
            if 97 <= (c | 32) <= 122:
                return ENGLISH
            i += 1
            continue
        is_ascii = False
        if c < 0xE0:
            c = ((c & 0x1F) << 6) | (text[i + 1] & 0x3F) if i + 1 < n else 0xFFFD
            i += 2
        elif c < 0xF0:
            c = (((c & 0x0F) << 12) | ((text[i + 1] & 0x3F) << 6) | (text[i + 2] & 0x3F)) if i + 2 < n else 0xFFFD
            i += 3
        else:
            c = 0x10000
            i += 4
        if not stays_in_word(c):
            continue
        if (0xC0 <= c < 0x250 and c != 0xD7 and c != 0xF7) or 0x1E00 <= c < 0x1F00:
            return ENGLISH
        if 0x900 <= c < 0x980 or 0xA8E0 <= c < 0xA900:
            return HINDI
        return OTHER
    return SYMBOL


cdef Guess* guess_word(const Lex* lex, const uint8_t* text, Token* token, Guess* guesses) noexcept nogil:
    """What an unknown word may be (`resolve`), remembered by its hash in a cache of fixed size."""
    cdef uint64_t key = token.hash if token.hash else 1
    cdef Guess* guess = &guesses[guess_place(token.hash)]
    cdef uint8_t[LONGEST_TRIED * 4] word
    cdef int32_t n
    if guess.key == key:
        return guess
    guess.key = key
    guess.entry = NO_ENTRY
    guess.logit = 0
    if token.end - token.start > LONGEST_TRIED * 4:
        return guess
    n = fold_word(text + token.start, token.end - token.start, word)
    if n <= LONGEST_TRIED:
        guess_unknown(lex, word, n, token, guess)
    return guess


cdef void guess_unknown(const Lex* lex, const uint8_t* word, int32_t n, const Token* token, Guess* guess) noexcept nogil:
    cdef uint8_t[LONGEST_TRIED] shorter
    cdef uint8_t[2 * LONGEST_TRIED + 8] sound
    cdef int32_t length = n, n_sound
    cdef const Slot* slot
    cdef int longest, language = token.language
    if token.flags & ELONGATED:
        for longest in range(3, 0, -1):
            length = cut_runs(word, n, longest, shorter)
            if length != n:
                slot = find(&lex.table, hash_more(FNV_BASIS, shorter, length))
                if slot != NULL and not slot.flags & IS_EMOTICON:
                    remember(lex, guess, slot.entry)
                    guess.logit = slot.logit
                    return
        word = shorter
    if language == ENGLISH:
        guess.logit = spell_logit(lex, word, length)
        if guess.logit > 0:
            language = HI_LATN
            n_sound = write_sound(word, length, sound)
            slot = find_sound(&lex.table, sound, n_sound)
            if slot != NULL:
                remember(lex, guess, slot.entry)
                return
    find_stem(lex, word, length, language, guess)


cdef inline const Slot* find_sound(const Table* table, const uint8_t* sound, int32_t n) noexcept nogil:
    cdef uint8_t mark = 1
    if n == 0:
        return NULL
    return find(table, hash_more(hash_more(FNV_BASIS, &mark, 1), sound, n))


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


cdef void find_stem(const Lex* lex, const uint8_t* word, int32_t n, int language, Guess* guess) noexcept nogil:
    """As `resolve._stem`: the longest opinion word of which the word is an inflection, so the shortest ending first."""
    cdef uint64_t[LONGEST_TRIED + 1] states
    cdef int32_t i, ending
    cdef const Slot* slot
    cdef const Record* record
    states[0] = FNV_BASIS
    for i in range(n):
        states[i + 1] = (states[i] ^ word[i]) * FNV_PRIME
    for ending in range(1, min(<int32_t>LONGEST_ENDING, n - SHORTEST_STEM) + 1):
        if find(&lex.table, suffix_key(language, word + n - ending, ending)) == NULL:
            continue
        slot = find(&lex.table, states[n - ending])
        if slot == NULL or not slot.flags & HAS_FIGURES or slot.role or slot.entry >= lex.n_records:
            continue
        record = &lex.records[slot.entry]
        if record.polarity != 0.0 and record.language == language:
            guess.entry = slot.entry
            return


cdef inline void remember(const Lex* lex, Guess* guess, uint32_t entry) noexcept nogil:
    if entry < lex.n_records:
        guess.entry = entry


cdef inline uint64_t suffix_key(int language, const uint8_t* ending, int32_t n) noexcept nogil:
    cdef uint64_t state
    if language == ENGLISH:
        state = hash_more(FNV_BASIS, <const uint8_t*>b"\x02en", 3)
    elif language == HI_LATN:
        state = hash_more(FNV_BASIS, <const uint8_t*>b"\x02hi-Latn", 8)
    else:
        state = hash_more(FNV_BASIS, <const uint8_t*>b"\x02hi", 3)
    return hash_more(state, ending, n)


cdef void decide_languages(Token* tokens, int32_t n, int32_t cost) noexcept nogil:
    """As `twin.decide_languages`: each Latin word's logit plus a message from either side."""
    cdef int32_t i, message = 0, own
    for i in range(n):
        if tokens[i].kind == WORD:
            own = tokens[i].logit if tokens[i].language == ENGLISH else 0
            # the message from the left waits in `group`, which the rules fill later
            tokens[i].group = message
            message = max(-cost, min(cost, message + own))
    message = 0
    for i in range(n - 1, -1, -1):
        if tokens[i].kind == WORD:
            own = tokens[i].logit if tokens[i].language == ENGLISH else 0
            if tokens[i].language == ENGLISH and own + tokens[i].group + message > 0:
                tokens[i].language = HI_LATN
            message = max(-cost, min(cost, message + own))


cdef int32_t join_phrases(const Lex* lex, Token* tokens, int32_t n) noexcept nogil:
    """As `twin.join_phrases`, in place; how many tokens are left."""
    cdef int32_t i = 0, kept = 0, length, best, j
    cdef uint64_t state
    cdef const Slot* slot
    cdef const Slot* found
    while i < n:
        found = NULL
        best = 1
        if tokens[i].entry_flags & STARTS_PHRASE:
            state = PHRASE_BASIS
            for length in range(1, LONGEST_PHRASE + 1):
                j = i + length - 1
                if j >= n or tokens[j].kind != WORD or tokens[j].entry >= lex.n_records:
                    break
                state = (state ^ (<uint64_t>lex.records[tokens[j].entry].head + 1)) * FNV_PRIME
                if length == 2 and not lex.pairs[(state & PAIR_MASK) >> 3] >> (state & 7) & 1:
                    break
                if length > 1:
                    slot = find(&lex.table, state)
                    if slot != NULL:
                        found = slot
                        best = length
        if kept != i:
            tokens[kept] = tokens[i]
        if found != NULL:
            fill(lex, &tokens[kept], found)
            tokens[kept].end = tokens[i + best - 1].end
            tokens[kept].n_words = best
            for j in range(i + 1, i + best):
                tokens[kept].flags |= tokens[j].flags
        kept += 1
        i += best
    return kept


cdef inline int post_language(const int32_t* n_words) noexcept nogil:
    """As `text.language.post_language`."""
    cdef int32_t english = n_words[ENGLISH], hindi = n_words[HI_LATN] + n_words[HINDI]
    cdef int32_t both = english + hindi
    if both == 0 or n_words[OTHER] > both:
        return LANGUAGE_OTHER
    if MIXED_SHARE * min(english, hindi) >= both:
        return LANGUAGE_MIXED
    if english > hindi:
        return LANGUAGE_EN
    return LANGUAGE_HI if n_words[HINDI] > n_words[HI_LATN] else LANGUAGE_HI_LATN


cdef inline float code_mixing(const int32_t* n_words) noexcept nogil:
    """As `text.codemix.cmi`, Hindi in both scripts being one language."""
    cdef int32_t english = n_words[ENGLISH], hindi = n_words[HI_LATN] + n_words[HINDI], other = n_words[OTHER]
    cdef int32_t total = english + hindi + other
    if total == 0:
        return 0.0
    return <float>(100.0 * (1.0 - <double>max(english, max(hindi, other)) / total))
