"""The posts themselves: words that tell, examples explained, and where all came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mizaj.report.charts import SYMBOLS, table
from mizaj.report.figures import bucket_title, count, plural, short_count
from mizaj.report.markup import Html, element, join
from mizaj.report.sections import LANGUAGES, note, section
from mizaj.report.words import TellingWord, highlighted, telling_words
from mizaj.summary import SENTIMENTS, UNDATED, Post, Sample, Summary

Explain = Callable[[str], Sequence[tuple[str, float]]]
"""What the words of a text gave to its score, in their order."""

_EXAMPLES = {"sure": 3, "fair": 1, "unsure": 2}
_MOST_INPUTS = 200
_LEVELS = 3
_LONG_LETTERS = 280


def words(summary: Summary) -> Html:
    """The words that lean most to each sentiment."""
    posts = summary.posts.posts
    found = telling_words(posts)
    if not any(found.values()):
        text = "Too few posts to tell which words lean to a sentiment."
        return section("words", "Telling words", "", note(text))
    is_all = len(posts) < summary.posts.size
    basis = "all the distinct texts" if is_all else f"a sample of {count(len(posts))} texts"
    top = max(word.z for group in found.values() for word in group)
    lead = "The words that stand out most in each class against the other two."
    return section(
        "words",
        "Telling words",
        lead,
        element("div", *(_word_list(name, found[name], top) for name in SENTIMENTS), class_="trio"),
        note(
            f"Log-odds with a Dirichlet prior (Monroe et al. 2008) over {basis}; the figure is the "
            "number of texts in the class that hold the word."
        ),
    )


def _word_list(name: str, found: Sequence[TellingWord], top: float) -> Html:
    items = (
        element(
            "li",
            element("bdi", word.word, class_="word"),
            element("span", short_count(word.n_posts), class_="size"),
            element(
                "svg",
                element("rect", class_=name, width=f"{100 * word.z / top:.1f}%", height="4"),
                width="100%",
                height="4",
                aria_hidden="true",
            ),
            data_tip=f"{word.word}\nz = {word.z:.1f}, {plural(word.n_posts, 'text')}",
        )
        for word in found
    )
    body = element("ol", *items, class_="words") if found else note("None stands out.")
    return element("div", _class_heading(name), body, class_="panel")


def _class_heading(name: str) -> Html:
    return element("h3", element("i", SYMBOLS[name], class_=f"mark {name}"), f" {name}")


def examples(summary: Summary, explain: Explain | None) -> Html:
    """A few posts of each class, sure and unsure ones, with what each word gave."""
    columns = [
        element("div", _class_heading(name), *_cards(summary, name, explain), class_="panel")
        for name in SENTIMENTS
    ]
    key = (
        element(
            "p",
            "Marked words pulled the score ",
            element("mark", "up", class_="up up3"),
            " or ",
            element("mark", "down", class_="down down3"),
            "; the stronger the mark, the more.",
            class_="note",
        )
        if explain
        else Html()
    )
    lead = "Drawn by chance from each class and level of confidence."
    return section("examples", "Examples", lead, key, element("div", *columns, class_="trio"))


def _cards(summary: Summary, name: str, explain: Explain | None) -> list[Html]:
    drawn: dict[int, tuple[Post, str]] = {}
    spare: dict[int, tuple[Post, str]] = {}
    for band, most in _EXAMPLES.items():
        posts = summary.examples.get((name, band), Sample()).posts
        new = [post for post in posts if post.key not in drawn]
        drawn.update((post.key, (post, band)) for post in new[:most])
        spare.update((post.key, (post, band)) for post in new[most:])
    # Where a band is short of posts, the others make up for it.
    spare = {key: pair for key, pair in spare.items() if key not in drawn}
    missing = max(sum(_EXAMPLES.values()) - len(drawn), 0)
    shown = [*drawn.values(), *list(spare.values())[:missing]]
    return [_card(post, band, explain) for post, band in shown] or [note("None.")]


def _card(post: Post, band: str, explain: Explain | None) -> Html:
    body: tuple[Html, Html] | tuple[str] = (post.text,)
    if explain is not None:
        body = _explained(post.text, explain(post.text))
    text = element("bdi", body[0], dir_="auto", class_="post")
    # A long post is cut in view and opens when its card is clicked or tabbed to.
    focus = 0 if len(post.text) > _LONG_LETTERS else None
    facts = [
        f"score {post.score:+.2f}".replace("-", "−"),
        f"confidence {post.confidence:.2f}",
        LANGUAGES.get(post.language, post.language),
        post.source,
        bucket_title(post.hour, "day") if post.hour != UNDATED else "",
    ]
    meta = element("span", " · ".join(filter(None, facts)), class_="meta")
    flag = element("span", band, class_=f"band {band}")
    return element(
        "div", text, *body[1:], element("footer", flag, " ", meta), class_="card", tabindex=focus
    )


def _explained(text: str, weights: Sequence[tuple[str, float]]) -> tuple[Html, Html]:
    """The text with its words marked, and the weighty words that do not stand in it as they are."""
    top = max((abs(weight) for _, weight in weights), default=0.0)
    pieces, unfound = highlighted(text, weights)
    marked = join(_mark(piece, weight, top) for piece, weight in pieces)
    chips = (_mark(word, weight, top) for word, weight in unfound)
    return marked, element("p", *chips, class_="chips") if unfound else Html()


def _mark(piece: str, weight: float, top: float) -> str:
    if not weight:
        return piece
    way = "up" if weight > 0 else "down"
    level = max(1, round(_LEVELS * abs(weight) / top))
    tip = f"{piece}: {weight:+.2f}".replace("-", "−")
    return element("mark", piece, class_=f"{way} {way}{level}", data_tip=tip)


def provenance(manifest: Mapping[str, object], scored: str) -> Html:
    """The manifest: what was read, by which pipeline and version."""
    plain = {name: value for name, value in manifest.items() if not isinstance(value, dict | list)}
    facts = [("scored data", scored), *_facts(plain)]
    terms = (
        element("div", element("dt", name), element("dd", element("bdi", value)))
        for name, value in facts
    )
    found = [element("dl", *terms, class_="facts")]
    # stages stand with what they set aside
    listed = {name: value for name, value in manifest.items() if name not in (*plain, "stages")}
    found += [_listing(name, value) for name, value in listed.items()]
    if not manifest:
        found.append(note("There is no manifest.json beside the scored files."))
    broken = manifest.get("bad_inputs")
    lead = "Some inputs could not be read, or not to their end." if broken else ""
    return section("provenance", "Where this comes from", lead, *found)


def _facts(values: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), count(value) if type(value) is int else str(value))
        for name, value in values.items()
        if value is not None
    ]


def _listing(name: str, values: object) -> Html:
    """A list or table in the manifest as a table, a long one cut with a note."""
    if isinstance(values, dict):
        rows = [{name: key, "value": value} for key, value in values.items()]
    else:
        listed = values if isinstance(values, list) else []
        rows = [row if isinstance(row, dict) else {name: row} for row in listed]
    cells = [dict(_facts(row)) for row in rows[:_MOST_INPUTS]]
    heads = list(dict.fromkeys(head for row in cells for head in row))
    if not heads:
        return Html()
    body = [[row.get(head, "") for head in heads] for row in cells]
    n_more = len(rows) - _MOST_INPUTS
    more = note(f"and {count(n_more)} more in manifest.json") if n_more > 0 else Html()
    title = f"{name} ({count(len(rows))})".replace("_", " ")
    return element("details", element("summary", title), table(heads, body), more)
