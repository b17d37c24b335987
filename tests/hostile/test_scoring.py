"""Posts and columns that were made to break scoring: never a crash, never a lost row, and the answers hold."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import pickle
import re
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mizaj
from mizaj.batch import SCORED, Pipeline
from mizaj.errors import LexiconError
from mizaj.lexicon import twin
from mizaj.lexicon.columns import LexiconScore, score_column
from mizaj.lexicon.packed import load_lexicon
from mizaj.lexicon.scorer import load_scorer
from mizaj.run import RunSettings, run

pytest.importorskip(
    "mizaj.lexicon._kernel",
    reason="the compiled kernel is not built; its twin is too slow for this",
)

ROOT = Path(__file__).parents[2]


def _load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


hostile_rows = _load("hostile_rows", ROOT / "benchmarks" / "hostile_rows.py")
KINDS = hostile_rows.KINDS
TWO_MB = 2_000_000

TYPES = {"string": pa.string(), "large_string": pa.large_string()}
BYTES = {"string": pa.binary(), "large_string": pa.large_binary()}
POSTS = [
    "Yeh movie accha nahi hai",
    "",
    "so good ki main so gaya 😍😍",
    "ｇｏｏｄ movie",
    "बहुत अच्छी फिल्म है",
    "\x00\u202e accha",
    "worst service ever!!! never again",
    " ",
]

step = LexiconScore()


def strings(rows, kind="string"):
    """A string column of these bytes, whether or not they are UTF-8."""
    return pa.array(rows, BYTES[kind]).view(TYPES[kind])


def answers(column):
    """The scored columns of a text column, row by row."""
    scored = step(pa.record_batch([column], ["text"]))
    assert scored.num_rows == len(column)
    assert scored.schema.names == ["text", *SCORED.names]
    assert scored.column("text").equals(column)
    scored.select(SCORED.names).validate(full=True)
    return scored.select(SCORED.names).to_pylist()


def one_by_one(column):
    return [answers(column[i : i + 1])[0] for i in range(len(column))]


NEUTRAL = {
    "sentiment": "neutral",
    "tier": "lexicon",
    "language": "other",
    "cmi": 0.0,
    **{name: answers(pa.array([""]))[0][name] for name in ("score", "confidence")},
}


def answer_of(text):
    """What the model says of one text, as the columns hold it."""
    answer = mizaj.load("lexicon")(text)
    return {field.name: pa.scalar(getattr(answer, field.name)).as_py() for field in SCORED} | {
        name: pa.scalar(getattr(answer, name), pa.float32()).as_py()
        for name in ("score", "confidence", "cmi")
    }


# Rows of every kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_row_is_answered_as_by_the_model_and_its_neighbours_are_not_touched(kind):
    """By the dictionaries alone, in all six columns."""
    row = hostile_rows.row(kind, 3_000)
    column = strings([b"bahut accha", row, b"bahut bura"])
    first, middle, last = answers(column)
    assert (first["sentiment"], last["sentiment"]) == ("positive", "negative")
    assert middle == answer_of(row.decode("utf-8", "replace"))
    assert -1.0 <= middle["score"] <= 1.0
    assert 0.0 <= middle["confidence"] <= 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_model_answers_a_hostile_row_alone_as_among_others(kind):
    model = mizaj.load()
    text = hostile_rows.row(kind, 3_000).decode("utf-8", "replace")
    rows = model.score(["bahut accha", text, None, "ekdum bakwas"]).to_pylist()
    assert [rows[0]["sentiment"], rows[3]["sentiment"]] == ["positive", "negative"]
    assert model(text).sentiment == rows[1]["sentiment"]
    assert model(text).score == pytest.approx(rows[1]["score"], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ten_megabytes_are_scored_and_their_neighbours_are_not_touched(kind):
    row = hostile_rows.row(kind, hostile_rows.FULL)
    first, middle, last = answers(strings([b"bahut accha", row, b"bahut bura"]))
    assert (first["sentiment"], last["sentiment"]) == ("positive", "negative")
    assert middle["sentiment"] in ("negative", "neutral", "positive")
    assert -1.0 <= middle["score"] <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("type_name", TYPES)
def test_long_rows_of_all_kinds_in_one_batch_are_answered_as_one_by_one(type_name):
    column = strings([hostile_rows.row(k, TWO_MB // 4) for k in KINDS], type_name)
    assert answers(column) == one_by_one(column)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_another_size_is_made_of_the_same_bytes(kind):
    rows = [hostile_rows.row(kind, size) for size in (0, 1, 4_999, 5_000)]
    assert [len(row) for row in rows] == [0, 1, 4_999, 5_000]
    if hostile_rows.is_utf8(kind):
        assert rows[3].decode().encode() == rows[3]
    else:
        with pytest.raises(UnicodeDecodeError):
            rows[3].decode()


@pytest.mark.slow
def test_a_file_of_all_kinds_goes_through_a_run_and_only_broken_encodings_are_rejected(tmp_path):
    rows = [hostile_rows.row(kind, TWO_MB // 2) for kind in KINDS]
    pq.write_table(pa.table({"text": strings(rows)}), tmp_path / "posts.parquet")
    manifest = run(
        Pipeline((step,)),
        tmp_path / "posts.parquet",
        tmp_path / "out",
        settings=RunSettings(workers=2, is_progress_shown=False),
    )
    n_broken = sum(not hostile_rows.is_utf8(kind) for kind in KINDS)
    counts = manifest.counts
    assert (counts.rows_in, counts.rows_out) == (len(KINDS), len(KINDS) - n_broken)
    assert counts.rejected == {"broken_encoding": n_broken}


# Columns of every shape


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize(("first", "length"), [(0, 8), (1, 7), (3, 2), (7, 1), (8, 0), (4, 0)])
def test_a_slice_is_answered_as_its_rows_alone(type_name, first, length):
    column = pa.array(POSTS, TYPES[type_name])[first : first + length]
    assert answers(column) == [answer_of(text) for text in POSTS[first : first + length]]


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("first", [0, 1, 2, 5])
def test_null_texts_are_neutral_and_stay_null(type_name, first):
    texts = [None, *POSTS, None, "bahut accha", None]
    column = pa.array(texts, TYPES[type_name])[first:]
    found = answers(column)
    expected = [NEUTRAL if text is None else answer_of(text) for text in texts[first:]]
    assert found == expected


@pytest.mark.parametrize(
    "column",
    [
        pa.array([], pa.string()),
        pa.array([], pa.large_string()),
        pa.array(["a"])[1:],
        pa.array([None], pa.string())[:0],
        pa.Array.from_buffers(pa.string(), 0, [None, pa.py_buffer(b""), pa.py_buffer(b"")]),
    ],
)
def test_an_empty_batch_comes_back_empty_with_its_columns(column):
    assert answers(column) == []


@pytest.mark.parametrize(
    "column",
    [
        pa.array([None] * 3, pa.string()),
        pa.nulls(3, pa.large_string()),
        pa.nulls(3),
        pa.array([None] * 3, pa.dictionary(pa.int8(), pa.string())),
    ],
)
def test_a_column_of_nothing_but_nulls_is_neutral(column):
    assert answers(column) == [NEUTRAL] * 3


@pytest.mark.parametrize(
    "kind",
    [
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
    ],
)
@pytest.mark.parametrize("first", [0, 3])
def test_other_types_that_hold_text_are_answered_as_strings(kind, first):
    texts = [*POSTS, None, *POSTS]
    column = pa.array(texts).cast(kind)[first:]
    assert answers(column) == answers(pa.array(texts)[first:])


BROKEN = [
    b"bahut accha \xff\xfe",
    b"\xf0\x9f\x98",
    None,
    "ekdum bakwas".encode("utf-16-le"),
    b"bura",
]


@pytest.mark.parametrize(
    "kind",
    [
        pa.binary(),
        pa.large_binary(),
        pa.binary_view(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.binary()),
        pa.dictionary(pa.int8(), pa.string()),
    ],
    ids=str,
)
@pytest.mark.parametrize("rules", ["default", "paper-table"])
def test_bytes_of_any_kind_that_are_no_utf8_are_answered_as_the_text_they_are_repaired_to(
    kind, rules
):
    if pa.types.is_dictionary(kind):
        codes = pa.array([None if row is None else i for i, row in enumerate(BROKEN)], pa.int8())
        values = pa.array([row or b"" for row in BROKEN]).view(kind.value_type)
        column = pa.DictionaryArray.from_arrays(codes, values)
    else:
        column = strings(BROKEN).cast(kind) if kind == pa.string_view() else pa.array(BROKEN, kind)
    repaired = pa.array([row if row is None else row.decode("utf-8", "replace") for row in BROKEN])
    ruled = LexiconScore(settings=mizaj.LexiconSettings(rules=rules))
    scored = ruled(pa.record_batch([column], ["text"]))
    expected = ruled(pa.record_batch([repaired], ["text"]))
    assert scored.column("text").type == kind
    assert scored.select(SCORED.names).equals(expected.select(SCORED.names))


@pytest.mark.parametrize(
    "column",
    [pa.array([1]), pa.array([True]), pa.array([["accha"]]), pa.array([b"accha"], pa.binary(5))],
    ids=lambda column: str(column.type),
)
def test_a_column_that_cannot_hold_text_is_an_error_that_names_its_type(column):
    with pytest.raises(mizaj.SourceError, match=f"are {re.escape(str(column.type))}; a text"):
        step(pa.record_batch([column], ["text"]))


def test_other_columns_of_the_batch_are_passed_on_as_they_were():
    batch = pa.record_batch({"n": [1, 2], "text": ["accha", None], "tags": [["a"], []]})
    scored = step(batch)
    assert scored.select(batch.schema.names).equals(batch)


@pytest.mark.slow
@pytest.mark.parametrize("type_name", TYPES)
def test_a_million_empty_rows_are_all_neutral(type_name):
    batch = pa.record_batch({"text": pa.array([""] * 1_000_000, TYPES[type_name])})
    scored = step(batch)
    assert scored.num_rows == 1_000_000
    for name, value in NEUTRAL.items():
        assert scored.column(name).unique().to_pylist() == [value]


# Bytes that are no UTF-8, offsets that are no offsets


@pytest.mark.parametrize("type_name", TYPES)
@settings(max_examples=150)
@given(rows=st.lists(st.binary(max_size=30), max_size=8))
def test_any_bytes_are_answered_as_the_text_they_are_repaired_to(type_name, rows):
    column = strings(rows, type_name)
    assert answers(column) == [answer_of(row.decode("utf-8", "replace")) for row in rows]


def test_a_character_cut_by_the_end_of_a_row_does_not_reach_into_the_next():
    smile = "😍".encode()
    column = strings([smile[:2], smile[2:], b"accha"])
    assert answers(column) == [NEUTRAL, NEUTRAL, answer_of("accha")]


def column_of(offsets, type_name="string", valid=None):
    """A column whose offsets between the first and the last nobody has checked."""
    codes = {"string": "i", "large_string": "q"}[type_name]
    packed = pa.py_buffer(struct.pack(f"={len(offsets)}{codes}", *offsets))
    data = pa.py_buffer(b"accha bura nahi")
    return pa.Array.from_buffers(TYPES[type_name], len(offsets) - 1, [valid, packed, data])


DAMAGED = [
    ([0, 5, 1 << 30, 15], 1),
    ([0, 16, 15], 0),
    ([0, -7, 5, 15], 0),
    ([0, 10, 5, 15], 1),
    ([0, 5, 6, 2**31 - 1, 15], 2),
    ([0, -(2**31), 15], 0),
]


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize(("offsets", "row"), DAMAGED)
def test_offsets_that_point_outside_are_an_error_that_names_the_row(type_name, offsets, row):
    batch = pa.record_batch([column_of(offsets, type_name)], ["text"])
    with pytest.raises(LexiconError, match=rf"text column is damaged at row {row}; read the file"):
        step(batch)


def test_wide_offsets_that_are_past_any_memory_are_an_error():
    batch = pa.record_batch([column_of([0, 1, 1 << 62, 15], "large_string")], ["text"])
    with pytest.raises(LexiconError, match="damaged at row 1"):
        step(batch)


def test_damage_outside_a_slice_does_not_matter():
    column = column_of([0, 5, 1 << 30, 6, 10])
    assert answers(column[3:]) == [answer_of("bura")]
    with pytest.raises(LexiconError, match="damaged at row 0"):
        step(pa.record_batch([column[1:]], ["text"]))


CRASHER = """
import struct, pyarrow as pa, mizaj
from mizaj.errors import LexiconError
offsets = pa.py_buffer(struct.pack("=6i", 0, 5, 1 << 30, 12, 13, 14))
buffers = [pa.py_buffer(bytes([0b11110111])), offsets, pa.py_buffer(b"accha bura nahi")]
batch = pa.record_batch([pa.Array.from_buffers(pa.string(), 5, buffers)], ["text"])
try:
    mizaj.load().step()(batch)
