# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The compiled linear model: what `ngrams` and `signals` say, summed with a model's weights, without the GIL.

A post is read once: its tokens serve the dictionaries and rules (`lexicon._kernel`) and the n-grams. What the runs of
characters in a word weigh depends on the word alone, so it is summed once and kept.
"""

from libc.math cimport exp, log1p, sqrt
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from mizaj.lexicon._guess cimport cut_runs
from mizaj.lexicon._kernel cimport (
    Desk, Kernel, Work, begin_one, check_offsets, judge, language_of, look_up, mixing_of, take_room,
)
from mizaj.lexicon.rules cimport RuleResult
from mizaj.text._scan cimport Token, absorb, fold_word, hash_bytes, prefetch

from array import array
from collections import deque

from mizaj.errors import ModelError
from mizaj.model import ngrams, signals

cdef enum:
    WORD_KIND = 0
    EMOJI = 4
    EMOTICON = 5
    EXCLAIM = 6
    QUESTION = 7
    ELONGATED = 2
    N_KINDS = 11
    N_LANGUAGES = 5
    N_RULES = 14
    N_VERDICT = 10
    N_SIGNALS = 54
    # groups, runs and lengths of `ngrams`
    WORD = 0
    PAIR = 1
    CHARS = 2
    N_GROUPS = 3
    SHORTEST = 2
    LONGEST = 5
    LONGEST_BYTES = 48
    CUT = 2
    EXTRA_TOKENS = 3
    MOST_MARKS = 3
    END = 1
    HEAD = 94
    TAIL = 36
    MOST_COUNTED = 63
    # bytes of a slot before its weights
    TAG = 4
    SLOTS_IN_BUCKET = 2
    # words whose runs were summed
    CACHE_SIZE = 262144
    LEAST_ROOM = 256
    AHEAD = 256

cdef extern from *:
    """
    #define MIZAJ_PAIR_BASIS 0x517CC1B727220A95ULL
    #define MIZAJ_CHARS_BASIS 0x2545F4914F6CDD1DULL
    #define MIZAJ_KIND_BASIS 0x9FB21C651E98DF25ULL
    """
    const uint64_t PAIR_BASIS "MIZAJ_PAIR_BASIS"
    const uint64_t CHARS_BASIS "MIZAJ_CHARS_BASIS"
    const uint64_t KIND_BASIS "MIZAJ_KIND_BASIS"

cdef double[MOST_COUNTED + 1] COUNTED
for _n in range(MOST_COUNTED + 1):
    COUNTED[_n] = signals.counted(_n)
if N_SIGNALS != len(signals.NAMES) or LONGEST_BYTES != ngrams.LONGEST_BYTES or LONGEST != ngrams.LONGEST or (
    N_VERDICT != len(signals.VERDICT) or EXTRA_TOKENS != ngrams.EXTRA_TOKENS
):
    raise ImportError("the compiled linear model is older than what it counts; build it again")


cdef struct Keys:
    # of each token: its own, and that of it and the one before it; then that of the last one and the end
    uint64_t* words
    uint64_t* pairs
    int32_t room


cdef class Bench:
    """What one thread needs: the keys of two posts at work, and what words were found to weigh."""

    cdef Keys[2] keys
    # a key, then the weights of the word's runs, then its own: each as many int16 as there are labels, in fours
    cdef uint8_t* known
    cdef int32_t stride

    def __cinit__(self, int32_t width):
        memset(self.keys, 0, sizeof(self.keys))
        self.stride = 8 + 4 * width
        self.known = <uint8_t*>take_room(<size_t>CACHE_SIZE * self.stride)
        if self.known == NULL:
            raise MemoryError("no memory for the cache of words")
        memset(self.known, 0, <size_t>CACHE_SIZE * self.stride)

    def __dealloc__(self):
        free(self.known)
        for i in range(2):
            free(self.keys[i].words)
            free(self.keys[i].pairs)


cdef int make_room(Keys* keys, int32_t n) except -1 nogil:
    cdef int32_t room
    if n + 1 <= keys.room:
        return 0
    room = max(2 * n, <int32_t>LEAST_ROOM)
    keys.words = <uint64_t*>realloc(keys.words, room * sizeof(uint64_t))
    keys.pairs = <uint64_t*>realloc(keys.pairs, room * sizeof(uint64_t))
    if keys.words == NULL or keys.pairs == NULL:
        keys.room = 0
        with gil:
            raise MemoryError(f"no memory for the keys of {n} words")
    keys.room = room
    return 0


cdef int32_t write_word(const uint8_t* text, const Token* token, uint8_t* out) noexcept nogil:
    """The word whose runs are counted, in `out` with room for twice `LONGEST_BYTES`; its length."""
    cdef uint8_t[2 * LONGEST_BYTES] folded
    cdef int32_t n = token.end - token.start
    if n > LONGEST_BYTES:
        return 0
    if not token.flags & ELONGATED:
        return fold_word(text + token.start, n, out)
    n = fold_word(text + token.start, n, folded)
    return cut_runs(folded, n, CUT, out)


cdef uint64_t word_key(const uint8_t* text, const Token* token) noexcept nogil:
    """The key of a word; of one with long runs, that of the word with shorter ones."""
    cdef uint8_t[4 * LONGEST_BYTES] word
    cdef int32_t n
    if not token.flags & ELONGATED:
        return token.hash
    n = write_word(text, token, word)
    return hash_bytes(word, n) if n else token.hash


cdef inline uint64_t mark_key(const Token* token) noexcept nogil:
    cdef uint64_t n_marks = 0
    if token.kind == EXCLAIM or token.kind == QUESTION:
        n_marks = min(token.end - token.start, <int32_t>MOST_MARKS)
    return absorb(KIND_BASIS, 4 * <uint64_t>token.kind + n_marks) | 1


cdef inline uint64_t pair_key(uint64_t one, uint64_t other) noexcept nogil:
    return absorb(absorb(PAIR_BASIS, one), other) | 1


cdef int write_keys(const Work* work, Keys* keys) except -1 nogil:
    """The keys of all tokens and pairs of a post that was scanned."""
    cdef int32_t i, n = work.tokens.n
    cdef uint64_t key, last = END
    cdef const Token* token
    make_room(keys, n)
    for i in range(n):
        token = &work.tokens.items[i]
        if token.kind == WORD_KIND:
            key = word_key(work.text, token)
        elif token.kind == EMOJI or token.kind == EMOTICON:
            key = token.hash
        else:
            key = mark_key(token)
        keys.words[i] = key
        keys.pairs[i] = pair_key(last, key)
        last = key
    keys.pairs[n] = pair_key(last, END)
    return 0


cdef int32_t write_runs(const uint8_t* word, int32_t n, uint64_t* out) noexcept nogil:
    """The keys of a word's runs, as `ngrams.run_keys`; how many."""
    cdef uint32_t[LONGEST_BYTES * 2 + 2] codes
    cdef int32_t length = 1, at = 0, start, size, used, n_runs = 0
    cdef uint32_t code
    cdef uint64_t state
    if n == 0:
        return 0
    codes[0] = HEAD
    while at < n:
        code = word[at]
        used = 1
        if code >= 0xF0:
            code, used = code & 0x07, 4
        elif code >= 0xE0:
            code, used = code & 0x0F, 3
        elif code >= 0xC0:
            code, used = code & 0x1F, 2
        for size in range(1, used):
            code = (code << 6) | (word[at + size] & 0x3F)
        codes[length] = code
        length += 1
        at += used
    codes[length] = TAIL
    length += 1
    for start in range(length):
        state = CHARS_BASIS
        for size in range(1, min(<int32_t>LONGEST, length - start) + 1):
            state = absorb(state, codes[start + size - 1])
            if size >= SHORTEST:
                out[n_runs] = state | 1
                n_runs += 1
    return n_runs


