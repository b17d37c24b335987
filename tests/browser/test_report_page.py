"""The report as a real browser shows it: headless Chromium, on a phone and a screen, in both themes."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mizaj.batch import SCORED, TIMESTAMP
from mizaj.report import write_report
from mizaj.summary import SENTIMENTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE, SCREEN = 390, 1200
SECTIONS = ["time", "scores", "sources", "languages", "words", "examples", "rejects", "provenance"]
TEXTS = {
    "negative": "bakwas film, paisa barbaad 😡",
    "neutral": "बैठक शाम पाँच बजे है",
    "positive": "<script>window.hacked = 1</script> mast film \u202e😍",
}
# One unbroken word, which would push a phone's page wide if nothing broke it.
LONG_WORD = "accha" * 100

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=3000",
    # The browser's own calls home find nobody; those of a page are logged before a name is asked.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)

# Headless Chromium has no window narrower than 500, so the page is put in a frame of its width.
FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" src="report.html#{theme}" style="border:0;width:{width}px;height:4000px"></iframe>
<pre id="found"></pre><script>
document.getElementById("f").addEventListener("load", (event) => {{
  const view = event.target.contentWindow, page = event.target.contentDocument;
  const scrolls = (e) => e.closest(".scroll");
  const wide = [...page.body.querySelectorAll("*")].filter((e) =>
    !scrolls(e) && !e.closest("svg svg") && e.getBoundingClientRect().right > {width} + 1);
  const bar = page.querySelector("rect.target");
  const box = bar.getBoundingClientRect();
  bar.dispatchEvent(new view.PointerEvent("pointermove",
    {{bubbles: true, clientX: box.x + 1, clientY: box.y + 20}}));
  const tip = page.getElementById("tip");
  const tooltip = tip.hidden ? "" : tip.textContent;
  const before = view.getComputedStyle(page.body).backgroundColor;
  page.getElementById("theme").click();
  document.getElementById("found").textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    wide: wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 200)),
    sections: [...page.querySelectorAll("main > section[id]")].map((s) => s.id),
    heights: [...page.querySelectorAll("main > section")].map((s) => s.offsetHeight),
    bars: [...page.querySelectorAll("rect.negative")].map((r) => r.getBoundingClientRect().width),
    heading: page.querySelector("h1").textContent,
    hacked: "hacked" in view,
    tooltip, before, after: view.getComputedStyle(page.body).backgroundColor,
  }});
}});
</script>"""


@dataclass(frozen=True)
class Visit:
    """What one look at the page gave."""

    found: dict
    console: list[str]
    requests: set[str]


