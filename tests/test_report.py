from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mizaj.batch import SCORED, TIMESTAMP
from mizaj.errors import ColumnMissing, SinkError, SourceError
from mizaj.report import render, write_report
from mizaj.report.figures import Bucket, buckets, percent, short_count, wilson
from mizaj.report.findings import find_shift, headline, trend
from mizaj.report.markup import element, escaped
from mizaj.report.words import highlighted, telling_words, words_of
from mizaj.sample import sample_path
from mizaj.summary import MANY, SENTIMENTS, Counts, Post, Summary, Timeline, summarise

START = datetime(2024, 3, 1, tzinfo=UTC)
TEXTS = {
    "negative": ["bakwas film, paisa barbaad 😡", "app phir crash ho gaya", "घटिया सेवा, बहुत निराश"],
    "neutral": ["kal match kitne baje hai?", "the store opens at ten", "बैठक पाँच बजे है"],
    "positive": ["kya mast film hai 😍", "so happy with the camera", "मज़ा आ गया, शानदार"],
}
HEADER = "text,sentiment,score,confidence,tier,language,cmi\n"
SCHEMA = pa.schema([pa.field("text", pa.string()), TIMESTAMP, ("source", pa.string()), *SCORED])


def scored_rows(n: int) -> list[dict]:
    """Posts over sixty days and five sources, a third of each sentiment."""
    labels = [SENTIMENTS[number % 3] for number in range(n)]
    return [
        {
            "text": f"{TEXTS[label][number % 7 % 3]} {number % 11}",
            "timestamp": START + timedelta(hours=number * 1440 / n),
            "source": ("twitter", "youtube", "reddit", "play-store", "instagram")[number % 5],
            "sentiment": label,
            "score": (number % 3 - 1) * (0.4 + number % 10 / 20),
            "confidence": 0.4 + number % 60 / 100,
            "tier": "lexicon",
            "language": ("en", "hi", "hi-Latn", "hi-en")[number % 4],
            "cmi": float(number % 4 * 15),
        }
        for number, label in enumerate(labels)
    ]


def write_scored(folder: Path, rows: list[dict], schema: pa.Schema = SCHEMA) -> Path:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "part-0.parquet")
    return folder