cdef void write_signals(const Work* work, const RuleResult* result, float* out) noexcept nogil:
    """As `signals.signals`."""
    cdef int32_t i, n_opinions = 0, n_turned = 0, fired = 0, n_tokens = 0, place
    cdef float share
    cdef double each, praise = 0.0, blame = 0.0, highest = 0.0, lowest = 0.0, first = 0.0, last = 0.0
    cdef const Token* token
    for i in range(work.tokens.n):
        token = &work.tokens.items[i]
        fired |= token.fired
        if token.polarity == 0.0:
            continue
        each = token.polarity * token.factor
        if n_opinions == 0:
            first = highest = lowest = each
        last = each
        n_opinions += 1
        n_turned += token.factor < 0
        praise += max(each, 0.0)
        blame += max(-each, 0.0)
        highest = max(highest, each)
        lowest = min(lowest, each)
    out[0] = squashed(result.root)
    out[1], out[2], out[3] = <float>result.positive, <float>result.neutral, <float>result.negative
    out[4], out[5] = squashed(praise), squashed(blame)
    out[6], out[7], out[8], out[9] = squashed(highest), squashed(lowest), squashed(first), squashed(last)
    out[10], out[11], out[12] = counted(n_opinions), counted(n_turned), counted(result.doubt)
    out[13] = counted(result.n_words)
    place = 14
    for i in range(N_KINDS):
        out[place + i] = counted(result.n_of_kind[i])
        n_tokens += result.n_of_kind[i]
    place += N_KINDS
    for i in range(N_LANGUAGES):
        out[place + i] = counted(work.tokens.n_words[i])
    place += N_LANGUAGES
    for i in range(N_RULES):
        out[place + i] = <float>(fired >> i & 1)
    place += N_RULES
    share = share_of(n_tokens)
    for i in range(N_VERDICT):
        out[place + i] = share * out[i]