def find_browser() -> str:
    names = (os.environ.get("MIZAJ_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium, or name one in MIZAJ_CHROMIUM")
    return found


def run_browser(browser: str, profile: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={profile}", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.fixture(scope="module")
def browser() -> str:
    return find_browser()


@pytest.fixture(scope="module")
def report(tmp_path_factory, browser) -> Path:
    folder = tmp_path_factory.mktemp("page") / "scored"
    (folder / "rejects").mkdir(parents=True)
    start = datetime(2024, 3, 1, tzinfo=UTC)
    rows = [
        {
            "text": f"{TEXTS[SENTIMENTS[n % 3]]} {n % 90} {LONG_WORD if n % 50 == 0 else ''}",
            "timestamp": start + timedelta(hours=n),
            "source": ("twitter", "youtube", "reddit", "play-store", LONG_WORD)[n % 5],
            "sentiment": SENTIMENTS[n % 3],
            "score": (n % 3 - 1) * 0.8,
            "confidence": 0.4 + n % 60 / 100,
            "tier": ("lexicon", "linear")[n % 2],
            "language": ("en", "hi", "hi-en")[n % 3],
            "cmi": float(n % 50),
        }
        for n in range(1440)
    ]
    schema = pa.schema([("text", pa.string()), TIMESTAMP, ("source", pa.string()), *SCORED])
    pq.write_table(pa.Table.from_pylist(rows, schema), folder / "part-0.parquet")
    rejects = pa.table({"text": [LONG_WORD, ""], "rejected": ["spam", "empty"]})
    pq.write_table(rejects, folder / "rejects" / "part-0.parquet")
    manifest = {"fingerprint": "f" * 64, "inputs": [{"path": "a/" * 99, "size_bytes": 1}]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    explain = {"mast": 1.8, "film": 0.1, "bakwas": -2.0, "barbaad": -1.0}
    return write_report(
        folder,
        folder.parent / "report.html",
        explain=lambda text: [(word, explain.get(word, 0.0)) for word in text.split()],
    )


def page_requests(log: Path) -> set[str]:
    """The addresses that a page asked for, files apart; what the browser asks has no origin."""
    events = json.loads(log.read_text("utf-8"))["events"]
    started = [event["params"] for event in events if "initiator" in event.get("params", {})]
    urls = {params["url"] for params in started if params["initiator"] != "not an origin"}
    return {url for url in urls if not url.startswith("file:")}


def visit(browser: str, report: Path, width: int, theme: str) -> Visit:
    name = f"{width}-{theme}"
    frame = report.with_name(f"frame-{name}.html")
    frame.write_text(FRAME.format(width=width, theme=theme), encoding="utf-8")
    try:
        return look_at(browser, frame, name)
    except json.JSONDecodeError:
        # On a loaded machine the browser's time may be over before the page is there, or its log be cut.
        return look_at(browser, frame, f"{name}-again")


def look_at(browser: str, frame: Path, name: str) -> Visit:
    """What one browser with a profile of its own sees. Raises `JSONDecodeError` where that is not all there."""
    log = frame.with_name(f"net-{name}.json")
    profile = frame.with_name(f"profile-{name}")
    options = (f"--log-net-log={log}", f"--window-size={SCREEN + 100},4100", "--dump-dom")
    done = run_browser(browser, profile, *options, frame.as_uri())
    (found,) = re.findall(r'<pre id="found">(.*)</pre>', done.stdout, re.DOTALL)
    unescaped = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return Visit(
        found=json.loads(unescaped),
        console=[line for line in done.stderr.splitlines() if "CONSOLE" in line],
        requests=page_requests(log),
    )


@pytest.fixture(
    scope="module", params=[(PHONE, "light"), (SCREEN, "dark")], ids=["phone", "screen"]
)
def seen(request, browser, report) -> tuple[Visit, int]:
    width, theme = request.param
    return visit(browser, report, width, theme), width


def test_the_console_is_silent(seen):
    assert seen[0].console == []


def test_nothing_is_asked_of_the_network(seen):
    assert seen[0].requests == set()


def test_the_page_is_not_wider_than_the_window(seen):
    look, width = seen
    assert look.found["wide"] == []
    assert look.found["width"] <= width


def test_the_sections_are_there_and_drawn(seen):
    found = seen[0].found
    assert found["sections"] == SECTIONS
    assert min(found["heights"]) > 80
    assert found["heading"] == "33% of 1,440 posts are positive, 33% negative."
    assert len(found["bars"]) > 50
    assert min(found["bars"]) > 1


def test_no_post_runs_as_a_script(seen):
    assert seen[0].found["hacked"] is False


def test_a_chart_tells_its_figures_under_the_pointer(seen):
    assert "1,440 posts, net 0" in seen[0].found["tooltip"]


def test_the_button_changes_the_theme(seen):
    look, width = seen
    light, dark = "rgb(251, 250, 247)", "rgb(19, 21, 24)"
    themes = (look.found["before"], look.found["after"])
    assert themes == ((light, dark) if width == PHONE else (dark, light))


def test_a_violation_would_be_noticed(browser, tmp_path):
    """The silence above counts for something: a page that breaks its policy is heard and seen."""
    page = tmp_path / "report.html"
    page.write_text(
        '<meta http-equiv="Content-Security-Policy" content="script-src \'none\'">'
        '<script>1</script><img src="http://127.0.0.1:9/pixel.png">'
    )
    log = tmp_path / "net.json"
    arguments = (f"--log-net-log={log}", "--dump-dom", page.as_uri())
    done = run_browser(browser, tmp_path / "profile", *arguments)
    assert "CONSOLE" in done.stderr
    assert page_requests(log) == {"http://127.0.0.1:9/pixel.png"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_can_be_taken(browser, report, theme):
    picture = report.with_name(f"{theme}.png")
    options = (f"--screenshot={picture}", f"--window-size={SCREEN},1600")
    run_browser(
        browser, report.with_name(f"camera-{theme}"), *options, f"{report.as_uri()}#{theme}"
    )
    data = picture.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (SCREEN, 1600)
    # A page left blank would pack into a few kilobytes.
    assert len(data) > 50_000
