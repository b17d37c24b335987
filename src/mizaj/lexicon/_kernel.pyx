# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled kernel: columns of posts to columns of answers, without the GIL and without a Python object a word.

It does what `twin` and `resolve` say, on the packed lexicon where it lies; the rules are those of `rules.py`.
"""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memmove, memset

from mizaj.lexicon._guess cimport CACHE_SIZE, find_out, guess_place
from mizaj.lexicon._lex cimport Figures, Lex, Record
from mizaj.lexicon.rules cimport RuleResult, RuleWeights, score_post
from mizaj.text._scan cimport (
    HASH_BASIS, PADDING, Slot, Token, Tokens, absorb, either, find, in_bucket, mark_odd, prefetch, scan,
)


from array import array
from collections import deque

from mizaj.errors import LexiconError
from mizaj.lexicon import layout
from mizaj.lexicon.weights import Weights

cdef enum:
    WORD = 0
    NUMBER = 1
    CAPS = 1
    ENGLISH = 0
    HI_LATN = 1
    HINDI = 2
    SYMBOL = 3
    OTHER = 4
    N_LANGUAGES = 5
    TELLS = 32
    IDLE = 4096
    PHRASE_BITS = 1 << 17
    SLOTS_IN_BUCKET = 2
    LONGEST_PHRASE = 4
    # bytes of text asked for in advance
    AHEAD = 256
    MOST_KEPT_TOKENS = 65536
    MOST_KEPT_BYTES = 1 << 20
    LEAST_ROOM = 4096
    NGRAM_HEADER = 12
    LANGUAGE_EN = 0
    LANGUAGE_HI = 1
    LANGUAGE_HI_LATN = 2
    LANGUAGE_MIXED = 3
    LANGUAGE_OTHER = 4
    MIXED_SHARE = 5

# columns of `shares` by kind of token: question, url, mention, number, word
COUNTED = {7: 1, 3: 2, 2: 3, 1: 4, 0: 5}

cdef extern from *:
    """
    #if defined(__linux__)
    #include <stdlib.h>
    #include <sys/mman.h>
    static void* mizaj_wide_room(size_t size) {
        void* place = NULL;
        if (posix_memalign(&place, (size_t)1 << 21, size)) return NULL;
    #ifdef MADV_HUGEPAGE
        madvise(place, size, MADV_HUGEPAGE);
    #endif
        return place;
    }
    #else
    #define mizaj_wide_room malloc
    #endif
    """
    # room for what is read here and there, in pages as large as there are, so that their addresses are at hand; to be
    # given back by `free`
    void* wide_room "mizaj_wide_room"(size_t size) noexcept nogil

cdef uint32_t NO_ENTRY = 0xFFFFFFFFu


cdef void* take_room(size_t size) noexcept nogil:
    return wide_room(size)


cdef class Desk:
    """The memory of one thread at work: room for tokens, and what it found out about unknown words."""

    def __cinit__(self):
        memset(self.works, 0, sizeof(self.works))
        self.guesses = <Slot*>wide_room(CACHE_SIZE * sizeof(Slot))
        if self.guesses == NULL:
            raise MemoryError("no memory for the cache of unknown words")
        memset(self.guesses, 0, CACHE_SIZE * sizeof(Slot))
        self.works[0].guesses = self.works[1].guesses = self.guesses

    def __dealloc__(self):
        free(self.guesses)
        for i in range(2):
            free(self.works[i].tokens.items)
            free(self.works[i].tokens.notes)
            free(self.works[i].text)


cdef void tidy(Work* work) noexcept:
    """Give back the room that one huge post took."""
    if work.tokens.room > MOST_KEPT_TOKENS:
        free(work.tokens.items)
        free(work.tokens.notes)
        work.tokens.items = NULL
        work.tokens.notes = NULL
        work.tokens.room = 0
    if work.room > MOST_KEPT_BYTES:
        free(work.text)
        work.text = NULL
        work.room = 0


cdef class Kernel:
    """A packed lexicon made ready for scoring; one serves any number of threads."""

    def __init__(self, lexicon):
        cdef const uint8_t[::1] view = memoryview(lexicon.content)
        cdef const uint8_t* base = &view[0]
        sections = lexicon.sections
        self._view = view
        self._desks = deque()
        size = sections["slots"].stop - sections["slots"].start
        free(self._slots)
        self._slots = <Slot*>wide_room(size)
        if self._slots == NULL:
            raise MemoryError("no memory for the table of words")
        memcpy(self._slots, base + <size_t>sections["slots"].start, size)
        self.lex.table.slots = self._slots
        self.lex.table.mask = size // sizeof(Slot) - SLOTS_IN_BUCKET
        self.lex.records = <const Record*>(base + <size_t>sections["records"].start)
        self.lex.n_records = len(lexicon)
        self.lex.heads = <const uint32_t*>(base + <size_t>sections["heads"].start)
        self.lex.marks = <const uint64_t*>(base + <size_t>sections["marks"].start)
        self.lex.beginnings = <const uint64_t*>(base + <size_t>sections["phrases"].start)
        self.lex.phrases = self.lex.beginnings + PHRASE_BITS // 64
        self._read_ngrams(bytes(memoryview(lexicon.content)[sections["ngrams"]]), base + <size_t>sections["ngrams"].start)
        self.lex.figures = <const Figures*>(base + <size_t>sections["figures"].start)
        self.lex.n_figures = (sections["figures"].stop - sections["figures"].start) // sizeof(Figures) - 1
        self._check_table()
        for emoticon in lexicon.emoticons:
            if len(emoticon) > 1 and emoticon.isascii():
                pair = ord(emoticon[0]) * 128 + ord(emoticon[1])
                self.lex.table.emoticon_heads[pair >> 6] |= <uint64_t>1 << (pair & 63)
        mark_odd(&self.lex.table)
        self._read_weights(lexicon.weights)

    def __dealloc__(self):
        free(self._slots)

    cdef _check_table(self):
        """Refuse a table, of a damaged file, in which a search would not end; `packed` has compared all sizes."""
        cdef uint64_t at
        for at in range(SLOTS_IN_BUCKET - 1, self.lex.table.mask + SLOTS_IN_BUCKET, SLOTS_IN_BUCKET):
            if self.lex.table.slots[at].key == 0:
                return
        raise LexiconError("the lexicon holds a damaged word table; pack it again")

    cdef Desk _take_desk(self):
        try:
            return self._desks.pop()
        except IndexError:
            return Desk()

    cdef _leave_desk(self, Desk desk):
        tidy(&desk.works[0])
        tidy(&desk.works[1])
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
        uint8_t[::1] doubt,
    ):
        """Score posts `first` to `first + n` of an Arrow string column into the output buffers, `n` long each.

        `offsets` are the column's, 32-bit or (large) 64-bit. Posts that hold characters with a plainer form are marked
        in `is_compatibility`; the caller normalises those and scores them again. `doubt` counts what speaks against
        taking the words at their word: irony, emoji that contradict.
        """
        check_offsets(data, offsets, first, n, is_large)
        cdef const int32_t* narrow = <const int32_t*>&offsets[0] if n else NULL
        cdef const int64_t* wide = <const int64_t*>narrow
        cdef const uint8_t* text = &data[0] if data.shape[0] else NULL
        cdef RuleResult result
        cdef Py_ssize_t i
        cdef int64_t begin, end
        cdef Desk desk = self._take_desk()
        cdef Work* work
        try:
            with nogil:
                for i in range(n + 1):
                    if i < n:
                        if is_large:
                            begin, end = wide[first + i], wide[first + i + 1]
                        else:
                            begin, end = narrow[first + i], narrow[first + i + 1]
                        # two lines of the posts to come
                        prefetch(text + end + AHEAD)
                        prefetch(text + end + AHEAD + 64)
                        begin_one(&self.lex, text + begin, <int32_t>(end - begin), &desk.works[i & 1])
                    if i > 0:
                        work = &desk.works[(i - 1) & 1]
                        finish_one(&self.lex, work, &result)
                        sentiment[i - 1] = result.label
                        score[i - 1] = <float>(result.positive - result.negative)
                        confidence[i - 1] = <float>result.confidence
                        language[i - 1] = post_language(work.tokens.n_words)
                        cmi[i - 1] = code_mixing(work.tokens.n_words)
                        is_compatibility[i - 1] = work.tokens.is_compatibility
                        doubt[i - 1] = <uint8_t>min(result.doubt, 255)
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
        cdef Work* work = &desk.works[0]
        places, entries, factors, counts = array("q", [0]), array("I"), array("d"), array("i")
        try:
            for text in texts:
                begin_one(&self.lex, &text[0] if text.shape[0] else NULL, <int32_t>text.shape[0], work)
                look_up(&self.lex, work)
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
                work.tokens.n = gather(&self.lex, &work.tokens, &work.survey, &result)
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
        cdef Work* work = &desk.works[0]
        try:
            begin_one(&self.lex, start, <int32_t>text.shape[0], work)
            look_up(&self.lex, work)
            for i in range(work.tokens.n):
                show_alone(&self.lex, &work.tokens.items[i])
            tokens = [token_fields(work.tokens.items[i]) for i in range(work.tokens.n)]
            work.tokens.n = gather(&self.lex, &work.tokens, &work.survey, &result)
            score_post(work.tokens.items, work.tokens.n, &self.lex.weights, &result)
            for i in range(work.tokens.n):
                tokens[work.tokens.items[i].place] = token_fields(work.tokens.items[i])
            return tokens, result, [work.tokens.n_words[i] for i in range(N_LANGUAGES)]
        finally:
            self._leave_desk(desk)


cdef void show_alone(const Lex* lex, Token* token) noexcept nogil:
    """Give a token the fields that only those have which the rules look at."""
    fill_figures(token, figures_of(lex, token.entry))
    token.factor = 1.0
    token.place = token.group = token.clause = token.fired = token.is_followed = 0


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


cdef int begin_one(const Lex* lex, const uint8_t* text, int32_t n, Work* work) except -1 nogil:
    pad(text, n, work)
    scan(work.text, n, &lex.table, &work.tokens)
    choose_slots(lex, &work.tokens, work.guesses)
    return 0


cdef void finish_one(const Lex* lex, Work* work, RuleResult* result) noexcept nogil:
    """Score the post that was begun."""
    look_up(lex, work)
    judge(lex, work, result)


cdef void judge(const Lex* lex, Work* work, RuleResult* result) noexcept nogil:
    work.tokens.n = gather(lex, &work.tokens, &work.survey, result)
    score_post(work.tokens.items, work.tokens.n, <RuleWeights*>&lex.weights, result)


cdef int language_of(const Work* work) noexcept nogil:
    return post_language(work.tokens.n_words)


cdef float mixing_of(const Work* work) noexcept nogil:
    return code_mixing(work.tokens.n_words)


cdef void look_up(const Lex* lex, Work* work) noexcept nogil:
    cdef Tokens* tokens = &work.tokens
    cdef Survey* survey = &work.survey
    read_slots(lex, work.text, tokens, work.guesses)
    look_over(lex, tokens, survey)
    # without a word that could be Hindi, all Latin words stay English
    if survey.highest_logit > 0:
        find_hindi(tokens.items, tokens.n, lex.switch_cost, tokens.n_words)
    if survey.n_begins:
        survey.n_joined = join_phrases(lex, tokens, survey.n_begins)
    if survey.n_joined:
        tokens.n -= survey.n_joined
        look_over_again(lex, tokens, survey)


cdef inline int pad(const uint8_t* text, int32_t n, Work* work) except -1 nogil:
    """Copy the post to where zeros follow it: the copy costs less than minding the end at every byte."""
    cdef size_t needed = <size_t>n + PADDING
    if needed > work.room:
        make_room(needed, work)
    memcpy(work.text, text, n)
    memset(work.text + n, 0, PADDING)
    return 0


cdef int make_room(size_t needed, Work* work) except -1 nogil:
    cdef size_t room = max(2 * needed, <size_t>LEAST_ROOM)
    cdef uint8_t* place = <uint8_t*>realloc(work.text, room)
    if place == NULL:
        with gil:
            raise MemoryError(f"no memory for a post of {needed} bytes")
    work.text = place
    work.room = room
    return 0


cdef inline void fill(Token* token, const Slot* slot) noexcept nogil:
    """Give the token what its slot says: entry, logit, role, flags and mark, which lie alike in both."""
    memcpy(&token.entry, &slot.entry, 8)


cdef inline const Figures* figures_of(const Lex* lex, uint32_t entry) noexcept nogil:
    return &lex.figures[min(entry, lex.n_figures)]


cdef inline void fill_figures(Token* token, const Figures* figures) noexcept nogil:
    """Give the token what its entry says; clears `place`."""
    memcpy(&token.polarity, figures, sizeof(Figures))


cdef void choose_slots(const Lex* lex, Tokens* tokens, const Slot* guesses) noexcept nogil:
    """Note for each token the slot that may be its own, and ask for it.

    Whether the next token stands in its bucket cannot be foretold: the slot is chosen without a branch from there or
    from what was found out before, which is far from the processor.
    """
    cdef int64_t i
    cdef uint64_t key, mask = lex.table.mask
    cdef const Slot* slot
    cdef const Slot* slots = lex.table.slots
    for i in range(tokens.n):
        key = tokens.items[i].hash
        slot = in_bucket(slots + (key & mask), key)
        tokens.notes[i] = either(<uint64_t>slot, <uint64_t>&guesses[guess_place(key)], slot.key != key)
        prefetch(<const void*>tokens.notes[i])


cdef void read_slots(const Lex* lex, const uint8_t* text, Tokens* tokens, Slot* guesses) noexcept nogil:
    """Give each token what its slot says; find out what those are that have none; ask for the figures."""
    cdef int64_t i
    cdef Token* token
    cdef const Slot* slot
    for i in range(tokens.n):
        token = &tokens.items[i]
        slot = <const Slot*>tokens.notes[i]
        # hashes are odd; a guess about what is no word is kept less one
        if slot.key != token.hash and slot.key != token.hash - (token.kind != WORD):
            slot = find_out(lex, text, token, guesses)
        fill(token, slot)
        prefetch(figures_of(lex, slot.entry))


cdef void look_over(const Lex* lex, Tokens* tokens, Survey* survey) noexcept nogil:
    """Survey all tokens, without a branch for any, and note where a phrase may begin."""
    cdef int64_t i, n_kept = 0, n_begins = 0
    cdef int32_t highest = 0, n_capitals = 0
    cdef uint32_t last = 0
    cdef double neutral = 0.0
    cdef const Token* token
    cdef uint64_t* kept = kept_of(tokens)
    cdef const uint64_t* marks = lex.marks
    for i in range(tokens.n):
        token = &tokens.items[i]
        neutral += figures_of(lex, token.entry).neutrality
        highest = max(highest, <int32_t>token.logit)
        n_capitals += token.flags & CAPS
        kept[n_kept] = i
        n_kept += tells(token)
        tokens.notes[n_begins] = i - 1
        n_begins += is_pair(marks, last, token.mark)
        last = token.mark
    survey[0] = Survey(neutral, highest, n_capitals, <int32_t>n_kept, <int32_t>n_begins, 0)


cdef inline bint tells(const Token* token) noexcept nogil:
    """Whether the rules look at the token."""
    return (token.kind != WORD) | ((token.entry_flags & TELLS) != 0)


cdef void look_over_again(const Lex* lex, Tokens* tokens, Survey* survey) noexcept nogil:
    """Survey the tokens again, after some were joined."""
    cdef int64_t i, n_kept = 0
    cdef int32_t n_capitals = 0
    cdef double neutral = 0.0
    cdef Token* token
    cdef uint64_t* kept = kept_of(tokens)
    for i in range(tokens.n):
        token = &tokens.items[i]
        neutral += figures_of(lex, token.entry).neutrality
        n_capitals += token.flags & CAPS
        kept[n_kept] = i
        n_kept += tells(token)
    survey.neutrality = neutral
    survey.n_capitals = n_capitals
    survey.n_kept = <int32_t>n_kept


cdef inline uint64_t* kept_of(Tokens* tokens) noexcept nogil:
    """Where the places of those tokens are noted that the rules look at."""
    return tokens.notes + tokens.room


cdef inline int32_t clipped(int32_t message, int32_t cost) noexcept nogil:
    return max(-cost, min(cost, message))


cdef void find_hindi(Token* tokens, int32_t n, int32_t cost, int32_t* n_words) noexcept nogil:
    """As `twin.decide_languages`: the messages from the left wait in `group`, then those from the right are added."""
    cdef int64_t i
    cdef int32_t own, message = 0, n_hindi = 0
    cdef bint is_hindi
    for i in range(n):
        tokens[i].group = message
        message = clipped(message + tokens[i].logit, cost)
    message = 0
    for i in range(n - 1, -1, -1):
        own = tokens[i].logit
        is_hindi = (tokens[i].language == ENGLISH) & (own + tokens[i].group + message > 0)
        # HI_LATN is the language after ENGLISH
        tokens[i].language += is_hindi
        n_hindi += is_hindi
        message = clipped(message + own, cost)
    n_words[HI_LATN] = n_hindi


cdef inline uint64_t is_pair(const uint64_t* marks, uint32_t one, uint32_t two) noexcept nogil:
    """Whether a phrase may begin with words of these marks."""
    return marks[(one << 2) | (two >> 6)] >> (two & 63) & 1


cdef int gather(const Lex* lex, Tokens* tokens, const Survey* survey, RuleResult* result) noexcept nogil:
    """As `twin.gather`."""
    cdef int64_t i, k, roles = 0
    cdef int32_t loudness = 0
    cdef Token* token
    cdef Token* items = tokens.items
    cdef const uint64_t* kept = kept_of(tokens)
    if tokens.n_words[HI_LATN] | tokens.n_words[HINDI] | tokens.n_words[OTHER]:
        number_groups(tokens)
    else:
        mark_group(tokens, kept, survey.n_kept)
    memset(result.n_of_kind, 0, sizeof(result.n_of_kind))
    for k in range(survey.n_kept):
        i = kept[k]
        token = &items[k]
        token[0] = items[i]
        fill_figures(token, figures_of(lex, token.entry))
        token.place = <int32_t>i
        # read even behind the last token, where it does not count
        token.is_followed = (items[i + 1].kind == WORD) & (i + 1 < tokens.n)
        token.factor = 1.0
        token.fired = 0
        roles |= <int64_t>1 << token.role
        loudness |= token.flags
        result.n_of_kind[token.kind] += 1
    result.roles = roles
    # plain words were not counted
    result.n_words = tokens.n - survey.n_kept + result.n_of_kind[WORD]
    result.n_of_kind[WORD] = result.n_words
    result.n_quiet = result.n_words - survey.n_capitals
    count_english(tokens.n_words, result.n_words + survey.n_joined)
    result.loudness = loudness
    result.neutrality = survey.neutrality
    return survey.n_kept


cdef inline void count_english(int32_t* n_words, int32_t n) noexcept nogil:
    """English words are those in none of the other languages; the scanner did not count them all."""
    n_words[ENGLISH] = n - n_words[HI_LATN] - n_words[HINDI] - n_words[SYMBOL] - n_words[OTHER]


cdef void number_groups(Tokens* tokens) noexcept nogil:
    """Number the runs of words of one language; what stands between two words belongs to the first."""
    cdef int64_t i = 0
    cdef int32_t group = 0
    cdef uint64_t is_switch
    cdef uint64_t language = SYMBOL
    cdef Token* items = tokens.items
    for i in range(tokens.n):
        # what is no word is in the language SYMBOL
        is_switch = (items[i].language != SYMBOL) & (items[i].language != language)
        group += <int32_t>is_switch
        language = either(language, items[i].language, is_switch)
        items[i].group = group


cdef void mark_group(Tokens* tokens, const uint64_t* kept, int32_t n_kept) noexcept nogil:
    """As `number_groups` where all words are of one language, for the tokens kept alone."""
    cdef int64_t k, first = 0
    while first < tokens.n and tokens.items[first].language == SYMBOL:
        first += 1
    for k in range(n_kept):
        tokens.items[kept[k]].group = <int64_t>kept[k] >= first


cdef int32_t join_phrases(const Lex* lex, Tokens* tokens, int32_t n_begins) noexcept nogil:
    """As `twin.join_phrases`, in place, where phrases may begin; how many tokens fewer there are."""
    cdef int64_t k, i, gone = 0, past = 0
    cdef int32_t length
    cdef Token* items = tokens.items
    cdef const Slot* found
    for k in range(begins_known(lex, tokens, n_begins)):
        i = tokens.notes[k]
        if i < past:
            continue
        found = longest_phrase(lex, items + i, <int32_t>min(LONGEST_PHRASE, tokens.n - i), &length)
        if found == NULL:
            continue
        join(lex, items + i, length, found, tokens.n_words)
        move(items, past, i + 1, gone)
        gone += length - 1
        past = i + length
    move(items, past, tokens.n, gone)
    return <int32_t>gone


cdef inline int64_t begins_known(const Lex* lex, Tokens* tokens, int32_t n_begins) noexcept nogil:
    """Keep the places noted at which two words stand that some phrase begins with; how many."""
    cdef int64_t k, i, n_kept = 0
    cdef uint64_t state
    for k in range(n_begins):
        i = tokens.notes[k]
        state = absorb(HASH_BASIS, head_of(lex, &tokens.items[i]))
        state = absorb(state, head_of(lex, &tokens.items[i + 1]))
        tokens.notes[n_kept] = i
        n_kept += is_marked(lex.beginnings, state)
    return n_kept


cdef inline uint64_t is_marked(const uint64_t* bits, uint64_t state) noexcept nogil:
    return bits[(state & (PHRASE_BITS - 1)) >> 6] >> (state & 63) & 1


cdef inline uint64_t head_of(const Lex* lex, const Token* token) noexcept nogil:
    """The number of a word's head, from 1 on; 0 if it has no entry."""
    return <uint64_t>lex.heads[token.entry] + 1 if token.entry < lex.n_records else 0