except LexiconError as error:
    print(error)
"""


def test_damaged_offsets_in_a_column_with_nulls_are_an_error_and_no_crash():
    made = subprocess.run([sys.executable, "-c", CRASHER], capture_output=True, text=True)
    assert made.returncode == 0
    assert "text column is damaged at row 1" in made.stdout


@pytest.mark.parametrize("valid", [None, bytes([0b110111])])
def test_damaged_offsets_in_an_arrow_file_are_an_error_and_no_crash(tmp_path, valid):
    good, damaged = [0, 1, 2, 3, 4, 5, 15], [0, 5, 1 << 30, 12, 13, 14, 15]
    batch = pa.record_batch([column_of(good, valid=valid and pa.py_buffer(valid))], ["text"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    old, new = (struct.pack("=7i", *offsets) for offsets in (good, damaged))
    (tmp_path / "posts.arrow").write_bytes(sink.getvalue().to_pybytes().replace(old, new))
    words = ["score", str(tmp_path / "posts.arrow"), "-o", str(tmp_path / "out")]
    made = subprocess.run([sys.executable, "-m", "mizaj", *words], capture_output=True, text=True)
    assert made.returncode in (1, 2)
    assert "posts.arrow" in made.stderr


# Laws

texts = st.lists(
    st.one_of(
        st.none(),
        st.sampled_from(POSTS),
        st.text(max_size=12),
        st.lists(
            st.sampled_from(
                ["accha", "nahi", "but", "#aB", "@x", "😍", "!", ":", ")", "ｇ", "ा", "\x00"]
            )
        ).map("".join),
    ),
    max_size=20,
)


@settings(max_examples=150)
@given(rows=texts, cuts=st.lists(st.integers(0, 20), max_size=5))
def test_however_a_batch_is_split_the_answers_are_equal(rows, cuts):
    column = pa.array(rows, pa.string())
    ends = [*sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [column[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert [answer for part in parts for answer in answers(part)] == answers(column)


@settings(max_examples=100)
@given(rows=texts, data=st.data())
def test_rows_in_another_order_have_their_answers_in_that_order(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    found = answers(pa.array(rows, pa.string()))
    mixed = answers(pa.array([rows[i] for i in order], pa.string()))
    assert mixed == [found[i] for i in order]


@settings(max_examples=150)
@given(rows=texts)
def test_the_step_answers_as_the_model_does_text_by_text(rows):
    expected = [NEUTRAL if text is None else answer_of(text) for text in rows]
    assert answers(pa.array(rows, pa.string())) == expected


def test_the_input_is_not_changed():
    column = pa.array([*POSTS, None])
    before = [bytes(buffer) for buffer in column.buffers()]
    answers(column)
    assert [bytes(buffer) for buffer in column.buffers()] == before


def test_a_text_that_was_scored_before_is_answered_the_same():
    """The kernel remembers words between posts: what it remembers may not change an answer."""
    column = pa.array(POSTS)
    before = answers(column)
    answers(strings([hostile_rows.row(kind, 5_000) for kind in KINDS]))
    answers(strings([hostile_rows.row(hostile_rows.UNLIKE, TWO_MB)]))
    assert answers(column) == before


def test_threads_at_once_answer_as_one():
    rows = [hostile_rows.row(kind, 2_000) for kind in KINDS] + [text.encode() for text in POSTS]
    columns = [strings(rows[number:] + rows[:number]) for number in range(24)]
    alone = [answers(column) for column in columns]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answers, columns * 2)) == alone * 2


class Watched:
    """Stands in for the kernel: how many threads are in it at once. Who is alone waits for another to come.

    A second one that is `wanted` is given long to come: a loaded machine may begin its thread late.
    """

    def __init__(self, wanted):
        self.inside = self.most = 0
        self.patience_s = 30 if wanted > 1 else 0.1
        self.come = threading.Condition()

    def score(self, *buffers, **outputs):
        with self.come:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.come.notify_all()
            self.come.wait_for(lambda: self.most > 1, self.patience_s)
            self.inside -= 1


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize(
    ("rows", "most"),
    [
        ([b"accha " * 200_000], 1),
        ([b"bura", b"accha " * 200_000, b"bura"], 1),
        ([b"accha " * 1000] * 200, 2),
    ],
    ids=["one", "among others", "many of middle size"],
)
def test_huge_posts_are_scored_by_one_thread_at_a_time(type_name, rows, most):
    watched = Watched(most)
    scorer = replace(load_scorer(mizaj.LexiconSettings()), kernel=watched)
    columns = [strings(rows, type_name)] * 2
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(score_column, columns, [scorer] * 2))
    assert watched.most == most


def test_a_pickled_step_is_equal_and_answers_the_same():
    again = pickle.loads(pickle.dumps(step))
    assert again == step
    assert hash(again) == hash(step)
    assert Pipeline((again,)).fingerprint == Pipeline((step,)).fingerprint
    batch = pa.record_batch({"text": POSTS})
    assert again(batch).equals(step(batch))


# Work that grows with the length


@pytest.fixture
def _rules_in_python(monkeypatch):
    """The twin with `rules.py` as Python, which its compiled form shadows."""
    path = Path(twin.__file__).with_name("rules.py")
    monkeypatch.setattr(twin, "rules", _load("mizaj.lexicon.rules_in_python", path))


def lines_run(text):
    """How many lines of mizaj's Python are run to score a text: the same number every time."""
    n_lines = 0

    def count(_frame, event, _argument):
        nonlocal n_lines
        n_lines += event == "line"
        return count

    def enter(frame, _event, _argument):
        return count if "mizaj" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        twin.score_text(text, load_lexicon())
    finally:
        sys.settrace(before)
    return n_lines


# NFKC is not Python: the clock of `benchmarks/hostile.py` sees it, this count does not
COUNTED = [kind for kind in KINDS if hostile_rows.is_utf8(kind) and kind != "combining marks"]


@pytest.mark.usefixtures("_rules_in_python")
@pytest.mark.parametrize("kind", COUNTED)
def test_twice_the_length_is_at_most_twice_the_work(kind):
    half, full = (hostile_rows.row(kind, size).decode() for size in (1_500, 3_000))
    lines_run(full)  # what is remembered of its words is remembered now
    assert lines_run(full) <= 2.1 * lines_run(half)