cdef inline float share_of(int32_t n_tokens) noexcept nogil:
    """As `ngrams.share`."""
    return <float>(1.0 / sqrt(<double>(n_tokens + EXTRA_TOKENS)))


cdef inline float squashed(double value) noexcept nogil:
    return <float>(value / (1.0 + abs(value)))


cdef inline float counted(int32_t n) noexcept nogil:
    return <float>COUNTED[min(n, <int32_t>MOST_COUNTED)]


def read_features(
    Kernel lexicon,
    const uint8_t[::1] data,
    const uint8_t[::1] offsets,
    Py_ssize_t first,
    Py_ssize_t n,
    *,
    bint is_large,
):
    """(places, groups, keys, figures) of posts, for training: what is counted in post i stands at places[i:i + 2].

    As array.array of "q", "B", "Q" and "f", the figures `len(signals.NAMES)` a post.
    """
    check_offsets(data, offsets, first, n, is_large)
    cdef Desk desk = lexicon._take_desk()
    cdef Bench bench = Bench(4)
    cdef RuleResult result
    cdef uint64_t[8 * LONGEST_BYTES + 16] runs
    cdef uint8_t[4 * LONGEST_BYTES] word
    cdef float[N_SIGNALS] figures
    cdef int32_t i, j, n_runs
    cdef Work* work = &desk.works[0]
    cdef Keys* keys = &bench.keys[0]
    bounds = memoryview(offsets).cast("q" if is_large else "i")
    places, groups, found, all_figures = array("q", [0]), array("B"), array("Q"), array("f")
    try:
        for row in range(first, first + n):
            begin_one(&lexicon.lex, &data[0] + <size_t>bounds[row] if data.shape[0] else NULL, bounds[row + 1] - bounds[row], work)
            write_keys(work, keys)
            for i in range(work.tokens.n):
                groups.append(WORD)
                found.append(keys.words[i])
                if work.tokens.items[i].kind == WORD_KIND:
                    n_runs = write_runs(word, write_word(work.text, &work.tokens.items[i], word), runs)
                    for j in range(n_runs):
                        groups.append(CHARS)
                        found.append(runs[j])
            for i in range(work.tokens.n + 1):
                groups.append(PAIR)
                found.append(keys.pairs[i])
            places.append(len(found))
            look_up(&lexicon.lex, work)
            judge(&lexicon.lex, work, &result)
            write_signals(work, &result, figures)
            for i in range(N_SIGNALS):
                all_figures.append(figures[i])
        return places, groups, found, all_figures
    finally:
        lexicon._leave_desk(desk)