def page_of(folder: Path, **options) -> str:
    return write_report(folder, folder.parent / "report.html", **options).read_text("utf-8")


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Path:
    folder = write_scored(tmp_path_factory.mktemp("posts") / "scored", scored_rows(3000))
    (folder / "rejects").mkdir()
    rejects = {
        "text": ["free iPhone!!", "", "again", "again"],
        "rejected": ["spam", "empty", "duplicate_of:1", "duplicate_of:2"],
    }
    pq.write_table(pa.table(rejects), folder / "rejects" / "part-0.parquet")
    manifest = {
        "fingerprint": "9f2c41aa",
        "version": "0.1.0",
        "rows": {"in": 3004, "out": 3000, "rejected": 4},
        "inputs": [{"path": "posts.parquet", "size_bytes": 1234, "hash": "41c0ffee"}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class Outline(HTMLParser):
    """The elements of a page, and whether each that opens also closes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def ids(self) -> set[str]:
        return {attrs["id"] for _, attrs in self.elements if "id" in attrs}


SECTIONS = {"time", "scores", "sources", "languages", "words", "examples", "rejects", "provenance"}


def test_the_page_has_every_section_and_closes_what_it_opens(scored):
    outline = Outline(page_of(scored))
    assert outline.ids() >= SECTIONS
    assert outline.open == []


def test_the_page_says_what_the_rows_say(scored):
    page = page_of(scored)
    assert "33% of 3,000 posts are positive, 33% negative." in page
    assert "1 Mar 2024 to 29 Apr 2024" in page
    for known in ("instagram", "Hindi-English mixed", "duplicate of", "free iPhone!!"):
        assert known in page
    for known in ("9f2c41aa", "posts.parquet", "41c0ffee", "3,004"):
        assert known in page


def test_the_page_asks_nothing_of_the_network(scored):
    outline = Outline(page_of(scored))
    for tag, attrs in outline.elements:
        assert not {"src", "srcset", "action", "style", "onclick", "onload"} & attrs.keys(), tag
        assert attrs.get("href", "#").startswith("#")
    assert "@import" not in page_of(scored)
    assert "url(" not in page_of(scored)


def test_the_policy_allows_the_pages_own_style_and_script_only(scored):
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page_of(scored))
    assert policy.startswith("default-src &#x27;none&#x27;; style-src &#x27;sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_every_chart_has_a_name_and_a_table(scored):
    outline = Outline(page_of(scored))
    charts = [attrs for _, attrs in outline.elements if attrs.get("role") == "img"]
    tables = [attrs for tag, attrs in outline.elements if attrs.get("class") == "figures"]
    assert all(attrs["aria-label"] for attrs in charts)
    # The two charts over time share their table.
    assert len(tables) == len(charts) - 1 > 5


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></script><!-- ",
    "safe \u202eevil\u2066 \u0000\u0007 text",
    "&lt;b&gt; & 'quotes' \"double\"",
    "ज़\u0323\u0323" * 40,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_wherever_it_stands(tmp_path, hostile):
    row = scored_rows(1)[0] | {"text": hostile, "source": hostile, "language": hostile}
    folder = write_scored(tmp_path / "scored", [row] * 40)
    (folder / "manifest.json").write_text(json.dumps({hostile: hostile, "inputs": [hostile]}))
    page = page_of(folder, title=hostile, explain=lambda text: [(text, 1.0), (hostile, -1.0)])
    outline = Outline(page)
    tags = [tag for tag, _ in outline.elements]
    assert (tags.count("script"), tags.count("img"), tags.count("title")) == (1, 0, 1)
    assert outline.open == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000\u0007]", page)


@given(st.text())
def test_escaped_text_reads_the_same_and_holds_no_markup(text):
    assert not re.search("[<>\"']", escaped(text))
    plain = re.sub(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "\ufffd", text
    )
    outline = Outline(element("p", plain))
    assert "".join(outline.text) == plain


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_tiny_inputs_give_a_whole_page(tmp_path, n):
    outline = Outline(page_of(write_scored(tmp_path / "scored", scored_rows(n))))
    assert outline.ids() >= SECTIONS
    assert outline.open == []


@pytest.mark.parametrize(
    ("column", "words"),
    [("timestamp", "The posts bear no time"), ("source", "The posts bear no source")],
)
def test_a_page_without_an_optional_column_says_so(tmp_path, column, words):
    rows = [{k: v for k, v in row.items() if k != column} for row in scored_rows(50)]
    schema = pa.schema([f for f in SCHEMA if f.name != column])
    assert words in page_of(write_scored(tmp_path / "scored", rows, schema))


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_every_format_gives_the_same_page(tmp_path, form):
    rows = scored_rows(120)
    rows[0]["text"] = 'two\nlines, "quoted", नमस्ते'
    rows[1]["text"] = "long " * 1_000_000
    table = pa.Table.from_pylist(rows, SCHEMA)
    folder = tmp_path / form / "scored"
    folder.mkdir(parents=True)
    if form == "parquet":
        pq.write_table(table, folder / "part-0.parquet")
    if form == "csv":
        pa_csv.write_csv(table, folder / "part-0.csv")
    if form == "jsonl":
        lines = (json.dumps(row, default=str) for row in table.to_pylist())
        (folder / "part-0.jsonl").write_text("\n".join(lines))
    page = page_of(folder, title="same").replace(str(folder), "")
    expected = render(summarise(table.to_batches()[0]), {}, title="same")
    assert page == expected


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", ""), ("a.csv", HEADER), ("a.csv", "")])
def test_a_file_without_rows_gives_a_page(tmp_path, name, content):
    (tmp_path / "scored").mkdir()
    (tmp_path / "scored" / name).write_text(content)
    assert "There are no scored posts here." in page_of(tmp_path / "scored")


def test_hidden_files_are_no_shards(tmp_path):
    folder = write_scored(tmp_path / "scored", scored_rows(9))
    (folder / ".ledger.jsonl").write_text("{}")
    assert "9 posts" in page_of(folder)


def test_a_long_manifest_is_listed_in_tables_and_cut(tmp_path):
    folder = write_scored(tmp_path / "scored", scored_rows(9))
    files = {f"part-{number}.parquet": number for number in range(500)}
    broken = [{"path": "half.csv", "reason": "cut off at byte 17"}]
    manifest = {"files": files, "bad_inputs": broken, "skipped": [], "created": None}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    page = page_of(folder)
    assert "part-199.parquet" in page
    assert "part-200.parquet" not in page
    assert "and 300 more in manifest.json" in page
    assert "Some inputs could not be read" in page
    assert "cut off at byte 17" in page


def test_a_single_file_will_do(scored, tmp_path):
    page = write_report(scored / "part-0.parquet", tmp_path / "one.html").read_text("utf-8")
    assert "3,000 posts" in page


def test_a_text_column_of_another_name_is_read(tmp_path):
    table = pa.Table.from_pylist(scored_rows(9), SCHEMA)
    table = table.rename_columns(["body", *table.column_names[1:]])
    (tmp_path / "scored").mkdir()
    pq.write_table(table, tmp_path / "scored" / "a.parquet")
    assert "9 posts" in page_of(tmp_path / "scored", text="body")
    with pytest.raises(ColumnMissing, match=r"'text', read by the report.*body"):
        page_of(tmp_path / "scored")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere is not there; give the folder"):
        write_report(tmp_path / "nowhere", tmp_path / "r.html")


def test_a_folder_without_data_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(SourceError, match=r"holds no scored files"):
        write_report(tmp_path, tmp_path / "r.html")


def test_unscored_files_are_refused_with_the_columns_they_lack(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "score": [0.1]}), tmp_path / "posts.parquet")
    message = r"posts.parquet is not scored: it lacks the column sentiment, confidence, tier"
    with pytest.raises(SourceError, match=message):
        write_report(tmp_path, tmp_path / "r.html")


def test_a_damaged_file_is_named(scored, tmp_path):
    data = (scored / "part-0.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(SourceError, match=r"cannot read .*cut\.parquet"):
        write_report(tmp_path, tmp_path / "r.html")


def test_a_damaged_manifest_is_named(tmp_path):
    folder = write_scored(tmp_path / "scored", scored_rows(3))
    (folder / "manifest.json").write_text("{")
    with pytest.raises(SourceError, match=r"cannot read .*manifest\.json"):
        page_of(folder)


def test_an_output_in_no_folder_is_refused_before_reading(tmp_path):
    with pytest.raises(SinkError, match=r"the folder .*absent is not there"):
        write_report(tmp_path / "nowhere", tmp_path / "absent" / "r.html")


def test_a_folder_as_output_is_refused(scored, tmp_path):
    with pytest.raises(SinkError, match=r"it is a folder; name another file"):
        write_report(scored, tmp_path)


def test_an_older_page_is_replaced_and_nothing_else_is_left(scored, tmp_path):
    output = tmp_path / "r.html"
    output.write_text("old")
    write_report(scored, output)
    assert output.read_text("utf-8").startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [output]


def test_explained_words_are_marked_up_and_down(tmp_path):
    folder = write_scored(tmp_path / "scored", scored_rows(3))
    page = page_of(folder, explain=lambda text: [("mast", 1.8), ("bakwas", -2.0), ("film", 0.0)])
    assert '<mark class="up up3" data-tip="mast: +1.80">mast</mark>' in page
    assert '<mark class="down down3" data-tip="bakwas: −2.00">bakwas</mark>' in page
    assert ">film</mark>" not in page


@pytest.mark.parametrize(
    ("text", "weights", "marked", "unfound"),
    [
        ("na naya nahi", [("nahi", -1.0)], ["nahi"], []),
        ("naya", [("na", -1.0)], [], [("na", -1.0)]),
        ("Bahut ACCHA", [("accha", 1.0)], ["ACCHA"], []),
        ("accha accha", [("accha", 1.0), ("accha", 1.0)], ["accha", "accha"], []),
        ("#bestBuy", [("best", 2.0)], ["best"], []),
        ("वाह 😍!", [("😍", 1.0)], ["😍"], []),
        ("İstanbul good", [("good", 1.0)], ["good"], []),
        ("plain", [("", 1.0), ("gone", 0.0)], [], [("", 1.0)]),
    ],
)
def test_words_are_found_whole_and_in_order(text, weights, marked, unfound):
    pieces, left = highlighted(text, weights)
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, weight in pieces if weight] == marked
    assert left == unfound


def test_telling_words_leave_out_what_all_classes_share():
    posts = [
        Post(number, 0, f"{TEXTS[label][0]} yaar @ravi http://x.co", label)
        for number, label in enumerate([*SENTIMENTS] * 40)
    ]
    found = {label: [w.word for w in words] for label, words in telling_words(posts).items()}
    assert {"bakwas", "😡"} <= set(found["negative"])
    assert {"mast", "😍"} <= set(found["positive"])
    assert not any({"yaar", "ravi", "x"} & set(words) for words in found.values())


def test_devanagari_words_keep_their_vowel_signs():
    assert "शानदार" in words_of("मज़ा आ गया, शानदार!")


def days(nets: list[float], n: int = 200) -> tuple[Bucket, ...]:
    """A bucket a day with the given net sentiment."""
    made = (Counts(round(n * (0.4 - net / 2)), 0, round(n * (0.4 + net / 2))) for net in nets)
    return tuple(Bucket(24 * day, "day", counts) for day, counts in enumerate(made))


def test_a_lasting_fall_is_told_with_its_day():
    wobble = [0.02, -0.02] * 5
    found = days([0.2 + w for w in wobble] + [-0.1 + w for w in wobble])
    shift = find_shift(found)
    assert shift is not None
    assert shift.bucket.start == 240
    assert "lower since 11 Jan 1970" in trend(found)


@pytest.mark.parametrize(
    "nets",
    [
        [0.1] * 20,
        [0.1, -0.1] * 10,
        [0.10] * 10 + [0.11] * 10,
        [0.0] * 10 + [0.5] + [0.0] * 10,
    ],
    ids=["level", "noise", "too small", "one outlier"],
)
def test_no_shift_is_told_where_there_is_none(nets):
    assert find_shift(days(nets)) is None


def test_days_that_scatter_more_than_chance_are_no_shift_however_full():
    rng = np.random.default_rng(3)
    assert find_shift(days(rng.normal(0, 0.1, 30).tolist(), n=100_000)) is None


def test_days_that_agree_by_luck_are_no_shift_while_posts_are_few():
    assert find_shift(days([0.0, 0.0, 0.05, 0.15, 0.15, 0.1], n=50)) is None
    assert find_shift(days([0.0, 0.0, 0.05, 0.15, 0.15, 0.1], n=4000)) is not None


def test_too_short_a_time_has_no_trend():
    assert trend(days([0.5, 0.5, -0.5, -0.5])) == ""


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(), "There are no scored posts here."),
        (Counts(0, 1, 0), "The one post here is neutral."),
        (Counts(60, 10, 30), "60% of 100 posts are negative, 30% positive."),
        (Counts(30, 10, 60), "60% of 100 posts are positive, 30% negative."),
    ],
)
def test_the_headline_names_the_larger_side_first(counts, expected):
    assert headline(Summary(sentiments=counts)) == expected


@pytest.mark.parametrize(
    ("n_hours", "unit"),
    [(1, "hour"), (72, "hour"), (24 * 60, "day"), (24 * 400, "week"), (24 * 1500, "month")],
)
def test_buckets_suit_the_span_and_leave_no_gap(n_hours, unit):
    first = int(START.timestamp()) // 3600
    timeline = Timeline(counts={first: Counts(1000), first + n_hours: Counts(0, 0, 2000)})
    found = buckets(timeline)
    assert {bucket.unit for bucket in found} == {unit}
    assert len(found) <= 102
    assert sum(bucket.counts.n for bucket in found) == 3000
    starts = [bucket.start for bucket in found]
    assert starts == sorted(set(starts))


@pytest.mark.parametrize(("n_posts", "unit"), [(2000, "day"), (1000, "week"), (3, "week")], ids=str)
def test_few_posts_are_shown_by_a_coarser_unit_while_that_leaves_some_columns(n_posts, unit):
    counts = {0: Counts(n_posts - 1), 24 * 60: Counts(1)}
    assert buckets(Timeline(counts=counts))[0].unit == unit


def test_a_share_of_few_posts_comes_with_its_interval():
    page = render(Summary(sentiments=Counts(10, 11, 19)), {}, title="few")
    assert "any share of positive posts from 33% to 63%" in page


def test_only_shares_of_few_posts_are_pale():
    timeline = Timeline(counts={0: Counts(5), 1: Counts(500)})
    page = render(Summary(sentiments=Counts(505), timeline=timeline), {}, title="pale")
    assert page.count('<g class="pale">') == 1
    assert "Pale columns have fewer than 30 posts." in page


def test_nothing_is_said_of_pale_columns_where_there_are_none():
    timeline = Timeline(counts={0: Counts(50), 2: Counts(500)})
    page = render(Summary(sentiments=Counts(550), timeline=timeline), {}, title="full")
    assert '<g class="pale">' not in page
    assert "Pale" not in page


def test_the_sample_posts_are_shown_by_a_unit_whose_columns_are_full():
    posts = [json.loads(line) for line in sample_path().read_text(encoding="utf-8").splitlines()]
    hours = [int(datetime.fromisoformat(post["timestamp"]).timestamp()) // 3600 for post in posts]
    counts = Counter(hours)
    found = buckets(Timeline(counts={hour: Counts(n) for hour, n in counts.items()}))
    assert sum(bucket.counts.n >= 30 for bucket in found) > len(found) / 2


@pytest.mark.parametrize(
    ("level", "days", "expected"),
    [
        ("hour", 40, "6 Mar 2024 to 15 Apr 2024 · 20 posts"),
        ("hour", 400, "6 Mar 2024 to 10 Apr 2025 · 20 posts"),
        ("hour", 0, "6 Mar 2024 · 20 posts"),
        ("month", 40, "Mar 2024 to Apr 2024 · 20 posts"),
    ],
)
def test_the_period_is_that_of_the_posts_not_of_the_columns(level, days, expected):
    first = int(datetime(2024, 3, 6, 9, tzinfo=UTC).timestamp()) // 3600
    counts = {first: Counts(10)}
    counts[first + 24 * days] = Counts(20 if days == 0 else 10)
    timeline = Timeline(counts=counts).folded(level)
    assert expected in render(Summary(sentiments=Counts(20), timeline=timeline), {}, title="x")


def test_weeks_begin_on_monday():
    first = int(datetime(2024, 3, 6, tzinfo=UTC).timestamp()) // 3600
    counts = {first: Counts(1000), first + 24 * 300: Counts(1000)}
    assert buckets(Timeline(counts=counts))[0].title == "week of 4 Mar 2024"


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_an_interval_holds_its_share(part, more):
    low, high = wilson(part, part + more)
    assert 0 <= low <= part / (part + more) <= high <= 1


@given(st.integers(0, 10**12))
def test_short_counts_are_short(n):
    assert len(short_count(n)) <= 5


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_nought_or_whole_only_if_it_is(part, more):
    whole = part + more
    assert (percent(part, whole) == "0%") == (part == 0)
    assert percent(part, whole) != "100%"


def test_too_many_sources_are_estimated_from_the_sample():
    summary = Summary(
        sentiments=Counts(1, 0, 1),
        sources={MANY: Counts(1, 0, 1)},
        posts=summarise(
            pa.RecordBatch.from_pylist(scored_rows(2), SCHEMA),
        ).posts,
    )
    page = render(summary, {}, title="many")
    assert "estimated from 2 sampled posts" in page
    assert MANY not in page


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def palette(theme: str) -> dict[str, str]:
    css = (Path(__file__).parents[1] / "src/mizaj/report/page.css").read_text("utf-8")
    start = ':root[data-theme="dark"] {' if theme == "dark" else ":root {"
    block = css[css.index(start) :]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[: block.index("}")]))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        *[(ink, ground, 4.5) for ink in ("ink", "soft") for ground in ("page", "raised")],
        *[(f"on-{name}", name, 4.5) for name in SENTIMENTS],
        *[(f"{name}-ink", "page", 4.5) for name in SENTIMENTS],
        *[(colour, "page", 3.0) for colour in ("negative", "edge", "positive", "accent")],
        *[("whisker", name, 3.0) for name in SENTIMENTS],
    ],
)
def test_colours_contrast_as_wcag_aa_asks(theme, ink, ground, least):
    colours = palette(theme)
    assert contrast(colours[ink], colours[ground]) >= least


def test_posts_that_came_many_times_are_shown_with_how_often(tmp_path):
    rows = [row | {"copies": 1} for row in scored_rows(30)]
    rows[4] |= {"copies": 9000, "text": "<b>vote & win</b> " + "x" * 400}
    rows[7] |= {"copies": 12}
    schema = SCHEMA.append(pa.field("copies", pa.int64()))
    page = page_of(write_scored(tmp_path / "scored", rows, schema))
    section = page[page.index('id="copies"') : page.index('id="rejects"')]
    assert "&lt;b&gt;vote &amp; win&lt;/b&gt;" in section
    assert section.index("9,000 times") < section.index("12 times")
    assert section.count("<li>") == 2
    assert "x" * 300 not in section


def test_without_copies_there_is_no_section_of_them(scored):
    assert 'id="copies"' not in page_of(scored)


def test_stages_of_a_run_stand_with_what_they_set_aside(tmp_path):
    folder = write_scored(tmp_path / "scored", scored_rows(30))
    (folder / "rejects").mkdir()
    rejects = {"text": ["free iPhone!!", ""], "rejected": ["spam", "empty"]}
    pq.write_table(pa.table(rejects), folder / "rejects" / "part-0.parquet")
    stages = [
        {"name": "read", "rows_in": 1032, "kept": 1032, "rejected": {}},
        {"name": "empty", "rows_in": 1032, "kept": 1031, "rejected": {"empty": 1}},
        {"name": "spam", "rows_in": 1031, "kept": 1030, "rejected": {"spam": 1}},
    ]
    (folder / "manifest.json").write_text(json.dumps({"stages": stages, "masked": {"email": 3}}))
    page = page_of(folder)
    section = page[page.index('id="rejects"') : page.index('id="provenance"')]
    assert "Stage by stage" in section
    for cell in ("1,032", "1,031", "1,030", "spam 1", "empty 1"):
        assert cell in section
    assert "masked (1)" in page[page.index('id="provenance"') :]


@pytest.mark.parametrize(
    "stages", [None, "x", [3], [{"rejected": 4}], [{"rejected": {"a": []}}] * 2]
)
def test_a_manifest_edited_by_hand_is_no_fault(tmp_path, stages):
    folder = write_scored(tmp_path / "scored", scored_rows(30))
    (folder / "manifest.json").write_text(json.dumps({"stages": stages}))
    assert "<main>" in page_of(folder)
