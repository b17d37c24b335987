"""A scored folder as one HTML page that works offline, on a phone and on a screen."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.resources import files
from pathlib import Path

from mizaj.errors import SinkError
from mizaj.report import charts, findings, reading, sections, set_aside
from mizaj.report.figures import Bucket, bucket_title, buckets, plural
from mizaj.report.markup import Html, element, join
from mizaj.report.reading import Explain
from mizaj.report.scored import read_manifest, read_summary
from mizaj.summary import Summary, Timeline

__all__ = ["Explain", "render", "write_report"]

_CONTENTS = {
    "time": "Over time",
    "scores": "Scores",
    "sources": "Sources",
    "languages": "Languages",
    "words": "Words",
    "examples": "Examples",
    "rejects": "Set aside",
    "provenance": "Origin",
}
_METHOD = (
    "Net sentiment is the share of positive less the share of negative posts, in points. Score is "
    "the probability of positive less that of negative; confidence is the probability that the "
    "answer is right. The code-mixing index (Das and Gambäck 2014) is 0 for one language and rises "
    "to 50 for an even mix of two. Dark lines across the seams of a bar are 95% intervals (Wilson "
    "1927), where they are wide enough to see. They hold the chance of the draw, not the faults of the model."
)


def write_report(
    scored: Path | str,
    output: Path | str,
    *,
    title: str | None = None,
    explain: Explain | None = None,
    text: str = "text",
) -> Path:
    """The path of the page written about a scored folder (or a single scored file).

    The folder is the one `mizaj score -o` wrote: Parquet, JSON Lines or CSV, with `rejects/` and
    `manifest.json` if they are there. Files are read in batches, so that memory stays bounded.
    `explain` gives the words of a text with what each gave to the score; without it, examples are
    shown unmarked. `title` is the folder's name unless given. An older page is replaced, at once
    and whole.

    Raises `SourceError` for a folder that is missing, damaged or not scored, `ColumnMissing` for a
    text column that is not there, `SinkError` for an output that cannot be written.
    """
    scored, output = Path(scored), Path(output)
    _check_output(output)
    summary = read_summary(scored, text=text)
    manifest = read_manifest(scored)
    page = render(
        summary, manifest, title=title or scored.name, scored=str(scored), explain=explain
    )
    part = output.with_name(f".{output.name}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise _cannot_write(output, str(error)) from error
    return output


def _check_output(output: Path) -> None:
    # Before the reading, which may take minutes, not after it.
    if output.is_dir():
        raise _cannot_write(output, "it is a folder")
    if not output.parent.is_dir():
        raise _cannot_write(output, f"the folder {output.parent} is not there")
    if not os.access(output.parent, os.W_OK):
        raise _cannot_write(output, f"the folder {output.parent} may not be written to")


def _cannot_write(output: Path, why: str) -> SinkError:
    return SinkError(
        f"cannot write the report to {output}: {why}; name another file, as report.html"
    )


def render(
    summary: Summary,
    manifest: dict[str, object],
    *,
    title: str,
    scored: str = "",
    explain: Explain | None = None,
) -> str:
    """The whole page about a summary."""
    found = buckets(summary.timeline)
    main = element(
        "main",
        _hero(summary, found),
        sections.over_time(summary, found),
        sections.distribution(summary),
        sections.by_source(summary),
        sections.by_language(summary),
        reading.words(summary),
        reading.examples(summary, explain),
        set_aside.copies(summary),
        set_aside.rejects(summary, manifest),
        reading.provenance(manifest, scored),
    )
    foot = element("footer", element("p", _METHOD), element("p", "Made with mizaj."), class_="end")
    body = element("body", _top(summary, title), main, foot, _tooltip(), _script())
    return f"<!doctype html>\n{element('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> Html:
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        # Spelled out, for the name of the attribute has a hyphen the policy's own value must keep.
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("meta", name_="referrer", content="no-referrer"),
        element("title", f"{title}: sentiment report"),
        element("style", Html(style)),
    )


def _asset(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _script() -> Html:
    return element("script", Html(_asset("page.js")))


def _tooltip() -> Html:
    return element("div", id="tip", aria_hidden="true", hidden="")


def _top(summary: Summary, title: str) -> Html:
    facts = [_period(summary.timeline), plural(summary.sentiments.n, "post")]
    toggle = element("button", "Theme", id="theme", type_="button", hidden="")
    links = (element("a", name, href=f"#{key}") for key, name in _CONTENTS.items())
    return element(
        "header",
        element(
            "div",
            element(
                "p",
                element("strong", element("bdi", title)),
                element("span", " · ".join(filter(None, facts))),
                class_="eyebrow",
            ),
            toggle,
            class_="bar-top",
        ),
        element("nav", *links, aria_label="Contents"),
    )


def _period(timeline: Timeline) -> str:
    """The first day and the last, or months where days are not known any more."""
    if not timeline.counts:
        return ""
    unit = "month" if timeline.level == "month" else "day"
    first, last = (bucket_title(end(timeline.counts), unit) for end in (min, max))
    return first if first == last else f"{first} to {last}"


def _hero(summary: Summary, found: tuple[Bucket, ...]) -> Html:
    counts = summary.sentiments
    moved = findings.caution(counts) or findings.trend(found)
    whole = charts.bar(counts, title="All posts", height=52) if counts.n else Html()
    return element(
        "section",
        element("h1", findings.headline(summary)),
        *([element("p", moved, class_="moved")] if moved else []),
        join([sections.legend(), whole]) if counts.n else Html(),
        sections.tiles(summary, found),
        class_="hero",
        aria_label="Summary",
    )
