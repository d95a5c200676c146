"""HTML built element by element, with every text escaped.

Only an `Html` is put into a page unchanged. Any other text is escaped by `safe.html`, which also
makes control and bidi characters visible; markupsafe's own rules do not. Reports and the dashboard
build all of their HTML here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self, TypeAlias

from markupsafe import Markup

from harness.text import safe

VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
})  # fmt: skip
"""Elements without content and without an end tag, as the HTML standard lists them."""


class Html(Markup):
    """HTML that may stand in a page; a text added, joined or formatted into it is escaped.

    `Html("...")` vouches for a literal; `Html.escape(text)` is for everything else.
    """

    __slots__ = ()

    @classmethod
    def escape(cls, s: Any, /, limit: int | None = safe.LIMIT) -> Self:
        """Escape a text, cut after `limit` characters; HTML is returned unchanged."""
        return s if isinstance(s, cls) else cls(safe.html(str(s), limit=limit))


Child: TypeAlias = "str | Iterable[Child] | None"
"""The content of an element: texts and HTML, nested at will; None is left out."""


def element(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """Build an element: `element("p", "a < b", class_="note")`.

    `class_` is written class, and `aria_label` aria-label. True writes an attribute without a
    value; None and False leave it out.
    """
    start = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name not in VOID:
        return Html(f"<{start}>{joined(*children)}</{name}>")
    if children:
        raise ValueError(f"a {name} element cannot hold anything")
    return Html(f"<{start}>")


def joined(*children: Child) -> Html:
    """Join texts and elements without an element around them."""
    return Html("".join(_flat(children)))


def style(sheet: str) -> Html:
    """Wrap a style sheet of this package, unescaped: browsers decode no references in CSS."""
    if "</" in sheet:
        raise ValueError("a style sheet must not close its own element")
    return Html(f"<style>{sheet}</style>")


def document(*children: Child) -> str:
    """Build a whole file in English, with a line feed at its end."""
    return f"<!doctype html>\n{element('html', *children, lang='en')}\n"


def _flat(child: Child) -> Iterator[str]:
    if isinstance(child, str):
        yield Html.escape(child)
    elif child is not None:
        for part in child:
            yield from _flat(part)


def _attribute(key: str, value: str | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    # HTML is escaped here too: a quotation mark in it would end the attribute
    return f" {name}" if value is True else f' {name}="{safe.html(str(value))}"'