cdef inline void move(Token* tokens, int64_t first, int64_t end, int64_t gone) noexcept nogil:
    """Move tokens[first:end] left over those that are gone."""
    if gone:
        memmove(tokens + first - gone, tokens + first, (end - first) * sizeof(Token))


cdef const Slot* longest_phrase(const Lex* lex, const Token* tokens, int32_t n, int32_t* length) noexcept nogil:
    """The longest phrase of at most `n` words that begins with the first token, or NULL; `length` is its words."""
    cdef uint64_t state = HASH_BASIS
    cdef const Slot* slot
    cdef const Slot* found = NULL
    cdef int32_t i
    for i in range(n):
        if tokens[i].kind > NUMBER or tokens[i].entry >= lex.n_records:
            break
        state = absorb(state, head_of(lex, &tokens[i]))
        if i > 0 and not is_marked(lex.beginnings, state):
            break
        # a search for what is not there would cost much more
        if i > 0 and is_marked(lex.phrases, state):
            slot = find(&lex.table, state if state else 1)
            if slot != NULL:
                found = slot
                length[0] = i + 1
    return found


cdef void join(const Lex* lex, Token* tokens, int32_t n, const Slot* phrase, int32_t* n_words) noexcept nogil:
    """Make the first of `n` tokens stand for all of them; the phrase is in the language of its first word."""
    cdef int32_t i
    cdef int language = SYMBOL
    for i in range(n):
        tokens.flags |= tokens[i].flags
        if tokens[i].kind == WORD:
            n_words[tokens[i].language] -= 1
            language = tokens[i].language if language == SYMBOL else language
    fill(tokens, phrase)
    tokens.kind = WORD
    tokens.language = language
    tokens.end = tokens[n - 1].end
    tokens.n_words = n
    n_words[language] += n


cdef inline int post_language(const int32_t* n_words) noexcept nogil:
    """As `text.language.post_language`; which of these holds cannot be foretold, so there is no branch for it."""
    cdef int32_t english = n_words[ENGLISH], hindi = n_words[HI_LATN] + n_words[HINDI]
    cdef int32_t both = english + hindi
    cdef uint64_t chosen = either(LANGUAGE_HI_LATN, LANGUAGE_HI, n_words[HINDI] > n_words[HI_LATN])
    chosen = either(chosen, LANGUAGE_EN, english > hindi)
    chosen = either(chosen, LANGUAGE_MIXED, MIXED_SHARE * min(english, hindi) >= both)
    return <int>either(chosen, LANGUAGE_OTHER, (both == 0) | (n_words[OTHER] > both))


cdef inline float code_mixing(const int32_t* n_words) noexcept nogil:
    """As `text.codemix.cmi`, Hindi in both scripts being one language."""
    cdef int32_t english = n_words[ENGLISH], hindi = n_words[HI_LATN] + n_words[HINDI], other = n_words[OTHER]
    cdef int32_t total = english + hindi + other
    if total == 0:
        return 0.0
    return <float>(100.0 * (1.0 - <double>max(english, max(hindi, other)) / total))
