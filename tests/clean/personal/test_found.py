"""What counts as personal data in a text, kind by kind, and what does not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

pytest.importorskip("phonenumbers")
pytest.importorskip("stdnum")

from mizaj.clean.personal.finder import Finder
from mizaj.clean.personal.found import KINDS, Found

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SPEC = importlib.util.spec_from_file_location("personal_cases", BENCHMARKS / "personal_cases.py")
assert SPEC is not None
assert SPEC.loader is not None
personal_cases = sys.modules["personal_cases"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(personal_cases)

N_CASES = 2_000
FLOOR = 0.99


def found_in(text: str, **settings) -> list[tuple[str, str]]:
    return [(each.kind, text[each.start : each.end]) for each in Finder(**settings)(text)]


FOUND = [
    ("mail me: asha.rao+x@site.co.in.", [("email", "asha.rao+x@site.co.in")]),
    ("asha@site.comपर भेजो", [("email", "asha@site.com")]),
    ("asha (at) gmail (dot) com", [("email", "asha (at) gmail (dot) com")]),
    ("asha at gmail dot com", [("email", "asha at gmail dot com")]),
    ("asha@gmail,com", [("email", "asha@gmail,com")]),
    ("mail asha @gmail.com", [("email", "asha @gmail.com")]),
    ("hey @gmail in India", [("handle", "@gmail")]),
    ("....asha@site.in", [("email", "asha@site.in")]),
    ("<asha@site.in>", [("email", "asha@site.in")]),
    ("a@b.in@c.in", [("email", "a@b.in@c.in")]),
    (
        "pay asha@okhdfcbank or 9876543210@anyapp",
        [("upi", "asha@okhdfcbank"), ("upi", "9876543210@anyapp")],
    ),
    ("asha@fam", [("upi", "asha@fam")]),
    ("@asha @Ravi_K.", [("handle", "@asha"), ("handle", "@Ravi_K")]),
    ("@virat.kohli and @asha.Great film", [("handle", "@virat.kohli"), ("handle", "@asha")]),
    ("RT@asha: kya baat", [("handle", "@asha")]),
    ("धन्यवाद@asha", [("handle", "@asha")]),
    ("@राहुल। जी", [("handle", "@राहुल")]),
    ("<b>@asha</b>", [("handle", "@asha")]),
    ("98765 43210", [("phone", "98765 43210")]),
    ("098765-43210", [("phone", "098765-43210")]),
    ("(+91) 98765-43210,", [("phone", "(+91) 98765-43210")]),
    ("(98765 43210)", [("phone", "98765 43210")]),
    ("call9876543210pe", [("phone", "9876543210")]),
    ("९८७६५ ४३२१०", [("phone", "९८७६५ ४३२१०")]),
    ("𝟵𝟴𝟳𝟲𝟱 𝟰𝟯𝟮𝟭𝟬", [("phone", "𝟵𝟴𝟳𝟲𝟱 𝟰𝟯𝟮𝟭𝟬")]),
    ("᱙᱘᱗᱖᱕ ᱔᱓᱒᱑᱐", [("phone", "᱙᱘᱗᱖᱕ ᱔᱓᱒᱑᱐")]),
    ("98765\u200b43210", [("phone", "98765\u200b43210")]),
    ("\u202a+91 98765\u200343210\u202c", [("phone", "+91 98765\u200343210")]),
    ("9876543210 रुचि को बोलो", [("phone", "9876543210")]),
    ("9 8 7 6 5 1 2 3 4 0", [("phone", "9 8 7 6 5 1 2 3 4 0")]),
    ("9️⃣8️⃣7️⃣6️⃣5️⃣1️⃣2️⃣3️⃣4️⃣0️⃣", [("phone", "9️⃣8️⃣7️⃣6️⃣5️⃣1️⃣2️⃣3️⃣4️⃣0️⃣")]),
    ("9876543210/9123456789", [("phone", "9876543210"), ("phone", "9123456789")]),
    ("9876543210,9123456789", [("phone", "9876543210"), ("phone", "9123456789")]),
    ("500 rs 9876543210 pe", [("phone", "9876543210")]),
    ("011-23456789 or (022) 2345 6789", [("phone", "011-23456789"), ("phone", "(022) 2345 6789")]),
    ("+44 20 7946 0958", [("phone", "+44 20 7946 0958")]),
    ("wa: https://wa.me/919876543210", [("phone", "919876543210")]),
    ("https://t.me/+919876543210", [("phone", "+919876543210")]),
    ("2341 2341 2346", [("aadhaar", "2341 2341 2346")]),
    ("4111-1111-1111-1111", [("card", "4111-1111-1111-1111")]),
    ("4111111111111111 aur 98765 43210", [("card", "4111111111111111"), ("phone", "98765 43210")]),
    (
        "4111 1111 1111 1111 98765 43210",
        [("card", "4111 1111 1111 1111"), ("phone", "98765 43210")],
    ),
    ("ABCPK1234F", [("pan", "ABCPK1234F")]),
    ("pan ABCPK-1234-F", [("pan", "ABCPK-1234-F")]),
    ("http://203.0.113.9:80/x", [("ip", "203.0.113.9")]),
    ("IP:2001:db8::1:2:", [("ip", "2001:db8::1:2")]),
]

NOT_FOUND = [
    *(
        "",
        "accha",
        "a@b",
        "live@wembley",
        ":@ grr",
        "@ home",
        "@5pm",
        "@500rs",
        "@",
        "@@",
        "a@",
        "@user dekho",
    ),
    *(
        "score 120/3",
        "12/11/2020 10:30",
        "2019-20",
        "otp 482913",
        "₹9876543210",
        "rs. 9876543210",
        "9876543210%",
    ),
    *(
        "order no 9876543210",
        "#9876543210",
        "7654321",
        "2341 2341 2347",
        "4111 1111 1111 1112",
        "75000-80000",
        "9876543210 रुपये",
        "9876543210 रू. ke",
        "9876543210 रु",
    ),
    *(
        "2019-9876543210",
        "3.9876543210",
        "ID9876543210",
        "98765432101",
        "1800 123 4567",
        "2066 2093 2068",
    ),
    *(
        "https://x.com/9876543210",
        "v1.2.3.4",
        "version 1.2.3.4",
        "0.1.2.3",
        "1.2.3",
        "256.1.1.1",
        "12::30",
        "::",
    ),
    *(
        "INDIA2020A",
        "abcpk1234",
        "helps 2020 a",
        "ABCPK0000F",
        "6 4 6 4 6 1 0 6 4 4",
        "9 8 7 6 5 4 3 2 1 0",
    ),
]


@pytest.mark.parametrize(("text", "found"), FOUND)
def test_personal_data_is_found_where_it_stands(text: str, found: list[tuple[str, str]]) -> None:
    assert found_in(text) == found


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    "ways",
    [
        (
            "9876543210",
            "+91 98765-43210",
            "0 98765 43210",
            "(+91)9876543210",
            "९८७६५४३२१०",
            "0091 9876543210",
        ),
        ("Asha@Site.in", "asha@site.in", "asha[at]site.in", "asha (at) site (dot) in"),
        ("@Asha", "@asha"),
        ("ABCPK1234F", "abcpk1234f", "ABCPK 1234 F"),
        ("234123412346", "2341 2341 2346"),
        ("2001:db8:0:0:0:0:1:2", "2001:DB8::1:2"),
    ],
)
def test_all_ways_of_writing_one_value_are_one_value(ways: tuple[str, ...]) -> None:
    assert len({(found.kind, found.value) for way in ways for found in Finder()(way)}) == 1
    assert all(len(Finder()(way)) == 1 for way in ways)


def test_a_spaced_handle_is_found_when_asked_for() -> None:
    assert found_in("RT @ asha _ rao : hi") == []
    assert found_in("RT @ asha _ rao : hi", spaced_handles=True) == [("handle", "@ asha _ rao")]


def test_a_kind_that_is_not_asked_for_is_not_found() -> None:
    text = "asha@site.in @ravi 9876543210"
    for kind, written in [("email", "asha@site.in"), ("handle", "@ravi"), ("phone", "9876543210")]:
        assert found_in(text, kinds=(kind,)) == [(kind, written)]


@pytest.mark.parametrize(
    ("region", "text"),
    [("US", "(415) 555-2671"), ("GB", "07400 123456"), ("SG", "8123 4567"), ("AE", "050 123 4567")],
)
def test_a_number_without_a_country_is_of_the_region(region: str, text: str) -> None:
    assert found_in(text, region=region) == [("phone", text)]


def test_a_value_is_in_no_repr() -> None:
    assert "asha" not in repr(Finder()("asha@site.in"))
    assert Found("email", 0, 3, "a").value == "a"


@pytest.mark.parametrize("kind", KINDS)
def test_made_up_cases_are_found_whole_and_taken_for_what_they_are(kind: str) -> None:
    cases = personal_cases.cases(kind, N_CASES, seed=7)
    finds = [overlapping(case) for case in cases]
    n_whole = sum(covers(found, case) for found, case in zip(finds, cases, strict=True))
    n_named = sum(kind in {each.kind for each in found} for found in finds)
    assert min(n_whole, n_named) >= FLOOR * N_CASES


def overlapping(case) -> list[Found]:
    return [each for each in Finder()(case.text) if each.start < case.end and each.end > case.start]


def covers(found: list[Found], case) -> bool:
    """Whether no character of the value is left."""
    left = set(range(case.start, case.end))
    return not left.difference(*(range(each.start, each.end) for each in found))


def test_of_harmless_texts_nothing_is_found() -> None:
    texts = personal_cases.harmless(4_000, seed=7)
    wrong = [text for text in texts if Finder()(text)]
    assert len(wrong) <= len(texts) * 0.001, wrong[:5]


HOSTILE = [
    *(
        "a@",
        "a.b@",
        "98765 ",
        "98765 43210 ",
        "9 ",
        "9-",
        "4111 ",
        "(9",
        "+9",
        "1.",
        "a:",
        "2001:",
        "@a",
        "@",
        "a",
    ),
    *(
        "a[at]",
        "(at)",
        "x at y dot ",
        "www.9876543210/",
        "ABCPK1234",
        "rs 9876543210 ",
        "<phone>@a",
        "@ _ ",
        "\0",
        "0",
    ),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_length_is_at_most_twice_the_work(unit: str) -> None:
    half, full = ((unit * (size // len(unit) + 1))[:size] for size in (2_000, 4_000))
    lines_run(full)
    assert lines_run(full) <= 2.1 * lines_run(half) + 50


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a", "a.", "a@", "a[at]", "x at y dot ", "2001:", "नमस्ते", "www."])
def test_a_row_of_a_million_characters_is_read_to_its_end(unit: str) -> None:
    # Here work is inside expressions, whose steps cannot be counted: one that is not linear would not come back.
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000] + " 98765 43210"
    assert found_in(text)[-1] == ("phone", "98765 43210")


def lines_run(text: str) -> int:
    """How many lines of Python are run to read a text: the same number every time."""
    n_lines = 0

    def count(_frame, event, _argument):
        nonlocal n_lines
        n_lines += event == "line"
        return count

    def enter(frame, _event, _argument):
        return count if "personal" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        Finder(spaced_handles=True)(text)
    finally:
        sys.settrace(before)
    return n_lines
