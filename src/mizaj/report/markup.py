"""HTML as values: whatever is not `Html` already is escaped, so a hostile post stays text."""

from __future__ import annotations

import html
from collections.abc import Iterable

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Overrides and isolates can make text read other than it is written, and may spill over its end;
# control characters and lone surrogates are not allowed in a page at all.
_HOSTILE = {
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), _REPLACEMENT),
    **dict.fromkeys((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)), _REPLACEMENT),
    **dict.fromkeys(range(0xD800, 0xE000), _REPLACEMENT),
}
_VOID = {"meta", "br", "link"}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | float | None) -> Html:
    """One element. A trailing `_` of an attribute's name is dropped, inner ones become `-`.

    An attribute that is `None` is left out; one that is `""` stands without a value.

    >>> element("p", "1 < 2 ", element("b", "yes"), class_="fact", data_tip=None)
    '<p class="fact">1 &lt; 2 <b>yes</b></p>'
    """
    spelled = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{spelled}>")
    return Html(f"<{name}{spelled}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """The children in one, those that are not markup escaped."""
    return Html("".join(c if isinstance(c, Html) else escaped(c) for c in children))


def escaped(text: str) -> Html:
    r"""Text made safe to stand in a page or an attribute; what could disguise it is made visible.

    >>> escaped("<script>\u202e")
    '&lt;script&gt;�'
    """
    return Html(html.escape(text.translate(_HOSTILE), quote=True))


def _attribute(key: str, value: str | float | None) -> str:
    if value is None:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value == "":
        return f" {name}"
    spelled = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escaped(spelled)}"'