cdef class LinearKernel:
    """A linear model's weights made ready for scoring; one serves any number of threads.

    `slots`: the hash table of `linear.TABLE`. `scales`: what one step of a weight is worth, by group. `signal_weights`:
    for each figure, one a label. `bias`: one a label.
    """

    cdef Kernel lexicon
    # the table, copied from the file to where it is read faster
    cdef uint8_t* slots
    cdef uint64_t mask
    # labels, and weights in a slot: as many, in fours
    cdef int32_t n_labels
    cdef int32_t width
    cdef int32_t stride
    cdef float[N_GROUPS] scales
    cdef float* signal_weights
    cdef float* bias
    cdef object _benches

    def __init__(self, Kernel lexicon, const uint8_t[::1] slots, int n_labels, scales, signal_weights, bias):
        self.lexicon = lexicon
        self.n_labels = n_labels
        self.width = (n_labels + 3) // 4 * 4
        self.stride = TAG + self.width
        n_slots = slots.shape[0] // self.stride
        if n_slots < SLOTS_IN_BUCKET or n_slots & (n_slots - 1) or n_slots * self.stride != slots.shape[0]:
            raise ModelError("the linear model's table has a size that fits no model; train or copy it again")
        if len(signal_weights) != N_SIGNALS * n_labels or len(bias) != n_labels or len(scales) != N_GROUPS:
            raise ModelError("the linear model's weights do not fit its labels; train or copy it again")
        self.slots = <uint8_t*>take_room(slots.shape[0])
        if self.slots == NULL:
            raise MemoryError("no memory for the linear model")
        memcpy(self.slots, &slots[0], slots.shape[0])
        self.mask = n_slots - SLOTS_IN_BUCKET
        self._check_table()
        for i in range(N_GROUPS):
            self.scales[i] = scales[i]
        self.signal_weights = <float*>calloc(N_SIGNALS * self.width, sizeof(float))
        self.bias = <float*>calloc(self.width, sizeof(float))
        if self.signal_weights == NULL or self.bias == NULL:
            raise MemoryError("no memory for the linear model")
        for i in range(N_SIGNALS):
            for k in range(n_labels):
                self.signal_weights[i * self.width + k] = signal_weights[i * n_labels + k]
        for k in range(n_labels):
            self.bias[k] = bias[k]
        self._benches = deque()

    def __dealloc__(self):
        free(self.slots)
        free(self.signal_weights)
        free(self.bias)

    cdef _check_table(self):
        """Refuse a table in which a search would not end."""
        cdef uint64_t at
        for at in range(SLOTS_IN_BUCKET - 1, self.mask + SLOTS_IN_BUCKET, SLOTS_IN_BUCKET):
            if tag_at(self.slots + at * self.stride) == 0:
                return
        raise ModelError("the linear model's table is full; train or copy it again")

    cdef Bench _take_bench(self):
        try:
            return self._benches.pop()
        except IndexError:
            return Bench(self.width)

    def score(
        self,
        const uint8_t[::1] data,
        const uint8_t[::1] offsets,
        Py_ssize_t first,
        Py_ssize_t n,
        *,
        bint is_large,
        float[::1] proba,
        uint8_t[::1] language,
        float[::1] cmi,
        uint8_t[::1] is_compatibility,
        uint8_t[::1] doubt,
    ):
        """Score posts `first` to `first + n` of an Arrow string column: `proba` has a figure for each label a post.

        For the other outputs see `Kernel.score`.
        """
        check_offsets(data, offsets, first, n, is_large)
        cdef const int32_t* narrow = <const int32_t*>&offsets[0] if n else NULL
        cdef const int64_t* wide = <const int64_t*>narrow
        cdef const uint8_t* text = &data[0] if data.shape[0] else NULL
        cdef Py_ssize_t i
        cdef int64_t begin, end
        cdef Desk desk = self.lexicon._take_desk()
        cdef Bench bench = self._take_bench()
        cdef Work* work
        try:
            with nogil:
                for i in range(n + 1):
                    if i < n:
                        if is_large:
                            begin, end = wide[first + i], wide[first + i + 1]
                        else:
                            begin, end = narrow[first + i], narrow[first + i + 1]
                        prefetch(text + end + AHEAD)
                        prefetch(text + end + AHEAD + 64)
                        self.begin(text + begin, <int32_t>(end - begin), &desk.works[i & 1], bench, i & 1)
                    if i > 0:
                        work = &desk.works[(i - 1) & 1]
                        doubt[i - 1] = self.finish(work, bench, (i - 1) & 1, &proba[(i - 1) * self.n_labels])
                        language[i - 1] = language_of(work)
                        cmi[i - 1] = mixing_of(work)
                        is_compatibility[i - 1] = work.tokens.is_compatibility
        finally:
            self.lexicon._leave_desk(desk)
            self._benches.append(bench)

    def answer(self, const uint8_t[::1] text):
        """(probabilities, number of the language, code-mixing index) of one post, which is in its plainest form."""
        cdef Desk desk = self.lexicon._take_desk()
        cdef Bench bench = self._take_bench()
        cdef Work* work = &desk.works[0]
        proba = array("f", [0.0] * self.n_labels)
        cdef float[::1] room = proba
        try:
            self.begin(&text[0] if text.shape[0] else NULL, <int32_t>text.shape[0], work, bench, 0)
            self.finish(work, bench, 0, &room[0])
            return proba.tolist(), language_of(work), mixing_of(work)
        finally:
            self.lexicon._leave_desk(desk)
            self._benches.append(bench)

    cdef int begin(self, const uint8_t* text, int32_t n, Work* work, Bench bench, int seat) except -1 nogil:
        """Scan a post, and ask for the weights of its words and pairs."""
        cdef int32_t i
        cdef Keys* keys = &bench.keys[seat]
        begin_one(&self.lexicon.lex, text, n, work)
        write_keys(work, keys)
        for i in range(work.tokens.n):
            prefetch(bench.known + place_of(keys.words[i]) * bench.stride)
            prefetch(self.slots + (keys.pairs[i] >> 32 & self.mask) * self.stride)
        prefetch(self.slots + (keys.pairs[work.tokens.n] >> 32 & self.mask) * self.stride)
        return 0

    cdef uint8_t finish(self, Work* work, Bench bench, int seat, float* proba) noexcept nogil:
        """Sum up the post that was begun; its doubt."""
        cdef RuleResult result
        cdef float[N_SIGNALS] figures
        self.sum_up(work, bench, seat, proba)
        look_up(&self.lexicon.lex, work)
        judge(&self.lexicon.lex, work, &result)
        write_signals(work, &result, figures)
        self.add_signals(figures, proba)
        soften(proba, self.n_labels)
        return <uint8_t>min(result.doubt, 255)

    cdef void sum_up(self, const Work* work, Bench bench, int seat, float* proba) noexcept nogil:
        """The n-grams' part: whole steps are summed, so that their order does not matter."""
        cdef int32_t i, k, group
        cdef int32_t[4] part
        cdef const Keys* keys = &bench.keys[seat]
        cdef const int16_t* known
        cdef const int8_t* weights
        cdef int32_t from_ = 0
        cdef float share = share_of(work.tokens.n)
        cdef int32_t[4] words
        cdef int32_t[4] runs
        cdef int32_t[4] pairs
        while from_ < self.n_labels:
            for k in range(4):
                words[k] = runs[k] = pairs[k] = 0
            for i in range(work.tokens.n):
                known = self.known_word(work, i, bench, keys.words[i]) + from_
                for k in range(4):
                    runs[k] += known[k]
                    words[k] += known[self.width + k]
            for i in range(work.tokens.n + 1):
                weights = self.find(keys.pairs[i])
                if weights != NULL:
                    for k in range(4):
                        pairs[k] += weights[from_ + k]
            for k in range(min(4, self.n_labels - from_)):
                proba[from_ + k] = share * (
                    self.scales[WORD] * words[k] + self.scales[PAIR] * pairs[k] + self.scales[CHARS] * runs[k]
                )
            from_ += 4

    cdef inline const int8_t* find(self, uint64_t key) noexcept nogil:
        """The weights of a key; NULL if it has none."""
        cdef uint64_t at = key >> 32 & self.mask
        cdef uint32_t tag = <uint32_t>key
        cdef const uint8_t* slot
        while True:
            slot = self.slots + at * self.stride
            if tag_at(slot) == tag:
                return <const int8_t*>(slot + TAG)
            if tag_at(slot + self.stride) == tag:
                return <const int8_t*>(slot + self.stride + TAG)
            if tag_at(slot + self.stride) == 0:
                return NULL
            at = (at + SLOTS_IN_BUCKET) & self.mask

    cdef inline const int16_t* known_word(self, const Work* work, int32_t i, Bench bench, uint64_t key) noexcept nogil:
        """What a word's runs weigh, then what it weighs itself."""
        cdef uint8_t* known = bench.known + place_of(key) * bench.stride
        if (<uint64_t*>known)[0] != key:
            self.weigh(work, &work.tokens.items[i], key, <int16_t*>(known + 8))
            (<uint64_t*>known)[0] = key
        return <const int16_t*>(known + 8)

    cdef void weigh(self, const Work* work, const Token* token, uint64_t key, int16_t* out) noexcept nogil:
        cdef uint64_t[8 * LONGEST_BYTES + 16] runs
        cdef uint8_t[4 * LONGEST_BYTES] word
        cdef int32_t i, k, n_runs
        cdef const int8_t* weights
        memset(out, 0, 4 * self.width)
        weights = self.find(key)
        if weights != NULL:
            for k in range(self.width):
                out[self.width + k] = weights[k]
        if token.kind != WORD_KIND:
            return
        n_runs = write_runs(word, write_word(work.text, token, word), runs)
        for i in range(n_runs):
            prefetch(self.slots + (runs[i] >> 32 & self.mask) * self.stride)
        for i in range(n_runs):
            weights = self.find(runs[i])
            if weights != NULL:
                for k in range(self.width):
                    out[k] += weights[k]

    cdef void add_signals(self, const float* figures, float* proba) noexcept nogil:
        cdef int32_t i, k
        cdef float* row
        for k in range(self.n_labels):
            proba[k] += self.bias[k]
        for i in range(N_SIGNALS):
            if figures[i] == 0.0:
                continue
            row = self.signal_weights + i * self.width
            for k in range(self.n_labels):
                proba[k] += figures[i] * row[k]


cdef inline uint32_t tag_at(const uint8_t* slot) noexcept nogil:
    return (<const uint32_t*>slot)[0]


cdef inline size_t place_of(uint64_t key) noexcept nogil:
    return <size_t>(key >> 32 & (CACHE_SIZE - 1))


cdef void soften(float* proba, int32_t n) noexcept nogil:
    """Logits to probabilities."""
    cdef int32_t k
    cdef float highest = proba[0]
    cdef double total = 0.0
    for k in range(1, n):
        highest = max(highest, proba[k])
    for k in range(n):
        proba[k] = <float>exp(proba[k] - highest)
        total += proba[k]
    for k in range(n):
        proba[k] = <float>(proba[k] / total)
