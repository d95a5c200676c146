"""HTML that cannot be forgotten to be escaped: what is no `Html` yet goes through `safe.html`.

Elements are made here and nowhere else; a text that a model wrote stays a text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from harness.render import safe


class Html(str):
    """Markup that was made here."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"
EMPTY = frozenset(("br", "col", "hr", "meta"))


def element(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """`element("p", "a < b", class_="note")`; None as an attribute leaves it out."""
    head = name + "".join(_attribute(key, value) for key, value in attributes.items())
    if name in EMPTY:
        return Html(f"<{head}>")
    return Html(f"<{head}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Html:
    """Several one after the other."""
    return Html("".join(_pieces(children)))


def _pieces(child: Child) -> Iterable[str]:
    if isinstance(child, Html):
        yield child
    elif isinstance(child, str):
        yield safe.html(child)
    elif child is not None:
        for each in child:
            yield from _pieces(each)


def _attribute(key: str, value: str | bool | None) -> str:
    """`aria_label` is written aria-label, and `class_` class."""
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{safe.html(value)}"'
