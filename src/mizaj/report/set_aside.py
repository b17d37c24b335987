"""What does not stand in the figures: rows set aside, by stage and reason, and posts that came many times."""

from __future__ import annotations

from collections.abc import Mapping

from mizaj.report import charts
from mizaj.report.figures import count, percent, plural
from mizaj.report.markup import Html, element, join
from mizaj.report.sections import note, section
from mizaj.summary import Summary

_NO_NAME = "not given"
_N_EXAMPLES = 4


def copies(summary: Summary) -> Html:
    """The posts with most copies; nothing where none was found."""
    posts = summary.copied.posts
    if not posts:
        return Html()
    rows = (
        element(
            "li",
            element("span", f"{count(n)} times", class_="size"),
            element("bdi", text, dir_="auto", class_="post"),
        )
        for n, text in posts
    )
    lead = (
        "The same post again and again, by one hand or many; each counts once in all other figures."
    )
    return section("copies", "Most copied", lead, element("ol", *rows, class_="copied"))


def rejects(summary: Summary, manifest: Mapping[str, object]) -> Html:
    """What was set aside, why, a few of each, and by which stage of the run."""
    if not summary.n_rejected:
        return section("rejects", "Set aside", "", note("No row was set aside."))
    most = max(found.n for found in summary.rejects.values())
    by_size = sorted(summary.rejects.items(), key=lambda item: (-item[1].n, item[0]))
    rows = []
    for reason, found in by_size:
        shown = [post.text for post in found.examples.posts if post.text.strip()][:_N_EXAMPLES]
        items = (element("li", element("bdi", text, dir_="auto", class_="post")) for text in shown)
        few = element("ul", *items, class_="few") if shown else Html()
        rows.append(_bar(element("bdi", _words(reason) or _NO_NAME), found.n, most, few))
    n_rows = summary.n_rows
    lead = f"{percent(summary.n_rejected, n_rows)} of {plural(n_rows, 'row')} set aside."
    return section("rejects", "Set aside", lead, join(rows), _stages(manifest))


def _stages(manifest: Mapping[str, object]) -> Html:
    """What each stage of the run was given and kept; nothing where fewer than two set rows aside."""
    told = manifest.get("stages")
    listed = [stage for stage in told if isinstance(stage, dict)] if isinstance(told, list) else []
    busy = [
        stage for stage in listed if isinstance(stage.get("rejected"), dict) and stage["rejected"]
    ]
    if len(busy) < 2:
        return Html()
    rows = [
        [
            _words(str(stage.get("name", ""))),
            _figure(stage.get("rows_in")),
            _figure(stage.get("kept")),
            ", ".join(f"{_words(reason)} {_figure(n)}" for reason, n in stage["rejected"].items()),
        ]
        for stage in busy
    ]
    table = charts.table(["Stage", "Rows in", "Kept", "Set aside"], rows)
    return element("details", element("summary", "Stage by stage"), table)


def _bar(name: Html, n: int, most: int, more: str = "") -> Html:
    """A name, a bar of its share of the most, a figure, and what stands below."""
    drawn = element("rect", class_="plain", width=f"{100 * n / most:.2f}%", height="10")
    return element(
        "div",
        element("span", name, class_="name"),
        element("svg", drawn, width="100%", height="10", aria_hidden="true"),
        element("span", count(n), class_="size"),
        more,
        class_="reason",
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _figure(value: object) -> str:
    """A number of a manifest, which may have been edited by hand."""
    return count(value) if isinstance(value, int) else str(value)
