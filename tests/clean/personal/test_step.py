"""The step that masks, hashes or drops personal data: its laws, its columns, its key."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("phonenumbers")
pytest.importorskip("stdnum")

from mizaj.batch import MASKED, Pipeline
from mizaj.clean.personal import KINDS, WAYS, MaskPersonal, codes, numbers, telephones
from mizaj.clean.personal.finder import Finder
from mizaj.errors import ExtraMissing, SettingError, SourceError
from mizaj.read import open_source

KEY, OTHER_KEY = "correct horse battery staple", "another key that is long enough"
STEPS = {
    "mask": MaskPersonal(),
    "hash": MaskPersonal(how="hash", key=KEY),
    "drop": MaskPersonal(how="drop"),
    "spaced": MaskPersonal(spaced_handles=True),
}
PIECES = [
    *(
        "98765 43210",
        "9876543210",
        "+91",
        "0",
        "91",
        "98765",
        "43210",
        "2341 2341 2346",
        "4111",
        "1111",
        "12",
        "2019",
    ),
    *(
        "asha",
        "@",
        "@asha",
        "@user",
        "@USER",
        "a@b.in",
        "asha@site.com",
        "@gmail",
        "(at)",
        " at ",
        " dot com",
        ".com",
    ),
    *(
        "asha@okaxis",
        "ABCPK1234F",
        "ABCPK",
        "203.0.113.9",
        "2001:db8::1:2",
        ":",
        "version",
        "rs",
        "₹",
        "order no",
        "RT",
    ),
    *(
        " ",
        " ",
        " ",
        ".",
        ",",
        "-",
        "/",
        "(",
        ")",
        "<",
        ">",
        "#",
        "_",
        "+",
        "…",
        "\n",
        "\0",
        "accha",
        "नहीं",
        "।",
        "👍",
    ),
    *(
        "https://x.in/",
        "wa.me/",
        "<email>",
        "<phone:abcdefghijklmnop>",
        "é",
        "९८७६५४३२१०",
        "%",
        "a",
        "7",
        "@ ",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
ROWS = st.lists(st.none() | TEXTS | st.text(max_size=20), max_size=8)


def texts_and_kinds(step: MaskPersonal, rows: list[str | None], kind=None) -> tuple[list, list]:
    out = step(pa.record_batch({"text": pa.array(rows, kind or pa.string())}))
    return out.column("text").to_pylist(), out.column("masked").to_pylist()


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("mask", "Call <phone>, mail <email> or @user!"),
        ("hash", r"Call <phone:[a-p]{16}>, mail <email:[a-p]{16}> or <handle:[a-p]{16}>!"),
        ("drop", "Call, mail or!"),
    ],
)
def test_personal_data_is_replaced_and_its_kinds_are_counted(how: str, text: str) -> None:
    texts, kinds = texts_and_kinds(STEPS[how], ["Call 98765 43210, mail a@b.in or @asha!"])
    assert re.fullmatch(text, texts[0])
    assert kinds == [["phone", "email", "handle"]]


def test_rows_that_were_set_aside_are_masked_too() -> None:
    rejected = pa.array(["spam"]).dictionary_encode()
    batch = pa.record_batch({"text": ["call 9876543210"], "rejected": rejected})
    assert STEPS["mask"](batch).column("text").to_pylist() == ["call <phone>"]


@pytest.mark.parametrize("name", STEPS)
@given(rows=ROWS)
def test_splitting_a_batch_changes_nothing(name: str, rows: list[str | None]) -> None:
    step = STEPS[name]
    batch = pa.record_batch({"text": pa.array(rows, pa.string())})
    parts = [row for i in range(len(rows)) for row in step(batch.slice(i, 1)).to_pylist()]
    assert parts == step(batch).to_pylist()


# The same rows every time: of some hundred thousand posts without a space, one holds more once it is masked.
@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=300, derandomize=True)
@given(rows=ROWS)
@example(
    ["a@b.com@foo", "9876543210@foo", "98765 a@b.com 43210", "@@asha", "RT@asha", "a@b.com@c.com"]
)
@example(
    [
        "4111 1111 1111 1111 98765 43210",
        "2341 2341 2346 98765",
        "x@98765 43210",
        "@user@user",
        "@A@0.AA",
        "98765 @asha 43210",
        "asha @gmail.com",
    ]
)
def test_masking_twice_changes_nothing_more(name: str, rows: list[str | None]) -> None:
    step = STEPS[name]
    once, _ = texts_and_kinds(step, rows)
    twice, kinds = texts_and_kinds(step, once)
    assert twice == once
    assert not any(kinds)


@settings(max_examples=300)
@given(rows=ROWS)
def test_kernels_find_what_the_finder_finds(rows: list[str | None]) -> None:
    """The obvious way: every row is read, none is held back or masked by a kernel."""
    finder = Finder()
    kinds = [[each.kind for each in finder(text)] if text else [] for text in rows]
    for step in STEPS["mask"], STEPS["hash"], STEPS["drop"]:
        assert texts_and_kinds(step, rows)[1] == kinds
    assert texts_and_kinds(STEPS["mask"], rows)[0] == [masked(text) for text in rows]


def masked(text: str | None) -> str | None:
    for found in reversed(Finder()(text or "")):
        written = "@user" if found.kind == "handle" else f"<{found.kind}>"
        text = text[: found.start] + written + text[found.end :]
    return text


@given(rows=ROWS)
def test_what_holds_nothing_stays_as_it_is(rows: list[str | None]) -> None:
    texts, kinds = texts_and_kinds(STEPS["hash"], rows)
    assert [text for text, found in zip(texts, kinds, strict=True) if not found] == [
        text for text, found in zip(rows, kinds, strict=True) if not found
    ]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize(
    "kind",
    [
        *(
            pa.string(),
            pa.large_string(),
            pa.string_view(),
            pa.binary(),
            pa.large_binary(),
            pa.binary_view(),
        ),
        *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.large_string())),
    ],
    ids=str,
)
def test_the_type_of_the_text_stays(how: str, kind: pa.DataType) -> None:
    texts = ["x", None, "call 9876543210", "@asha @ravi", "accha", None, "@asha a@b.in"]
    plain = pa.record_batch({"text": pa.array(texts)})
    column = plain.column("text")
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type).dictionary_encode().cast(kind)
    elif kind != pa.string():
        column = pa.array(
            [text and (text if "string" in str(kind) else text.encode()) for text in texts], kind
        )
    batch = pa.record_batch({"text": column}).slice(1)
    out, expected = STEPS[how](batch), STEPS[how](plain.slice(1))
    assert out.schema.field("text").type == kind
    written = [
        text.decode() if isinstance(text, bytes) else text
        for text in out.column("text").to_pylist()
    ]
    assert written == expected.column("text").to_pylist()
    assert out.column("masked").equals(expected.column("masked"))


def test_what_is_cut_out_leaves_no_number_of_any_kind_behind() -> None:
    assert texts_and_kinds(STEPS["drop"], ["98765 @asha 43210"]) == (
        ["98765 … 43210"],
        [["handle"]],
    )


@pytest.mark.parametrize("how", WAYS)
def test_bytes_that_are_no_text_are_masked_as_well(how: str) -> None:
    texts, authors = (pa.array([value], pa.binary()) for value in (b"\xff 9876543210", b"Ash\xff"))
    batch = pa.record_batch({"text": texts, "author": authors})
    out = replace(STEPS[how], columns=("author",))(batch)
    assert b"98765" not in out.column("text")[0].as_py()
    assert b"Ash" not in (out.column("author")[0].as_py() or b"")
    assert out.column("masked").to_pylist() == [["phone"]]


def test_masked_is_a_list_of_kinds_and_never_null() -> None:
    batch = pa.record_batch({"text": pa.array([None, "", "accha", "9876543210"])})
    out = STEPS["mask"](batch)
    assert out.schema.field("masked").equals(MASKED)
    assert out.column("masked").to_pylist() == [[], [], [], ["phone"]]
    assert out.column("masked").null_count == 0


def test_a_batch_of_nulls_comes_out_as_it_went_in() -> None:
    batch = pa.record_batch({"text": pa.nulls(2)})
    assert STEPS["mask"](batch).column("text").equals(batch.column("text"))


def test_other_columns_stay_where_they_are() -> None:
    batch = pa.record_batch({"id": ["1"], "text": ["9876543210"], "x": [1]})
    out = Pipeline((STEPS["mask"],))(batch)
    assert out.schema.names == ["id", "text", "x", "masked"]
    assert out.select(["id", "x"]).equals(batch.select(["id", "x"]))


def test_a_key_gives_one_person_one_pseudonym() -> None:
    texts = ["9876543210", "+91 98765 43210", "9876543211", "@Asha", "@asha"]
    same, again, other, handle, small = texts_and_kinds(STEPS["hash"], texts)[0]
    assert same == again != other
    assert handle == small
    assert texts_and_kinds(replace(STEPS["hash"], key=OTHER_KEY), texts)[0][0] != same


def test_a_key_is_shown_nowhere_yet_tells_fingerprints_apart() -> None:
    step, other = STEPS["hash"], replace(STEPS["hash"], key=OTHER_KEY)
    assert KEY not in repr(step)
    assert KEY not in repr(Pipeline((step,)))
    assert KEY not in str(step.content_hash)
    assert len({Pipeline((each,)).fingerprint for each in (step, other, STEPS["mask"])}) == 3
    assert step != other
    assert pickle.loads(pickle.dumps(step)) == step


@pytest.mark.parametrize(
    "key", ["", "short", "fifteen letters", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababab"]
)
def test_a_key_that_can_be_guessed_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingError, match="bytes") as refused:
        MaskPersonal(how="hash", key=key)
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kinds": ("email", "name")}, "kinds is .*allowed.*phone"),
        ({"kinds": "email"}, "kinds is 'email'.*allowed"),
        ({"kinds": ()}, "nothing to mask"),
        ({"how": "hide"}, "how is 'hide'; allowed: mask, hash, drop"),
        ({"region": "India"}, "region is 'India'; allowed"),
        ({"columns": ("text",)}, "columns is .*masked by kind"),
        ({"columns": "author"}, "columns is 'author'"),
        ({"columns": ("author", "rejected")}, "'rejected' and 'masked' are of mizaj"),
        ({"key": KEY}, "a key is given, but how is 'mask'"),
    ],
)
def test_settings_that_are_not_allowed_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message) as refused:
        MaskPersonal(**wrong)
    assert KEY not in str(refused.value)


def test_a_column_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match="column 'text' is int64; a text column is"):
        STEPS["mask"](pa.record_batch({"text": [1]}))


@pytest.mark.parametrize(
    ("module", "name", "kind", "library"),
    [
        (telephones, "phonenumbers", "phone", "phonenumbers"),
        (numbers, "_luhn", "card", "python-stdnum"),
        (codes, "_pan", "pan", "python-stdnum"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra_before_any_row(
    monkeypatch: pytest.MonkeyPatch, module, name: str, kind: str, library: str
) -> None:
    monkeypatch.setattr(module, name, None)
    with pytest.raises(ExtraMissing, match=rf"{library} is not installed.*mizaj\[clean\]"):
        MaskPersonal(kinds=(kind,))


AUTHORS = ["@Asha", None, "asha", "ravi"]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())], ids=str
)
def test_an_author_is_masked_whole_hashed_like_his_handle_or_dropped(kind: pa.DataType) -> None:
    authors = (
        pa.array(AUTHORS).dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else pa.array(AUTHORS, kind)
    )
    batch = pa.record_batch({"text": ["@asha", "", "", ""], "author": authors})
    by_way = {how: replace(STEPS[how], columns=("author",))(batch) for how in WAYS}
    assert all(out.schema.field("author").type == kind for out in by_way.values())
    assert by_way["mask"].column("author").to_pylist() == ["<author>", None, "<author>", "<author>"]
    assert by_way["drop"].column("author").to_pylist() == [None] * 4
    first, null, second, third = by_way["hash"].column("author").to_pylist()
    assert (first, null) == (second, None) != (third, None)
    assert first.removeprefix("<author:") == by_way["hash"].column("text")[0].as_py().removeprefix(
        "<handle:"
    )


def test_hashing_an_author_twice_changes_nothing_more() -> None:
    step = replace(STEPS["hash"], columns=("author",))
    once = step(pa.record_batch({"text": ["x"], "author": ["Asha"]})).drop_columns(["masked"])
    assert step(once).column("author").equals(once.column("author"))


def test_columns_alone_can_be_masked() -> None:
    step = MaskPersonal(kinds=(), columns=("author",))
    out = step(pa.record_batch({"text": ["9876543210"], "author": ["Asha"]}))
    assert out.to_pylist() == [{"text": "9876543210", "author": "<author>", "masked": []}]
    assert step.rewrites == step.reads == ("text", "author")


def test_a_line_that_could_not_be_read_is_hidden_where_columns_are_since_they_stand_in_it(
    tmp_path: Path,
) -> None:
    lines = ['{"text": "accha", "author": "Asha"}', '{"text": "bura", "author": "Asha"']
    (tmp_path / "posts.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    source = open_source(tmp_path / "posts.jsonl")
    for how, hidden in (("mask", "<line>"), ("hash", "<line>"), ("drop", None)):
        step = replace(STEPS[how], columns=("author",))
        rows = [
            row
            for shard in source.shards
            for batch in source.batches(shard)
            for row in step(batch).to_pylist()
        ]
        assert [row["text"] for row in rows] == ["accha", hidden, "accha"]
        assert [row["rejected"] for row in rows] == [None, "broken_line", None]
        assert "asha" not in str(rows).lower()


@pytest.mark.parametrize(
    ("reason", "text", "hidden"),
    [
        ("broken_line", "1,accha,Asha", "<line>"),
        ("changed_type:n", '{"text": "accha", "n": "x", "author": "Asha"}', "<line>"),
        ("changed_type:n", "accha", "accha"),
        ("spam", "{accha}", "{accha}"),
        (None, "{accha}", "{accha}"),
    ],
)
def test_only_raw_lines_are_hidden_and_only_where_columns_are(
    reason: str | None, text: str, hidden: str
) -> None:
    rejected = pa.array([reason], pa.string()).dictionary_encode()
    batch = pa.record_batch({"text": [text], "author": ["Asha"], "rejected": rejected})
    out = replace(STEPS["mask"], columns=("author",))(batch)
    assert out.column("text").to_pylist() == [hidden]
    assert STEPS["mask"](batch).column("text").to_pylist() == [text]


def test_a_number_cannot_be_hashed_in_place_but_dropped() -> None:
    batch = pa.record_batch({"text": ["x"], "author": [7]})
    with pytest.raises(SettingError, match="column 'author' is int64"):
        MaskPersonal(columns=("author",))(batch)
    assert MaskPersonal(how="drop", columns=("author",))(batch).column("author").to_pylist() == [
        None
    ]


def test_kinds_are_named_in_the_order_they_are_looked_for() -> None:
    assert set(KINDS) == {"email", "upi", "handle", "ip", "pan", "card", "aadhaar", "phone"}
